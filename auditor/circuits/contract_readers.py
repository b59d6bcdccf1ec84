"""Proof, on the loaded model, that its readers are what they are called: q, k and v of attention,
and what its MLPs are given. Part of `contract`."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import torch

from auditor.circuits.base import Inputs, unflat
from auditor.circuits.engine import Engine, States, out_tap
from auditor.circuits.graph import Attention, Projection
from auditor.circuits.skeleton import outputs_of, seen, streams
from auditor.circuits.taps import Stopped, Tap, tapped
from auditor.errors import ModelError

TOLERANCE = 1e-3
"""Of float32 sums in another order, as a share of the tensor's size."""
_ROUNDING = 1e-6
"""Of one float32 number, as a share of the tensor's size."""


def close(found: torch.Tensor, own: torch.Tensor) -> bool:
    """Returns whether two tensors are the same but for rounding."""
    size = float(own.abs().max())
    return bool((found - own).abs().max() <= TOLERANCE * max(size, 1e-6))


def check_mlps(engine: Engine, inputs: Inputs, states: States) -> None:
    """Checks that MLPs read the residual stream as it is at their turn, through their norm.

    Raises:
        ModelError: one reads something else.
    """
    graph = engine.graph
    own: dict[str, torch.Tensor] = {}
    taps = [
        Tap(mlp.module, mlp.name, partial(own.__setitem__, mlp.name), entering=True)
        for mlp in graph.mlps
    ]
    with tapped(taps), torch.no_grad():
        engine.model(**inputs)
    found = streams(graph, outputs_of(graph, states))
    for mlp in graph.mlps:
        sees, reads = seen(mlp, found.at[mlp.name]), own[mlp.name]
        if sees.numel() != reads.numel() or not close(sees.reshape(reads.shape), reads):
            raise ModelError(
                f"{mlp.name} reads something else than the residual stream of its family is at its "
                "turn (attention and MLP in another order, another norm?); its circuits cannot be "
                "traced"
            )


def check_parts(engine: Engine, inputs: Inputs, states: States) -> None:
    """Checks that q, k and v do what is theirs.

    All heads are moved at the first position, and their outputs looked at behind it: a query moves
    its own position alone, a value moves others along its own direction, a key otherwise.

    Raises:
        ModelError: one does what another should.
    """
    for attention in engine.graph.attentions:
        for part, projection in zip("qkv", attention.projections, strict=True):
            found = _acts_as(engine, inputs, states, attention, projection)
            if found != part:
                raise ModelError(
                    f"{projection.name} makes its heads' {found}, where its family has their "
                    f"{part}; its circuits cannot be traced"
                )


def _acts_as(
    engine: Engine, inputs: Inputs, states: States, attention: Attention, projection: Projection
) -> str:
    way = torch.linspace(-1, 1, projection.size, device=engine.model.device)

    def move(own: torch.Tensor) -> torch.Tensor:
        new = own.clone()
        new[:, 0, projection.columns] += (4 * own.std() * way).to(own.dtype)
        return new

    tap = Tap(projection.module, projection.name, move, first=attention.reused)
    own = states.z[attention.layer]
    change = (z_of(engine, inputs, states, attention, tap) - own)[:, 1:]
    rounding = _ROUNDING * own.norm()
    if change.norm() <= rounding:
        return "q"
    unit = (way / way.norm()).to(change.dtype)
    aside = change - (change @ unit)[..., None] * unit
    return "v" if aside.norm() <= TOLERANCE * change.norm() + rounding else "k"


def z_of(
    engine: Engine, inputs: Inputs, states: States, attention: Attention, tap: Tap
) -> torch.Tensor:
    """Returns what the heads of a layer write, with what a tap puts in.

    Args:
        inputs: any number of copies of the one text that the states are of.

    Shape [row, position, head, dimension of a head].
    """
    rows = len(inputs["input_ids"])
    read = torch.zeros(rows, dtype=torch.long, device=engine.model.device)
    entering = states.entering[attention.layer].expand(rows, -1, -1)
    found: list[torch.Tensor] = []

    def stop(z: torch.Tensor) -> None:
        found.append(z)
        raise Stopped

    taps, layer = [tap, out_tap(attention, stop)], attention.layer
    with suppress(Stopped):
        engine.resumed(inputs, read, layer=layer, entering=entering, taps=taps)
    return unflat(found[0], -1, (attention.heads, -1))
