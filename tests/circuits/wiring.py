"""The weights of GPT-2 and BERT in one orientation, and pairs of coordinates to plant signals in.

A signal is a pair of coordinates: the direction (1, -1) / sqrt 2. A component is blind to it where
its weights are equal on both, and does not write it where what it writes is equal on both.
LayerNorm keeps the pair apart from all else where its gain and bias are equal on both: a signal has
no mean, and its sign changes no variance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import torch

LAYERS, HEADS, HIDDEN, INNER = 3, 4, 48, 64
SIZE = HIDDEN // HEADS
VOCABULARY = 40

Layout = Literal["gpt2", "bert"]


class Signal(IntEnum):
    """What a pair of coordinates says."""

    GROUP = 0
    """Of the term: -1 in group A's version, 1 in group B's."""
    COPY = 1
    """The group, at the position read."""
    ANSWER = 2
    """What the output reads."""
    TERM = 3
    """That a token is a term, in both versions."""
    ONE = 4
    """The same at every position."""
    WASTE = 5
    """Read by nothing."""
    ANCHOR = 6
    """1 at one position, -1 at another, 0 elsewhere."""
    OTHER_GROUP = 7
    OTHER_COPY = 8
    OTHER_ANSWER = 9
    """What the output reads for other answers than those that the metric compares."""

    @property
    def direction(self) -> torch.Tensor:
        """The unit vector. [hidden]"""
        vector = torch.zeros(HIDDEN, dtype=torch.float64)
        vector[2 * self], vector[2 * self + 1] = 0.5**0.5, -(0.5**0.5)
        return vector


@dataclass(frozen=True)
class Block:
    """Views of one layer's weights, inputs first: writing to them changes the model."""

    read: dict[str, torch.Tensor]  # q, k, v -> [hidden, head x size]
    bias: dict[str, torch.Tensor]  # q, k, v -> [head x size]
    project: torch.Tensor  # [head x size, hidden]
    up: torch.Tensor  # [hidden, neuron]
    up_bias: torch.Tensor  # [neuron]
    down: torch.Tensor  # [neuron, hidden]
    attend: Any
    """A module whose input the heads read."""
    fc: Any
    """The module whose input the neurons read."""


@dataclass(frozen=True)
class Wiring:
    """A model and views of its weights, blind to every signal."""

    model: Any
    blocks: tuple[Block, ...]
    tokens: torch.Tensor  # [token, hidden]
    positions: torch.Tensor  # [position, hidden]
    out: torch.Tensor  # [hidden, answer or pooled unit]
    reads: Any
    """The module of `out`."""
    is_causal: bool


def wire(layout: Layout, seed: int) -> Wiring:
    """Returns a random model of a layout, in which nothing reads or writes any signal."""
    torch.manual_seed(seed)
    wiring = _gpt2() if layout == "gpt2" else _bert()
    _randomise(wiring.model, torch.Generator().manual_seed(seed))
    for parameter, dim in _on_the_stream(wiring):
        _level(parameter, dim)
    return wiring


def _gpt2() -> Wiring:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=VOCABULARY, n_embd=HIDDEN, n_layer=LAYERS, n_head=HEADS, n_inner=INNER,
        n_positions=32, activation_function="tanh", tie_word_embeddings=False,
        pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    model = GPT2LMHeadModel(config).double().eval()
    blocks = tuple(_gpt2_block(block) for block in model.transformer.h)
    core = model.transformer
    head = model.lm_head
    return Wiring(
        model, blocks, core.wte.weight, core.wpe.weight, head.weight.T, head, is_causal=True
    )


def _gpt2_block(block: Any) -> Block:
    parts = slice(0, HIDDEN), slice(HIDDEN, 2 * HIDDEN), slice(2 * HIDDEN, 3 * HIDDEN)
    attend, mlp = block.attn.c_attn, block.mlp
    return Block(
        {part: attend.weight[:, columns] for part, columns in zip("qkv", parts, strict=True)},
        {part: attend.bias[columns] for part, columns in zip("qkv", parts, strict=True)},
        block.attn.c_proj.weight,
        mlp.c_fc.weight,
        mlp.c_fc.bias,
        mlp.c_proj.weight,
        attend,
        mlp.c_fc,
    )


def _bert() -> Wiring:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, intermediate_size=INNER, max_position_embeddings=32,
        hidden_act="tanh", pad_token_id=0,
    )  # fmt: skip
    model = BertForSequenceClassification(config).double().eval()
    blocks = tuple(_bert_block(layer) for layer in model.bert.encoder.layer)
    table, pooler = model.bert.embeddings, model.bert.pooler.dense
    return Wiring(
        model,
        blocks,
        table.word_embeddings.weight,
        table.position_embeddings.weight,
        pooler.weight.T,
        pooler,
        is_causal=False,
    )


def _bert_block(layer: Any) -> Block:
    attend, up = layer.attention.self, layer.intermediate.dense
    parts = {"q": attend.query, "k": attend.key, "v": attend.value}
    return Block(
        {part: module.weight.T for part, module in parts.items()},
        {part: module.bias for part, module in parts.items()},
        layer.attention.output.dense.weight.T,
        up.weight.T,
        up.bias,
        layer.output.dense.weight.T,
        attend.query,
        up,
    )


@torch.no_grad()
def _randomise(model: Any, generator: torch.Generator) -> None:
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        if parameter.ndim < 2:
            parameter.add_(0.2 * noise)
        elif "embedding" in name or "wte" in name or "wpe" in name:
            parameter.copy_(0.6 * noise)
        else:
            parameter.copy_(0.7 * noise / min(parameter.shape) ** 0.5)


def _on_the_stream(wiring: Wiring) -> Iterator[tuple[torch.Tensor, int]]:
    """Yields parameters with the dimension that runs over the residual stream's coordinates."""
    for table in (wiring.tokens, wiring.positions):
        yield table, 1
    yield wiring.out, 0
    for block in wiring.blocks:
        yield from ((weight, 0) for weight in (*block.read.values(), block.up))
        yield from ((weight, 1) for weight in (block.project, block.down))
    for name, parameter in wiring.model.named_parameters():
        # Norms, biases of what writes, and BERT's embedding of segments.
        writes = ("c_proj.bias", "output.dense.bias", "token_type_embeddings.weight")
        norm = "ln_" in name or "LayerNorm" in name
        if norm or name.endswith(writes):
            yield parameter, parameter.ndim - 1


@torch.no_grad()
def _level(parameter: torch.Tensor, dim: int) -> None:
    """Sets both coordinates of each signal to their mean."""
    signals = parameter.transpose(dim, -1)[..., : 2 * len(Signal)]
    means = (signals[..., ::2] + signals[..., 1::2]) / 2
    signals[..., ::2] = means
    signals[..., 1::2] = means
