"""A model whose parts are not what its family's layout says is refused, and by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from auditor.circuits import layouts
from auditor.circuits.contract import check
from auditor.circuits.graph import Graph
from auditor.circuits.layouts import LAYOUTS, Layout, Norms, layout_of
from auditor.errors import ModelError
from tests.circuits.cases import every_head
from tests.circuits.tiny import tiny

READ = r"reads something else than the residual stream"
ADDS_UP = r"is not what the embedding, heads and MLPs before it add up to"


def ready(family: str, head: str = "", **config: Any) -> Any:
    return tiny(family, head=head, dtype=torch.float32, **config)


@every_head
def test_models_of_all_families_pass(family: str, head: str) -> None:
    model = ready(family, head)
    check(model, Graph.of(model))


@pytest.mark.parametrize("family", ["bert", "gpt2", "llama", "gemma3"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_models_of_other_precision_pass(family: str, dtype: torch.dtype) -> None:
    model = tiny(family, dtype=dtype)
    check(model, Graph.of(model))
    assert model.dtype is dtype


@pytest.mark.parametrize(
    "family", ["bert", "gpt2", "gpt_neox", "qwen3", "deberta-v2", "modernbert"]
)
def test_models_with_weights_as_small_as_untrained_ones_pass(family: str) -> None:
    model = ready(family)
    model.init_weights()
    check(model, Graph.of(model))


def test_a_real_model_passes(shared: Any) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(shared / "weights" / "stories260K").eval()
    check(model, Graph.of(model))


def named(order: tuple[int, int, int]) -> Callable[[Layout], Layout]:
    """Returns the change that takes each of q, k and v for another."""

    def change(own: Layout) -> Layout:
        q, k, v = (own.projections[place] for place in order)
        return replace(own, projections=(q, k, v))

    return change


def with_norms(attention: Norms | None = None, mlp: Norms | None = None) -> Callable[..., Layout]:
    return lambda own: replace(
        own, attention_norms=attention or own.attention_norms, mlp_norms=mlp or own.mlp_norms
    )


WRONG: list[tuple[str, Callable[[Layout], Layout], str]] = [
    ("bert", named((2, 1, 0)), r"layer\.0.*\.value makes its heads' v.*family has their q"),
    ("roberta", named((1, 0, 2)), r"layer\.0.*\.key makes its heads' k.*family has their q"),
    ("deberta-v2", named((0, 2, 1)), r"value_proj makes its heads' v.*family has their k"),
    ("llama", named((0, 2, 1)), r"layers\.0\.self_attn\.v_proj makes its heads' v"),
    ("qwen3", named((2, 1, 0)), r"v_proj gives 24 numbers for each token.*family has 48"),
    ("gpt2", lambda own: replace(own, packing="by_head"), r"moving q of one head in .*h\.0\.attn"),
    ("gpt2", lambda own: replace(own, packing="apart"), r"c_attn gives 96 numbers.*has 32"),
    ("gpt_neox", lambda own: replace(own, packing="concatenated"), r"moving q of one head in"),
    ("gpt_neox", lambda own: replace(own, parallel=False), rf"layers\.0\.mlp {READ}"),
    ("gpt_neox-sequential", lambda own: replace(own, parallel=True), rf"layers\.0\.mlp {READ}"),
    ("llama", lambda own: replace(own, parallel=True), rf"layers\.0\.mlp {READ}"),
    ("gpt2", lambda own: replace(own, mlp="mlp.c_proj"), rf"mlp\.c_proj {READ}"),
    ("gpt2", with_norms(mlp=Norms(read="ln_1")), rf"h\.0\.mlp {READ}"),
    ("gpt2", with_norms(mlp=Norms()), rf"h\.0\.mlp {READ}"),
    ("gpt2", with_norms(attention=Norms(read="ln_2")), r"c_attn makes something else of"),
    ("gpt2", with_norms(attention=Norms(write="ln_1")), rf"block 1 {ADDS_UP}"),
    ("gpt2", with_norms(mlp=Norms(residual="ln_2")), rf"block 1 {ADDS_UP}"),
    ("bert", with_norms(mlp=Norms(read="output.LayerNorm")), rf"block 1 {ADDS_UP}"),
    ("bert", with_norms(attention=Norms()), rf"block 1 {ADDS_UP}"),
    ("gemma2", with_norms(mlp=Norms(read="pre_feedforward_layernorm")), rf"block 1 {ADDS_UP}"),
    ("llama", lambda own: replace(own, out="mlp.down_proj"), r"q_proj gives 32 numbers"),
    ("bert", lambda own: replace(own, down="intermediate.dense"), r"dense gives 64 numbers"),
    ("bert", lambda own: replace(own, mlp="intermediat"), r"layer\.0 has no intermediat, as its"),
    ("bert", lambda own: replace(own, blocks="encoder.layers"), r"has 0 lists of 2 blocks"),
]


@pytest.mark.parametrize(("family", "change", "reason"), WRONG)
def test_a_wrong_layout_is_refused_by_name(
    family: str, change: Callable[[Layout], Layout], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ready(family)
    own = layout_of(model.config)
    monkeypatch.setattr(layouts, "LAYOUTS", {model.config.model_type: change(own)})
    with pytest.raises(ModelError, match=reason):
        check(model, Graph.of(model))


class Adapter(torch.nn.Module):
    """A projection with something added to what it gives."""

    def __init__(self, own: torch.nn.Linear) -> None:
        super().__init__()
        self.own, self.weight, self.bias = own, own.weight, own.bias
        self.down = torch.nn.Linear(own.in_features, 2, bias=False)
        self.up = torch.nn.Linear(2, own.out_features, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.own(x) + self.up(self.down(x))
        return found


def scaled(model: Any) -> None:
    """A block that scales what it hands on."""
    model.model.layers[0].register_forward_hook(lambda _, __, out: 2 * out)


def added(model: Any) -> None:
    """An adapter beside an MLP, which adds to the residual stream."""
    model.model.layers[0].mlp.register_forward_hook(lambda _, args, out: out + 0.1 * args[0])


def adapted(part: str) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        attention = model.model.layers[1].self_attn
        setattr(attention, part, Adapter(getattr(attention, part)))

    return change


def mixing(model: Any) -> None:
    """Values of all heads that are mixed before attention."""
    value = model.model.layers[1].self_attn.v_proj
    value.register_forward_hook(lambda _, __, out: out.flip(-1))


def talking(model: Any) -> None:
    """Heads that are mixed behind attention."""
    out = model.model.layers[1].self_attn.o_proj
    out.register_forward_pre_hook(lambda _, args: (args[0] + 0.1 * args[0].flip(-1),))


def other_eager(model: Any) -> None:
    """Attention of its own kernel, whose maps would be those of another computation."""
    config = model.config
    attention = model.model.layers[0].self_attn
    own = attention.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        attention.scaling = 0.5 if config._attn_implementation == "eager" else 1.0
        return own(*args, **kwargs)

    attention.forward = forward


CHANGED: list[tuple[str, Callable[[Any], None], str]] = [
    ("llama", scaled, rf"block 1 {ADDS_UP}"),
    ("llama", added, rf"block 1 {ADDS_UP}"),
    ("llama", adapted("q_proj"), r"layers\.1\.self_attn\.q_proj makes something else of"),
    ("llama", adapted("o_proj"), r"layers\.1\.self_attn\.o_proj|last block|" + ADDS_UP),
    ("llama", mixing, r"layers\.1\.self_attn\.v_proj"),
    ("llama", talking, r"moving q of one head in .*q_proj does not move that head's output alone"),
    ("llama", other_eager, r"eager attention gives other heads' outputs"),
]


@pytest.mark.parametrize(("family", "change", "reason"), CHANGED)
def test_a_model_that_was_changed_is_refused_by_name(
    family: str, change: Callable[[Any], None], reason: str
) -> None:
    model = ready(family)
    graph = Graph.of(model)
    check(model, graph)
    change(model)
    with pytest.raises(ModelError, match=reason):
        check(model, Graph.of(model))


@pytest.mark.parametrize("family", ["albert", "t5", "bloom", "falcon", "phi3", "vit", "gptj"])
def test_an_unknown_family_is_refused_by_name_with_what_is_missing(family: str) -> None:
    from transformers import AutoConfig

    with pytest.raises(ModelError, match=rf"family '{family}' cannot be traced.*not known") as no:
        layout_of(AutoConfig.for_model(family))
    assert all(known in str(no.value) for known in LAYOUTS)


def test_a_deberta_with_a_convolution_is_refused() -> None:
    model = ready("deberta-v2", conv_kernel_size=3, conv_act="gelu")
    with pytest.raises(ModelError, match="convolution beside its first block"):
        Graph.of(model)


def test_a_model_that_is_wrapped_is_refused_with_what_to_do() -> None:
    model = ready("bert")
    block = model.bert.encoder.layer[0]
    block.attention.self.query = torch.nn.ModuleDict({"base": block.attention.self.query})
    with pytest.raises(ModelError, match=r"attention\.self\.query"):
        Graph.of(model)
