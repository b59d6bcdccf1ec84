"""Attention rollout: how much of each token can have reached the position that the head reads.

Context for an attribution, not one: it has no sign, no unit of the output, and nothing to do with
which label the model chose.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from auditor.attributions.base import Ask, Attribution, Refused
from auditor.attributions.inside import (
    Batch,
    Budget,
    Inputs,
    Read,
    attending,
    by_batch,
    embed,
    embedded,
    weights_of,
)
from auditor.errors import ModelError
from auditor.models.base import Floats, Model

ATTENTION_ROLLOUT = "attention_rollout"
UNIT = "share of attention"


def attention_rollout(model: Model, texts: Sequence[str], ask: Ask) -> list[Attribution | Refused]:
    """Returns each token's share in the position that the head reads, through all layers.

    Per layer: attention averaged over heads, half and half with the residual connection; the
    product over layers. Shares are 0 or more and sum to 1 per text; uniform attention leaves
    2^-layers where the head reads and spreads the rest evenly. They do not add up to a score
    (`base` is NaN), and are the same for every output, repeated to [token, output]. Tokens beyond
    the model's window have 0.

    The position that the head reads is found by asking the head: where the last layer's states
    have a gradient of the logits. That is the first token in BERT and its kin, the last one in
    causal models; where it is several (mean pooling) their rows are averaged, each the same.

    Source: Abnar & Zuidema 2020, arXiv:2005.00928.

    Raises:
        ModelError: the model is a function, or gives no attention from token to token in every
            layer.
    """
    weights = weights_of(model)
    budget = Budget(weights)

    def read(batch: Batch) -> list[Read]:
        ids = batch.inputs["input_ids"]
        parts = budget.parts(
            len(ids),
            batch.width,
            lambda part: _rolled(weights.model, {n: t[part] for n, t in batch.inputs.items()}),
        )
        shares = torch.cat([share for share, _ in parts]).numpy()
        scores = ask.output.read(torch.cat([logits for _, logits in parts]).numpy())
        return [_read(share, score) for share, score in zip(shares, scores, strict=True)]

    with attending(weights.model, "eager"):
        return by_batch(weights, texts, ask, read, method=ATTENTION_ROLLOUT, unit=UNIT)


def _read(share: Floats, score: Floats) -> Read:
    return Read(share[:, None].repeat(len(score), axis=1), score * float("nan"), score)


def _rolled(model: Any, inputs: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns shares [text, position] and logits [text, label]."""
    if not _may_answer(model):
        raise _no_attention(model)
    point = embed(model, inputs["input_ids"]).requires_grad_()
    with embedded(model, inputs["input_ids"], point):
        answer = model(**inputs, output_attentions=True, output_hidden_states=True)
    real = inputs.get("attention_mask", torch.ones_like(inputs["input_ids"])).cpu().bool()
    layers = _attentions(model, answer, real)
    share = _read_by_head(model, answer.logits, answer.hidden_states[-1], real)
    for layer in reversed(layers):
        share = share / 2 + torch.einsum("bi,bij->bj", share, layer) / 2
    return share, answer.logits.detach().cpu().double()


def _may_answer(model: Any) -> bool:
    names = inspect.signature(model.forward).parameters.values()
    return any(
        each.name == "output_attentions" or each.kind is inspect.Parameter.VAR_KEYWORD
        for each in names
    )


def _attentions(model: Any, answer: Any, real: torch.Tensor) -> list[torch.Tensor]:
    """Returns each layer's attention averaged over heads; padding has 0. [text, from, to]

    Raises:
        ModelError: a layer has none, or not from each real position to each with shares of 1.
    """
    shape = (*real.shape, real.shape[1])
    given = [each for each in getattr(answer, "attentions", None) or () if each is not None]
    means = [each.detach().mean(dim=1).cpu().double() for each in given if each.ndim == 4]
    expected = getattr(model.config, "num_hidden_layers", len(given))
    if not given or [each.shape for each in means] != [shape] * expected:
        raise _no_attention(model)
    padding = ~(real[:, :, None] & real[:, None, :])
    layers = [each.masked_fill(padding, 0.0) for each in means]
    if not all(((each.sum(dim=-1) - 1)[real].abs() <= 1e-3).all() for each in layers):
        raise _no_attention(model)
    return layers


def _read_by_head(
    model: Any, logits: torch.Tensor, states: torch.Tensor, real: torch.Tensor
) -> torch.Tensor:
    """Returns shares of the last layer's positions that the logits depend on. [text, position]"""
    reads = torch.zeros_like(real)
    for k in range(logits.shape[1]):
        (slope,) = torch.autograd.grad(
            logits[:, k].sum(), states, retain_graph=True, allow_unused=True
        )
        if slope is not None:
            reads |= (slope != 0).any(dim=-1).cpu() & real
    if not reads.any(dim=1).all():
        raise ModelError(
            f"the head of {type(model).__name__} reads no position of its last layer, so there is "
            "nothing to roll attention out to; use method='owen'"
        )
    return reads.double() / reads.sum(dim=1, keepdim=True)


def _no_attention(model: Any) -> ModelError:
    return ModelError(
        f"{type(model).__name__} gives no attention from every token to every other in every "
        "layer, which attention rollout is made of; use method='owen' or 'integrated_gradients'"
    )
