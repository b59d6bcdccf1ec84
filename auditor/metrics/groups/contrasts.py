"""The signed differences between groups of people that may have a verdict.

Every known group of a column against one reference, which is chosen without a look at outcomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from auditor.metrics.estimates import HARD_FLOOR, MeanLaw, too_few
from auditor.metrics.groups.columns import CROSSED, model_columns
from auditor.metrics.groups.linear import difference_law, ends, weighted_mean
from auditor.metrics.groups.rate_law import RateDifference
from auditor.metrics.groups.rates import RATES
from auditor.metrics.groups.references import largest_group
from auditor.metrics.groups.rows import GroupRows, Mask
from auditor.plan import AuditPlan
from auditor.plan_metrics import MetricPlan
from auditor.records import Contrast, Estimate

UNIT = "difference of rates"
DIFFERENCES: dict[str, str] = {
    "selection_rate_difference": "selection_rate",
    "true_positive_rate_difference": "true_positive_rate",
    "false_positive_rate_difference": "false_positive_rate",
}
"""Signed metric -> the rate that it is the difference of."""


@dataclass(frozen=True, slots=True)
class GroupContrast:
    """One signed difference: the rate of group B less that of the reference, group A."""

    contrast: Contrast
    """`attribute` is the column; for crossed columns "sex*race"."""
    metric: str
    model_id: str
    estimate: Estimate
    """Its interval is simultaneous over the column's contrasts; `level` and `method` say so."""
    law: MeanLaw | None
    """None: not tested, and `estimate.reason` says why."""


def group_contrasts(
    predictions: pd.DataFrame, plan: AuditPlan, favourable: Sequence[str] | None = None
) -> list[GroupContrast]:
    """Returns every known group against the column's reference, for each of `DIFFERENCES`.

    The reference is the plan's, else the group with most rows. 0: equal rates; below 0: the group
    is selected less. Independent rows: the score test, corrected for skewness and reined in by
    exact intervals (`rate_law`). Rows that share clusters (which may hold both groups), or survey
    weights: the same on effective numbers of rows (`linear.difference_law`).
    Crossed columns only where the plan's `by_column` names them ("sex*race"): each has many
    groups, and every contrast takes power from all.

    Args:
        predictions: rows with the columns of `schemas.PREDICTIONS`.
        plan: names references, `min_rows` and `min_clusters`.
        favourable: the favourable labels, in the words of `label_true`.
    """
    return [
        found
        for model in model_columns(predictions, plan, favourable)
        for column, table in model.columns.items()
        if CROSSED not in column or column in plan.metrics.by_column
        for found in _of_column(table.without_scores(), model.model_id, plan)
    ]


def _of_column(table: GroupRows, model_id: str, plan: AuditPlan) -> Iterator[GroupContrast]:
    reference = largest_group(table, plan)
    others = [group for group in table.known if group != reference]
    if reference is None or not others:
        return
    decided = table.only(table.decided)
    for metric, name in DIFFERENCES.items():
        rows = decided if name == "selection_rate" else decided.only(decided.labelled)
        base = RATES[name].base(rows.truth, rows.selected)
        counted = rows.only(base)
        for group in others:
            estimate, law = _compare(counted, (reference, group), len(others), name, plan.metrics)
            contrast = Contrast(table.column, reference, group)
            yield GroupContrast(contrast, metric, model_id, estimate, law)


def _compare(
    rows: GroupRows, groups: tuple[str, str], family: int, rate: str, plan: MetricPlan
) -> tuple[Estimate, MeanLaw | None]:
    """Returns B less A, and its law where there are rows and clusters enough to test it."""
    masks = [rows.of(group) for group in groups]
    for group, mask in zip(groups, masks, strict=True):
        if not mask.any():
            return Estimate.missing(_why_empty(rows, group, rate), unit=UNIT), None
    used = rows.only(masks[0] | masks[1])
    independent = used.independent and used.frequency
    value, law = (_independent if independent else _of_clusters)(rows, *masks)
    reason = _too_small(rows, groups, masks, plan) or (
        None if independent else _too_few_clusters(rows, masks, plan)
    )
    level = 1 - 0.05 / family
    interval = law.interval(level) if law else None
    method = law.method if law else "difference of weighted rates"
    if family > 1 and interval:
        method += f", simultaneous over {family} contrasts (Bonferroni)"
    low, high = ends(interval)
    clusters = used.size if independent else used.clusters
    estimate = Estimate(value, low, high, used.size, clusters, UNIT, method, level, reason)
    return estimate, None if reason else law


def _why_empty(rows: GroupRows, group: str, rate: str) -> str:
    if rate != "selection_rate" and rows.unlabelled:
        return rows.unlabelled
    return RATES[rate].empty.replace("this group", group)


def _independent(rows: GroupRows, a: Mask, b: Mask) -> tuple[float, MeanLaw]:
    weight, chosen = rows.weight, rows.selected
    hits_b, n_b, hits_a, n_a = (
        float(weight[mask].sum()) for mask in (b & chosen, b, a & chosen, a)
    )
    law = RateDifference(hits_b, n_b, hits_a, n_a)
    return law.value, law


def _of_clusters(rows: GroupRows, a: Mask, b: Mask) -> tuple[float, MeanLaw | None]:
    mean_a, mean_b = (weighted_mean(rows, mask, rows.selected) for mask in (a, b))
    n_a, n_b = (rows.only(mask).effective for mask in (a, b))
    return mean_b.value - mean_a.value, difference_law(mean_b, mean_a, n_b=n_b, n_a=n_a)


def _too_small(
    rows: GroupRows, groups: Sequence[str], masks: Sequence[Mask], plan: MetricPlan
) -> str | None:
    for group, mask in zip(groups, masks, strict=True):
        size = rows.only(mask).size
        if size < plan.min_rows:
            noun = "row" if size == 1 else "rows"
            return f"only {size} {noun} of {group}; at least {plan.min_rows} are needed"
    return None


def _too_few_clusters(rows: GroupRows, masks: Sequence[Mask], plan: MetricPlan) -> str | None:
    least = min(rows.only(mask).clusters for mask in masks)
    needed = max(HARD_FLOOR, plan.min_clusters)
    return too_few(least, needed) if least < needed else None
