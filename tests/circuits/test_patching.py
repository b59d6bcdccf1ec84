"""Exact effects are those of a slow reference, and the integers of a model worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from auditor.circuits import patching
from auditor.circuits.base import Node
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.patching import EdgeName, Sides, edge_effects, node_effects
from auditor.errors import ModelError
from tests.circuits.cases import all_edges, every_family, every_head, expect_same
from tests.circuits.engines import opened
from tests.circuits.oracle import edge_patch, margins, node_patch
from tests.circuits.worked import hand_worked


@every_head
def test_every_node_is_as_the_oracle_has_it(family: str, head: str) -> None:
    with opened(family, head=head) as (engine, pairs):
        nodes, margin = engine.graph.nodes, engine.margin.of
        found = node_effects(engine, Sides.of(engine, pairs), nodes)
        before, _ = margins(engine.model, pairs, margin)
        after = [node_patch(engine.model, pairs, node.name, margin=margin) for node in nodes]
        expect_same(found, torch.stack(after, 1) - before[:, None])
        assert (found.abs().amax(0) > 1e-3).all()


def against_the_oracle(family: str, edges: list[EdgeName] | None = None) -> None:
    """Compares some edges, drawn, or those given."""
    with opened(family, pairs=2) as (engine, pairs):
        margin, names = engine.margin.of, all_edges(engine)
        drawn = np.random.default_rng(0).choice(len(names), 16, replace=False)
        chosen = edges or [names[i] for i in drawn]
        found = edge_effects(engine, Sides.of(engine, pairs), chosen)
        before, _ = margins(engine.model, pairs, margin)
        after = [
            edge_patch(engine.model, pairs, [(each.writer, each.reader)], margin=margin)
            for each in chosen
        ]
        expect_same(found, torch.stack(after, 1) - before[:, None])
        assert found.abs().max() > 0.01


@every_family
def test_edges_are_as_the_oracle_has_them(family: str) -> None:
    against_the_oracle(family)


@pytest.mark.slow
@every_family
def test_every_edge_is_as_the_oracle_has_it(family: str) -> None:
    with opened(family) as (engine, _):
        edges = all_edges(engine)
    against_the_oracle(family, edges)


@every_head
def test_the_effect_of_the_embedding_is_all_of_it_bit_for_bit(family: str, head: str) -> None:
    with opened(family, head=head) as (engine, pairs):
        sides = Sides.of(engine, pairs)
        found = node_effects(engine, sides, [Node.embed()])
        assert torch.equal(found[:, 0], sides.effect)


def test_of_exchanged_sides_it_is_the_necessity() -> None:
    with opened("gpt2") as (engine, pairs):
        sides = Sides.of(engine, pairs).exchanged()
        found = node_effects(engine, sides, engine.graph.nodes[3:5])
        back = [
            node_patch(engine.model, pairs.exchanged(), node.name, margin=engine.margin.of)
            for node in engine.graph.nodes[3:5]
        ]
        expect_same(found, torch.stack(back, 1) - sides.a.margin[:, None])


@pytest.mark.parametrize("family", ["gpt2", "opt", "deberta-v2"])
def test_rows_at_once_and_their_order_change_nothing(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(family) as (engine, pairs):
        sides = Sides.of(engine, pairs)
        nodes, edges = engine.graph.nodes, all_edges(engine)[::5]
        found = node_effects(engine, sides, nodes), edge_effects(engine, sides, edges)
        monkeypatch.setattr(patching, "TOKENS", 1)
        again = node_effects(engine, sides, nodes[::-1]), edge_effects(engine, sides, edges[::-1])
        for one, other in zip(found, again, strict=True):
            expect_same(one.flip(1), other)


def test_nodes_and_edges_worked_by_hand_give_their_integers() -> None:
    worked = hand_worked()
    with Engine.opened(worked.model, Graph.of(worked.model), worked.margin) as engine:
        sides = Sides.of(engine, worked.aligned)
        nodes = [*engine.graph.nodes]
        found = node_effects(engine, sides, nodes)[0]
        expected = [worked.nodes[frozenset([node.name])] + 3 for node in nodes]
        torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=0, atol=1e-7)
        edges = edge_effects(engine, sides, [EdgeName(*edge) for edge in worked.edges])[0]
        by_hand = torch.tensor([value + 3 for value in worked.edges.values()]).double()
        torch.testing.assert_close(edges, by_hand, rtol=0, atol=1e-7)


def test_a_reader_that_the_model_does_not_have_is_refused() -> None:
    with opened("bert") as (engine, pairs):
        sides = Sides.of(engine, pairs)
        with pytest.raises(ModelError, match=r"'m9' is no reader of this model"):
            edge_effects(engine, sides, [EdgeName("embed", "m9")])
