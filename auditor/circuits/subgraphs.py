"""Runs in which only a circuit is live: everything outside it is as in the other version.

The run is of x' (B's version); what is outside the circuit is put to what it is for x. The
embedding is always live. With every component live it is M(x'); with none, what the embedding
carries to the output directly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from auditor.circuits.base import Bools, unflat
from auditor.circuits.engine import Engine, down_tap, out_tap
from auditor.circuits.graph import Attention, Graph, Sublayer
from auditor.circuits.patching import TOKENS, Sides, repeated
from auditor.circuits.skeleton import added, outputs_of, seen
from auditor.circuits.taps import Tap


@torch.no_grad()
def node_circuits(engine: Engine, sides: Sides, live: Bools) -> torch.Tensor:
    """Returns the margin of every pair where only some components are live. [circuit, pair]

    Args:
        live: which components are as the run makes them. [circuit, writer]
    """
    circuits = torch.as_tensor(live, device=sides.a.margin.device)
    at_once = max(1, TOKENS // (len(sides.pairs) * sides.pairs.width))
    found = [_node_margins(engine, sides, part) for part in torch.split(circuits, at_once)]
    return torch.cat(found).double().cpu()


def _node_margins(engine: Engine, sides: Sides, live: torch.Tensor) -> torch.Tensor:
    graph, pairs, times = engine.graph, sides.pairs, len(live)
    rows = live.repeat_interleave(len(pairs), dim=0)  # [circuit x pair, writer]
    taps = [
        out_tap(each, _kept(rows[:, each.writers], sides.a.z[each.layer], times))
        for each in graph.attentions
    ]
    taps += [
        down_tap(each, _kept(rows[:, each.writers], sides.a.mlp[each.layer][:, :, None], times))
        for each in graph.mlps
    ]
    margins = engine.margins(repeated(pairs.b, times), pairs.read.repeat(times), taps)
    return unflat(margins, 0, (times, -1))


def _kept(
    live: torch.Tensor, other: torch.Tensor, times: int
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Keeps what is live, and puts the other version in the place of the rest.

    Args:
        live: [row, writer]
        other: [pair, position, writer, dimension]
    """

    def see(own: torch.Tensor) -> torch.Tensor:
        split = own.reshape(times * len(other), *other.shape[1:])
        kept = torch.where(live[:, None, :, None], split, other.repeat(times, 1, 1, 1))
        return kept.reshape(own.shape)

    return see


@torch.no_grad()
def edge_circuit(engine: Engine, sides: Sides, live: Bools) -> torch.Tensor:
    """Returns the margin of every pair where only some edges are live. [pair]

    Every reader sees the writers of its live edges as the run makes them, all others as in x.

    Args:
        live: [writer, reader]
    """
    run = _EdgeRun(engine.graph, sides, torch.as_tensor(live & engine.graph.edges))
    return engine.margins(sides.pairs.b, sides.pairs.read, run.taps()).double().cpu()


class _EdgeRun:
    """The residual stream that each reader sees, kept up to date as the run goes on."""

    def __init__(self, graph: Graph, sides: Sides, live: torch.Tensor) -> None:
        self.graph = graph
        self.other = sides.a
        self.outputs = outputs_of(graph, sides.a)
        self.edges = torch.as_tensor(graph.edges)
        self.live = live.to(sides.a.embed)
        change = sides.b.embed - sides.a.embed
        share = self.live[0].reshape(-1, 1, 1, 1)
        self.stream = sides.a.embed + share * change  # [reader, row, position, dimension]

    def taps(self) -> list[Tap]:
        taps = [tap for attention in self.graph.attentions for tap in self._attention(attention)]
        for mlp in self.graph.mlps:
            taps.append(Tap(mlp.module, mlp.name, self._mlp_sees(mlp), entering=True))
            taps.append(down_tap(mlp, self._writes(mlp)))
        last = self.graph.blocks[-1]
        return [*taps, Tap(last, "the last block", lambda own: self.stream[-1].reshape(own.shape))]

    def _attention(self, by: Attention) -> list[Tap]:
        sees = {p.module: p.name for p in by.projections}
        taps = [
            Tap(module, name, self._projected(by, module), first=by.reused)
            for module, name in sees.items()
        ]
        return [*taps, out_tap(by, self._writes(by))]

    def _projected(self, by: Attention, module: Any) -> Callable[[torch.Tensor], torch.Tensor]:
        """Every head's q, k and v of what that reader sees."""

        def see(own: torch.Tensor) -> torch.Tensor:
            new = own.clone()
            sees = iter(seen(by, self.stream[by.readers]))
            for projection in by.projections:
                for head, columns in enumerate(projection.columns):
                    reader = next(sees)
                    if projection.module is module:
                        new[..., columns] = projection.of_head(head, reader)
            return new

        return see

    def _mlp_sees(self, by: Sublayer) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda own: seen(by, self.stream[by.readers][0]).reshape(own.shape)

    def _writes(self, by: Sublayer) -> Callable[[torch.Tensor], None]:
        """Adds what a sublayer writes to what later readers see."""

        def see(own: torch.Tensor) -> None:
            change = self._change(by, own)  # [writer, row, position, dimension]
            later = self.edges[by.writers.start]  # [reader]
            live = self.live[by.writers][:, later]  # [writer, reader]
            moved = torch.einsum("wr,wbpd->rbpd", live, change)
            stream = self.stream[later] + added(by, self.outputs.of(by) + moved)
            norm = by.norms.residual
            self.stream[later] = stream if norm is None else norm.module.forward(stream)

        return see

    def _change(self, by: Sublayer, own: torch.Tensor) -> torch.Tensor:
        if not isinstance(by, Attention):
            other = self.other.mlp[by.layer]
            return (own.reshape(other.shape) - other)[None]
        z = unflat(own, -1, (by.heads, -1)) - self.other.z[by.layer]
        return torch.einsum("bphd,hdm->hbpm", z, by.out_weight)


def live_nodes(graph: Graph, circuits: Sequence[Sequence[str]]) -> Bools:
    """Returns which components are live in each circuit, the embedding always. [circuit, writer]"""
    index = {name: i for i, name in enumerate(graph.writers)}
    live = np.zeros((len(circuits), len(index)), np.bool_)
    live[:, 0] = True
    for row, names in enumerate(circuits):
        live[row, [index[name] for name in names]] = True
    return live
