"""How sure a difference between two runs is: of differences by cluster, or of two intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import Interval, Law, MeanLaw, mean_law

_MOST_TAIL, _LEAST_TAIL = 0.14, 1e-12
"""Some laws have no interval below a level of .7, and no p above .28 is told apart."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """The law of `factor` times a mean."""

    law: MeanLaw
    factor: float

    @property
    def method(self) -> str:
        return self.law.method

    def interval(self, level: float) -> Interval | None:
        """Returns the ends of the mean's, times `factor`."""
        ends = self.law.interval(level)
        return None if ends is None else (self.factor * ends[0], self.factor * ends[1])

    def p_beyond(self, delta: float) -> float | None:
        """Returns p of |theta| <= delta."""
        return self.law.p_beyond(delta / self.factor)


def differences_law(differences: Floats, most: float, seed: int) -> MeanLaw:
    """Returns the law of a mean of differences by cluster; the same laws as of any mean.

    The values are measured in `most`, so that what is known of values within +-1 (few clusters
    that differ, none that do) holds for them.

    Args:
        differences: [cluster], at least two.
        most: the largest that a difference can be; may be infinite.
        seed: of the bootstrap, where they are skewed.
    """
    if not math.isfinite(most):
        return mean_law(differences, (-most, most), seed)
    return Scaled(mean_law(differences / most, (-1.0, 1.0), seed), most)


@dataclass(frozen=True, slots=True)
class Mover:
    """The law of a later number less an earlier one, from the interval that each has of its own.

    MOVER (Zou and Donner 2008, https://doi.org/10.1002/sim.3095): difference - root of (distance
    of the later's lower end)^2 + (that of the earlier's upper end)^2, and likewise above. It takes
    the two for independent; where the same texts or people are behind both, which moves both
    alike, it is wider than it need be.
    """

    later: Law
    earlier: Law
    value_later: float
    value_earlier: float

    @property
    def method(self) -> str:
        return "MOVER of two intervals, taken as of independent samples"

    @property
    def value(self) -> float:
        """Later less earlier."""
        return self.value_later - self.value_earlier

    def interval(self, level: float) -> Interval | None:
        """Returns the joined interval; None where either number has none."""
        later, earlier = self.later.interval(level), self.earlier.interval(level)
        if later is None or earlier is None:
            return None
        return mover(self.value_later, later, self.value_earlier, earlier)

    def p_beyond(self, delta: float) -> float | None:
        """Returns twice the tail at which the interval comes to touch +-delta; 1 where that is
        more than 0.28."""
        if self.interval(1 - 2 * _MOST_TAIL) is None:
            return None
        if abs(self.value) <= delta or self._touches(_MOST_TAIL, delta):
            return 1.0
        low, high = _LEAST_TAIL, _MOST_TAIL
        while high > 1.001 * low:
            middle = math.sqrt(low * high)
            low, high = (middle, high) if self._touches(middle, delta) else (low, middle)
        return 2 * high

    def _touches(self, tail: float, delta: float) -> bool:
        ends = self.interval(1 - 2 * tail)
        assert ends is not None
        return ends[0] <= delta if self.value > 0 else ends[1] >= -delta


def mover(value_b: float, b: Interval, value_a: float, a: Interval) -> Interval:
    """Returns the interval of b less a, of two independent numbers with intervals of one level."""
    value = value_b - value_a
    low = value - math.hypot(value_b - b[0], a[1] - value_a)
    return low, value + math.hypot(b[1] - value_b, value_a - a[0])
