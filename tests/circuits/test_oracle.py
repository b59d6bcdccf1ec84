"""The reference computations keep the laws that hold for any right computation of effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditor.circuits.base import Aligned
from tests.circuits.names import edges_from, nodes_of
from tests.circuits.oracle import Run, edge_patch, edge_slope, margins, node_patch
from tests.circuits.tiny import FAMILIES, HEADS_OF, aligned, tiny

CASES = [
    (family, head)
    for family in FAMILIES
    for head in HEADS_OF[family]
    if (family == "gpt2" or "masked" in HEADS_OF[family] or head == "causal")
]


def first(logits: torch.Tensor) -> torch.Tensor:
    return logits[:, 1] - logits[:, 0]


@pytest.fixture(params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest) -> tuple[Any, Aligned]:
    family, head = request.param
    model = tiny(family, head=head)
    return model, aligned(model, 2, 6, padding="right")


def test_all_nodes_replaced_is_the_other_run_and_none_is_none(case: tuple[Any, Aligned]) -> None:
    model, pairs = case
    a, b = margins(model, pairs, first)
    assert torch.equal(node_patch(model, pairs, [], margin=first), a)
    patched = node_patch(model, pairs, nodes_of(model), margin=first)
    torch.testing.assert_close(patched, b, rtol=1e-6, atol=1e-6)
    assert (a - b).abs().min() > 1e-3


def test_a_node_replaced_is_all_its_edges_replaced(case: tuple[Any, Aligned]) -> None:
    model, pairs = case
    a, _ = margins(model, pairs, first)
    for writer in ("embed", "a0.h1", "m0", "a1.h2", "m1"):
        node = node_patch(model, pairs, writer, margin=first)
        edges = edge_patch(model, pairs, edges_from(model, writer), margin=first)
        torch.testing.assert_close(node, edges, rtol=1e-5, atol=1e-5)
        assert (node - a).abs().max() > 1e-4


def test_a_reader_moves_its_own_head_alone_and_as_its_part_does(case: tuple[Any, Aligned]) -> None:
    model, pairs = case
    one = pairs.rows([0])
    other, before = Run(model, one.b), Run(model, one.a).wrote["a0"]
    heads = model.config.num_attention_heads
    groups = getattr(model.config, "num_key_value_heads", None) or heads
    differs = (one.a["input_ids"] != one.b["input_ids"])[0]

    def moved(part: str) -> torch.Tensor:
        run = Run(model, one.a, edges=[("embed", f"a0.h1.{part}")], other=other)
        return (run.wrote["a0"] - before)[0].reshape(len(differs), heads, -1)

    for part in "qkv":
        change = moved(part)
        group = slice(1, 2) if part == "q" else slice(heads // groups, 2 * heads // groups)
        assert set(np.flatnonzero(change.abs().amax((0, 2)))) == set(np.arange(heads)[group])
        # A query moves its own position; what is attended to moves others too.
        assert (change[~differs].abs().max() > 1e-6) == (part != "q")
        # A value moves all positions along one direction for each that differs, a key does not.
        rank = int(torch.linalg.matrix_rank(change[:, group.start], rtol=1e-5))
        assert (rank > differs.sum()) == (part == "k")


def test_a_slope_is_the_effect_where_the_model_is_nearly_linear() -> None:
    model = tiny("gpt2")
    pairs = aligned(model, 2, 6)
    a, _ = margins(model, pairs, first)
    edge = ("a1.h2", "out")
    slope = edge_slope(model, pairs, edge, margin=first)
    small = edge_patch(model, pairs, [edge], margin=first, amount=1e-3) - a
    torch.testing.assert_close(slope * 1e-3, small, rtol=1e-2, atol=0)


def test_no_hook_is_left() -> None:
    model = tiny("bert")
    pairs = aligned(model, 1, 6)
    edge_patch(model, pairs, edges_from(model, "m0"), margin=first)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
