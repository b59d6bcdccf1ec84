"""Whether a run is what it says: bytes, plan, reports, then signatures and time-stamps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import RunError
from auditor.evidence.checked import Check, CheckedSignature, SignatureState
from auditor.evidence.keys import SHORT
from auditor.evidence.manifest import verify as check_manifests
from auditor.evidence.reader import Evidence
from auditor.evidence.signing import FOLDER, check_signatures
from auditor.evidence.timestamps import check_timestamps

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from securesystemslib.signer import SSlibKey

_NOT_DECIDING = ("declared", "report")
"""Sections of a plan that its hash leaves out: see `AuditPlan.sha256`."""


def verify(
    run: Path,
    keys: Sequence[SSlibKey] = (),
    authorities: Sequence[Certificate] = (),
) -> Check:
    """Returns everything that can be said of a run's bytes and of who signed them.

    Args:
        keys: public keys that must each have signed, where the run is signed at all.
        authorities: certificates that time-stamps are checked with.

    Raises:
        RunError: not a run folder, not complete, or written by a newer auditor.
    """
    check = check_manifests(run)
    problems = [*check.problems, *_records(run, check.root_hash)]
    evidence = None if problems else Evidence.open(run)
    signatures = check_signatures(run, keys, evidence)
    timestamps = check_timestamps(run, authorities)
    problems += [f"{each.file}: {each.problem}" for each in signatures if each.problem]
    problems += [f"{each.file}: {each.problem}" for each in timestamps if each.problem]
    problems += _not_signed_by(keys, signatures)
    return replace(check, problems=tuple(problems), signatures=signatures, timestamps=timestamps)


def refuse_broken(run: Path) -> None:
    """Refuses a run that is not as it was sealed.

    Raises:
        RunError: says what differs first.
    """
    problems = verify(run).problems
    if problems:
        raise RunError(
            f"{run} is broken ({problems[0]}), so it is not signed; see all with: "
            f"auditor verify {run}"
        )


def refuse_changed_evidence(run: Path) -> None:
    """Refuses a run whose evidence or plan is not as it was sealed: nothing is reported of it.

    Raises:
        RunError: says what differs first.
    """
    check = check_manifests(run)
    problems = (*check.problems, *_records(run, check.root_hash))
    changed = [problem for problem in problems if problem.startswith("evidence/")]
    if changed:
        raise RunError(
            f"{run} is broken ({changed[0]}), so nothing is reported of it; see all with: "
            f"auditor verify {run}, and restore it from a copy"
        )


def plan_sha256(plan: Mapping[str, Any]) -> str:
    """Returns the hash of a stored plan as it stands, whichever options newer auditors have."""
    deciding = {name: value for name, value in plan.items() if name not in _NOT_DECIDING}
    canonical = json.dumps(deciding, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _records(run: Path, root: str) -> Iterator[str]:
    """Yields where plan, run record and reports do not agree, though each may be as sealed."""
    plan = _values(run / "evidence" / "plan.json").get("plan")
    recorded = _values(run / "evidence" / "run.json").get("plan_sha256")
    if not isinstance(plan, dict):
        yield "evidence/plan.json: holds no plan"
    elif plan_sha256(plan) != recorded:
        yield (
            f"evidence/plan.json: is not the plan that was fixed before the run (its hash is "
            f"{plan_sha256(plan)}, evidence/run.json says {recorded})"
        )
    for path in sorted(run.glob("editions/*/report.json")):
        report, name = _values(path), path.relative_to(run).as_posix()
        if report.get("root_hash") != root:
            yield f"{name}: reports other evidence (root hash {report.get('root_hash')})"
        if report.get("plan_sha256") != recorded:
            yield f"{name}: reports another plan (plan hash {report.get('plan_sha256')})"


def _values(path: Path) -> dict[str, Any]:
    """Returns what a JSON file holds; nothing where it is missing or none, which its manifest
    then says too."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _not_signed_by(
    keys: Sequence[SSlibKey], signatures: Sequence[CheckedSignature]
) -> Iterator[str]:
    """Yields a line for each key that was given and has no valid signature, though others have:
    whoever takes a signature off and puts another in its place is found out."""
    valid = {each.keyid for each in signatures if each.state is SignatureState.VALID}
    broken = {each.keyid for each in signatures if each.state is SignatureState.BROKEN}
    for key in keys if signatures else ():
        if key.keyid not in valid | broken:
            yield f"{FOLDER}: none is by the key {key.keyid[:SHORT]}, which was given"
