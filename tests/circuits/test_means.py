"""Means over clusters: weights, and the same intervals as one component at a time."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.circuits.means import cluster_means, mean_estimates, mean_intervals
from auditor.metrics.estimates import mean_law

NO_BOUNDS = (-np.inf, np.inf)


def test_a_cluster_of_many_pairs_counts_as_much_as_one_of_few() -> None:
    values = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 6.0], [8.0, 1.0]])
    means, names = cluster_means(values, ["b", "b", "b", "a"])
    assert names == ["a", "b"]
    assert means == pytest.approx(np.array([[8.0, 1.0], [2.0, 2.0]]))
    assert cluster_means(values[:, 0], ["b", "b", "b", "a"]).means == pytest.approx([8.0, 2.0])


def test_intervals_are_those_of_one_component_at_a_time() -> None:
    scores = np.random.default_rng(0).normal(0.3, [1, 20, 1e-3], (20, 3))
    found = mean_intervals(scores)
    for i in range(3):
        law = mean_law(scores[:, i], NO_BOUNDS, 0)
        assert (found.low[i], found.high[i]) == pytest.approx(law.interval(0.95), rel=1e-9)
        assert found.estimate(i, n=40, unit="log-odds").method == law.method


def test_skewed_components_get_the_envelope_with_bootstrap_t() -> None:
    scores = np.random.default_rng(1).exponential(1, (30, 700))
    scores[:, 1::2] *= -1  # the long tail on either side
    found = mean_intervals(scores)
    for i in np.flatnonzero(found.skewed)[-6:].tolist():  # of the second block
        law = mean_law(scores[:, i], NO_BOUNDS, 0)
        width = found.high[i] - found.low[i]
        assert (found.low[i], found.high[i]) == pytest.approx(law.interval(0.95), abs=0.05 * width)
        assert found.estimate(i, n=30, unit="log-odds").method == law.method


def test_the_envelope_is_on_average_as_wide_as_that_of_one_component_at_a_time() -> None:
    """Its draws are fewer and differ by seed, so that one interval alone differs by a few %."""
    ratios = []
    for seed in range(12):
        scores = np.random.default_rng(seed).exponential(1, (12, 20))
        found = mean_intervals(scores, seed=seed)
        for i in np.flatnonzero(found.skewed):
            ends = mean_law(scores[:, i], NO_BOUNDS, seed).interval(0.95)
            assert ends is not None
            ratios.append((found.high[i] - found.value[i]) / (ends[1] - found.value[i]))
    assert np.mean(ratios) == pytest.approx(1, abs=0.025)


def test_columns_have_the_same_intervals_alone_and_among_others() -> None:
    scores = np.random.default_rng(1).exponential(1, (30, 4))
    assert mean_estimates(scores[:, 2:], 30) == mean_estimates(scores, 30)[2:]


def test_a_component_that_never_moves_has_no_interval_and_says_why() -> None:
    scores = np.zeros((20, 1))
    (found,) = mean_estimates(scores, 40)
    assert (found.value, found.low, found.n, found.clusters) == (0.0, None, 40, 20)
    assert "same value" in str(found.reason)


def test_few_clusters_give_a_mean_without_an_interval() -> None:
    (found,) = mean_estimates(np.arange(7.0)[:, None], 7)
    assert (found.value, found.low) == (3.0, None)
    assert "only 7 clusters" in str(found.reason)
