"""Intervals and tests: agreement with scipy and statsmodels, consistency, coverage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import (
    Interval,
    OneTrial,
    OrderStatistic,
    StudentMean,
    clopper_pearson,
    mean_law,
    proportion_law,
)

UNIT: Interval = (-1.0, 1.0)
NO_BOUNDS: Interval = (-np.inf, np.inf)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_t_interval_is_scipys(level: float) -> None:
    values = np.random.default_rng(0).normal(0.1, 0.05, 30)
    law = mean_law(values, NO_BOUNDS, 0)
    assert law.method == "t on cluster means"
    theirs = stats.t.interval(level, 29, values.mean(), stats.sem(values))
    assert law.interval(level) == pytest.approx(theirs, abs=1e-10)


def test_p_of_no_difference_is_scipys() -> None:
    values = np.random.default_rng(0).normal(0.01, 0.05, 30)
    theirs = stats.ttest_1samp(values, 0).pvalue
    assert mean_law(values, NO_BOUNDS, 0).p_beyond(0) == pytest.approx(theirs, abs=1e-10)


def test_p_beyond_delta_by_hand() -> None:
    """At theta = delta, a mean as far out on the near side, or on the far side."""
    values = np.random.default_rng(0).normal(-0.1, 0.05, 30)
    m, se = values.mean(), stats.sem(values)
    theirs = stats.t.sf((abs(m) - 0.05) / se, 29) + stats.t.sf((abs(m) + 0.05) / se, 29)
    assert mean_law(values, NO_BOUNDS, 0).p_beyond(0.05) == pytest.approx(theirs, abs=1e-10)


def test_the_exact_interval_is_statsmodels() -> None:
    for hits in (0, 3, 60):
        theirs = proportion_confint(hits, 60, method="beta")
        assert clopper_pearson(hits, 60, 0.95) == pytest.approx(theirs, abs=1e-10)


def test_korn_graubard_by_hand() -> None:
    shares = np.array([0.0, 0.5, 0.25, 0.0, 0.25, 0.0, 0.5, 0.1, 0.0, 0.4])
    p, variance = shares.mean(), shares.var(ddof=1) / 10
    factor = (stats.norm.isf(0.025) / stats.t.isf(0.025, 9)) ** 2
    n_eff = p * (1 - p) / variance * factor
    theirs = (
        stats.beta.ppf(0.025, p * n_eff, n_eff - p * n_eff + 1),
        stats.beta.ppf(0.975, p * n_eff + 1, n_eff - p * n_eff),
    )
    assert proportion_law(shares, 1000).interval(0.95) == pytest.approx(theirs, abs=1e-10)


def test_effective_trials_are_never_more_than_the_trials_made() -> None:
    shares = np.tile([0.49, 0.51], 10)
    assert proportion_law(shares, 40).interval(0.95) == pytest.approx(
        clopper_pearson(20, 40, 0.95), abs=1e-10
    )


@pytest.mark.parametrize(("clusters", "inside"), [(58, False), (59, True)])
def test_no_flip_in_59_clusters_bounds_the_rate_just_under_5_percent(
    clusters: int, inside: bool
) -> None:
    none = np.zeros(clusters)
    assert (proportion_law(none, clusters).interval(0.9)[1] < 0.05) is inside
    interval = mean_law(none, UNIT, 0).interval(0.9)
    assert interval is not None
    assert (interval[1] < 0.05) is inside
    assert interval[0] == -interval[1]


def test_float_noise_is_not_evidence() -> None:
    """Effects that differ by the rounding of float32 alone are all equal."""
    noise = 6e-8 * np.random.default_rng(0).normal(size=30)
    assert isinstance(mean_law(noise, UNIT, 0), OneTrial)


def test_skewed_means_take_the_wider_of_both_intervals() -> None:
    values = np.array([0.0] * 30 + [-0.5] * 10)
    law = mean_law(values, UNIT, 0)
    assert isinstance(law, StudentMean)
    assert "bootstrap-t" in law.method
    low, high = law.interval(0.95)
    t_low, t_high = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
    assert low < t_low - 0.01
    assert high >= t_high - 1e-12


def test_a_few_flips_get_exact_bounds_that_grow_one_by_one() -> None:
    """By hand: the upper end of the losses is Clopper-Pearson's, and gains lack one as well.

    With the bootstrap, one flip in 160 gave a far end of .069, two .138, and three .040."""
    ends = []
    for flips in range(10):
        law = mean_law(np.array([-1.0] * flips + [0.0] * (160 - flips)), UNIT, 0)
        interval = law.interval(0.90)
        assert interval is not None
        ends.append(interval[0])
        assert interval[0] == pytest.approx(-clopper_pearson(flips, 160, 0.9)[1], abs=1e-9)
    assert ends == sorted(ends, reverse=True)
    assert "exact bounds" in law.method


def test_the_p_of_few_flips_is_that_of_their_interval() -> None:
    law = mean_law(np.array([-1.0] * 7 + [1.0] + [0.0] * 32), UNIT, 0)
    for delta in (0.0, 0.02, 0.05):
        p = law.p_beyond(delta)
        assert p is not None
        interval = law.interval(1 - p)
        assert interval is not None
        assert interval[1] == pytest.approx(-delta, abs=1e-4)


def test_few_flips_the_other_way_round_are_the_same() -> None:
    values = np.array([-1.0] * 7 + [0.5] + [0.0] * 32)
    one, other = mean_law(values, UNIT, 0), mean_law(-values, UNIT, 0)
    low, high = one.interval(0.95) or (0, 0)
    assert other.interval(0.95) == pytest.approx((-high, -low))
    assert one.p_beyond(0.02) == pytest.approx(other.p_beyond(0.02))


@pytest.mark.parametrize("size", [72, 100, 300])
def test_a_quantiles_interval_covers_exactly_as_often_as_it_says(size: int) -> None:
    """By the binomial law of the number of values below the quantile; conservative by its steps."""
    law = OrderStatistic(np.arange(size, dtype=float), 0.95, (0.0, float(size)))
    interval = law.interval(0.95)
    assert interval is not None
    low, high = (int(end) + 1 for end in interval)  # ranks
    if high > size:
        high = size + 1
    cover = stats.binom.cdf(high - 1, size, 0.95) - stats.binom.cdf(low - 1, size, 0.95)
    assert 0.95 <= cover < 0.99


def test_a_p_of_equal_clusters_is_of_both_sides() -> None:
    law = OneTrial(0.5, 60, UNIT)
    assert law.p_beyond(0.0) == pytest.approx(2 * (1 - 0.5 / 1.5) ** 60)


def test_skewed_clusters_far_from_zero_have_a_p_as_small_as_they_deserve() -> None:
    """Of sixty findings, one at 19 standard errors is detected also at 1 %."""
    values = 1 + np.random.default_rng(0).exponential(0.3, 80)
    law = mean_law(values, NO_BOUNDS, 0)
    assert "bootstrap-t" in law.method
    p = law.p_beyond(0.0)
    assert p is not None
    assert 60 * p < 0.01


def test_the_bootstrap_is_seeded() -> None:
    values = np.random.default_rng(0).exponential(size=40)
    assert mean_law(values, NO_BOUNDS, 7).interval(0.95) == mean_law(values, NO_BOUNDS, 7).interval(
        0.95
    )
    assert mean_law(values, NO_BOUNDS, 7).interval(0.95) != mean_law(values, NO_BOUNDS, 8).interval(
        0.95
    )


def test_over_a_thousand_clusters_no_bootstrap_is_drawn() -> None:
    values = np.random.default_rng(0).exponential(size=1001)
    assert mean_law(values, NO_BOUNDS, 0).method == "t on cluster means"


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(
        st.sampled_from([-1.0, -0.4, 0.0, 0.0, 0.0, 0.1, 1.0]), min_size=8, max_size=60
    ),
    delta=st.sampled_from([0.0, 0.02, 0.05, 0.3]),
)
def test_a_small_p_never_contradicts_the_interval(values: list[float], delta: float) -> None:
    """p <= 5 % only where the 90 % interval lies wholly beyond delta."""
    law = mean_law(np.array(values), UNIT, 0)
    p, interval = law.p_beyond(delta), law.interval(0.9)
    assert p is not None
    assert interval is not None
    if p <= 0.05:
        assert interval[0] >= delta - 1e-12 or interval[1] <= -delta + 1e-12


World = tuple[Callable[[np.random.Generator, int], Floats], float]
WORLDS: dict[str, World] = {
    "normal": (lambda rng, size: rng.normal(size=size), 0.0),
    "exponential": (lambda rng, size: rng.exponential(size=size), 1.0),
    "lognormal": (lambda rng, size: rng.lognormal(size=size), float(np.exp(0.5))),
    "80 % zeros": (
        lambda rng, size: rng.normal(1, 0.3, size) * (rng.random(size) < 0.2),
        0.2,
    ),
}


def coverage(world: World, clusters: int, runs: int) -> float:
    """Returns the share of 95 % intervals that hold the true mean."""
    draw, truth = world
    rng = np.random.default_rng(clusters)
    hits = 0
    for run in range(runs):
        interval = mean_law(draw(rng, clusters), NO_BOUNDS, run).interval(0.95)
        hits += interval is not None and interval[0] <= truth <= interval[1]
    return hits / runs


@pytest.mark.parametrize(("name", "least"), [("normal", 0.92), ("80 % zeros", 0.94)])
def test_intervals_cover_in_a_small_simulation(name: str, least: float) -> None:
    """300 runs: a true 95 % lies below 92 % once in 50 such tests, and the seed is fixed."""
    assert coverage(WORLDS[name], 20, 300) >= least


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [20, 40])
@pytest.mark.parametrize("name", list(WORLDS))
def test_intervals_cover_as_stated(name: str, clusters: int) -> None:
    """At least 94 % (92 % lognormal), less two standard errors of 2,000 runs."""
    stated = 0.92 if name == "lognormal" else 0.94
    assert coverage(WORLDS[name], clusters, 2_000) >= stated - 0.012


def flip_coverage(rate: float, correlation: float, clusters: int, runs: int) -> float:
    """Beta-binomial flips of 24 pairs in each cluster."""
    rng = np.random.default_rng(clusters)
    odds = (1 - correlation) / correlation
    hits = 0
    for _ in range(runs):
        shares = rng.binomial(24, rng.beta(rate * odds, (1 - rate) * odds, clusters)) / 24
        low, high = proportion_law(shares, clusters * 24).interval(0.95)
        hits += low <= rate <= high
    return hits / runs


def test_flip_rates_cover_where_wilson_does_not() -> None:
    assert flip_coverage(0.2, 0.2, 20, 300) >= 0.92


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [20, 40])
@pytest.mark.parametrize("correlation", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
def test_flip_rates_cover_as_stated(rate: float, correlation: float, clusters: int) -> None:
    """91 %, and 86 % at correlation .4 with rates of 5 %, less two standard errors."""
    stated = 0.86 if correlation == 0.4 and rate == 0.05 else 0.91
    assert flip_coverage(rate, correlation, clusters, 2_000) >= stated - 0.013


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_equal_clusters_are_one_trial_each(rate: float) -> None:
    """However many pairs they have: what moves together is no independent evidence."""
    interval = proportion_law(np.full(60, rate), 6_000).interval(0.95)
    assert interval == pytest.approx(clopper_pearson(60 * rate, 60, 0.95), abs=1e-10)
