"""A function's answers are checked before they are believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auditor.errors import ModelError
from auditor.models import load_model
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
        (lambda texts: np.full((len(texts), 2), np.nan), "not probabilities"),
        (failing, "RuntimeError: the scoring service is down"),
    ],
)
def test_a_wrong_answer_is_said_in_words(answer: Callable[..., Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        load_model(answer, PLAN, model_id="f").score(["a", "b"])
