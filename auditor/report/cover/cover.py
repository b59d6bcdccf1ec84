"""What stands on the cover besides the edition: who and what was audited, on which data."""

from __future__ import annotations

from typing import Any

from auditor.evidence.reader import Evidence
from auditor.report.cover.parts import CoverPart, FileHash, PackRow, SubjectRow
from auditor.report.cover.words import EXPLORATORY, FIXED, FIXED_LATE
from auditor.report.edition import Edition
from auditor.report.packs.parts import FrameworksPart

TOOL = "bias-auditor"
_WEIGHTS = (".safetensors", ".bin")
_CONFIGURATION = "config.json"
"""Of the model; what else is hashed belongs to the tokenizer."""


def cover_of(evidence: Evidence, edition: Edition, frameworks: FrameworksPart) -> CoverPart:
    """Returns the cover; what people did not declare is None."""
    plan, record, declared = evidence.plan, evidence.record, edition.choice.declared
    first, last = declared.data_from, declared.data_to
    return CoverPart(
        system=declared.system,
        system_version=declared.system_version,
        base_model=declared.lineage,
        subjects=[subject_of(model) for model in record["models"]],
        data_source=declared.data_source,
        data_from=first.isoformat() if first else None,
        data_to=last.isoformat() if last else None,
        data_is_made=bool(plan.data.templates),
        tool=TOOL,
        tool_version=record["environment"]["packages"].get(TOOL),
        plan_fixed_at=record["started_at"] if record["plan_sha256"] else None,
        plan_note=_note(evidence),
        frameworks=_packs(frameworks),
        contact=declared.contact,
    )


def subject_of(model: dict[str, Any]) -> SubjectRow:
    """Returns which files a model was loaded from."""
    hashes = [FileHash(name=name, sha256=value) for name, value in model["digests"].items()]
    return SubjectRow(
        model_id=model["model_id"],
        weights=[each for each in hashes if each.name.endswith(_WEIGHTS)],
        tokenizer=[each for each in hashes if _of_tokenizer(each.name)],
        revision=model.get("commit") or model.get("revision"),
    )


def _of_tokenizer(name: str) -> bool:
    return not name.endswith(_WEIGHTS) and name != _CONFIGURATION


def _note(evidence: Evidence) -> str:
    """What the plan's hash shows: nothing of what was scored before this audit began."""
    if not evidence.record["plan_sha256"]:
        return EXPLORATORY
    elsewhere = evidence.plan.data.pairs or evidence.plan.data.predictions
    return FIXED_LATE if elsewhere else FIXED


def _packs(frameworks: FrameworksPart) -> list[PackRow]:
    as_of = {annex.id: annex.as_of for annex in frameworks.annexes}
    return [PackRow(id=name, as_of=as_of.get(name)) for name in frameworks.chosen]
