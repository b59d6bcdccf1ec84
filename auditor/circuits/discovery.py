"""Finds a circuit on discovery pairs: scores propose, significance and exact patching decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.circuits.base import Aligned, Bools, Floats, Ints
from auditor.circuits.converging import PairScores, Precision, Tell, score_all
from auditor.circuits.curves import BAND, sizes
from auditor.circuits.engine import Engine
from auditor.circuits.judging import Judge
from auditor.circuits.means import MeanIntervals, cluster_means, mean_intervals
from auditor.circuits.significance import sign_flip_p
from auditor.metrics.estimates import NOISE

LEVEL = 0.05
LARGEST = 0.5
"""Of all components: a circuit of more than half of a model explains nothing."""
PATCHED = 200
"""Components patched exactly, the largest scores first; of most models all."""
EDGES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Ranked:
    """Components, or edges, with what discovery pairs say of each."""

    scores: Floats  # [cluster, component]
    mean: MeanIntervals
    p: Floats  # [component], sign flips, max-T over all of them
    order: Ints
    """[component], from what carries most of the effect to what works most against it."""

    @classmethod
    def of(cls, scores: Floats, effect: float, seed: int) -> Ranked:
        mean = mean_intervals(scores, seed=seed)
        order = np.argsort(-mean.value * np.sign(effect), kind="stable")
        return cls(scores, mean, sign_flip_p(scores, seed), order)

    @property
    def largest(self) -> Ints:
        """[component], the largest |mean score| first."""
        return np.argsort(-np.abs(self.mean.value), kind="stable")


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, and on what grounds."""

    pairs: PairScores
    nodes: Ranked
    """Of all writers but the embedding."""
    edges: Ranked
    edge_ends: Ints  # [edge, (writer, reader)]
    members: tuple[str, ...]
    """Of the circuit, what carries most first; empty: none was confirmed."""
    edge_members: Ints  # [edge], of the circuit of edges, as numbers of `edge_ends`
    candidates: tuple[str, ...]
    """Significant and confirmed, in the same order; the circuit is the first few of them."""


def discover(
    engine: Engine,
    pairs: Aligned,
    clusters: Sequence[str],
    *,
    precision: Precision,
    seed: int,
    tell: Tell = lambda _, __: None,
) -> Discovery:
    """Returns the circuit that discovery pairs show.

    A component is a candidate where its score is told from 0 (sign flips over clusters, max-T over
    all components) and its exact effect is too, with the same sign, which is that of the whole
    effect; exact is the mean of what it brings to A's version and what goes from B's without it.
    The circuit is the smallest number of candidates, in the order of their scores, that carries 80
    to 120 % of the effect (where none does, the one that comes nearest), less those without which
    it carries that as well. What works against the effect is listed, but is no part of what carries
    it: on the demo's classifier, 16 components carry .83 of an effect so, where the largest scores
    of either sign need 36.
    """
    scored = score_all(engine, pairs, precision=precision, tell=tell)
    judge = Judge.of(engine, pairs, clusters, seed=seed)
    by_cluster = cluster_means(scored.nodes, clusters).means
    effect = float(judge.effect_by_cluster.mean())
    nodes = Ranked.of(by_cluster[:, 1:], effect, seed)
    ends = np.argwhere(engine.graph.edges)
    flat = scored.edges[:, ends[:, 0], ends[:, 1]].astype(np.float64)
    edges = Ranked.of(cluster_means(flat, clusters).means, effect, seed)
    candidates = _confirmed(judge, nodes)
    return Discovery(
        scored,
        nodes,
        edges,
        ends,
        _smallest(judge, candidates),
        _edges_enough(judge, edges, ends),
        candidates,
    )


def names_of(engine: Engine) -> tuple[str, ...]:
    """Returns the components that are ranked: all writers but the embedding."""
    return engine.graph.writers[1:]


def _confirmed(judge: Judge, nodes: Ranked) -> tuple[str, ...]:
    """Returns what carries the effect by its score, by more than chance, and by exact patching."""
    graph, sign = judge.engine.graph, np.sign(judge.effect_by_cluster.mean())
    carries = (nodes.p <= LEVEL) & (nodes.mean.value * sign > 0)
    proposed = [i for i in nodes.order[:PATCHED].tolist() if carries[i]]
    if not proposed:
        return ()
    patched = [graph.nodes[i + 1] for i in proposed]
    # Of two that are both needed neither suffices, and of two that suffice neither is needed.
    exact = judge.by_cluster(judge.exact(patched) + judge.necessity(patched)) / 2 * sign
    found = mean_intervals(exact, seed=judge.seed)
    # Where all clusters show the same value there is no interval: it is that value.
    same = np.ptp(exact, axis=0) <= NOISE
    confirmed = np.where(same, found.value > NOISE, found.low > 0)
    return tuple(graph.writers[i + 1] for i, kept in zip(proposed, confirmed, strict=True) if kept)


def _smallest(judge: Judge, candidates: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the first candidates that carry the effect, without those that it does not need."""
    if not candidates:
        return ()
    largest = max(1, int(LARGEST * (len(judge.engine.graph.writers) - 1)))
    nested = [candidates[:size] for size in range(1, min(len(candidates), largest) + 1)]
    shares = judge.shares(judge.carried(judge.live(nested)))
    inside = (shares >= BAND[0]) & (shares <= BAND[1])
    first = int(np.argmax(inside)) if inside.any() else int(np.argmin(np.abs(1 - shares)))
    return _needed(judge, nested[first], min(BAND[0], shares[first]))


def _needed(judge: Judge, members: tuple[str, ...], least: float) -> tuple[str, ...]:
    """Leaves members out, the last first, wherever the others carry the least share or more."""
    for name in reversed(members):
        others = tuple(other for other in members if other != name)
        if others and judge.shares(judge.carried(judge.live([others])))[0] >= least:
            members = others
    return members


def _edges_enough(judge: Judge, edges: Ranked, ends: Ints) -> Ints:
    """Returns the smallest of the curve's numbers of edges that carries the effect."""
    for size in sizes(len(ends)):
        chosen = edges.order[:size]
        share = judge.shares(
            judge.carried_by_edges(live_edges(judge.engine, ends[chosen]))[:, None]
        )
        if BAND[0] <= share[0] <= BAND[1]:
            return chosen
    return edges.order[:0]


def live_edges(engine: Engine, ends: Ints) -> Bools:
    """Returns which edges are live. `ends`: [edge, (writer, reader)]. [writer, reader]"""
    live = np.zeros(engine.graph.edges.shape, np.bool_)
    live[ends[:, 0], ends[:, 1]] = True
    return live
