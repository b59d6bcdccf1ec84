"""Scores by place: at which tokens a component, or an edge, carries the difference.

A component writes at every position, and its score is a sum over them. A head that moves the term's
difference elsewhere has its score where it writes, not where it looks.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from auditor.circuits.base import Aligned, Role
from auditor.circuits.engine import Engine, States
from auditor.circuits.scores import Method, edge_products, node_products, walk

ROLES = (Role.SPECIAL, Role.PREFIX, Role.TERM, Role.SUFFIX, Role.FINAL)
"""Everything but padding, which carries nothing."""


def node_scores_by_position(
    engine: Engine, pairs: Aligned, method: Method, steps: int
) -> torch.Tensor:
    """Returns what each component's score is made of. [pair, writer, position]

    The sum over positions is the node score of `scores.score_pairs`, whose arguments these are. In
    a causal model it is 0 before the first swapped term.
    """
    way = walk(engine, pairs, method, steps)
    return way.total(node_products(way.slopes, way.change))


def node_scores_by_role(engine: Engine, pairs: Aligned, method: Method, steps: int) -> torch.Tensor:
    """Returns node scores summed over the positions of each role. [pair, writer, `ROLES`]"""
    scores = node_scores_by_position(engine, pairs, method, steps)
    has = torch.stack([_mask(pairs, role) for role in ROLES], dim=2)  # [pair, position, role]
    return scores @ has.to(scores)


def edge_scores_by_role(engine: Engine, pairs: Aligned, method: Method, steps: int) -> torch.Tensor:
    """Returns edge scores by the role of the positions at which they pass the residual stream.

    There the writer writes and the reader reads: no edge goes from one position to another. Shape
    [pair, writer, reader, `ROLES`]; the sum over roles is the edge score of `scores.score_pairs`,
    whose arguments these are.
    """
    way = walk(engine, pairs, method, steps)
    times = len(way.slopes.embed) // len(pairs)
    masks = [_mask(pairs, role).repeat(times, 1) for role in ROLES]  # [role] of [row, position]
    found = [edge_products(engine.graph, way.slopes, _at(way.change, mask)) for mask in masks]
    return torch.stack([way.total(each) for each in found], dim=3)


def _mask(pairs: Aligned, role: Role) -> torch.Tensor:
    """[pair, position]"""
    return torch.as_tensor(pairs.roles == role, device=pairs.read.device)


def _at(change: States, mask: torch.Tensor) -> States:
    """Returns the changes at some positions, 0 elsewhere. `mask`: [row, position]."""
    at = mask[:, :, None]
    return replace(
        change,
        embed=change.embed * at,
        z=tuple(each * at[..., None] for each in change.z),
        mlp=tuple(each * at for each in change.mlp),
    )
