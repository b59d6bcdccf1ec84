"""Rates per group: fairlearn's value, our count and interval.

A rate is a share of hits among the rows that it is about. To add one, add an entry to `RATES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import HARD_FLOOR, Interval, KornGraubard, clopper_pearson, too_few
from auditor.metrics.groups.linear import weighted_mean
from auditor.metrics.groups.rows import GroupRows, Mask
from auditor.records import Estimate

EXACT_BELOW = 5
"""Wilson's interval needs as many rows on either side; with fewer the exact one is given."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of hits among the rows that it is about."""

    base: Callable[[Mask, Mask], Mask]  # (truth, selected) -> rows that count
    hits: Callable[[Mask, Mask], Mask]
    empty: str
    """Why there is no rate where no row counts."""


def _all(truth: Mask, _: Mask) -> Mask:
    return np.ones_like(truth)


def _truth(truth: Mask, _: Mask) -> Mask:
    return truth


def _untruth(truth: Mask, _: Mask) -> Mask:
    return np.logical_not(truth)


def _chosen(_: Mask, selected: Mask) -> Mask:
    return selected


def _refused(_: Mask, selected: Mask) -> Mask:
    return np.logical_not(selected)


_UNDECIDED = "no row of this group says whether it was selected"
_NO_LABEL = "no row of this group has a true label"
_NO_POSITIVE = "no row of this group has a favourable true label"
_NO_NEGATIVE = "no row of this group has an unfavourable true label"
_NONE_CHOSEN = "no row of this group was selected"
_ALL_CHOSEN = "every row of this group was selected"

RATES: dict[str, Rate] = {
    "selection_rate": Rate(_all, _chosen, _UNDECIDED),
    "true_positive_rate": Rate(_truth, _chosen, _NO_POSITIVE),
    "false_negative_rate": Rate(_truth, _refused, _NO_POSITIVE),
    "false_positive_rate": Rate(_untruth, _chosen, _NO_NEGATIVE),
    "true_negative_rate": Rate(_untruth, _refused, _NO_NEGATIVE),
    "precision": Rate(_chosen, _truth, _NONE_CHOSEN),
    "negative_predictive_value": Rate(_refused, _untruth, _ALL_CHOSEN),
    "false_omission_rate": Rate(_refused, _truth, _ALL_CHOSEN),
    "base_rate": Rate(_all, _truth, _NO_LABEL),
    "accuracy": Rate(_all, np.equal, _NO_LABEL),
}
"""Name -> rate. `selected` is the favourable outcome and `truth` that it was deserved; all but the
selection rate need true labels."""
OF_TRUTH = tuple(name for name in RATES if name != "selection_rate")


def rates(table: GroupRows) -> dict[tuple[str, str], Estimate]:
    """Returns (group, metric) -> estimate for every group of the table and every rate."""
    decided = table.only(table.decided)
    labelled = decided.only(decided.labelled)
    values = fairlearn_values(decided, ["selection_rate"]) | fairlearn_values(labelled, OF_TRUTH)
    found = {}
    for group in table.names:
        here, judged = (rows.only(rows.of(group)) for rows in (decided, labelled))
        for name, rate in RATES.items():
            rows = judged if name in OF_TRUTH else here
            base = rate.base(rows.truth, rows.selected)
            if base.any():
                hits = rate.hits(rows.truth, rows.selected)
                found[group, name] = proportion(values[group, name], hits[base], rows.only(base))
            else:
                reason = (name in OF_TRUTH and table.unlabelled) or rate.empty
                found[group, name] = Estimate.missing(reason, unit="rate")
    return found


def proportion(value: float, hits: Mask, trials: GroupRows) -> Estimate:
    """Returns a share of rows with its interval: by clusters where rows share one.

    Independent rows: Wilson's, or the exact one where fewer than 5 rows lie on a side. Clusters:
    Korn and Graubard's on the linearised variance. Survey weights: on Kish's effective n.
    """
    size, clusters, effective = trials.size, trials.clusters, trials.effective
    if trials.independent:
        (low, high), method = _independent(value, effective)
        clusters = size
    elif clusters < HARD_FLOOR:
        reason = too_few(clusters, HARD_FLOOR)
        return Estimate(value, None, None, size, clusters, "rate", "weighted mean", reason=reason)
    else:
        mean = weighted_mean(trials, np.ones_like(hits), hits)
        law = KornGraubard(value, mean.variance, clusters, effective)
        (low, high), method = law.interval(0.95), law.method
    if not trials.frequency:
        method = f"{method}, effective n {effective:.1f} of the sampling weights"
    return Estimate(value, low, high, size, clusters, "rate", method)


def _independent(value: float, n: float) -> tuple[Interval, str]:
    hits = value * n
    if min(hits, n - hits) < EXACT_BELOW:
        return clopper_pearson(hits, n, 0.95), "Clopper-Pearson"
    return wilson(hits, n), "Wilson"


def wilson(hits: float, n: float) -> Interval:
    """Returns Wilson's 95 % interval of a share; neither number need be whole."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, n, method="wilson")
    return float(low), float(high)


def fairlearn_values(table: GroupRows, names: Sequence[str]) -> dict[tuple[str, str], float]:
    """Returns (group, metric) -> value, by fairlearn's MetricFrame; {} without rows."""
    if not len(table.codes):
        return {}
    columns = metric_frame(table, names).by_group.to_dict()
    return {
        (table.names[code], name): float(value)
        for name, by_group in columns.items()
        for code, value in by_group.items()
    }


def metric_frame(table: GroupRows, names: Sequence[str]) -> Any:
    """Returns fairlearn's MetricFrame of a table, its groups as codes.

    It is given the cells (group, truth, selected) with their weights added up: the same numbers,
    in a time that does not depend on the rows.
    """
    from fairlearn.metrics import MetricFrame

    functions = fairlearn_functions()
    cells = pd.DataFrame(
        {
            "group": table.codes,
            "truth": table.truth.astype(int),
            "selected": table.selected.astype(int),
            "weight": table.weight,
        }
    )
    cells = cells.groupby(["group", "truth", "selected"])["weight"].sum().reset_index()
    return MetricFrame(
        metrics={name: functions[name] for name in names},
        y_true=cells["truth"],
        y_pred=cells["selected"],
        sensitive_features=cells["group"],
        sample_params={name: {"sample_weight": cells["weight"]} for name in names},
    )


def fairlearn_functions() -> Mapping[str, Callable[..., Any]]:
    """Returns the functions that fairlearn's MetricFrame is given for `RATES`."""
    from fairlearn import metrics as fairlearn
    from sklearn.metrics import accuracy_score, precision_score

    def precision(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        return float(precision_score(y_true, y_pred, sample_weight=sample_weight, zero_division=0))

    def negative_predictive_value(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        return precision(1 - y_true, 1 - y_pred, sample_weight)

    def false_omission_rate(y_true: Any, y_pred: Any, sample_weight: Any) -> float:
        return precision(y_true, 1 - y_pred, sample_weight)

    def base_rate(y_true: Any, y_pred: Any, sample_weight: Any) -> float:  # noqa: ARG001
        return float(fairlearn.selection_rate(y_true, y_true, sample_weight=sample_weight))

    return {
        "selection_rate": fairlearn.selection_rate,
        "true_positive_rate": fairlearn.true_positive_rate,
        "false_negative_rate": fairlearn.false_negative_rate,
        "false_positive_rate": fairlearn.false_positive_rate,
        "true_negative_rate": fairlearn.true_negative_rate,
        "precision": precision,
        "negative_predictive_value": negative_predictive_value,
        "false_omission_rate": false_omission_rate,
        "base_rate": base_rate,
        "accuracy": accuracy_score,
    }


def counts_of(values: Floats) -> bool:
    """Returns whether weights are whole numbers, so that they can be counts of people."""
    return bool(np.all(values == np.round(values)))
