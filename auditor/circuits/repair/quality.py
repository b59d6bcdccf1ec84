"""What a repair may cost: right answers on texts, the same before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from auditor.circuits.base import Bools
from auditor.circuits.means import cluster_means
from auditor.metrics.estimates import HARD_FLOOR, estimate, proportion_law
from auditor.records import Estimate

ACCURACY = "accuracy on labelled texts"
AGREEMENT = "agreement with the original model"

Predict = Callable[[Any, Sequence[str]], Sequence[int]]
"""(model, texts) -> the index of each text's label (or next token)."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How many texts a model gets right."""

    measure: str
    """accuracy on labelled texts, agreement with the original model"""
    right: Callable[[Any], Bools]
    """Model -> whether it gets each text right. [text]"""
    clusters: tuple[str, ...]  # [text]

    def of(self, model: Any) -> Estimate:
        """Returns the share of texts that a model gets right, clusters with equal weight."""
        return share(self.right(model), self.clusters, self.measure)


def classifier_quality(
    model: Any,
    texts: Sequence[str],
    labels: Sequence[int] | None,
    predict: Predict,
    *,
    clusters: Sequence[str] | None = None,
) -> Quality:
    """Returns accuracy where labels exist, else agreement with the model as it is now.

    Args:
        model: as given to `predict`; asked at once where there are no labels.
        clusters: of each text; each is its own where none are given.
    """
    expected = np.asarray(predict(model, texts) if labels is None else labels)
    measure = AGREEMENT if labels is None else ACCURACY
    own = tuple(f"{i:06}" for i in range(len(texts)))

    def right(repaired: Any) -> Bools:
        return np.asarray(np.asarray(predict(repaired, texts)) == expected, np.bool_)

    return Quality(measure, right, own if clusters is None else tuple(clusters))


@dataclass(frozen=True, slots=True)
class NextToken:
    """The most probable next token of texts: what agreement of language models is measured on."""

    tokenizer: Any

    @torch.no_grad()
    def __call__(self, model: Any, texts: Sequence[str]) -> list[int]:
        return [self._next(model, text) for text in texts]

    def _next(self, model: Any, text: str) -> int:
        ids = self.tokenizer(text, return_tensors="pt")["input_ids"].to(model.device)
        return int(model(input_ids=ids).logits[0, -1].argmax())


def share(right: Bools, clusters: Sequence[str], unit: str) -> Estimate:
    """Returns the share of what is right with its interval, clusters with equal weight."""
    if not len(right):
        return Estimate.missing("there is nothing to measure it on", unit=unit)
    means = cluster_means(right.astype(np.float64), clusters).means
    n = len(right)
    law = proportion_law(means, n) if len(means) >= HARD_FLOOR else None
    return estimate(float(means.mean()), law, n=n, clusters=len(means), unit=unit)
