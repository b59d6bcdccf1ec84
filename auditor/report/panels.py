"""Which findings share an axis: a chart never mixes units or thresholds."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.plan import AuditPlan
from auditor.records import Basis, Finding
from auditor.report.measures import favours
from auditor.report.parts import PanelRow
from auditor.report.sentences import checkpoints_statement, forest_statement


def panels_of(judged: Sequence[Finding], plan: AuditPlan) -> list[PanelRow]:
    """Returns a panel for every basis, metric, unit and threshold with a measured finding."""
    panels: dict[tuple[Basis, str, str, float], list[int]] = {}
    for index, finding in enumerate(judged):
        if finding.estimate.value is not None and finding.criterion is not None:
            key = (finding.basis, finding.metric, finding.estimate.unit, finding.criterion.delta)
            panels.setdefault(key, []).append(index)
    return [_panel([judged[i] for i in places], places, plan) for places in panels.values()]


def _panel(findings: Sequence[Finding], places: list[int], plan: AuditPlan) -> PanelRow:
    first = findings[0]
    assert first.criterion is not None
    return PanelRow(
        metric=first.metric,
        basis=first.basis,
        unit=first.estimate.unit,
        delta=first.criterion.delta,
        worse=_worse_side(first.metric, plan),
        findings=places,
        forest=forest_statement(findings),
        checkpoints=checkpoints_statement(findings) if len(first.checkpoints) > 1 else None,
    )


def _worse_side(metric: str, plan: AuditPlan) -> str | None:
    """Lower scores lie to the left, but more texts denied what they deserve to the right."""
    sign = {"lower": -1, "higher": 1, "either": 0}[plan.harm.worse] * favours(metric)
    return {-1: "left", 1: "right"}.get(sign)
