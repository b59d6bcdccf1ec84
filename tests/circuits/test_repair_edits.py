"""Edits do to a component's output what they say, and leave no trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from auditor.circuits.base import Aligned, Margin, Node
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Attention, Graph, weight_of
from auditor.circuits.margins import TokenMargin, resolve
from auditor.circuits.repair.edits import Edit, applied, edited, unsavable
from auditor.circuits.repair.passes import effects
from auditor.circuits.repair.written import Means, component_means
from auditor.errors import ModelError, PlanError
from tests.circuits.tiny import FAMILIES, HEADS_OF, aligned, tiny

KINDS = [("mean", 1.0), ("scale", 0.5), ("scale", 0.0), ("direction", 1.0), ("direction", 0.5)]
MEMBERS = (Node.of_head(0, 1), Node.of_head(0, 3), Node.of_mlp(1))


def margin_of(model: Any) -> Margin:
    classifies = type(model).__name__.endswith("SequenceClassification")
    return resolve(0, model, None) if classifies else TokenMargin("", 7, 11)


def learnt(model: Any, pairs: Aligned) -> tuple[Graph, Means]:
    graph = Graph.of(model)
    with Engine.opened(model, graph, margin_of(model)) as engine:
        return graph, component_means(engine, pairs)


def weights(model: Any) -> dict[str, bytes]:
    return {
        name: each.detach().contiguous().view(torch.uint8).numpy().tobytes()
        for name, each in [*model.named_parameters(), *model.named_buffers()]
        if each.ndim
    }


def projection(graph: Graph, node: Node) -> tuple[Any, slice]:
    by = graph.sublayer_of(node)
    if not isinstance(by, Attention):
        return by.down, slice(None)
    size = len(weight_of(by.out)) // by.heads
    return by.out, slice(node.head * size, (node.head + 1) * size)


def expected(kind: str, strength: float, own: torch.Tensor, means: Means, node: Node) -> Any:
    """What is written in place of `own`. [row, dimension]"""
    direction = means.direction[node]
    return {
        "mean": means.written[node].expand_as(own),
        "scale": strength * own,
        "direction": own - strength * (own @ direction)[:, None] * direction,
    }[kind]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("kind", "strength"), KINDS)
def test_what_a_component_writes_is_edited_and_nothing_else(
    family: str, kind: Any, strength: float
) -> None:
    model = tiny(family)
    graph, means = learnt(model, aligned(model, padding="right"))
    for node in MEMBERS:
        module, rows = projection(graph, node)
        x = torch.randn(5, len(weight_of(module)), dtype=torch.float64)
        own, before = x[:, rows] @ weight_of(module)[rows], module(x)
        with applied(graph, Edit(kind, strength, (node,)), means):
            after = module(x)
        torch.testing.assert_close(after, before - own + expected(kind, strength, own, means, node))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_model_is_restored_bit_for_bit_even_after_an_error(
    family: str, dtype: torch.dtype
) -> None:
    model = tiny(family)
    pairs = aligned(model)
    graph, means = learnt(model, pairs)
    model.to(dtype)
    before, names = weights(model), list(model.state_dict())

    def fail(edit: Edit) -> None:
        with applied(graph, edit, means):
            assert weights(model) != before
            assert torch.isfinite(model(**pairs.a).logits).all()
            raise RuntimeError("planted")

    for kind, strength in KINDS:
        with pytest.raises(RuntimeError, match="planted"):
            fail(Edit(kind, strength, MEMBERS))  # type: ignore[arg-type]
        assert weights(model) == before
        assert list(model.state_dict()) == names


def test_an_edit_within_a_steady_engine_leaves_reduced_weights_as_they_were() -> None:
    model = tiny("gpt2")
    graph, means = learnt(model, aligned(model))
    model.to(torch.bfloat16)
    before = weights(model)
    edit = Edit("mean", 1.0, MEMBERS)
    with (
        Engine.opened(model, graph, margin_of(model)) as engine,
        applied(graph, edit, means),
    ):
        assert effects(engine, aligned(model)).any()
    assert weights(model) == before


@pytest.mark.parametrize("family", ["bert", "gpt2", "llama", "gemma2", "opt", "modernbert"])
@pytest.mark.parametrize(("kind", "strength"), KINDS)
def test_saved_weights_are_the_repaired_model(
    family: str, kind: Any, strength: float, tmp_path: Path
) -> None:
    model = tiny(family, dtype=torch.float32)
    pairs = aligned(model)
    graph, means = learnt(model, pairs)
    edit = Edit(kind, strength, MEMBERS)
    own = model(**pairs.a).logits
    if unsavable(graph, edit):
        with pytest.raises(ModelError, match=r"mean of a0\.h1.* has none in the family"):
            edited(model, graph, edit, means)
        return
    edited(model, graph, edit, means).save_pretrained(tmp_path)
    again = type(model).from_pretrained(tmp_path).eval()
    with applied(graph, edit, means):
        wanted = model(**pairs.a).logits
    torch.testing.assert_close(again(**pairs.a).logits, wanted, rtol=0, atol=0)
    assert not torch.allclose(wanted, own)
    assert torch.equal(model(**pairs.a).logits, own)


def test_a_family_without_biases_refuses_to_save_means_and_still_edits_them() -> None:
    model = tiny("llama")
    graph = Graph.of(model)
    assert unsavable(graph, Edit("mean", 1.0, MEMBERS)) is not None
    assert unsavable(graph, Edit("scale", 0.0, MEMBERS)) is None
    assert unsavable(Graph.of(tiny("gpt2")), Edit("mean", 1.0, MEMBERS)) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_copy_keeps_its_ties_and_no_edit_reaches_a_shared_weight(family: str) -> None:
    tied = next(head for head in ("causal", "masked") if head in HEADS_OF[family])
    model = tiny(family, head=tied, dtype=torch.float32)
    graph, means = learnt(model, aligned(model))
    edit = Edit("scale", 0.0, MEMBERS)
    names = {
        name
        for name, module in model.named_modules()
        for node in MEMBERS
        if module is projection(graph, node)[0]
    }
    copy = edited(model, graph, edit, means)
    changed = {
        name
        for (name, one), two in zip(
            model.state_dict().items(), copy.state_dict().values(), strict=True
        )
        if not torch.equal(one, two)
    }
    assert changed == {f"{name}.weight" for name in names}
    head = copy.get_output_embeddings()
    if head is not None and model.config.tie_word_embeddings:
        assert head.weight is copy.get_input_embeddings().weight


def test_means_are_of_real_tokens_of_both_versions() -> None:
    """By a slow way: every text alone, without padding, the module's own input and output."""
    model = tiny("bert", dtype=torch.float64)
    pairs = aligned(model, 4, padding="right")
    graph, means = learnt(model, pairs)
    module, rows = projection(graph, Node.of_head(1, 2))
    entered: list[torch.Tensor] = []
    left: list[torch.Tensor] = []
    down = graph.mlps[0].down
    hooks = [
        module.register_forward_pre_hook(lambda _, args: entered.append(args[0][0, :, rows])),
        down.register_forward_hook(lambda _, __, output: left.append(output[0] - down.bias)),
    ]
    for side in (pairs.a, pairs.b):
        for row, length in enumerate(pairs.lengths):
            model(input_ids=side["input_ids"][row : row + 1, :length])
    for hook in hooks:
        hook.remove()
    written = [each @ weight_of(module)[rows] for each in entered]
    torch.testing.assert_close(means.written[Node.of_head(1, 2)], torch.cat(written).mean(0))
    torch.testing.assert_close(means.written[Node.of_mlp(0)], torch.cat(left).mean(0))
    change = torch.cat(written[4:]).sum(0) - torch.cat(written[:4]).sum(0)
    torch.testing.assert_close(means.direction[Node.of_head(1, 2)], change / change.norm())


def test_a_component_that_writes_the_same_in_both_versions_has_no_direction() -> None:
    model = tiny("bert")
    pairs = aligned(model)
    same = Aligned(pairs.a, pairs.a, pairs.read, pairs.roles)
    graph, means = learnt(model, same)
    assert not any(each.any() for each in means.direction.values())
    own = model(**pairs.a).logits
    with applied(graph, Edit("direction", 1.0, MEMBERS), means):
        assert torch.equal(model(**pairs.a).logits, own)


@pytest.mark.parametrize(
    ("kind", "strength", "names", "match"),
    [
        ("prune", 1.0, "a0.h0", "give one of mean, scale, direction"),
        ("scale", 1.5, "a0.h0", "give 0 to 1"),
        ("scale", 0.5, "", "an edit of nothing"),
        ("scale", 0.5, "embed a0.h0", "give heads"),
        ("scale", 0.5, "a0.h0 a0.h0", "each once"),
    ],
)
def test_edits_that_make_no_sense_are_refused(
    kind: Any, strength: float, names: str, match: str
) -> None:
    with pytest.raises(PlanError, match=match):
        Edit(kind, strength, tuple(map(Node.parse, names.split())))


def test_a_component_that_the_model_lacks_is_refused_before_anything_is_edited() -> None:
    model = tiny("bert")
    graph, means = learnt(model, aligned(model))
    before = weights(model)
    edit = Edit("scale", 0.0, (Node.of_head(0, 0), Node.of_head(9, 0)))
    with pytest.raises(ModelError, match=r"a9\.h0 is no component"), applied(graph, edit, means):
        pass
    assert weights(model) == before
