"""Two groups of independent people as four whole numbers: tests, ratio, difference, four fifths."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from auditor.metrics.estimates import Interval

SMALL_ROWS = 30
SMALL_EXPECTED = 5
"""Below either, Fisher's exact test is read and not z (practice of the OFCCP)."""


@dataclass(frozen=True, slots=True)
class CountPair:
    """How many of a group, and of the group it is compared with, were selected."""

    selected: int
    n: int
    selected_reference: int
    n_reference: int

    @property
    def ratio(self) -> float:
        """Rate over the reference's, multiplied out before the one division."""
        return self.selected * self.n_reference / (self.selected_reference * self.n)

    @property
    def counts(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """(selected, not selected) of the group and of the reference."""
        return (
            (self.selected, self.n - self.selected),
            (self.selected_reference, self.n_reference - self.selected_reference),
        )


@dataclass(frozen=True, slots=True)
class CountTests:
    """What is said of two counts; None where it cannot be had."""

    z_pooled: float | None = None
    p_z: float | None = None
    z_hypergeometric: float | None = None
    p_fisher: float | None = None
    shortfall: float | None = None
    cohen_h: float | None = None


def tests_of(pair: CountPair | None) -> CountTests:
    """Returns the tests that courts and agencies know; negative where the group does worse.

    z_pooled: of two rates with their common variance, and p_z its two-sided p. z_hypergeometric:
    (selected - expected) / SD with both totals fixed, the "standard deviations" of Hazelwood v. US,
    433 US 299, 308 n.14. p_fisher: two-sided. shortfall: selections that the group lacks, expected
    at the common rate less seen. cohen_h: difference of arcsines. None where all rows have one
    outcome, and everything for no pair.
    """
    if pair is None:
        return CountTests()
    from scipy.stats import fisher_exact
    from statsmodels.stats.proportion import proportion_effectsize, proportions_ztest

    total, hits = pair.n + pair.n_reference, pair.selected + pair.selected_reference
    shortfall = pair.n * hits / total - pair.selected
    cohen_h = float(
        proportion_effectsize(pair.selected / pair.n, pair.selected_reference / pair.n_reference)
    )
    if hits in (0, total):
        return CountTests(p_fisher=1.0, shortfall=shortfall, cohen_h=cohen_h)
    z, p = proportions_ztest([pair.selected, pair.selected_reference], [pair.n, pair.n_reference])
    return CountTests(
        z_pooled=float(z),
        p_z=float(p),
        z_hypergeometric=-shortfall / _hypergeometric_sd(pair.n, hits, total),
        p_fisher=float(fisher_exact(np.array(pair.counts)).pvalue),
        shortfall=shortfall,
        cohen_h=cohen_h,
    )


def _hypergeometric_sd(drawn: int, hits: int, total: int) -> float:
    """Of the hits among so many drawn without replacement, by the formula: scipy's law works out
    its kurtosis as well, which two or three people do not have."""
    share = hits / total
    return float((drawn * share * (1 - share) * (total - drawn) / (total - 1)) ** 0.5)


def ratio_interval(pair: CountPair) -> tuple[Interval | None, str]:
    """Returns the 95 % interval of the ratio of rates, and its method.

    Katz's on the log scale; where a cell is zero, Koopman's score interval, which needs none of
    the logarithms. The reference has a row selected.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    if all(min(row) > 0 for row in pair.counts):
        low, high = confint_proportions_2indep(
            pair.selected,
            pair.n,
            pair.selected_reference,
            pair.n_reference,
            compare="ratio",
            method="log",
        )
        return (float(low), float(high)), "Katz, log scale"
    return koopman(pair), "Koopman score (a cell is zero)"


def koopman(pair: CountPair, level: float = 0.95) -> Interval | None:
    """Returns the ratios that Koopman's score test (1984) does not reject.

    None where nothing bounds the ratio from above.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    far, value = float(norm.isf((1 - level) / 2)), pair.ratio

    def beyond(log_ratio: float) -> float:
        return abs(_koopman_score(pair, math.exp(log_ratio))) - far

    centre = math.log(value) if value else -30.0
    bounds = []
    for end in (-30.0, 30.0):
        start = centre + math.copysign(1e-9, end)
        if beyond(start) >= 0 or beyond(end) <= 0:
            bounds.append(value if beyond(start) >= 0 else (0.0 if end < 0 else math.inf))
        else:
            bounds.append(math.exp(brentq(beyond, start, end, xtol=1e-12)))
    low, high = bounds
    return (low, high) if math.isfinite(high) else None


def _koopman_score(pair: CountPair, ratio: float) -> float:
    """Standard errors between the rate and `ratio` times the reference's, at the rates which fit
    best where their ratio is that."""
    a = (pair.n + pair.n_reference) * ratio
    b = -(pair.n * ratio + pair.selected + pair.n_reference + pair.selected_reference * ratio)
    c = pair.selected + pair.selected_reference
    reference = 2 * c / (-b + math.sqrt(max(0.0, b * b - 4 * a * c)))
    rate = min(1.0, reference * ratio)
    variance = (
        rate * (1 - rate) / pair.n + ratio**2 * reference * (1 - reference) / pair.n_reference
    )
    gap = pair.selected / pair.n - ratio * pair.selected_reference / pair.n_reference
    return gap / math.sqrt(variance) if variance > 0 else math.copysign(1e3, gap) if gap else 0.0


def newcombe(pair: CountPair) -> Interval:
    """Returns Newcombe's 95 % interval of the difference of rates, from two Wilson intervals."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    with np.errstate(all="ignore"):  # of the ratio, which it divides by 0 and does not use
        low, high = confint_proportions_2indep(
            pair.selected,
            pair.n,
            pair.selected_reference,
            pair.n_reference,
            compare="diff",
            method="newcomb",
        )
    return float(low), float(high)


def below_four_fifths(pair: CountPair) -> bool:
    """Returns whether the rate is below four fifths of the reference's, in whole numbers.

    12/40 is four fifths of 15/40, and in floats a little less. Exactly four fifths is not below.
    """
    return 5 * pair.selected * pair.n_reference < 4 * pair.selected_reference * pair.n


def one_person_turns(pair: CountPair) -> bool:
    """Returns whether one selection more for one group, and one less for the other, changes the
    answer to four fifths (the agencies' Questions and Answers on 29 CFR 1607, 1979)."""
    now = below_four_fifths(pair)
    moved = [
        CountPair(pair.selected + by, pair.n, pair.selected_reference - by, pair.n_reference)
        for by in (1, -1)
    ]
    possible = [p for p in moved if min(min(row) for row in p.counts) >= 0]
    return any(below_four_fifths(p) != now for p in possible)


def small_numbers(n: int, n_reference: int, pair: CountPair | None) -> bool:
    """Returns whether a group has under 30 rows or an expected count is below 5."""
    if min(n, n_reference) < SMALL_ROWS or pair is None:
        return min(n, n_reference) < SMALL_ROWS
    total, hits = pair.n + pair.n_reference, pair.selected + pair.selected_reference
    least = min(hits, total - hits) * min(pair.n, pair.n_reference) / total
    return least < SMALL_EXPECTED
