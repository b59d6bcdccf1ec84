"""Repairs that need no circuit, which one that does must stand beside.

Both change what enters the model by token id, wherever such a token stands, so that other texts pay
for it too. They are wrappers: the embedding's weight stays as it is, since in many language models
it is the output's weight as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from auditor.circuits.base import Aligned, Bools, Ints, Role
from auditor.errors import ModelError

Terms = tuple[frozenset[int], ...]
"""Token ids of swapped terms, in classes: those that stand for one another in some pair."""


def terms_of(batches: Sequence[Aligned]) -> Terms:
    """Returns the tokens that make up swapped terms, those of both versions of a term together.

    A token that a term has in both versions ("the woman", "the man") is none of them.
    """
    classes: list[frozenset[int]] = []
    for linked in (each for pairs in batches for each in _exchanged(pairs) if each):
        apart = [each for each in classes if not each & linked]
        classes = [*apart, linked.union(*(each for each in classes if each & linked))]
    return tuple(sorted(classes, key=min))


def _exchanged(pairs: Aligned) -> Iterator[frozenset[int]]:
    """Yields, term by term, the tokens that only one of its versions has."""
    ids = [side["input_ids"].cpu().numpy() for side in (pairs.a, pairs.b)]
    real = [side["attention_mask"].cpu().numpy() > 0 for side in (pairs.a, pairs.b)]
    for row, is_term in enumerate(pairs.roles == Role.TERM):
        for span in _runs(is_term):
            a, b = (
                set(each[row, span][on[row, span]].tolist())
                for each, on in zip(ids, real, strict=True)
            )
            yield frozenset(a ^ b)


def _runs(flags: Bools) -> list[slice]:
    """Returns where flags are up, run by run."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False]))
    return [slice(*ends) for ends in edges.reshape(-1, 2)]


def mask_id(tokenizer: Any) -> int | None:
    """Returns the token that says nothing: mask, unknown or padding; None: there is none."""
    names = ("mask_token_id", "unk_token_id", "pad_token_id")
    found = (getattr(tokenizer, name, None) for name in names)
    return next((each for each in found if each is not None), None)


@contextmanager
def masked(model: Any, terms: Terms, mask: int) -> Iterator[None]:
    """Lets a token that says nothing enter in the place of every token of a term.

    The gap is 0 where both versions have as many tokens: then they are the same to the model.
    """
    ids = _ids(terms)
    vectors = _vectors(model, np.full_like(ids, mask))
    with _entering(model, ids, vectors):
        yield


@contextmanager
def embedded_alike(model: Any, terms: Terms) -> Iterator[None]:
    """Lets the mean embedding of its class enter in the place of every token of a term."""
    vectors = {i: _vectors(model, np.array(sorted(each))).mean(0) for each in terms for i in each}
    ids = _ids(terms)
    with _entering(model, ids, torch.stack([vectors[i] for i in ids.tolist()])):
        yield


def _ids(terms: Terms) -> Ints:
    return np.array(sorted(set().union(*terms)), dtype=np.int64)


@torch.no_grad()
def _vectors(model: Any, ids: Ints) -> torch.Tensor:
    """Returns what the model's embedding makes of tokens. [id, dimension]"""
    vectors: torch.Tensor = model.get_input_embeddings()(torch.as_tensor(ids, device=model.device))
    return vectors


@contextmanager
def _entering(model: Any, ids: Ints, vectors: torch.Tensor) -> Iterator[None]:
    """Puts vectors in the place of the embeddings of some tokens.

    Raises:
        ModelError: the model did not embed any token this way.
    """
    known = torch.as_tensor(ids, device=model.device)
    calls: list[int] = []

    def put(_: Any, args: tuple[Any, ...], own: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        at = torch.isin(args[0], known)
        new = own.clone()
        new[at] = vectors[torch.searchsorted(known, args[0][at])].to(own)
        return new

    handle = model.get_input_embeddings().register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()
    if not calls:
        raise ModelError(
            f"{type(model).__name__} was run without its embedding of tokens, so what enters could "
            "not be changed; use a model that reads token ids"
        )
