"""A function's answers are checked before they are believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auditor.errors import ModelError
from auditor.models import load_model
from auditor.models.callables import CallableModel
from auditor.models.outcomes import Outcome
from auditor.plan import ScoringPlan
from tests.fakes import LABELS, Counting, failing

PLAN = ScoringPlan(labels=tuple(LABELS))


def test_a_function_is_asked_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.models.callables.CHUNK", 2)
    model = Counting()
    scored = load_model(model, PLAN, model_id="f").score(["a", "b", "c"])
    assert (model.calls, model.texts) == (2, 3)
    np.testing.assert_allclose(scored.values, [[0.3, 0.7]] * 3)


def test_a_function_without_labels_is_refused() -> None:
    with pytest.raises(ModelError, match="give them in order"):
        load_model(failing, ScoringPlan(), model_id="f")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda texts: np.full(len(texts), 0.5), r"shape \(2,\).*must be \(2, 2\)"),
        (lambda _: np.full((1, 2), 0.5), r"shape \(1, 2\)"),
        (lambda texts: np.full((len(texts), 3), 1 / 3), r"shape \(2, 3\)"),
        (lambda texts: np.full((len(texts), 2), 3.0), "not probabilities"),
        (lambda texts: np.full((len(texts), 2), 0.4), "not probabilities"),
        (lambda texts: np.full((len(texts), 2), np.nan), "not finite"),
        (failing, "RuntimeError: the scoring service is down"),
    ],
)
def test_a_wrong_answer_is_said_in_words(answer: Callable[..., Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        load_model(answer, PLAN, model_id="f").score(["a", "b"])


def test_labels_that_do_not_exclude_each_other_are_read_one_by_one() -> None:
    plan = ScoringPlan(labels=("toxic", "threat"), favourable=("toxic",), gives="multi_label")
    model = CallableModel(lambda texts: np.array([[0.9, 0.8]] * len(texts)), plan, model_id="f")
    reading = Outcome.of(model.labels, model.kind, plan).read(model.score(["a"]).values)
    assert reading.score == pytest.approx([0.9])


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_a_number_per_text_is_a_regression(shape: tuple[int, ...]) -> None:
    plan = ScoringPlan(favourable=("higher",), gives="regression")
    model = CallableModel(lambda _: np.full(shape, 7.5), plan, model_id="f")
    reading = Outcome.of(model.labels, model.kind, plan).read(model.score(["a", "b"]).values)
    assert reading.score == pytest.approx([7.5, 7.5])
    assert reading.selected is None
