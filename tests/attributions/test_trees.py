"""Coalitions and their weights give the mean over all orders that the tree allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.attributions.base import Bools, Tokens
from auditor.attributions.trees import Tree, tree_of
from auditor.models.base import Floats
from tests.attributions.factory import tokens_of

Game = Callable[[Bools], Floats]  # [coalition, token] -> [coalition, output]


@st.composite
def texts(draw: st.DrawFn, largest: int = 8) -> Tokens:
    """Any binary tree, not only of neighbours, and any tokens that are never masked."""
    size = draw(st.integers(1, largest))
    roots, merges = list(range(size)), []
    for node in range(size, 2 * size - 1):
        left = roots.pop(draw(st.integers(0, len(roots) - 1)))
        right = roots.pop(draw(st.integers(0, len(roots) - 1)))
        merges.append([left, right, 0, 0])
        roots.append(node)
    fixed = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return tokens_of(np.array(merges, float).reshape(-1, 4), np.array(fixed, np.bool_))


def random_game(size: int, seed: int = 0) -> Game:
    """A number of its own for each coalition, twice."""
    table = np.random.default_rng(seed).normal(size=(2**size, 2))
    return lambda shown: table[shown @ (1 << np.arange(size))]


def orders(tokens: Tokens) -> Iterator[list[int]]:
    """Every order of tokens in which those of each node stand together."""
    size = len(tokens)
    merges = tokens.clustering[:, :2].astype(int).tolist()
    for flips in product((False, True), repeat=len(merges)):
        leaves = [[i] for i in range(size)]
        for (left, right), flip in zip(merges, flips, strict=True):
            first, second = (right, left) if flip else (left, right)
            leaves.append(leaves[first] + leaves[second])
        yield leaves[-1]


def by_brute_force(tokens: Tokens, game: Game) -> Floats:
    """The mean over all orders of what each token adds to those before it; fixed ones are always
    there."""
    every = list(orders(tokens))
    values = np.zeros((len(tokens), 2))
    for order in every:
        shown = np.tile(tokens.fixed, (len(order) + 1, 1))
        for i, token in enumerate(order):
            shown[i + 1 :, token] = True
        values[order] += np.diff(game(shown), axis=0)
    return values / len(every)


def by_tree(tokens: Tokens, game: Game) -> Floats:
    tree = tree_of(tokens)
    shown, leaves = tree.coalitions()
    return tree.lowered(tree.kept(leaves, game(shown)))


@given(texts(), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_values_are_the_mean_over_all_orders_of_the_tree(tokens: Tokens, seed: int) -> None:
    game = random_game(len(tokens), seed)
    np.testing.assert_allclose(by_tree(tokens, game), by_brute_force(tokens, game), atol=1e-10)


@given(texts())
@settings(deadline=None)
def test_the_cost_is_the_number_of_coalitions_and_no_two_are_alike(tokens: Tokens) -> None:
    tree = tree_of(tokens)
    shown, _ = tree.coalitions()
    assert len(shown) == tree.cost == len({row.tobytes() for row in shown})


@given(texts())
@settings(deadline=None)
def test_fixed_tokens_are_shown_in_every_coalition_and_have_no_value(tokens: Tokens) -> None:
    shown, leaves = tree_of(tokens).coalitions()
    assert shown[:, tokens.fixed].all()
    assert not np.isin(leaves.node, np.flatnonzero(tokens.fixed)).any()


@given(texts())
@settings(deadline=None)
def test_the_first_coalition_shows_only_fixed_tokens_and_the_second_all(tokens: Tokens) -> None:
    shown, _ = tree_of(tokens).coalitions()
    np.testing.assert_array_equal(shown[0], tokens.fixed)
    assert shown[-1 if len(shown) == 1 else 1].all()


def three(merges: list[list[int]]) -> Tokens:
    return tokens_of(np.array([[*m, 0, 0] for m in merges], float), np.zeros(3, np.bool_))


def test_a_majority_of_three_is_worth_a_half_to_each_of_a_pair_and_nothing_to_the_third() -> None:
    """Shapley's own value, without a tree, is a third each."""
    tokens = three([[0, 1], [2, 3]])
    values = by_tree(tokens, lambda shown: (shown.sum(axis=1) >= 2).astype(float)[:, None])
    np.testing.assert_allclose(values[:, 0], [0.5, 0.5, 0])


def test_which_two_are_a_pair_decides() -> None:
    tokens = three([[1, 2], [0, 3]])
    values = by_tree(tokens, lambda shown: (shown.sum(axis=1) >= 2).astype(float)[:, None])
    np.testing.assert_allclose(values[:, 0], [0, 0.5, 0.5])


@pytest.mark.parametrize(("size", "cost"), [(1, 2), (2, 4), (3, 8), (4, 12), (8, 44), (16, 172)])
def test_a_balanced_tree_costs_two_and_twice_the_powers_of_four(size: int, cost: int) -> None:
    roots, merges = list(range(size)), []
    while len(roots) > 1:
        merges.append([roots[0], roots[1], 0, 0])
        roots = [*roots[2:], size + len(merges) - 1]
    clustering = np.array(merges, float).reshape(-1, 4)
    assert tree_of(tokens_of(clustering, np.zeros(size, np.bool_))).cost == cost


def test_what_stays_on_a_group_is_shared_out_evenly_among_what_can_be_masked_in_it() -> None:
    clustering = np.array([[0, 1, 0, 2], [2, 3, 0, 2], [4, 5, 0, 4]], float)
    tree = Tree(np.array([False, False, False, True]), clustering[:, :2].astype(np.int64))
    kept = np.zeros((7, 1))
    kept[[0, 4, 6], 0] = 0.5, 2.0, 3.0  # a token, the first two, all that can be masked
    np.testing.assert_allclose(tree.lowered(kept)[:, 0], [2.5, 2.0, 1.0, 0.0])


def test_texts_of_one_form_share_one_tree() -> None:
    clustering = np.array([[0, 1, 0.5, 2], [2, 3, 1, 3]])
    fixed = np.array([True, False, False])
    first, second = tokens_of(clustering, fixed), tokens_of(clustering.copy(), fixed.copy())
    assert tree_of(first) is tree_of(second)
    assert tree_of(first) is not tree_of(tokens_of(clustering, ~fixed))


def test_a_tree_as_deep_as_its_tokens_is_known_by_its_cost_alone() -> None:
    """2^300 coalitions are counted, not made."""
    size = 300
    merges = [[0, 1], *([i, size + i - 2] for i in range(2, size))]
    clustering = np.array([[*merge, 0, 0] for merge in merges], float)
    spans = np.zeros((size, 2), np.int64)
    tokens = Tokens("", ("a",) * size, spans, np.zeros(size, np.bool_), clustering)
    assert tree_of(tokens).cost == 2 + sum(2 << depth for depth in range(size - 1))
