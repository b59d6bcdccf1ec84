"""Random sets of components, matched with a circuit in type, layer and size: its controls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np

from auditor.circuits.base import Kind, Node

_ENUMERATED = 4
"""Times the sets asked for: where there are no more of them, all are listed and some taken."""

Pool = tuple[tuple[Node, ...], int]
"""Components of one type (and layer), and how many of them a set has."""


def random_sets(
    nodes: Sequence[Node], members: Sequence[Node], count: int, seed: int
) -> list[tuple[Node, ...]]:
    """Returns distinct random sets with as many heads in each layer and as many MLPs as `members`.

    Heads are drawn from all heads of their layer. A layer has one MLP, so MLPs are drawn from those
    that are no members, or from all where those leave no choice. The embedding stays. The set of
    the members is never among them. Fewer than `count` come back where there are no more: a set
    drawn twice is no second control, and p cannot be smaller than one in all the sets there are.

    Args:
        nodes: of the whole model.
        members: of the circuit.
        seed: the same sets for the same seed.
    """
    rng = np.random.default_rng(seed)
    found = tuple(sorted(set(members)))
    pools = _pools(sorted(set(nodes)), found)
    there_are = math.prod(math.comb(len(pool), size) for pool, size in pools)
    if there_are <= _ENUMERATED * count:
        return _some_of_all(pools, found, count, rng)
    drawn: dict[tuple[Node, ...], None] = {}  # a set that keeps the order of drawing
    while len(drawn) < count:
        one = _drawn(pools, rng)
        if one != found:
            drawn[one] = None
    return list(drawn)


def _pools(nodes: Sequence[Node], members: Sequence[Node]) -> list[Pool]:
    pools: list[Pool] = []
    for layer in dict.fromkeys(node.layer for node in members if node.kind is Kind.HEAD):
        heads = tuple(n for n in nodes if n.kind is Kind.HEAD and n.layer == layer)
        pools.append((heads, sum(n in heads for n in members)))
    mlps = tuple(n for n in nodes if n.kind is Kind.MLP)
    others = tuple(n for n in mlps if n not in members)
    wanted = len([n for n in members if n.kind is Kind.MLP])
    pools.append((others if len(others) > wanted else mlps, wanted))
    fixed = tuple(n for n in members if n.kind is Kind.EMBED)
    return [*pools, (fixed, len(fixed))]


def _some_of_all(
    pools: Sequence[Pool], found: tuple[Node, ...], count: int, rng: np.random.Generator
) -> list[tuple[Node, ...]]:
    chosen = product(*(combinations(pool, size) for pool, size in pools))
    every = [one for parts in chosen if (one := _sorted(parts)) != found]
    return [every[i] for i in rng.permutation(len(every))[:count]]


def _drawn(pools: Sequence[Pool], rng: np.random.Generator) -> tuple[Node, ...]:
    picks = ((pool, rng.choice(len(pool), size, replace=False)) for pool, size in pools if size)
    return _sorted([[pool[i] for i in places] for pool, places in picks])


def _sorted(parts: Sequence[Sequence[Node]]) -> tuple[Node, ...]:
    return tuple(sorted(node for part in parts for node in part))
