"""Scores put planted circuits first, exact effects confirm them, and one gradient is not enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from auditor.circuits.base import Bools, Floats, Node
from auditor.circuits.converging import Precision, score_all
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.patching import EdgeName, Sides, edge_effects, node_effects
from auditor.circuits.scores import Method, score_pairs
from tests.circuits.planted import VARIANTS
from tests.circuits.planting import Planted
from tests.circuits.test_planted import LAYOUTS, SEEDS, every
from tests.circuits.wiring import Layout

every_variant = pytest.mark.parametrize("variant", VARIANTS)


@dataclass(frozen=True)
class Found:
    """A planted model with an engine."""

    planted: Planted
    engine: Engine

    @property
    def names(self) -> tuple[str, ...]:
        """Of what is ranked: the embedding carries everything. [component]"""
        return self.engine.graph.writers[1:]

    @property
    def is_member(self) -> Bools:
        return np.isin(self.names, self.planted.members)

    @property
    def effect(self) -> float:
        return float(Sides.of(self.engine, self.planted.aligned).effect.mean())

    def conductance(self) -> tuple[Floats, Floats]:
        """Returns mean scores of components and edges, as shares of the effect."""
        scored = score_all(self.engine, self.planted.aligned, precision=Precision(tolerance=0.01))
        assert (scored.error <= 0.01).all()
        nodes, edges = (
            each.mean(0) / scored.effect.mean() for each in (scored.nodes, scored.edges)
        )
        return nodes[1:], edges

    def by(self, method: Method, steps: int = 8) -> Floats:
        """Returns mean scores of components, as shares of the effect."""
        scored = score_pairs(self.engine, self.planted.aligned, method, steps)
        share: Floats = (scored.nodes.mean(0) / scored.effect.mean()).numpy()[1:]
        return share

    def exact(self) -> Floats:
        """Returns the mean of exact effect and necessity, as a share of the effect."""
        sides = Sides.of(self.engine, self.planted.aligned)
        nodes: tuple[Node, ...] = self.engine.graph.nodes[1:]
        there = node_effects(self.engine, sides, nodes)
        back = -node_effects(self.engine, sides.exchanged(), nodes)
        share: Floats = ((there + back).mean(0) / 2 / sides.effect.mean()).numpy()
        return share


@contextmanager
def found(variant: str, layout: Layout, seed: int) -> Iterator[Found]:
    planted = VARIANTS[variant](layout, seed, pairs=4)
    with Engine.opened(planted.model, Graph.of(planted.model), planted.margin) as engine:
        yield Found(planted, engine)


def auroc(scores: Floats, is_member: Bools) -> float:
    """Returns the chance that a member's |score| is larger than another's."""
    size = np.abs(scores)
    return float((size[is_member][:, None] > size[~is_member]).mean())


def precision(scores: Floats, is_member: Bools) -> float:
    """Returns the share of members among as many of the largest |scores|."""
    return float(is_member[np.argsort(-np.abs(scores))[: is_member.sum()]].mean())


@every_variant
@every
def test_conductance_puts_the_members_first(variant: str, layout: Layout, seed: int) -> None:
    with found(variant, layout, seed) as model:
        scores, _ = model.conductance()
        assert auroc(scores, model.is_member) == 1
        assert precision(scores, model.is_member) == 1
        # Not by a hair: what is outside has at most a third of what the least member has.
        sizes = np.abs(scores)
        assert sizes[~model.is_member].max() < sizes[model.is_member].min() / 3


@every_variant
@every
def test_exact_effects_confirm_the_members_and_no_other(
    variant: str, layout: Layout, seed: int
) -> None:
    with found(variant, layout, seed) as model:
        exact = model.exact()
        assert np.abs(exact[~model.is_member]).max() < 1e-3
        assert np.abs(exact[model.is_member]).min() > 0.05


@every
def test_heads_that_back_each_other_up_or_need_each_other_share_the_effect(
    layout: Layout, seed: int
) -> None:
    for variant in ("backup", "both"):
        with found(variant, layout, seed) as model:
            scores, _ = model.conductance()
            by_name = dict(zip(model.names, scores, strict=True))
            *heads, mlp = (by_name[member] for member in model.planted.members)
            assert all(0.25 < head < 0.75 for head in heads)
            assert mlp == pytest.approx(1, abs=0.2)


@every
def test_opposite_heads_have_scores_of_opposite_signs(layout: Layout, seed: int) -> None:
    with found("opposite", layout, seed) as model:
        by_name = dict(zip(model.names, model.conductance()[0], strict=True))
        larger, smaller, mlp = (by_name[member] for member in model.planted.members)
        assert larger > 1
        assert smaller < -0.2
        assert mlp == pytest.approx(1, abs=0.05)
        assert larger + smaller == pytest.approx(1, abs=0.1)


@every
def test_a_circuit_for_other_answers_is_not_among_the_found(layout: Layout, seed: int) -> None:
    with found("distractor", layout, seed) as model:
        scores, _ = model.conductance()
        largest = [model.names[i] for i in np.argsort(-np.abs(scores))[:2]]
        assert not set(largest) & set(model.planted.distractors)
        exact = dict(zip(model.names, model.exact(), strict=True))
        assert max(abs(exact[name]) for name in model.planted.distractors) < 1e-10


@every_variant
@every
def test_planted_edges_have_the_largest_scores_and_are_confirmed(
    variant: str, layout: Layout, seed: int
) -> None:
    with found(variant, layout, seed) as model:
        graph, planted = model.engine.graph, model.planted
        _, edges = model.conductance()
        order = np.argsort(-np.abs(edges), axis=None)[: len(planted.edges)]
        ends = zip(*np.unravel_index(order, edges.shape), strict=True)
        assert {(graph.writers[w], graph.readers[r]) for w, r in ends} == set(planted.edges)
        sides = Sides.of(model.engine, planted.aligned)
        exact = edge_effects(model.engine, sides, [EdgeName(*edge) for edge in planted.edges])
        sizes = (exact.mean(0) / model.effect).abs()
        # Of two heads that are both needed, no edge does anything by itself.
        assert (sizes.max() if variant == "both" else sizes.min()) > 0.05


@pytest.mark.parametrize(("variant", "part"), [("query_path", "q"), ("key_path", "k")])
@every
def test_paths_through_queries_and_keys_are_found_as_such(
    variant: str, part: str, layout: Layout, seed: int
) -> None:
    with found(variant, layout, seed) as model:
        graph, mover = model.engine.graph, model.planted.members[-1]
        _, edges = model.conductance()
        into = {p: np.abs(edges[:, graph.readers.index(f"{mover}.{p}")]).max() for p in "qkv"}
        assert into.pop(part) > 0.9
        assert max(into.values()) < 0.2


@every
def test_one_gradient_loses_what_saturates(layout: Layout, seed: int) -> None:
    """Edge attribution patching ranks by the slope at x, which a saturated neuron has lost."""
    with found("plain", layout, seed) as model:
        head = model.names.index(model.planted.members[0])
        assert abs(model.by("eap")[head]) < 0.15
        assert model.by("eap-ig")[head] > 0.8
        assert model.conductance()[0][head] == pytest.approx(1, abs=0.02)


def test_one_gradient_ranks_a_circuit_for_other_answers_above_a_member() -> None:
    worst = 1.0
    for seed in SEEDS:
        with found("distractor", "gpt2", seed) as model:
            worst = min(worst, precision(model.by("eap"), model.is_member))
    assert worst == 0.5


@pytest.mark.parametrize("layout", LAYOUTS)
def test_labels_of_components_decide_what_is_found(layout: Layout) -> None:
    """A control: with other components called members, the ranking is as bad as chance."""
    with found("plain", layout, 0) as model:
        scores, _ = model.conductance()
        others = np.roll(model.is_member, 1) & ~model.is_member
        assert auroc(scores, others) < 0.95
