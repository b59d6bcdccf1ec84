"""Shares of the effect: ratios of means, Fieller's interval, coverage, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.circuits.ratios import NO_EFFECT, SHARE, ratio_of_means, share_lost, shares
from auditor.metrics.clusters import Floats

CARRIED = 0.8


def clusters(
    rng: np.random.Generator, count: int, errors: float, moves: float
) -> tuple[Floats, Floats]:
    """Numerator and denominator of a true share of .8.

    Args:
        errors: how many standard errors the mean effect is from 0.
        moves: correlation of the residual with the effect.
    """
    spread = count**0.5 / errors
    common, own = rng.normal(size=(2, count))
    effect = 1 + spread * common
    residual = 0.5 * spread * (moves * common + (1 - moves**2) ** 0.5 * own)
    return CARRIED * effect + residual, effect


def test_the_ratio_is_of_means_and_never_a_mean_of_ratios() -> None:
    effect = np.array([0.1, 0.7, 0.8, 0.9, 1.0, 1.0, 1.1, 1.2, 1.3, 0.9])
    carried = np.array([1.0, 0.6, 0.4, 0.5, 0.5, 0.5, 0.4, 0.6, 0.5, 0.5])
    found = ratio_of_means(carried, effect, 10)
    assert found.value == pytest.approx(5.5 / 9)
    assert (found.unit, found.n, found.clusters) == (SHARE, 10, 10)


def test_the_ends_are_where_a_t_test_of_the_residual_just_rejects() -> None:
    carried, effect = clusters(np.random.default_rng(2), 20, errors=4, moves=0.5)
    found = ratio_of_means(carried, effect, 20)
    assert found.method == "Fieller, t on cluster means"
    for end in (found.low, found.high):
        assert end is not None
        p = stats.ttest_1samp(carried - end * effect, 0).pvalue
        assert p == pytest.approx(0.05, abs=1e-9)


def test_an_effect_below_0_gives_the_same_share() -> None:
    rng = np.random.default_rng(1)
    effect = rng.normal(1, 0.3, 30)
    carried = 0.5 * effect + rng.exponential(1, 30) ** 2  # of one long tail
    found, mirrored = (ratio_of_means(sign * carried, sign * effect, 20) for sign in (1, -1))
    assert "bootstrap-t" in found.method
    assert (mirrored.low, mirrored.high) == pytest.approx((found.low, found.high), rel=1e-9)


def test_the_sharper_the_effect_the_nearer_to_the_interval_of_a_mean() -> None:
    carried = np.random.default_rng(0).normal(0.5, 0.2, 30)
    found = ratio_of_means(carried, np.full(30, 2.0), 30)
    theirs = stats.t.interval(0.95, 29, carried.mean() / 2, stats.sem(carried) / 2)
    assert (found.low, found.high) == pytest.approx(theirs)


def test_skewed_residuals_widen_the_longer_tail() -> None:
    rng = np.random.default_rng(1)
    effect = rng.normal(1, 0.3, 30)
    carried = 0.5 * effect + rng.exponential(1, 30) ** 2 * 0.1
    found = ratio_of_means(carried, effect, 30)
    assert found.low is not None
    assert found.high is not None
    assert found.method == "Fieller, t on cluster means, envelope with bootstrap-t"
    assert stats.ttest_1samp(carried - found.high * effect, 0).pvalue < 0.03
    assert stats.ttest_1samp(carried - found.low * effect, 0).pvalue < 0.05 + 1e-9


@pytest.mark.parametrize("count", [1, 5, 20])
def test_no_share_of_an_effect_that_is_not_told_from_0(count: int) -> None:
    effect = np.tile([1.0, -0.9], 10)[:count] if count > 1 else np.ones(1)
    found = ratio_of_means(effect / 2, effect, count)
    assert (found.value, found.low, found.reason) == (None, None, NO_EFFECT)
    assert (found.n, found.clusters) == (count, count)


def test_no_share_of_an_effect_that_is_0_everywhere() -> None:
    assert ratio_of_means(np.ones(20), np.zeros(20), 20).reason == NO_EFFECT


def test_the_whole_model_carries_1_without_an_interval() -> None:
    effect = np.random.default_rng(0).normal(1, 0.2, 20)
    found = ratio_of_means(effect + 1e-8, effect, 20)
    assert found.value == pytest.approx(1)
    assert found.low is None
    assert "same value" in str(found.reason)


def test_few_clusters_give_a_share_without_an_interval() -> None:
    effect = np.random.default_rng(0).normal(1, 0.1, 7)
    found = ratio_of_means(effect / 2 + [0, 0, 0, 0, 0, 0, 0.1], effect, 7)
    assert found.value is not None
    assert found.low is None
    assert "only 7 clusters" in str(found.reason)


def test_what_a_member_adds_is_surer_than_either_faithfulness() -> None:
    rng = np.random.default_rng(0)
    full, effect = clusters(rng, 30, errors=6, moves=0)
    without = full - 0.3 * effect + rng.normal(0, 0.01, 30)
    lost, of_full = share_lost(full, without, effect, 30), ratio_of_means(full, effect, 30)
    assert lost.value == pytest.approx(0.3, abs=0.01)
    assert None not in (lost.low, lost.high, of_full.low, of_full.high)
    assert lost.high - lost.low < (of_full.high - of_full.low) / 10  # type: ignore[operator]


def test_shares_of_many_circuits_are_the_ratios_of_their_means() -> None:
    effect = np.array([1.0, 3.0])
    found = shares(np.array([[2.0, 0.0], [1.0, 3.0], [0.0, 0.0]]), effect)
    assert found.tolist() == [0.5, 1.0, 0.0]


@pytest.mark.parametrize("moves", [-0.9, 0.0, 0.9])
@pytest.mark.parametrize("errors", [2.5, 4, 8])
@pytest.mark.parametrize(
    "count", [12, *(pytest.param(count, marks=pytest.mark.slow) for count in (20, 40))]
)
def test_intervals_cover_the_true_share_in_95_percent(
    count: int, errors: float, moves: float
) -> None:
    """Of the runs in which a share is given: an effect that is just told from 0 is too large."""
    rng = np.random.default_rng(7)
    found = [ratio_of_means(*clusters(rng, count, errors, moves), count) for _ in range(600)]
    given = [(each.low, each.high) for each in found if each.low is not None]
    covered = sum(low <= CARRIED <= high for low, high in given if high is not None)
    assert stats.binom.cdf(covered, len(given), 0.95) > 0.001
    assert covered / len(given) < 0.985
