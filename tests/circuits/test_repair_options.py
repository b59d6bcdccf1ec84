"""Options are measured on held-out pairs, beside random sets that had the same chance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from auditor.circuits.base import Aligned, Bools, Floats, Margin, Node
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.margins import TokenMargin, resolve
from auditor.circuits.repair.choose import repair
from auditor.circuits.repair.edits import Edit, applied
from auditor.circuits.repair.options import Bench, Ground, random_p
from auditor.circuits.repair.passes import Change, batches, effects, effects_under
from auditor.circuits.repair.quality import AGREEMENT, Quality, classifier_quality, share
from auditor.circuits.repair.written import component_means
from auditor.errors import PlanError
from tests.circuits.tiny import FAMILIES, aligned, tiny

MEMBERS = (Node.of_head(1, 1), Node.of_mlp(1))
TEXTS = 12
ALWAYS_RIGHT = Quality("fixed", lambda _: np.ones(12, np.bool_), tuple("abcdefghijkl"))


def margin_of(model: Any) -> Margin:
    classifies = type(model).__name__.endswith("SequenceClassification")
    return resolve(0, model, None) if classifies else TokenMargin("", 7, 11)


@contextmanager
def opened(family: str = "bert") -> Iterator[Engine]:
    model = tiny(family)
    with Engine.opened(model, Graph.of(model), margin_of(model)) as engine:
        yield engine


def agreement(model: Any, inputs: dict[str, torch.Tensor]) -> Quality:
    """Of the label of whole pairs of ids with the model as it is now."""

    def predict(model: Any, _: Any) -> list[int]:
        with torch.no_grad():
            labels: list[int] = model(**inputs).logits.argmax(-1).tolist()
        return labels

    return classifier_quality(model, [""] * len(inputs["input_ids"]), None, predict)


def ground(model: Any, *, pairs: int = 24) -> Ground:
    held_out = aligned(model, pairs, seed=1, padding="right")
    return Ground(
        discovery=aligned(model, pairs, seed=2),
        held_out=held_out,
        clusters=[f"t{i % 12:02}" for i in range(pairs)],
        quality=agreement(model, aligned(model, TEXTS, seed=3).a),
        others={"other": aligned(model, 6, seed=4), "none": _same(aligned(model, 3, seed=5))},
        mask=4,
    )


def _same(pairs: Aligned) -> Aligned:
    return Aligned(pairs.a, pairs.a, pairs.read, pairs.roles)


@pytest.mark.parametrize("family", FAMILIES)
def test_effects_under_edits_are_those_of_the_whole_edited_model(family: str) -> None:
    with opened(family) as engine:
        graph, pairs = engine.graph, aligned(engine.model, 5, padding="right")
        means = component_means(engine, pairs)
        edits = [
            Edit("mean", 1.0, MEMBERS),
            Edit("scale", 0.5, (Node.of_head(0, 0),)),
            Edit("direction", 1.0, (Node.of_head(0, 2), Node.of_mlp(1))),
        ]
        changes = [Change(each.layer, partial(applied, graph, each, means)) for each in edits]
        found = effects_under(engine, pairs, changes)
        for edit, effect in zip(edits, found, strict=True):
            with applied(graph, edit, means), torch.no_grad():
                a, b = (engine.margins(side, pairs.read) for side in (pairs.a, pairs.b))
            np.testing.assert_allclose(effect, (b - a).numpy(), atol=1e-9)
        assert np.abs(found - effects(engine, pairs)).max(1).min() > 1e-3


def test_batches_hold_every_pair_once_and_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.circuits.repair.passes.TOKENS", 30)
    with opened() as engine:
        pairs = aligned(engine.model, 7, padding="right")
        parts = list(batches(pairs))
        assert len(parts) > 3
        assert sorted(np.concatenate(parts)) == list(range(7))
        assert all(2 * pairs.rows(part).width * len(part) <= 30 for part in parts)
        one_by_one = effects(engine, pairs)
        monkeypatch.setattr("auditor.circuits.repair.passes.TOKENS", 10_000)
        np.testing.assert_allclose(effects(engine, pairs), one_by_one, atol=1e-9)


def mean_of(values: Floats, at: Ground) -> float:
    """Of clusters with equal weight."""
    clusters = np.array(at.clusters)
    return float(np.mean([values[clusters == name].mean() for name in set(at.clusters)]))


def test_what_is_left_is_a_ratio_of_means_with_every_cluster_equal() -> None:
    with opened() as engine:
        at = one_way(engine, ground(engine.model, pairs=40))
        assert len(at.clusters) > 12  # so that some clusters have more pairs than others
        bench = Bench.of(engine, at)
        before = effects(engine, at.held_out)
        edit, means = Edit("mean", 1.0, MEMBERS), component_means(engine, at.discovery)
        with applied(engine.graph, edit, means):
            option = bench.measured("mean", 1.0, ["a1.h1", "m1"], seed=0)
            after = effects(engine, at.held_out)
        wanted = mean_of(after, at) / mean_of(before, at)
        assert option.remaining_gap.value == pytest.approx(wanted)
        assert bench.effect.mean() == pytest.approx(mean_of(before, at))
        assert [name for name, _ in option.other_gaps] == ["other"]


def test_p_counts_sets_that_leave_no_more_on_either_side() -> None:
    assert random_p(0.5, np.array([0.9, 0.5, -0.4, -0.6])) == 3 / 5
    assert random_p(-0.5, np.array([0.9, 0.8, 0.7])) == 1 / 4
    assert random_p(0.5, np.array([0.5 + 1e-9])) == 1


def one_way(engine: Engine, at: Ground) -> Ground:
    """The same pairs, turned so that all effects are of one sign."""
    positive = np.flatnonzero(effects(engine, at.held_out) > 0)[:16]
    clusters = [f"t{i % 12:02}" for i in range(len(positive))]
    return replace(at, held_out=at.held_out.rows(positive), clusters=clusters)


def test_random_sets_get_the_same_edit_and_are_judged_by_the_gap() -> None:
    with opened() as engine:
        at = one_way(engine, ground(engine.model, pairs=40))
        bench, means = Bench.of(engine, at), component_means(engine, at.discovery)
        edit = Edit("scale", 0.0, (Node.of_head(1, 1),))
        with applied(engine.graph, edit, means):
            option = bench.measured("scale", 0.0, ["a1.h1"], seed=0)
        found = bench.against_random(option, edit, means, count=200, seed=0)
        others = []
        for head in (0, 2, 3):
            with applied(engine.graph, replace(edit, components=(Node.of_head(1, head),)), means):
                others.append(mean_of(effects(engine, at.held_out), at))
        left = np.array(others) / mean_of(effects(engine, at.held_out), at)
        assert found.random is not None
        assert option.remaining_gap.value is not None
        assert found.random.n == 3
        assert found.random.value == pytest.approx(left.mean())
        assert found.p == random_p(option.remaining_gap.value, left)


def test_a_repair_shows_every_edit_and_both_baselines() -> None:
    with opened() as engine:
        at = one_way(engine, ground(engine.model, pairs=40))
        before = [each.clone() for each in engine.model.parameters()]
        found = repair(engine, at, members=MEMBERS, seed=0, random_sets=10)
        kinds = [(option.kind, option.strength) for option in found.options]
        assert kinds == [
            ("mean", 1), ("scale", 0.5), ("scale", 0), ("direction", 1),
            ("embedding", 1), ("mask_term", 1),
        ]  # fmt: skip
        means = component_means(engine, at.discovery)
        for option in found.options[:4]:
            edit = Edit(option.kind, option.strength, MEMBERS)  # type: ignore[arg-type]
            with applied(engine.graph, edit, means):
                left = mean_of(effects(engine, at.held_out), at)
            wanted = left / mean_of(effects(engine, at.held_out), at)
            assert option.remaining_gap.value == pytest.approx(wanted)
            assert abs(wanted - 1) > 1e-3
        assert found.options[-1].remaining_gap.value == pytest.approx(0)
        assert sum(option.p is not None for option in found.options) == 1
        assert found.quality_measure == AGREEMENT
        assert found.quality_before.value == 1
        assert found.reason
        assert "chosen on discovery pairs" in found.notes[0]
        assert all(
            torch.equal(x, y) for x, y in zip(before, engine.model.parameters(), strict=True)
        )


@pytest.mark.parametrize(("left", "tested"), [([0.5, 0.9, -0.1, 0.3], 2), ([0.2, 1, 1, -2], 0)])
def test_the_edit_beside_random_sets_is_the_best_on_discovery_pairs(
    monkeypatch: pytest.MonkeyPatch, left: list[float], tested: int
) -> None:
    with opened() as engine:
        at = replace(one_way(engine, ground(engine.model, pairs=40)), quality=ALWAYS_RIGHT)

        def remaining(_: Engine, pairs: Aligned, *__: Any) -> Floats:
            assert pairs is at.discovery
            return np.array(left)

        monkeypatch.setattr("auditor.circuits.repair.choose.remaining", remaining)
        found = repair(engine, at, members=MEMBERS, seed=0, random_sets=2)
        assert [i for i, option in enumerate(found.options) if option.p is not None] == [tested]


def test_an_edit_that_costs_quality_is_not_put_beside_random_sets_where_another_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with opened() as engine:
        at = one_way(engine, ground(engine.model, pairs=40))
        own = engine.graph.mlps[1].down.weight.clone()

        def right(model: Any) -> Bools:
            halved = torch.equal(
                model.get_submodule("bert.encoder.layer.1.output.dense").weight, own * 0.5
            )
            whole = torch.equal(engine.graph.mlps[1].down.weight, own)
            return np.full(30, halved or whole)

        quality = Quality("halves", right, tuple(map(str, range(30))))
        monkeypatch.setattr(
            "auditor.circuits.repair.choose.remaining", lambda *_: np.array([0.0, 0.9, 0.0, 0.0])
        )
        found = repair(engine, replace(at, quality=quality), members=MEMBERS, seed=0, random_sets=2)
        assert [i for i, option in enumerate(found.options) if option.p is not None] == [1]


def test_a_repair_without_mask_and_bias_says_so() -> None:
    with opened("llama") as engine:
        at = replace(one_way(engine, ground(engine.model, pairs=40)), mask=None)
        at = replace(at, quality=ALWAYS_RIGHT)
        found = repair(engine, at, members=MEMBERS, seed=0, random_sets=2)
        assert [option.kind for option in found.options][-1] == "embedding"
        assert any("cannot be saved" in note for note in found.notes)
        assert any("not masked" in note for note in found.notes)
        assert any("none" in note for note in found.notes)


def test_nothing_to_repair_is_refused() -> None:
    with opened() as engine, pytest.raises(PlanError, match="an edit of nothing"):
        repair(engine, ground(engine.model), members=(), seed=0)


def test_quality_is_accuracy_where_labels_exist_and_agreement_where_not() -> None:
    labels = classifier_quality("as it is", ["a", "b"], [1, 0], lambda *_: [1, 1])
    assert labels.right("any").tolist() == [True, False]
    answers = {"as it is": [1, 1], "repaired": [1, 0]}
    agrees = classifier_quality("as it is", ["a", "b"], None, lambda model, _: answers[model])
    assert agrees.right("as it is").tolist() == [True, True]
    assert agrees.right("repaired").tolist() == [True, False]


def test_shares_count_clusters_and_few_give_no_interval() -> None:
    right: Bools = np.array([True] * 9 + [False])
    even = share(right, ["big"] * 9 + ["small"], "x")
    assert even.value == 0.5
    assert even.low is None
    assert share(np.tile(right, 2), [str(i) for i in range(20)], "x").low is not None
    assert share(np.zeros(0, np.bool_), [], "x").value is None
