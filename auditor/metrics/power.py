"""How small a difference a sample can find, and how much more would settle what it leaves open.

Everything is said at one test's own alpha; of k findings Holm's adjustment leaves the first
alpha / k. The methods are those of `estimates.py` and `crossed.py`; nothing here reads data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from math import ceil, inf, isfinite, log

import numpy as np

from auditor.metrics.crossed import FEW_TERMS, Design
from auditor.metrics.estimates import (
    BOOTSTRAP_UP_TO,
    NOISE,
    KornGraubard,
    Law,
    OneTrial,
    StudentMean,
    mean_law,
    t_quantile,
)

MOST = 1_000_000
"""More clusters, or names, than this are not asked for."""
_MANY = 1e6  # degrees of freedom of what is normal


@dataclass(frozen=True, slots=True)
class Parts:
    """The variance of an effect between names x templates, by what it comes from.

    Groups are [A, B]. `names` and `templates` contain the residual's share, as what is measured
    does; see `crossed.spread`.
    """

    names: tuple[float, ...]  # [group], c_g^2 s^2(name means) / N_g
    templates: float  # s^2(delta_t) / T
    rest: tuple[float, ...]  # [group], c_g^2 s_g^2 / (N_g T)
    sizes: tuple[int, ...]  # [group], N_g
    clusters: int  # T

    @property
    def few(self) -> bool:
        """So few names that their spread is left out: the result holds for the words tested."""
        return min(self.sizes) < FEW_TERMS

    @property
    def variance(self) -> float:
        """max(A, C) + max(B, C) - C."""
        a, c = 0.0 if self.few else sum(self.names), sum(self.rest)
        return max(a, c) + max(self.templates, c) - c

    @property
    def df(self) -> float:
        """Satterthwaite's, and never more than that of C."""
        unsure = 1 / ((self.clusters - 1) * sum(n - 1 for n in self.sizes))
        if not self.variance:
            return 1 / unsure
        shares = zip(() if self.few else self.names, self.sizes, strict=False)
        by_names = sum((a / self.variance) ** 2 / (n - 1) for a, n in shares)
        by_templates = (self.templates / self.variance) ** 2 / (self.clusters - 1)
        return 1 / max(unsure, by_names + by_templates)

    @property
    def se(self) -> float:
        return float(self.variance**0.5)

    def at(self, *, clusters: int | None = None, names: int | None = None) -> Parts:
        """Returns what to expect of so many clusters, or names per group, that spread alike."""
        more_t = self.clusters / (clusters or self.clusters)
        more_n = [n / (names or n) for n in self.sizes]
        rest = tuple(c * more_t * k for c, k in zip(self.rest, more_n, strict=True))
        own = [a - c for a, c in zip(self.names, self.rest, strict=True)]
        between = self.templates - sum(self.rest)
        return Parts(
            tuple(a * k + c for a, k, c in zip(own, more_n, rest, strict=True)),
            between * more_t + sum(rest),
            rest,
            tuple(names or n for n in self.sizes),
            clusters or self.clusters,
        )

    def law(self, mean: float = 0.0) -> StudentMean:
        return StudentMean(mean, self.se, self.df, (-inf, inf), over="names x templates")


def parts_of(design: Design) -> Parts:
    """Returns the parts of a measured effect; their variance and df are `crossed.spread`'s."""
    t = design.templates
    deltas = sum(c * y.mean(axis=0) for c, y in design.groups)
    squares = [
        float(((y - y.mean(axis=1, keepdims=True) - y.mean(axis=0) + y.mean()) ** 2).sum())
        for _, y in design.groups
    ]
    return Parts(
        tuple(c**2 * float(y.mean(axis=1).var(ddof=1)) / len(y) for c, y in design.groups),
        float(np.var(deltas, ddof=1)) / t,
        tuple(
            c**2 * square / ((len(y) - 1) * (t - 1) * len(y) * t)
            for (c, y), square in zip(design.groups, squares, strict=True)
        ),
        tuple(design.sizes),
        t,
    )


def detectable(law: Law, *, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """Returns the least effect that a two-sided test finds with this power; None: not bounded.

    (t_(1 - alpha/2) + t_power) se, that is the half-widths of two intervals; where clusters are
    skewed, of the wider side. Few clusters make that side, so it counts up to the hardest case on
    the scale, which is also what holds where all clusters are equal: an effect that comes from a
    share of clusters with the largest change there can be.
    """
    if isinstance(law, OneTrial):
        return _hardest(law, law.clusters, power, alpha)
    found = _half(law, 1 - alpha) + _half(law, 2 * power - 1)
    if not isinstance(law, StudentMean) or law.draws is None:
        return found
    hardest = _hardest(law, round(law.df) + 1, power, alpha)
    plain = -(t_quantile(alpha / 2, law.df) + t_quantile(1 - power, law.df)) * law.se
    return found if hardest is None else min(found, max(plain, hardest))


def detectable_flips(se: float, clusters: int, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Returns the same for net flips, whose variance grows with the effect.

    Args:
        se: of a mean of `clusters` cluster means, of flips that come to nothing. An effect e turns
            a share e of clusters as well, so e = (t + t) sqrt(se^2 + e (1 - e) / clusters).
    """
    k = (t_quantile(1 - alpha / 2, clusters - 1) + t_quantile(power, clusters - 1)) ** 2
    share = k / clusters
    found = share + (share**2 + 4 * (1 + share) * k * se**2) ** 0.5
    return max(float(found / (2 * (1 + share))), _rare(clusters, power, alpha))


def _hardest(law: OneTrial | StudentMean, size: int, power: float, alpha: float) -> float | None:
    value = law.value if isinstance(law, OneTrial) else 0.0
    room = max(value - law.bounds[0], law.bounds[1] - value)
    return room * _rare(size, power, alpha) if isfinite(room) else None


def _half(law: Law, level: float) -> float:
    """The half-width of an interval; not cut off at the bounds of the scale."""
    free = replace(law, bounds=(-inf, inf)) if isinstance(law, StudentMean) else law
    interval = free.interval(level)
    assert interval is not None, "only clusters that are all equal have no interval"
    centre = law.mean if isinstance(law, StudentMean) else sum(interval) / 2
    return max(centre - interval[0], interval[1] - centre)


def _rare(clusters: int, power: float, alpha: float) -> float:
    """The share of clusters that must change alike for the test to see it with this power."""
    from scipy.stats import beta

    near = min(1 << (clusters - 1).bit_length(), BOOTSTRAP_UP_TO)  # the number hardly depends on it
    changed = min(clusters, _least_changed(max(near, clusters), alpha))
    return float(beta.ppf(power, changed, clusters - changed + 1))


@cache
def _least_changed(clusters: int, alpha: float) -> int:
    def seen(changed: int) -> bool:
        law = mean_law((np.arange(clusters) < changed).astype(float), (-1.0, 1.0), 0)
        return changed >= clusters or (law.p_beyond(0.0) or 0.0) <= alpha

    return least(seen, 1) or clusters


def power_to_meet(
    se: float, df: float, delta: float, *, theta: float = 0.0, alpha: float = 0.05
) -> float:
    """Returns the chance that the 1 - 2 alpha interval lies inside +-delta at a true `theta`.

    Exact for normal effects: the standard error is taken at 2,000 equally likely values.
    """
    from scipy.special import chdtri, ndtr

    if se <= 0:
        return float(abs(theta) < delta)
    shares = (np.arange(2_000) + 0.5) / 2_000
    seen = np.sqrt(chdtri(df, shares) / df)  # [draw], the error over its true value
    room = delta / se + t_quantile(alpha, df) * seen
    inside = ndtr(room - theta / se) - ndtr(-room - theta / se)
    return float(np.maximum(inside, 0).mean())


def power_to_exceed(
    se: float, df: float, delta: float, *, theta: float, alpha: float = 0.05
) -> float:
    """Returns the chance that the effect is shown beyond +-delta at a true `theta` beyond it."""
    from scipy.special import nctdtr

    if se <= 0:
        return float(abs(theta) > delta)
    return 1 - float(nctdtr(df, (abs(theta) - delta) / se, -t_quantile(alpha / 2, df)))


def settles(
    law: Law | None,
    delta: float,
    power: float = 0.8,
    *,
    alpha: float = 0.05,
    parts: Parts | None = None,
) -> str | None:
    """Returns how much more would settle a finding whose true effect is the one seen.

    None where there is no law, or the claim is settled already. For this finding alone, at the
    spread seen: within +-delta its 1 - 2 alpha interval is to lie inside with `power`, beyond it
    the effect is to be shown beyond.

    Args:
        parts: of a crossed contrast, whose names are drawn as well as its clusters.
    """
    if law is None or _settled(law, delta, alpha):
        return None
    if isinstance(law, KornGraubard) and law.variance <= NOISE**2:
        law = OneTrial(law.value, law.clusters, (0.0, 1.0))
    if isinstance(law, OneTrial):
        return _settles_equal(law, delta, alpha)
    if parts is not None:
        return _settles_names(_moments(law)[0], parts, delta, power, alpha)
    theta, se, df, size = _moments(law)

    def enough(n: int) -> bool:
        times = n / (size or 100)
        return _chance(theta, se / times**0.5, df * times, delta, alpha) >= power

    needed = least(enough, size or 100)
    if needed is None:
        return f"none: {_at_threshold(theta)}"
    if size is None:
        return f"about {needed / 100:.1f} times as many rows would settle it"
    return f"about {needed:,} clusters that spread as these do would settle it; it has {size:,}"


def _settled(law: Law, delta: float, alpha: float) -> bool:
    interval = law.interval(1 - 2 * alpha)
    if interval is not None and -delta < interval[0] and interval[1] < delta:
        return True
    p_beyond = getattr(law, "p_beyond", None)
    p = p_beyond(delta) if p_beyond else None
    return p is not None and p <= alpha


def _moments(law: Law) -> tuple[float, float, float, int | None]:
    """Value, standard error, df, and clusters; None: it is of independent rows."""
    if isinstance(law, StudentMean):
        return law.mean, law.se, law.df, round(law.df) + 1
    if isinstance(law, KornGraubard):
        return law.value, law.variance**0.5, law.df or law.clusters - 1, law.clusters
    interval = law.interval(0.9)
    assert interval is not None, "only clusters that are all equal have no interval"
    se = (interval[1] - interval[0]) / 2 / -t_quantile(0.05, _MANY)
    return float(getattr(law, "value", sum(interval) / 2)), se, _MANY, None


def _chance(theta: float, se: float, df: float, delta: float, alpha: float) -> float:
    """The chance of a claim: of "meets" inside +-delta, of "does not meet" beyond."""
    claim = power_to_meet if abs(theta) <= delta else power_to_exceed
    return claim(se, df, delta, theta=theta, alpha=alpha)


def _settles_equal(law: OneTrial, delta: float, alpha: float) -> str:
    low, high = law.bounds
    if not (isfinite(low) and isfinite(high)):
        return "none: all clusters show the same effect, and the output has no bounds"
    down, up = law.value - low, high - law.value
    beyond = abs(law.value) - delta
    if beyond > 0:
        share, tail = beyond / (down if law.value > 0 else up), alpha / 2
    else:
        rooms = ((delta - law.value, up), (delta + law.value, down))
        share, tail = min(room / width for room, width in rooms if width > 0), alpha
    if share <= 0:
        return f"none: {_at_threshold(law.value)}"
    needed = 1 if share >= 1 else ceil(log(tail) / log(1 - share))
    return f"about {needed:,} clusters with this same effect would settle it; it has {law.clusters}"


def _settles_names(theta: float, parts: Parts, delta: float, power: float, alpha: float) -> str:
    def chance(new: Parts) -> bool:
        return _chance(theta, new.se, new.df, delta, alpha) >= power

    now = f"it has {parts.clusters:,}"
    if (clusters := least(lambda n: chance(parts.at(clusters=n)), parts.clusters)) is not None:
        return f"about {clusters:,} templates that spread as these do would settle it; {now}"
    size = min(parts.sizes)
    if parts.few or abs(abs(theta) - delta) < NOISE:
        return f"none: {_at_threshold(theta)}"
    floor = f"none: with {size} names per group no number of templates settles it"
    if (names := least(lambda n: chance(parts.at(names=n)), size)) is not None:
        return f"{floor}; about {names:,} names per group would"
    both = least(lambda n: chance(parts.at(names=n, clusters=n * parts.clusters // size)), size)
    if both is None:
        return f"none: {_at_threshold(theta)}"
    return f"{floor}; about {both:,} names in {both * parts.clusters // size:,} templates would"


def _at_threshold(theta: float) -> str:
    return f"the effect seen ({theta:+.3g}) lies at the threshold"


def least(enough: Callable[[int], bool], start: int) -> int | None:
    """Returns the least number from `start` that is enough, or None above `MOST`."""
    low, high = start - 1, start
    while not enough(high):
        if high >= MOST:
            return None
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def detectable_rates(
    rate: float, n: float, n_reference: float, *, power: float = 0.8, alpha: float = 0.05
) -> float | None:
    """Returns the least drop from a reference's rate that a two-sided z test finds.

    Of independent people, with statsmodels' pooled variance. None: not even a drop to 0.
    """
    from scipy.optimize import brentq
    from statsmodels.stats.proportion import power_proportions_2indep

    def short(drop: float) -> float:
        found = power_proportions_2indep(-drop, rate, n, ratio=n_reference / n, alpha=alpha)
        return float(found.power) - power

    most = rate * (1 - 1e-9)
    return None if most <= 0 or short(most) < 0 else float(brentq(short, 1e-9, most))


def people_per_group(
    rate: float, ratio: float = 0.8, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Returns the people in each of two groups to find that one's rate is `ratio` of `rate`."""
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    drop = rate * (ratio - 1)
    return ceil(float(samplesize_proportions_2indep_onetail(drop, rate, power, alpha=alpha)))
