"""Effects of pairs under edits: both versions at once, as many pairs as a pass holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np
import torch

from auditor.circuits.base import Aligned, Floats, Inputs, Ints
from auditor.circuits.converging import by_size
from auditor.circuits.engine import Engine
from auditor.circuits.patching import TOKENS
from auditor.circuits.taps import Tap


class Change(NamedTuple):
    """A reversible change of the model."""

    layer: int
    """The first that it touches."""
    put: Callable[[], AbstractContextManager[None]]


def batches(pairs: Aligned) -> Iterator[Ints]:
    """Yields rows of pairs of about one length, so many that both versions pass at once."""
    return by_size(pairs, np.arange(len(pairs)), TOKENS // 2)


@torch.no_grad()
def effects(engine: Engine, pairs: Aligned) -> Floats:
    """Returns M(x') - M(x) of the model as it is now. [pair]"""
    found = np.empty(len(pairs))
    for rows in batches(pairs):
        inputs, read = _both(pairs.rows(rows))
        found[rows] = _effect(engine.margins(inputs, read))
    return found


@torch.no_grad()
def effects_under(engine: Engine, pairs: Aligned, changes: Sequence[Change]) -> Floats:
    """Returns M(x') - M(x) under one change after another. [change, pair]

    The blocks before a change are not computed again.
    """
    found = np.empty((len(changes), len(pairs)))
    for rows in batches(pairs):
        inputs, read = _both(pairs.rows(rows))
        entering = _entering(engine, inputs, read, {layer for layer, _ in changes})
        for i, (layer, put) in enumerate(changes):
            with put():
                margins = engine.resumed(inputs, read, layer=layer, entering=entering[layer])
            found[i, rows] = _effect(margins)
    return found


def _both(pairs: Aligned) -> tuple[Inputs, torch.Tensor]:
    """Returns both versions as rows of one pass: all of A's, then all of B's."""
    inputs = {name: torch.cat([each, pairs.b[name]]) for name, each in pairs.a.items()}
    return inputs, pairs.read.repeat(2)


def _effect(margins: torch.Tensor) -> Floats:
    a, b = margins.double().cpu().numpy().reshape(2, -1)
    effect: Floats = b - a
    return effect


def _entering(
    engine: Engine, inputs: Inputs, read: torch.Tensor, layers: set[int]
) -> dict[int, torch.Tensor]:
    """Returns what enters blocks of the model as it is. Layer -> [row, position, dimension]"""
    found: dict[int, torch.Tensor] = {}

    def keep(layer: int) -> Tap:
        def see(tensor: torch.Tensor) -> None:
            found[layer] = tensor

        return Tap(engine.graph.blocks[layer], f"block {layer}", see, entering=True)

    engine.margins(inputs, read, [keep(layer) for layer in sorted(layers)])
    return found
