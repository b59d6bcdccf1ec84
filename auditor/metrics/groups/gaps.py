"""The largest gaps and ratios over all groups of a column, by fairlearn: descriptive.

None has an interval: with many groups the largest gap is far from 0, and the smallest ratio far
from 1, even where all groups are equal. What may have a verdict is in contrasts.py.
"""

from __future__ import annotations

import math

from auditor.metrics.groups.rates import metric_frame
from auditor.metrics.groups.references import LargeGroups, large_groups
from auditor.metrics.groups.rows import GroupRows
from auditor.records import Estimate

_DIFFERENCE, _RATIO = "difference of rates", "ratio"
_BY_CHANCE = {
    _DIFFERENCE: "the largest gap of several groups is above 0 by chance alone: no interval",
    _RATIO: "the smallest ratio of several groups is below 1 by chance alone: no interval",
}


def gaps(table: GroupRows, reference: str | None, least: int) -> dict[str, Estimate]:
    """Returns metric -> estimate over the known groups with `least` rows (true labels: labelled
    ones); `reason` names those left out, with their rows.

    Differences are max - min (0: equal), ratios min / max (1: equal), as fairlearn has them;
    equalized odds takes the worse of true and false positive rate, or the mean of both.
    `average_odds_difference` (AIF360) is signed: half of the difference in false positive rate
    plus half of that in true positive rate, of the other group less `reference`; two groups only.
    """
    decided = large_groups(table.only(table.decided), least)
    labelled = large_groups(table.only(table.decided & table.labelled), least)
    found = _of_one(decided, "selection_rate", "demographic_parity", _too_few_groups(decided))
    lacking = table.unlabelled or _too_few_groups(labelled)
    one_class = lacking or _one_class(labelled.table)
    unselected = lacking or _none_selected(labelled.table)
    found |= _of_odds(labelled, one_class)
    found |= _of_one(labelled, "true_positive_rate", "equal_opportunity", one_class)
    ppv = _of_one(labelled, "precision", "predictive_parity", unselected)
    found["predictive_parity_difference"] = ppv["predictive_parity_difference"]
    if len(decided.table.known) == 2:
        found["average_odds_difference"] = _average_odds(labelled, reference, one_class)
    return found


def _of_one(groups: LargeGroups, rate: str, name: str, missing: str | None) -> dict[str, Estimate]:
    """Largest difference and smallest ratio of one rate."""
    keys = {f"{name}_difference": _DIFFERENCE, f"{name}_ratio": _RATIO}
    if missing:
        return {key: Estimate.missing(missing, unit=unit) for key, unit in keys.items()}
    frame = metric_frame(groups.table, [rate])
    values = (frame.difference()[rate], _ratio(frame, [rate]))
    return {
        key: _found(value, groups, unit)
        for (key, unit), value in zip(keys.items(), values, strict=True)
    }


def _of_odds(groups: LargeGroups, missing: str | None) -> dict[str, Estimate]:
    keys = {
        "equalized_odds_difference": _DIFFERENCE,
        "equalized_odds_difference_mean": _DIFFERENCE,
        "equalized_odds_ratio": _RATIO,
    }
    if missing:
        return {key: Estimate.missing(missing, unit=unit) for key, unit in keys.items()}
    odds = ["true_positive_rate", "false_positive_rate"]
    frame = metric_frame(groups.table, odds)
    differences = frame.difference()
    values = (differences.max(), differences.mean(), _ratio(frame, odds))
    return {
        key: _found(value, groups, unit)
        for (key, unit), value in zip(keys.items(), values, strict=True)
    }


def _ratio(frame: object, rates: list[str]) -> float:
    """Smallest of the ratios; a rate that is 0 in every group has none (fairlearn: NaN)."""
    highest = frame.group_max()  # type: ignore[attr-defined]
    if any(highest[rate] == 0 for rate in rates):
        return math.nan
    return float(frame.ratio().min())  # type: ignore[attr-defined]


def _average_odds(groups: LargeGroups, reference: str | None, missing: str | None) -> Estimate:
    table = groups.table
    if missing or reference not in table.known:
        why = f"no reference group{groups.left_out}"
        return Estimate.missing(missing or why, unit=_DIFFERENCE)
    other = next(name for name in table.known if name != reference)
    by_group = metric_frame(table, ["true_positive_rate", "false_positive_rate"]).by_group
    value = by_group.loc[table.names.index(other)] - by_group.loc[table.names.index(reference)]
    reason = (
        f"{other} less {reference}, descriptive: the differences by rate carry intervals"
        f"{groups.left_out}"
    )
    size = table.size
    return Estimate(
        float(value.mean()), None, None, size, table.clusters, _DIFFERENCE, "mean", reason=reason
    )


def _found(value: float, groups: LargeGroups, unit: str) -> Estimate:
    if math.isnan(value):
        reason = f"the rate is 0 in every group: no ratio{groups.left_out}"
        return Estimate.missing(reason, unit=unit)
    method = "largest gap" if unit == _DIFFERENCE else "smallest ratio"
    size, clusters = groups.table.size, groups.table.clusters
    reason = _BY_CHANCE[unit] + groups.left_out
    return Estimate(float(value), None, None, size, clusters, unit, method, reason=reason)


def _too_few_groups(groups: LargeGroups) -> str | None:
    names = groups.table.known
    if len(names) >= 2:
        return None
    noun = "group" if len(names) == 1 else "groups"
    shown = ", ".join(names) or "none"
    return f"{len(names)} known {noun} ({shown}); a gap needs two{groups.left_out}"


def _one_class(table: GroupRows) -> str | None:
    for group in table.known:
        truth = table.truth[table.of(group)]
        if truth.all() or not truth.any():
            kind = "unfavourable" if truth.all() else "favourable"
            return f"no row of {group} has a true label that is {kind}"
    return None


def _none_selected(table: GroupRows) -> str | None:
    for group in table.known:
        if not table.selected[table.of(group)].any():
            return f"no labelled row of {group} was selected"
    return None
