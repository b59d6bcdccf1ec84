"""What components write on average: what edits put in their place, or take out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from auditor.circuits.base import Aligned, Node
from auditor.circuits.engine import Engine, States
from auditor.circuits.graph import Graph
from auditor.circuits.repair.passes import batches


@dataclass(frozen=True, slots=True)
class Means:
    """Of every head and MLP, over reference pairs."""

    written: Mapping[Node, torch.Tensor]  # [dimension], without the projection's bias
    """Mean over both versions."""
    direction: Mapping[Node, torch.Tensor]  # [dimension], of length 1, or 0 throughout
    """The mean difference between the versions; 0: the component writes the same in both."""


def component_means(engine: Engine, pairs: Aligned) -> Means:
    """Returns what every head and MLP writes on average in both versions of pairs.

    Every real token has equal weight, whichever text it stands in; padding and filler have none.
    The difference is taken where both versions have a token.

    Args:
        pairs: of discovery, so that a repair is judged on texts that it was not made from.
    """
    totals, changes, tokens = zip(*_sums(engine, pairs), strict=True)
    count = sum(tokens)
    means = [sum(each) / count for each in zip(*totals, strict=True)]
    change = [sum(each) for each in zip(*changes, strict=True)]
    bare = _by_node(engine.graph, means)
    for mlp in engine.graph.mlps:
        if mlp.down.bias is not None:
            bare[Node.of_mlp(mlp.layer)] = bare[Node.of_mlp(mlp.layer)] - mlp.down.bias.detach()
    directions = _by_node(engine.graph, change)
    return Means(bare, {node: _unit(each) for node, each in directions.items()})


Sums = list[torch.Tensor]
"""[layer] of z's sum over tokens [head, dimension of a head], then [layer] of the MLPs'
[dimension]."""


def _sums(engine: Engine, pairs: Aligned) -> Iterator[tuple[Sums, Sums, float]]:
    """Yields, batch by batch, the sum over tokens of both versions, that of their difference where
    both have a token, and how many tokens there are."""
    for rows in batches(pairs):
        part = pairs.rows(rows)
        a, b = (engine.states(side, part.read) for side in (part.a, part.b))
        on_a, on_b = (side["attention_mask"].to(a.embed) for side in (part.a, part.b))
        total = [x + y for x, y in zip(_summed(a, on_a), _summed(b, on_b), strict=True)]
        yield total, _summed(b.minus(a), on_a * on_b), float(on_a.sum() + on_b.sum())


def _summed(states: States, on: torch.Tensor) -> Sums:
    """`on`: 1 at the tokens that count. [row, position]"""
    heads = [torch.einsum("rphd,rp->hd", z, on) for z in states.z]
    return heads + [torch.einsum("rpd,rp->d", each, on) for each in states.mlp]


def _by_node(graph: Graph, sums: Sums) -> dict[Node, torch.Tensor]:
    """Returns what each component writes into the projection's output. [dimension]"""
    found: dict[Node, torch.Tensor] = {}
    for attention, z in zip(graph.attentions, sums[: graph.layers], strict=True):
        written = torch.einsum("hd,hdm->hm", z, attention.out_weight)
        found |= {Node.of_head(attention.layer, head): each for head, each in enumerate(written)}
    mlps = zip(graph.mlps, sums[graph.layers :], strict=True)
    return found | {Node.of_mlp(mlp.layer): each for mlp, each in mlps}


def _unit(vector: torch.Tensor) -> torch.Tensor:
    length = vector.norm()
    return vector / length if length > 0 else vector
