"""Means of weighted or clustered rows, and how sure: each by what every cluster adds to its error.

Taylor linearisation with clusters drawn with replacement, as survey statistics does it: a cluster
may hold rows of both groups of a difference, and then counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import HARD_FLOOR, NOISE, Interval, OneTrial, StudentMean
from auditor.metrics.groups.rate_law import RateDifference
from auditor.metrics.groups.rows import GroupRows, Mask


@dataclass(frozen=True, slots=True)
class Mean:
    """A weighted mean of some rows of a table."""

    value: float
    influence: Floats  # [cluster of the table], error of `value`, scaled by sqrt(G / (G - 1))
    held: Mask  # [cluster of the table], whether it holds such a row

    @property
    def clusters(self) -> int:
        """How many clusters hold such a row."""
        return int(self.held.sum())

    @property
    def variance(self) -> float:
        """Of `value`, between clusters."""
        return float((self.influence**2).sum())


def weighted_mean(rows: GroupRows, base: Mask, values: Floats | Mask) -> Mean:
    """Returns the mean of `values` over the rows of `base`, at least one of them."""
    weight = np.where(base, rows.weight, 0.0)
    total = float(weight.sum())
    taken = np.where(base, values, 0.0)
    value = float((weight * taken).sum() / total)
    return mean_with(rows, base, value, weight * np.where(base, taken - value, 0.0) / total)


def mean_with(rows: GroupRows, base: Mask, value: float, errors: Floats) -> Mean:
    """Returns a number with its error per row, [row], added up by cluster."""
    size = int(rows.cluster.max()) + 1
    held = np.bincount(rows.cluster[base], minlength=size) > 0
    count = int(held.sum())
    scale = (count / (count - 1)) ** 0.5 if count > 1 else 1.0
    return Mean(value, np.bincount(rows.cluster, errors, minlength=size) * scale, held)


def combined(
    parts: Sequence[tuple[float, Mean]], bounds: Interval, over: str
) -> StudentMean | OneTrial | None:
    """Returns the law of sum c * mean; None where a mean rests on fewer than `HARD_FLOOR` clusters.

    Student's t with Satterthwaite's df of the parts.
    """
    if min(mean.clusters for _, mean in parts) < HARD_FLOOR:
        return None
    value = sum(c * mean.value for c, mean in parts)
    error = np.sum([c * mean.influence for c, mean in parts], axis=0)
    variance = float((error**2).sum())
    if variance <= NOISE**2:
        return OneTrial(value, min(mean.clusters for _, mean in parts), bounds)
    return StudentMean(value, variance**0.5, _df(parts), bounds, over=over)


def difference_law(b: Mean, a: Mean, *, n_b: float, n_a: float) -> RateDifference | None:
    """Returns the law of b less a, of rates whose rows share clusters or carry survey weights.

    None where either rests on fewer than `HARD_FLOOR` clusters. The same law as that of independent
    rows, on effective numbers of them: p (1 - p) / variance as Korn and Graubard have it, never
    more than the rows made; one per cluster where all clusters are equal. Clusters that hold both
    groups make the difference surer (or less so), and both numbers larger by as much. t on the
    linearised difference would take the spread among a few rare outcomes at its word: with 20
    clusters of 5 against 200, at rates of 2 %, it calls groups different that are not in 71 % of
    audits.

    Args:
        n_b: rows of b, or Kish's effective number of them.
        n_a: the same of a.
    """
    if min(b.clusters, a.clusters) < HARD_FLOOR:
        return None
    apart = b.variance + a.variance
    shared = float(((b.influence - a.influence) ** 2).sum()) / apart if apart > NOISE**2 else 1.0
    size_b, size_a = (_effective(mean, n, shared) for mean, n in ((b, n_b), (a, n_a)))
    return RateDifference(
        b.value * size_b, size_b, a.value * size_a, size_a, df=_df([(1.0, b), (1.0, a)])
    )


def _effective(mean: Mean, n: float, shared: float) -> float:
    if mean.variance <= NOISE**2:
        return float(min(n, mean.clusters))
    return min(n, min(n, mean.value * (1 - mean.value) / mean.variance) / max(shared, 1e-9))


def ends(interval: Interval | None) -> tuple[float | None, float | None]:
    """Returns `low` and `high` of an estimate, both None without an interval."""
    return (None, None) if interval is None else interval


def _df(parts: Sequence[tuple[float, Mean]]) -> float:
    """Satterthwaite's; at most one less than all clusters, and that of the fewest where a part
    has no spread of its own."""
    shares = [(c**2 * mean.variance, mean.clusters - 1.0) for c, mean in parts]
    if min(v for v, _ in shares) <= NOISE**2:
        return min(df for _, df in shares)
    held = int(np.any([mean.held for _, mean in parts], axis=0).sum())
    return min(held - 1.0, sum(v for v, _ in shares) ** 2 / sum(v**2 / df for v, df in shares))
