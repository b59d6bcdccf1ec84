"""What the plan fixed: why each measure decides, and whether anything departed from it."""

from __future__ import annotations

from auditor.evidence.files import read_json
from auditor.evidence.reader import Evidence
from auditor.evidence.verification import plan_sha256
from auditor.records import Basis
from auditor.report.cover.parts import PlanningPart, ReasonRow
from auditor.report.cover.words import (
    BY_PLAN,
    BY_RULE,
    CHANGED,
    IMPOSSIBILITY,
    UNCHANGED,
    WHY,
)
from auditor.report.criteria import criteria_of
from auditor.report.measures import GROUP_FAMILIES
from auditor.report.parts import CriterionRow

_ERRORS = {*GROUP_FAMILIES["Errors"], *GROUP_FAMILIES["Predictive values"]}


def planning_of(evidence: Evidence) -> PlanningPart:
    """Returns the reasons of the plan and the deviations from it."""
    unchanged = plan_is_unchanged(evidence)
    errors = any(metric.metric in _ERRORS for metric in evidence.group_metrics)
    reasons = {(row.basis, row.metric): _reason(row, evidence) for row in _criteria(evidence)}
    return PlanningPart(
        governing=list(reasons.values()),
        impossibility=IMPOSSIBILITY if errors else None,
        deviations=[] if unchanged else [CHANGED],
        deviations_known=UNCHANGED if unchanged else CHANGED,
    )


def plan_is_unchanged(evidence: Evidence) -> bool:
    """Whether the stored plan has the hash that was recorded at the start.

    As stored, and not as read: a newer auditor has options that an older plan does not name.
    """
    stored = read_json(evidence.folder / "evidence" / "plan.json")["plan"]
    return bool(plan_sha256(stored) == evidence.record["plan_sha256"])


def _criteria(evidence: Evidence) -> list[CriterionRow]:
    return criteria_of(evidence.findings)


def _reason(row: CriterionRow, evidence: Evidence) -> ReasonRow:
    metrics = evidence.plan.metrics
    governs = metrics.governs if row.basis is Basis.SWAPS else metrics.governs_groups
    by_rule = all(governs(name) == "auto" for name in row.of)
    return ReasonRow(
        metric=row.metric,
        basis=row.basis,
        why=WHY[row.metric],
        chosen=BY_RULE if by_rule else BY_PLAN,
    )
