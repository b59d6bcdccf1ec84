"""Owen values add up, are fair, and do not depend on what else is explained, nor how."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.attributions import owen
from auditor.attributions.base import Attribution, Refused, Tokens
from auditor.attributions.masking import Masker
from auditor.attributions.owen import SharedScores, exact, in_lockstep, owen_values
from auditor.attributions.trees import tree_of
from auditor.errors import PlanError
from auditor.models.base import Model
from tests.attributions.factory import (
    EXACT,
    asked,
    bag_of_words,
    by_word,
    classifier,
    explained,
    function_model,
)
from tests.fakes import Biased, Counting, constant

TEXTS = [
    "the man waited at the shop.",
    "she left",
    "a blind person came back with soup and left early.",
    "the woman waited at the bank.",
    "he",
]
PAIR = [
    "the man waited at the bank and came back early.",
    "the woman waited at the bank and came back early.",
]
LONG = "the blind man waited at the shop and the woman left early and came back with the soup."


def equal(found: list[Attribution], expected: list[Attribution], atol: float) -> None:
    for a, b in zip(found, expected, strict=True):
        assert a.tokens.text == b.tokens.text
        np.testing.assert_allclose(a.values, b.values, atol=atol)
        np.testing.assert_allclose(a.base, b.base, atol=atol)
        np.testing.assert_allclose(a.score, b.score, atol=atol)


def words(text: str) -> list[str]:
    """A mask stands right before the word that follows it: " ...word"."""
    return re.findall(r"\w+", text)


def interacting(texts: list[str]) -> list[float]:
    """A number of its own for every text, so that nothing adds up by chance."""
    return [float(np.sin(37 * len(t)) + np.cos(sum(map(ord, t)))) for t in texts]


@pytest.mark.parametrize(("double", "atol"), [(False, 1e-5), (True, 1e-10)])
@pytest.mark.parametrize("scale", ["logit", "probability"])
def test_base_and_values_add_up_to_the_score(double: bool, atol: float, scale: str) -> None:
    found = explained(classifier(double=double), TEXTS, scale=scale)
    assert max(np.abs(each.values).max() for each in found) > 0.05
    for each in found:
        np.testing.assert_allclose(each.residual, 0, atol=atol)
        np.testing.assert_allclose(each.values.sum(axis=0), each.score - each.base, atol=atol)


def test_values_of_a_sum_over_words_are_the_words_own() -> None:
    (found,) = explained(bag_of_words(good=2.0, bad=-3.0), ["not bad, but not so good!"])
    expected = {"not": 0, "bad,": -3, "but": 0, "so": 0, "good!": 2}
    assert by_word(found) == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose([found.base, found.score], [[1], [0]])
    np.testing.assert_allclose([found.unresolved, found.residual], 0, atol=1e-12)


def test_a_model_that_says_the_same_of_all_texts_gives_every_token_nothing() -> None:
    model = function_model(constant, labels=("negative", "positive"), gives="probabilities")
    for each in explained(model, TEXTS):
        np.testing.assert_array_equal(each.values, 0)


def test_a_penalty_for_a_word_is_the_words_value() -> None:
    model = function_model(
        Biased("woman", penalty=0.3), labels=("negative", "positive"), gives="probabilities"
    )
    (found,) = explained(model, [PAIR[1]], scale="probability")
    assert by_word(found)["woman"] == pytest.approx(0.3)
    assert np.abs(found.values).sum() == pytest.approx(0.6)


def test_a_token_that_changes_nothing_has_no_value() -> None:
    """Dummy: however much the others interact."""

    def blind(texts: list[str]) -> list[float]:
        return interacting([" ".join(w for w in words(t) if w != "idle") for t in texts])

    (found,) = explained(function_model(blind), ["one idle two three four"])
    sizes = np.abs(found.values[:, 0])
    assert sizes[1] == pytest.approx(0, abs=1e-12)
    assert np.delete(sizes, 1).min() > 0.01


def test_siblings_that_do_the_same_have_one_value() -> None:
    """Symmetry holds between the halves of a node, whatever stands beside them."""

    def squared(texts: list[str]) -> list[float]:
        return [len({"a", "b"} & set(words(t))) ** 2.0 * (1 + ("c" in t)) for t in texts]

    values = by_word(explained(function_model(squared), ["a b c"])[0])
    assert values == pytest.approx({"a": 3, "b": 3, "c": 2})


@given(st.lists(st.sampled_from(["ay", "bee", "sea", "dee"]), max_size=9), st.integers(2, 60))
@settings(deadline=None)
def test_whatever_the_budget_values_add_up(drawn: list[str], budget: int) -> None:
    (found,) = explained(function_model(interacting), [" ".join(drawn)], budget)
    np.testing.assert_allclose(found.residual, 0, atol=1e-10)
    assert found.evals <= budget


def walked(model: Model, text: str, budget: int) -> tuple[Tokens, Any]:
    masker = Masker(model)
    tokens = masker.cut(text)
    assert isinstance(tokens, Tokens)
    shared = SharedScores(model, asked(model).output)
    block = [(0, tokens, tree_of(tokens))]
    return tokens, (in_lockstep(block, masker, shared, budget)[0], exact(block, masker, shared)[0])


@pytest.mark.parametrize("text", ["", "one", "one two three", LONG])
def test_a_budget_that_suffices_gives_the_exact_values_by_either_way(text: str) -> None:
    model = function_model(interacting)
    tokens, ways = walked(model, text, EXACT)
    tree = tree_of(tokens)
    walk, whole = [tree.kept(each.groups, each.outputs) for each in ways]
    np.testing.assert_allclose(walk, whole, atol=1e-12)
    assert len(ways[0].outputs) == len(ways[1].outputs) == tree.cost


def test_a_budget_of_exactly_the_cost_suffices() -> None:
    model = classifier()
    (whole,) = explained(model, [LONG])
    (found,) = explained(model, [LONG], whole.evals)
    equal([found], [whole], 1e-12)
    np.testing.assert_array_equal(found.unresolved, 0)


@pytest.mark.parametrize("budget", [3, 20, 100, 299])
def test_a_budget_that_does_not_suffice_says_what_it_left_on_groups(budget: int) -> None:
    (found,) = explained(classifier(), [LONG], budget)
    assert budget - 2 < found.evals <= budget
    assert (found.unresolved > 0).all()
    np.testing.assert_allclose(found.residual, 0, atol=1e-10)


def test_what_is_left_unresolved_shrinks_as_the_budget_grows() -> None:
    model = classifier()
    left = [explained(model, [LONG], n)[0].unresolved.max() for n in (2, 30, 120, EXACT)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0


def test_a_budget_of_two_shares_the_whole_effect_out_evenly() -> None:
    (found,) = explained(bag_of_words(good=4.0), ["no good at all"], 2)
    np.testing.assert_allclose(found.values[:, 0], 1.0)
    assert found.evals == 2
    assert found.unresolved == pytest.approx(4)


def test_less_than_two_evaluations_are_refused() -> None:
    model = bag_of_words()
    with pytest.raises(PlanError, match="max_evals is 1; it takes at least 2"):
        owen_values(model, ["a"], asked(model, 1))


def test_the_largest_effects_are_resolved_first() -> None:
    """One word of thirty matters: a small budget finds it, and gives the others nothing."""
    model = bag_of_words(needle=1.0)
    hay = ["hay"] * 30
    hay[17] = "needle"
    (found,) = explained(model, [" ".join(hay)], 120)
    assert found.values[17, 0] > 0.5
    assert np.abs(np.delete(found.values[:, 0], 17)).max() < 0.1


@pytest.mark.parametrize("budget", [EXACT, 60])
@pytest.mark.parametrize("token_budget", [16, 4096])
def test_the_batch_size_changes_no_value(budget: int, token_budget: int) -> None:
    expected = explained(classifier(token_budget=512), TEXTS, budget)
    equal(explained(classifier(token_budget=token_budget), TEXTS, budget), expected, 1e-12)


def test_the_batch_size_changes_no_more_in_float32_than_its_last_digits() -> None:
    """Logits are around 50 before they are centred: seven digits of that."""
    small, large = (classifier(double=False, token_budget=n) for n in (16, 4096))
    equal(explained(small, TEXTS), explained(large, TEXTS), 5e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
@pytest.mark.parametrize("budget", [EXACT, 60])
def test_the_device_changes_no_value(budget: int) -> None:
    expected = explained(classifier(), TEXTS, budget)
    equal(explained(classifier(device="cuda"), TEXTS, budget), expected, 1e-9)


@pytest.mark.parametrize("budget", [EXACT, 60])
def test_neither_order_nor_other_texts_change_a_value(budget: int) -> None:
    model = classifier()
    expected = [explained(model, [text], budget)[0] for text in TEXTS]
    equal(explained(model, TEXTS, budget), expected, 1e-12)
    equal(explained(model, TEXTS[::-1], budget), expected[::-1], 1e-12)


@pytest.mark.parametrize("rows", [1, 70, 200])
def test_blocks_of_any_size_give_the_same_values(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = classifier()
    expected = explained(model, [*TEXTS, LONG], 90)
    monkeypatch.setattr(owen, "BLOCK_ROWS", rows)
    equal(explained(model, [*TEXTS, LONG], 90), expected, 1e-12)


class Recording:
    """A function that remembers how many texts it was asked for at once."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, texts: list[str]) -> list[float]:
        self.sizes.append(len(texts))
        return interacting(texts)


@pytest.mark.parametrize(("row_tokens", "texts"), [(512, 2), (8, 1)])
def test_no_more_masked_texts_are_held_at_once_than_a_block_has(
    row_tokens: int, texts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of texts that take 44 each, two fit into 100; where they count as long ones, only one."""
    monkeypatch.setattr(owen, "BLOCK_ROWS", 100)
    monkeypatch.setattr(owen, "ROW_TOKENS", row_tokens)
    recording = Recording()
    found = explained(
        function_model(recording),
        [" ".join(f"{letter}{i}" for letter in "abcdefgh") for i in range(9)],
    )
    assert found[0].evals == 44
    assert 44 * (texts - 0.5) < max(recording.sizes) <= 44 * texts


def test_the_largest_label_decides_the_way_but_each_is_valued_alike() -> None:
    model = classifier(num_labels=3)
    together = explained(model, TEXTS)
    for i in range(3):
        for one, all_ in zip(explained(model, TEXTS, labels=[i]), together, strict=True):
            np.testing.assert_allclose(one.values[:, 0], all_.values[:, i], atol=1e-12)


def test_a_text_given_twice_is_answered_twice() -> None:
    first, other, second = explained(classifier(), [LONG, "she left", LONG])
    equal([first], [second], 0)
    assert other.tokens.text == "she left"


def counted(function: Any = interacting) -> tuple[Counting, Model]:
    counting = Counting(function)
    return counting, function_model(counting)


def distinct(texts: list[str]) -> int:
    """How many masked versions texts have together."""
    masker = Masker(function_model(interacting))
    cut = [masker.cut(text) for text in texts]
    found: set[str] = set()
    for tokens in cut:
        assert isinstance(tokens, Tokens)
        found.update(masker.strings(tokens, tree_of(tokens).coalitions()[0]))
    return len(found)


def test_every_masked_text_is_asked_for_once() -> None:
    counting, model = counted()
    texts = ["no no no no", "no no", "yes no no"]
    found = explained(model, texts)
    assert counting.texts == distinct(texts) < sum(each.evals for each in found)


def test_labels_are_read_off_one_pass() -> None:
    counting = Counting(Biased("she"))
    model = function_model(counting, labels=("negative", "positive"), gives="probabilities")
    explained(model, ["she left early", "he left early"])
    assert counting.texts == distinct(["she left early", "he left early"])


def test_both_sides_of_a_pair_share_the_texts_in_which_the_swapped_word_is_hidden() -> None:
    counts = []
    for texts in (PAIR[:1], PAIR[1:], PAIR):
        counting, model = counted()
        explained(model, texts)
        counts.append(counting.texts)
    masker = Masker(model)
    tokens = masker.cut(PAIR[0])
    assert isinstance(tokens, Tokens)
    shown, _ = tree_of(tokens).coalitions()
    hidden = set(masker.strings(tokens, shown[~shown[:, 1]]))  # man
    assert len(hidden) > 0.4 * counts[0]
    assert counts[2] == counts[0] + counts[1] - len(hidden)


def test_the_walk_asks_for_each_masked_text_once_too() -> None:
    counting, model = counted()
    seen: list[str] = []
    counting.model = lambda texts: seen.extend(texts) or interacting(texts)  # type: ignore[func-returns-value]
    found = explained(model, [LONG, *PAIR], 60)
    assert len(seen) == len(set(seen))
    assert 100 < len(seen) <= sum(each.evals for each in found) == 180


def test_progress_is_told_in_texts_refused_ones_included() -> None:
    model = classifier(too_long="refuse")
    told: list[tuple[int, int]] = []
    ask = asked(model)
    found = owen_values(
        model,
        ["she left", "the man " * 40, "he"],
        type(ask)(ask.output, tell=lambda done, total: told.append((done, total))),
    )
    assert isinstance(found[1], Refused)
    assert told == [(3, 3)]


def test_no_texts_have_no_values() -> None:
    model = bag_of_words()
    assert owen_values(model, [], asked(model)) == []
