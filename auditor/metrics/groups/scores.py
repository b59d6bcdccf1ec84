"""Scores per group: mean, standardised mean difference, share above the median of all rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from auditor.metrics.estimates import HARD_FLOOR, too_few
from auditor.metrics.groups.linear import combined, ends, weighted_mean
from auditor.metrics.groups.rates import proportion
from auditor.metrics.groups.rows import UNKNOWN, GroupRows, Mask
from auditor.records import Estimate
from auditor.sources.predictions import weighted_median

Sd = Literal["pooled", "all", "all_population"]
NO_SCORE = "no row of this group has a score"


def score_metrics(table: GroupRows, reference: str | None) -> dict[tuple[str, str], Estimate]:
    """Returns (group, metric) -> estimate; {} where no row has a score.

    mean_score: of the favourable outcome, in the score's own unit. share_above_median: rows above
    the median of all rows, ties not above (the scoring rate of 6 RCNY 5-300).
    standardised_mean_difference_pooled, _all: mean of the group less that of `reference`, over the
    SD of those two groups pooled, or of all known rows (0: equal means).
    """
    scored = table.only(np.isfinite(table.score))
    if not len(scored.codes):
        return {}
    metrics: dict[str, Callable[[GroupRows, str], Estimate]] = {
        "mean_score": lambda rows, group: mean_estimate(rows.only(rows.of(group))),
        "share_above_median": share_above_median,
        "standardised_mean_difference_pooled": lambda rows, group: _smd(
            rows, group, reference, "pooled"
        ),
        "standardised_mean_difference_all": lambda rows, group: _smd(rows, group, reference, "all"),
    }
    return {
        (group, name): metric(scored, group)
        if scored.of(group).any()
        else Estimate.missing(NO_SCORE, unit="score")
        for group in table.names
        for name, metric in metrics.items()
    }


def mean_estimate(rows: GroupRows) -> Estimate:
    """Returns the mean score of some rows with Student's interval, or by clusters."""
    every, size = np.ones_like(rows.selected), rows.size
    mean = weighted_mean(rows, every, rows.score)
    if rows.independent and rows.frequency:
        return _of_equal_rows(mean.value, rows)
    law = combined([(1.0, mean)], (-np.inf, np.inf), "the linearised mean")
    interval = law.interval(0.95) if law else None
    reason = None if law else too_few(mean.clusters, HARD_FLOOR)
    reason = reason or (None if interval else "all scores are equal: no interval")
    low, high = ends(interval)
    method = law.method if law else "weighted mean"
    return Estimate(mean.value, low, high, size, mean.clusters, "score", method, reason=reason)


def _of_equal_rows(value: float, rows: GroupRows) -> Estimate:
    from scipy.stats import t

    size = rows.size
    variance = _squares(rows) / (size - 1) / size if size > 1 else 0.0
    if variance <= 0:
        reason = "all scores are equal: no interval"
        return Estimate(value, None, None, size, size, "score", "mean", reason=reason)
    half = float(t.isf(0.025, size - 1)) * variance**0.5
    return Estimate(value, value - half, value + half, size, size, "score", "t on rows")


def share_above_median(table: GroupRows, group: str) -> Estimate:
    """Returns the share of a group's rows that score above the median of all rows.

    The median is taken as given. Ties are not above, and `method` counts them.
    """
    median = weighted_median(table.score, table.weight)
    ties = table.only(table.score == median).size
    rows = table.only(table.of(group))
    above: Mask = rows.score > median
    share = proportion(float((rows.weight * above).sum() / rows.weight.sum()), above, rows)
    method = f"{share.method}; median {median:.6g} of all rows, {ties} equal to it and not above"
    return Estimate(
        share.value, share.low, share.high, share.n, share.clusters, "rate", method,
        reason=share.reason,
    )  # fmt: skip


def standardised_mean_difference(
    group: GroupRows, reference: GroupRows, all_rows: GroupRows, sd: Sd
) -> float | None:
    """Returns (mean of group - mean of reference) / SD; None where all scores are equal.

    0: equal means. The SD must be named, since it changes the number: pooled (of the two groups,
    n - 2), all (of all rows, n - 1), all_population (of all rows, n).
    """
    difference = _mean(group) - _mean(reference)
    if sd == "pooled":
        squares = sum(_squares(rows) for rows in (group, reference))
        variance = squares / (_number(group) + _number(reference) - 2)
    else:
        variance = _squares(all_rows) / (_number(all_rows) - (sd == "all"))
    return difference / variance**0.5 if variance > 0 else None


def _smd(table: GroupRows, group: str, reference: str | None, sd: Sd) -> Estimate:
    unit = f"SD ({'of both groups, pooled' if sd == 'pooled' else 'of all known rows, n - 1'})"
    known = table.only(table.is_known)
    if reference is None or not known.of(reference).any():
        return Estimate.missing("no reference group has a score", unit=unit)
    if group == UNKNOWN:
        return Estimate.missing("rows without a known group are not compared", unit=unit)
    rows, against = (known.only(known.of(name)) for name in (group, reference))
    if rows.size + against.size <= 2:
        return Estimate.missing("one row per group has no SD", unit=unit)
    value = standardised_mean_difference(rows, against, known, sd)
    if value is None:
        return Estimate.missing("all scores are equal: no SD", unit=unit)
    reason = f"against {reference}: descriptive; the mean scores carry intervals"
    size = rows.size
    return Estimate(value, None, None, size, rows.clusters, unit, "difference / SD", reason=reason)


def _mean(rows: GroupRows) -> float:
    return float((rows.weight * rows.score).sum() / rows.weight.sum())


def _number(rows: GroupRows) -> float:
    """Rows, or what they stand for; survey weights are scaled to add up to the rows."""
    return float(rows.weight.sum()) if rows.frequency else float(len(rows.weight))


def _squares(rows: GroupRows) -> float:
    scale = _number(rows) / rows.weight.sum()
    return float((rows.weight * scale * (rows.score - _mean(rows)) ** 2).sum())
