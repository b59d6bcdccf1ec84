"""Calibration in groups: whether a score of .8 means 80 % in every group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.metrics.clusters import Floats
from auditor.metrics.groups.rows import GroupRows, Mask
from auditor.records import Estimate

BINS = 10
"""Of equal width over 0 to 1, the last with its upper end."""
METHOD = f"{BINS} equal-width bins of the score"


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows of one group whose scores lie in one bin."""

    low: float
    high: float
    n: float
    """Rows, or their weights."""
    mean_score: float
    rate: float
    """Share of rows whose true label is favourable."""


def calibration_bins(score: Floats, truth: Mask, weight: Floats) -> list[Bin]:
    """Returns the bins that hold a row, in order. All arguments: [row]; scores in 0 to 1."""
    place = np.minimum((score * BINS).astype(int), BINS - 1)
    n = np.bincount(place, weight, BINS)
    scores, hits = (
        np.bincount(place, weight * score, BINS),
        np.bincount(place, weight * truth, BINS),
    )
    return [
        Bin(b / BINS, (b + 1) / BINS, float(n[b]), float(scores[b] / n[b]), float(hits[b] / n[b]))
        for b in np.flatnonzero(n)
    ]


def expected_calibration_error(bins: Sequence[Bin]) -> float:
    """Returns sum of n_b / n * |mean score - rate| over the bins; 0: calibrated in every bin."""
    total = sum(each.n for each in bins)
    return sum(each.n * abs(each.mean_score - each.rate) for each in bins) / total


def calibration(table: GroupRows) -> dict[tuple[str, str], Estimate]:
    """Returns (group, "expected_calibration_error") -> estimate; {} where no row has a score."""
    name, unit = "expected_calibration_error", "probability"
    scored = table.only(np.isfinite(table.score))
    if not len(scored.codes):
        return {}
    probabilities = bool(((scored.score >= 0) & (scored.score <= 1)).all())
    found = {}
    for group in table.names:
        rows = scored.only(scored.of(group) & scored.labelled)
        if not probabilities:
            reason = "scores beyond 0 to 1 are no probabilities"
            found[group, name] = Estimate.missing(reason, unit=unit)
        elif not len(rows.codes):
            reason = table.unlabelled or "no row of this group has a score and a true label"
            found[group, name] = Estimate.missing(reason, unit=unit)
        else:
            found[group, name] = _estimate(rows, unit)
    return found


def _estimate(rows: GroupRows, unit: str) -> Estimate:
    value = expected_calibration_error(calibration_bins(rows.score, rows.truth, rows.weight))
    reason = (
        "unsigned: above 0 by chance alone where every score is right, the more so the fewer rows "
        "a bin has: no interval"
    )
    size = rows.size
    return Estimate(value, None, None, size, rows.clusters, unit, METHOD, reason=reason)
