"""Slow reference computations by forward hooks alone: one pair at a time, plain loops.

What a reader sees is rebuilt from what everything wrote in the same run, with the chosen writers'
part as it is in the other version's run. Correctness over speed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from auditor.circuits.base import Aligned, Inputs, Kind, Node
from tests.circuits.places import places

Margin = Callable[[torch.Tensor], torch.Tensor]
"""[row, label] or, at the position read, [row, token] -> [row]."""
Edge = tuple[str, str]
"""Writer `embed`, `a{l}.h{h}`, `m{l}`; reader `a{l}.h{h}.q|k|v`, `m{l}`, `out`. The head of a
reader k or v is that of keys and values."""


def margins(model: Any, aligned: Aligned, margin: Margin) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns M(x) and M(x') of each pair, without an edit. [pair] each"""
    a, b = (
        _each_pair(pairs, lambda one: Run(model, one.a).margin(one, margin))
        for pairs in (aligned, aligned.exchanged())
    )
    return a, b


def node_patch(
    model: Any, aligned: Aligned, nodes: str | Collection[str], *, margin: Margin
) -> torch.Tensor:
    """Returns M(x with the nodes' outputs as in x'), the others computed anew. [pair]"""
    names = {nodes} if isinstance(nodes, str) else set(nodes)

    def patched(one: Aligned) -> torch.Tensor:
        other = Run(model, one.b)
        return Run(model, one.a, replaced=names, other=other).margin(one, margin)

    return _each_pair(aligned, patched)


def edge_patch(
    model: Any,
    aligned: Aligned,
    edges: Collection[Edge],
    *,
    margin: Margin,
    amount: float = 1.0,
) -> torch.Tensor:
    """Returns M(x where, over these edges alone, readers see writers as in x'). [pair]

    With another `amount` they see z + amount (z' - z).
    """

    def patched(one: Aligned) -> torch.Tensor:
        other = Run(model, one.b)
        run = Run(model, one.a, edges=edges, other=other, amount=amount)
        return run.margin(one, margin)

    return _each_pair(aligned, patched)


def edge_slope(
    model: Any, aligned: Aligned, edge: Edge, *, margin: Margin, step: float = 1e-4
) -> torch.Tensor:
    """Returns the derivative of M in the amount of one edge, at 0, by central differences. [pair]

    This is what edge attribution patching approximates the edge's effect by.
    """
    up, down = (
        edge_patch(model, aligned, [edge], margin=margin, amount=sign * step) for sign in (1, -1)
    )
    return (up - down) / (2 * step)


def _each_pair(aligned: Aligned, one: Callable[[Aligned], torch.Tensor]) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([one(aligned.rows([pair])) for pair in range(len(aligned))])


class Run:
    """One forward pass: its logits, and what every component wrote; nodes or edges replaced."""

    def __init__(
        self,
        model: Any,
        inputs: Inputs,
        *,
        other: Run | None = None,
        replaced: Collection[str] = (),
        edges: Collection[Edge] = (),
        amount: float = 1.0,
    ) -> None:
        self.model, self.at = model, places(model)
        self.other, self.replaced, self.edges, self.amount = other, replaced, edges, amount
        self.heads = model.config.num_attention_heads
        self.wrote: dict[str, torch.Tensor] = {}
        """`embed`, `m{l}`, and `a{l}`: the heads of a layer side by side."""
        with torch.no_grad(), self._hooked():
            self.logits: torch.Tensor = model(**inputs).logits

    def margin(self, aligned: Aligned, margin: Margin) -> torch.Tensor:
        logits = self.logits
        return margin(logits[[0], aligned.read] if logits.ndim == 3 else logits)

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        handles = [self._module(self.at.first).register_forward_pre_hook(self._embeds)]
        for layer in range(self.model.config.num_hidden_layers):
            heads, mlp = self._module(self.at.project, layer), self._module(self.at.mlp, layer)
            handles.append(heads.register_forward_pre_hook(self._attends(f"a{layer}")))
            handles.append(mlp.register_forward_hook(self._writes(f"m{layer}")))
        handles += [self._reader(reader) for reader in dict.fromkeys(r for _, r in self.edges)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _embeds(self, _: Any, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        self.wrote["embed"] = self._other("embed") if "embed" in self.replaced else args[0]
        return (self.wrote["embed"], *args[1:])

    def _writes(self, name: str) -> Callable[..., torch.Tensor]:
        def hook(_: Any, __: Any, output: torch.Tensor) -> torch.Tensor:
            self.wrote[name] = self._other(name) if name in self.replaced else output
            return self.wrote[name]

        return hook

    def _attends(self, name: str) -> Callable[..., tuple[torch.Tensor]]:
        def hook(_: Any, args: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
            self.wrote[name] = self._mixed(name, args[0], self.replaced, 1.0)
            return (self.wrote[name],)

        return hook

    def _reader(self, reader: str) -> Any:
        """Lets a reader see the writers of its edges as in the other run."""
        writers = [writer for writer, read in self.edges if read == reader]
        if reader.startswith("a"):
            return self._attention_reader(reader, writers)
        if reader == "out":
            module, seen = self._out(), 2 * self.model.config.num_hidden_layers
        else:
            layer = Node.parse(reader).layer
            module = self._module(self.at.read_mlp, layer)
            seen = 2 * layer + (self.at.order != "parallel")

        def hook(_: Any, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            state = self._state(seen, writers)
            if args[0].numel() != state.numel():
                state = state[:, 0]  # DistilBERT hands its head the first position alone
            return (state.reshape(args[0].shape), *args[1:])  # OPT has no dimension of rows here

        return module.register_forward_pre_hook(hook)

    def _attention_reader(self, reader: str, writers: list[str]) -> Any:
        name, _, part = reader.partition(".h")
        head, _, part = part.partition(".")
        layer = int(name[1:])
        module = self._module(self.at.read["qkv".index(part)], layer)
        norm = self._module(self.at.norm, layer) if self.at.norm else torch.nn.Identity()

        def hook(_: Any, args: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
            if args[0].shape != self.wrote["embed"].shape:
                return output  # DeBERTa projects relative positions by the same module
            columns = self._columns(part, int(head), output.shape[-1])
            output = output.clone()
            state = norm(self._state(2 * layer, writers))
            output[..., columns] = module.forward(state)[..., columns]
            return output

        return module.register_forward_hook(hook)

    def _columns(self, part: str, head: int, width: int) -> slice:
        """Returns where q, k or v of a head stand in what the projection gives."""
        place = "qkv".index(part)
        if not self.at.packed:
            groups = getattr(self.model.config, "num_key_value_heads", None) or self.heads
            size = width // (self.heads if part == "q" else groups)
            return slice(head * size, (head + 1) * size)
        size = width // (3 * self.heads)
        block = place * self.heads + head if self.at.packed == "parts" else 3 * head + place
        return slice(block * size, (block + 1) * size)

    def _state(self, seen: int, writers: Collection[str]) -> torch.Tensor:
        """Returns the stream after `seen` sublayers, rebuilt from what they wrote in this run."""
        state = self._seen("embed", writers)
        for sublayer in range(seen):
            layer, is_mlp = divmod(sublayer, 2)
            if is_mlp:
                wrote = self._seen(f"m{layer}", writers)
            else:
                z = self._mixed(f"a{layer}", self.wrote[f"a{layer}"], writers, self.amount)
                wrote = self._module(self.at.project, layer).forward(z)
            state = self._add(state, wrote, self.at.after[is_mlp].format(layer))
        return state

    def _add(self, state: torch.Tensor, wrote: torch.Tensor, norm: str) -> torch.Tensor:
        if self.at.order == "post":
            added: torch.Tensor = self._module(norm)(state + wrote)
            return added
        return state + (self._module(norm)(wrote) if norm else wrote)

    def _seen(self, name: str, writers: Collection[str]) -> torch.Tensor:
        z = self.wrote[name]
        return z + self.amount * (self._other(name) - z) if name in writers else z

    def _mixed(
        self, name: str, z: torch.Tensor, nodes: Collection[str], amount: float
    ) -> torch.Tensor:
        """Returns the heads of a layer, those among `nodes` moved towards the other run."""
        chosen = [Node.parse(each) for each in nodes]
        heads = self._by_head(z).clone()
        for node in chosen:
            if node.kind is Kind.HEAD and node.name.startswith(f"{name}."):
                theirs = self._by_head(self._other(name))[..., node.head, :]
                heads[..., node.head, :] += amount * (theirs - heads[..., node.head, :])
        return heads.reshape(z.shape)

    def _by_head(self, z: torch.Tensor) -> torch.Tensor:
        return z.reshape(*z.shape[:-1], self.heads, -1)

    def _other(self, name: str) -> torch.Tensor:
        assert self.other is not None
        return self.other.wrote[name]

    def _out(self) -> Any:
        modules = dict(self.model.named_modules())
        return next(modules[path] for path in self.at.out if path in modules)

    def _module(self, path: str, layer: int = 0) -> Any:
        return self.model.get_submodule(path.format(layer))
