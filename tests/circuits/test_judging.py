"""What a judge says of patches and circuits, against slow runs of the model itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from auditor.circuits import judging
from auditor.circuits.base import Node
from auditor.circuits.judging import Judge
from auditor.circuits.patching import EdgeName
from tests.circuits.engines import opened
from tests.circuits.halves import names, searched
from tests.circuits.oracle import edge_patch, margins, node_patch
from tests.circuits.test_planted import LAYOUTS
from tests.circuits.wiring import Layout

CLUSTERS = ["x", "x", "y", "x", "y"]


@pytest.fixture(params=["bert", "llama"])
def judge(request: pytest.FixtureRequest) -> Iterator[Judge]:
    with opened(request.param, pairs=5) as (engine, pairs):
        yield Judge.of(engine, pairs, CLUSTERS, seed=0)


def numbers(tensor: torch.Tensor) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return tensor.detach().double().numpy()


def test_effects_are_of_bs_version_against_as(judge: Judge) -> None:
    [(_, sides)] = judge.parts
    a, b = margins(judge.engine.model, sides.pairs, judge.engine.margin.of)
    np.testing.assert_allclose(judge.effect[judge.parts[0][0]], numbers(b - a), atol=1e-10)


def test_every_cluster_has_the_same_weight(judge: Judge) -> None:
    assert len(judge) == 5
    expected = [judge.effect[[0, 1, 3]].mean(), judge.effect[[2, 4]].mean()]
    np.testing.assert_allclose(judge.effect_by_cluster, expected, rtol=1e-12)
    whole = judge.carried(judge.live([judge.engine.graph.writers[1:]]))
    np.testing.assert_allclose(whole[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_exact_effects_and_necessity_are_the_oracles(layout: Layout) -> None:
    with searched("opposite", layout) as halves:
        model, judge, margin = halves.planted.model, halves.judge, halves.planted.margin
        nodes = [Node.parse(name) for name in halves.planted.members]
        exact, needed = judge.exact(nodes), judge.necessity(nodes)
        for rows, sides in judge.parts:
            a, b = margins(model, sides.pairs, margin)
            for at, node in enumerate(nodes):
                there = node_patch(model, sides.pairs, node.name, margin=margin)
                back = node_patch(model, sides.pairs.exchanged(), node.name, margin=margin)
                np.testing.assert_allclose(exact[rows, at], numbers(there - a), atol=1e-9)
                np.testing.assert_allclose(needed[rows, at], numbers(b - back), atol=1e-9)


def test_exact_edges_are_the_oracles() -> None:
    with searched("plain", "bert") as halves:
        model, margin = halves.planted.model, halves.planted.margin
        for edge in halves.planted.edges:
            found = halves.judge.exact_edges([EdgeName(*edge)])[:, 0]
            for rows, sides in halves.judge.parts:
                a, _ = margins(model, sides.pairs, margin)
                patched = edge_patch(model, sides.pairs, [edge], margin=margin)
                np.testing.assert_allclose(found[rows], numbers(patched - a), atol=1e-9)


def test_all_components_or_edges_carry_all_and_none_nothing_but_the_direct_path(
    judge: Judge,
) -> None:
    graph = judge.engine.graph
    whole, nothing = judge.carried(judge.live([graph.writers, []])).T
    assert judge.shares(whole[:, None]) == pytest.approx([1], abs=1e-6)
    np.testing.assert_allclose(judge.carried_by_edges(graph.edges), whole, atol=1e-6)
    np.testing.assert_array_equal(judge.carried_by_edges(np.zeros_like(graph.edges)), 0)
    direct = np.zeros_like(graph.edges)
    direct[0, -1] = True
    np.testing.assert_allclose(judge.carried_by_edges(direct), nothing, atol=1e-6)


def test_how_many_pass_the_model_at_once_does_not_matter(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = judge.engine.graph
    nodes, circuits = graph.nodes[1:4], judge.live([[graph.writers[2]], graph.writers[3:]])
    expected = judge.exact(nodes), judge.necessity(nodes), judge.carried_by_pair(circuits)
    monkeypatch.setattr(judging, "TOKENS", 2)
    [(_, sides)] = judge.parts
    back = np.argsort(judge.parts[0][0])
    small = Judge.of(judge.engine, sides.pairs.rows(back), CLUSTERS, seed=0)
    assert len(small.parts) == 5
    found = small.exact(nodes), small.necessity(nodes), small.carried_by_pair(circuits)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_shares_are_ratios_of_means() -> None:
    with searched("plain", "gpt2") as halves:
        judge = halves.judge
        carried = judge.effect_by_cluster**2
        expected = carried.mean() / judge.effect_by_cluster.mean()
        assert judge.share(carried).value == pytest.approx(expected)
        np.testing.assert_allclose(judge.shares(carried[:, None]), [expected])
        assert judge.share(carried).n == len(names(12))


def test_the_embedding_is_live_in_every_circuit(judge: Judge) -> None:
    live = judge.live([[], ["a1.h2"]])
    writers = judge.engine.graph.writers
    assert [[writers[i] for i in np.flatnonzero(row)] for row in live] == [
        ["embed"],
        ["embed", "a1.h2"],
    ]
