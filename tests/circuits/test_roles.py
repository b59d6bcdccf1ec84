"""Scores by place add up to scores, and are where the difference can be."""

from __future__ import annotations

import pytest
import torch

from auditor.circuits.base import Role
from auditor.circuits.roles import (
    ROLES,
    edge_scores_by_role,
    node_scores_by_position,
    node_scores_by_role,
)
from auditor.circuits.scores import METHODS, Method, score_pairs

from .engines import opened
from .tiny import FAMILIES, HEADS_OF

STEPS = 3
CAUSAL = [family for family in FAMILIES if "causal" in HEADS_OF[family]]
TERM = ROLES.index(Role.TERM)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", FAMILIES)
def test_roles_add_up_to_scores(family: str, method: Method) -> None:
    with opened(family) as (engine, pairs):
        whole = score_pairs(engine, pairs, method, STEPS)
        nodes = node_scores_by_role(engine, pairs, method, STEPS)
        edges = edge_scores_by_role(engine, pairs, method, STEPS)
    torch.testing.assert_close(nodes.sum(2), whole.nodes)
    torch.testing.assert_close(edges.sum(3), whole.edges)
    assert (nodes.abs().sum((0, 1)) > 0).sum() > 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", CAUSAL)
def test_nothing_is_carried_before_the_term_by_a_causal_model(family: str, method: Method) -> None:
    with opened(family) as (engine, pairs):
        nodes = node_scores_by_role(engine, pairs, method, STEPS)
        edges = edge_scores_by_role(engine, pairs, method, STEPS)
    prefix, term = ROLES.index(Role.PREFIX), TERM
    assert nodes[..., prefix].abs().max() == edges[..., prefix].abs().max() == 0
    assert nodes[..., term].abs().max() > 1e-3
    assert (pairs.roles == Role.PREFIX).any()


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_component_writes_at_a_place_is_read_at_that_place(family: str) -> None:
    with opened(family) as (engine, pairs):
        nodes = node_scores_by_role(engine, pairs, "conductance", STEPS)
        edges = edge_scores_by_role(engine, pairs, "conductance", STEPS)
    torch.testing.assert_close(edges.sum(2), nodes, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", ["bert", "gpt2", "electra"])
def test_the_embedding_differs_at_the_term_alone(family: str) -> None:
    with opened(family) as (engine, pairs):
        nodes = node_scores_by_role(engine, pairs, "conductance", STEPS)[:, 0]
        edges = edge_scores_by_role(engine, pairs, "conductance", STEPS)[:, 0]
    others = [role for role in range(len(ROLES)) if role != TERM]
    assert nodes[:, others].abs().max() == edges[..., others].abs().max() == 0
    assert nodes[:, TERM].abs().min() > 0


def test_roles_gather_positions() -> None:
    with opened("bert") as (engine, pairs):
        by_position = node_scores_by_position(engine, pairs, "eap-ig", STEPS)
        by_role = node_scores_by_role(engine, pairs, "eap-ig", STEPS)
    for pair, roles in enumerate(pairs.roles):
        suffix = by_position[pair, :, roles == Role.SUFFIX].sum(1)
        torch.testing.assert_close(by_role[pair, :, ROLES.index(Role.SUFFIX)], suffix)
        assert by_position[pair, :, roles == Role.PADDING].abs().sum() == 0
