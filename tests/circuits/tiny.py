"""Tiny random models of every family whose circuits are traced, and aligned pairs of random ids.

Weights are large enough for effects to be seen, and norms have random gains and biases, so that no
norm passes for the identity.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch

from auditor.circuits.base import Aligned, Inputs, Ints, Role

VOCABULARY = 60
_FIRST = 5  # ids before it are special tokens

_ENCODER = ("classifier", "masked")
_DECODER = ("causal", "classifier")

FAMILIES: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {"pad_token_id": 1},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    # As published models have it: embeddings narrower than the stream.
    "electra": {"embedding_size": 24},
    "deberta-v2": {
        "relative_attention": True,
        "position_buckets": 8,
        "pos_att_type": ["c2p", "p2c"],
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
        "position_biased_input": False,
    },
    "modernbert": {"num_hidden_layers": 3, "local_attention": 8},
    "gpt2": {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64},
    "gpt_neox": {},
    "gpt_neox-sequential": {"use_parallel_residual": False},
    "llama": {"num_key_value_heads": 2},
    "qwen2": {"num_key_value_heads": 2},
    # 4 heads of 12 are wider than the stream of 32.
    "qwen3": {"num_key_value_heads": 2, "head_dim": 12},
    "mistral": {"num_key_value_heads": 2, "head_dim": 8},
    "gemma2": {"num_key_value_heads": 2, "head_dim": 12, "query_pre_attn_scalar": 12},
    "gemma3": {"num_key_value_heads": 2, "head_dim": 12, "query_pre_attn_scalar": 12},
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "opt-post": {"ffn_dim": 64, "word_embed_proj_dim": 32, "do_layer_norm_before": False},
}
"""Family or variant of it -> its own settings; a variant's name ends in what sets it apart."""

_TYPES = {"gpt_neox-sequential": "gpt_neox", "gemma3": "gemma3_text", "opt-post": "opt"}
_ENCODERS = ("bert", "roberta", "distilbert", "electra", "deberta-v2", "modernbert")

HEADS_OF: dict[str, tuple[str, ...]] = {
    family: _ENCODER if family in _ENCODERS else _DECODER for family in FAMILIES
}
"""Family -> which of causal, classifier, masked it has."""

Padding = Literal["none", "right", "left"]


def tiny(
    family: str, *, head: str = "", dtype: torch.dtype = torch.float64, seed: int = 0, **config: Any
) -> Any:
    """Returns a random model of a family in evaluation mode.

    `head` is one of `HEADS_OF[family]`, the first where none is given; `config` overrides settings
    of the family.
    """
    from transformers import AutoConfig

    given = {**_sizes(family), **FAMILIES[family], **config}
    settings = AutoConfig.for_model(_TYPES.get(family, family), **given)
    torch.manual_seed(seed)
    model = _class_of(head or HEADS_OF[family][0]).from_config(settings).to(dtype).eval()
    _randomise(model, seed)
    return model


def aligned(
    model: Any, pairs: int = 3, width: int = 7, *, seed: int = 0, padding: Padding = "none"
) -> Aligned:
    """Returns pairs of random ids whose versions differ at one or two positions, never at the ends.

    With padding, pairs are up to two tokens shorter than the grid, the first as wide as it. Padding
    on the left pins `position_ids`, since models count from the left end; a classifier that reads
    the first column (all encoders here) cannot have it, nor can Gemma 2 in float64.
    """
    rng = np.random.default_rng(seed)
    a = rng.integers(_FIRST, VOCABULARY, (pairs, width))
    lengths = np.array([width - (0 if padding == "none" else pair % 3) for pair in range(pairs)])
    starts = width - lengths if padding == "left" else np.zeros_like(lengths)
    b, roles = a.copy(), np.full((pairs, width), int(Role.PADDING))
    for pair, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        terms = _terms(rng, start, length)
        b[pair, terms] = _others(rng, a[pair, terms])
        roles[pair, start : start + length] = _roles(model, terms - start, length)
    x, other = (_inputs(model, ids, roles, pin=padding == "left") for ids in (a, b))
    return Aligned(x, other, torch.as_tensor(starts + lengths - 1), roles)


def _sizes(family: str) -> dict[str, Any]:
    sizes: dict[str, Any] = {"vocab_size": VOCABULARY, "pad_token_id": 0}
    sizes |= {"bos_token_id": 2, "eos_token_id": 3}
    if family == "modernbert":
        sizes |= {"cls_token_id": 2, "sep_token_id": 3}
    if family in {"distilbert", "gpt2"}:
        return sizes
    return sizes | {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
    }


def _class_of(head: str) -> Any:
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForMaskedLM,
        AutoModelForSequenceClassification,
    )

    return {
        "causal": AutoModelForCausalLM,
        "masked": AutoModelForMaskedLM,
        "classifier": AutoModelForSequenceClassification,
    }[head]


@torch.no_grad()
def _randomise(model: Any, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    tables = {m.weight for m in model.modules() if isinstance(m, torch.nn.Embedding)}
    for parameter in model.parameters():
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        if parameter.ndim < 2:
            parameter.add_(0.3 * noise)  # gains and biases, about their defaults
        elif parameter in tables:
            parameter.copy_(0.7 * noise)
        else:
            parameter.copy_(1.5 * noise / min(parameter.shape) ** 0.5)


def _terms(rng: np.random.Generator, start: int, length: int) -> Ints:
    """Returns one or two places that are neither the first nor the last of the text."""
    inner = np.arange(start + 1, start + length - 1)
    return np.sort(rng.choice(inner, size=rng.integers(1, 3), replace=False))


def _others(rng: np.random.Generator, ids: Ints) -> Ints:
    """Returns an id for each that is another."""
    count = VOCABULARY - _FIRST
    shift = rng.integers(1, count, len(ids))
    return _FIRST + (ids - _FIRST + shift) % count


def _roles(model: Any, terms: Ints, length: int) -> Ints:
    roles = np.full(length, int(Role.SUFFIX))
    roles[: terms[0]] = Role.PREFIX
    roles[terms] = Role.TERM
    kind = type(model).__name__
    if kind.endswith(("ForCausalLM", "LMHeadModel")):
        roles[-1] = Role.FINAL
    return roles


def _inputs(model: Any, ids: Ints, roles: Ints, *, pin: bool) -> Inputs:
    real = roles != Role.PADDING
    pad = model.config.pad_token_id
    inputs = {
        "input_ids": torch.as_tensor(np.where(real, ids, pad)),
        "attention_mask": torch.as_tensor(real.astype(np.int64)),
    }
    if pin:
        positions = np.maximum(real.cumsum(axis=1) - 1, 0)
        offset = pad + 1 if model.config.model_type == "roberta" else 0
        inputs["position_ids"] = torch.as_tensor(positions + offset)
    return inputs
