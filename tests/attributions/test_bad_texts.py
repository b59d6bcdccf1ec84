"""Every text gets right values or a clear refusal, and the others go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shap
from transformers import ByT5Tokenizer
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

from auditor.attributions.base import Ask, Attribution, Refused
from auditor.attributions.masking import Masker
from auditor.attributions.owen import owen_values
from auditor.errors import ModelError
from auditor.models.base import Model
from tests.attributions.factory import (
    asked,
    bag_of_words,
    by_word,
    byte_pairs,
    classifier,
    explained,
    function_model,
    maskless,
    odd,
    pieces,
    pretend,
    unigrams,
    words,
)
from tests.models.conftest import WORDS

GOOD = "she left early."


def both(model: Model, bad: str, **options: Any) -> tuple[Attribution | Refused, Attribution]:
    """What becomes of a bad text, and of a good one beside it."""
    ask = asked(model, **options)
    answer, good = owen_values(model, [bad, GOOD], ask)
    assert isinstance(good, Attribution)
    np.testing.assert_allclose(good.residual, 0, atol=1e-9)
    assert np.abs(good.values).max() > 0.01
    return answer, good


def values_of(model: Model, text: str, **options: Any) -> Attribution:
    answer, _ = both(model, text, **options)
    assert isinstance(answer, Attribution), answer
    np.testing.assert_allclose(
        answer.score, asked(model).output.read(model.score([text], cut=True).values)[0], atol=1e-9
    )
    return answer


def reason_of(model: Model, text: str) -> str:
    answer, _ = both(model, text)
    assert isinstance(answer, Refused), answer
    assert answer.text == text
    return answer.reason


EMPTY = ["", " ", "\n \t", "\u200b", "\ufeff"]


@pytest.mark.parametrize("text", EMPTY)
def test_a_text_of_nothing_but_special_tokens_has_values_of_nothing(text: str) -> None:
    found = values_of(classifier(pieces()), text)
    assert found.values.shape == (2, 2)
    assert found.evals == 1
    np.testing.assert_array_equal(found.values, np.zeros((2, 2)))
    assert found.values.dtype == np.float64
    np.testing.assert_allclose(found.base, found.score)


def test_a_text_of_written_special_tokens_is_cut_as_the_tokenizer_cuts_it() -> None:
    """The last [SEP] is never masked; the others are words like any other."""
    found = values_of(classifier(), "[CLS] [MASK] [SEP]")
    assert found.tokens.fixed.tolist() == [True, False, False, True, True]
    np.testing.assert_allclose(found.residual, 0, atol=1e-12)
    assert by_word(found)["[MASK]"] == pytest.approx(0)


@pytest.mark.parametrize("tokenizer", [words, pieces, byte_pairs, maskless, unigrams])
def test_one_token_has_the_whole_effect(tokenizer: Any) -> None:
    model = classifier(tokenizer())
    found = values_of(model, "left")
    hidden, whole = found.base, found.score
    free = ~found.tokens.fixed
    np.testing.assert_allclose(found.values[free].sum(axis=0), whole - hidden, atol=1e-12)
    assert np.abs(whole - hidden).max() > 0.01


def test_a_word_of_a_function_has_the_whole_effect() -> None:
    """shap's own fails here: a hierarchy of one has no merges."""
    found = values_of(bag_of_words(left=2.0, early=1.0), "left")
    assert by_word(found) == {"left": 2.0}
    assert found.evals == 2
    np.testing.assert_array_equal([found.base, found.score], [[1], [3]])


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_of_a_function_is_its_own_base(text: str) -> None:
    """shap's own fails here: there is no last token."""
    found = values_of(bag_of_words(left=2.0, early=1.0), text)
    assert found.values.shape[1] == 1
    np.testing.assert_array_equal(found.values, 0)
    assert found.base == found.score == 1.0


def test_punctuation_alone_is_one_word_of_a_function() -> None:
    model = function_model(lambda texts: [float("!" in t) + t.count("early") for t in texts])
    found = values_of(model, "?!")
    assert by_word(found) == {"?!": 1.0}


def test_a_function_is_asked_of_the_text_with_the_stop_at_its_end() -> None:
    """shap leaves it out: its values are of another text."""
    model = function_model(lambda texts: [float(t.endswith("!")) + t.count("early") for t in texts])
    found = values_of(model, "no way!")
    np.testing.assert_allclose(found.residual, 0)
    assert by_word(found) == {"no": 0.0, "way!": 1.0}


def test_a_text_that_a_model_cannot_read_without_its_blanks_is_refused() -> None:
    """A tokenizer as GPT-2's makes no tokens of nothing."""
    model = classifier(maskless(), family="gpt2", pad_token_id=None)
    assert "cannot read an empty text" in reason_of(model, " ")
    assert reason_of(model, "") == "it has no tokens"


def test_a_mask_of_nothing_is_refused_where_the_model_cannot_read_an_empty_text() -> None:
    model = classifier(maskless())
    masker = shap.maskers.Text(maskless(), mask_token=" ")
    ask = Ask(asked(model).output, masker=masker)
    (found,) = owen_values(model, ["she left"], ask)
    assert isinstance(found, Refused)
    assert "mask with another token" in found.reason


def test_special_tokens_that_are_odd_in_number_are_said_in_one_sentence() -> None:
    model = classifier(odd())
    with pytest.raises(ModelError, match=r"odd number of boundary tokens .*; explain it by word"):
        owen_values(model, [GOOD], asked(model))


def test_a_model_of_odd_special_tokens_is_explained_by_word_as_the_sentence_says() -> None:
    (found,) = explained(classifier(odd()), [GOOD], masker=shap.maskers.Text(r"\W+"))
    assert [s.strip() for s in found.tokens.segments] == ["she", "left", "early"]
    assert np.abs(found.values).max() > 0.01
    assert np.abs(found.residual).max() > 1e-6  # shap's own words leave the full stop out


def without_offsets(folder: Path) -> Any:
    """A tokenizer in Python over the words of the fast one."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    (folder / "vocab.txt").write_text("\n".join([*special, *WORDS]))
    return BertTokenizerLegacy(str(folder / "vocab.txt"))


def test_a_tokenizer_without_offsets_has_the_values_of_one_with_them(tmp_path: Path) -> None:
    """shap fails with those of transformers 5, which leave offsets out instead of refusing."""
    tokenizer = without_offsets(tmp_path)
    texts = ["She left early.", "the man and a muslim  came back", ""]
    with pytest.raises(KeyError, match="offset_mapping"):
        shap.maskers.Text(tokenizer).token_segments(texts[0])
    slow, fast = (explained(classifier(each), texts) for each in (tokenizer, words()))
    for one, other in zip(slow, fast, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-10)
        np.testing.assert_allclose(one.score, other.score, atol=1e-10)
        np.testing.assert_array_equal(one.tokens.spans[1:-1], other.tokens.spans[1:-1])
        np.testing.assert_array_equal(one.tokens.fixed, other.tokens.fixed)
    assert [s.strip() for s in slow[0].tokens.segments] == ["", "she", "left", "early", ".", ""]


def test_a_text_that_shap_would_explain_as_another_is_refused() -> None:
    found = Masker(pretend(ByT5Tokenizer())).cut("hello")
    assert isinstance(found, Refused)
    assert "shap would explain 'h e l l o' in its place; explain it by word" in found.reason


@pytest.mark.parametrize("tokenizer", [words, pieces, byte_pairs, maskless, unigrams])
def test_half_a_character_is_refused_by_the_tokenizer(tokenizer: Any) -> None:
    assert "the tokenizer cannot read it" in reason_of(classifier(tokenizer()), "a\ud800b")


def test_half_a_character_is_no_harm_to_a_function() -> None:
    found = values_of(bag_of_words(left=1.0, early=1.0), "\ud800 left")
    assert by_word(found)["left"] == pytest.approx(1.0)


@pytest.mark.parametrize("tokenizer", [words, pieces, byte_pairs, maskless, unigrams])
def test_a_null_within_a_text_is_read_as_the_tokenizer_reads_it(tokenizer: Any) -> None:
    values_of(classifier(tokenizer()), "she\x00left early")


def test_pieces_after_a_mask_become_words_and_values_still_add_up() -> None:
    model = classifier(pieces())
    tokenizer = model.tokenizer
    assert tokenizer.tokenize("unhappily") == ["un", "##ha", "##pp", "##ily"]
    assert tokenizer.tokenize("[MASK]happily") == ["[MASK]", "happily"]
    found = values_of(model, "unhappily")
    np.testing.assert_allclose(found.residual, 0, atol=1e-10)
    assert found.evals == 2 + 2 + 4 + 4 or found.evals > 4


def test_bytes_after_a_mask_are_cut_anew_and_values_still_add_up() -> None:
    model = classifier(byte_pairs())
    found = values_of(model, "she left the bank")
    strings = Masker(model).strings(
        found.tokens, ~found.tokens.fixed & ~np.eye(len(found.tokens), dtype=bool)
    )
    lengths = {len(model.tokenizer(text)["input_ids"]) for text in strings}
    assert len(lengths) > 1
    np.testing.assert_allclose(found.residual, 0, atol=1e-10)


def test_blanks_that_a_model_tells_apart_are_the_residual() -> None:
    """shap writes single blanks; what double ones do to the score is not its tokens' doing."""
    model = classifier(byte_pairs())
    spaced = values_of(model, "she  left\nearly")
    (single,) = explained(model, ["she left early"])
    np.testing.assert_allclose(spaced.residual, spaced.score - single.score, atol=1e-10)
    assert np.abs(spaced.residual).max() > 1e-3


def long_model(**options: Any) -> Model:
    tokenizer = words()
    tokenizer.model_max_length = 512
    return classifier(tokenizer, max_position_embeddings=512, **options)


def of_length(tokens: int) -> str:
    """A text of so many tokens, special ones included."""
    return " ".join(["the man"] * (tokens // 2 - 2) + ["she", "left"] + ["early"] * (tokens % 2))


@pytest.mark.parametrize("too_long", ["truncate", "refuse"])
def test_a_text_that_fills_the_window_is_explained(too_long: str) -> None:
    found = values_of(long_model(too_long=too_long), of_length(512), max_evals=40)
    assert len(found.tokens) == 512
    np.testing.assert_allclose(found.residual, 0, atol=1e-9)


def test_a_text_beyond_the_window_is_refused_where_the_plan_refuses_it() -> None:
    reason = reason_of(long_model(too_long="refuse"), of_length(513))
    assert reason.startswith("it has 513 tokens and the model reads 512; shorten it")


def test_it_is_refused_by_the_models_tokens_whatever_the_maskers() -> None:
    model = long_model(too_long="refuse")
    ask = Ask(asked(model).output, 20, shap.maskers.Text(r"\W+"))
    refused, found = owen_values(model, [of_length(513), of_length(512)], ask)
    assert isinstance(refused, Refused)
    assert isinstance(found, Attribution)


def test_what_is_cut_off_has_no_value() -> None:
    tokenizer = words()
    tokenizer.model_max_length = 10
    found = values_of(classifier(tokenizer, too_long="truncate"), of_length(20))
    assert len(found.tokens) == 20
    np.testing.assert_allclose(found.values[9:], 0, atol=1e-12)
    assert np.abs(found.values[1:9]).min() > 1e-4


def test_a_masked_text_that_grows_beyond_the_window_is_cut_and_not_refused() -> None:
    """Pieces may become more where the one before them is masked."""
    tokenizer = pieces()
    assert len(tokenizer("tokenisation")["input_ids"]) == 4
    assert len(tokenizer("[MASK]isation")["input_ids"]) == 5
    model = classifier(tokenizer, too_long="refuse", max_position_embeddings=4)
    found, refused = owen_values(model, ["tokenisation", "tokenisation left"], asked(model))
    assert isinstance(found, Attribution)
    np.testing.assert_allclose(found.residual, 0, atol=1e-12)
    assert isinstance(refused, Refused)


def test_a_value_that_is_not_finite_is_said_with_the_masked_text() -> None:
    model = classifier()
    forward = model.model.forward

    def broken(**inputs: Any) -> Any:
        answer = forward(**inputs)
        answer.logits[(inputs["input_ids"] == 4).sum(dim=1) == 1] = float("nan")
        return answer

    model.model.forward = broken
    with pytest.raises(ModelError, match=r"not a finite number, the first '.*\[MASK\]"):
        owen_values(model, ["she left"], asked(model))


def test_a_function_that_fails_on_a_masked_text_says_so() -> None:
    def picky(texts: list[str]) -> list[float]:
        if any("..." in text for text in texts):
            raise ValueError("no dots please")
        return [0.0] * len(texts)

    model = function_model(picky)
    with pytest.raises(ModelError, match=r"the function failed .* no dots please"):
        owen_values(model, ["she left"], asked(model))
