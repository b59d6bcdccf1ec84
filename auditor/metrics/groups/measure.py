"""All group metrics of every model and column, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from auditor.metrics.groups.aucs import AUCS, aucs
from auditor.metrics.groups.calibration import calibration
from auditor.metrics.groups.columns import CROSSED, ModelColumns, model_columns
from auditor.metrics.groups.crossings import difference_in_differences
from auditor.metrics.groups.gaps import gaps
from auditor.metrics.groups.omnibus import omnibus
from auditor.metrics.groups.rates import OF_TRUTH, RATES, rates
from auditor.metrics.groups.references import highest_group, largest_group
from auditor.metrics.groups.rows import ALL_GROUPS, UNKNOWN, GroupRows
from auditor.metrics.groups.scores import score_metrics
from auditor.metrics.groups.unknown import impact_ratio_bounds
from auditor.plan import AuditPlan
from auditor.records import Estimate, GroupMetric


def group_metrics(
    predictions: pd.DataFrame, plan: AuditPlan, favourable: Sequence[str] | None = None
) -> list[GroupMetric]:
    """Returns the metrics of every model, column and group; all are descriptive.

    Columns are the protected ones, two of them crossed ("sex*race", groups "woman+black"), and
    protected ones within control values ("sex within job=clerk"). Metrics over all groups of a
    column have `ALL_GROUPS` as their group.

    Args:
        predictions: rows with the columns of `schemas.PREDICTIONS`.
        plan: its favourable labels are used where `favourable` is None.
        favourable: the favourable labels, in the words of `label_true`.
    """
    return [
        metric
        for model in model_columns(predictions, plan, favourable, strata=True)
        for metric in _of_model(model, plan)
    ]


def _of_model(model: ModelColumns, plan: AuditPlan) -> Iterator[GroupMetric]:
    for column, table in {**model.columns, **model.strata}.items():
        for (group, name), estimate in _of_column(table, plan).items():
            yield GroupMetric(column, group, name, estimate, model.model_id)
        if CROSSED in column and column in model.columns:
            first, second = (model.columns[name] for name in _parts(column, model))
            crossed = difference_in_differences(table.without_scores(), first, second, plan)
            for (group, name), estimate in crossed.items():
                yield GroupMetric(column, group, name, estimate, model.model_id)


def _parts(column: str, model: ModelColumns) -> tuple[str, str]:
    """The two columns that were crossed; their names may hold a "*" of their own."""
    pairs = ((column[:at], column[at + 1 :]) for at, mark in enumerate(column) if mark == CROSSED)
    return next((a, b) for a, b in pairs if a in model.columns and b in model.columns)


def _of_column(table: GroupRows, plan: AuditPlan) -> dict[tuple[str, str], Estimate]:
    """(group, metric) -> estimate: group by group, then over all."""
    of_scores = _of_scores(table, largest_group(table, plan))
    table = table.without_scores()
    reference, highest = largest_group(table, plan), highest_group(table, plan)
    of_group = rates(table)
    of_group |= {(group, "count"): _count(table, group) for group in table.names}
    of_group |= {(group, "share"): _share(table, group) for group in table.names}
    of_group |= {
        (group, "impact_ratio"): impact_ratio(table, group, highest) for group in table.names
    }
    of_group |= impact_ratio_bounds(table, highest)
    of_group |= of_scores
    found = {
        (group, name): of_group[group, name]
        for group in table.names
        for name in _ORDER
        if (group, name) in of_group
    }
    least = plan.metrics.min_rows
    over_all = gaps(table, reference, least) | omnibus(table, least)
    return found | {(ALL_GROUPS, name): estimate for name, estimate in over_all.items()}


def _of_scores(table: GroupRows, reference: str | None) -> dict[tuple[str, str], Estimate]:
    return score_metrics(table, reference) | calibration(table) | aucs(table)


_ORDER = (
    "count",
    "share",
    "selection_rate",
    "impact_ratio",
    "impact_ratio_bounds",
    *OF_TRUTH,
    "mean_score",
    "share_above_median",
    "standardised_mean_difference_pooled",
    "standardised_mean_difference_all",
    "expected_calibration_error",
    *AUCS,
)


def _count(table: GroupRows, group: str) -> Estimate:
    rows = table.only(table.of(group))
    reason = "a count of the rows at hand has no interval"
    return Estimate(
        float(rows.size), None, None, rows.size, rows.clusters, "rows", "count", reason=reason
    )


def _share(table: GroupRows, group: str) -> Estimate:
    """Of the rows with a known group."""
    unit = "share of known rows"
    total = table.only(table.is_known).size
    if group == UNKNOWN or not total:
        return Estimate.missing("rows without a known group have no share", unit=unit)
    rows = table.only(table.of(group))
    reason = "a share of the rows at hand has no interval"
    return Estimate(
        rows.size / total, None, None, rows.size, rows.clusters, unit, "count", reason=reason
    )


def impact_ratio(table: GroupRows, group: str, highest: str | None) -> Estimate:
    """Returns a group's selection rate over that of the highest group; 1: equal.

    The highest is the highest of the groups that are large enough (29 CFR 1607.4(D),
    6 RCNY 5-301). Multiplied out before the one division: 12/40 over 15/40 is .8 and not below it.
    """
    unit, decided = "ratio", table.only(table.decided)
    if highest is None:
        reason = "no known group has enough rows to be a reference"
        return Estimate.missing(reason, unit=unit)
    if group == UNKNOWN:
        return Estimate.missing("rows without a known group are not compared", unit=unit)
    rows, against = (decided.only(decided.of(name)) for name in (group, highest))
    top = float(against.weight[against.selected].sum())
    if not rows.size:
        return Estimate.missing(RATES["selection_rate"].empty, unit=unit)
    if not top:
        return Estimate.missing(f"no row of {highest}, the highest group, was selected", unit=unit)
    hits, base = float(rows.weight[rows.selected].sum()), float(rows.weight.sum())
    value = (hits * float(against.weight.sum())) / (top * base)
    reason = f"against {highest}, the highest of several groups: descriptive, no interval"
    return Estimate(value, None, None, rows.size, rows.clusters, unit, "ratio", reason=reason)
