"""Sign flips: exact by enumeration, calibrated on noise, found to fail on scores of one side."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from auditor.circuits.significance import sign_flip_p
from auditor.errors import ModelError
from auditor.metrics.clusters import Floats

CLUSTERS, COMPONENTS = 30, 200


def noise(rng: np.random.Generator, clusters: int = CLUSTERS) -> Floats:
    """[cluster, component]: half of the variance is common to all components."""
    own = rng.standard_t(5, (clusters, COMPONENTS))
    return np.asarray((own + rng.standard_t(5, (clusters, 1))) * 2**-0.5)


def false_discoveries(repeats: int, draw: Callable[[np.random.Generator], Floats]) -> int:
    """How many of `repeats` draws have any component with p <= 5 %."""
    return sum(
        sign_flip_p(draw(np.random.default_rng(seed)), seed, flips=399).min() <= 0.05
        for seed in range(repeats)
    )


def by_hand(scores: Floats) -> Floats:
    """Every sign vector, Student's t of every component, in plain loops."""

    def t(flipped: Floats) -> Floats:
        return np.asarray(np.abs(flipped.mean(0)) / flipped.std(0, ddof=1))

    clusters = len(scores)
    largest = [
        t(np.array(signs)[:, None] * scores).max() for signs in product([-1, 1], repeat=clusters)
    ]
    return np.array([np.mean(np.array(largest) >= seen - 1e-12) for seen in t(scores)])


def test_few_clusters_are_enumerated_exactly() -> None:
    scores = np.random.default_rng(0).normal([0.0, 1.5, 0.5], 1, (8, 3))
    np.testing.assert_allclose(sign_flip_p(scores, seed=0), by_hand(scores), atol=1e-12)


def test_the_least_p_is_that_of_one_sign_vector_and_its_mirror() -> None:
    scores = np.array([[3.0], [2.5], [2.0], [3.5], [1.0], [2.0]])
    assert sign_flip_p(scores, seed=0) == pytest.approx([2 / 2**6])


def test_drawn_flips_agree_with_all_of_them() -> None:
    scores = np.random.default_rng(3).normal([0.0, 1.0, 0.6], 1, (12, 3))
    drawn = sign_flip_p(scores, seed=1, flips=20_000)
    np.testing.assert_allclose(drawn, by_hand(scores), atol=0.012)


def test_what_was_seen_counts_among_drawn_flips() -> None:
    scores = np.random.default_rng(0).normal(9, 1, (40, 2))
    assert sign_flip_p(scores, seed=0, flips=99) == pytest.approx([0.01, 0.01])


def test_components_that_never_move_have_p_1_and_do_not_disturb_others() -> None:
    scores = np.random.default_rng(0).normal([0.0, 2.0], 1, (20, 2))
    still = np.tile([0.0, 1e-8], (20, 1))  # the second: rounding of float32
    p = sign_flip_p(np.hstack([scores, still]), seed=0)
    assert p[2:].tolist() == [1, 1]
    assert p[:2].tolist() == sign_flip_p(scores, seed=0).tolist()


def test_a_loud_component_does_not_hide_a_quiet_one() -> None:
    rng = np.random.default_rng(0)
    quiet, loud = rng.normal(0.002, 0.001, 24), rng.normal(0, 1_000, 24)
    p = sign_flip_p(np.stack([quiet, loud], axis=1), seed=0)
    assert p[0] < 0.01
    assert p[1] > 0.2


def test_sign_and_order_of_components_change_nothing() -> None:
    scores = noise(np.random.default_rng(5))
    p = sign_flip_p(scores, seed=0)
    assert sign_flip_p(-scores[:, ::-1], seed=0)[::-1] == pytest.approx(p, abs=1e-12)


def test_blocks_of_components_are_one_family() -> None:
    scores = np.random.default_rng(0).normal(0, 1, (12, 3_000))
    scores[:, 0] += 1.5
    alone = sign_flip_p(scores[:, :1], seed=0)[0]
    last = np.roll(scores, -1, axis=1)
    assert sign_flip_p(last, seed=0)[-1] == sign_flip_p(scores, seed=0)[0] > 5 * alone


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ModelError, match="no finite numbers"):
        sign_flip_p(np.array([[1.0], [np.nan]]), seed=0)


@pytest.mark.parametrize("repeats", [500, pytest.param(5_000, marks=pytest.mark.slow)])
def test_noise_is_called_a_finding_in_5_percent(repeats: int) -> None:
    low, high = binom.interval(0.998, repeats, 0.05)
    assert low <= false_discoveries(repeats, noise) <= high


def test_scores_of_one_side_are_called_findings_far_too_often() -> None:
    """Why only antisymmetric scores may be given: a bias of .25 SD, in noise, is no effect."""
    found = false_discoveries(100, lambda rng: noise(rng) + 0.25)
    assert found > binom.ppf(0.999, 100, 0.05)


def test_one_standard_deviation_at_24_clusters_is_found_in_most() -> None:
    found = 0
    for seed in range(200):
        scores = noise(np.random.default_rng(seed), clusters=24)
        scores[:, 17] += np.sqrt(5 / 3)
        found += sign_flip_p(scores, seed, flips=399)[17] <= 0.05
    assert found > 0.7 * 200
