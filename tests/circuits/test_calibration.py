"""Where the groups do not differ, 5 % of models show a finding, by antisymmetric scores alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy.stats import binom

from auditor.circuits.base import Floats
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.means import cluster_means
from auditor.circuits.scores import Method, score_pairs
from auditor.circuits.significance import sign_flip_p
from tests.circuits.null import null_model

LEVEL, QUICK, MODELS = 0.05, 30, 200


@cache
def scores(seed: int, method: Method) -> tuple[Floats, Floats]:
    """Returns scores of components both ways round, means by cluster. [cluster, component] each"""
    null = null_model(seed, clusters=48, per_cluster=2)
    with Engine.opened(null.model, Graph.of(null.model), null.margin) as engine:
        there, back = (
            score_pairs(engine, pairs, method, 4).nodes.double().numpy()
            for pairs in (null.aligned, null.aligned.exchanged())
        )
    clusters = [str(each) for each in null.clusters]
    one, other = (cluster_means(each, clusters).means for each in (there, back))
    return one[:, 1:], other[:, 1:]


def false_discoveries(models: int, of: Callable[[int], Floats]) -> int:
    """Returns in how many models any component is found, at 5 % for the family of all of them."""
    return sum(sign_flip_p(of(seed), seed, flips=399).min() <= LEVEL for seed in range(models))


def conductance(seed: int) -> Floats:
    return scores(seed, "conductance")[0]


def one_side(seed: int) -> Floats:
    return scores(seed, "eap")[0]


def both_sides(seed: int) -> Floats:
    there, back = scores(seed, "eap")
    return (there - back) / 2


def expected(models: int) -> tuple[float, float]:
    """Returns bounds that 1 in 500 of exact tests exceeds."""
    low, high = binom.interval(0.998, models, LEVEL)
    return float(low), float(high)


@pytest.mark.parametrize("models", [QUICK, pytest.param(MODELS, marks=pytest.mark.slow)])
@pytest.mark.parametrize("of", [conductance, both_sides])
def test_antisymmetric_scores_are_calibrated(of: Callable[[int], Floats], models: int) -> None:
    low, high = expected(models)
    assert low <= false_discoveries(models, of) <= high


@pytest.mark.slow
def test_scores_of_one_side_are_found_too_often() -> None:
    found = false_discoveries(MODELS, one_side)
    assert found > 1.4 * expected(MODELS)[1]
    assert found > 2 * false_discoveries(MODELS, both_sides)


def test_sizes_of_scores_are_always_found() -> None:
    """A size is never negative, so that no flip is as far from 0 as what is seen."""
    assert false_discoveries(5, lambda seed: np.abs(one_side(seed))) == 5
    assert false_discoveries(5, lambda seed: np.abs(conductance(seed))) == 5


def test_a_difference_that_there_is_is_found() -> None:
    """The other side of the bounds: one standard deviation, in one component, at 48 clusters."""

    def shifted(seed: int) -> Floats:
        own = conductance(seed).copy()
        own[:, 3] += own[:, 3].std()
        return own

    assert false_discoveries(QUICK, shifted) > 0.9 * QUICK
