"""How an impact ratio depends on what a group is held against."""

from __future__ import annotations

import numpy as np

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.compare import RATIO, ratio_against
from auditor.metrics.groups.references import group_sizes, highest_group, largest_group
from auditor.metrics.groups.rows import GroupRows
from auditor.plan import AuditPlan
from auditor.records import Estimate
from auditor.report.figures.parts import SensitivityRow
from auditor.report.figures.tables_of_people import PeopleTables


def sensitivity(evidence: Evidence, tables: PeopleTables | None) -> list[SensitivityRow]:
    """Returns each known group's ratio against the highest, the largest, and the highest of all
    groups, however small."""
    if tables is None:
        return []
    bounds = {
        (g.column, g.group): g.estimate
        for g in evidence.group_metrics
        if g.metric == "impact_ratio_bounds" and g.model_id == tables.model_id
    }
    return [
        row.model_copy(update={"bounds": bounds.get((column, row.group))})
        for column, table in tables.columns.items()
        for row in _rows(tables.model_id, column, table.only(table.decided), evidence.plan)
    ]


def _rows(model_id: str, column: str, table: GroupRows, plan: AuditPlan) -> list[SensitivityRow]:
    sizes, least = group_sizes(table), plan.metrics.min_rows
    highest, largest, of_all = (
        highest_group(table, plan),
        largest_group(table, plan),
        _highest_of_all(table),
    )
    return [
        SensitivityRow(
            model_id=model_id,
            column=column,
            group=group,
            n=size,
            small=size < least,
            highest=highest,
            against_highest=_against(table, group, highest),
            largest=largest,
            against_largest=_against(table, group, largest),
            highest_of_all=of_all,
            against_highest_of_all=_against(table, group, of_all),
            bounds=None,
        )
        for group, size in sizes.items()
    ]


def _against(table: GroupRows, group: str, reference: str | None) -> Estimate:
    if reference is None:
        return Estimate.missing("no group is large enough to be held against", unit=RATIO)
    if group == reference:
        return Estimate.missing("the reference itself", unit=RATIO)
    return ratio_against(table, group, reference)


def _highest_of_all(table: GroupRows) -> str | None:
    """Of equal rates the first: ratios to either are the same."""
    return max(table.known, key=lambda group: _rate(table, group), default=None)


def _rate(table: GroupRows, group: str) -> float:
    rows = table.only(table.of(group))
    return float(np.average(rows.selected, weights=rows.weight))
