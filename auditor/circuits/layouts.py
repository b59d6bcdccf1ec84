"""Where the families of transformers keep their parts, as names of modules within a block.

Names only propose: `contract.check` proves, on the loaded model, that they are the parts meant.
A new family is one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from auditor.errors import ModelError

Packing = Literal["apart", "concatenated", "by_head"]
"""How q, k and v lie: in three projections, in one as [q | k | v], in one as [head, (q, k, v)]."""


@dataclass(frozen=True, slots=True)
class Norms:
    """The norms around one sublayer (attention or MLP), as names within the block."""

    read: str | None = None
    """Between the residual stream and what the sublayer reads (pre-norm)."""
    write: str | None = None
    """On what the sublayer writes, before it is added (sandwich)."""
    residual: str | None = None
    """On the residual stream, after the sublayer was added (post-norm)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One family's block."""

    blocks: str
    """How the name of the list of blocks ends."""
    projections: tuple[str, str, str]
    """Of q, k and v; one name three times where they are one module."""
    out: str
    """The projection that heads are written through."""
    mlp: str
    """The module that the MLP's input enters."""
    down: str
    """The projection that neurons are written through."""
    attention_norms: Norms
    mlp_norms: Norms
    packing: Packing = "apart"
    parallel: bool = False
    """Attention and MLP read the same residual stream."""
    reused: bool = False
    """q and k projections serve relative positions too, after their first call."""
    rotary: bool = False
    """Positions turn q and k, rather than being added to the embedding."""
    returned: int = 0
    """How many things a block returns in a tuple; 0: a tensor alone."""


def _post(attention: str, mlp: str) -> tuple[Norms, Norms]:
    return Norms(residual=attention), Norms(residual=mlp)


def _pre(attention: str, mlp: str) -> tuple[Norms, Norms]:
    return Norms(read=attention), Norms(read=mlp)


_BERT = Layout(
    "encoder.layer",
    ("attention.self.query", "attention.self.key", "attention.self.value"),
    "attention.output.dense",
    "intermediate",
    "output.dense",
    *_post("attention.output.LayerNorm", "output.LayerNorm"),
)
_DEBERTA = replace(
    _BERT,
    projections=(
        "attention.self.query_proj",
        "attention.self.key_proj",
        "attention.self.value_proj",
    ),
    reused=True,
    returned=2,
)
_DISTILBERT = Layout(
    "transformer.layer",
    ("attention.q_lin", "attention.k_lin", "attention.v_lin"),
    "attention.out_lin",
    "ffn",
    "ffn.lin2",
    *_post("sa_layer_norm", "output_layer_norm"),
)
_MODERNBERT = Layout(
    "layers",
    ("attn.Wqkv", "attn.Wqkv", "attn.Wqkv"),
    "attn.Wo",
    "mlp",
    "mlp.Wo",
    *_pre("attn_norm", "mlp_norm"),
    packing="concatenated",
    rotary=True,
)
_GPT2 = Layout(
    "h",
    ("attn.c_attn", "attn.c_attn", "attn.c_attn"),
    "attn.c_proj",
    "mlp",
    "mlp.c_proj",
    *_pre("ln_1", "ln_2"),
    packing="concatenated",
)
_NEOX = Layout(
    "layers",
    ("attention.query_key_value", "attention.query_key_value", "attention.query_key_value"),
    "attention.dense",
    "mlp",
    "mlp.dense_4h_to_h",
    *_pre("input_layernorm", "post_attention_layernorm"),
    packing="by_head",
    rotary=True,
)
_LLAMA = Layout(
    "layers",
    ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attn.o_proj",
    "mlp",
    "mlp.down_proj",
    *_pre("input_layernorm", "post_attention_layernorm"),
    rotary=True,
)
_GEMMA = replace(
    _LLAMA,
    attention_norms=Norms(read="input_layernorm", write="post_attention_layernorm"),
    mlp_norms=Norms(read="pre_feedforward_layernorm", write="post_feedforward_layernorm"),
)
_OPT = Layout(
    "layers",
    ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attn.out_proj",
    "fc1",
    "fc2",
    *_pre("self_attn_layer_norm", "final_layer_norm"),
)


def _neox(config: Any) -> Layout:
    return replace(_NEOX, parallel=config.use_parallel_residual)


def _opt(config: Any) -> Layout:
    if config.do_layer_norm_before:
        return _OPT
    attention, mlp = _post("self_attn_layer_norm", "final_layer_norm")
    return replace(_OPT, attention_norms=attention, mlp_norms=mlp)


def _deberta(config: Any) -> Layout:
    if getattr(config, "conv_kernel_size", 0):
        raise ModelError(
            "this DeBERTa has a convolution beside its first block (conv_kernel_size), which is no "
            "head and no MLP; its circuits cannot be traced, everything else can be audited"
        )
    return _DEBERTA


LAYOUTS: Mapping[str, Layout | Callable[[Any], Layout]] = {
    "bert": _BERT,
    "roberta": _BERT,
    "electra": _BERT,
    "distilbert": _DISTILBERT,
    "deberta-v2": _deberta,
    "modernbert": _MODERNBERT,
    "gpt2": _GPT2,
    "gpt_neox": _neox,
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "gemma2": _GEMMA,
    "gemma3_text": _GEMMA,
    "opt": _opt,
}
"""By `config.model_type`."""


def layout_of(config: Any) -> Layout:
    """Returns the layout of a model's family.

    Raises:
        ModelError: a family, or a variant of one, whose parts are not known.
    """
    family = getattr(config, "model_type", "")
    found = LAYOUTS.get(family)
    if found is None:
        raise ModelError(
            f"circuits of the family {family or type(config).__name__!r} cannot be traced: where "
            "its blocks keep their projections and norms is not known; known are "
            f"{', '.join(sorted(LAYOUTS))}. A new one is one entry in circuits/layouts.py"
        )
    return found(config) if callable(found) else found
