"""Plants parts of a circuit into a blind model: heads that copy or move, neurons, the output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from auditor.circuits.base import Aligned
from tests.circuits.difference import Difference
from tests.circuits.oracle import Edge
from tests.circuits.texts import NO, YES, plant_tokens, texts
from tests.circuits.wiring import HEADS, SIZE, Block, Layout, Signal, Wiring, wire

_HALF = 1.5
"""The language model's effect is four times it."""


@dataclass(frozen=True)
class Planted:
    """A model, pairs for it, and the circuit that carries the whole effect."""

    model: Any
    aligned: Aligned
    margin: Difference
    members: tuple[str, ...]
    edges: tuple[Edge, ...]
    """Of the circuit."""
    note: str
    distractors: tuple[str, ...] = ()
    """Components that differ between the versions and have no effect."""


Head = tuple[int, int]
"""Layer and head."""


def name_of(head: Head) -> str:
    """Returns its name as a component."""
    return f"a{head[0]}.h{head[1]}"


class Build:
    """Plants parts of a circuit into a blind model, sized by what its own pairs show."""

    def __init__(self, layout: Layout, seed: int, pairs: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.wiring = wire(layout, seed)
        # Drawn apart, so that the circuit is the same however many pairs there are.
        apart = np.random.default_rng((seed, 1))
        self.aligned = texts(apart, pairs, is_causal=self.wiring.is_causal)
        with torch.no_grad():
            plant_tokens(self.wiring)

    def heads(self, count: int) -> list[Head]:
        """Returns heads of the first two layers, all of them others."""
        drawn = self.rng.choice(2 * HEADS, size=count, replace=False)
        return [(int(each) // HEADS, int(each) % HEADS) for each in drawn]

    def mlps(self) -> list[int]:
        """Returns the layers of two MLPs behind those heads."""
        return [int(each) for each in self.rng.permutation([1, 2])]

    @torch.no_grad()
    def copy(
        self,
        head: Head,
        *,
        source: Signal = Signal.GROUP,
        target: Signal = Signal.COPY,
        gain: float = 1.0,
    ) -> None:
        """Makes a head attend to the term and copy a signal from there."""
        self._attend(head, Signal.ONE, Signal.TERM)
        self._carry(head, source, target, gain)

    @torch.no_grad()
    def move(self, head: Head, *, query: Signal, key: Signal, value: Signal) -> None:
        """Makes a head answer by where it attends, and carry nothing else from there."""
        self._attend(head, query, key)
        block, columns = self._slot(head)
        block.read["v"][:, columns] = 0
        block.bias["v"][columns] = 0
        # What is written is small, since its size is not quite the same in both versions.
        gain = 0.5 / self._level(block.attend, value, everywhere=True)
        self._carry(head, value, Signal.ANSWER, gain)
        if value is Signal.TERM:  # what is no term says the opposite
            block.read["v"][:, columns.start] *= 2
            block.bias["v"][columns.start] = -0.5

    @torch.no_grad()
    def neuron(
        self,
        layer: int,
        *,
        source: Signal = Signal.COPY,
        target: Signal = Signal.ANSWER,
        threshold: float | None = None,
        steep: float = 2.0,
    ) -> None:
        """Makes neuron 0 say tanh(steep x s) of a signal s = -1 or 1.

        With a threshold the signal is the sum of two, each -1 or 1, and the neuron says
        tanh(steep x (s + threshold)); neuron 1 says tanh(steep x (-s + threshold)) to nobody.
        """
        block = self.wiring.blocks[layer]
        reads = steep * source.direction / self._level(block.fc, source)
        constant = torch.zeros_like(reads)
        if threshold is not None:
            reads = 2 * reads
            constant = steep * threshold * Signal.ONE.direction / self._level(block.fc, Signal.ONE)
            self._plant_neuron(block, 1, constant - reads, Signal.WASTE)
        self._plant_neuron(block, 0, constant + reads, target)

    def done(
        self, heads: list[Head], mlp: int, note: str, distractors: tuple[str, ...] = ()
    ) -> Planted:
        """Returns the model of copying heads and a neuron, its output reading the answer."""
        edges: list[Edge] = [(f"m{mlp}", "out")]
        for head in heads:
            edges += [("embed", f"{name_of(head)}.v"), (name_of(head), f"m{mlp}")]
        return self.read(tuple(heads), tuple(edges), note, mlp=mlp, distractors=distractors)

    @torch.no_grad()
    def read(
        self,
        heads: tuple[Head, ...],
        edges: tuple[Edge, ...],
        note: str,
        *,
        mlp: int | None = None,
        distractors: tuple[str, ...] = (),
    ) -> Planted:
        """Returns the model once its output compares two answers by `ANSWER` alone."""
        wiring = self.wiring
        reads = Signal.ANSWER.direction / self._level(wiring.reads, Signal.ANSWER)
        margin = (
            _language_output(wiring, reads) if wiring.is_causal else _label_output(wiring, reads)
        )
        members = (*map(name_of, heads), *(() if mlp is None else (f"m{mlp}",)))
        return Planted(wiring.model, self.aligned, margin, members, edges, note, distractors)

    def _slot(self, head: Head) -> tuple[Block, slice]:
        """Returns the layer of a head, and its columns there."""
        layer, place = head
        return self.wiring.blocks[layer], slice(place * SIZE, (place + 1) * SIZE)

    def _attend(self, head: Head, query: Signal, key: Signal) -> None:
        """Makes a head's scores +-8 where both signals are, and 0 elsewhere."""
        block, columns = self._slot(head)
        asks = 8.0 * SIZE**0.5 * query.direction / self._level(block.attend, query)
        answers = key.direction / self._level(block.attend, key, everywhere=True)
        for part, reads in (("q", asks), ("k", answers)):
            block.read[part][:, columns] = 0
            block.bias[part][columns] = 0
            block.read[part][:, columns.start] = reads

    def _carry(self, head: Head, source: Signal, target: Signal, gain: float) -> None:
        block, columns = self._slot(head)
        block.read["v"][:, columns.start] = gain * source.direction
        block.bias["v"][columns.start] = 0
        block.project[columns.start] = target.direction

    def _plant_neuron(self, block: Block, index: int, reads: torch.Tensor, writes: Signal) -> None:
        block.up[:, index] = reads
        block.up_bias[index] = 0
        block.down[index] = 2.0 * writes.direction

    def _level(self, module: Any, signal: Signal, *, everywhere: bool = False) -> float:
        """Returns the mean size of a signal where a module reads it, at the position read.

        With `everywhere`, the mean of the largest size over positions.
        """
        seen: list[torch.Tensor] = []
        handle = module.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
        try:
            for side in (self.aligned.a, self.aligned.b):
                self.wiring.model(**side)
        finally:
            handle.remove()
        sizes = (torch.cat(seen) @ signal.direction).abs()  # [row, position], or of a pooler [row]
        if everywhere:
            return float(sizes.amax(dim=1).mean())
        if sizes.ndim == 2:
            sizes = sizes[torch.arange(len(sizes)), self.aligned.read.repeat(2)]
        return float(sizes.mean())


def _language_output(wiring: Wiring, reads: torch.Tensor) -> Difference:
    wiring.out[:, NO] = wiring.out[:, YES] - _HALF * reads
    wiring.out[:, YES] += _HALF * reads
    wiring.out[:, :YES] += Signal.OTHER_ANSWER.direction[:, None]
    return Difference(YES, NO, of_tokens=True)


def _label_output(wiring: Wiring, reads: torch.Tensor) -> Difference:
    """Unit 0 of the pooler sets the two labels apart; they read all others alike."""
    wiring.out[:, 0] = reads
    wiring.out[:, 1] = Signal.OTHER_ANSWER.direction
    wiring.reads.bias[0] = 0
    weight = wiring.model.classifier.weight
    weight[1] = weight[0]
    weight[0, 0], weight[1, 0] = -_HALF, _HALF
    return Difference(1, 0, of_tokens=False)
