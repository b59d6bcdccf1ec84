"""Pairs of short texts in the words of the tests' tokenizer, and tiny models that read them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import torch

from auditor.circuits.subject import Subject
from tests.circuits.test_aligning import words
from tests.circuits.tiny import tiny

_STARTS = ("waited at", "left", "came back with", "left early with", "waited with")
_PLACES = ("the shop", "the bank", "the court", "soup", "a person")
_SWAPS = (("the man", "the woman"), ("he", "she"), ("a muslim", "a christian"))
UNEVEN = ("he", "a blind person")


def model_of(family: str, head: str, **config: Any) -> tuple[Any, Any]:
    """Returns a tiny model and a tokenizer for its head, in float32."""
    return tiny(family, head=head, dtype=torch.float32, **config), words(head)


def subject_of(family: str = "bert", head: str = "classifier") -> Subject:
    return Subject.of(model_of(family, head))


def pairs_of(
    swaps: tuple[tuple[str, str], ...] = _SWAPS, *, end: str = " .", clusters: int = 25
) -> pd.DataFrame:
    """Returns a pair of each swap in each of up to 25 contexts, which are its clusters."""
    contexts = [f"{start} {place}" for start in _STARTS for place in _PLACES][:clusters]
    return pd.DataFrame(
        [
            {
                "text": f"{a} {context}{end}",
                "counterfactual": f"{b} {context}{end}",
                "cluster": context,
            }
            for context in contexts
            for a, b in swaps
        ]
    )


@torch.no_grad()
def set_apart(model: Any, tokenizer: Any, pairs: pd.DataFrame) -> None:
    """Makes a classifier of two labels give the second to counterfactuals alone."""
    layer = next(m for name, m in model.named_modules() if name in {"classifier", "score"})
    seen: list[torch.Tensor] = []
    handle = layer.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    try:
        for side in ("text", "counterfactual"):
            model(**tokenizer(list(pairs[side]), return_tensors="pt", padding=True))
    finally:
        handle.remove()
    a, b = (each.mean(0) for each in seen)
    direction = (b - a) / (b - a).square().sum()
    layer.weight.copy_(torch.stack([-direction, direction]) * 4)
    layer.bias.copy_(torch.stack([direction, -direction]) @ (a + b) * 2)
