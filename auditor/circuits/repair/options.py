"""One repair, measured: the gap that is left on held-out pairs, and what it costs elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np

from auditor.circuits import curves
from auditor.circuits.base import Aligned, Bools, Floats
from auditor.circuits.engine import Engine
from auditor.circuits.means import cluster_means
from auditor.circuits.random_sets import random_sets
from auditor.circuits.ratios import SHARE, ratio_of_means, shares
from auditor.circuits.repair.edits import Edit, applied
from auditor.circuits.repair.factual import Facts
from auditor.circuits.repair.passes import Change, effects, effects_under
from auditor.circuits.repair.quality import Quality
from auditor.circuits.repair.written import Means
from auditor.metrics.estimates import NOISE
from auditor.records import Estimate
from auditor.records_circuits import RepairOption


@dataclass(frozen=True, slots=True)
class Ground:
    """What repairs are made from and judged on."""

    discovery: Aligned
    """Pairs that the circuit was found on: means and directions are theirs."""
    held_out: Aligned
    clusters: Sequence[str]  # [held-out pair]
    quality: Quality
    others: Mapping[str, Aligned]
    """Other contrasts: name -> pairs."""
    mask: int | None
    """Token that says nothing, of `baselines.mask_id`; None: there is none."""
    facts: Facts | None = None
    """Factual gender, of language models."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The model as it is, which options are measured against."""

    engine: Engine
    ground: Ground
    effect: Floats  # [cluster], on held-out pairs
    others: Mapping[str, float]  # name -> mean effect
    known: Bools | None  # [prompt], factual gender
    quality: Estimate

    @classmethod
    def of(cls, engine: Engine, ground: Ground) -> Self:
        """Returns the bench; the model must be as it is, without any edit."""
        facts = ground.facts
        return cls(
            engine,
            ground,
            _by_cluster(effects(engine, ground.held_out), ground),
            {name: float(effects(engine, each).mean()) for name, each in ground.others.items()},
            None if facts is None else facts.known(engine.model),
            ground.quality.of(engine.model),
        )

    def measured(
        self, kind: str, strength: float, components: Sequence[str], *, seed: int
    ) -> RepairOption:
        """Returns what the model does now, under the repair so described; not against random sets.

        Another contrast whose own mean effect is 0 has no share, and is left out.
        """
        after = _by_cluster(effects(self.engine, self.ground.held_out), self.ground)
        facts, model = self.ground.facts, self.engine.model
        return RepairOption(
            kind=kind,
            strength=strength,
            components=tuple(components),
            remaining_gap=ratio_of_means(after, self.effect, len(self.ground.held_out), seed=seed),
            quality=self.ground.quality.of(model),
            other_gaps=tuple(
                (name, float(effects(self.engine, self.ground.others[name]).mean()) / before)
                for name, before in self.others.items()
                if abs(before) > NOISE
            ),
            random=None,
            p=None,
            factual=None if facts is None or self.known is None else facts.kept(model, self.known),
        )

    def against_random(
        self, option: RepairOption, edit: Edit, means: Means, *, count: int, seed: int
    ) -> RepairOption:
        """Returns an option beside the same edit of random sets, by the gap alone.

        Sets that leave a gap of the other sign have left it: sizes are compared. As it came where
        its own gap was not measured, or no other set of the same kind exists.
        """
        graph = self.engine.graph
        sets = random_sets(graph.nodes, edit.components, count, seed)
        found = option.remaining_gap.value
        if not sets or found is None:
            return option
        edits = [replace(edit, components=each) for each in sets]
        changes = [Change(each.layer, partial(applied, graph, each, means)) for each in edits]
        after = effects_under(self.engine, self.ground.held_out, changes)
        left = shares(_by_cluster(after.T, self.ground).T, self.effect)
        return replace(option, random=_spread(left), p=random_p(found, left))


def random_p(found: float, random: Floats) -> float:
    """Returns (1 + random sets that leave no more) / (1 + sets); what is left may have any sign."""
    return curves.random_p(-abs(found), -np.abs(random))


def remaining(engine: Engine, pairs: Aligned, edits: Sequence[Edit], means: Means) -> Floats:
    """Returns the share of the pairs' mean effect that each edit leaves. [edit]"""
    graph = engine.graph
    changes = [Change(each.layer, partial(applied, graph, each, means)) for each in edits]
    found: Floats = effects_under(engine, pairs, changes).mean(1) / effects(engine, pairs).mean()
    return found


def _by_cluster(values: Floats, ground: Ground) -> Floats:
    """[pair] or [pair, set] -> [cluster] or [cluster, set]"""
    return cluster_means(values, ground.clusters).means


def _spread(left: Floats) -> Estimate:
    low, high = np.percentile(left, [2.5, 97.5])
    return Estimate(
        float(left.mean()), float(low), float(high), len(left), len(left), SHARE,
        "mean and percentiles of random sets",
    )  # fmt: skip
