"""The comparison of two runs on one page.

    both intact -> findings matched -> differences -> one Holm family -> what went in differently

The first run is the earlier one, whatever their clocks say. Of each run the checkpoint that is
judged is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from auditor.comparison.differences import Both, Difference, difference_of, measured_on
from auditor.comparison.groups import group_changes, people_laws
from auditor.comparison.inputs import (
    environment_changes,
    input_changes,
    judged_model,
    model_changes,
    plan_changes,
    same_weights,
    side_of,
)
from auditor.comparison.pairs import join_pairs
from auditor.comparison.records import FindingChange, LoneFinding, RunComparison
from auditor.errors import RunError
from auditor.evidence.reader import Evidence
from auditor.metrics.verdicts import holm
from auditor.records import Arm, Basis, Contrast, Finding
from auditor.report.gate.decision import refuse_changed

Matched = tuple[Finding, Finding]
"""One finding in the earlier and in the later run."""


class HasEvidence(Protocol):
    """A finished run as Python holds it."""

    @property
    def evidence(self) -> Evidence: ...


def compare(
    run_a: HasEvidence | str | Path, run_b: HasEvidence | str | Path, *, held_out: bool = False
) -> RunComparison:
    """Returns what changed from run A to run B: findings with their differences, and what went in.

    Where both runs hold the same pairs, these are compared pair by pair, and the differences are
    averaged by cluster as effects are; else the two intervals are joined (MOVER), which takes the
    two samples for independent. "Changed" is the test of no difference, corrected (Holm) over all
    findings that either run judges.

    Args:
        run_a: the earlier run, or its folder.
        run_b: the later run.
        held_out: compare pairs of held-out clusters alone. Use it where the later model was
            repaired or tuned on what the earlier run showed of the other clusters.

    Raises:
        RunError: a run is not finished or was changed, or they have no finding in common.
    """
    before, after = _opened(run_a), _opened(run_b)
    sides = [side_of(each, refuse_changed(each.folder)) for each in (before, after)]
    matched = _matched(before, after)
    changes = _changes(matched, before, after, held_out=held_out)
    return RunComparison(
        before=sides[0],
        after=sides[1],
        held_out=held_out,
        same_weights=same_weights(before, after),
        models=model_changes(before, after),
        plan=plan_changes(before, after),
        inputs=input_changes(before, after),
        environment=environment_changes(before, after),
        findings=tuple(_with_holm(changes, after.plan.metrics.alpha)),
        appeared=_lone(after, before),
        vanished=_lone(before, after),
        groups=group_changes(before, after),
    )


def _opened(run: HasEvidence | str | Path) -> Evidence:
    return Evidence.open(Path(run)) if isinstance(run, str | Path) else run.evidence


def _matched(before: Evidence, after: Evidence) -> list[Matched]:
    earlier = {finding.finding_id: finding for finding in before.findings}
    found = [(earlier[f.finding_id], f) for f in after.findings if f.finding_id in earlier]
    if not found:
        raise RunError(
            f"{before.folder} and {after.folder} have no finding in common: the first is about "
            f"{_subjects(before)}, the second about {_subjects(after)}; compare runs that audit "
            "the same attributes and groups"
        )
    return found


def _subjects(evidence: Evidence) -> str:
    contrasts = (finding.contrast for finding in evidence.findings)
    names = dict.fromkeys(f"{c.attribute} ({c.group_b} v {c.group_a})" for c in contrasts)
    shown = [*names][:_SHOWN]
    return ", ".join([*shown, *(["and others"] if len(names) > _SHOWN else [])]) or "nothing"


_SHOWN = 3


def _changes(
    matched: Sequence[Matched], before: Evidence, after: Evidence, *, held_out: bool
) -> list[tuple[FindingChange, float | None]]:
    """Returns every change with its p, before any correction."""
    joint = join_pairs(before, after, _contrasts(matched), held_out=held_out)
    plan = after.plan
    both = Both(
        joint,
        (people_laws(before), people_laws(after)),
        (judged_model(before), judged_model(after)),
        plan.seed,
        plan.metrics.min_clusters,
    )
    pairs = [_on_part(pair, both) if held_out else pair for pair in matched]
    return [_change(*pair, difference_of(*pair, both)) for pair in pairs]


def _contrasts(matched: Iterable[Matched]) -> dict[Arm, list[Contrast]]:
    found: dict[Arm, dict[Contrast, None]] = {}
    for _, finding in matched:
        if finding.basis is Basis.SWAPS:
            found.setdefault(finding.arm, {})[finding.contrast] = None
    return {arm: list(each) for arm, each in found.items()}


def _on_part(pair: Matched, both: Both) -> Matched:
    """Both findings as measured on the held-out clusters; people have no such part."""
    before, after = pair
    if after.basis is Basis.GROUPS:
        return pair
    a, b = (
        measured_on(finding, values, model, both.seed).estimate
        for finding, values, model in zip(
            pair, (both.joint.before, both.joint.after), both.models, strict=True
        )
    )
    return replace(before, estimate=a), replace(after, estimate=b)


def _change(
    before: Finding, after: Finding, difference: Difference
) -> tuple[FindingChange, float | None]:
    change = FindingChange(
        finding_id=after.finding_id,
        contrast=after.contrast,
        metric=after.metric,
        basis=after.basis,
        arm=after.arm,
        before=before.estimate,
        after=after.estimate,
        difference=difference.estimate,
        how=difference.how,
        verdict_before=before.verdict,
        verdict_after=after.verdict,
        criterion_before=before.criterion,
        criterion_after=after.criterion,
    )
    tested = change.judged and difference.law is not None
    return change, difference.law.p_beyond(0.0) if tested and difference.law else None


def _with_holm(
    changes: Sequence[tuple[FindingChange, float | None]], alpha: float
) -> list[FindingChange]:
    adjusted = holm([p for _, p in changes])
    return [
        change if corrected is None else _tested(change, p, corrected, alpha)
        for (change, p), corrected in zip(changes, adjusted, strict=True)
    ]


def _tested(
    change: FindingChange, p: float | None, corrected: float, alpha: float
) -> FindingChange:
    return replace(change, p=p, p_adjusted=corrected, changed=corrected <= alpha)


def _lone(one: Evidence, other: Evidence) -> tuple[LoneFinding, ...]:
    known = {finding.finding_id for finding in other.findings}
    return tuple(
        LoneFinding(finding.finding_id, finding.estimate, finding.verdict)
        for finding in one.findings
        if finding.verdict is not None and finding.finding_id not in known
    )
