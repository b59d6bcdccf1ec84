"""Writers, readers and edges are those of the model, in the order in which it uses them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditor.circuits.base import Node
from auditor.circuits.graph import Attention, Graph, Read, Renorm, Sublayer, Write, weight_of
from auditor.errors import ModelError
from tests.circuits.cases import every_family, every_head
from tests.circuits.names import edges_from, nodes_of, readers_of
from tests.circuits.tiny import tiny


@every_head
def test_writers_readers_and_edges_are_those_counted_by_hand(family: str, head: str) -> None:
    model = tiny(family, head=head)
    graph = Graph.of(model)
    assert set(graph.writers) == set(nodes_of(model))
    assert set(graph.readers) == set(readers_of(model))
    assert len(graph.writers) == len(set(graph.writers)) == len(graph.nodes)
    found = {(graph.writers[i], graph.readers[j]) for i, j in np.argwhere(graph.edges)}
    assert found == {edge for writer in nodes_of(model) for edge in edges_from(model, writer)}


@every_family
def test_they_come_in_the_order_of_writing_and_reading(family: str) -> None:
    graph = Graph.of(tiny(family))
    assert list(graph.nodes) == sorted(graph.nodes)
    assert graph.readers[-1] == "out"
    writers, readers = 1, 0
    for attention, mlp in zip(graph.attentions, graph.mlps, strict=True):
        for writes, reads in ((attention.writers, attention.readers), (mlp.writers, mlp.readers)):
            assert (writes.start, reads.start) == (writers, readers)
            writers, readers = writes.stop, reads.stop
    assert (writers, readers) == (len(graph.writers), len(graph.readers) - 1)


@pytest.mark.parametrize(
    ("family", "parallel"), [("gpt_neox", True), ("gpt_neox-sequential", False)]
)
def test_of_a_parallel_layer_attention_does_not_write_to_its_mlp(
    family: str, parallel: bool
) -> None:
    graph = Graph.of(tiny(family))
    heads, mlp = graph.attentions[0].writers, graph.mlps[0].readers
    assert graph.edges[heads, mlp].any() != parallel
    assert graph.edges[heads, graph.mlps[1].readers].all()


def test_keys_and_values_are_read_once_by_heads_that_share_them() -> None:
    graph = Graph.of(tiny("llama"))
    assert [p.heads for p in graph.attentions[0].projections] == [4, 2, 2]
    assert [r for r in graph.readers if r.startswith("a1.")] == [
        *(f"a1.h{i}.q" for i in range(4)), "a1.h0.k", "a1.h1.k", "a1.h0.v", "a1.h1.v",
    ]  # fmt: skip


@every_family
def test_every_path_has_one_edge_over_every_cut(family: str) -> None:
    graph = Graph.of(tiny(family))
    sublayers: list[Sublayer] = [*graph.attentions, *graph.mlps]
    assert len(graph.cuts) == graph.layers + 1
    for written, read in graph.cuts:
        # The embedding is before it, the output behind, and no sublayer on both sides.
        assert written >= 1
        assert read <= len(graph.readers) - 1
        for each in sublayers:
            assert (each.writers.start < written) == (each.readers.start < read)


@every_family
def test_projections_are_parts_of_their_modules(family: str) -> None:
    graph = Graph.of(tiny(family))
    stream = torch.randn(2, 3, graph.width, dtype=torch.float64)
    for attention in graph.attentions:
        for each in attention.projections:
            whole = each.module(stream)
            parts = torch.stack([each.of_head(head, stream) for head in range(each.heads)], -2)
            torch.testing.assert_close(parts, whole[..., each.columns])
            torch.testing.assert_close(each.of(whole), whole[..., each.columns])
            bias = 0 if each.module.bias is None else each.module.bias[each.columns]
            torch.testing.assert_close(
                torch.einsum("abd,hsd->abhs", stream, each.weight) + bias, parts
            )


@every_family
def test_every_column_belongs_to_one_head_of_one_of_q_k_v(family: str) -> None:
    for attention in Graph.of(tiny(family)).attentions:
        columns: dict[Any, list[int]] = {}
        for each in attention.projections:
            columns.setdefault(each.module, []).extend(each.columns.flatten().tolist())
        for module, taken in columns.items():
            assert sorted(taken) == list(range(weight_of(module).shape[1]))


@every_family
def test_heads_add_up_to_what_attention_writes(family: str) -> None:
    for attention in Graph.of(tiny(family)).attentions:
        weight = attention.out_weight
        z = torch.randn(5, *weight.shape[:2], dtype=torch.float64)
        written = attention.out(z.flatten(1))
        bias = 0 if attention.out.bias is None else attention.out.bias
        torch.testing.assert_close(torch.einsum("phd,hdm->pm", z, weight) + bias, written)


@pytest.mark.parametrize(
    ("family", "steps"),
    [
        ("gpt2", "Ra Wa Rm Wm"),
        ("gpt_neox", "Ra Rm Wa Wm"),
        ("bert", "Ra Wa Na Rm Wm Nm"),
        ("opt-post", "Ra Wa Na Rm Wm Nm"),
        ("gemma2", "Ra Wa Rm Wm"),
    ],
)
def test_the_program_of_a_layer_is_that_of_its_layout(family: str, steps: str) -> None:
    found = []
    for step in Graph.of(tiny(family)).program:
        kind = {Read: "R", Write: "W", Renorm: "N"}[type(step)]
        by = step.after if isinstance(step, Renorm) else step.by
        found.append(kind + ("a" if isinstance(by, Attention) else "m"))
    layers = 3 if family == "gpt2" else 2
    assert " ".join(found) == " ".join([steps] * layers)


def test_norms_stand_where_the_family_has_them() -> None:
    around = {f: Graph.of(tiny(f)).mlps[0].norms for f in ("gpt2", "bert", "gemma2")}
    found = {f: [n is not None for n in (x.read, x.write, x.residual)] for f, x in around.items()}
    assert found == {
        "gpt2": [True, False, False],
        "bert": [False, False, True],
        "gemma2": [True, True, False],
    }


@pytest.mark.parametrize("name", ["embed", "a7.h0", "a0.h4", "m2"])
def test_a_component_in_no_sublayer_of_the_model_is_refused(name: str) -> None:
    graph = Graph.of(tiny("bert"))
    with pytest.raises(ModelError, match=rf"{name} is no component.*a0\.h0 to a1\.h3 and m0 to m1"):
        graph.sublayer_of(Node.parse(name))


@pytest.mark.parametrize("name", ["out", "embed", "a0.h0", "a0.h2.k", "a2.h0.q", "m2"])
def test_a_reader_that_the_model_does_not_have_is_refused(name: str) -> None:
    graph = Graph.of(tiny("llama"))
    with pytest.raises(ModelError, match=f"'{name}' is no reader of this model.*of 2 layers"):
        graph.reader_of(name)


@every_family
def test_readers_and_writers_are_found_by_their_names(family: str) -> None:
    graph = Graph.of(tiny(family))
    for i, name in enumerate(graph.readers[:-1]):
        by, head, part = graph.reader_of(name)
        assert by.readers.start <= i < by.readers.stop
        assert name == (f"a{by.layer}.h{head}.{part}" if part else f"m{by.layer}")
    for i, node in enumerate(graph.nodes[1:], start=1):
        by = graph.sublayer_of(node)
        assert by.writers.start <= i < by.writers.stop
