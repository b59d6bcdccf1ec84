"""Means of pairs that were chosen with unequal probability, and how sure they are.

Each pair counts for as many as it stands for, 1 / sampling probability; inference counts clusters.
In 18 simulated designs (12 to 77 clusters, 10 to 75 drawn pairs beside the 5 to 25 largest; normal,
exponential and unsigned effects; 400 runs each) 95 % intervals cover 92 to 97 %, and the plain mean
of the explained pairs is 1.3 to 5 times too large.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from auditor.metrics.clusters import Floats
from auditor.metrics.crossed import WORDS_TESTED
from auditor.metrics.estimates import (
    HARD_FLOOR,
    Interval,
    OneTrial,
    StudentMean,
    estimate,
    mean_law,
    too_few,
)
from auditor.records import Contrast, Estimate


@dataclass(frozen=True, slots=True)
class WeightedRatio:
    """Sum of w * top over sum of w * bottom (Hajek); a weighted mean where `bottom` is 1.

    Its error is linearised (Taylor) and added up by cluster, clusters taken as drawn with
    replacement. `by_cluster` is value + G * that error: numbers whose plain mean is the value and
    whose squared standard error, s^2 / G, is the linearised variance with its factor G / (G - 1).
    So what holds for means of clusters holds here.
    """

    value: float
    by_cluster: Floats  # [cluster]
    n: int
    effective: float
    """Clusters of equal weight that would be as sure: (sum W)^2 / sum W^2 (Kish), W by cluster."""

    @property
    def clusters(self) -> int:
        return len(self.by_cluster)

    @property
    def over(self) -> str:
        return (
            f"clusters, weights 1 / sampling probability ({self.effective:.1f} effective of "
            f"{self.clusters} clusters)"
        )

    @property
    def unsure(self) -> str | None:
        """Why there is no interval; None where there are clusters enough, by weight too."""
        if self.clusters < HARD_FLOOR:
            return too_few(self.clusters, HARD_FLOOR)
        if self.effective < HARD_FLOOR:
            return (
                f"{self.clusters} clusters, of which a few stand for most pairs: as sure as "
                f"{self.effective:.1f} of equal weight; at least {HARD_FLOOR} are needed"
            )
        return None

    def law(self, bounds: Interval, seed: int) -> StudentMean | OneTrial | None:
        """Returns the law of the value; None where it is `unsure`.

        Student's t with the bootstrap envelope of `mean_law`, on no more degrees of freedom than
        clusters of equal weight would have.
        """
        if self.unsure is not None:
            return None
        law = mean_law(self.by_cluster, bounds, seed)
        if isinstance(law, OneTrial):
            return replace(law, clusters=int(self.effective))
        return replace(law, df=min(law.df, self.effective - 1), over=self.over)

    def estimate(self, unit: str, bounds: Interval, seed: int) -> Estimate:
        """Returns the value with its 95 % interval, or without one and with the reason."""
        law = self.law(bounds, seed)
        found = estimate(self.value, law, n=self.n, clusters=self.clusters, unit=unit)
        return found if law else replace(found, method="weighted mean", reason=self.unsure)


def scoped(found: Estimate, contrast: Contrast) -> Estimate:
    """Returns an estimate that says that it is of these names, where names stand for others: the
    spread between names is in it only as far as drawn pairs have different ones."""
    if not contrast.crossed or found.low is None:
        return found
    return replace(found, method=f"{found.method}, {WORDS_TESTED}")


def weighted_ratio(
    tops: pd.Series[float],
    bottoms: pd.Series[float] | float,
    weights: pd.Series[float],
    clusters: pd.Series[str],
) -> WeightedRatio | None:
    """Returns sum of w * top over sum of w * bottom; None where the latter is 0.

    Args:
        tops: [pair], and so the others.
        bottoms: 1: the ratio is a weighted mean.
    """
    top, weight = (np.asarray(column, np.float64) for column in (tops, weights))
    bottom = np.broadcast_to(np.asarray(bottoms, np.float64), len(top))
    total = float((weight * bottom).sum())
    if total <= 0:
        return None
    value = float((weight * top).sum()) / total
    names, codes = np.unique(clusters.to_numpy(object), return_inverse=True)
    errors = np.bincount(codes, weight * (top - value * bottom) / total).astype(np.float64)
    held = np.bincount(codes, weight)
    effective = float(held.sum() ** 2 / (held**2).sum())
    return WeightedRatio(value, value + len(names) * errors, len(top), effective)
