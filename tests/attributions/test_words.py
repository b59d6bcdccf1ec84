"""Tokens of one word, and attributions added up by word."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.attributions.base import Attribution, Ints, Tokens
from auditor.attributions.packing import pack
from auditor.attributions.words import by_word, numbers_of_words, words_of
from auditor.records import Span
from tests.attributions.cutters import CUTTERS, SENTENCES, attribution, by_hand, cut

HARD = "The uncharacteristically tall woman's café can't wait... 日本語 हिन्दी 👩🏽‍🚀 (o’clock)"
TEXTS = [*SENTENCES, HARD, "  she  left ", "x", "...", "a'b'c '", "Wheelchair-users' rights!?"]


def words(name: str, text: str) -> list[str]:
    tokens = by_word(attribution(cut(name, text))).tokens
    return [segment.strip() for segment in tokens.segments if segment.strip()]


@pytest.mark.parametrize("name", ["pieces", "bytes"])
def test_pieces_and_apostrophe_endings_are_one_word_and_signs_words_by_themselves(
    name: str,
) -> None:
    expected = "The | uncharacteristically | tall | woman's | café | can't | wait | . | . | ."
    assert words(name, HARD)[:10] == expected.split(" | ")
    assert words(name, "(o’clock)") == ["(", "o’clock", ")"]
    assert words(name, "the users' rights") == ["the", "users", "'", "rights"]


def test_scripts_without_blanks_are_words_between_signs() -> None:
    assert words("bytes", "日本語、日本") == ["日本語", "、", "日本"]
    assert words("bytes", "हिन्दी में।") == ["हिन्दी", "में", "।"]


def test_accents_and_joiners_belong_to_what_stands_before_them() -> None:
    assert numbers_of_words("e\u0301a wo\u00adman") == [0, 0, 0, -1, *[1] * 6]
    assert numbers_of_words("👍🏽\ufe0f!") == [0, 1, 1, 2]
    assert numbers_of_words("\u0301 x") == [0, -1, 1]


def test_special_tokens_are_words_by_themselves() -> None:
    tokens = cut("pieces", "man")
    assert words_of(tokens).tolist() == [0, 1, 2]
    assert by_word(attribution(tokens)).tokens.fixed.tolist() == [True, False, True]


def test_a_token_of_several_words_stays_one() -> None:
    """shap's own tokenizer leaves the comma with the word before it."""
    assert words("plain", "the man, who left") == ["the", "man,", "who", "left"]


@pytest.mark.parametrize("name", CUTTERS)
@pytest.mark.parametrize("text", TEXTS)
def test_words_keep_the_sums_the_text_and_a_hierarchy_that_shap_can_draw(
    name: str, text: str
) -> None:
    import shap

    tokens = cut(name, text)
    given_ = with_hierarchy(attribution(tokens))
    found = by_word(given_)
    np.testing.assert_allclose(found.values.sum(axis=0), given_.values.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.residual, given_.residual, atol=1e-12)
    assert found.hierarchical is not None
    assert given_.hierarchical is not None
    np.testing.assert_allclose(found.hierarchical.sum(axis=0), given_.hierarchical.sum(axis=0))
    assert_valid(found.tokens)
    assert len(found.hierarchical) == 2 * len(found.tokens) - 1
    drawn = shap.plots.text(pack([found], ["one", "other"])[0], display=False)
    assert all(part in drawn for part in found.tokens.segments if part.isalpha())


def assert_valid(tokens: Tokens) -> None:
    """A binary tree of all tokens: each node is joined once, with what stands beside it."""
    size = len(tokens)
    assert tokens.clustering.shape == (size - 1, 4)
    held = [{i} for i in range(size)]
    for left, right, height, count in tokens.clustering.tolist():
        held.append(held[int(left)] | held[int(right)])
        assert max(held[int(left)]) + 1 == min(held[int(right)])
        assert len(held[-1]) == count == pytest.approx(height * size)
    joined = tokens.clustering[:, :2].ravel().tolist()
    assert sorted(joined) == list(range(2 * size - 2))


def with_hierarchy(given_: Attribution) -> Attribution:
    """Leaves made-up effects on internal nodes, shared out evenly as shap does."""
    size, outputs = len(given_.tokens), given_.values.shape[1]
    hierarchical = np.random.default_rng(5).normal(size=(2 * size - 1, outputs))
    values = hierarchical[:size].copy()
    members = [np.eye(size)[i] for i in range(size)]
    for left, right in given_.tokens.clustering[:, :2].astype(int):
        members.append(members[left] + members[right])
        values += np.outer(members[-1], hierarchical[len(members) - 1]) / members[-1].sum()
    return dataclasses.replace(given_, values=values, hierarchical=hierarchical)


@pytest.mark.parametrize(
    "text", ["I can't see the man's café, but", "uncharacteristically woman's"]
)
def test_a_word_that_is_a_node_has_the_value_that_it_has_when_masked_as_a_whole(text: str) -> None:
    tokens = cut("pieces", text)
    numbers = words_of(tokens)
    assert len(tokens) > numbers.max() + 1
    assert words_are_nodes(tokens)
    found = by_word(owen(tokens, np.arange(len(tokens))))
    as_wholes = owen(found.tokens, numbers)
    np.testing.assert_allclose(found.values, as_wholes.values, atol=1e-12)
    np.testing.assert_allclose(found.residual, 0, atol=1e-12)
    assert np.abs(as_wholes.values).max() > 0.1


def owen(tokens: Tokens, numbers: Ints) -> Attribution:
    """Returns Owen values, by their definition, of a made-up game in which all pieces interact.

    Args:
        numbers: [piece], the token that shows it.
    """
    rng, size = np.random.default_rng(3), len(numbers)
    pairs, ones = rng.normal(size=(size, size)), rng.normal(size=size)

    def output(shown: frozenset[int]) -> float:
        mask = np.isin(numbers, list(shown)).astype(np.float64)
        return float(mask @ pairs @ mask + np.tanh(mask @ ones))

    merges = tokens.clustering[:, :2].astype(int).tolist()
    held = [frozenset([i]) for i in range(len(tokens))]
    for left, right in merges:
        held.append(held[left] | held[right])
    values = np.zeros((len(tokens), 1))

    def add(node: int, beside: frozenset[int], weight: float) -> None:
        if node < len(tokens):
            values[node] += weight * (output(beside | {node}) - output(beside))
            return
        left, right = merges[node - len(tokens)]
        for child, other in ((left, right), (right, left)):
            add(child, beside, weight / 2)
            add(child, beside | held[other], weight / 2)

    add(len(held) - 1, frozenset(), 1.0)
    score = np.array([output(frozenset(range(len(tokens))))])
    return Attribution(tokens, values, np.zeros(1), score, "owen", "log-odds")


def words_are_nodes(tokens: Tokens) -> bool:
    numbers = words_of(tokens)
    held = [frozenset([i]) for i in range(len(tokens))]
    for left, right in tokens.clustering[:, :2].astype(int):
        held.append(held[left] | held[right])
    return all(frozenset(np.flatnonzero(numbers == n).tolist()) in held for n in set(numbers))


def test_a_word_in_two_branches_still_has_one_place_in_the_hierarchy() -> None:
    """((x, wo), (man, y)): "woman" is no node, and joins x first."""
    tree = [[0.0, 1, 0.5, 2], [2.0, 3, 0.5, 2], [4.0, 5, 1, 4]]
    tokens = by_hand("x woman y", [(0, 1), (2, 4), (4, 7), (8, 9)], tree)
    assert not words_are_nodes(tokens)
    found = by_word(with_hierarchy(attribution(tokens)))
    assert found.tokens.segments == ("x", "woman", "y")
    assert found.tokens.clustering.tolist() == [[0, 1, 2 / 3, 2], [3, 2, 1, 3]]


def test_effects_left_within_a_word_become_its_own_and_others_stay_on_groups() -> None:
    tree = [[1.0, 2, 2 / 3, 2], [0.0, 3, 1, 3]]
    tokens = by_hand("x woman", [(0, 1), (2, 4), (4, 7)], tree)
    kept = np.array([[1.0], [2.0], [3.0], [0.5], [0.25]])
    before = dataclasses.replace(attribution(tokens, outputs=1), hierarchical=kept)
    found = by_word(before)
    assert found.hierarchical is not None
    assert found.hierarchical.ravel().tolist() == [1.0, 5.5, 0.25]
    assert [before.unresolved.tolist(), found.unresolved.tolist()] == [[0.75], [0.25]]


LETTERS = st.text("ab'’ .,-é日\u0301👍\n", min_size=1, max_size=12)


@settings(deadline=None)
@given(text=LETTERS, data=st.data())
def test_words_of_any_tokens_are_runs_that_stand_in_order(text: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=8).map(sorted))
    spans = [trimmed(text, *edges) for edges in pairwise([0, *cuts, len(text)])]
    numbers = words_of(by_hand(text, spans))
    assert numbers[0] == 0
    assert set(np.diff(numbers)) <= {0, 1}
    characters = numbers_of_words(text)
    for (last, this), same in zip(pairwise(spans), np.diff(numbers) == 0, strict=True):
        whole = last[0] < last[1] and this[0] < this[1]
        assert same == (whole and characters[this[0]] == characters[last[1] - 1])


def trimmed(text: str, start: int, end: int) -> Span:
    """Returns a span without the blanks at its ends, as every token's is."""
    inner = text[start:end].strip()
    start = text.index(inner, start)
    return start, start + len(inner)
