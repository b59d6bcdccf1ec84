"""A model that is somebody's function: `list[str] -> array [text, label]`.

Probabilities that sum to 1, probabilities of labels that do not exclude each other, or one number
per text: the plan's `gives` says which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import logit

from auditor.errors import ModelError
from auditor.models.base import Floats, Kind, RawScores
from auditor.plan import ScoringPlan

CHUNK = 1024
"""Texts per call."""
_EDGE = 1e-12
"""Probabilities of 0 and 1 are moved by so much, as their log-odds have no number."""


class CallableModel:
    """Checks every answer: a wrong shape must not become a finding."""

    tolerance = 0.0
    tokenizer = None
    has_weights = False
    window: int | None = None
    refuses_long = False

    def __init__(
        self, function: Callable[[list[str]], Any], plan: ScoringPlan, *, model_id: str
    ) -> None:
        if not plan.labels and plan.gives != "regression":
            raise ModelError(
                f"{model_id} is a function, whose columns have no names; give them in order, "
                'e.g. labels=["negative", "positive"]'
            )
        self.function = function
        self.model_id = model_id
        self.labels = plan.labels or ("score",)
        self.kind: Kind = plan.gives

    def record(self) -> dict[str, Any]:
        return {
            "model_id": self.model_id,
            "class": "callable",
            "kind": self.kind,
            "labels": list(self.labels),
            "digests": {},
        }

    def score(
        self,
        texts: Sequence[str],
        *,
        exact: bool = False,  # noqa: ARG002 - a function has one precision
        cut: bool = False,  # noqa: ARG002 - and no window that we know of
    ) -> RawScores:
        """Returns what the function gave; of several labels at once as log-odds.

        Raises:
            ModelError: it failed, or its answer is not what the plan says that it gives.
        """
        chunks = [list(texts[i : i + CHUNK]) for i in range(0, len(texts), CHUNK)]
        values = [self._ask(chunk) for chunk in chunks]
        empty = np.empty((0, len(self.labels)))
        return RawScores(np.concatenate([empty, *values]), None, np.zeros(len(texts), np.bool_))

    def pieces(self, terms: Sequence[str]) -> list[int] | None:  # noqa: ARG002 - it has none
        """Returns None: a function has no tokenizer."""
        return None

    def _ask(self, texts: list[str]) -> Floats:
        try:
            answer = self.function(texts)
        except Exception as error:
            raise ModelError(
                f"{self.model_id} failed on {len(texts)} texts: {type(error).__name__}: {error}; "
                "mend the function, then go on with resume"
            ) from error
        values = np.asarray(answer, dtype=np.float64)
        if self.kind == "regression" and values.ndim == 1:
            values = values[:, None]
        expected = (len(texts), len(self.labels))
        if values.shape != expected:
            raise ModelError(
                f"{self.model_id} gave an array of shape {values.shape} for {len(texts)} texts and "
                f"{len(self.labels)} labels; it must be {expected}, one row per text"
            )
        return self._checked(values)

    def _checked(self, values: Floats) -> Floats:
        if not np.isfinite(values).all():
            raise ModelError(
                f"{self.model_id} gave values that are not finite; mend the function for those "
                "texts, or leave them out"
            )
        if self.kind == "regression":
            return values
        inside = ((values >= -1e-6) & (values <= 1 + 1e-6)).all()
        if inside and self.kind == "multi_label":
            odds: Floats = logit(np.clip(values, _EDGE, 1 - _EDGE))
            return odds
        if not inside or np.abs(values.sum(axis=1) - 1).max(initial=0) > 1e-3:
            raise ModelError(
                f"{self.model_id} gave values that are not probabilities summing to 1 per text. "
                'For labels that do not exclude each other say gives="multi_label", for a number '
                'per text gives="regression"; for logits apply a softmax in the function'
            )
        return values
