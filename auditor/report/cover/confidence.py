"""How much the evidence on a question can bear, by a rule that the report states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.rows import UNKNOWN
from auditor.plan_report import DeclaredPlan
from auditor.records import Basis, Finding, Verdict
from auditor.report.cover.parts import Level
from auditor.report.cover.words import COMPLETE, MUCH
from auditor.report.words import isolated

NOTHING = "nothing was measured"
_SETTLED = (Verdict.MEETS, Verdict.DOES_NOT_MEET)
_KNOWN = ("self-declared", "record")


def confidence_in(
    findings: Sequence[Finding], evidence: Evidence, declared: DeclaredPlan
) -> tuple[Level, list[str]]:
    """Returns the confidence in the evidence on one question, and what it lacks.

    Args:
        findings: all of the question. Where some do not meet, the rule looks at those, since they
            alone decide.
    """
    measured = [f for f in findings if f.verdict is not Verdict.NOT_TESTED]
    failing = [f for f in measured if f.verdict is Verdict.DOES_NOT_MEET]
    if not measured:
        return "low", [NOTHING]
    lacking = list(_lacking(failing or measured, evidence, declared))
    return ("high", "moderate", "low")[min(len(lacking), 2)], lacking


def _lacking(
    findings: Sequence[Finding], evidence: Evidence, declared: DeclaredPlan
) -> Iterator[str]:
    if any(_size(f, evidence) < MUCH * _asked(f, evidence) for f in findings):
        yield f"much data: some rests on less than {MUCH} times what the plan asks for"
    if not all(_has_power(f) for f in findings):
        yield "power: an open finding could detect only more than its threshold"
    attribute, basis = findings[0].contrast.attribute, findings[0].basis
    swaps = basis is Basis.SWAPS
    source = _source_of_texts(evidence) if swaps else _source_of_groups(attribute, declared)
    if source:
        yield f"source: {source}"
    missing = _kept_out(attribute, evidence) if swaps else _unknown(attribute, evidence)
    if missing > COMPLETE:
        what = "pairs were kept out" if swaps else "rows are of unknown group"
        yield f"completeness: {100 * missing:.1f} % of {what}"


def _size(finding: Finding, evidence: Evidence) -> float:
    """Clusters, or rows of the smaller of two groups of people."""
    if finding.basis is Basis.SWAPS:
        return finding.estimate.clusters
    rows, contrast = _rows(finding.contrast.attribute, evidence), finding.contrast
    return min(rows.get(contrast.group_a, 0.0), rows.get(contrast.group_b, 0.0))


def _asked(finding: Finding, evidence: Evidence) -> int:
    metrics = evidence.plan.metrics
    return metrics.min_clusters if finding.basis is Basis.SWAPS else metrics.min_rows


def _has_power(finding: Finding) -> bool:
    if finding.verdict in _SETTLED:
        return True
    detectable, criterion = finding.detectable, finding.criterion
    return detectable is not None and criterion is not None and detectable <= criterion.delta


def _source_of_texts(evidence: Evidence) -> str | None:
    if evidence.plan.data.templates:
        return "texts are made from templates"
    return "the pairs were scored elsewhere" if evidence.plan.data.pairs else None


def _source_of_groups(attribute: str, declared: DeclaredPlan) -> str | None:
    """A crossed column is as well known as the worse of its two."""
    how = {part: declared.obtained_by.get(part) for part in attribute.split("*")}
    for part, each in how.items():
        if each not in _KNOWN:
            said = f"is declared as {each}" if each else "was obtained is not declared"
            return f"how {isolated(part)} {said}" if not each else f"{isolated(part)} {said}"
    return None


def _kept_out(attribute: str, evidence: Evidence) -> float:
    """Share of pairs that could not enter a verdict."""
    entry = evidence.coverage["attributes"].get(attribute, {})
    pairs = entry.get("pairs", 0)
    return 1 - entry["by_validity"].get("valid", 0) / pairs if pairs else 0.0


def _unknown(column: str, evidence: Evidence) -> float:
    """Share of rows whose group is not known."""
    rows = _rows(column, evidence)
    return rows.get(UNKNOWN, 0.0) / max(1.0, sum(rows.values()))


def _rows(column: str, evidence: Evidence) -> dict[str, float]:
    """Group -> its rows, on the first checkpoint."""
    return {
        metric.group: metric.estimate.value or 0.0
        for metric in evidence.group_metrics
        if (metric.column, metric.metric) == (column, "count")
        and metric.model_id == evidence.model_ids[0]
    }
