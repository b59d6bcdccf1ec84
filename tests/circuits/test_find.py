"""The public calls: scores that add up, and circuits that hold on pairs they never saw."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import TypeAdapter

import auditor
from auditor.circuits.circuit import Circuit
from auditor.circuits.graph import Graph
from auditor.circuits.scores import Method
from auditor.records_circuits import CircuitRecord
from tests.circuits.names import edges_from, nodes_of
from tests.circuits.spoken import FAST, spoken
from tests.circuits.test_planted import LAYOUTS
from tests.circuits.wiring import Layout
from tests.circuits.worded import UNEVEN, model_of, pairs_of

HE_SHE = auditor.token_contrast(" he", " she")
CASES = [
    ("bert", "classifier", "LABEL_1"), ("bert", "masked", HE_SHE), ("gpt2", "causal", HE_SHE),
    ("llama", "classifier", 0), ("gemma2", "causal", HE_SHE),
]  # fmt: skip
"""Family, head, metric."""
METHODS: tuple[Method, ...] = ("conductance", "eap", "eap-ig")


def texts(head: str, **options: Any) -> tuple[list[str], list[str]]:
    frame = pairs_of(end=" [MASK] ." if head == "masked" else " .", clusters=2, **options)
    return frame["text"].tolist(), frame["counterfactual"].tolist()


@torch.no_grad()
def margin(spec: tuple[Any, Any], head: str, text: str, metric: Any) -> float:
    """Returns the metric of a text as a user would compute it."""
    model, tokenizer = spec
    cut = tokenizer(text, return_tensors="pt")
    logits = model(input_ids=cut["input_ids"]).logits[0]
    if head == "classifier":
        others = [i for i in range(model.config.num_labels) if i != (metric == "LABEL_1")]
        return float(logits[int(metric == "LABEL_1")] - torch.logsumexp(logits[others], 0))
    mask = (cut["input_ids"][0] == tokenizer.mask_token_id).nonzero()
    he, she = tokenizer.convert_tokens_to_ids(["he", "she"])
    read = logits[int(mask[0]) if head == "masked" else -1]
    return float(read[he] - read[she])


@pytest.mark.parametrize(("family", "head", "metric"), CASES)
@pytest.mark.parametrize("swaps", [(("he", "she"),), (("he", "she"), UNEVEN)])
def test_scores_over_a_cut_add_up_to_the_sum_of_effects(
    family: str, head: str, metric: Any, swaps: Any
) -> None:
    spec = model_of(family, head)
    sides = texts(head, swaps=swaps)
    scores = auditor.edge_scores(spec, *sides, metric, steps=64)
    a, b = ([margin(spec, head, text, metric) for text in side] for side in sides)
    effect, size = sum(b) - sum(a), sum(abs(y - x) for x, y in zip(a, b, strict=True))
    into_output = scores.loc[scores["reader"] == "out", "score"].sum()
    assert into_output == pytest.approx(effect, abs=0.01 * size)
    if len(swaps) == 1:  # what fills a shorter version comes into sight on the way
        from_embedding = scores.loc[scores["writer"] == "embed", "score"].sum()
        assert from_embedding == pytest.approx(effect, abs=0.01 * size)


def test_scores_over_a_middle_cut_add_up_too() -> None:
    spec = model_of("gpt2", "causal")
    sides = texts("causal", swaps=(("he", "she"),))
    scores = auditor.edge_scores(spec, *sides, HE_SHE, steps=64)
    a, b = (sum(margin(spec, "causal", text, HE_SHE) for text in side) for side in sides)
    first = {"embed", "m0", *(f"a0.h{head}" for head in range(4))}
    later = scores["writer"].isin(first) & ~scores["reader"].str.match(r"a0\.|m0$")
    assert 0 < later.sum() < len(scores)
    assert scores.loc[later, "score"].sum() == pytest.approx(b - a, abs=0.02)


@pytest.mark.parametrize(("family", "head", "metric"), CASES)
def test_every_edge_of_the_model_has_a_score(family: str, head: str, metric: Any) -> None:
    spec = model_of(family, head)
    scores = auditor.edge_scores(spec, *texts(head), metric, method="eap")
    expected = {edge for writer in nodes_of(spec[0]) for edge in edges_from(spec[0], writer)}
    assert list(scores.columns) == ["writer", "reader", "score"]
    assert set(zip(scores["writer"], scores["reader"], strict=True)) == expected
    assert len(scores) == len(expected) == int(Graph.of(spec[0]).edges.sum())


@pytest.mark.parametrize("method", METHODS)
def test_scores_are_summed_over_pairs(method: Method) -> None:
    spec = model_of("bert", "classifier")
    a, b = texts("classifier")
    whole = auditor.edge_scores(spec, a, b, 1, method=method, steps=3)["score"]
    parts = [
        auditor.edge_scores(spec, [x], [y], 1, method=method, steps=3)["score"]
        for x, y in zip(a, b, strict=True)
    ]
    expected = pd.concat(parts, axis=1).sum(axis=1)
    np.testing.assert_allclose(whole, expected, atol=1e-4)


def test_each_method_has_its_own_scores_and_conductance_alone_adds_up() -> None:
    spec = model_of("gpt2", "causal")
    sides = texts("causal", swaps=(("he", "she"),))
    a, b = (sum(margin(spec, "causal", text, HE_SHE) for text in side) for side in sides)
    missed = {}
    for method in METHODS:
        scores = auditor.edge_scores(spec, *sides, HE_SHE, method=method)
        missed[method] = abs(scores.loc[scores["reader"] == "out", "score"].sum() - (b - a))
    assert missed["conductance"] < 0.5 * min(missed["eap"], missed["eap-ig"])
    assert missed["eap"] != missed["eap-ig"]


def test_positive_scores_raise_the_metric() -> None:
    found = spoken("bert")
    one, other = (
        auditor.edge_scores(found.spec, *sides, found.metric, steps=8).set_index(
            ["writer", "reader"]
        )["score"]
        for sides in (
            (list(found.pairs["text"]), list(found.pairs["counterfactual"])),
            (list(found.pairs["counterfactual"]), list(found.pairs["text"])),
        )
    )
    assert one[found.members[-1], "out"] > 1
    pd.testing.assert_series_equal(one, -other, atol=1e-5)


def asked(layout: Layout, variant: str = "plain", pairs: Any = None, **options: Any) -> Circuit:
    found = spoken(layout, variant)
    given = found.pairs if pairs is None else pairs
    return auditor.find_circuit(found.spec, given, found.metric, **{**FAST, **options})


@cache
def circuit(layout: Layout) -> Circuit:
    return asked(layout)


@pytest.mark.parametrize(
    "variant",
    [
        *("both", "query_path"),
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ("plain", "distractor", "key_path")
        ),
    ],
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_planted_members_are_found_from_texts_and_carry_all_on_others(
    variant: str, layout: Layout
) -> None:
    found = asked(layout, variant, repairs=False)
    assert set(found.members) == set(spoken(layout, variant).members)
    assert found.faithfulness.value == pytest.approx(1, abs=1e-3)
    assert found.record.necessity is not None
    assert found.record.necessity.value == pytest.approx(1, abs=1e-3)
    assert {"embed"}.isdisjoint(found.nodes["name"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tables_have_the_documented_columns(layout: Layout) -> None:
    found = circuit(layout)
    numbers = ["score", "exact", "low", "high", "p", "inclusion"]
    assert list(found.nodes.columns) == ["name", *numbers, "in_circuit"]
    assert list(found.edges.columns) == ["writer", "reader", *numbers, "in_circuit"]
    model = spoken(layout).model
    assert set(found.nodes["name"]) == set(nodes_of(model)[1:])
    known = {edge for writer in nodes_of(model) for edge in edges_from(model, writer)}
    assert set(zip(found.edges["writer"], found.edges["reader"], strict=True)) <= known
    assert len(found.edges) == 50


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_record_says_what_it_was_made_with(layout: Layout) -> None:
    record = circuit(layout).record
    assert record.pairs is not None
    assert record.settings is not None
    assert (record.layers, record.heads, record.key_value_heads, record.mlps) == (3, 12, 12, 3)
    assert (record.pairs.of, record.pairs.discovery, record.pairs.held_out) == (32, 12, 12)
    assert record.settings.completeness_error < record.settings.tolerance
    assert (record.settings.dtype, record.settings.attention) == ("float64", "sdpa")
    assert (record.settings.random_circuits, record.settings.resamples) == (40, 20)
    assert (record.contrast, record.finding_id, record.not_tested) == (None, None, None)
    assert record.repair is not None


def test_controls_are_those_of_the_record() -> None:
    found = circuit("bert")
    assert set(found.controls) == {
        "embedding_only", "random", "reinitialised", "stability", "across_templates",
    }  # fmt: skip
    assert found.controls["random"] == found.record.random is not None
    assert found.record.embedding_only is not None
    assert found.record.embedding_only.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_json_gives_the_same_record_again(layout: Layout) -> None:
    found = circuit(layout)
    assert TypeAdapter(CircuitRecord).validate_json(found.to_json()) == found.record


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_seed_gives_the_same_json(layout: Layout) -> None:
    assert asked(layout).to_json() == circuit(layout).to_json()


def test_another_seed_draws_others() -> None:
    one, other = (asked("bert", "both", seed=seed, repairs=False) for seed in (0, 1))
    assert one.record.random is not None
    assert one.record.random != other.record.random
    assert other.record.settings is not None
    assert other.record.settings.seed == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_order_of_pairs_changes_nothing(layout: Layout) -> None:
    mixed = spoken(layout).pairs.sample(frac=1, random_state=2)
    assert asked(layout, pairs=mixed).to_json() == circuit(layout).to_json()


def test_tuples_are_pairs_too() -> None:
    tuples = list(spoken("gpt2").pairs.itertuples(index=False, name=None))
    assert asked("gpt2", pairs=tuples).to_json() == circuit("gpt2").to_json()


def halves() -> pd.DataFrame:
    pairs = spoken("gpt2").pairs
    return pairs.assign(split=["discovery", "held_out"] * (len(pairs) // 2))


def exchanged(pairs: pd.DataFrame, split: str) -> pd.DataFrame:
    """Returns pairs in which one side's versions have changed places: its effect has."""
    other = pairs.rename(columns={"text": "counterfactual", "counterfactual": "text"})
    return pd.concat([pairs[pairs["split"] != split], other[other["split"] == split]])


def found_on_discovery(found: Circuit) -> Any:
    """Returns all that discovery says of components, and what they are called."""
    table = found.nodes[["name", "score", "p", "inclusion", "in_circuit"]]
    return table.to_dict("records"), found.members, found.record.edge_members


def test_held_out_pairs_never_enter_discovery() -> None:
    once = asked("gpt2", pairs=halves(), repairs=False)
    other = asked("gpt2", pairs=exchanged(halves(), "held_out"), repairs=False)
    assert found_on_discovery(once) == found_on_discovery(other)
    a, b = (each.record.total_effect for each in (once, other))
    assert a is not None
    assert b is not None
    assert (a.value or 0) > 1
    assert (b.value or 0) < -1
    assert not other.nodes["exact"].equals(once.nodes["exact"])


def test_discovery_pairs_never_enter_judgement() -> None:
    once = asked("gpt2", pairs=halves(), repairs=False)
    other = asked("gpt2", pairs=exchanged(halves(), "discovery"), repairs=False)
    assert once.record.total_effect == other.record.total_effect
    assert found_on_discovery(once) != found_on_discovery(other)


def test_clusters_count_and_pairs_do_not() -> None:
    pairs = spoken("gpt2").pairs
    few = asked("gpt2", pairs=pairs.assign(cluster=[f"c{i % 10}" for i in range(len(pairs))]))
    assert few.record.pairs is not None
    assert few.record.pairs.discovery_clusters == few.record.pairs.held_out_clusters == 5
    # Of 5 clusters the least p is 1 / 16.
    assert few.nodes["p"].min() == 1 / 16
    assert few.members == ()
    assert not few.faithfulness.value
    assert "No head or MLP is shown to carry the gap" in str(few)


def test_progress_is_told_stage_by_stage() -> None:
    told: list[str] = []
    asked("bert", tell=lambda what, _, __: told.append(what))
    stages = list(dict.fromkeys(told))
    assert stages == ["scoring pairs", "patching", "controls", "repairs"]


def test_a_masked_models_circuit_has_no_repair_and_says_so() -> None:
    model, tokenizer = model_of("bert", "masked")
    frame = pairs_of((("he", "she"),), end=" [MASK] .")
    found = auditor.find_circuit((model, tokenizer), frame, HE_SHE, **FAST)
    assert found.record.repair is None
    assert bool(found.members) == any("No repair was tried" in note for note in found.record.notes)


@pytest.mark.parametrize(("family", "head", "metric"), CASES)
def test_a_random_models_circuit_is_a_valid_record(family: str, head: str, metric: Any) -> None:
    frame = pairs_of(end=" [MASK] ." if head == "masked" else " .")
    found = auditor.find_circuit(model_of(family, head), frame, metric, **FAST)
    assert TypeAdapter(CircuitRecord).validate_json(found.to_json()) == found.record
    assert str(found).endswith(".")


def our_hooks(model: torch.nn.Module) -> list[Any]:
    """Returns hooks but those with which transformers itself keeps attention maps."""
    both = [(*m._forward_hooks.values(), *m._forward_pre_hooks.values()) for m in model.modules()]
    return [h for hooks in both for h in hooks if not h.__module__.startswith("transformers.")]


def test_the_model_is_left_as_it_was() -> None:
    model, tokenizer = model_of("llama", "classifier")
    before = {name: each.clone() for name, each in model.state_dict().items()}
    auditor.find_circuit((model, tokenizer), pairs_of(), 0, **FAST)
    assert all(torch.equal(before[name], each) for name, each in model.state_dict().items())
    assert our_hooks(model) == []
    assert all(parameter.requires_grad for parameter in model.parameters())


STORIES = (
    "was very happy because", "was sad because", "went to the park and", "was hungry so",
    "saw a big dog and", "liked to play and", "wanted a new toy so", "ran away because",
    "jumped because", "sang because", "lost the ball and", "made a cake because",
    "looked at the sky and", "was scared because", "opened the box and", "was tired because",
)  # fmt: skip


@pytest.mark.slow
def test_a_real_language_models_circuit_does_not_depend_on_the_order(shared: Path) -> None:
    folder = str(shared / "weights" / "stories260K")
    frame = pd.DataFrame(
        {"text": f"The {a} {rest}", "counterfactual": f"The {b} {rest}", "cluster": rest}
        for rest in STORIES
        for a, b in (("girl", "boy"), ("mom", "dad"), ("princess", "king"))
    )
    one, other = (
        auditor.find_circuit(folder, each, HE_SHE, **FAST) for each in (frame, frame[::-1])
    )
    assert one.to_json() == other.to_json()
    assert one.record.total_effect is not None
    assert (one.record.total_effect.low or 0) > 1
    assert one.members
    assert TypeAdapter(CircuitRecord).validate_json(one.to_json()) == one.record
