"""What circuits carry of the effect, measured on pairs that did not help to find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from auditor.circuits.base import Aligned, Bools, Floats, Ints, Node
from auditor.circuits.converging import by_size
from auditor.circuits.engine import Engine
from auditor.circuits.means import cluster_means
from auditor.circuits.patching import TOKENS, EdgeName, Sides, edge_effects, node_effects
from auditor.circuits.ratios import ratio_of_means, shares
from auditor.circuits.subgraphs import edge_circuit, live_nodes, node_circuits
from auditor.records import Estimate


@dataclass(frozen=True)
class Judge:
    """Pairs with both versions' states, ready for any patch."""

    engine: Engine
    parts: tuple[tuple[Ints, Sides], ...]
    """(rows, their two versions), so many as pass the model at once."""
    clusters: tuple[str, ...]  # [pair]
    seed: int

    @classmethod
    def of(cls, engine: Engine, pairs: Aligned, clusters: Sequence[str], *, seed: int) -> Self:
        rows = by_size(pairs, np.arange(len(pairs)), TOKENS // 2)
        parts = tuple((part, Sides.of(engine, pairs.rows(part))) for part in rows)
        return cls(engine, parts, tuple(clusters), seed)

    def __len__(self) -> int:
        return len(self.clusters)

    @cached_property
    def effect(self) -> Floats:
        """M(x') - M(x). [pair]"""
        found = np.zeros(len(self))
        for rows, sides in self.parts:
            found[rows] = sides.effect.double().cpu().numpy()
        return found

    @cached_property
    def effect_by_cluster(self) -> Floats:
        return self.by_cluster(self.effect)

    def by_cluster(self, values: Floats) -> Floats:
        """[pair, ...] -> [cluster, ...]"""
        return cluster_means(values, self.clusters).means

    def exact(self, nodes: Sequence[Node]) -> Floats:
        """Returns what changes in A's version when one component is as in B's. [pair, component]"""
        found = np.zeros((len(self), len(nodes)))
        for rows, sides in self.parts:
            found[rows] = node_effects(self.engine, sides, nodes).numpy()
        return found

    def necessity(self, nodes: Sequence[Node]) -> Floats:
        """Returns what goes from B's version when one component is as in A's. [pair, component]"""
        found = np.zeros((len(self), len(nodes)))
        for rows, sides in self.parts:
            found[rows] = -node_effects(self.engine, sides.exchanged(), nodes).numpy()
        return found

    def exact_edges(self, edges: Sequence[EdgeName]) -> Floats:
        """Returns what changes when one reader sees one writer as in B's version. [pair, edge]"""
        found = np.zeros((len(self), len(edges)))
        for rows, sides in self.parts:
            found[rows] = edge_effects(self.engine, sides, edges).numpy()
        return found

    def carried(self, live: Bools) -> Floats:
        """Returns m(C) - m(0) of circuits of components, by cluster. [cluster, circuit]"""
        return self.by_cluster(self.carried_by_pair(live))

    def carried_by_pair(self, live: Bools) -> Floats:
        """Returns m(C) - m(0) of circuits of components. [pair, circuit]

        Args:
            live: [circuit, writer]
        """
        found = np.zeros((len(self), len(live)))
        for rows, sides in self.parts:
            margins = node_circuits(self.engine, sides, live).numpy()
            found[rows] = (margins - sides.a.margin.double().cpu().numpy()).T
        return found

    def carried_by_edges(self, live: Bools) -> Floats:
        """Returns m(C) - m(0) of one circuit of edges, by cluster. [cluster]

        Args:
            live: [writer, reader]
        """
        found = np.zeros(len(self))
        for rows, sides in self.parts:
            margins = edge_circuit(self.engine, sides, live).numpy()
            found[rows] = margins - sides.a.margin.double().cpu().numpy()
        return self.by_cluster(found)

    def live(self, circuits: Sequence[Sequence[str]]) -> Bools:
        """Returns which components are live in circuits of these names. [circuit, writer]"""
        return live_nodes(self.engine.graph, circuits)

    def share(self, carried: Floats) -> Estimate:
        """Returns the share of the effect that is carried. `carried`: [cluster]"""
        return ratio_of_means(carried, self.effect_by_cluster, len(self), seed=self.seed)

    def shares(self, carried: Floats) -> Floats:
        """Returns shares without intervals; NaN of no effect. [cluster, circuit] -> [circuit]"""
        if self.effect_by_cluster.mean() == 0:
            return np.full(carried.shape[1], np.nan)
        return shares(carried.T, self.effect_by_cluster)
