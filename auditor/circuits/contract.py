"""Proof, on the loaded model, that its parts are what its family's layout says.

Run when a model is opened for circuits. A model that fails is refused by name: scores of the wrong
tensors look like any others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from auditor.attributions.inside import attending
from auditor.circuits.base import Inputs
from auditor.circuits.contract_readers import TOLERANCE, check_mlps, check_parts, close, z_of
from auditor.circuits.engine import Engine, States
from auditor.circuits.graph import Attention, Graph, Projection
from auditor.circuits.skeleton import outputs_of, seen, streams
from auditor.circuits.taps import Tap, tapped
from auditor.errors import ModelError

POSITIONS = 6


@dataclass(frozen=True, slots=True)
class _AnyLogits:
    """A margin for passes of which only the states are of interest."""

    name: str = "all logits"
    of_tokens: bool = False

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.flatten(1).mean(1)


def check(model: Any, graph: Graph) -> None:
    """Checks a model against its graph.

    The residual stream is what its writers add up to, wherever it is read; q, k and v are what
    their weights alone make of it, and do what is theirs; moving one head's q, k or v moves that
    head's output and no other's; heads add up to what attention writes; and eager attention
    computes what the model's own does.

    Raises:
        ModelError: which of these does not hold, and where.
    """
    with Engine.opened(model, graph, _AnyLogits()) as engine:
        inputs, read = _random_tokens(model)
        states = engine.states(inputs, read)
        _check_streams(engine, inputs, states)
        _check_sums(graph, states)
        _check_projections(engine, inputs, states)
        check_mlps(engine, inputs, states)
        for attention in graph.attentions:
            for part, projection in zip("qkv", attention.projections, strict=True):
                _check_heads(engine, inputs, states, attention, projection, part)
        check_parts(engine, inputs, states)
        _check_eager(engine, inputs, read, states)


def _random_tokens(model: Any) -> tuple[Inputs, torch.Tensor]:
    """Returns one made-up text; no token of it is special to the model."""
    config = model.config
    special = {getattr(config, f"{kind}_token_id", None) for kind in ("pad", "bos", "eos", "sep")}
    rng = np.random.default_rng(0)
    free = [i for i in rng.permutation(config.vocab_size).tolist() if i not in special]
    ids = torch.tensor([free[:POSITIONS]], device=model.device)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return inputs, torch.tensor([POSITIONS - 1], device=model.device)


def _check_streams(engine: Engine, inputs: Inputs, states: States) -> None:
    graph = engine.graph
    found = streams(graph, outputs_of(graph, states))
    for attention in graph.attentions:
        own = states.entering[attention.layer]
        _expect(found.at[attention.name], own, f"what enters block {attention.layer}")
    last: list[torch.Tensor] = []
    with tapped([Tap(graph.blocks[-1], "the last block", last.append)]), torch.no_grad():
        engine.model(**inputs)
    _expect(found.output, last[0], "what leaves the last block")


def _expect(found: torch.Tensor, own: torch.Tensor, what: str) -> None:
    if not close(found, own):
        raise ModelError(
            f"{what} is not what the embedding, heads and MLPs before it add up to: the model "
            "scales, normalises or adds something that its family does not; its circuits cannot "
            "be traced"
        )


def _check_sums(graph: Graph, states: States) -> None:
    for attention, z in zip(graph.attentions, states.z, strict=True):
        heads = torch.einsum("rphd,hdm->rpm", z, attention.out_weight)
        bias = getattr(attention.out, "bias", None)
        heads = heads if bias is None else heads + bias
        if not close(heads, attention.out.forward(z.flatten(-2))):
            raise ModelError(
                f"{attention.name} writes something else than its heads add up to (quantised "
                "weights, an adapter?); its circuits cannot be traced"
            )


def _check_projections(engine: Engine, inputs: Inputs, states: States) -> None:
    graph = engine.graph
    parts = [(by, each) for by in graph.attentions for each in by.projections]
    own: dict[Any, torch.Tensor] = {}
    taps = [
        Tap(each.module, each.name, partial(own.__setitem__, each.module), first=by.reused)
        for by, each in {each.module: (by, each) for by, each in parts}.values()
    ]
    with tapped(taps), torch.no_grad():
        engine.model(**inputs)
    found = streams(graph, outputs_of(graph, states))
    for by, each in parts:
        sees = seen(by, found.at[by.name])
        heads = torch.stack([each.of_head(head, sees) for head in range(each.heads)], dim=-2)
        if not close(heads, each.of(own[each.module])):
            raise ModelError(
                f"{each.name} makes something else of the residual stream than its weight does (an "
                "adapter, which merge_and_unload() would add to the weight?); its circuits cannot "
                "be traced"
            )


def _check_heads(
    engine: Engine,
    inputs: Inputs,
    states: States,
    attention: Attention,
    projection: Projection,
    part: str,
) -> None:
    """Moves one head's q, k or v in each of as many copies of the text, and looks what moves."""
    heads = len(projection.columns)
    copies = {name: each.expand(heads, -1) for name, each in inputs.items()}
    moved = Tap(projection.module, projection.name, _moved(projection), first=attention.reused)
    z = z_of(engine, copies, states, attention, moved)
    size = states.z[attention.layer].abs().max()
    change = (z - states.z[attention.layer]).abs().amax((1, 3)) / size  # [head moved, head]
    own = torch.eye(heads, dtype=torch.bool, device=z.device)
    own = own.repeat_interleave(attention.heads // heads, dim=1)
    if (change[~own] > TOLERANCE).any() or (change[own] <= 1e-7).any():
        raise ModelError(
            f"moving {part} of one head in {projection.name} does not move that head's output "
            "alone: its columns lie otherwise than in its family; its circuits cannot be traced"
        )


def _moved(projection: Projection) -> Callable[[torch.Tensor], torch.Tensor]:
    def see(own: torch.Tensor) -> torch.Tensor:
        new = own.clone()
        noise = torch.linspace(-1, 1, projection.columns.shape[1], device=own.device)
        size = own.std() * (1 + torch.arange(own.shape[1], device=own.device))[:, None]
        for row, columns in enumerate(projection.columns):
            new[row, :, columns] += (size * noise).to(own.dtype)
        return new

    return see


def _check_eager(engine: Engine, inputs: Inputs, read: torch.Tensor, states: States) -> None:
    with attending(engine.model, "eager"):
        eager = engine.states(inputs, read)
    if not all(close(a, b) for a, b in zip(eager.z, states.z, strict=True)):
        raise ModelError(
            "eager attention gives other heads' outputs than the model's own kernel, so its "
            "attention maps would be of another computation; its circuits cannot be traced"
        )
