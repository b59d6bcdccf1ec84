"""How small a difference a sample can find, and how much more would settle what it leaves open.

Everything is said at one test's own alpha; of k findings Holm's adjustment leaves the first
alpha / k. The methods are those of `estimates.py` and `crossed.py`; nothing here reads data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import ceil, floor, inf, isfinite, log, log10

import numpy as np

from auditor.metrics.crossed import Parts
from auditor.metrics.estimates import (
    BOOTSTRAP_UP_TO,
    NOISE,
    KornGraubard,
    Law,
    OneTrial,
    StudentMean,
    mean_law,
    t_below,
    t_quantile,
)

MOST = 1_000_000
"""More clusters, or names, than this count as no number at all."""
PRACTICAL = 10
"""More than this many times what there is is not proposed."""
_MANY = 1e6  # degrees of freedom of what is normal


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
    return 1 - float(nctdtr(df, (abs(theta) - delta) / se, _critical(df, 2 * delta / se, alpha)))


def _critical(df: float, apart: float, alpha: float) -> float:
    """How many errors beyond the near edge a mean must lie: the far edge, so many errors away,
    takes its share of alpha, which is all but none where delta is large."""
    low, high = -t_quantile(alpha, df), -t_quantile(alpha / 2, df)
    for _ in range(50):
        middle = (low + high) / 2
        spent = t_below(-middle, df) + t_below(-middle - apart, df)
        low, high = (middle, high) if spent > alpha else (low, middle)
    return high


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
    theta, se, df, size = _moments(law)
    if parts is not None:
        return _settles_names(theta, parts, delta, power, alpha)
    has = size or 100  # hundredths of the rows that there are

    def enough(n: int) -> bool:
        return _chance(theta, se / (n / has) ** 0.5, df * n / has, delta, alpha) >= power

    needed = least(enough, has, PRACTICAL * has)
    things = "" if size is None else "clusters that spread as these do"
    return _proposal(theta, delta, needed, has, things)


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
    needed = inf if share <= 0 else 1 if share >= 1 else ceil(log(tail) / log(1 - share))
    return _proposal(law.value, delta, needed, law.clusters, "clusters with this same effect")


def _settles_names(theta: float, parts: Parts, delta: float, power: float, alpha: float) -> str:
    def chance(new: Parts) -> bool:
        return _chance(theta, new.se, new.df, delta, alpha) >= power

    t, n = parts.clusters, min(parts.sizes)
    wanted = least(lambda k: chance(parts.at(clusters=k)), t, PRACTICAL * t)
    if wanted or parts.few:
        return _proposal(theta, delta, wanted, t, "templates that spread as these do")
    never = not chance(parts.at(clusters=MOST))
    many = "no number" if never else "no practical number"
    alone = f"none: with {n} names per group {many} of templates settles it"
    if names := least(lambda k: chance(parts.at(names=k)), n, PRACTICAL * n):
        return f"{alone}; about {two_digits(names)} names per group would"
    both = least(lambda k: chance(parts.at(names=k, clusters=k * t // n)), n, PRACTICAL * n)
    if both is None:
        return _proposal(theta, delta, None, n, "names")
    return f"{alone}; about {two_digits(both)} names in {two_digits(both * t // n)} templates would"


def _proposal(theta: float, delta: float, needed: float | None, has: int, things: str) -> str:
    """Returns how much more is needed, or why nothing is proposed.

    Args:
        things: of which it has so many; "": independent rows, in hundredths of what there is.
    """
    if needed is None or needed > PRACTICAL * has:
        near = abs(abs(theta) - delta) < delta / 2
        why = f"the effect seen ({theta:+.2g}) lies near the threshold"
        why = why if near else "effects spread too widely"
        more = f"it takes more than {PRACTICAL} times the data that there is"
        return f"not practically settled: {why}, so {more}"
    if needed <= has:
        return "close: as much data settles such an effect with the plan's power, these just do not"
    if not things:
        return f"about {two_digits(needed / has)} times as many rows would settle it"
    return f"about {two_digits(needed)} {things} would settle it; it has {has:,}"


def two_digits(n: float) -> str:
    """Returns a number rounded up to two significant digits: no spread is known better."""
    step = 10.0 ** (floor(log10(n)) - 1)
    return f"{ceil(n / step - 1e-9) * step:,.10g}"


def least(enough: Callable[[int], bool], start: int, most: int = MOST) -> int | None:
    """Returns the least number from `start` that is enough, or None above `most`."""
    low, high = start - 1, start
    while not enough(high):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def people_per_group(
    rate: float, ratio: float = 0.8, *, power: float = 0.8, alpha: float = 0.05
) -> int:
    """Returns the people in each of two groups to find that one's rate is `ratio` of `rate`."""
    from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

    drop = rate * (ratio - 1)
    return ceil(float(samplesize_proportions_2indep_onetail(drop, rate, power, alpha=alpha)))
