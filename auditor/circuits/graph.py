"""The graph of a transformer: what writes into its residual stream, what reads from it, in order.

Writers are the embedding, every head, every MLP; readers are q, k and v of every (key/value) head,
every MLP and the output. What a writer writes passes through nothing but adds and norms until it is
read; `Graph.program` is that skeleton, step by step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch

from auditor.attributions.inside import steady
from auditor.circuits.base import Bools, Node, unflat
from auditor.circuits.layouts import Layout, Packing, layout_of
from auditor.circuits.layouts import Norms as NormNames
from auditor.circuits.norms import Norm
from auditor.errors import ModelError


@dataclass(frozen=True, slots=True)
class Projection:
    """Where q, k or v of one attention lie in the output of a module."""

    module: Any
    name: str
    heads: int
    size: int
    """Dimension of a head."""
    first: int
    """Of the module's output, the column at which the first head begins."""
    step: int
    """Columns from one head to the next."""

    @property
    def columns(self) -> torch.Tensor:
        """Of the module's output. [head, dimension of a head]"""
        device = self.module.weight.device
        starts = self.first + self.step * torch.arange(self.heads, device=device)
        return starts[:, None] + torch.arange(self.size, device=device)

    def of(self, output: torch.Tensor) -> torch.Tensor:
        """Returns its part of an output, not copied. [..., head, dimension of a head]"""
        return output[..., self.first :].unfold(-1, self.size, self.step)[..., : self.heads, :]

    def of_head(self, head: int, stream: torch.Tensor) -> torch.Tensor:
        """Returns what one head's part of the output is of an input. [..., dimension of a head]"""
        columns = self.columns[head]
        product = stream @ weight_of(self.module)[:, columns]
        return product if self.module.bias is None else product + self.module.bias[columns]

    @property
    def weight(self) -> torch.Tensor:
        """[head, dimension of a head, dimension of the model]"""
        return self.of(weight_of(self.module)).permute(1, 2, 0)


@dataclass(frozen=True, slots=True)
class NormsAround:
    """The norms of one sublayer."""

    read: Norm | None
    write: Norm | None
    residual: Norm | None


@dataclass(frozen=True, slots=True)
class Attention:
    """One layer's attention: writers are its heads, readers their q, k and v."""

    layer: int
    projections: tuple[Projection, ...]
    """q, k and v."""
    out: Any
    """The projection that heads write through; its input is z, head after head."""
    name: str
    norms: NormsAround
    writers: slice
    readers: slice
    reused: bool

    @property
    def heads(self) -> int:
        return int(self.writers.stop - self.writers.start)

    @property
    def out_weight(self) -> torch.Tensor:
        """[head, dimension of a head, dimension of the model]"""
        return unflat(weight_of(self.out), 0, (self.heads, -1))


@dataclass(frozen=True, slots=True)
class Mlp:
    """One layer's MLP: one writer, one reader."""

    layer: int
    module: Any
    """Its input is what the MLP reads."""
    down: Any
    """Its output is what the MLP writes; its input are the neurons."""
    name: str
    norms: NormsAround
    writers: slice
    readers: slice


Sublayer = Attention | Mlp


@dataclass(frozen=True, slots=True)
class Read:
    """Readers look at the residual stream, through the sublayer's norm."""

    by: Sublayer


@dataclass(frozen=True, slots=True)
class Write:
    """What the sublayer writes is added, through its norm where it has one."""

    by: Sublayer


@dataclass(frozen=True, slots=True)
class Renorm:
    """The residual stream itself passes a norm (post-norm)."""

    norm: Norm
    after: Sublayer


Step = Read | Write | Renorm


@dataclass(frozen=True, eq=False)
class Graph:
    """Writers, readers and the way between them, of one loaded model."""

    family: str
    blocks: tuple[Any, ...]
    returned: int
    """How many things a block returns in a tuple; 0: a tensor alone."""
    attentions: tuple[Attention, ...]
    mlps: tuple[Mlp, ...]
    parallel: bool
    rotary: bool
    width: int
    """Dimension of the residual stream."""

    @classmethod
    def of(cls, model: Any) -> Self:
        """Returns the graph of a Hugging Face model with any head.

        Raises:
            ModelError: a family, variant or module that is not known.
        """
        layout = layout_of(model.config)
        name, blocks = _blocks(model, layout, model.config.num_hidden_layers)
        with steady(model):  # reduced norms do not say exactly enough what they are
            example = _example(model)
            build = _Builder(layout, model.config, name, example)
            found = [build.block(layer, block) for layer, block in enumerate(blocks)]
        attentions, mlps = zip(*found, strict=True)
        return cls(
            model.config.model_type,
            tuple(blocks),
            layout.returned,
            attentions,
            mlps,
            layout.parallel,
            layout.rotary,
            example.shape[1],
        )

    @property
    def layers(self) -> int:
        return len(self.blocks)

    @property
    def heads(self) -> int:
        """Of the whole model."""
        return sum(each.heads for each in self.attentions)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Writers, in the order of writing. [writer]"""
        found = [Node.embed()]
        for attention in self.attentions:
            found += [Node.of_head(attention.layer, head) for head in range(attention.heads)]
            found.append(Node.of_mlp(attention.layer))
        return tuple(found)

    @cached_property
    def writers(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.nodes)

    @cached_property
    def readers(self) -> tuple[str, ...]:
        """In the order of reading; the output last. [reader]"""
        names: list[str] = []
        for attention in self.attentions:
            for part, projection in zip("qkv", attention.projections, strict=True):
                heads = range(projection.heads)
                names += [f"a{attention.layer}.h{head}.{part}" for head in heads]
            names.append(f"m{attention.layer}")
        return (*names, "out")

    @property
    def program(self) -> Iterator[Step]:
        """Yields reads, writes and norms of the residual stream in the order in which they come."""
        for attention, mlp in zip(self.attentions, self.mlps, strict=True):
            yield Read(attention)
            if self.parallel:
                yield Read(mlp)
            yield from _written(attention)
            if not self.parallel:
                yield Read(mlp)
            yield from _written(mlp)

    @cached_property
    def edges(self) -> Bools:
        """Whether there is an edge: the writer writes before the reader reads. [writer, reader]"""
        allowed = np.zeros((len(self.writers), len(self.readers)), np.bool_)
        written = 1
        for step in self.program:
            if isinstance(step, Read):
                allowed[:written, step.by.readers] = True
            elif isinstance(step, Write):
                written = max(written, step.by.writers.stop)
        allowed[:, -1] = True
        return allowed

    @cached_property
    def cuts(self) -> tuple[tuple[int, int], ...]:
        """Cuts of the graph before each block and before the output, as (first writer, first
        reader) behind it: every path from the embedding to the output has one edge over each."""
        before = [(each.writers.start, each.readers.start) for each in self.attentions]
        return (*before, (len(self.writers), len(self.readers) - 1))

    def sublayer_of(self, node: Node) -> Sublayer:
        """Returns the sublayer whose writer a head or MLP is.

        Raises:
            ModelError: this model has no such component.
        """
        if node not in self.nodes or node.layer < 0:
            raise ModelError(
                f"{node.name} is no component of this model, which has a0.h0 to "
                f"{self.nodes[-2].name} and m0 to {self.nodes[-1].name}"
            )
        return (self.mlps if node.rank else self.attentions)[node.layer]

    def reader_of(self, name: str) -> tuple[Sublayer, int, str]:
        """Returns the sublayer of a reader, its (key/value) head, and which input of it: "q", "k",
        "v", or "" for an MLP's.

        Raises:
            ModelError: this model has no such reader, or it is `out`, which is in no sublayer.
        """
        if name not in self.readers or name == "out":
            raise ModelError(
                f"{name!r} is no reader of this model, which has a{{layer}}.h{{head}}.q, .k and .v "
                f"(key/value heads), m{{layer}} and out, of {self.layers} layers"
            )
        if name[-1] not in "qkv":
            return self.mlps[Node.parse(name).layer], 0, ""
        node = Node.parse(name[:-2])
        return self.attentions[node.layer], node.head, name[-1]


def _written(sublayer: Sublayer) -> Iterator[Step]:
    yield Write(sublayer)
    if sublayer.norms.residual is not None:
        yield Renorm(sublayer.norms.residual, sublayer)


_AS_LOADED = (
    "Give the model as transformers loads it, without adapters or wrappers (merge_and_unload first)"
)


class _Builder:
    """Finds the parts of block after block, and numbers their writers and readers."""

    def __init__(self, layout: Layout, config: Any, name: str, example: torch.Tensor) -> None:
        self.layout = layout
        self.name = name
        self.example = example
        self.heads = config.num_attention_heads
        self.kv_heads = getattr(config, "num_key_value_heads", None) or self.heads
        self.writers, self.readers = 1, 0

    def block(self, layer: int, block: Any) -> tuple[Attention, Mlp]:
        layout, at = self.layout, f"{self.name}.{layer}"
        out, down = self._writing(block, layout.out, at), self._writing(block, layout.down, at)
        size = weight_of(out).shape[0] // self.heads
        counts = (self.heads, self.kv_heads, self.kv_heads)
        projections = tuple(self._projection(block, part, counts, size, at) for part in range(3))
        attention = Attention(
            layer,
            projections,
            out,
            f"{at}.{layout.out}",
            self._norms(block, layout.attention_norms, at),
            self._writers(self.heads),
            self._readers(sum(counts)),
            layout.reused,
        )
        module = _part(block, layout.mlp, at)
        norms = self._norms(block, layout.mlp_norms, at)
        name = f"{at}.{layout.mlp}"
        return attention, Mlp(layer, module, down, name, norms, self._writers(1), self._readers(1))

    def _projection(
        self, block: Any, part: int, counts: tuple[int, ...], size: int, at: str
    ) -> Projection:
        packing, name = self.layout.packing, f"{at}.{self.layout.projections[part]}"
        module = _part(block, self.layout.projections[part], at)
        heads = counts[part] if packing == "apart" else sum(counts)
        _expect_width(module, heads * size, name)
        return Projection(module, name, counts[part], size, *_columns(packing, part, counts, size))

    def _writing(self, block: Any, name: str, at: str) -> Any:
        module = _part(block, name, at)
        _expect_width(module, self.example.shape[1], f"{at}.{name}")
        return module

    def _writers(self, count: int) -> slice:
        self.writers += count
        return slice(self.writers - count, self.writers)

    def _readers(self, count: int) -> slice:
        self.readers += count
        return slice(self.readers - count, self.readers)

    def _norms(self, block: Any, names: NormNames, at: str) -> NormsAround:
        return NormsAround(
            *(self._norm(block, name, at) for name in (names.read, names.write, names.residual))
        )

    def _norm(self, block: Any, name: str | None, at: str) -> Norm | None:
        if name is None:
            return None
        module = _part(block, name, at)
        if isinstance(module, torch.nn.Identity):
            return None
        return Norm.of(module, self.example, f"{at}.{name}")


def weight_of(module: Any) -> torch.Tensor:
    """Returns a projection's weight as [input, output], however its class keeps it."""
    weight: torch.Tensor = module.weight.detach()
    return weight if type(module).__name__ == "Conv1D" else weight.T


def _expect_width(module: Any, width: int, name: str) -> None:
    if not isinstance(getattr(module, "weight", None), torch.Tensor):
        raise ModelError(
            f"{name} is a {type(module).__name__} without a weight, where its family has a "
            f"projection; its circuits cannot be traced. {_AS_LOADED}"
        )
    found = weight_of(module).shape[1]
    if found != width:
        raise ModelError(
            f"{name} gives {found} numbers for each token, where its family has {width}; its "
            "circuits cannot be traced"
        )


def _columns(packing: Packing, part: int, counts: tuple[int, ...], size: int) -> tuple[int, int]:
    """Returns where q (part 0), k (1) or v (2) begins, and the columns from head to head."""
    if packing == "by_head":
        return part * size, 3 * size
    return (size * sum(counts[:part]) if packing == "concatenated" else 0), size


def _blocks(model: Any, layout: Layout, layers: int) -> tuple[str, list[Any]]:
    found = [
        (name, list(module))
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.ModuleList)
        and f".{name}".endswith(f".{layout.blocks}")
        and len(module) == layers
    ]
    if len(found) != 1:
        raise ModelError(
            f"{type(model).__name__} has {len(found)} lists of {layers} blocks whose name "
            f"ends with {layout.blocks}, where its family has one; its circuits cannot be traced"
        )
    return found[0]


def _part(block: Any, name: str, at: str) -> Any:
    try:
        return block.get_submodule(name)
    except AttributeError as error:
        raise ModelError(
            f"{at} has no {name}, as its family has; its circuits cannot be traced. {_AS_LOADED}"
        ) from error


def _example(model: Any) -> torch.Tensor:
    """Returns vectors to ask norms with, in the model's own dtype. [row, dimension]"""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(16, model.config.hidden_size, generator=generator, dtype=torch.float64)
    return drawn.to(model.device, model.dtype)
