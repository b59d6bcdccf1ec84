"""Random sets are matched in type, layer and size, distinct, and never the circuit."""

from __future__ import annotations

from collections import Counter

import pytest

from auditor.circuits.base import Kind, Node
from auditor.circuits.random_sets import random_sets

LAYERS, HEADS = 4, 6
NODES = [
    Node.embed(),
    *(Node.of_head(layer, head) for layer in range(LAYERS) for head in range(HEADS)),
    *(Node.of_mlp(layer) for layer in range(LAYERS)),
]


def nodes(names: str) -> list[Node]:
    return [Node.parse(name) for name in names.split()]


def shape(members: tuple[Node, ...] | list[Node]) -> Counter[tuple[Kind, int]]:
    """How many of each type, heads by layer."""
    return Counter((n.kind, n.layer if n.kind is Kind.HEAD else 0) for n in members)


@pytest.mark.parametrize(
    "names", ["a1.h2", "a0.h0 a0.h3 a2.h5 m1 m3", "embed a3.h0 m0", "a0.h0 a1.h0 a2.h0 m0"]
)
def test_sets_have_the_types_layers_and_size_of_the_circuit(names: str) -> None:
    found = random_sets(NODES, nodes(names), 50, seed=0)
    assert all(shape(one) == shape(nodes(names)) for one in found)
    assert len(set(found)) == len(found)
    assert all(len(set(one)) == len(one) for one in found)


def test_the_circuit_itself_is_never_drawn() -> None:
    members = tuple(nodes("a1.h0 a1.h1"))
    found = random_sets(NODES, list(reversed(members)), 200, seed=0)
    assert len(found) == 14  # all others of the 15 pairs of 6 heads
    assert members not in found
    assert members not in random_sets(NODES, members, 3, seed=5)


def test_mlps_come_from_layers_whose_mlp_is_no_member_while_there_are_enough() -> None:
    found = random_sets(NODES, nodes("a0.h0 m1"), 200, seed=0)
    assert {node for one in found for node in one if node.rank} == set(nodes("m0 m2 m3"))
    crowded = random_sets(NODES, nodes("m0 m1 m2"), 200, seed=0)
    assert len(crowded) == 3  # C(4, 3), less the circuit
    half = random_sets(NODES, nodes("m0 m1"), 200, seed=0)
    assert len(half) == 5  # the two others alone would be one set, drawn always


@pytest.mark.parametrize(("names", "count"), [("a0.h0 a1.h0 a2.h0 m0", 20), ("a0.h0 a1.h1", 10)])
def test_the_seed_decides_which(names: str, count: int) -> None:
    """Of many sets, some are drawn; of few, all are listed and some taken."""
    members = nodes(names)
    first = random_sets(NODES, members, count, seed=1)
    assert len(first) == count
    assert first == random_sets(list(reversed(NODES)), members, count, seed=1)
    assert set(first) != set(random_sets(NODES, members, count, seed=2))


def test_a_circuit_without_alternatives_has_no_random_set() -> None:
    everything = [node for node in NODES if node.layer == 0 and not node.rank]
    assert random_sets(NODES, everything, 200, seed=0) == []


def test_every_matched_set_is_as_likely() -> None:
    drawn = Counter(
        one for seed in range(600) for one in random_sets(NODES, nodes("a0.h0 a1.h1"), 2, seed=seed)
    )
    assert len(drawn) == 35
    assert max(drawn.values()) < 65  # 34 expected, SD 6
    assert min(drawn.values()) > 12
