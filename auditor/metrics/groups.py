"""Group metrics of labelled or predicted rows: fairlearn's values, our counts and intervals.

Everything here is descriptive and makes no claim. Rates per group carry intervals; the largest gap
and the ratio to the highest group do not, since with many groups they are far from 0 and 1 even
where all groups are equal (auditor/metrics/README.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditor.metrics.estimates import HARD_FLOOR, Interval, KornGraubard, clopper_pearson, too_few
from auditor.metrics.group_rows import UNKNOWN, GroupRows, Mask, protected_groups
from auditor.plan import AuditPlan
from auditor.records import Estimate, GroupMetric

ALL_GROUPS = "all groups"
"""The `group` of a metric that compares the groups of a column."""
REFERENCE_ROWS = 30
REFERENCE_SHARE = 0.02
"""A group with fewer rows, or a smaller share of the rows, is never what others are divided by."""


@dataclass(frozen=True, slots=True)
class _Rate:
    """A share of hits among the rows that it is about."""

    base: Callable[[Mask, Mask], Mask]  # (truth, selected) -> rows that count
    hits: Callable[[Mask, Mask], Mask]
    empty: str
    """Why there is no rate where no row counts."""


_OF_TRUTH: dict[str, _Rate] = {
    "true_positive_rate": _Rate(
        lambda truth, _: truth,
        lambda _, selected: selected,
        "no row of this group has a favourable true label",
    ),
    "false_positive_rate": _Rate(
        lambda truth, _: ~truth,
        lambda _, selected: selected,
        "no row of this group has an unfavourable true label",
    ),
    "accuracy": _Rate(
        lambda truth, _: np.ones_like(truth),
        lambda truth, selected: truth == selected,
        "no row of this group has a true label",
    ),
    "precision": _Rate(
        lambda _, selected: selected,
        lambda truth, _: truth,
        "no row of this group was selected",
    ),
}
_SELECTION = _Rate(
    lambda truth, _: np.ones_like(truth),
    lambda _, selected: selected,
    "no row of this group says whether it was selected",
)


def group_metrics(
    predictions: pd.DataFrame, plan: AuditPlan, favourable: Sequence[str] | None = None
) -> list[GroupMetric]:
    """Returns the metrics of every model, protected column and group.

    Args:
        predictions: rows with the columns of `records.PREDICTIONS`.
        plan: its favourable labels are used where `favourable` is None.
        favourable: the favourable labels, in the words of `label_true`.
    """
    words = tuple(_favourable(plan) if favourable is None else favourable)
    return [
        metric
        for model_id, rows in predictions.groupby("model_id", sort=False)
        for column, groups in protected_groups(rows).items()
        for metric in _column(str(model_id), column, GroupRows.of(rows, groups, words))
    ]


def _column(model_id: str, column: str, table: GroupRows) -> Iterator[GroupMetric]:
    selection = _rates(table, {"selection_rate": _SELECTION})
    truth = _rates(table.only(table.labelled), _OF_TRUTH)
    for group in table.names:
        found = {
            "count": _count(table, group),
            "selection_rate": selection[group, "selection_rate"],
        }
        found["impact_ratio"] = _impact_ratio(table, group)
        found |= {name: truth[group, name] for name in _OF_TRUTH}
        for name, estimate in found.items():
            yield GroupMetric(column, group, name, estimate, model_id)
    for name, estimate in _gaps(table).items():
        yield GroupMetric(column, ALL_GROUPS, name, estimate, model_id)


def _rates(table: GroupRows, rates: dict[str, _Rate]) -> dict[tuple[str, str], Estimate]:
    """(group, metric) -> estimate. The value is fairlearn's, n and interval are ours."""
    values = _fairlearn_by_group(table, tuple(rates))
    found = {}
    for group in table.names:
        rows = table.only(table.groups == group)
        for name, rate in rates.items():
            base = rate.base(rows.truth, rows.selected)
            trials = rows.only(base)
            if not trials.weight.sum():
                reason = (name != "selection_rate" and table.unlabelled) or rate.empty
                found[group, name] = Estimate.missing(reason, unit="rate")
            else:
                hits = rate.hits(rows.truth, rows.selected)[base]
                found[group, name] = _estimate(values[group, name], hits, trials)
    return found


def _fairlearn_by_group(table: GroupRows, names: Sequence[str]) -> dict[tuple[str, str], float]:
    """(group, metric) -> value, by fairlearn's MetricFrame."""
    from fairlearn import metrics as fairlearn
    from sklearn.metrics import accuracy_score, precision_score

    if not len(table.groups):
        return {}

    def precision(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        return float(precision_score(y_true, y_pred, sample_weight=sample_weight, zero_division=0))

    functions: dict[str, Callable[..., Any]] = {
        "selection_rate": fairlearn.selection_rate,
        "true_positive_rate": fairlearn.true_positive_rate,
        "false_positive_rate": fairlearn.false_positive_rate,
        "accuracy": accuracy_score,
        "precision": precision,
    }
    frame = fairlearn.MetricFrame(
        metrics={name: functions[name] for name in names},
        y_true=table.truth.astype(int),
        y_pred=table.selected.astype(int),
        sensitive_features=pd.Series(table.groups, name="group"),
        sample_params={name: {"sample_weight": table.weight} for name in names},
    )
    columns = frame.by_group.to_dict()
    return {(group, name): float(columns[name][group]) for name in names for group in columns[name]}


def _estimate(value: float, hits: Mask, trials: GroupRows) -> Estimate:
    """Returns a rate with its interval: by clusters where rows share one, else as independent."""
    clusters = len(set(trials.cluster))
    weight = trials.weight
    effective = float(weight.sum() if trials.frequency else weight.sum() ** 2 / (weight**2).sum())
    if clusters == len(hits):
        (low, high), method = _independent(value, effective)
        clusters = trials.size
    elif clusters < HARD_FLOOR:
        reason = too_few(clusters, HARD_FLOOR)
        return Estimate(
            value, None, None, trials.size, clusters, "rate", "weighted mean", reason=reason
        )
    else:
        law = KornGraubard(value, _variance(value, hits, trials), clusters, effective)
        (low, high), method = law.interval(0.95), law.method
    if not trials.frequency:
        method = f"{method}, effective n {effective:.1f} of the sampling weights"
    return Estimate(value, low, high, trials.size, clusters, "rate", method)


def _independent(value: float, n: float) -> tuple[Interval, str]:
    """Wilson's interval; the exact one where fewer than 5 rows lie on either side."""
    from statsmodels.stats.proportion import proportion_confint

    hits = value * n
    if min(hits, n - hits) < 5:
        return clopper_pearson(hits, n, 0.95), "Clopper-Pearson"
    low, high = proportion_confint(hits, n, method="wilson")
    return (float(low), float(high)), "Wilson"


def _variance(value: float, hits: Mask, trials: GroupRows) -> float:
    """Of a weighted share, linearised, between clusters (Taylor; with replacement)."""
    residuals = pd.Series(trials.weight * (hits - value)).groupby(trials.cluster).sum()
    count = len(residuals)
    return float(count / (count - 1) * (residuals**2).sum() / trials.weight.sum() ** 2)


def _count(table: GroupRows, group: str) -> Estimate:
    size = table.only(table.groups == group).size
    reason = "a count of the rows at hand has no interval"
    return Estimate(float(size), None, None, size, size, "rows", "count", reason=reason)


def _impact_ratio(table: GroupRows, group: str) -> Estimate:
    """Selection rate over that of the highest group that is large enough to be a reference."""
    unit = "ratio"
    reference = _reference(table)
    if reference is None:
        reason = (
            f"no known group has a row selected, {REFERENCE_ROWS} rows and "
            f"{REFERENCE_SHARE:.0%} of them to be a reference"
        )
        return Estimate.missing(reason, unit=unit)
    rows = table.only(table.groups == group)
    if group == UNKNOWN:
        return Estimate.missing("rows without a known group are not compared", unit=unit)
    if not rows.size:
        return Estimate.missing(_SELECTION.empty, unit=unit)
    ratio = _ratio(rows, table.only(table.groups == reference))
    reason = f"against {reference}, the highest of several groups: descriptive, no interval"
    return Estimate(ratio, None, None, rows.size, rows.size, unit, "ratio", reason=reason)


def _ratio(rows: GroupRows, reference: GroupRows) -> float:
    """Multiplied out before the one division: 12/40 over 15/40 is .8 and not below it."""
    hits, base = float(rows.weight[rows.selected].sum()), float(rows.weight.sum())
    top, below = float(reference.weight[reference.selected].sum()), float(reference.weight.sum())
    return (hits * below) / (top * base)


def _reference(table: GroupRows) -> str | None:
    total = table.only(table.groups != UNKNOWN).size
    rates = {}
    for name in table.names:
        rows = table.only(table.groups == name)
        large = rows.size >= max(REFERENCE_ROWS, REFERENCE_SHARE * total)
        if name != UNKNOWN and large and rows.selected.any():
            rates[name] = float(rows.weight[rows.selected].sum() / rows.weight.sum())
    return max(rates, key=lambda name: rates[name]) if rates else None


def _gaps(table: GroupRows) -> dict[str, Estimate]:
    """The largest difference between known groups, by fairlearn."""
    from fairlearn import metrics as fairlearn

    known = table.only(table.groups != UNKNOWN)
    labelled = known.only(known.labelled)
    return {
        "demographic_parity_difference": _gap(
            fairlearn.demographic_parity_difference, known, _why_no_gap(known)
        ),
        "equalized_odds_difference": _gap(
            fairlearn.equalized_odds_difference,
            labelled,
            table.unlabelled or _why_no_gap(labelled) or _one_class(labelled),
        ),
    }


def _gap(function: Callable[..., Any], table: GroupRows, missing: str | None) -> Estimate:
    unit = "difference of rates"
    if missing:
        return Estimate.missing(missing, unit=unit)
    value = function(
        table.truth.astype(int),
        table.selected.astype(int),
        sensitive_features=pd.Series(table.groups, name="group"),
        sample_weight=table.weight,
    )
    reason = "the largest gap of several groups is above 0 by chance alone: no interval"
    size = table.size
    return Estimate(float(value), None, None, size, size, unit, "largest gap", reason=reason)


def _why_no_gap(table: GroupRows) -> str | None:
    groups = sorted(set(table.groups))
    if len(groups) >= 2:
        return None
    return f"{len(groups)} known groups ({', '.join(groups) or 'none'}); a gap needs two"


def _one_class(table: GroupRows) -> str | None:
    for group in sorted(set(table.groups)):
        truth = table.truth[table.groups == group]
        if truth.all() or not truth.any():
            kind = "unfavourable" if truth.all() else "favourable"
            return f"no row of {group} has a true label that is {kind}"
    return None


def _favourable(plan: AuditPlan) -> list[str]:
    """The plan's favourable labels by name; an index counts in the plan's own `labels`."""
    names = plan.scoring.labels
    return [
        names[word] if isinstance(word, int) else word
        for word in plan.scoring.favourable
        if isinstance(word, str) or word < len(names)
    ]


def compare_groups(*_: Any) -> list[Any]:
    return []


def group_contrasts(*_: Any) -> list[Any]:
    return []


def data_notes(*_: Any) -> list[str]:
    return []
