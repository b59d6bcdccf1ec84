"""Circuits alone: all live is one version, none the other, and sets of nodes are sets of edges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from auditor.circuits import subgraphs
from auditor.circuits.base import Bools
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.patching import Sides, edge_effects
from auditor.circuits.subgraphs import edge_circuit, live_nodes, node_circuits
from tests.circuits.cases import all_edges, every_family, every_head, expect_same
from tests.circuits.engines import opened
from tests.circuits.oracle import Edge, node_patch
from tests.circuits.worked import Worked, edges_of, hand_worked, integer


def random_circuits(engine: Engine, count: int, *, seed: int = 0) -> Bools:
    """Returns which components are live, about half of them, the embedding always."""
    live = np.random.default_rng(seed).random((count, len(engine.graph.nodes))) < 0.5
    live[:, 0] = True
    return live


@every_head
def test_all_components_live_is_version_b_bit_for_bit(family: str, head: str) -> None:
    with opened(family, head=head) as (engine, pairs):
        sides = Sides.of(engine, pairs)
        found = node_circuits(engine, sides, live_nodes(engine.graph, [engine.graph.writers]))
        assert torch.equal(found[0], sides.b.margin)


@every_head
def test_all_edges_live_is_version_b_and_none_is_version_a(family: str, head: str) -> None:
    with opened(family, head=head) as (engine, pairs):
        sides, edges = Sides.of(engine, pairs), engine.graph.edges
        expect_same(edge_circuit(engine, sides, edges), sides.b.margin)
        none = edge_circuit(engine, sides, np.zeros_like(edges))
        expect_same(none, sides.a.margin)
        assert sides.effect.abs().min() > 0.01


@every_head
def test_a_circuit_of_nodes_is_that_of_their_edges(family: str, head: str) -> None:
    with opened(family, head=head) as (engine, pairs):
        sides, live = Sides.of(engine, pairs), random_circuits(engine, 4)
        nodes = node_circuits(engine, sides, live)
        edges = [edge_circuit(engine, sides, engine.graph.edges & one[:, None]) for one in live]
        expect_same(nodes, torch.stack(edges))
        assert (nodes - sides.b.margin).abs().min() > 1e-3


@every_family
def test_a_circuit_of_nodes_is_as_the_oracle_has_it(family: str) -> None:
    with opened(family, pairs=2) as (engine, pairs):
        live = random_circuits(engine, 3, seed=1)
        found = node_circuits(engine, Sides.of(engine, pairs), live)
        for circuit, margin in zip(live, found, strict=True):
            outside = [w for w, on in zip(engine.graph.writers, circuit, strict=True) if not on]
            expected = node_patch(engine.model, pairs.exchanged(), outside, margin=engine.margin.of)
            expect_same(margin, expected)


@every_family
def test_all_edges_but_one_is_that_edge_patched(family: str) -> None:
    """Where nothing but one edge is replaced, what comes after it is recomputed in both ways."""
    with opened(family) as (engine, pairs):
        graph, sides = engine.graph, Sides.of(engine, pairs)
        for edge in all_edges(engine)[::29]:
            live = graph.edges.copy()
            live[graph.writers.index(edge.writer), graph.readers.index(edge.reader)] = False
            without = edge_circuit(engine, sides.exchanged(), live)
            patched = edge_effects(engine, sides, [edge])[:, 0] + sides.a.margin
            expect_same(without, patched)


def test_rows_at_once_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened("bert") as (engine, pairs):
        sides, live = Sides.of(engine, pairs), random_circuits(engine, 7)
        found = node_circuits(engine, sides, live)
        monkeypatch.setattr(subgraphs, "TOKENS", 1)
        expect_same(node_circuits(engine, sides, live), found)


@contextmanager
def by_hand() -> Iterator[tuple[Worked, Engine, Sides]]:
    """Yields the worked model; the run is of A's version, what is not live is as in B's."""
    worked = hand_worked()
    with Engine.opened(worked.model, Graph.of(worked.model), worked.margin) as engine:
        yield worked, engine, Sides.of(engine, worked.aligned).exchanged()


def live_edges(graph: Graph, replaced: list[Edge]) -> Bools:
    """Returns every edge but those replaced."""
    live = graph.edges.copy()
    for writer, reader in replaced:
        live[graph.writers.index(writer), graph.readers.index(reader)] = False
    return live


def test_every_set_of_nodes_worked_by_hand_gives_its_integer() -> None:
    with by_hand() as (worked, engine, sides):
        sets = [nodes for nodes in worked.nodes if "embed" not in nodes]
        outside = np.array([[w in nodes for w in engine.graph.writers] for nodes in sets])
        found = node_circuits(engine, sides, ~outside)[:, 0]
        expected = torch.tensor([worked.nodes[nodes] for nodes in sets]).double()
        assert len(sets) == 64
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-7)


def test_all_edges_of_every_set_of_nodes_give_its_integer() -> None:
    with by_hand() as (worked, engine, sides):
        for nodes, expected in worked.nodes.items():
            found = edge_circuit(engine, sides, live_edges(engine.graph, edges_of(nodes)))
            assert abs(float(found) - expected) < 1e-7, nodes


def test_sets_of_edges_worked_by_hand_give_their_integers() -> None:
    rng = np.random.default_rng(0)
    with by_hand() as (worked, engine, sides):
        edges, seen = list(worked.edges), set()
        for _ in range(150):
            replaced = [edge for edge in edges if rng.random() < rng.random()]
            found = edge_circuit(engine, sides, live_edges(engine.graph, replaced))
            assert abs(float(found) - integer(replaced)) < 1e-7, replaced
            seen.add(integer(replaced))
        assert len(seen) > 12
