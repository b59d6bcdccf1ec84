"""Forward and backward passes of one unmodified model, as circuits need them.

Everything that runs the model is here: plain passes that keep what every component wrote, passes
with a gradient at every reader, passes in which tensors take the place of the model's own.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import torch

from auditor.attributions.inside import steady
from auditor.circuits.base import Inputs, Margin, unflat
from auditor.circuits.filling import is_causal
from auditor.circuits.graph import Attention, Graph, Mlp, Sublayer
from auditor.circuits.taps import Stopped, Tap, skipped, tapped

Written = Mapping[int, torch.Tensor]
"""Layer -> what is written there."""


@dataclass(frozen=True, slots=True)
class States:
    """What one pass found, row by row."""

    margin: torch.Tensor  # [row]
    embed: torch.Tensor  # [row, position, dimension], what enters the first block
    z: tuple[torch.Tensor, ...]  # [layer] of [row, position, head, dimension of a head]
    mlp: tuple[torch.Tensor, ...]  # [layer] of [row, position, dimension]
    entering: tuple[torch.Tensor, ...]  # [layer] of [row, position, dimension], into each block

    def rows(self, rows: Any) -> States:
        return self._each(lambda tensor: tensor[rows])

    def minus(self, other: States) -> States:
        """Returns the difference of every tensor, row by row."""
        return States(
            self.margin - other.margin,
            self.embed - other.embed,
            tuple(a - b for a, b in zip(self.z, other.z, strict=True)),
            tuple(a - b for a, b in zip(self.mlp, other.mlp, strict=True)),
            tuple(a - b for a, b in zip(self.entering, other.entering, strict=True)),
        )

    def _each(self, change: Any) -> States:
        return States(
            change(self.margin),
            change(self.embed),
            tuple(map(change, self.z)),
            tuple(map(change, self.mlp)),
            tuple(map(change, self.entering)),
        )


@dataclass(frozen=True, slots=True)
class Slopes:
    """The margin's gradient at one point, where readers read, and the norms' inputs there."""

    projections: tuple[tuple[torch.Tensor, ...], ...]
    # [layer] of (q, k, v), each [row, position, head, dimension of a head]
    mlp_inputs: tuple[torch.Tensor, ...]  # [layer] of [row, position, dimension]
    output: torch.Tensor  # [row, position, dimension], at what leaves the last block
    z: tuple[torch.Tensor, ...]  # as in `States`: gradients at what heads and MLPs write
    mlp: tuple[torch.Tensor, ...]
    embed: torch.Tensor  # [row, position, dimension]
    normed: Mapping[tuple[str, str], torch.Tensor]
    """(sublayer, read, write or residual) -> what entered that norm. [row, position, dimension]"""

    def rows(self, rows: Any) -> Slopes:
        return Slopes(
            tuple(tuple(part[rows] for part in parts) for parts in self.projections),
            tuple(each[rows] for each in self.mlp_inputs),
            self.output[rows],
            tuple(each[rows] for each in self.z),
            tuple(each[rows] for each in self.mlp),
            self.embed[rows],
            {where: each[rows] for where, each in self.normed.items()},
        )


class Engine:
    """One model and one margin. Open it with `Engine.opened`, which keeps the model steady."""

    def __init__(self, model: Any, graph: Graph, margin: Margin) -> None:
        self.model = model
        self.graph = graph
        self.margin = margin
        takes = inspect.signature(model.forward).parameters
        self.causal = is_causal(model)
        self._options = {"use_cache": False} if "use_cache" in takes else {}
        self._keeps = margin.of_tokens and "logits_to_keep" in takes
        self._reads_last = self.causal and not margin.of_tokens

    @classmethod
    @contextmanager
    def opened(cls, model: Any, graph: Graph, margin: Margin) -> Iterator[Self]:
        """Yields an engine; the model is in evaluation mode and float32 for the while."""
        pad = getattr(model.config, "pad_token_id", None)
        try:
            with steady(model):
                yield cls(model, graph, margin)
        finally:
            model.config.pad_token_id = pad

    def margins(self, inputs: Inputs, read: torch.Tensor, taps: Sequence[Tap] = ()) -> torch.Tensor:
        """Returns the margin of each row, with whatever taps put in. [row]"""
        options = dict(self._options)
        if self._reads_last:
            # Its head reads the last token that is not the config's padding, told by its id.
            self.model.config.pad_token_id = _hidden_id(inputs)
        if self._keeps:
            options["logits_to_keep"], read = torch.unique(read, return_inverse=True)
        with tapped(taps):
            logits = self.model(**inputs, **options).logits
        if self.margin.of_tokens:
            logits = logits[torch.arange(len(read), device=logits.device), read]
        return self.margin.of(logits)

    @torch.no_grad()
    def embedded(self, inputs: Inputs) -> torch.Tensor:
        """Returns what enters the first block. [row, position, dimension]"""
        found: list[torch.Tensor] = []

        def stop(tensor: torch.Tensor) -> None:
            found.append(tensor)
            raise Stopped

        try:
            with tapped([Tap(self.graph.blocks[0], "the first block", stop, entering=True)]):
                self.model(**inputs, **self._options)
        except Stopped:
            pass
        return found[0]

    @torch.no_grad()
    def states(self, inputs: Inputs, read: torch.Tensor, taps: Sequence[Tap] = ()) -> States:
        """Returns the margin and what every component wrote.

        Args:
            taps: seen before what is written is kept: what they put in is what is found.
        """
        kept = _Kept(self.graph, inputs)
        margin = self.margins(inputs, read, [*taps, *kept.taps()])
        return kept.states(margin)

    def slopes(
        self, inputs: Inputs, read: torch.Tensor, embed: torch.Tensor | None = None
    ) -> tuple[States, Slopes]:
        """Returns one pass with the margin's gradient at every reader and writer.

        Args:
            embed: what enters the first block in place of the model's own.
                [row, position, dimension]
        """
        given = self.embedded(inputs) if embed is None else embed
        leaf = given.detach().clone().requires_grad_(True)
        kept = _Kept(self.graph, inputs)
        slopes = _SlopeTaps(self.graph, leaf)
        margin = self.margins(inputs, read, [*slopes.taps(), *kept.taps()])
        return kept.states(margin.detach()), slopes.found(margin, kept)

    @torch.no_grad()
    def resumed(
        self,
        inputs: Inputs,
        read: torch.Tensor,
        *,
        layer: int,
        entering: torch.Tensor,
        taps: Sequence[Tap] = (),
    ) -> torch.Tensor:
        """Returns margins of rows of which it is known what enters a block. [row]

        The blocks before it are not computed. `entering`: [row, position, dimension].
        """
        begin = Tap(self.graph.blocks[0], "the first block", lambda _: entering, entering=True)
        with skipped(self.graph.blocks[:layer], self.graph.returned):
            return self.margins(inputs, read, [begin, *taps])


def _hidden_id(inputs: Inputs) -> int:
    """Returns the id that stands where a row shows attention nothing; -1: it shows everything."""
    mask = inputs["attention_mask"]
    hidden = mask == 0 if mask.dim() == 2 else mask[:, 0, -1] <= torch.finfo(mask.dtype).min
    ids = inputs["input_ids"][hidden]
    return int(ids[0]) if len(ids) else -1


def out_tap(attention: Attention, see: Any) -> Tap:
    """Returns the tap where z enters the projection that heads write through."""
    return Tap(attention.out, attention.name, see, entering=True)


def down_tap(mlp: Mlp, see: Any) -> Tap:
    """Returns the tap where what the MLP writes leaves it."""
    return Tap(mlp.down, mlp.name, see)


class _Kept:
    """Keeps what components write during one pass."""

    def __init__(self, graph: Graph, inputs: Inputs) -> None:
        self.graph = graph
        self.shape = inputs["input_ids"].shape
        self.z: dict[int, torch.Tensor] = {}
        self.mlp: dict[int, torch.Tensor] = {}
        self.entering: dict[int, torch.Tensor] = {}

    def taps(self) -> list[Tap]:
        taps = [
            Tap(block, f"block {layer}", _into(self.entering, layer), entering=True)
            for layer, block in enumerate(self.graph.blocks)
        ]
        taps += [out_tap(each, _into(self.z, each.layer)) for each in self.graph.attentions]
        return taps + [down_tap(each, _into(self.mlp, each.layer)) for each in self.graph.mlps]

    def states(self, margin: torch.Tensor) -> States:
        return States(
            margin,
            self.entering[0].detach(),
            tuple(
                unflat(self.z[each.layer].detach(), -1, (each.heads, -1))
                for each in self.graph.attentions
            ),
            # OPT's MLPs see tokens of all rows in one line.
            tuple(
                self.mlp[each.layer].detach().reshape(*self.shape, -1) for each in self.graph.mlps
            ),
            tuple(self.entering[layer].detach() for layer in range(self.graph.layers)),
        )


class _SlopeTaps:
    """Keeps the tensors at which a gradient is asked for, and what enters norms."""

    def __init__(self, graph: Graph, leaf: torch.Tensor) -> None:
        self.graph = graph
        self.leaf = leaf
        self.outputs: dict[str, torch.Tensor] = {}
        self.mlp_inputs: dict[int, torch.Tensor] = {}
        self.last: dict[int, torch.Tensor] = {}
        self.normed: dict[tuple[str, str], torch.Tensor] = {}

    def taps(self) -> list[Tap]:
        graph = self.graph
        taps = [Tap(graph.blocks[0], "the first block", lambda _: self.leaf, entering=True)]
        for attention in graph.attentions:
            # A fused projection is one module, and one tap.
            for module, name in {p.module: p.name for p in attention.projections}.items():
                see = _into(self.outputs, name)
                taps.append(Tap(module, name, see, first=attention.reused))
        taps += [Tap(m.module, m.name, self._alias(m.layer), entering=True) for m in graph.mlps]
        sublayers: tuple[Sublayer, ...] = (*graph.attentions, *graph.mlps)
        taps += [tap for each in sublayers for tap in self._norms(each)]
        return [*taps, Tap(graph.blocks[-1], "the last block", _into(self.last, 0))]

    def _alias(self, layer: int) -> Any:
        def see(tensor: torch.Tensor) -> torch.Tensor:
            # In post-norm models the same tensor is also the residual stream: a view of its own
            # has the gradient of the MLP alone.
            self.mlp_inputs[layer] = tensor.view_as(tensor)
            return self.mlp_inputs[layer]

        return see

    def _norms(self, by: Sublayer) -> list[Tap]:
        around = {"read": by.norms.read, "write": by.norms.write, "residual": by.norms.residual}
        return [
            Tap(norm.module, f"a norm of {by.name}", _into(self.normed, (by.name, place)), True)
            for place, norm in around.items()
            if norm is not None
        ]

    def found(self, margin: torch.Tensor, kept: _Kept) -> Slopes:
        names = [p.name for a in self.graph.attentions for p in a.projections]
        fused = list(dict.fromkeys(names))
        layers = range(self.graph.layers)
        at = [
            *(self.outputs[name] for name in fused),
            *(self.mlp_inputs[layer] for layer in layers),
            *(kept.z[layer] for layer in layers),
            *(kept.mlp[layer] for layer in layers),
            self.last[0],
            self.leaf,
        ]
        gradients = iter(torch.autograd.grad(margin.sum(), at))
        shape = self.leaf.shape[:2]
        outputs = {name: next(gradients) for name in fused}
        mlp_inputs = tuple(next(gradients).reshape(*shape, -1) for _ in layers)
        z = tuple(unflat(next(gradients), -1, (each.heads, -1)) for each in self.graph.attentions)
        mlp = tuple(next(gradients).reshape(*shape, -1) for _ in layers)
        return Slopes(
            tuple(
                tuple(p.of(outputs[p.name]) for p in each.projections)
                for each in self.graph.attentions
            ),
            mlp_inputs,
            next(gradients),
            z,
            mlp,
            next(gradients),
            {where: each.detach().reshape(*shape, -1) for where, each in self.normed.items()},
        )


def _into(store: dict[Any, torch.Tensor], key: Any) -> Any:
    def see(tensor: torch.Tensor) -> None:
        store[key] = tensor

    return see
