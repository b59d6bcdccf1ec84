"""What to watch in use: the criteria of the plan, on how much data, and when to audit anew."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.evidence.reader import Evidence
from auditor.metrics.power import people_per_group
from auditor.records import Basis, Criterion, Finding, Verdict
from auditor.report.criteria import criteria_of
from auditor.report.declared.parts import MonitoringPart, WatchRow
from auditor.report.parts import CriterionRow

TRIGGERS = (
    "new weights, another base model, another tokenizer or another number format",
    "another prompt, template, preprocessing or cut-off",
    "other people or texts than those of this audit: a new place, language, job or season",
    "a complaint, an appeal that was upheld, or an incident",
    "a change of a framework that this report annexes, or of its thresholds",
    "another purpose, or another role of people in the decision",
    "an alert of the monitoring above",
)
NO_TREND = "one run is one point; a trend takes three or more audits of the same plan"
_DIFFERENCE = "_difference"


def monitoring_of(evidence: Evidence) -> MonitoringPart:
    """Returns what each criterion of the plan asks of the system in use."""
    return MonitoringPart(
        watch=[_watch(evidence, row) for row in criteria_of(evidence.findings)],
        triggers=list(TRIGGERS),
        trend=NO_TREND,
    )


def _watch(evidence: Evidence, row: CriterionRow) -> WatchRow:
    judged = [f for f in evidence.findings if _judged_by(f, row)]
    tested = [f for f in judged if f.verdict is not Verdict.NOT_TESTED]
    found = [f.detectable for f in tested if f.detectable is not None]
    of_people = row.basis is Basis.GROUPS
    sizes = [f.estimate.n if of_people else f.estimate.clusters for f in tested]
    people, rate = _hardest(evidence, row, judged) if of_people else (None, None)
    return WatchRow(
        metric=row.metric,
        basis=row.basis,
        unit=row.unit,
        delta=row.delta,
        of=row.of,
        findings=len(tested),
        within_reach=sum(each <= row.delta for each in found),
        detectable=max(found, default=None),
        smallest=min(sizes, default=None),
        people=people,
        rate=rate,
    )


def _judged_by(finding: Finding, row: CriterionRow) -> bool:
    criterion = Criterion(row.delta, row.origin, row.approved_by, row.metric)
    return (finding.basis, finding.criterion) == (row.basis, criterion)


def _hardest(
    evidence: Evidence, row: CriterionRow, findings: Sequence[Finding]
) -> tuple[int | None, float | None]:
    """Returns the rows that the hardest reference asks of each group, and its rate.

    Tested as this audit was: with its power, and the share of its error rate that Holm leaves.
    """
    plan = evidence.plan.metrics
    alpha = plan.alpha / max(1, sum(f.p_bad_adjusted is not None for f in evidence.findings))

    def rows(rate: float) -> int:
        return people_per_group(rate, 1 - row.delta / rate, power=plan.power, alpha=alpha)

    rates = _rates(evidence, row.metric, findings)
    return max(((rows(rate), rate) for rate in rates if rate > row.delta), default=(None, None))


def _rates(evidence: Evidence, metric: str, findings: Sequence[Finding]) -> list[float]:
    """Returns the rates of the reference groups that a difference is of."""
    references = {(f.contrast.attribute, f.contrast.group_a) for f in findings}
    return [
        each.estimate.value
        for each in evidence.group_metrics
        if each.metric == metric.removesuffix(_DIFFERENCE)
        and (each.column, each.group) in references
        and each.model_id in evidence.model_ids[:1]
        and each.estimate.value is not None
    ]
