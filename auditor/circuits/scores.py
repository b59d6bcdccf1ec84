"""Scores of edges and components: how much of the effect each carries, to first order.

All edges of a pass are scored with one backward pass. What a writer writes reaches a reader through
adds and norms alone, so its change is pushed forward along the residual stream (through the norms'
derivatives) and, at every reader, multiplied with the gradient there. `walk` says at which points
between the two versions gradients are taken, and which changes they are multiplied with:

- eap: the whole change, the gradient at x.
- eap-ig: the whole change, the mean gradient along the straight path of what enters the first
  block. A ranking; it does not add up to the effect.
- conductance: at each point of the path the change of the writer there. By the chain rule the
  scores over any cut of the graph add up to the effect, up to the steps' error, and change their
  sign when the versions are exchanged. The sum is a trapezoid rule, whose error falls with the
  square of the steps, and which is exact in that sign at any number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from auditor.circuits.base import Aligned, unflat
from auditor.circuits.engine import Engine, Slopes, States
from auditor.circuits.graph import Attention, Graph, Mlp, Read, Sublayer, Write
from auditor.circuits.paths import line, path_inputs
from auditor.circuits.taps import Tap, tapped

Method = Literal["conductance", "eap", "eap-ig"]
METHODS: tuple[Method, ...] = ("conductance", "eap-ig", "eap")

STACK_BYTES = 2**26
"""What the changes of all writers may take at once; more rows are scored in turn."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of a few pairs, of x' against x."""

    edges: torch.Tensor  # [pair, writer, reader]; 0 where there is no edge
    nodes: torch.Tensor  # [pair, writer], by gradients at the writers: another way than `edges`
    effect: torch.Tensor  # [pair], M(x') - M(x)

    @property
    def error(self) -> torch.Tensor:
        """How far the scores into the output are from the effect, as a share of it. [pair]"""
        return (self.edges[:, :, -1].sum(1) - self.effect).abs() / self.effect.abs()


def score_pairs(engine: Engine, pairs: Aligned, method: Method, steps: int) -> Scored:
    """Returns scores of every edge and component, pair by pair.

    Args:
        pairs: so few that all points of their paths pass the model at once: see
            `converging.by_size`.
        steps: of the path; eap takes none.
    """
    return _scored(engine.graph, walk(engine, pairs, method, steps))


@dataclass(frozen=True, slots=True)
class Walk:
    """Gradients between the two versions of pairs, and the changes they are multiplied with.

    Rows are points of the pairs' paths: point after point, the pairs in order within each.
    """

    slopes: Slopes
    change: States
    effect: torch.Tensor  # [pair], M(x') - M(x)
    changed: Callable[..., torch.Tensor]
    """The change of any other tensor, of what it was in each pass that taps saw, in their order.
    [row, ...]"""
    total: Callable[[torch.Tensor], torch.Tensor]
    """Products summed over each pair's path. [row, ...] -> [pair, ...]"""


def walk(
    engine: Engine, pairs: Aligned, method: Method, steps: int, taps: Sequence[Tap] = ()
) -> Walk:
    """Returns gradients and changes along the way of each pair; arguments as of `score_pairs`.

    Args:
        taps: see, pass by pass, what `Walk.changed` takes.
    """
    if method == "eap":
        other = engine.states(pairs.b, pairs.read, taps)
        with tapped(taps):
            states, slopes = engine.slopes(pairs.a, pairs.read)
        change = other.minus(states)
        return Walk(slopes, change, change.margin, torch.sub, _pair_by_pair)
    points = steps + 1
    inputs, read = path_inputs(engine, pairs, points), pairs.read.repeat(points)
    path = line(engine.embedded(pairs.a), engine.embedded(pairs.b), points)
    with tapped(taps):
        states, slopes = engine.slopes(inputs, read, path)
    along = _Along(points)
    margins = along.split(states.margin)
    changed = along.whole if method == "eap-ig" else along.halves
    effect = margins[-1] - margins[0]
    return Walk(slopes, along.each(states, changed), effect, changed, along.total)


@dataclass(frozen=True, slots=True)
class _Along:
    """Rows that are points of paths: point after point, the pairs in order within each."""

    points: int

    def split(self, rows: torch.Tensor) -> torch.Tensor:
        """[point x pair, ...] -> [point, pair, ...]"""
        return unflat(rows, 0, (self.points, -1))

    def halves(self, rows: torch.Tensor) -> torch.Tensor:
        """Returns half the way from the point before to the point after: the trapezoid rule sums
        a gradient over the half steps on either side of it. [point x pair, ...]"""
        steps = self.split(rows).diff(dim=0) / 2
        halves = torch.zeros_like(self.split(rows))
        halves[:-1] += steps
        halves[1:] += steps
        return halves.flatten(0, 1)

    def whole(self, rows: torch.Tensor) -> torch.Tensor:
        """Returns the whole way, weighted so that gradients are averaged. [point x pair, ...]"""
        split = self.split(rows)
        weights = rows.new_ones(self.points)
        weights[[0, -1]] /= 2
        weights = weights.reshape(-1, *[1] * (split.dim() - 1)) / weights.sum()
        return (weights * (split[-1] - split[0])).flatten(0, 1)

    def total(self, rows: torch.Tensor) -> torch.Tensor:
        """[point x pair, ...] -> [pair, ...]"""
        return self.split(rows).sum(0)

    def each(self, states: States, change: Callable[[torch.Tensor], torch.Tensor]) -> States:
        return States(
            states.margin,
            change(states.embed),
            tuple(map(change, states.z)),
            tuple(map(change, states.mlp)),
            (),
        )


def _pair_by_pair(rows: torch.Tensor) -> torch.Tensor:
    return rows


def _scored(graph: Graph, way: Walk) -> Scored:
    edges = edge_products(graph, way.slopes, way.change)
    nodes = node_products(way.slopes, way.change).sum(2)
    return Scored(way.total(edges), way.total(nodes), way.effect)


def _bytes_per_row(graph: Graph, embed: torch.Tensor) -> int:
    return len(graph.writers) * embed[0].numel() * embed.element_size()


def node_products(slopes: Slopes, change: States) -> torch.Tensor:
    """Returns every writer's change times the margin's gradient at it. [row, writer, position]"""
    found = [(slopes.embed * change.embed).sum(2)[:, None]]
    layers = zip(slopes.z, change.z, slopes.mlp, change.mlp, strict=True)
    for slope_z, change_z, slope_mlp, change_mlp in layers:
        found.append((slope_z * change_z).sum(3).transpose(1, 2))
        found.append((slope_mlp * change_mlp).sum(2)[:, None])
    return torch.cat(found, dim=1)


def edge_products(graph: Graph, slopes: Slopes, change: States) -> torch.Tensor:
    """Returns every writer's change, as it arrives, times the gradient of every reader.

    Shape [row, writer, reader]; 0 where there is no edge.
    """
    rows = max(1, STACK_BYTES // _bytes_per_row(graph, change.embed))
    found = [
        _edges_at_once(graph, slopes.rows(part), change.rows(part))
        for start in range(0, len(change.embed), rows)
        for part in [slice(start, start + rows)]
    ]
    return torch.cat(found)


def _edges_at_once(graph: Graph, slopes: Slopes, change: States) -> torch.Tensor:
    """Writers' changes lie in one block of memory, [place, writer, dimension], a place being one
    position of one row: norms and products act on a place's changes as on one matrix."""
    rows, positions, width = change.embed.shape
    stack = change.embed.new_empty(rows * positions, len(graph.writers), width)
    scores = change.embed.new_zeros(rows, len(graph.writers), len(graph.readers))
    stack[:, 0] = change.embed.flatten(0, 1)
    written = 1
    for step in graph.program:
        if isinstance(step, Read):
            arriving = _arriving(step.by, slopes)
            scores[:, :written, step.by.readers] = _products(stack[:, :written], arriving, rows)
        elif isinstance(step, Write):
            written = max(written, step.by.writers.stop)
            _write(step.by, change, slopes, stack[:, step.by.writers])
        else:
            at = step.norm.at(slopes.normed[step.after.name, "residual"])
            at.forward_(stack[:, :written])
    scores[:, :, -1:] = _products(stack, slopes.output.flatten(0, 1)[:, None], rows)
    return scores


def _products(stack: torch.Tensor, gradients: torch.Tensor, rows: int) -> torch.Tensor:
    """[place, writer, dimension] x [place, reader, dimension] -> [row, writer, reader]"""
    return unflat(torch.bmm(stack, gradients.mT), 0, (rows, -1)).sum(1)


def _arriving(by: Sublayer, slopes: Slopes) -> torch.Tensor:
    """Returns the gradients of a sublayer's readers, at the residual stream that they read.

    Shape [place, reader, dimension].
    """
    if isinstance(by, Mlp):
        found = slopes.mlp_inputs[by.layer].flatten(0, 1)[:, None]
    else:
        parts = zip(slopes.projections[by.layer], by.projections, strict=True)
        found = torch.cat([_through(part, each.weight) for part, each in parts], dim=1)
    if by.norms.read is None:
        return found
    return by.norms.read.at(slopes.normed[by.name, "read"]).backward(found)


def _write(by: Sublayer, change: States, slopes: Slopes, into: torch.Tensor) -> None:
    """Puts what a sublayer's writers write into the stack. [place, writer, dimension]"""
    if isinstance(by, Attention):
        into.copy_(_through(change.z[by.layer], by.out_weight))
    else:
        into[:, 0] = change.mlp[by.layer].flatten(0, 1)
    if by.norms.write is not None:
        by.norms.write.at(slopes.normed[by.name, "write"]).forward_(into)


def _through(heads: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """[row, position, head, dimension of a head] x [head, dimension of a head, dimension] ->
    [place, head, dimension]"""
    return torch.bmm(heads.flatten(0, 1).transpose(0, 1), weight).transpose(0, 1)
