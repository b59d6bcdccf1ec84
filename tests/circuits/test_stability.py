"""Resampled circuits: what always comes back, what comes back by chance, overlaps by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from auditor.circuits.stability import Resampled, mean_jaccard, resample_circuits, top
from auditor.metrics.clusters import Floats


def resampled(scores: Floats, k: int, seed: int = 0) -> Resampled:
    return resample_circuits(scores, k, rng=np.random.default_rng(seed), resamples=100)


def test_strong_components_of_either_sign_are_found_every_time() -> None:
    scores = np.random.default_rng(0).normal(0, 1, (20, 50))
    scores[:, 3] += 10
    scores[:, 7] -= 10
    found = resampled(scores, 2)
    assert np.flatnonzero(found.inclusion).tolist() == [3, 7]
    assert found.inclusion[[3, 7]].tolist() == [1, 1]
    assert (found.jaccard, found.split_half) == (1, 1)


def test_halves_of_noise_overlap_as_chance_does() -> None:
    """Resamples share clusters and overlap more: only halves show that nothing was found."""
    found = resampled(np.random.default_rng(0).normal(0, 1, (40, 1_000)), 100)
    chance = 100 / (2 * 1_000 - 100)
    assert found.jaccard is not None
    assert found.split_half == pytest.approx(chance, abs=0.02)
    assert found.jaccard > 2 * chance


def test_inclusion_adds_up_to_the_size() -> None:
    found = resampled(np.random.default_rng(0).normal(0, 1, (20, 60)), 7)
    assert found.inclusion.sum() == pytest.approx(7)


def test_whole_clusters_are_drawn_with_replacement() -> None:
    """A component that moves in one cluster of n only is missed with probability (1 - 1/n)^n."""
    scores = np.zeros((10, 2))
    scores[0, 0] = 1
    found = resample_circuits(scores, 1, rng=np.random.default_rng(0), resamples=1_000)
    assert found.inclusion[0] == pytest.approx(1 - 0.9**10, abs=0.06)


def test_halves_share_no_cluster() -> None:
    """Each cluster has a component of its own: no two halves have one in common."""
    found = resampled(np.eye(9), 9)
    assert found.split_half == 0


def test_a_component_that_never_moves_is_in_no_circuit() -> None:
    scores = np.zeros((20, 5))
    scores[:, 2] = 1
    found = resampled(scores, 4)
    assert found.inclusion.tolist() == [0, 0, 1, 0, 0]
    assert found.jaccard == 1


def test_jaccard_by_hand() -> None:
    """{0,1}, {1,2}, {0,1}: 1/3, 1, 1/3."""
    sets = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 0, 0]], bool)
    assert mean_jaccard(sets) == pytest.approx(5 / 9)


def test_jaccard_by_matrix_is_jaccard_pair_by_pair() -> None:
    sets = np.random.default_rng(0).random((20, 30)) < 0.3
    pairs = [(a & b).sum() / (a | b).sum() for a, b in combinations(sets, 2)]
    assert mean_jaccard(sets) == pytest.approx(np.mean(pairs))


def test_top_of_each_row_is_its_k_largest() -> None:
    strength = np.random.default_rng(0).random((50, 3_000))
    chosen = top(strength, 1_000)
    least = np.sort(strength, axis=1)[:, -1_000, None]
    assert (chosen == (strength >= least)).all()


@pytest.mark.parametrize(("k", "members"), [(0, 0), (2, 2), (9, 4)])
def test_top_has_k_members_or_all_that_move(k: int, members: int) -> None:
    chosen = top(np.array([[5.0, 1.0, 0.0, 3.0, 2.0]]), k)
    assert chosen.sum() == members
    assert k != 2 or chosen[0, [0, 3]].all()


def test_no_circuit_and_one_cluster_have_no_overlap() -> None:
    scores = np.random.default_rng(0).normal(0, 1, (20, 5))
    assert (resampled(scores, 0).jaccard, resampled(scores, 0).split_half) == (None, None)
    assert resampled(scores[:1], 2).split_half is None


def test_the_same_seed_gives_the_same_numbers() -> None:
    scores = np.random.default_rng(0).normal(0, 1, (20, 30))
    one, other = resampled(scores, 5, seed=4), resampled(scores, 5, seed=4)
    assert (one.jaccard, one.split_half) == (other.jaccard, other.split_half)
    assert one.jaccard != resampled(scores, 5, seed=5).jaccard
