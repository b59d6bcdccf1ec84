"""The score test of a difference of two independent rates, and the interval that it gives.

Miettinen and Nurminen 1985: at every difference asked about, the standard error is that of the
rates which fit the data best among those that differ so much; so nothing breaks where no row, or
every row, was selected. With the correction for skewness of Gart and Nam 1990 (Laud 2017,
https://doi.org/10.1002/pst.1813): without it, a rare outcome in small groups beside a large one is
called a difference up to four times too often. Written out, since statsmodels has no such
correction, and its own score test of a difference other than 0 finds rates that do not fit best
(https://github.com/statsmodels/statsmodels/issues/10269).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from auditor.metrics.estimates import Interval

_EDGE = 1e-12


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """The law of rate of B less rate of A, from independent rows."""

    hits_b: float
    n_b: float
    hits_a: float
    n_a: float
    df: float = math.inf
    """Of the effective n that clusters leave of the rows; infinite for independent rows."""
    skewed: bool = True
    """Whether to correct for skewness; without, Miettinen and Nurminen's."""

    @property
    def method(self) -> str:
        name = "score, corrected for skewness" if self.skewed else "Miettinen-Nurminen score"
        if math.isinf(self.df):
            return name
        return (
            f"{name}, on effective n {self.n_b:.1f} and {self.n_a:.1f} with t of df {self.df:.1f}"
        )

    @property
    def value(self) -> float:
        """Rate of B less rate of A."""
        return self.hits_b / self.n_b - self.hits_a / self.n_a

    def interval(self, level: float) -> Interval:
        """Returns the differences that the score test does not reject at 1 - level.

        `level` is above .7: around the value itself the correction is not monotone."""
        from scipy.stats import t

        far = float(t.isf((1 - level) / 2, self.df))
        return self._bound(-1.0, far), self._bound(1.0, -far)

    def p_beyond(self, delta: float) -> float:
        """The chance, at the edge of |theta| <= delta, of a difference this far out.

        Of the near side, and of the other as if it were as heavy: so the p of 0 is twice the near
        one, and at most alpha where the 1 - alpha interval leaves out 0.
        """
        return min(1.0, sum(self.tails(delta)))

    def tails(self, delta: float) -> tuple[float, float]:
        """Returns the chances of which `p_beyond` is the sum: of the near side and of the other."""
        sign = 1.0 if self.value >= 0 else -1.0
        near, far = (
            self._beyond(sign * self._score(sign * delta, value))
            for value in self._sides(sign, delta)
        )
        return near, far

    def _beyond(self, score: float) -> float:
        from scipy.special import ndtr, stdtr

        return float(ndtr(-score) if math.isinf(self.df) else stdtr(self.df, -score))

    def _sides(self, sign: float, delta: float) -> tuple[float, float]:
        """The value, and one that lies as far from the near edge as the value from the far one."""
        return self.value, self.value + 2 * sign * delta

    def _score(self, difference: float, value: float) -> float:
        """How many standard errors `value` lies above `difference`, if that is the true one."""
        a, b = self.rates_at(difference)
        variances = a * (1 - a) / self.n_a, b * (1 - b) / self.n_b
        total = self.n_a + self.n_b
        error = math.sqrt(sum(variances) * total / (total - 1))
        if error <= _EDGE:
            # So extreme a truth (+-1, or all alike) allows for one outcome; others rule it out.
            return (
                0.0 if abs(value - difference) <= _EDGE else math.copysign(1e3, value - difference)
            )
        score = (value - difference) / error
        if not self.skewed:
            return score
        third = variances[1] * (1 - 2 * b) / self.n_b - variances[0] * (1 - 2 * a) / self.n_a
        return _unskewed(score, third / error**3)

    def rates_at(self, difference: float) -> tuple[float, float]:
        """Returns the most likely rates of A and B if B's is `difference` higher.

        The root of a cubic in closed form (Farrington and Manning 1990)."""
        total, hits = self.n_a + self.n_b, self.hits_a + self.hits_b
        second = (self.n_b + 2 * self.n_a) * difference - total - hits
        first = (self.n_a * difference - total - 2 * self.hits_a) * difference + hits
        zeroth = self.hits_a * difference * (1 - difference)
        centre = second / (3 * total)
        q = centre**3 - first * second / (6 * total**2) + zeroth / (2 * total)
        p = math.copysign(math.sqrt(max(0.0, centre**2 - first / (3 * total))), q)
        turn = math.acos(max(-1.0, min(1.0, q / p**3))) if p else 0.0
        root = 2 * p * math.cos((math.pi + turn) / 3) - centre
        a = min(1.0, 1 - difference, max(0.0, -difference, root))
        return a, min(1.0, max(0.0, a + difference))

    def _bound(self, end: float, far: float) -> float:
        """The true difference of which the value lies `far` standard errors above; else `end`."""
        from scipy.optimize import brentq

        # Just beside the value: at the value itself the error may be 0, as for 20/20 against 0/20.
        start = self.value - math.copysign(1e-9, far)
        if abs(end - self.value) <= 1e-9:
            return end
        if (self._score(start, self.value) - far) * (self._score(end, self.value) - far) >= 0:
            return end
        return float(
            brentq(lambda at: self._score(at, self.value) - far, start, end, xtol=1e-12, rtol=1e-12)
        )


def _unskewed(score: float, skewness: float) -> float:
    """The normal score z of which the Cornish-Fisher shift gives `score`: z + s/6 (z^2 - 1).

    Where none does, the score is beyond what the shift can reach: the farthest that it can."""
    shift = skewness / 6
    if abs(shift) < 1e-9:
        return score
    inside = 1 + 4 * shift * (score + shift)
    return (math.sqrt(max(0.0, inside)) - 1) / (2 * shift)
