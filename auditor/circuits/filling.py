"""What a model's family lets alignment do: whether filler tokens can stand in a text unseen.

A filler token has attention 0, and `position_ids` leave the others where they were. Where a family
takes positions from the ids given, what it answers is then the same to the last digits.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch

from auditor.circuits.base import Ints
from auditor.models.classifier import pad_id, position_offset
from auditor.models.heads import Head

_ENCODERS = frozenset({"bert", "roberta", "distilbert", "electra", "modernbert"})
_DECODERS = frozenset(
    {"gpt2", "gpt_neox", "llama", "qwen2", "qwen3", "mistral", "gemma2", "gemma3_text", "opt"}
)


def family(model: Any) -> str:
    """Returns the family by transformers' name: bert, gpt2, gemma3_text."""
    return str(model.config.model_type)


def is_causal(model: Any) -> bool:
    """Returns whether a token sees only those before it, and the last one is read."""
    return family(model) in _DECODERS


def why_unfillable(model: Any, width: int) -> str | None:
    """Returns why a text of `width` tokens, fillers among them, cannot have fillers; None: it can.

    Families with relative positions count them by the place in the row, which a filler moves. So
    does sliding-window attention, but only where a token does not see the whole text.
    """
    name = family(model)
    if name not in _ENCODERS | _DECODERS:
        return (
            f"the versions have different numbers of tokens, and {name} models take no positions "
            "from outside that would keep the tokens where they are"
        )
    if getattr(model.config, "classifier_pooling", "cls") == "mean":
        return (
            "the versions have different numbers of tokens, and the model's head takes the mean "
            "over all tokens, where a filler cannot come into sight little by little"
        )
    window = _sliding_window(model.config)
    if window is not None and width > window:
        return (
            f"the versions have different numbers of tokens, and with fillers the text has {width} "
            f"where this {name} model's sliding attention sees {window}: it would see others"
        )
    return None


def _sliding_window(config: Any) -> int | None:
    """Returns how many tokens a sliding layer sees, the smaller side of a two-sided window; None:
    every layer sees all."""
    kinds = getattr(config, "layer_types", None)
    slides = kinds is None or "sliding_attention" in kinds
    return getattr(config, "sliding_window", None) if slides else None


def filler_id(model: Any, tokenizer: Any, head: Head, used: Ints) -> int:
    """Returns the id of fillers and padding.

    A classifier on a causal model finds the last token by it: then no text has it, and the model's
    config names it.
    """
    if head == "classifier" and is_causal(model):
        return pad_id(model, tokenizer, used)
    found = tokenizer.pad_token_id
    return 0 if found is None else int(found)


def positions(model: Any, mask: torch.Tensor) -> torch.Tensor | None:
    """Returns the positions of tokens as if there were no fillers; None: the model takes none.

    Args:
        mask: [row, position], 1: a token, 0: a filler or padding, which stands where the token
            before it does.
    """
    if family(model) not in _ENCODERS | _DECODERS:
        return None
    return (mask.cumsum(dim=1) - 1).clamp(min=0) + position_offset(model)


def takes(model: Any, name: str) -> bool:
    """Returns whether the model's forward has an input of that name."""
    return name in inspect.signature(model.forward).parameters
