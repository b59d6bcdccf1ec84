"""How sure: intervals and tests of a mean of cluster means, each cluster with equal weight.

`mean_law` and `proportion_law` choose the method from the data; the law they return answers
`interval(level)`, and for signed means `p_beyond(delta)`, from the same distribution, so that a
p-value and an interval never contradict each other. The methods and the simulations behind them
are written up in README.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from auditor.metrics.clusters import Floats
from auditor.records import Estimate

Interval = tuple[float, float]

HARD_FLOOR = 8
"""With fewer clusters no interval is given: even the t interval covers too little."""
NOISE = 1e-6
"""Cluster means that differ by no more are equal: the order of a batch moves a float32 score by
up to 6e-8, which is no evidence about other texts."""
FEW = 10
"""Fewer clusters that differ from 0 than this tell no spread."""
DRAWS = 9_999
BOOTSTRAP_UP_TO = 1_000
"""Clusters beyond which skewness no longer harms the t interval."""


class Law(Protocol):
    """What the data say of one number."""

    @property
    def method(self) -> str: ...

    def interval(self, level: float) -> Interval | None:
        """Returns the interval of that coverage; None where nothing bounds the number."""


class MeanLaw(Law, Protocol):
    """A law of a signed mean, which can be tested."""

    def p_beyond(self, delta: float) -> float | None:
        """Returns p of the null |theta| <= delta (theta = 0 where delta is 0)."""


@dataclass(frozen=True, slots=True)
class StudentMean:
    """Student's t, with the envelope of bootstrap-t where cluster means are skewed.

    The pivot (mean - theta) / se has tails that are the larger of Student's and of the bootstrap's.
    """

    mean: float
    se: float
    df: float
    bounds: Interval
    draws: Floats | None = field(default=None, repr=False)  # [draw], sorted bootstrap pivots
    over: str = "cluster means"
    """What `se` and `df` come from."""
    few: Few | None = None
    """Where few clusters differ from 0: takes the place of t."""

    @property
    def method(self) -> str:
        if self.few:
            return self.few.method
        name = f"t on {self.over}"
        return name if self.draws is None else f"{name}, envelope with bootstrap-t"

    def interval(self, level: float) -> Interval:
        tail = (1 - level) / 2
        if self.few:
            return self._around(self.few.interval(tail))
        most = -t_quantile(tail, self.df)
        least = -most
        if self.draws is not None:
            # Counted as `_upper` counts; under 1e-4 the draws have no more to say.
            k = max(1, int(round(tail * (len(self.draws) + 1), 6)))
            least, most = min(least, self.draws[k - 1]), max(most, self.draws[-k])
        return self._within(self.mean - self.se * most, self.mean - self.se * least)

    def _around(self, ends: Interval) -> Interval:
        """Moves an interval of what was seen to `mean`, which may have been shifted since."""
        assert self.few is not None
        shift = self.mean - self.few.value
        return self._within(ends[0] + shift, ends[1] + shift)

    def _within(self, low: float, high: float) -> Interval:
        return max(self.bounds[0], float(low)), min(self.bounds[1], float(high))

    def p_beyond(self, delta: float) -> float:
        """The chance, at the edge of the null, of a mean at least this far out on either side."""
        if self.few:
            return self.few.p_beyond(self.mean, delta)
        if self.mean >= 0:
            near = self._upper((self.mean - delta) / self.se)
            far = self._lower((-self.mean - delta) / self.se)
        else:
            near = self._lower((self.mean + delta) / self.se)
            far = self._upper((-self.mean + delta) / self.se)
        return min(1.0, near + far)

    def _upper(self, x: float) -> float:
        tail = t_below(-x, self.df)
        if self.draws is None:
            return tail
        beyond = len(self.draws) - int(np.searchsorted(self.draws, x, side="left"))
        return max(tail, self._share(beyond, tail, t_below(-self.draws[-1], self.df)))

    def _lower(self, x: float) -> float:
        tail = t_below(x, self.df)
        if self.draws is None:
            return tail
        beyond = int(np.searchsorted(self.draws, x, side="right"))
        return max(tail, self._share(beyond, tail, t_below(self.draws[0], self.df)))

    def _share(self, beyond: int, tail: float, last: float) -> float:
        """The share of draws so far out. Beyond the last one it falls as Student's tail does from
        there: without, no p could be below 1e-4, and of many findings none could be detected."""
        assert self.draws is not None
        share = (1 + beyond) / (len(self.draws) + 1)
        return share if beyond or not last else share * tail / last


@dataclass(frozen=True, slots=True)
class Few:
    """Few clusters differ from 0: gains and losses as two proportions, each with exact bounds.

    With k clusters that differ, a bootstrap draw has none of them with probability e^-k, and its
    pivot then says nothing: for 1 or 2 it makes the interval ten times too wide, for 4 too narrow.
    So the shares gained and lost get Clopper-Pearson bounds with one trial per cluster, as where
    all clusters are equal, and their difference the bounds of MOVER (Newcombe 1998, method 10):
    mean - root of (distance of the one's lower end)^2 + (that of the other's upper end)^2.
    """

    gain: float  # mean of the parts above 0
    loss: float  # mean of the parts below 0, as a positive number
    clusters: int

    @property
    def value(self) -> float:
        return self.gain - self.loss

    @property
    def method(self) -> str:
        return "exact bounds of gains and losses, one trial per cluster (few clusters differ)"

    def interval(self, tail: float) -> Interval:
        """Returns the bounds that leave out `tail` on each side."""
        (gain_low, gain_high), (loss_low, loss_high) = (
            clopper_pearson(share * self.clusters, self.clusters, 1 - 2 * tail)
            for share in (self.gain, self.loss)
        )
        low = math.hypot(self.gain - gain_low, loss_high - self.loss)
        high = math.hypot(gain_high - self.gain, self.loss - loss_low)
        return self.value - low, self.value + high

    def p_beyond(self, mean: float, delta: float) -> float:
        """Returns twice the tail at which the interval around `mean` comes to touch +-delta."""
        room = abs(mean) - delta
        if room <= 0:
            return 1.0

        def inside(tail: float) -> float:
            low, high = self.interval(tail)
            return room - ((self.value - low) if mean > 0 else (high - self.value))

        if inside(0.5) <= 0:
            return 1.0
        return 2 * _root(inside, 1e-12, 0.5)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Returns where a rising function of a tail crosses 0, to a thousandth of the tail."""
    while high - low > 1e-3 * low:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if function(middle) > 0 else (middle, high)
    return high


@dataclass(frozen=True, slots=True)
class OneTrial:
    """All clusters show the same value: exact binomial, one trial per cluster.

    If a share s of clusters behaved otherwise, none of `clusters` would show it with probability
    (1 - s) ** clusters; such clusters lie within `bounds` at worst. So a constant model is within
    +-.05 only from 59 clusters on. For scores this is wide, since it lets the clusters not seen
    have effects as large as can be; nothing in equal values says that they can not.
    """

    value: float
    clusters: int
    bounds: Interval
    scope: str = ""

    @property
    def method(self) -> str:
        return f"exact binomial, one trial per cluster (all clusters equal){self.scope}"

    def interval(self, level: float) -> Interval | None:
        low, high = self.bounds
        if not np.isfinite([low, high]).all():
            return None
        share = 1 - ((1 - level) / 2) ** (1 / self.clusters)
        return self.value - share * (self.value - low), self.value + share * (high - self.value)

    def p_beyond(self, delta: float) -> float | None:
        low, high = self.bounds
        if not np.isfinite([low, high]).all():
            return None
        beyond = abs(self.value) - delta
        if beyond <= 0:
            return 1.0
        room = self.value - low if self.value > 0 else high - self.value
        return float(min(1.0, 2 * (1 - beyond / room) ** self.clusters))


@dataclass(frozen=True, slots=True)
class KornGraubard:
    """A proportion from clusters: Clopper-Pearson with the effective number of trials.

    Korn and Graubard, Survey Methodology 24 (1998): n_eff = p (1 - p) / variance, times
    (z / t)^2 for the few clusters it was estimated from; never more than the trials made. Where
    all clusters are equal, one trial per cluster.
    """

    value: float
    variance: float  # of `value`
    clusters: int
    n: float
    """Trials made."""
    df: float | None = None
    """Of the variance; None: one less than the clusters."""
    over: str = "clusters"

    @property
    def method(self) -> str:
        return f"Korn-Graubard on {self.over}"

    def interval(self, level: float) -> Interval:
        from scipy.special import ndtri

        if self.variance <= NOISE**2:
            return clopper_pearson(self.value * self.clusters, self.clusters, level)
        tail = (1 - level) / 2
        factor = (float(ndtri(tail)) / t_quantile(tail, self.df or self.clusters - 1)) ** 2
        n_eff = min(self.n, self.value * (1 - self.value) / self.variance * factor)
        return clopper_pearson(self.value * n_eff, n_eff, level)


@dataclass(frozen=True, slots=True)
class Root:
    """The square root of a mean of squares: its interval's ends are the roots of that one's."""

    law: Law

    @property
    def method(self) -> str:
        return f"square root of {self.law.method}"

    def interval(self, level: float) -> Interval | None:
        ends = self.law.interval(level)
        return None if ends is None else (max(0.0, ends[0]) ** 0.5, max(0.0, ends[1]) ** 0.5)


@dataclass(frozen=True, slots=True)
class OrderStatistic:
    """A quantile of clusters, bounded by two of their values: exact for any distribution.

    Of n independent clusters, the number below the quantile is binomial. With fewer than 72
    clusters no value bounds the 95th percentile from above at 95 %: the scale's end does.
    """

    values: Floats = field(repr=False)  # [cluster]
    share: float
    bounds: Interval
    scope: str = ""

    @property
    def method(self) -> str:
        return f"order statistics of cluster means{self.scope}"

    @property
    def value(self) -> float:
        return float(np.quantile(self.values, self.share, method="inverted_cdf"))

    def interval(self, level: float) -> Interval | None:
        from scipy.stats import binom

        size, ordered, tail = len(self.values), np.sort(self.values), (1 - level) / 2
        below = int(binom.ppf(tail, size, self.share))
        above = int(binom.isf(tail, size, self.share)) + 1
        low = float(ordered[below - 1]) if below else self.bounds[0]
        high = float(ordered[above - 1]) if above <= size else self.bounds[1]
        return (low, high) if np.isfinite(high) else None


def mean_law(means: Floats, bounds: Interval, seed: int) -> StudentMean | OneTrial:
    """Returns the law of a mean of cluster means.

    Args:
        means: [cluster], at least two.
        bounds: what one cluster's mean can be at least and at most; may be infinite.
        seed: of the bootstrap, which is drawn only where |skewness| > 1.
    """
    mean, sd, size = float(means.mean()), float(means.std(ddof=1)), len(means)
    if np.ptp(means) <= NOISE:
        return OneTrial(mean, size, bounds)
    if bounds == (-1.0, 1.0) and int((np.abs(means) > NOISE).sum()) < FEW:
        gain, loss = (float(np.maximum(0, sign * means).mean()) for sign in (1, -1))
        return StudentMean(mean, sd / size**0.5, size - 1, bounds, few=Few(gain, loss, size))
    return StudentMean(mean, sd / size**0.5, size - 1, bounds, skewed_pivots(means, seed))


def proportion_law(means: Floats, n: int) -> KornGraubard:
    """Returns the law of a proportion. `means`: [cluster], shares; `n`: trials in all."""
    variance = float(means.var(ddof=1)) / len(means)
    return KornGraubard(float(means.mean()), variance, len(means), n)


def estimate(value: float, law: Law | None, *, n: int, clusters: int, unit: str) -> Estimate:
    """Returns `value` with its 95 % interval, or without one and with the reason."""
    if law is None:
        reason = too_few(clusters, HARD_FLOOR)
        return Estimate(value, None, None, n, clusters, unit, "mean of cluster means", 0.95, reason)
    interval = law.interval(0.95)
    if interval is None:
        reason = (
            "all clusters show the same value, or there are too few, and the output has no bounds: "
            "no interval"
        )
        return Estimate(value, None, None, n, clusters, unit, law.method, 0.95, reason)
    return Estimate(value, *interval, n, clusters, unit, law.method)


def t_quantile(share: float, df: float) -> float:
    """Returns the value that Student's t stays below with probability `share`."""
    from scipy.special import stdtrit  # twenty times as fast as scipy.stats.t, the same digits

    return float(stdtrit(df, share))


def t_below(x: float, df: float) -> float:
    """Returns the probability that Student's t stays below `x`."""
    from scipy.special import stdtr

    return float(stdtr(df, x))


def too_few(clusters: int, needed: int) -> str:
    """Returns why so few clusters settle nothing."""
    noun = "cluster" if clusters == 1 else "clusters"
    return f"only {clusters} {noun} (templates or documents); at least {needed} are needed"


def clopper_pearson(hits: float, n: float, level: float) -> Interval:
    """Returns the exact binomial interval; `hits` and `n` need not be whole."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits > NOISE else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - tail)) if n - hits > NOISE else 1.0
    return low, high


def binomial_share(hits: int, n: int, unit: str) -> Estimate:
    """Returns a share of independent trials with its exact interval."""
    low, high = clopper_pearson(hits, n, 0.95)
    return Estimate(hits / n, low, high, n, n, unit, "Clopper-Pearson")


def skewed_pivots(means: Floats, seed: int) -> Floats | None:
    """Returns the sorted bootstrap pivots of means that are skewed; None where t will do."""
    if len(means) > BOOTSTRAP_UP_TO or np.ptp(means) <= NOISE:
        return None
    skewness = float(np.mean(((means - means.mean()) / means.std()) ** 3))
    return _pivots(means, np.random.default_rng(seed)) if abs(skewness) > 1 else None


def _pivots(means: Floats, rng: np.random.Generator) -> Floats:
    """Sorted bootstrap pivots. The SD of a draw is floored at .1 of the sample's: a draw of equal
    values would divide by zero."""
    size, mean, floor = len(means), means.mean(), 0.1 * means.std(ddof=1)
    blocks = []
    for start in range(0, DRAWS, 1_000):
        count = min(1_000, DRAWS - start)
        drawn = means[rng.integers(0, size, (count, size))]
        sd = np.maximum(drawn.std(axis=1, ddof=1), floor)
        blocks.append((drawn.mean(axis=1) - mean) / (sd / size**0.5))
    return np.sort(np.concatenate(blocks))
