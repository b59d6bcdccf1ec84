"""`auditor.explain` and `auditor.explain_pairs`: every option, every kind of model, bad input."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import auditor
from auditor.attributions import explain as module
from auditor.attributions.base import Refused
from auditor.attributions.masking import Masker
from auditor.errors import AuditError, DataError, ModelError, PlanError
from tests.fakes import LABELS, Biased, Counting
from tests.models.conftest import tiny, tokenizer

TEXTS = ["The man waited at the shop.", "She left early."]
HE_SHE = [("He left the bank.", "She left the bank.")]


@pytest.fixture(scope="module")
def bert() -> tuple[Any, Any]:
    """A loaded tiny classifier with two labels, LABEL_0 and LABEL_1."""
    return tiny("bert"), tokenizer()


def said_of(found: Any, text: int = 0, label: int = 0) -> float:
    """Returns what base and values add up to."""
    return float(found.base_values[text][label] + found.values[text][:, label].sum())


def odds(bert: tuple[Any, Any], text: str) -> float:
    """Returns the log-odds of the first label, from the model itself."""
    first, second = logits(bert, text)
    return first - second


def logits(bert: tuple[Any, Any], text: str) -> tuple[float, float]:
    import torch

    with torch.no_grad():
        first, second = bert[0](**bert[1]([text], return_tensors="pt")).logits[0].tolist()
    return first, second


def test_values_and_base_add_up_to_the_log_odds_of_each_label(bert: Any) -> None:
    found = auditor.explain(bert, TEXTS, device="cpu")
    assert found.output_names == ["LABEL_0", "LABEL_1"]
    for i, text in enumerate(TEXTS):
        assert said_of(found, i, 0) == pytest.approx(odds(bert, text), abs=1e-5)
        assert said_of(found, i, 1) == pytest.approx(-odds(bert, text), abs=1e-5)


def test_probabilities_add_up_too(bert: Any) -> None:
    found = auditor.explain(bert, TEXTS, output="probability", device="cpu")
    assert said_of(found, 1, 1) == pytest.approx(1 / (1 + np.exp(odds(bert, TEXTS[1]))))


def test_an_output_function_is_explained(bert: Any) -> None:
    found = auditor.explain(bert, TEXTS[:1], output=lambda raw: raw[:, 0] * 2, device="cpu")
    assert found.output_names == ["output"]
    assert said_of(found) == pytest.approx(2 * logits(bert, TEXTS[0])[0], abs=1e-5)


@pytest.mark.parametrize("labels", [["LABEL_1"], [1], "LABEL_1", 1])
def test_only_the_labels_that_are_asked_for(bert: Any, labels: Any) -> None:
    found = auditor.explain(bert, TEXTS, labels=labels, device="cpu")
    whole = auditor.explain(bert, TEXTS, device="cpu")
    assert found.output_names == ["LABEL_1"]
    assert found.values[0][:, 0].tolist() == whole.values[0][:, 1].tolist()


def test_a_slice_by_label_is_of_one_text(bert: Any) -> None:
    found = auditor.explain(bert, TEXTS, device="cpu")
    assert found[0, :, "LABEL_1"].values.tolist() == found.values[0][:, 1].tolist()
    assert found[1].data.tolist() == ["", "She ", "left ", "early", ".", ""]


def test_texts_of_one_length_and_one_text_alone_have_the_same_values(bert: Any) -> None:
    both = auditor.explain(bert, ["the man left", "a woman came"], device="cpu")
    alone = auditor.explain(bert, ["a woman came"], device="cpu")
    assert (both.shape, alone.shape) == ((2, 5, 2), (1, 5, 2))
    assert both.values[1] == pytest.approx(alone.values[0], abs=1e-6)


def test_the_level_of_words_adds_up_pieces() -> None:
    from tests.attributions.cutters import masker

    pieces = masker("pieces").shap
    length = lambda texts: [float(len(text)) for text in texts]  # noqa: E731
    tokens, words = (
        auditor.explain(length, ["An antidisestablishmentarian left."], masker=pieces, level=level)
        for level in ("token", "word")
    )
    long = "antidisestablishmentarian"
    assert [word.strip() for word in words.data[0]] == ["", "An", long, "left", ".", ""]
    assert len(tokens.data[0]) > 9
    assert words.values[0][2, 0] == pytest.approx(tokens.values[0][2:-3, 0].sum())
    assert words.values[0][2, 0] != 0


@pytest.mark.parametrize("form", ["folder", "path", "pair"])
def test_a_model_is_a_folder_or_a_loaded_pair(form: str, bert: Any, tmp_path: Path) -> None:
    for part in bert:
        part.save_pretrained(tmp_path)
    given = {"folder": str(tmp_path), "path": tmp_path, "pair": bert}[form]
    found = auditor.explain(given, TEXTS[:1], device="cpu")
    assert said_of(found) == pytest.approx(odds(bert, TEXTS[0]), abs=1e-5)


@pytest.mark.parametrize("shape", ["[text]", "[text, 1]", "[text, label]"])
def test_a_function_is_explained_as_it_answers(shape: str) -> None:
    def hit(texts: list[str]) -> Any:
        ours = np.array([3.0 * ("man" in text) for text in texts])
        return {"[text]": ours, "[text, 1]": ours[:, None]}.get(shape, np.stack([ours, -ours], 1))

    found = auditor.explain(hit, ["The man left."])
    assert found.values[0][:, 0].tolist() == [0, 3, 0]
    assert found.output_names == (["0", "1"] if shape == "[text, label]" else ["0"])
    if shape == "[text, label]":
        assert found.values[0][:, 1].tolist() == [0, -3, 0]


def test_a_function_of_several_numbers_is_explained_for_one_of_them() -> None:
    two = lambda texts: [[1.0, 2.0 * ("man" in text)] for text in texts]  # noqa: E731
    found = auditor.explain(two, ["The man left."], labels=["b"], label_names=["a", "b"])
    assert found.output_names == ["b"]
    assert found.values[0].ravel().tolist() == [0, 2, 0]


def test_a_function_of_probabilities_is_explained_in_log_odds_when_asked() -> None:
    model = Biased("woman")
    found = auditor.explain(model, ["The woman left."], output="logit", label_names=LABELS)
    assert found.output_names == LABELS
    assert said_of(found, 0, 1) == pytest.approx(np.log(0.4 / 0.6))


def test_what_the_labels_of_a_function_are_called_can_be_left_out() -> None:
    assert auditor.explain(Biased("woman"), TEXTS, output="probability").output_names == ["0", "1"]


def test_max_evals_bounds_what_a_model_reads(bert: Any) -> None:
    text = "the man waited at the shop and the woman left early and came back with soup."
    model = Counting(lambda texts: np.array([[float(len(t))] for t in texts]))
    cheap = auditor.explain(model, [text], max_evals=20)
    assert model.texts <= 20 + 1, "and the text that shows what the function gives"
    assert np.abs(cheap.hierarchical_values[0][len(cheap.data[0]) :]).sum() > 0
    assert said_of(cheap) == pytest.approx(len(text))


def test_the_work_is_told_in_texts() -> None:
    told: list[tuple[int, int]] = []
    auditor.explain(Biased("woman"), TEXTS, tell=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)


@pytest.mark.parametrize("method", ["input_x_gradient", "attention_rollout"])
def test_a_second_opinion_goes_by_its_name(bert: Any, method: str) -> None:
    found = auditor.explain(bert, TEXTS, method=method, device="cpu")
    assert [len(values) for values in found.values] == [len(data) for data in found.data]
    assert np.isnan(found.base_values).all()


def test_a_text_that_is_refused_keeps_its_place(bert: Any) -> None:
    long = "the man left " * 40
    with pytest.warns(UserWarning, match="1 texts could not be explained, the first at 1"):
        found = auditor.explain(bert, [TEXTS[0], long], too_long="refuse", device="cpu")
    assert "the model reads 64" in found.refused[1]
    assert [len(values) for values in found.values] == [9, 0]


def test_the_example_runs() -> None:
    ran = doctest.testmod(module)
    assert (ran.failed, ran.attempted) == (0, 2)


@pytest.mark.parametrize(
    ("texts", "options", "error", "words"),
    [
        ("A text.", {}, DataError, "texts is str 'A text.'; give a list"),
        ([], {}, DataError, "at least one text"),
        (None, {}, DataError, "texts is NoneType None"),
        (pd.DataFrame({"t": TEXTS}), {}, DataError, "of a table, a column"),
        (["a", None], {}, DataError, "text 1 is NoneType None; every text must be a string"),
        (TEXTS, {"colour": 1}, PlanError, "unknown option colour"),
        (TEXTS, {"method": "lime"}, PlanError, "there is no method 'lime'; the methods are owen,"),
        (TEXTS, {"level": "letter"}, PlanError, "level is 'letter'; it must be token or word"),
        (TEXTS, {"labels": ["joy"]}, PlanError, "labels names 'joy'; the model has LABEL_0,"),
        (TEXTS, {"labels": [2]}, PlanError, "labels names 2"),
        (TEXTS, {"labels": []}, PlanError, "labels names none"),
        (TEXTS, {"output": "odds"}, PlanError, "output is 'odds'; for this model it is logit or"),
        (TEXTS, {"output": lambda raw: raw.sum()}, PlanError, "output function"),
        (TEXTS, {"max_evals": 1}, PlanError, "max_evals is 1"),
        (TEXTS, {"dtype": "int4"}, PlanError, "dtype"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    bert: Any, texts: Any, options: dict[str, Any], error: type[AuditError], words: str
) -> None:
    with pytest.raises(error) as refused:
        auditor.explain(bert, texts, **{"device": "cpu", **options})
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def broken(texts: list[str]) -> Any:
    """Fails on every text."""
    raise RuntimeError("the service is down")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (3, "model is int 3; give a Hugging Face id or folder"),
        ((1, 2, 3), "model is tuple (1, 2, 3)"),
        (broken, "broken failed on a list of one text, or gave no numbers: RuntimeError: the serv"),
        (lambda texts: [{"label": "a"} for _ in texts], "gave no numbers: TypeError"),
        (lambda texts: np.zeros((len(texts), 2, 2)), "gave an array of shape"),
        (lambda texts: np.full(len(texts), np.nan), "not finite"),
        ("no/such-model-here", "cannot be loaded"),
    ],
)
def test_what_is_no_model_is_refused_in_words(model: Any, words: str) -> None:
    with pytest.raises(ModelError) as refused:
        auditor.explain(model, TEXTS, offline=True)
    assert words in str(refused.value)


def test_a_model_without_its_tokenizer_is_refused_in_words(bert: Any) -> None:
    with pytest.raises(ModelError, match=r"give .* a loaded \(model, tokenizer\)"):
        auditor.explain(bert[0], TEXTS)


def test_a_function_has_no_gradients() -> None:
    with pytest.raises(ModelError, match="function"):
        auditor.explain(Biased("woman"), TEXTS, method="input_x_gradient")


@pytest.fixture
def planted() -> Any:
    """A function whose number falls by .3 where a text says "she"."""
    return lambda texts: [0.7 - 0.3 * ("she" in text.lower().split()) for text in texts]


def test_the_swapped_term_carries_what_a_function_does_with_it(planted: Any) -> None:
    found = auditor.explain_pairs(planted, HE_SHE)
    table = found.table.set_index("role")["gap"]
    assert table["term"] == pytest.approx(-0.3)
    assert table["context"].abs().max() == pytest.approx(0)
    assert found.gaps.feature_names[0][0] == "He → She"


@pytest.mark.parametrize(
    "pair",
    [
        ("He left the bank.", "She left the bank."),
        ("I saw him", "I saw her"),
        ("The person left.", "The blind person left."),
        ("The blind person left.", "The person left."),
        ("left early", "he left early"),
        ("she left", "left"),
        ("she left", "she left early"),
        ("she left early", "she left"),
        ("He said he left.", "She said she left."),
        ("the same", "the same"),
    ],
)
def test_gaps_and_base_add_up_to_the_gap(bert: Any, pair: tuple[str, str]) -> None:
    found = auditor.explain_pairs(bert, [pair], device="cpu")
    gap = odds(bert, pair[1]) - odds(bert, pair[0])
    assert said_of(found.gaps) == pytest.approx(gap, abs=1e-5)
    rows = found.table[found.table["output"] == "LABEL_0"]
    assert rows["gap"].tolist() == found.gaps.values[0][:, 0].tolist()
    assert (rows["value_to"] - rows["value_from"]).tolist() == rows["gap"].tolist()
    assert said_of(found.texts) == pytest.approx(odds(bert, pair[0]), abs=1e-5)


def test_both_sides_share_the_texts_in_which_the_term_is_masked() -> None:
    model = Counting(lambda texts: [float("she" in text) for text in texts])
    auditor.explain_pairs(model, HE_SHE)
    alone = Counting(lambda texts: [float("she" in text) for text in texts])
    for text in HE_SHE[0]:
        auditor.explain(alone, [text])
    assert model.texts < alone.texts - 5


def test_pairs_of_a_run_are_explained(tmp_path: Path, planted: Any) -> None:
    frame = pd.DataFrame({"t": [f"He waited at shop {i}." for i in range(20)]})
    run = auditor.audit(
        Biased("she"), frame, text="t", attributes=["gender"], labels=LABELS,
        favourable="positive", out=tmp_path / "run", explain_flagged=0, explain_sample=0,
        explain_placebo=0,
    )  # fmt: skip
    found = auditor.explain_pairs(planted, run.pairs(limit=3))
    assert found.table.groupby("pair")["gap"].sum().tolist() == pytest.approx([-0.3] * 3)
    assert found.table[found.table["role"] == "term"]["token_to"].tolist() == ["She"] * 3


def test_what_swap_returns_is_explained(planted: Any) -> None:
    found = auditor.explain_pairs(planted, auditor.swap("He left.", attribute="gender"))
    assert found.counterfactuals.data[0].tolist() == ["She ", "left."]


def test_a_pair_with_a_refused_side_is_left_out_and_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch, planted: Any
) -> None:
    cut = Masker.cut
    monkeypatch.setattr(
        Masker,
        "cut",
        lambda self, text: Refused(text, "too odd") if "odd" in text else cut(self, text),
    )
    with pytest.warns(UserWarning, match="too odd"):
        found = auditor.explain_pairs(planted, [("He is odd.", "She is here."), *HE_SHE])
    assert set(found.table["pair"]) == {1}
    assert [len(values) for values in found.gaps.values] == [0, 4]
    assert np.isnan(found.gaps.base_values[0]).all()


def test_pairs_without_a_whole_one_give_an_empty_table(
    monkeypatch: pytest.MonkeyPatch, planted: Any
) -> None:
    cut = Masker.cut
    monkeypatch.setattr(
        Masker,
        "cut",
        lambda self, text: Refused(text, "too odd") if "odd" in text else cut(self, text),
    )
    with pytest.warns(UserWarning, match="too odd"):
        found = auditor.explain_pairs(planted, [("odd", "he"), ("she", "odd")])
    assert (len(found.table), "gap" in found.table) == (0, True)


@pytest.mark.parametrize(
    ("pairs", "options", "words"),
    [
        ([], {}, "at least one pair"),
        (["He left."], {}, "is no pair"),
        (HE_SHE, {"method": "lime"}, "there is no method 'lime'"),
        (HE_SHE, {"level": "word"}, "unknown option level"),
        (HE_SHE, {"labels": ["joy"]}, "labels names 'joy'"),
    ],
)
def test_bad_pairs_are_refused_in_words(
    planted: Any, pairs: Any, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(AuditError) as refused:
        auditor.explain_pairs(planted, pairs, **options)
    assert words in str(refused.value)
