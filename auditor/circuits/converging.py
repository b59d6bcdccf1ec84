"""Scores of many pairs: packed into passes, with as many steps of the path as each pair needs.

Doubling the steps quarters the error of a trapezoid rule, so a third of the difference between two
results is what the finer one still lacks: it is added (Richardson), and the scores add up to the
effect with a few steps where the plain rule takes dozens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from auditor.circuits.base import Aligned, Bools, Floats, Ints
from auditor.circuits.engine import Engine
from auditor.circuits.patching import TOKENS
from auditor.circuits.paths import even
from auditor.circuits.scores import Method, Scored, score_pairs
from auditor.errors import ModelError

FIRST_STEPS = 4
SMALLEST_EFFECT = 1e-6
"""Log-odds. A smaller mean effect is rounding, and nothing carries it."""

Tell = Callable[[int, int], None]
"""Told how many of how many pairs are done."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How finely paths are walked."""

    steps: int | None = None
    """For every pair. None: doubled until the scores add up to the effect, pair by pair."""
    tolerance: float = 0.05
    """Of the worst cut's error, as a share of the mean |effect|."""
    max_steps: int = 64


@dataclass(frozen=True, slots=True)
class PairScores:
    """Scores pair by pair, of group B's version against group A's."""

    edges: npt.NDArray[np.float32]  # [pair, writer, reader], log-odds; 0 where there is no edge
    nodes: Floats  # [pair, writer], log-odds
    effect: Floats  # [pair], log-odds
    error: Floats
    """[pair], the worst, over cuts of the graph, of |scores over the cut - effect|, as a share of
    the mean |effect| of all pairs. Of filled pairs over the last cut alone: see `paths`."""
    steps: Ints  # [pair], of the path


def score_all(
    engine: Engine,
    pairs: Aligned,
    method: Method = "conductance",
    precision: Precision = Precision(),
    tell: Tell = lambda _, __: None,
) -> PairScores:
    """Returns scores of all edges and components of every pair.

    Raises:
        ModelError: the two versions of every pair have one and the same margin.
    """
    effect = effects(engine, pairs)
    scale = float(np.abs(effect).mean())
    if not scale > SMALLEST_EFFECT:
        raise ModelError(
            f"the two versions of all {len(pairs)} pairs have the same {engine.margin.name} (mean "
            f"difference {scale:.1e}): there is no effect that a circuit could carry"
        )
    doubled = precision.steps is None and method == "conductance"
    walk = _Walk(engine, pairs, method, precision, effect)
    steps = precision.steps or FIRST_STEPS
    todo, done = np.arange(len(pairs)), 0
    while len(todo):
        short = walk.walk(todo, steps, doubled)
        last = not doubled or 2 * steps > precision.max_steps
        done += len(todo) if last else int((~short).sum())
        tell(done, len(pairs))
        todo = todo[short] if not last else todo[:0]
        steps *= 2
    return walk.result()


def effects(engine: Engine, pairs: Aligned) -> Floats:
    """Returns M(x') - M(x). [pair], log-odds"""
    found = np.zeros(len(pairs))
    with torch.no_grad():
        for rows in by_size(pairs, np.arange(len(pairs)), TOKENS):
            part = pairs.rows(rows)
            change = engine.margins(part.b, part.read) - engine.margins(part.a, part.read)
            found[rows] = change.double().cpu().numpy()
    return found


def by_size(pairs: Aligned, rows: Ints, tokens: int) -> Iterator[Ints]:
    """Yields rows of like length that pass the model at once, within so many tokens."""
    lengths = pairs.lengths[rows]
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * lengths[order[stop]] <= tokens:
            stop += 1
        yield rows[order[start:stop]]
        start = stop


class _Walk:
    """Scores so far, and how many steps they took."""

    def __init__(
        self, engine: Engine, pairs: Aligned, method: Method, precision: Precision, effect: Floats
    ) -> None:
        graph = engine.graph
        self.engine, self.pairs, self.method = engine, pairs, method
        self.precision, self.effect = precision, effect
        self.scale = float(np.abs(effect).mean())
        self.edges = np.zeros((len(pairs), len(graph.writers), len(graph.readers)), np.float32)
        self.nodes = np.zeros((len(pairs), len(graph.writers)))
        self.error = np.zeros(len(pairs))
        self.steps = np.zeros(len(pairs), np.int64)
        self.even = even(pairs).cpu().numpy()
        self.coarse: dict[int, Scored] = {}

    def walk(self, todo: Ints, steps: int, doubled: bool) -> Bools:
        """Scores some pairs with so many steps; returns which of them are not there yet."""
        for rows in by_size(self.pairs, todo, TOKENS // (steps + 1)):
            found = score_pairs(self.engine, self.pairs.rows(rows), self.method, steps)
            for i, row in enumerate(rows.tolist()):
                one = _row(found, i)
                self._keep(row, _sharpened(one, self.coarse.pop(row, None)), steps)
                if doubled:
                    self.coarse[row] = one
        short: Bools = self.error[todo] > self.precision.tolerance
        for row in todo[~short].tolist():
            self.coarse.pop(row, None)
        return short

    def _keep(self, row: int, scored: Scored, steps: int) -> None:
        self.edges[row] = scored.edges.float().cpu().numpy()
        self.nodes[row] = scored.nodes.double().cpu().numpy()
        # What comes into sight between two cuts is carried by no writer before the second.
        cuts = self.engine.graph.cuts[0 if self.even[row] else -1 :]
        self.error[row] = worst_cut(scored.edges, float(self.effect[row]), cuts) / self.scale
        self.steps[row] = steps

    def result(self) -> PairScores:
        return PairScores(self.edges, self.nodes, self.effect, self.error, self.steps)


def _row(scored: Scored, i: int) -> Scored:
    return Scored(scored.edges[i], scored.nodes[i], scored.effect[i])


def _sharpened(fine: Scored, coarse: Scored | None) -> Scored:
    """Returns the finer result with what it still lacks, where a coarser one tells it."""
    if coarse is None:
        return fine
    edges, nodes = (
        new + (new - old) / 3
        for new, old in ((fine.edges, coarse.edges), (fine.nodes, coarse.nodes))
    )
    return replace(fine, edges=edges, nodes=nodes)


def worst_cut(edges: torch.Tensor, effect: float, cuts: Sequence[tuple[int, int]]) -> float:
    """Returns the largest |scores over a cut - effect| of one pair.

    Args:
        edges: [writer, reader]
        cuts: of `Graph.cuts`.
    """
    return max(abs(float(edges[:written, read:].sum()) - effect) for written, read in cuts)
