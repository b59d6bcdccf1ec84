"""A part is scored once per distinct text, and its tables say what the model did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auditor.models import Outcome, load_model, score_part
from auditor.models.base import RawScores
from auditor.plan import AuditPlan, ScoringPlan
from auditor.plan_file import plan_from_options
from auditor.records import Contrast, Pair, SourceText
from auditor.schemas import PAIRS, PREDICTIONS
from tests.fakes import LABELS, Biased, Counting
from tests.models.conftest import tiny, tokenizer

CONTRAST = Contrast("gender", "male", "female")


def pair(row: str, text: str, counterfactual: str, group_from: str = "male") -> Pair:
    other = {"male": "female", "female": "male"}[group_from]
    return Pair(
        row, row, CONTRAST, group_from, other, "x", "y", text, counterfactual, ((0, 1),), ((0, 1),)
    )


def plan(**options: Any) -> AuditPlan:
    return plan_from_options(favourable="positive", labels=LABELS, **options)


def outcome() -> Outcome:
    return Outcome.of(LABELS, "probabilities", plan().scoring)


def test_each_distinct_text_is_scored_once() -> None:
    model = Counting()
    pairs = [pair(str(i), "he left", "she left") for i in range(5)]
    texts = [SourceText("0", "he left", "0", label="positive")]
    loaded = load_model(model, plan().scoring, model_id="f")
    part = score_part(texts, pairs, loaded, outcome(), plan=plan())
    assert model.texts == 2
    assert part.counts["texts_scored"] == 2


def test_the_tables_have_the_promised_columns_and_the_fixed_orientation() -> None:
    """The effect is of women against men from whichever side the text came."""
    pairs = [pair("0", "a man", "a woman"), pair("1", "a woman", "a man", "female")]
    loaded = load_model(Biased("woman", penalty=0.3), plan().scoring, model_id="f")
    table = score_part([], pairs, loaded, outcome(), plan=plan()).pairs
    assert table.schema.equals(PAIRS)
    np.testing.assert_allclose(table["effect"].to_pylist(), [-0.3, -0.3])
    assert table["flip"].to_pylist() == [True, True]
    assert table["selected_from"].to_pylist() == [True, False]
    assert table["label_to"].to_pylist() == ["negative", "positive"]


def test_predictions_stand_beside_labels_and_groups() -> None:
    text = SourceText("0", "a man", "c", label="1", protected={"sex": "m", "race": None}, weight=2)
    loaded = load_model(Biased("woman"), plan().scoring, model_id="f")
    table = score_part([text], [], loaded, outcome(), plan=plan()).predictions
    assert table is not None
    assert table.schema.equals(PREDICTIONS)
    row = table.to_pylist()[0]
    assert (row["label_true"], row["label_pred"], row["selected"]) == ("positive",) * 2 + (True,)
    assert dict(row["protected"]) == {"sex": "m", "race": None}


def test_sides_that_the_model_cannot_tell_apart_are_not_seen() -> None:
    """The tokenizer knows neither word, so both sides are the same tokens."""
    scoring = ScoringPlan(device="cpu", favourable=(1,))
    model = load_model((tiny("bert"), tokenizer()), scoring, model_id="m")
    pairs = [pair("0", "the duke left", "the duchess left"), pair("1", "he left", "she left")]
    found = Outcome.of(model.labels, model.kind, scoring)
    table = score_part([], pairs, model, found, plan=AuditPlan(scoring=scoring)).pairs
    assert table["validity"].to_pylist() == ["not_seen_by_model", "valid"]
    assert "same tokens" in table["reason"][0].as_py()


class Coarse:
    """A model whose quick scores are off by .2 in log-odds; asked exactly it says the truth."""

    model_id = "coarse"
    labels: tuple[str, ...] = ("negative", "positive")
    kind: Any = "single_label"
    tokenizer: Any = None
    has_weights = False
    window: int | None = None
    refuses_long = False
    tolerance = 0.25

    def __init__(self) -> None:
        self.exact: list[str] = []

    def record(self) -> dict[str, Any]:
        return {}

    def pieces(self, terms: Any) -> None:  # noqa: ARG002 - it has no tokenizer
        return None

    def score(self, texts: Any, *, exact: bool = False, **_: Any) -> RawScores:
        self.exact += list(texts) if exact else []
        margins = np.array([float(text) - (0 if exact else 0.2) for text in texts])
        values = np.stack([np.zeros_like(margins), margins], axis=1)
        return RawScores(values, None, np.zeros(len(margins), np.bool_))


def test_pairs_near_a_decision_are_scored_again_exactly() -> None:
    """Both sides of such a pair, so that no pair mixes two precisions; the others stay."""
    model = Coarse()
    found = Outcome.of(model.labels, model.kind, plan().scoring)
    pairs = [pair("0", "0.1", "3.0"), pair("1", "4.0", "-4.0")]
    part = score_part([], pairs, model, found, plan=plan())
    assert sorted(model.exact) == ["0.1", "3.0"]
    assert part.counts["rescored"] == 2
    assert part.pairs["label_from"].to_pylist() == ["positive", "positive"]
    np.testing.assert_allclose(part.pairs["margin_from"].to_pylist(), [0.1, 3.8])


@pytest.mark.parametrize("label", ["wonderful", "2"])
def test_a_true_label_that_the_model_does_not_know_stops_before_scoring(label: str) -> None:
    model = Counting()
    loaded = load_model(model, plan().scoring, model_id="f")
    with pytest.raises(Exception, match=label):
        score_part([SourceText("0", "t", "0", label=label)], [], loaded, outcome(), plan=plan())
    assert model.texts == 0


class Spelling(Coarse):
    """A model whose tokenizer makes a piece of every letter."""

    def pieces(self, terms: Any) -> Any:
        return [len(term) for term in terms]


@pytest.mark.parametrize(
    ("term_to", "count_to", "matched"),
    [("Jill", 400.0, True), ("Jill", 401.0, False), ("Laurie", 100.0, False)],
)
def test_two_names_are_matched_in_pieces_and_frequency(
    term_to: str, count_to: float, matched: bool
) -> None:
    named = replace(
        pair("0", "1.0", "2.0"),
        term_from="Anne", term_to=term_to, frequency_from=100.0, frequency_to=count_to,
    )  # fmt: skip
    model = Spelling()
    found = Outcome.of(model.labels, model.kind, plan().scoring)
    table = score_part([], [named, pair("1", "1.0", "2.0")], model, found, plan=plan()).pairs
    assert table["matched"].to_pylist() == [matched, None]
    assert table["term_pieces_from"].to_pylist() == [4, 1]
    assert table["term_pieces_to"].to_pylist() == [len(term_to), 1]
