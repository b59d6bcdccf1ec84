"""The model worked by hand says its integers, by the oracle, under every set of replacements."""

from __future__ import annotations

import torch

from tests.circuits.oracle import edge_patch, margins, node_patch
from tests.circuits.worked import hand_worked, integer

BY_HAND = {
    "embed": 8,
    "a0.h0": -2,  # e = 6 - 9, f = 2, c = -1
    "a0.h1": 4,  # e = 6 - 3, f = 4, c = -3
    "m0": 18,  # e = 12 - 3, f = 10, c = -1
    "a1.h0": 18,
    "a1.h1": -9,  # e = 1 - 9, f = 0, c = -1
    "m1": 5,  # e = 1 - 3, f = 8, c = -1
}


def test_arithmetic_is_that_done_on_paper() -> None:
    worked = hand_worked()
    assert integer() == -3
    assert {node: worked.nodes[frozenset([node])] for node in BY_HAND} == BY_HAND
    assert len(worked.nodes) == 128


def test_the_model_says_both_versions() -> None:
    worked = hand_worked()
    sides = margins(worked.model, worked.aligned, worked.margin)
    torch.testing.assert_close(torch.cat(sides), torch.tensor([-3.0, 8.0]).double())


def test_every_set_of_nodes_gives_its_integer() -> None:
    worked = hand_worked()
    for nodes, expected in worked.nodes.items():
        got = node_patch(worked.model, worked.aligned, nodes, margin=worked.margin)
        assert abs(float(got) - expected) < 1e-7, nodes


def test_every_edge_gives_its_integer() -> None:
    worked = hand_worked()
    assert len(set(worked.edges.values())) > 5
    for edge, expected in worked.edges.items():
        got = edge_patch(worked.model, worked.aligned, [edge], margin=worked.margin)
        assert abs(float(got) - expected) < 1e-7, edge
