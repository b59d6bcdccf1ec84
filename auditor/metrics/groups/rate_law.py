"""The law of a difference of two rates: a score test that exact intervals of each rate rein in.

With few hits or misses the score test alone is too sure: 45 of 45 against 45 of 45 would show a
difference within +-.05, though a rate of .95 brings 45 of 45 in 9.9 % of samples. So its interval
is never shorter than the hybrid of two exact intervals (MOVER: Zou and Donner 2008,
https://doi.org/10.1002/sim.3095; Newcombe's method 10 with Clopper-Pearson's for Wilson's). It
holds for every count, since near even odds the steps between possible counts take the score test
alone to 6 % as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from auditor.metrics.estimates import Interval, clopper_pearson, t_quantile
from auditor.metrics.groups.score_law import ScoreDifference

_LEAST, _MOST = 1e-12, 0.5
"""Tails that are told apart; from one half on there is no evidence."""


@dataclass(frozen=True, slots=True)
class RateDifference:
    """The law of rate of B less rate of A: the wider of the score and the hybrid interval."""

    hits_b: float
    n_b: float
    hits_a: float
    n_a: float
    df: float = math.inf
    """Of the effective n that clusters leave of the rows; infinite for independent rows."""

    @property
    def score(self) -> ScoreDifference:
        """The score test alone."""
        return ScoreDifference(self.hits_b, self.n_b, self.hits_a, self.n_a, df=self.df)

    @property
    def method(self) -> str:
        return f"{self.score.method}; never shorter than the hybrid of exact intervals"

    @property
    def value(self) -> float:
        """Rate of B less rate of A."""
        return self.score.value

    def interval(self, level: float) -> Interval:
        """Returns the differences that either of both does not reject. `level` is above .7."""
        tail = (1 - level) / 2
        score, exact = self.score.interval(level), self._hybrid(tail)
        return min(score[0], exact[0]), max(score[1], exact[1])

    def p_beyond(self, delta: float) -> float:
        """The chance, at the edge of |theta| <= delta, of a difference this far out.

        Each side's is the larger of the two tests', so the p of 0 is at most alpha where the
        1 - alpha interval leaves out 0, and nowhere else.
        """
        sign = 1.0 if self.value >= 0 else -1.0
        sides = zip(self.score.tails(delta), (sign * delta, -sign * delta), strict=True)
        return min(1.0, sum(max(tail, self._tail(edge, sign)) for tail, edge in sides))

    def _hybrid(self, tail: float) -> Interval:
        (low_b, high_b), (low_a, high_a) = (
            _exact(hits, n, tail, self.df)
            for hits, n in ((self.hits_b, self.n_b), (self.hits_a, self.n_a))
        )
        b, a = self.hits_b / self.n_b, self.hits_a / self.n_a
        return (
            b - a - math.hypot(b - low_b, high_a - a),
            b - a + math.hypot(high_b - b, a - low_a),
        )

    def _tail(self, edge: float, sign: float) -> float:
        """The tail at which the hybrid interval ends at `edge`, below the value if `sign` is 1."""
        from scipy.optimize import brentq

        def apart(log_tail: float) -> float:
            low, high = self._hybrid(math.exp(log_tail))
            return low - edge if sign > 0 else edge - high

        least, most = math.log(_LEAST), math.log(_MOST)
        if apart(most) <= 0:
            return _MOST
        return _LEAST if apart(least) >= 0 else math.exp(brentq(apart, least, most, xtol=1e-12))


def _exact(hits: float, n: float, tail: float, df: float) -> Interval:
    """Clopper-Pearson's interval that leaves out `tail` on either side.

    Of clusters on fewer trials, times (z / t)^2, as Korn and Graubard have it.
    """
    from scipy.special import ndtri

    few = 1.0 if math.isinf(df) or tail >= _MOST else float(ndtri(tail)) / t_quantile(tail, df)
    return clopper_pearson(hits * few**2, n * few**2, 1 - 2 * tail)
