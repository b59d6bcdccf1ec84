"""Masked texts are shap's, character by character, but for one fault of shap's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shap
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.attributions.base import Bools, Tokens
from auditor.attributions.masking import Masker, open_masker
from auditor.errors import PlanError
from tests.attributions.factory import (
    bag_of_words,
    byte_pairs,
    masker_of,
    maskless,
    pieces,
    pretend,
    unigrams,
    words,
)

PARTS = [
    "She", " left", "don't ", "(and", ") ", " [SEP]", "[MASK] ", "[CLS]", "  ", "\n", "\t \r\n",
    "!", "...", "…", "😀", "👩‍🚀 ", "مرحبا ", "العالم", "你好", "。", "नमस्ते ", "ab" * 60, "naïve ",
    "é", "<mask>", "</s>", "▁", "_", "\u200b", "\u00a0", "-", "'", "Ünïcödé ", "1,000.5 ",
    "<|end|>",
]  # fmt: skip
WHOLE_CHARACTERS = ["words", "pieces", "function"]
"""No character is cut into several tokens."""


def masks(tokens: Tokens, seed: int) -> Bools:
    drawn = np.random.default_rng(seed).random((6, len(tokens))) < 0.5
    ends = np.array([[True], [False]]).repeat(len(tokens), axis=1)
    return np.concatenate([ends, drawn])


def cut(masker: Masker, text: str) -> Tokens:
    tokens = masker.cut(text)
    assert isinstance(tokens, Tokens), tokens
    return tokens


def by_shap(masker: Masker, text: str, shown: Bools) -> list[str]:
    return [str(masker.shap(row, text)[0][0]) for row in shown]


@pytest.mark.parametrize("name", WHOLE_CHARACTERS)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=12).map("".join), st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_masked_texts_are_those_that_shap_writes(name: str, text: str, seed: int) -> None:
    masker = masker_of(name)
    tokens = cut(masker, text)
    assert list(tokens.segments) == masker.shap.token_segments(text)[0]
    shown = masks(tokens, seed)
    assert masker.strings(tokens, shown) == by_shap(masker, text, shown)


LATIN = st.text(st.sampled_from("abcde .,'!?()[]\n-"), min_size=1, max_size=40)


@pytest.mark.parametrize("name", ["byte_pairs", "maskless"])
@given(text=LATIN.filter(str.strip), seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_so_are_those_of_tokenizers_of_bytes(name: str, text: str, seed: int) -> None:
    masker = masker_of(name)
    tokens = cut(masker, text)
    shown = masks(tokens, seed)
    assert masker.strings(tokens, shown) == by_shap(masker, text, shown)


def test_a_line_under_a_word_is_a_blank_to_tokenizers_that_write_blanks_so() -> None:
    masker = masker_of("unigrams")
    tokens = cut(masker, "the man▁left")
    shown = masks(tokens, 0)
    assert masker.strings(tokens, shown) == by_shap(masker, "the man▁left", shown)
    assert masker.strings(tokens, shown[:1]) == ["the man left"]


@pytest.mark.parametrize("name", ["byte_pairs", "maskless", "function"])
@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join).filter(str.strip))
@settings(max_examples=80, deadline=None)
def test_the_whole_text_is_written_as_it_is_but_for_its_blanks(name: str, text: str) -> None:
    """However many tokens a character is cut into."""
    masker = masker_of(name)
    tokens = cut(masker, text)
    (whole,) = masker.strings(tokens, np.ones((1, len(tokens)), np.bool_))
    assert whole == " ".join(text.split())


def test_a_character_of_several_tokens_is_written_once_where_shap_writes_it_for_each() -> None:
    masker = masker_of("byte_pairs")
    tokens = cut(masker, "ok 😀 no")
    shown = np.ones((1, len(tokens)), np.bool_)
    assert by_shap(masker, "ok 😀 no", shown) == ["ok 😀😀😀😀 no"]
    assert masker.strings(tokens, shown) == ["ok 😀 no"]
    at_the_face = [i for i, span in enumerate(tokens.spans.tolist()) if span == [3, 4]]
    assert [tokens.segments[i] for i in at_the_face] == ["", "", "", "😀 "]


def test_a_blank_that_a_tokenizer_puts_before_a_word_takes_no_letter_of_it() -> None:
    """shap writes the word's first letter for the blank too."""
    masker = masker_of("unigrams")
    tokens = cut(masker, "bold man")
    assert masker.shap.tokenizer.tokenize("bold man")[:2] == ["▁", "b"]
    assert by_shap(masker, "bold man", np.ones((1, len(tokens)), np.bool_)) == ["bbold man"]
    assert list(tokens.segments) == ["", "b", "o", "l", "d ", "man", ""]
    assert tokens.spans[:2].tolist() == [[0, 1], [0, 1]]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join).filter(str.strip))
@settings(max_examples=60, deadline=None)
def test_spans_are_where_the_words_of_segments_stand(text: str) -> None:
    for name in WHOLE_CHARACTERS:
        tokens = cut(masker_of(name), text)
        for segment, (start, end) in zip(tokens.segments, tokens.spans.tolist(), strict=True):
            assert text[start:end] == segment.strip()
        assert (np.diff(tokens.spans[:, 0]) >= 0).all()


@pytest.mark.parametrize(
    ("name", "text", "segments"),
    [
        ("words", "She left.", ["", "She ", "left", ".", ""]),
        ("words", " she [SEP] left", [" ", "she ", "[SEP] ", "left", ""]),
        ("pieces", "unhappily so", ["", "un", "ha", "pp", "ily ", "so", ""]),
        ("function", "No, (really)!", ["No, (", "really)!"]),
        ("function", "!?", ["!?"]),
        ("function", "", []),
    ],
)
def test_texts_are_cut_into_segments(name: str, text: str, segments: list[str]) -> None:
    assert list(cut(masker_of(name), text).segments) == segments


@pytest.mark.parametrize(
    ("name", "hidden", "written"),
    [
        ("words", [1, 2], "[MASK] [MASK]."),
        ("byte_pairs", [1, 2], "<mask> <mask>left."),
        ("maskless", [0, 1], "... left."),
        ("unigrams", [0, 1], "...."),
        ("function", [1], "she ..."),
    ],
)
def test_a_mask_stands_right_before_what_follows(
    name: str, hidden: list[int], written: str
) -> None:
    """As shap writes it; neighbours share a mask where the tokenizer has none of its own."""
    masker = masker_of(name)
    tokens = cut(masker, "she left.")
    shown = np.ones((1, len(tokens)), np.bool_)
    shown[0, hidden] = False
    assert masker.strings(tokens, shown) == by_shap(masker, "she left.", shown) == [written]


@pytest.mark.parametrize(
    ("name", "ends"),
    [("words", 2), ("pieces", 2), ("byte_pairs", 2), ("maskless", 0), ("unigrams", 1)],
)
def test_what_the_tokenizer_puts_around_every_text_is_never_masked(name: str, ends: int) -> None:
    tokens = cut(masker_of(name), "she left")
    assert tokens.fixed.sum() == ends
    assert tokens.fixed[[0, -1]].sum() == ends


def test_a_separator_at_the_end_of_a_text_is_never_masked_either() -> None:
    """shap compares segments with their blank: one within the text is masked."""
    tokens = cut(masker_of("words"), "she [SEP] left [SEP]")
    assert tokens.fixed.tolist() == [True, False, False, False, True, True]


@pytest.mark.parametrize(
    "masker",
    [
        "...",
        shap.maskers.Text(words(), mask_token=3),
        shap.maskers.Text(words(), output_type="token_ids"),
        type("Other", (shap.maskers.Text,), {})(words()),
    ],
    ids=["a string", "an id", "ids", "a class of its own"],
)
def test_other_maskers_are_refused(masker: Any) -> None:
    with pytest.raises(PlanError, match=r"give a shap\.maskers\.Text that writes strings"):
        open_masker(bag_of_words(), masker)


def test_the_default_masker_is_shaps_for_the_tokenizer() -> None:
    tokenizers = [words(), pieces(), byte_pairs(), maskless(), unigrams()]
    made = [open_masker(pretend(each)) for each in tokenizers]
    assert [each.tokenizer for each in made] == tokenizers
    assert [each.mask_token for each in made] == ["[MASK]", "[MASK]", "<mask>", "...", "..."]
    assert [bool(each.collapse_mask_token) for each in made] == [False, False, False, True, True]
