"""What a circuit must beat: random circuits, and the same search in random weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from auditor.attributions.fidelity.variants import drawn
from auditor.circuits.base import Aligned, Floats, Node
from auditor.circuits.converging import Precision, score_all
from auditor.circuits.curves import random_p
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.judging import Judge
from auditor.circuits.means import cluster_means
from auditor.circuits.random_sets import random_sets
from auditor.circuits.stability import resample_circuits, top
from auditor.errors import ModelError
from auditor.records import Estimate
from auditor.records_circuits import RandomControl, Reinitialised


def random_shares(judge: Judge, members: tuple[str, ...], count: int) -> Floats:
    """Returns what random circuits, matched in type, layer and size, carry. [circuit]"""
    nodes = judge.engine.graph.nodes
    sets = random_sets(nodes, [Node.parse(name) for name in members], count, judge.seed)
    if not sets:
        return np.zeros(0)
    names = [[node.name for node in each] for each in sets]
    return judge.shares(judge.carried(judge.live(names)))


def against_random(found: float, shares: Floats) -> RandomControl | None:
    """Returns the circuit's rank among random ones; None where there is no other of its kind."""
    if not len(shares):
        return None
    low, high = np.quantile(shares, [0.025, 0.975])
    return RandomControl(
        count=len(shares),
        mean=float(shares.mean()),
        low=float(low),
        high=float(high),
        p=random_p(found, shares),
        faithfulness=tuple(shares.tolist()),
    )


def in_random_weights(
    judge: Judge,
    discovery: tuple[Aligned, tuple[str, ...]],
    held_out: Aligned,
    size: int,
    resamples: int,
) -> Reinitialised:
    """Returns how a circuit of that size, found in a copy with random weights, does there.

    Random models have concentrated circuits too; those of a trained one are found again on other
    texts, and carry the effect on held-out ones.

    Args:
        discovery: its pairs, and the cluster of each.
    """
    try:
        copy = drawn(judge.engine.model, judge.seed)
        with Engine.opened(copy, Graph.of(copy), judge.engine.margin) as engine:
            return _searched(engine, judge, discovery, held_out, size, resamples)
    except ModelError as error:
        missing = Estimate.missing(str(error), unit="share of the effect")
        return Reinitialised(missing, None)


def _searched(
    engine: Engine,
    judge: Judge,
    discovery: tuple[Aligned, tuple[str, ...]],
    held_out: Aligned,
    size: int,
    resamples: int,
) -> Reinitialised:
    pairs, clusters = discovery
    scored = score_all(engine, pairs, precision=Precision(steps=8))
    nodes = cluster_means(scored.nodes, clusters).means[:, 1:]
    chosen = top(np.abs(nodes.mean(0))[None], size)[0]
    names = [engine.graph.writers[i + 1] for i in np.flatnonzero(chosen).tolist()]
    there = Judge.of(engine, held_out, judge.clusters, seed=judge.seed)
    carried = there.carried(there.live([names]))[:, 0]
    rng: Any = np.random.default_rng(judge.seed)
    stable = resample_circuits(nodes, size, rng=rng, resamples=resamples)
    return Reinitialised(there.share(carried), stable.jaccard)
