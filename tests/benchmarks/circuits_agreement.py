"""How far scores of circuits are from those of TransformerLens, captum and pyvene."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from auditor.circuits.base import Node, unflat
from auditor.circuits.engine import Engine, out_tap
from auditor.circuits.patching import Sides, node_effects
from auditor.circuits.scores import score_pairs
from tests.benchmarks.circuits_cases import SMALL_STEPS, Case
from tests.benchmarks.circuits_others import Others

Agreement = dict[str, Any]


def agreements(cases: Mapping[str, Case], others: Others) -> dict[str, Agreement]:
    """Returns what was compared, how far it is off and may be, or why it was skipped."""
    found: dict[str, Agreement] = {}
    for tool, name, compare, limit in CHECKS:
        answer = others.ask(tool, name)
        if "skipped" not in answer:
            answer = {**compare(cases[name], others.found(f"{tool}-{name}")), "limit": limit}
        found[f"{tool}, {name}"] = answer
    return found


def edges(case: Case, theirs: torch.Tensor) -> Agreement:
    """Compares EAP of all edges, summed over pairs."""
    with Engine.opened(case.model, case.graph, case.margin) as engine:
        ours = score_pairs(engine, case.pairs, "eap", 0).edges.sum(0)
    return {"off": off(ours, theirs)}


def conductance(case: Case, theirs: torch.Tensor) -> Agreement:
    """Compares heads and MLPs; the embedding is where captum's path begins."""
    with Engine.opened(case.model, case.graph, case.margin) as engine:
        ours = score_pairs(engine, case.pairs, "conductance", SMALL_STEPS).nodes[:, 1:]
    return {"off": off(ours, theirs)}


def exact_patches(case: Case, theirs: torch.Tensor) -> Agreement:
    """Compares one head of each layer, alone as pyvene does it, and many at once as we do."""
    heads = [Node.of_head(layer, head) for layer, head in enumerate(case.heads)]
    with Engine.opened(case.model, case.graph, case.margin) as engine:
        sides = Sides.of(engine, case.pairs)
        alone = torch.stack([patched_alone(engine, sides, node) for node in heads]).cpu()
        batched = node_effects(engine, sides, heads).T + sides.a.margin.double().cpu()
    return {
        "off": float((alone - theirs).abs().max()),
        "equal_bits": bool(torch.equal(alone, theirs)),
        "batched_off": off(batched, theirs),
    }


def off(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Returns the largest difference, as a share of the largest of theirs."""
    theirs = theirs.double()
    return float((ours.double().cpu() - theirs).abs().max() / theirs.abs().max())


@torch.no_grad()
def patched_alone(engine: Engine, sides: Sides, node: Node) -> torch.Tensor:
    """Returns M(x with one head's output as in x'), the whole model run. [pair]"""
    z = sides.b.z[node.layer]

    def put(own: torch.Tensor) -> torch.Tensor:
        new = own.clone()
        unflat(new, -1, z.shape[2:])[:, :, node.head] = z[:, :, node.head]
        return new

    tap = out_tap(engine.graph.attentions[node.layer], put)
    return engine.margins(sides.pairs.a, sides.pairs.read, [tap])


CHECKS: tuple[tuple[str, str, Callable[[Case, torch.Tensor], Agreement], float], ...] = (
    ("transformer_lens", "gpt2", edges, 1e-5),
    ("hooks", "gpt2", edges, 1e-5),
    ("transformer_lens", "gpt2-small", edges, 1e-9),
    ("captum", "gpt2-small", conductance, 1e-9),
    ("captum", "bert-small", conductance, 1e-9),
    ("pyvene", "gpt2", exact_patches, 0.0),
)
"""Tool, model, what is compared, and the largest difference: as a share of the largest score; of
patches, in log-odds, so that 0 is every bit."""
