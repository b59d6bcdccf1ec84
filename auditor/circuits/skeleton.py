"""The residual stream recomputed from what was written into it, exactly.

`Graph.program` without the sublayers themselves: adds and norms. It gives what a reader sees when
some writers are replaced and all others stay, which is what patching an edge means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from auditor.circuits.base import Kind, Node
from auditor.circuits.engine import States
from auditor.circuits.graph import Attention, Graph, Read, Sublayer, Write


@dataclass(frozen=True, slots=True)
class Streams:
    """The residual stream wherever it is read."""

    at: dict[str, torch.Tensor]
    """Name of a sublayer -> [row, position, dimension], before its own norm."""
    output: torch.Tensor  # [row, position, dimension], what leaves the last block


@dataclass(frozen=True, slots=True)
class Outputs:
    """What every sublayer wrote, before its own norm."""

    embed: torch.Tensor  # [row, position, dimension]
    attention: tuple[torch.Tensor, ...]  # [layer] of [row, position, dimension]
    mlp: tuple[torch.Tensor, ...]  # [layer] of [row, position, dimension]

    def of(self, by: Sublayer) -> torch.Tensor:
        return (self.attention if isinstance(by, Attention) else self.mlp)[by.layer]

    def changed(self, graph: Graph, node: Node, change: States) -> Outputs:
        """Returns the same with one writer's output moved by its change."""
        if node.kind is Kind.EMBED:
            return Outputs(self.embed + change.embed, self.attention, self.mlp)
        moved = self.of(graph.sublayer_of(node)) + written(graph, node, change)
        if node.kind is Kind.MLP:
            return Outputs(self.embed, self.attention, _put(self.mlp, node.layer, moved))
        return Outputs(self.embed, _put(self.attention, node.layer, moved), self.mlp)


def _put(
    layers: Sequence[torch.Tensor], layer: int, value: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    return (*layers[:layer], value, *layers[layer + 1 :])


@torch.no_grad()
def outputs_of(graph: Graph, states: States) -> Outputs:
    """Returns what every sublayer wrote in a pass."""
    attention = tuple(
        each.out.forward(z.flatten(-2)) for each, z in zip(graph.attentions, states.z, strict=True)
    )
    return Outputs(states.embed, attention, states.mlp)


def written(graph: Graph, node: Node, states: States) -> torch.Tensor:
    """Returns what a head or MLP wrote, without the bias. [row, position, dimension]"""
    if node.kind is Kind.EMBED:
        return states.embed
    if node.kind is Kind.MLP:
        return states.mlp[node.layer]
    weight = graph.attentions[node.layer].out_weight[node.head]
    return states.z[node.layer][:, :, node.head] @ weight


@torch.no_grad()
def streams(graph: Graph, outputs: Outputs) -> Streams:
    """Returns the residual stream that these outputs make, at every reader."""
    at: dict[str, torch.Tensor] = {}
    stream = outputs.embed
    for step in graph.program:
        if isinstance(step, Read):
            at[step.by.name] = stream
        elif isinstance(step, Write):
            stream = stream + added(step.by, outputs.of(step.by))
        else:
            stream = step.norm.module.forward(stream)
    return Streams(at, stream)


def added(by: Sublayer, output: torch.Tensor) -> torch.Tensor:
    """Returns what is added to the residual stream of a sublayer's output. [..., dimension]"""
    norm = by.norms.write
    through: torch.Tensor = output if norm is None else norm.module.forward(output)
    return through


def seen(by: Sublayer, stream: torch.Tensor) -> torch.Tensor:
    """Returns what a sublayer's readers see of the residual stream. [..., dimension]"""
    norm = by.norms.read
    through: torch.Tensor = stream if norm is None else norm.module.forward(stream)
    return through
