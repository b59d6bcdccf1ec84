"""Laws that scores keep whatever the weights: no edit is the model, sums of edges, slopes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from auditor.attributions.inside import attending
from auditor.circuits.engine import Engine, States
from auditor.circuits.patching import EdgeName, Sides, edge_effects
from auditor.circuits.scores import METHODS, Method, node_products, score_pairs, walk
from tests.circuits.cases import (
    FLOAT32_INSIDE,
    all_edges,
    apart,
    at_edges,
    every_family,
    every_head,
    exactness,
)
from tests.circuits.engines import opened
from tests.circuits.oracle import edge_slope
from tests.circuits.tiny import FAMILIES


@torch.no_grad()
def said(engine: Engine, inputs: Any, read: torch.Tensor) -> torch.Tensor:
    """Returns the margin of a plain call of the model, without any hook. [row]"""
    logits = engine.model(**inputs).logits
    rows = torch.arange(len(read))
    return engine.margin.of(logits[rows, read] if logits.ndim == 3 else logits)


@every_head
def test_without_an_edit_it_is_the_model_bit_for_bit(family: str, head: str) -> None:
    with opened(family, head=head) as (engine, pairs):
        own = said(engine, pairs.a, pairs.read)
        assert torch.equal(engine.margins(pairs.a, pairs.read), own)
        assert torch.equal(engine.states(pairs.a, pairs.read).margin, own)
        assert torch.equal(engine.slopes(pairs.a, pairs.read)[0].margin, own)
        assert (own - said(engine, pairs.b, pairs.read)).abs().min() > 0.01


@pytest.mark.parametrize("method", METHODS)
@every_head
def test_edges_of_a_writer_sum_to_its_score_by_another_path(
    family: str, head: str, method: Method
) -> None:
    with opened(family, head=head) as (engine, pairs):
        scored = score_pairs(engine, pairs, method, 3)
        assert apart(scored.edges.sum(2), scored.nodes) < exactness(family)
        assert (scored.nodes.abs().amax(0) > 1e-3).all()


@every_family
def test_gradients_at_the_inputs_of_mlps_are_caught_by_the_sums(family: str) -> None:
    """A published fault: the change at an MLP's output times the gradient at its input."""
    with opened(family) as (engine, pairs):
        way = walk(engine, pairs, "eap", 0)
        faulty = replace(way.slopes, mlp=way.slopes.mlp_inputs)
        nodes = node_products(faulty, way.change).sum(2)
        edges = score_pairs(engine, pairs, "eap", 0).edges.sum(2)
        mlps = [each.writers.start for each in engine.graph.mlps]
        others = [i for i in range(edges.shape[1]) if i not in mlps]
        assert apart(nodes[:, others], edges[:, others]) < exactness(family)
        assert apart(nodes[:, mlps], edges[:, mlps]) > 0.1
        if family != "opt":  # whose MLPs keep their signs on these pairs
            assert (nodes * edges < 0)[:, mlps].any()


@every_family
def test_edges_have_scores_and_nothing_else_does(family: str) -> None:
    with opened(family) as (engine, pairs):
        graph = engine.graph
        scores = score_pairs(engine, pairs, "conductance", 2).edges.abs().amax(0).numpy()
        assert (scores[~graph.edges] == 0).all()
        # Behind the last keys and values only the position read counts, where no token differs.
        silent = [
            (graph.writers[i], graph.readers[j])
            for i, j in np.argwhere(graph.edges & (scores == 0))
        ]
        last = graph.layers - 1
        queries = [f"a{last}.h{head}.q" for head in range(4)]
        assert silent == [("embed", reader) for reader in (*queries, f"m{last}", "out")]


def moved(sides: Sides, amount: float) -> Sides:
    """Returns the sides with every writer's change scaled."""

    def mix(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return a + amount * (b - a)

    a, b = sides.a, sides.b
    z, mlp = tuple(map(mix, a.z, b.z)), tuple(map(mix, a.mlp, b.mlp))
    return replace(sides, b=States(b.margin, mix(a.embed, b.embed), z, mlp, b.entering))


def slopes(engine: Engine, sides: Sides, edges: list[EdgeName], *, step: float) -> torch.Tensor:
    """Returns central differences of exact patches, their own curvature taken off. [pair, edge]"""

    def central(at: float) -> torch.Tensor:
        up, down = (edge_effects(engine, moved(sides, sign * at), edges) for sign in (1, -1))
        return (up - down) / (2 * at)

    return (4 * central(step) - central(2 * step)) / 3


@every_head
def test_every_edge_score_is_the_slope_of_its_exact_patch(family: str, head: str) -> None:
    rounds = family in FLOAT32_INSIDE
    with opened(family, head=head) as (engine, pairs):
        scores = at_edges(engine, score_pairs(engine, pairs, "eap", 0).edges)
        found = slopes(
            engine, Sides.of(engine, pairs), all_edges(engine), step=1e-2 if rounds else 1e-5
        )
        assert apart(scores, found) < (5e-4 if rounds else 1e-8)


@every_family
def test_scores_of_every_kind_of_reader_are_slopes_by_the_oracle_too(family: str) -> None:
    rounds = family in FLOAT32_INSIDE
    readers = ("a1.h0.q", "a1.h1.k", "a1.h1.v", "m1", "out")
    edges = [(writer, reader) for writer in ("embed", "a0.h2", "m0") for reader in readers]
    with opened(family, pairs=2) as (engine, pairs):
        graph = engine.graph
        scores = score_pairs(engine, pairs, "eap", 0).edges
        found = torch.stack(
            [
                edge_slope(
                    engine.model,
                    pairs,
                    edge,
                    margin=engine.margin.of,
                    step=2e-3 if rounds else 1e-4,
                )
                for edge in edges
            ],
            dim=1,
        )
        own = torch.stack(
            [scores[:, graph.writers.index(w), graph.readers.index(r)] for w, r in edges], dim=1
        )
        assert apart(own, found) < (2e-3 if rounds else 1e-6)


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"deberta-v2", "gemma2"}))
def test_eager_attention_gives_the_same_scores(family: str) -> None:
    with opened(family) as (engine, pairs):
        assert engine.model.config._attn_implementation == "sdpa"
        own = score_pairs(engine, pairs, "conductance", 2).edges
        with attending(engine.model, "eager"):
            eager = score_pairs(engine, pairs, "conductance", 2).edges
        assert apart(eager, own) < 1e-5  # eager softmax of some families is in float32
