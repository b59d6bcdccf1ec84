"""A two-layer GPT-2 whose outputs under every set of replaced edges are integers.

Signals stand on pairs of coordinates (+, -), and one of them is a constant so large that LayerNorm
divides by it alone: norms are the identity to 1e-9. Heads attend to both tokens alike, and their
gains are even. `integer` says the same in plain arithmetic.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
import torch

from auditor.circuits.base import Aligned, Role
from tests.circuits.difference import Difference
from tests.circuits.oracle import Edge

Wrote = dict[str, tuple[str, tuple[int, int]]]
"""Writer -> the signal that it writes, and its value at either position."""

SIGNALS = ("constant", "g", "b", "c", "d", "e", "f", "unused")
HEADS = {
    "a0.h0": ("g", "b", 2),
    "a0.h1": ("g", "c", -2),
    "a1.h0": ("d", "e", 2),
    "a1.h1": ("b", "e", -2),
}
"""Head -> signal read, signal written, gain. Attention gives either token a half."""
NEURONS = {"m0": ({"b": 1, "c": -1}, -3, "d"), "m1": ({"e": 1, "b": 2}, -1, "f")}
"""MLP -> signals read with weights, bias, signal written; a rectifier."""
OUTPUT = {"f": 1, "e": 1, "c": 1}
READERS = ("a0.h0.v", "a0.h1.v", "m0", "a1.h0.v", "a1.h1.v", "m1", "out")
NODES = ("embed", "a0.h0", "a0.h1", "m0", "a1.h0", "a1.h1", "m1")
GROUPS = (1, 3)
"""The signal g of the term in A's and B's version; the last token has none."""
_LARGE = 2.0**20


@dataclass(frozen=True)
class Worked:
    """The model, its one pair, and what it says."""

    model: Any
    aligned: Aligned
    margin: Difference
    nodes: dict[frozenset[str], int]
    """Components whose output in A's version is as in B's -> M, for each of the 128 sets."""
    edges: dict[Edge, int]
    """One edge over which its reader sees its writer as in B's version -> M."""


def hand_worked() -> Worked:
    """Returns the model with its integers: M is -3 in A's version and 8 in B's."""
    sets = chain.from_iterable(combinations(NODES, size) for size in range(len(NODES) + 1))
    ids = [torch.tensor([[group, 0]]) for group in GROUPS]
    sides = [{"input_ids": each, "attention_mask": torch.ones_like(each)} for each in ids]
    roles = np.array([[Role.TERM, Role.FINAL]], dtype=np.int64)
    return Worked(
        _model(),
        Aligned(sides[0], sides[1], torch.tensor([1]), roles),
        Difference(4, 5, of_tokens=True),
        {frozenset(nodes): integer(edges_of(nodes)) for nodes in sets},
        {edge: integer([edge]) for edge in edges_of(NODES)},
    )


def edges_of(writers: Collection[str]) -> list[Edge]:
    """Returns every edge that leaves the writers for a later component."""
    times = {name: time for time, name in enumerate(("embed", "a0", "m0", "a1", "m1", "out"))}
    return [
        (writer, reader)
        for writer in writers
        for reader in READERS
        if times[writer.split(".")[0]] < times[reader.split(".")[0]]
    ]


def integer(
    edges: Collection[Edge] = (), group: int = GROUPS[0], other: Wrote | None = None
) -> int:
    """Returns M of A's version where these edges carry what they do in B's."""
    if other is None:
        other = _run(GROUPS[1], (), {})
    wrote = _run(group, edges, other)
    return sum(
        weight * _seen("out", signal, wrote, edges, other)[1] for signal, weight in OUTPUT.items()
    )


def _run(group: int, edges: Collection[Edge], other: Wrote) -> Wrote:
    wrote: Wrote = {"embed": ("g", (group, 0))}
    for layer in "01":
        heads = {name: parts for name, parts in HEADS.items() if name[1] == layer}
        new: Wrote = {}
        for name, (source, target, gain) in heads.items():
            term, last = _seen(f"{name}.v", source, wrote, edges, other)
            new[name] = (target, (gain * term, gain // 2 * (term + last)))
        wrote |= new
        mlp = f"m{layer}"
        weights, bias, target = NEURONS[mlp]
        sums = [bias, bias]
        for source, weight in weights.items():
            for position, value in enumerate(_seen(mlp, source, wrote, edges, other)):
                sums[position] += weight * value
        wrote[mlp] = (target, (max(sums[0], 0), max(sums[1], 0)))
    return wrote


def _seen(
    reader: str, signal: str, wrote: Wrote, edges: Collection[Edge], other: Wrote
) -> tuple[int, int]:
    """Returns a signal at both positions, as a reader sees it."""
    total = [0, 0]
    for writer, mine in wrote.items():
        target, values = other[writer] if (writer, reader) in edges else mine
        if target == signal:
            total = [total[0] + values[0], total[1] + values[1]]
    return total[0], total[1]


def _direction(signal: str, size: float = 1.0) -> torch.Tensor:
    vector = torch.zeros(2 * len(SIGNALS), dtype=torch.float64)
    at = 2 * SIGNALS.index(signal)
    # A product of two directions is 1: both coordinates of a pair carry a half.
    vector[at], vector[at + 1] = size * 0.5**0.5, -size * 0.5**0.5
    return vector


@torch.no_grad()
def _model() -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    hidden = 2 * len(SIGNALS)
    config = GPT2Config(
        vocab_size=6, n_embd=hidden, n_layer=2, n_head=2, n_inner=1, n_positions=4,
        activation_function="relu", tie_word_embeddings=False, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).double().eval()
    for name, parameter in model.named_parameters():
        is_gain = "ln_" in name and name.endswith("weight")
        parameter.fill_(_LARGE / hidden**0.5 if is_gain else 0.0)
    for token in range(6):
        model.transformer.wte.weight[token] = _direction("constant", _LARGE)
    for group in GROUPS:
        model.transformer.wte.weight[group] += _direction("g", group)
    for layer, block in enumerate(model.transformer.h):
        _wire(block, layer, hidden)
    for signal, weight in OUTPUT.items():
        model.lm_head.weight[4] += _direction(signal, weight)
    return model


def _wire(block: Any, layer: int, hidden: int) -> None:
    for head in (0, 1):
        source, target, gain = HEADS[f"a{layer}.h{head}"]
        at = head * hidden // 2
        block.attn.c_attn.weight[:, 2 * hidden + at] = _direction(source, gain)
        block.attn.c_proj.weight[at] = _direction(target)
    weights, bias, target = NEURONS[f"m{layer}"]
    for source, weight in weights.items():
        block.mlp.c_fc.weight[:, 0] += _direction(source, weight)
    block.mlp.c_fc.bias[0] = bias
    block.mlp.c_proj.weight[0] = _direction(target)
