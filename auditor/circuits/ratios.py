"""Shares of the effect: ratios of means over clusters, never means of ratios.

A pair whose effect is near 0 would give any share at all; the ratio of means asks what share of
the mean effect is carried.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import (
    HARD_FLOOR,
    NOISE,
    Interval,
    OneTrial,
    StudentMean,
    estimate,
    mean_law,
    t_quantile,
)
from auditor.records import Estimate

SHARE = "share of the effect"
NO_EFFECT = "the effect itself is not told from 0 on these pairs, so no share of it can be given"
_NO_BOUNDS = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Fieller:
    """The law of a ratio of means: all f for which the mean of top - f * bottom may be 0.

    Fieller 1954. Exact for normal clusters, however unsure the bottom is, and it has no end where
    the bottom is not told from 0. Where tops less value * bottoms are skewed, each end is moved
    out as much as the envelope with bootstrap-t moves out the end of their mean.
    """

    tops: Floats  # [cluster]
    bottoms: Floats  # [cluster]
    residual: StudentMean
    """Of tops less value * bottoms."""

    @property
    def method(self) -> str:
        return f"Fieller, {self.residual.method}"

    def interval(self, level: float) -> Interval | None:
        """Returns the interval; None where the bottom may be 0 at that level."""
        t = -t_quantile((1 - level) / 2, self.residual.df)
        ends = self._roots(t)
        if ends is None:
            return None
        value = float(self.tops.mean() / self.bottoms.mean())
        reach = self.residual.se * t
        low, high = (abs(end - self.residual.mean) / reach for end in self.residual.interval(level))
        if self.bottoms.mean() < 0:
            low, high = high, low
        return value + low * (ends[0] - value), value + high * (ends[1] - value)

    def _roots(self, t: float) -> Interval | None:
        """Where the mean of top - f * bottom is t of its standard errors from 0."""
        top, bottom = float(self.tops.mean()), float(self.bottoms.mean())
        (tt, tb), (_, bb) = np.cov(self.tops, self.bottoms) * t**2 / len(self.tops)
        # a f^2 - 2 b f + c = 0
        a, b, c = bottom**2 - bb, top * bottom - tb, top**2 - tt
        if a <= 0:
            return None
        half = math.sqrt(max(0.0, b * b - a * c))
        return float((b - half) / a), float((b + half) / a)


def ratio_of_means(
    numerator: Floats, denominator: Floats, n: int, *, unit: str = SHARE, seed: int = 0
) -> Estimate:
    """Returns mean(numerator) / mean(denominator) with Fieller's 95 % interval.

    Not measured where the denominator's own interval includes 0. No interval where all clusters
    show the same share (the whole model carries 1 in each), or with fewer than 8 clusters.

    Coverage, measured over 800 to 1,500 draws of 12, 20 and 40 clusters whose mean effect is 2.5, 4
    and 8 standard errors from 0, with residuals correlated -.9, 0 and .9 with the effect, of those
    that are given: 94 to 97 % for normal and t5 clusters, 93 to 98 % for exponential ones. (t on
    the linearised ratio falls to 87 % where residuals move with a noisy effect, Fieller's interval
    without the envelope to 90 % where clusters are exponential.)

    Args:
        numerator: [cluster], means by cluster: m(C) - m(0) for a faithfulness.
        denominator: [cluster], of the same clusters: the effect, of either sign.
        n: pairs.
        seed: of the bootstrap, which is drawn only where residuals are skewed (|skewness| > 1).
    """
    clusters = len(denominator)
    if not _told_from_0(denominator, seed):
        return Estimate.missing(NO_EFFECT, unit=unit, n=n, clusters=clusters)
    value = float(numerator.mean() / denominator.mean())
    law = _law(numerator, denominator, seed) if clusters >= HARD_FLOOR else None
    return estimate(value, law, n=n, clusters=clusters, unit=unit)


def share_lost(
    full: Floats, without: Floats, denominator: Floats, n: int, *, seed: int = 0
) -> Estimate:
    """Returns what a circuit's faithfulness loses without a member; 0: the member adds nothing.

    Both faithfulnesses are shares of one effect, so their difference is one ratio of means, and
    its interval knows that both were measured on the same pairs.

    Args:
        full: [cluster], m(C) - m(0), or m(C) alone.
        without: [cluster], the same without the member.
        denominator: [cluster], the effect.
    """
    return ratio_of_means(full - without, denominator, n, seed=seed)


def shares(numerators: Floats, denominator: Floats) -> Floats:
    """Returns mean(numerator) / mean(denominator) of many circuits, without intervals. [circuit]

    Args:
        numerators: [circuit, cluster].
        denominator: [cluster], an effect of which `ratio_of_means` gives shares.
    """
    found: Floats = numerators.mean(axis=-1) / denominator.mean()
    return found


def _law(tops: Floats, bottoms: Floats, seed: int) -> Fieller | OneTrial:
    value = float(tops.mean() / bottoms.mean())
    residual = mean_law(tops - value * bottoms, _NO_BOUNDS, seed)
    if isinstance(residual, OneTrial):
        return OneTrial(value, len(tops), _NO_BOUNDS)
    return Fieller(tops, bottoms, residual)


def _told_from_0(effect: Floats, seed: int) -> bool:
    """Whether the 95 % interval of the mean effect leaves out 0."""
    if len(effect) < 2:
        return False
    law = mean_law(effect, _NO_BOUNDS, seed)
    if isinstance(law, OneTrial):
        return abs(law.value) > NOISE
    low, high = law.interval(0.95)
    return low > 0 or high < 0
