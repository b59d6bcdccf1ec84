"""How many pieces a tokenizer breaks a term into, as it stands within a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

_BEFORE = "a"
"""A word before the term: byte-pair tokenizers cut a word elsewhere after a blank."""


def pieces_of(tokenizer: Any, terms: Sequence[str]) -> list[int]:
    """Returns the number of pieces of each term. [term]"""
    if not terms:
        return []
    texts = [_BEFORE, *(f"{_BEFORE} {term}" for term in terms)]
    ids = tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
    return [len(each) - len(ids[0]) for each in ids[1:]]


def counter_of(tokenizer: Any) -> Callable[[str], int]:
    """Returns the number of pieces of one term, as a function that remembers."""
    return cache(lambda term: pieces_of(tokenizer, [term])[0])
