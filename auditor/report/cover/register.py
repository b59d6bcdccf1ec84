"""The findings register: what calls for an answer, with what was measured as a way out."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.evidence.reader import Evidence
from auditor.records import Basis, CheckpointResult, Finding, Verdict
from auditor.records_circuits import CircuitRecord, Repair, RepairOption
from auditor.report.cover.executive import judged_of
from auditor.report.cover.parts import (
    ClausesRow,
    MitigationRow,
    RegisterPart,
    RegisterRow,
    SeverityLevel,
    UntestedGroup,
)
from auditor.report.cover.questions import SECTIONS
from auditor.report.cover.words import (
    BIAS_CLASS,
    BIAS_CLASSES,
    LIKELIHOOD,
    NO_ALTERNATIVE,
    NO_BETTER,
    NO_REPAIR,
    NOT_MITIGATED,
    SEVERE,
    SEVERITY_RULE,
)
from auditor.report.numbers import number
from auditor.report.packs.parts import FrameworkRow, FrameworksPart
from auditor.report.parts_circuits import CircuitsPart
from auditor.report.words import clusters_are, in_units, isolated
from auditor.report.words_circuits import repair_kind

_ORDER = ("high", "medium", "low")
_OPEN = (Verdict.DOES_NOT_MEET, Verdict.INCONCLUSIVE)


def register_of(
    evidence: Evidence, circuits: CircuitsPart, frameworks: FrameworksPart
) -> RegisterPart:
    """Returns a row for each finding that does not meet its criterion or is inconclusive."""
    judged = judged_of(evidence)
    open_ = [place for place, finding in enumerate(judged) if finding.verdict in _OPEN]
    places = sorted(open_, key=lambda place: _ORDER.index(severity(judged[place])))
    mitigations = _mitigations(circuits)
    return RegisterPart(
        rows=[
            _row(f"R{number_}", place, judged[place], evidence)
            for number_, place in enumerate(places, start=1)
        ],
        untested=_untested(judged, evidence),
        bias_classes=BIAS_CLASSES,
        severity_rule=SEVERITY_RULE,
        likelihood=LIKELIHOOD,
        clauses=_clauses({judged[place].basis for place in places}, frameworks),
        mitigations=mitigations,
        not_mitigated=None if mitigations else NOT_MITIGATED,
    )


def severity(finding: Finding) -> SeverityLevel:
    """Returns high, medium or low, by the rule that the register states."""
    value, criterion = finding.estimate.value, finding.criterion
    if finding.verdict is Verdict.DOES_NOT_MEET and value is not None and criterion is not None:
        severe = bool(finding.harmful) and abs(value) >= SEVERE * criterion.delta
        return "high" if severe else "medium"
    return "medium" if finding.difference_detected else "low"


def _row(id_: str, place: int, finding: Finding, evidence: Evidence) -> RegisterRow:
    return RegisterRow(
        id=id_,
        finding=place,
        group=finding.contrast.group_b,
        bias_class=BIAS_CLASS,
        severity=severity(finding),
        options=options_of(finding, evidence),
    )


def options_of(finding: Finding, evidence: Evidence) -> list[str]:
    """Returns what the audit itself measured that could be done instead, or that nothing was."""
    found = [*_repairs(finding, evidence), *_other_checkpoint(finding)]
    if finding.settles:
        found.append(_data(in_units(finding.settles, clusters_are(evidence.plan))))
    alone = len(finding.checkpoints) < 2
    return found or [NO_ALTERNATIVE[finding.basis.value] if alone else NO_BETTER]


def _data(settles: str) -> str:
    """How much more would settle it, or that no amount would: its words begin with which."""
    return f"More data: {settles}." if settles.startswith("about") else f"Data: {settles}."


def _repairs(finding: Finding, evidence: Evidence) -> list[str]:
    records = [each for each in evidence.circuits if each.finding_id == finding.finding_id]
    return [repair_words(record) for record in records if record.repair and record.repair.options]


def repair_words(record: CircuitRecord) -> str:
    """Returns what the repairs of a circuit come to: the one that their rule recommends with its
    cost, or that it recommends none."""
    repair = record.repair
    assert repair is not None
    if repair.recommended is None:
        return NO_REPAIR
    option = repair.options[repair.recommended]
    return (
        f"Repair ({repair_kind(option.kind).lower()}): leaves "
        f"{number(option.remaining_gap, signed=False)} of the effect; {_quality(option)}, "
        f"{number(repair.quality_before, signed=False)} before."
    )


def _quality(option: RepairOption) -> str:
    if option.quality is None:
        return "quality was not measured"
    return f"quality {number(option.quality, signed=False)}"


def _other_checkpoint(finding: Finding) -> list[str]:
    """The audited checkpoint with the smallest effect, where it is not the one that is judged."""
    others = [c for c in finding.checkpoints if c.model_id != finding.model_id]
    value = finding.estimate.value
    best = min(others, key=_effect, default=None)
    if best is None or value is None or best.verdict is None or _effect(best) >= abs(value):
        return []
    return [
        f"Another checkpoint, {isolated(best.model_id)}: {number(best.estimate)}, {best.verdict}."
    ]


def _effect(checkpoint: CheckpointResult) -> float:
    value = checkpoint.estimate.value
    return float("inf") if value is None else abs(value)


def _untested(judged: Sequence[Finding], evidence: Evidence) -> list[UntestedGroup]:
    by_reason: dict[str, list[int]] = {}
    for place, finding in enumerate(judged):
        if finding.verdict is Verdict.NOT_TESTED:
            reason = finding.verdict_reason or finding.estimate.reason or "no reason was recorded"
            by_reason.setdefault(reason, []).append(place)
    called = clusters_are(evidence.plan)
    return [
        UntestedGroup(reason=in_units(reason, called), findings=places)
        for reason, places in by_reason.items()
    ]


def _clauses(bases: set[Basis], frameworks: FrameworksPart) -> list[ClausesRow]:
    """Clauses of the annexes to which the section of the findings is evidence."""
    rows = [
        ClausesRow(basis=basis, pack=annex.id, ids=_ids(annex, section))
        for annex in frameworks.annexes
        for basis, section in SECTIONS.items()
        if basis in bases
    ]
    return [row for row in rows if row.ids]


def _ids(annex: FrameworkRow, section: int) -> list[str]:
    chapters = annex.content.chapters if annex.content else []
    clauses = [clause for chapter in chapters for clause in chapter.clauses]
    return [
        clause.id
        for clause in clauses
        if any(each.section == section and each.here for each in clause.evidence)
    ]


def _mitigations(circuits: CircuitsPart) -> list[MitigationRow]:
    """The option that a repair's rule names; where it names none, those that no other betters."""
    return [
        MitigationRow(traced=place, option=option, advised=repair.recommended is not None)
        for place, traced in enumerate(circuits.traced)
        for repair in [traced.record.repair]
        if repair is not None
        for option in _shown(repair)
    ]


def _shown(repair: Repair) -> list[int]:
    if repair.recommended is not None:
        return [repair.recommended]
    return [place for place, option in enumerate(repair.options) if option.on_front]
