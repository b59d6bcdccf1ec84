"""Pairs of texts for planted circuits, as ids, and the signals that their tokens carry."""

from __future__ import annotations

import numpy as np
import torch

from auditor.circuits.base import Aligned, Inputs, Ints, Role
from tests.circuits.wiring import VOCABULARY, Signal, Wiring

WIDTH = 8
YES, NO = VOCABULARY - 2, VOCABULARY - 1
"""The answers of a language model, which stand in no text."""
_CLS, _TERM, _CONTEXT = 1, 2, 10


def plant_tokens(wiring: Wiring) -> None:
    """Writes signals into the embeddings: terms by twos, A's version before B's."""
    for term in range(_TERM, _CONTEXT, 2):
        wiring.tokens[term] += 3.0 * Signal.TERM.direction
        wiring.tokens[term + 1] = wiring.tokens[term]
        for signal in (Signal.GROUP, Signal.OTHER_GROUP):
            wiring.tokens[term] -= 3.0 * signal.direction
            wiring.tokens[term + 1] += 3.0 * signal.direction
    wiring.positions.add_(2.0 * Signal.ONE.direction)
    wiring.positions[1] += 3.0 * Signal.ANCHOR.direction
    wiring.positions[2] -= 3.0 * Signal.ANCHOR.direction


def texts(rng: np.random.Generator, pairs: int, *, is_causal: bool) -> Aligned:
    """Returns pairs that differ in one term, which stands behind the anchors."""
    ids = rng.integers(_CONTEXT, YES, (pairs, WIDTH))
    roles = np.full((pairs, WIDTH), int(Role.SUFFIX))
    if not is_causal:
        ids[:, 0] = _CLS
    places = rng.integers(3, WIDTH - 1, pairs)
    for pair, place in enumerate(places):
        ids[pair, place] = _TERM + 2 * rng.integers((_CONTEXT - _TERM) // 2)
        roles[pair, :place], roles[pair, place] = Role.PREFIX, Role.TERM
    if is_causal:
        roles[:, -1] = Role.FINAL
    else:
        roles[:, 0] = Role.SPECIAL
    others = ids + (roles == Role.TERM)
    read = torch.full((pairs,), WIDTH - 1 if is_causal else 0)
    return Aligned(_inputs(ids), _inputs(others), read, roles)


def _inputs(ids: Ints) -> Inputs:
    return {"input_ids": torch.as_tensor(ids), "attention_mask": torch.ones(ids.shape).long()}
