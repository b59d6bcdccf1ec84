"""Exact effects: what the margin does when components or edges are as in the other version.

Scores propose, these decide. Many (component, pair) rows pass the model at once, and only the
blocks from the patched one on: what enters it is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch

from auditor.circuits.base import Aligned, Inputs, Kind, Node, unflat
from auditor.circuits.engine import Engine, States, down_tap, out_tap
from auditor.circuits.graph import Mlp, Sublayer
from auditor.circuits.skeleton import Outputs, outputs_of, seen, streams
from auditor.circuits.taps import Tap

TOKENS = 8_192
"""Tokens that pass the model at once."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both versions of a few pairs, as the model computes them."""

    pairs: Aligned
    a: States
    b: States

    @classmethod
    def of(cls, engine: Engine, pairs: Aligned) -> Sides:
        return cls(pairs, engine.states(pairs.a, pairs.read), engine.states(pairs.b, pairs.read))

    @property
    def effect(self) -> torch.Tensor:
        """M(x') - M(x). [pair]"""
        return self.b.margin - self.a.margin

    def exchanged(self) -> Sides:
        return Sides(self.pairs.exchanged(), self.b, self.a)


def node_effects(engine: Engine, sides: Sides, nodes: Sequence[Node]) -> torch.Tensor:
    """Returns M(x with z_u := z_u(x')) - M(x) of every component u. [pair, component]

    0: it makes no difference by itself. The embedding's is the whole effect. For the exact
    necessity of components, exchange the sides and the sign.
    """
    found = torch.empty(len(sides.pairs), len(nodes), dtype=torch.float64)
    order = sorted(range(len(nodes)), key=lambda i: (nodes[i].layer, nodes[i].rank))
    for (layer, _), same in groupby(order, key=lambda i: (nodes[i].layer, nodes[i].rank)):
        for part in _parts(list(same), sides.pairs):
            patched = _patched(engine, sides, max(layer, 0), [nodes[i] for i in part])
            found[:, part] = (patched - sides.a.margin).double().cpu().T
    return found


def _parts(items: list[int], pairs: Aligned) -> Iterator[list[int]]:
    """Yields so many at a time that all pairs of each fit a pass."""
    size = max(1, TOKENS // max(1, len(pairs) * pairs.width))
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _patched(engine: Engine, sides: Sides, layer: int, nodes: Sequence[Node]) -> torch.Tensor:
    """Returns M(x) with one component of the layer replaced at a time. [component, pair]"""
    times, first = len(nodes), nodes[0]
    entering, taps = sides.a.entering[layer], []
    if first.kind is Kind.EMBED:
        entering = sides.b.embed
    elif first.kind is Kind.MLP:
        taps = [down_tap(engine.graph.mlps[layer], _all_of(sides.b.mlp[layer]))]
    else:
        heads = [node.head for node in nodes]
        taps = [out_tap(engine.graph.attentions[layer], _heads_of(sides.b.z[layer], heads))]
    return _resumed(engine, sides.pairs, times, layer, entering, taps)


def _resumed(
    engine: Engine,
    pairs: Aligned,
    times: int,
    layer: int,
    entering: torch.Tensor,
    taps: Sequence[Tap],
) -> torch.Tensor:
    """Returns margins of all pairs, several times over. [time, pair]"""
    if len(entering) == len(pairs):
        entering = entering.repeat(times, 1, 1)
    margins = engine.resumed(
        repeated(pairs.a, times),
        pairs.read.repeat(times),
        layer=layer,
        entering=entering,
        taps=taps,
    )
    return unflat(margins, 0, (times, -1))


def repeated(inputs: Inputs, times: int) -> Inputs:
    """Returns all rows, several times over."""
    return {name: each.repeat(times, 1) for name, each in inputs.items()}


def _all_of(value: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda own: value.reshape(own.shape)


def _heads_of(z: torch.Tensor, heads: Sequence[int]) -> Callable[[torch.Tensor], torch.Tensor]:
    """Puts one head of z, [row, position, head, ...], into each of as many copies of the rows."""

    def see(own: torch.Tensor) -> torch.Tensor:
        split = unflat(unflat(own, -1, z.shape[2:]), 0, (len(heads), -1)).clone()
        for i, head in enumerate(heads):
            split[i, :, :, head] = z[:, :, head]
        return split.flatten(0, 1).flatten(-2)

    return see


@dataclass(frozen=True, slots=True)
class EdgeName:
    """An edge as its ends are called."""

    writer: str
    reader: str


def edge_effects(engine: Engine, sides: Sides, edges: Sequence[EdgeName]) -> torch.Tensor:
    """Returns what the margin of x changes when one reader sees one writer as in x'. [pair, edge]

    All other readers see that writer as it is in x; what comes after the reader is recomputed.
    """
    change = sides.b.minus(sides.a)
    outputs = outputs_of(engine.graph, sides.a)
    found = torch.empty(len(sides.pairs), len(edges), dtype=torch.float64)
    order = sorted(range(len(edges)), key=lambda i: edges[i].reader)
    for reader, same in groupby(order, key=lambda i: edges[i].reader):
        for part in _parts(list(same), sides.pairs):
            moved = [
                outputs.changed(engine.graph, Node.parse(edges[i].writer), change) for i in part
            ]
            patched = _read(engine, sides, reader, moved)
            found[:, part] = (patched - sides.a.margin).double().cpu().T
    return found


def _read(engine: Engine, sides: Sides, reader: str, moved: Sequence[Outputs]) -> torch.Tensor:
    """Returns M(x) where one reader sees these outputs in place of its own. [outputs, pair]"""
    graph, pairs, times = engine.graph, sides.pairs, len(moved)
    found = [streams(graph, each) for each in moved]
    if reader == "out":
        last = graph.blocks[-1]
        value = torch.cat([each.output for each in found])
        tap = Tap(last, "the last block", _all_of(value))
        layer = graph.layers - 1
        return _resumed(engine, pairs, times, layer, sides.a.entering[layer], [tap])
    by, head, part = graph.reader_of(reader)
    value = seen(by, torch.cat([each.at[by.name] for each in found]))
    taps = [_reader_tap(by, head, part, value)]
    return _resumed(engine, pairs, times, by.layer, sides.a.entering[by.layer], taps)


def _reader_tap(by: Sublayer, head: int, part: str, sees: torch.Tensor) -> Tap:
    """Returns the tap that lets one reader see something else. [row, position, dimension]"""
    if isinstance(by, Mlp):
        return Tap(by.module, by.name, _all_of(sees), entering=True)
    projection = by.projections["qkv".index(part)]
    columns = projection.columns[head]

    def see(own: torch.Tensor) -> torch.Tensor:
        new = own.clone()
        new[..., columns] = projection.of_head(head, sees)
        return new

    return Tap(projection.module, projection.name, see, first=by.reused)
