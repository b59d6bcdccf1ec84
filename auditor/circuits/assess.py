"""What is said of a found circuit on held-out pairs, one number of the record at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from auditor.circuits.base import Floats, Kind, Node
from auditor.circuits.controls import random_shares
from auditor.circuits.curves import areas, k_80, sizes
from auditor.circuits.discovery import EDGES_SHOWN, PATCHED, Discovery, Ranked, live_edges
from auditor.circuits.judging import Judge
from auditor.circuits.means import cluster_means, mean_estimates
from auditor.circuits.patching import EdgeName
from auditor.circuits.ratios import NO_EFFECT, SHARE, ratio_of_means, share_lost
from auditor.circuits.stability import Resampled, resample_circuits
from auditor.records import Estimate
from auditor.records_circuits import (
    AcrossTemplates,
    CurvePoint,
    EdgeEffect,
    NodeEffect,
)

RANDOM_PER_SIZE = 20
"""Random circuits at each size of the curve, for its band; the circuit itself has many more."""
HALVES = 10
"""Random halves of the circuit that are taken out, beside each member, for its completeness."""
LEAST_PAIRS = 8
"""Of a template domain that is judged alone."""


@dataclass(frozen=True, slots=True)
class Patched:
    """Exact effects on held-out pairs, of the components that were patched."""

    names: tuple[str, ...]  # [component]
    exact: Floats  # [pair, component]
    necessity: Floats  # [pair, component]

    @classmethod
    def of(cls, judge: Judge, found: Discovery) -> Patched:
        graph = judge.engine.graph
        nodes = [graph.nodes[i + 1] for i in found.nodes.largest[:PATCHED].tolist()]
        names = tuple(node.name for node in nodes)
        return cls(names, judge.exact(nodes), judge.necessity(nodes))


def node_effects(judge: Judge, found: Discovery, patched: Patched) -> tuple[NodeEffect, ...]:
    """Returns every component with its score, exact effects, p and stability, largest first."""
    names = judge.engine.graph.writers[1:]
    stable = _stable(found.nodes, len(found.members), judge.seed)
    exact, necessity = (
        dict(zip(patched.names, mean_estimates(judge.by_cluster(each), len(judge)), strict=True))
        for each in (patched.exact, patched.necessity)
    )
    left_out = Estimate.missing(
        f"only the {PATCHED} components with the largest scores are patched", unit="log-odds"
    )
    return tuple(
        NodeEffect(
            name=names[i],
            score=found.nodes.mean.estimate(i, n=len(found.pairs.effect), unit="log-odds"),
            exact=exact.get(names[i], left_out),
            necessity=necessity.get(names[i], left_out),
            p=float(found.nodes.p[i]),
            inclusion=float(stable.inclusion[i]) if found.members else None,
            in_circuit=names[i] in found.members,
        )
        for i in found.nodes.largest.tolist()
    )


def edge_effects(judge: Judge, found: Discovery) -> tuple[EdgeEffect, ...]:
    """Returns the edges with the largest scores, patched exactly."""
    graph, members = judge.engine.graph, set(found.edge_members.tolist())
    shown = found.edges.largest[:EDGES_SHOWN].tolist()
    ends = [
        EdgeName(graph.writers[writer], graph.readers[reader])
        for writer, reader in found.edge_ends[shown].tolist()
    ]
    stable = _stable(found.edges, len(members), judge.seed)
    exact = mean_estimates(judge.by_cluster(judge.exact_edges(ends)), len(judge))
    return tuple(
        EdgeEffect(
            writer=end.writer,
            reader=end.reader,
            score=found.edges.mean.estimate(i, n=len(found.pairs.effect), unit="log-odds"),
            exact=exact[at],
            p=float(found.edges.p[i]),
            inclusion=float(stable.inclusion[i]) if members else None,
            in_circuit=i in members,
        )
        for at, (i, end) in enumerate(zip(shown, ends, strict=True))
    )


def _stable(ranked: Ranked, size: int, seed: int) -> Resampled:
    return resample_circuits(ranked.scores, size, rng=np.random.default_rng(seed))


def node_curve(judge: Judge, found: Discovery) -> tuple[CurvePoint, ...]:
    """Returns faithfulness and ablation of the components that carry most, size by size.

    What works against the effect comes last, so the curve may rise above 1 before it ends there.
    """
    names = judge.engine.graph.writers[1:]
    order = [names[i] for i in found.nodes.order.tolist()]
    counts = sizes(len(order))
    live = judge.live([order[:size] for size in counts])
    carried = judge.carried(live)
    without = ~live
    without[:, 0] = True
    left = judge.carried(without)
    told = judge.share(judge.effect_by_cluster).value is not None
    return tuple(
        CurvePoint(
            level="node",
            size=size,
            share=size / len(order),
            faithfulness=judge.share(carried[:, at]),
            random=_band(judge, order[:size]) if told and 2 * size < len(order) else None,
            ablation=judge.share(left[:, at]),
        )
        for at, size in enumerate(counts)
    )


def _band(judge: Judge, members: Sequence[str]) -> Estimate | None:
    found = random_shares(judge, tuple(members), RANDOM_PER_SIZE)
    if not len(found):
        return None
    low, high = np.quantile(found, [0.025, 0.975])
    method = f"range of {len(found)} random circuits of the same type, layer and size"
    mean, clusters = float(found.mean()), len(judge.effect_by_cluster)
    return Estimate(mean, float(low), float(high), len(judge), clusters, SHARE, method)


def edge_curve(judge: Judge, found: Discovery) -> tuple[CurvePoint, ...]:
    """Returns faithfulness of the edges that carry most, size by size."""
    count = len(found.edge_ends)
    return tuple(
        CurvePoint(
            level="edge",
            size=size,
            share=size / count,
            faithfulness=judge.share(
                judge.carried_by_edges(
                    live_edges(judge.engine, found.edge_ends[found.edges.order[:size]])
                )
            ),
            random=None,
        )
        for size in sizes(count)
    )


def curve_areas(curve: Sequence[CurvePoint]) -> tuple[dict[str, float], int | None]:
    """Returns the areas of a curve of components, and its k_80."""
    points = [p for p in curve if p.level == "node"]
    values = [p.faithfulness.value for p in points]
    known = [value for value in values if value is not None]
    if len(known) < len(points):
        return {}, None
    return areas([p.share for p in points], known), k_80([p.size for p in points], known)


def necessity(judge: Judge, members: Sequence[str]) -> Estimate:
    """Returns the share of the effect that goes when the circuit alone is as in A's version."""
    without = ~judge.live([members])
    without[:, 0] = True
    return judge.share(judge.effect_by_cluster - judge.carried(without)[:, 0])


def minimality(judge: Judge, members: Sequence[str]) -> tuple[tuple[str, Estimate], ...]:
    """Returns what the circuit's faithfulness loses without each of its members."""
    without = [[name for name in members if name != left] for left in members]
    carried = judge.carried(judge.live([members, *without]))
    effect, pairs = judge.effect_by_cluster, len(judge)
    return tuple(
        (name, share_lost(carried[:, 0], carried[:, i + 1], effect, pairs, seed=judge.seed))
        for i, name in enumerate(members)
    )


def completeness(judge: Judge, members: Sequence[str]) -> Estimate:
    """Returns IOI's incompleteness: how differently circuit and model do without parts of it.

    The parts are each member, and random halves of the circuit. 0: alike.
    """
    parts = [*_parts(members, judge.seed)]
    circuit = judge.live([members])[0]
    removed = judge.live(parts)
    removed[:, 0] = False
    whole = np.ones_like(circuit)
    carried = judge.carried(np.vstack([circuit & ~removed, whole & ~removed]))
    if judge.share(judge.effect_by_cluster).value is None:
        return Estimate.missing(NO_EFFECT, unit=SHARE, n=len(judge))
    found = judge.shares(carried)
    apart = float(np.abs(found[: len(parts)] - found[len(parts) :]).mean())
    method = f"mean over {len(parts)} parts taken out"
    return Estimate(apart, None, None, len(judge), len(judge.effect_by_cluster), SHARE, method)


def _parts(members: Sequence[str], seed: int) -> Iterator[list[str]]:
    yield from ([name] for name in members)
    rng = np.random.default_rng(seed)
    if len(members) > 2:
        for _ in range(HALVES):
            yield [str(name) for name in rng.choice(members, len(members) // 2, replace=False)]


def across_templates(
    judge: Judge, members: Sequence[str], domains: Sequence[str | None]
) -> tuple[AcrossTemplates, ...]:
    """Returns the circuit's faithfulness in each template domain alone. `domains`: [pair]"""
    carried = judge.carried_by_pair(judge.live([members]))[:, 0]
    found: list[AcrossTemplates] = []
    for domain in sorted({each for each in domains if each}):
        rows = np.flatnonzero([each == domain for each in domains])
        if len(rows) >= LEAST_PAIRS:
            clusters = [judge.clusters[i] for i in rows]
            share = ratio_of_means(
                cluster_means(carried[rows], clusters).means,
                cluster_means(judge.effect[rows], clusters).means,
                len(rows),
                seed=judge.seed,
            )
            found.append(AcrossTemplates(domain, share))
    return tuple(found)


def of_heads(patched: Patched, heads: Mapping[str, int]) -> Floats:
    """Returns exact effects of heads, in their own order; NaN where not patched. [pair, head]"""
    found = np.full((len(patched.exact), len(heads)), np.nan)
    for at, name in enumerate(patched.names):
        if Node.parse(name).kind is Kind.HEAD:
            found[:, heads[name]] = patched.exact[:, at]
    return found
