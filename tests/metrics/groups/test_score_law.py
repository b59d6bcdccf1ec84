"""The score test of two rates: published intervals, brute force, extremes, consistency."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from statsmodels.stats.proportion import test_proportions_2indep as proportions_test

from auditor.metrics.groups.score_law import ScoreDifference

Counts = tuple[int, int, int, int]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((56, 70, 48, 80), (0.0528, 0.3382)),
        ((9, 10, 3, 10), (0.1700, 0.8406)),
        ((5, 56, 0, 29), (-0.0326, 0.1933)),
    ],
)
def test_miettinen_and_nurminens_intervals_as_newcombe_printed_them(
    counts: Counts, expected: tuple[float, float]
) -> None:
    """Newcombe, Statistics in Medicine 17 (1998) 873-890, table II."""
    found = ScoreDifference(*counts, skewed=False).interval(0.95)
    assert found == pytest.approx(expected, abs=5e-5)


def random_counts(rng: np.random.Generator) -> Counts:
    n_b, n_a = (int(n) for n in rng.integers(5, 300, 2))
    return int(rng.integers(0, n_b + 1)), n_b, int(rng.integers(0, n_a + 1)), n_a


def test_p_of_no_difference_is_statsmodels_without_the_correction() -> None:
    """For other differences statsmodels' own constrained rates do not fit best (its issue 10269),
    so those are held to a search for the best fit below."""
    rng = np.random.default_rng(0)
    for _ in range(100):
        counts = random_counts(rng)
        if counts[0] + counts[2] in (0, counts[1] + counts[3]):
            continue
        ours = ScoreDifference(*counts, skewed=False).p_beyond(0.0)
        with np.errstate(all="ignore"):  # of the odds ratio, which is not asked for
            test = proportions_test(*counts, compare="diff", method="score")
        assert ours == pytest.approx(float(test.pvalue), abs=1e-10)


@pytest.mark.parametrize("difference", [-0.3, 0.05, 0.1, 0.4])
def test_the_closed_form_finds_the_rates_that_fit_best(difference: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        hits_b, n_b, hits_a, n_a = random_counts(rng)

        def misfit(a: float) -> float:
            b = a + difference
            parts = ((hits_a, a), (n_a - hits_a, 1 - a), (hits_b, b), (n_b - hits_b, 1 - b))  # noqa: B023
            return -float(sum(count * np.log(rate) for count, rate in parts if count))

        low, high = max(0.0, -difference) + 1e-12, min(1.0, 1 - difference) - 1e-12
        best = minimize_scalar(
            misfit, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
        )
        a, b = ScoreDifference(hits_b, n_b, hits_a, n_a).rates_at(difference)
        assert misfit(min(max(a, low), high)) <= best.fun + 1e-8
        assert b - a == pytest.approx(difference)


EXTREMES: list[Counts] = [
    (0, 20, 20, 20),
    (20, 20, 0, 20),
    (20, 20, 20, 20),
    (0, 20, 0, 20),
    (1, 1, 0, 1),
    (0, 30, 10, 1000),
    (30, 30, 500, 1000),
]


@pytest.mark.parametrize("counts", EXTREMES)
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_extremes_have_an_interval_and_a_p(counts: Counts, level: float) -> None:
    law = ScoreDifference(*counts)
    low, high = law.interval(level)
    assert -1 <= low <= law.value <= high <= 1
    assert low < high
    assert all(0 <= law.p_beyond(delta) <= 1 for delta in (0.0, 0.1, 0.99))


def test_none_against_all_is_the_strongest_evidence_and_all_against_all_is_none() -> None:
    assert ScoreDifference(0, 20, 20, 20).p_beyond(0.1) < 1e-6
    assert ScoreDifference(20, 20, 20, 20).p_beyond(0.0) == 1


@pytest.mark.parametrize("df", [np.inf, 12.0])
def test_p_and_interval_never_contradict_each_other(df: float) -> None:
    rng = np.random.default_rng(2)
    for _ in range(300):
        law = ScoreDifference(*random_counts(rng), df=df)
        low, high = law.interval(0.95)
        assert (law.p_beyond(0.0) <= 0.05) == (low > 0 or high < 0)
        low, high = law.interval(0.90)
        if law.p_beyond(0.1) <= 0.05:
            assert low > 0.1 or high < -0.1


def test_swapping_the_groups_turns_the_interval_round() -> None:
    one, other = ScoreDifference(3, 30, 80, 400), ScoreDifference(80, 400, 3, 30)
    low, high = one.interval(0.95)
    assert other.interval(0.95) == pytest.approx((-high, -low), abs=1e-9)
    assert other.p_beyond(0.05) == pytest.approx(one.p_beyond(0.05), abs=1e-9)
