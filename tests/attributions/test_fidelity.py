"""Fidelity on a model that adds up the weights of words, where every number is known by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auditor.attributions.base import Ask, Attribution, Method, Refused
from auditor.attributions.fidelity import MEASURES, FidelityResults, measure_fidelity
from auditor.attributions.fidelity.agreement import rank_correlation
from auditor.attributions.fidelity.erasure import RANDOM, RANDOM_ORDERS, STEPS, Ranking, erase
from auditor.attributions.fidelity.means import OverClusters
from auditor.attributions.masking import Masker
from auditor.attributions.methods import MethodInfo
from auditor.attributions.outputs import label_output
from auditor.attributions.owen import owen_values
from auditor.errors import DataError
from auditor.models.base import Model
from auditor.models.callables import CallableModel
from auditor.plan import ScoringPlan
from auditor.records_attributions import Fidelity

WEIGHTS = {"three": 3.0, "two": 2.0, "one": 1.0, "minus": -4.0, "much": 5.0, "some": 0.5}
TEXT = "one three two"
TEXTS = [
    f"{a} {b} {c} nothing {d}"
    for a, b, c, d in [
        ("one", "three", "much", "some"), ("minus", "two", "some", "one"),
        ("three", "some", "two", "much"), ("some", "one", "minus", "two"),
        ("much", "two", "one", "three"), ("two", "minus", "three", "some"),
        ("one", "some", "three", "two"), ("minus", "one", "two", "much"),
        ("some", "three", "minus", "one"), ("two", "much", "some", "three"),
    ]
]  # fmt: skip
CLUSTERS = [str(i) for i in range(len(TEXTS))]


def weight(word: str) -> float:
    return WEIGHTS.get(word.strip(), 0.0)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def adds_up(texts: list[str]) -> list[float]:
    return [sum(map(weight, words(text))) for text in texts]


def alike(word: str) -> float:
    return 1.0


class Linear(CallableModel):
    """A function that gives numbers, and knows which texts it was asked for."""

    def __init__(self, function: Callable[[list[str]], Any] = adds_up) -> None:
        super().__init__(function, ScoringPlan(gives="regression"), model_id="linear")
        self.asked: list[str] = []

    def score(self, texts: Sequence[str], *, exact: bool = False, cut: bool = False) -> Any:
        self.asked += texts
        return super().score(texts, exact=exact, cut=cut)


def known(call: Method = owen_values, *, signed: bool = True) -> MethodInfo:
    return MethodInfo("it", "Planted.", call, adds_up=True, needs_weights=False, signed=signed)


def ask(model: Model) -> Ask:
    return Ask(label_output(model))


def by_word(model: Model, texts: Sequence[str], value: Callable[[str], float]) -> list[Attribution]:
    """Attributions that say `value` of each word; base and score are those of the linear model."""
    masker = Masker(model)
    cut = [tokens for text in texts if not isinstance(tokens := masker.cut(text), Refused)]
    return [
        Attribution(
            tokens,
            np.array([[value(segment)] for segment in tokens.segments]).reshape(-1, 1),
            base=np.zeros(1),
            score=np.array(adds_up([tokens.text])),
            method="by hand",
            unit="output",
        )
        for tokens in cut
    ]


def curves(
    texts: Sequence[str], value: Callable[[str], float], model: Model | None = None
) -> dict[str, Any]:
    model = model or Linear()
    found = by_word(model, texts, value)
    ranking = Ranking([each.values[:, 0] for each in found], signed=True)
    return erase(model, [each.tokens for each in found], {"it": ranking}, ask(model), seed=0)


def measured(
    says: Mapping[str, Callable[[str], float]],
    *,
    model: Model | None = None,
    signed: Mapping[str, bool] | None = None,
    clusters: Sequence[str] = CLUSTERS,
) -> FidelityResults:
    model = model or Linear()
    explained = {name: by_word(model, TEXTS, value) for name, value in says.items()}
    methods = {name: known(signed=(signed or {}).get(name, True)) for name in says}
    return measure_fidelity(model, explained, clusters, ask(model), seed=1, methods=methods)


def one(
    results: FidelityResults, method: str, measure: str, against: str | None = None
) -> Fidelity:
    (found,) = [
        each
        for each in results.fidelity
        if (each.method, each.measure) == (method, measure)
        and (against is None or each.against == against)
    ]
    return found


def test_areas_and_shares_of_three_words_are_those_by_hand() -> None:
    # Masked in order 3, 2, 1 the sum goes 6, 3, 1, 0; shown, 0, 3, 5, 6. Of three words 1 to 20 %
    # is one word and 50 % two: (4 * 3 + 5) / 5 goes, (4 * 3 + 1) / 5 is missing.
    assert curves([TEXT], weight)["it"][0] == pytest.approx([7 / 3, 11 / 3, 3.4, 2.6])


def test_areas_in_the_wrong_order_are_those_by_hand() -> None:
    # Masked in order 1, 2, 3: 6, 5, 3, 0; shown: 0, 1, 3, 6.
    found = curves([TEXT], lambda word: -weight(word))["it"][0]
    assert found == pytest.approx([11 / 3, 7 / 3, (4 * 1 + 3) / 5, (4 * 5 + 3) / 5])


def test_a_text_that_the_model_speaks_against_counts_as_its_mirror() -> None:
    mirrored = Linear(lambda texts: [10 - y for y in adds_up(texts)])
    found = curves([TEXT], lambda word: -weight(word), mirrored)["it"]
    assert found == pytest.approx(curves([TEXT], weight)["it"])


def test_a_method_without_sign_is_ordered_by_size() -> None:
    model = Linear()
    found = by_word(model, ["two minus one"], lambda word: abs(weight(word)))
    ranking = Ranking([each.values[:, 0] for each in found], signed=False)
    got = erase(model, [each.tokens for each in found], {"it": ranking}, ask(model), seed=0)
    # The sum is -1 and so read as 1: masked in order minus, two, one it goes 1, -3, -1, 0.
    assert got["it"][0, 0] == pytest.approx((-1 - 2 - 0.5) / 3)


def test_words_of_equal_value_come_in_random_order_not_in_that_of_the_text() -> None:
    texts = [f"much much {i} {i} {i} {i}" for i in range(40)]
    found = curves(texts, alike)
    assert found["it"][:, 0].mean() == pytest.approx(5.0, abs=1.0)  # in text order it is 5 / 3
    assert found[RANDOM][:, 0].mean() == pytest.approx(5.0, abs=0.6)


def test_a_long_text_is_read_at_few_points_of_its_curve() -> None:
    model = Linear()
    long = " ".join(f"w{i}" for i in range(300))
    curves([long], lambda word: float(word[1:]), model)
    assert len(model.asked) <= (1 + RANDOM_ORDERS) * 2 * (STEPS + 6)
    assert curves(["much " + long], weight)["it"][0, 0] == pytest.approx(5 / 64, rel=0.1)


def test_a_masked_text_that_orders_share_is_asked_for_once() -> None:
    model = Linear()
    measured({"right": weight, "wrong": lambda word: -weight(word)}, model=model)
    assert len(model.asked) == len(set(model.asked))


def test_neither_other_texts_nor_other_methods_change_a_number() -> None:
    alone = curves([TEXTS[3]], weight)
    among = curves(TEXTS, weight)
    assert np.array_equal(alone["it"][0], among["it"][3])
    assert np.array_equal(alone[RANDOM][0], among[RANDOM][3])


def test_right_attributions_beat_random_order_and_reversed_ones_do_not() -> None:
    results = measured({"right": weight, "reversed": lambda word: -weight(word)})
    for measure in ("deletion_auc", "insertion_auc", "comprehensiveness", "sufficiency"):
        right, wrong = (one(results, name, measure) for name in ("right", "reversed"))
        assert (right.passed, wrong.passed) == (True, False)
        assert right.control == wrong.control
        values = [right.estimate.value, right.control and right.control.value, wrong.estimate.value]
        expected = sorted(values, reverse=MEASURES[measure].better == "higher")  # type: ignore[type-var]
        assert values == expected


def test_what_says_nothing_does_not_pass() -> None:
    results = measured({"nothing": alike})
    assert one(results, "nothing", "deletion_auc").passed is False


def test_agreement_is_1_with_the_same_and_minus_1_with_the_negative() -> None:
    says = {"a": weight, "b": lambda word: 2 * weight(word), "c": lambda word: -weight(word)}
    results = measured(says)
    values = {
        (each.method, each.against): each.estimate.value
        for each in results.fidelity
        if each.measure == "agreement"
    }
    assert values == pytest.approx({("a", "b"): 1, ("a", "c"): -1, ("b", "c"): -1})


def test_agreement_with_a_method_without_sign_is_of_sizes() -> None:
    says = {"a": weight, "size": lambda word: abs(weight(word))}
    results = measured(says, signed={"size": False})
    assert one(results, "a", "agreement").estimate.value == pytest.approx(1)
    assert one(measured(says), "a", "agreement").estimate.value != pytest.approx(1)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1, 2, 3, 4], [10, 20, 40, 30], 0.8),
        ([1, 2, 2, 3], [1, 2, 2, 3], 1.0),
        ([1, 1, 1], [1, 2, 3], np.nan),
        ([1, 1 + 1e-9, 1 - 1e-9], [1, 2, 3], np.nan),
        ([0, 0, 0], [1, 2, 3], np.nan),
        ([1, 2], [2, 1], np.nan),
        ([], [], np.nan),
    ],
)
def test_rank_correlations_known_by_hand(a: list[float], b: list[float], expected: float) -> None:
    found = rank_correlation(np.array(a, np.float64), np.array(b, np.float64))
    assert found == pytest.approx(expected, nan_ok=True)


def test_texts_without_an_order_are_left_out_and_said() -> None:
    model = Linear()
    texts = [*TEXTS, "alike alike alike"]
    explained = {name: by_word(model, texts, weight) for name in ("a", "b")}
    methods = {name: known() for name in explained}
    clusters = [*CLUSTERS, "more"]
    found = measure_fidelity(model, explained, clusters, ask(model), seed=1, methods=methods)
    assert one(found, "a", "agreement").estimate.n == len(TEXTS)
    assert found.notes == (
        "agreement of a against b: 1 of 11 texts left out, with fewer than 3 tokens that can be "
        "masked, with one value for all of them, or which could not be explained again",
    )


def test_a_text_without_tokens_is_left_out_of_every_order_and_said_once() -> None:
    model = Linear()
    explained = {name: by_word(model, [*TEXTS, ""], weight) for name in ("a", "b")}
    methods = {name: known() for name in explained}
    clusters = [*CLUSTERS, "more"]
    found = measure_fidelity(model, explained, clusters, ask(model), seed=1, methods=methods)
    assert one(found, "b", "insertion_auc").estimate.n == len(TEXTS)
    assert sum("insertion_auc" in note for note in found.notes) == 1


def test_what_is_missing_from_the_sum_is_the_additivity_error() -> None:
    model = Linear()
    right = by_word(model, TEXTS, weight)
    off = [replace(each, base=each.base + 0.25) for each in right]
    none = [replace(each, base=np.array([np.nan])) for each in right]
    explained = {"right": right, "off": off, "none": none}
    methods = {name: known() for name in explained}
    found = measure_fidelity(model, explained, CLUSTERS, ask(model), seed=1, methods=methods)
    assert one(found, "right", "additivity_error").estimate.value == pytest.approx(0, abs=1e-12)
    assert one(found, "off", "additivity_error").estimate.value == pytest.approx(0.25)
    missing = one(found, "none", "additivity_error").estimate
    assert missing.value is None
    assert missing.reason is not None
    assert "none has no base value" in missing.reason


def test_a_reduced_dtype_is_held_against_float32_too() -> None:
    class Reduced(Linear):
        tolerance = 0.25

        def score(self, texts: Sequence[str], *, exact: bool = False, cut: bool = False) -> Any:
            raw = super().score(texts, exact=exact, cut=cut)
            return replace(raw, values=raw.values + 0.125) if exact else raw

    results = measured({"right": weight}, model=Reduced())
    exact = one(results, "right", "additivity_error", "the output in float32")
    assert exact.estimate.value == pytest.approx(0.125)


def test_masking_of_a_sum_in_another_way_changes_nothing() -> None:
    model = Linear()
    own = [each for each in owen_values(model, TEXTS, ask(model)) if isinstance(each, Attribution)]
    found = measure_fidelity(
        model, {"owen": own}, CLUSTERS, ask(model), seed=1, methods={"owen": known()}
    )
    stable = one(found, "owen", "mask_stability")
    assert stable.against == "no mask: tokens left out"
    assert stable.estimate.value == pytest.approx(1)
    assert one(found, "owen", "mask_difference").estimate.value == pytest.approx(0, abs=1e-12)


def test_a_model_that_reads_the_mask_is_seen() -> None:
    """Each mask that stands in a text takes 2 off, unless the first word is masked."""

    def reads(texts: list[str]) -> list[float]:
        return [
            sum(map(weight, words(text))) - 2 * ("..." in text and not text.startswith("..."))
            for text in texts
        ]

    model = Linear(reads)
    own = [each for each in owen_values(model, TEXTS, ask(model)) if isinstance(each, Attribution)]
    found = measure_fidelity(
        model, {"owen": own}, CLUSTERS, ask(model), seed=1, methods={"owen": known()}
    )
    stability, difference = (
        one(found, "owen", name).estimate.value for name in ("mask_stability", "mask_difference")
    )
    assert stability is not None
    assert difference is not None
    assert stability < 0.95
    assert difference > 0.1


def test_a_function_has_no_weights_to_draw_and_says_so() -> None:
    found = one(measured({"right": weight}), "right", "randomised_weights")
    assert found.estimate.value is None
    assert found.estimate.reason == "linear is a function: it has no weights to draw at random"
    assert found.passed is None


def test_too_few_clusters_give_a_value_without_interval_and_no_pass() -> None:
    results = measured({"right": weight}, clusters=["a", "b"] * 5)
    found = one(results, "right", "deletion_auc")
    assert found.estimate.value is not None
    assert (found.estimate.low, found.passed) == (None, None)
    assert found.estimate.reason is not None
    assert found.estimate.reason.startswith("only 2 clusters")


def test_every_cluster_counts_once() -> None:
    over = OverClusters(["a", "a", "a", "b"], seed=0)
    values = np.array([1.0, 1.0, np.nan, 5.0])
    found = over.estimate(values, unit="output", missing="nothing")
    assert (found.value, found.n, found.clusters) == (3.0, 3, 2)


def test_no_texts_give_no_numbers_and_reasons() -> None:
    model = Linear()
    found = measure_fidelity(model, {"a": []}, [], ask(model), seed=0, methods={"a": known()})
    assert {each.estimate.value for each in found.fidelity} == {None}


def test_methods_that_explained_other_texts_are_refused() -> None:
    model = Linear()
    explained = {"a": by_word(model, TEXTS, weight), "b": by_word(model, TEXTS[::-1], weight)}
    methods = {name: known() for name in explained}
    with pytest.raises(DataError, match=r"b explained 10 texts, for 10 clusters; .* order of a"):
        measure_fidelity(model, explained, CLUSTERS, ask(model), seed=0, methods=methods)


def test_every_measure_is_described_and_results_are_in_order() -> None:
    results = measured({"b": weight, "a": weight})
    assert {each.measure for each in results.fidelity} <= set(MEASURES)
    keys = [(each.method, each.measure) for each in results.fidelity]
    assert keys == sorted(keys)
    assert results == measured({"b": weight, "a": weight})
