"""Where components write and read in models of named families, written out by hand.

For the oracle alone, so that it shares nothing with the search by pattern that it is to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Places:
    """Paths of modules; `{}` stands for the layer."""

    first: str
    """Its input is what the embedding writes."""
    project: str
    """Its input is what the heads write, side by side."""
    mlp: str
    """Its output is what the MLP writes."""
    read: tuple[str, str, str]
    """Projections to q, k and v, before anything else is done with them."""
    read_mlp: str
    """Its input is the state that the MLP reads: its norm, where it has one of its own."""
    out: tuple[str, ...]
    """Its input is the last state; the first of these that the model has."""
    norm: str = ""
    """Of the state before q, k and v; none in post-LN models."""
    after: tuple[str, str] = ("", "")
    """Norms of what attention and the MLP wrote: of the sum with the stream, or before the sum."""
    order: Literal["pre", "post", "sandwich", "parallel"] = "pre"
    packed: Literal["", "parts", "heads"] = ""
    """q, k and v in one projection: [q|k|v], or the three of each head side by side."""


def _bert(root: str, out: tuple[str, ...], *, suffix: str = "") -> Places:
    layer = f"{root}.encoder.layer.{{}}"
    read = tuple(f"{layer}.attention.self.{part}{suffix}" for part in ("query", "key", "value"))
    return Places(
        layer.format(0),
        f"{layer}.attention.output.dense",
        f"{layer}.output.dense",
        (read[0], read[1], read[2]),
        f"{layer}.intermediate",
        out,
        after=(f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"),
        order="post",
    )


def _llama(*, sandwich: bool = False) -> Places:
    layer = "model.layers.{}"
    attend, after = f"{layer}.self_attn", f"{layer}.post_attention_layernorm"
    return Places(
        layer.format(0),
        f"{attend}.o_proj",
        f"{layer}.mlp",
        (f"{attend}.q_proj", f"{attend}.k_proj", f"{attend}.v_proj"),
        f"{layer}.pre_feedforward_layernorm" if sandwich else after,
        ("model.norm",),
        norm=f"{layer}.input_layernorm",
        after=(after, f"{layer}.post_feedforward_layernorm") if sandwich else ("", ""),
        order="sandwich" if sandwich else "pre",
    )


def _gpt2() -> Places:
    layer = "transformer.h.{}"
    return Places(
        layer.format(0),
        f"{layer}.attn.c_proj",
        f"{layer}.mlp",
        (f"{layer}.attn.c_attn",) * 3,
        f"{layer}.ln_2",
        ("transformer.ln_f",),
        norm=f"{layer}.ln_1",
        packed="parts",
    )


def _gpt_neox(*, parallel: bool) -> Places:
    layer = "gpt_neox.layers.{}"
    return Places(
        layer.format(0),
        f"{layer}.attention.dense",
        f"{layer}.mlp",
        (f"{layer}.attention.query_key_value",) * 3,
        f"{layer}.post_attention_layernorm",
        ("gpt_neox.final_layer_norm",),
        norm=f"{layer}.input_layernorm",
        order="parallel" if parallel else "pre",
        packed="heads",
    )


def _distilbert() -> Places:
    layer = "distilbert.transformer.layer.{}"
    attend = f"{layer}.attention"
    return Places(
        layer.format(0),
        f"{attend}.out_lin",
        f"{layer}.ffn",
        (f"{attend}.q_lin", f"{attend}.k_lin", f"{attend}.v_lin"),
        f"{layer}.ffn",
        ("pre_classifier", "vocab_transform"),
        after=(f"{layer}.sa_layer_norm", f"{layer}.output_layer_norm"),
        order="post",
    )


def _modernbert() -> Places:
    layer = "model.layers.{}"
    return Places(
        layer.format(0),
        f"{layer}.attn.Wo",
        f"{layer}.mlp",
        (f"{layer}.attn.Wqkv",) * 3,
        f"{layer}.mlp_norm",
        ("model.final_norm",),
        norm=f"{layer}.attn_norm",
        packed="parts",
    )


def _opt(*, post: bool) -> Places:
    layer, out = "model.decoder.layers.{}", "model.decoder.final_layer_norm"
    attend = f"{layer}.self_attn"
    norms = (f"{layer}.self_attn_layer_norm", f"{layer}.final_layer_norm")
    return Places(
        layer.format(0),
        f"{attend}.out_proj",
        f"{layer}.fc2",
        (f"{attend}.q_proj", f"{attend}.k_proj", f"{attend}.v_proj"),
        f"{layer}.fc1" if post else norms[1],
        ("lm_head", "score") if post else (out,),
        norm="" if post else norms[0],
        after=norms if post else ("", ""),
        order="post" if post else "pre",
    )


def places(model: Any) -> Places:
    """Returns the places of a model of one of the families written out here.

    Raises:
        KeyError: the family is none of them.
    """
    kind = model.config.model_type
    known = {
        "gpt2": _gpt2(),
        "bert": _bert("bert", ("bert.pooler", "cls")),
        "roberta": _bert("roberta", ("classifier", "lm_head")),
        "electra": _bert("electra", ("classifier", "generator_predictions")),
        "opt": _opt(post=not getattr(model.config, "do_layer_norm_before", True)),
        "deberta-v2": _bert("deberta", ("pooler", "cls", "lm_predictions"), suffix="_proj"),
        "distilbert": _distilbert(),
        "modernbert": _modernbert(),
        "gpt_neox": _gpt_neox(parallel=getattr(model.config, "use_parallel_residual", True)),
        "gemma2": _llama(sandwich=True),
        "gemma3_text": _llama(sandwich=True),
        **dict.fromkeys(("llama", "qwen2", "qwen3", "mistral"), _llama()),
    }
    return known[kind]
