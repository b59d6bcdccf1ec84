"""Means of components over clusters with their intervals, of 40,000 edges at once.

They are those of `metrics.estimates.mean_law`: Student's t on cluster means, with the envelope of
bootstrap-t for components whose cluster means are skewed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import (
    BOOTSTRAP_UP_TO,
    HARD_FLOOR,
    NOISE,
    OneTrial,
    estimate,
    t_quantile,
)
from auditor.records import Estimate

_TAIL = 0.025
_DRAWS = 1_999
"""Of clusters, the same for all components; they know their 2.5 % tail to within .35 %."""
_BLOCK = 512
"""Components at a time, so that a block's draws stay in the processor's cache."""


class ByCluster(NamedTuple):
    """Means of pairs by cluster."""

    means: Floats  # [cluster, component], or [cluster]
    names: list[str]  # [cluster], sorted


def cluster_means(values: Floats, clusters: Sequence[str]) -> ByCluster:
    """Returns the mean of each cluster's pairs; from here on every cluster has equal weight.

    Args:
        values: [pair, component], or [pair].
        clusters: [pair], the template or document that each came from.
    """
    names, codes, counts = np.unique(
        np.asarray(clusters, str), return_inverse=True, return_counts=True
    )
    belongs = codes == np.arange(len(names))[:, None]  # [cluster, pair]
    return ByCluster((belongs / counts[:, None]) @ values, names.tolist())


@dataclass(frozen=True, slots=True)
class MeanIntervals:
    """Means over clusters with 95 % intervals. 0: no effect."""

    value: Floats  # [component]
    low: Floats  # [component], NaN: too few clusters, or all show the same value
    high: Floats  # [component], NaN as `low`
    skewed: npt.NDArray[np.bool_]  # [component], whether bootstrap-t had a say
    clusters: int

    def estimate(self, component: int, *, n: int, unit: str) -> Estimate:
        """Returns one component's mean; without an interval it says why. `n`: pairs."""
        value, clusters = float(self.value[component]), self.clusters
        low, high = float(self.low[component]), float(self.high[component])
        if math.isnan(low):
            same = OneTrial(value, clusters, (-math.inf, math.inf))
            law = same if clusters >= HARD_FLOOR else None
            return estimate(value, law, n=n, clusters=clusters, unit=unit)
        envelope = ", envelope with bootstrap-t" if self.skewed[component] else ""
        method = f"t on cluster means{envelope}"
        return Estimate(value, low, high, n, clusters, unit, method)


def mean_intervals(scores: Floats, *, seed: int = 0) -> MeanIntervals:
    """Returns mean and 95 % interval of every component.

    Args:
        scores: [cluster, component], means by cluster.
        seed: of the bootstrap, which is drawn only where |skewness| > 1.
    """
    clusters, components = scores.shape
    value, nothing = scores.mean(axis=0), np.full(components, np.nan)
    if clusters < HARD_FLOOR:
        return MeanIntervals(value, nothing, nothing, np.zeros(components, bool), clusters)
    differ = np.ptp(scores, axis=0) > NOISE
    sd = np.where(differ, scores.std(axis=0, ddof=1), np.nan)
    standard = (scores - value) / sd
    # The population's SD, as in `metrics.estimates.skewed_pivots`.
    skewness = (standard**3).mean(axis=0) * (clusters / (clusters - 1)) ** 1.5
    skewed = (np.abs(skewness) > 1) & (clusters <= BOOTSTRAP_UP_TO)
    least, most = np.empty((2, components))
    most[:] = -t_quantile(_TAIL, clusters - 1)
    least[:] = -most
    if skewed.any():
        low, high = _bootstrap_tails(standard[:, skewed], seed)
        least[skewed] = np.minimum(least[skewed], low)
        most[skewed] = np.maximum(most[skewed], high)
    se = sd / clusters**0.5
    return MeanIntervals(value, value - most * se, value - least * se, skewed, clusters)


def mean_estimates(
    scores: Floats, n_pairs: int, *, unit: str = "log-odds", seed: int = 0
) -> list[Estimate]:
    """Returns the mean of every component as an estimate; `scores`: [cluster, component].

    Of many edges give only the columns that are shown, or take the arrays of `mean_intervals`,
    which hold the same numbers.
    """
    found = mean_intervals(scores, seed=seed)
    return [found.estimate(i, n=n_pairs, unit=unit) for i in range(scores.shape[1])]


def _bootstrap_tails(standard: Floats, seed: int) -> Floats:
    """The 2.5th and 97.5th percentile of bootstrap pivots. [2, component]

    Args:
        standard: [cluster, component], of mean 0 and SD 1.
    """
    clusters, components = standard.shape
    rng = np.random.default_rng(seed)
    shares = rng.multinomial(clusters, np.full(clusters, 1 / clusters), _DRAWS).T / clusters
    last = round(_TAIL * (_DRAWS + 1))
    tails = np.empty((2, components))
    for start in range(0, components, _BLOCK):
        # Draws of one component lie side by side: half the time of the other way round.
        block = np.ascontiguousarray(standard[:, start : start + _BLOCK].T)
        mean = block @ shares  # [component, draw]
        variance = (block**2 @ shares - mean**2) * clusters / (clusters - 1)
        # The SD of a draw is floored at .1 of the sample's: that of equal values is 0.
        pivots = mean * clusters**0.5 / np.sqrt(np.maximum(variance, 0.01))
        ordered = np.partition(pivots, (last - 1, _DRAWS - last), axis=1)
        tails[:, start : start + _BLOCK] = ordered[:, last - 1], ordered[:, _DRAWS - last]
    return tails
