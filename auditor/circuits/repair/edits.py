"""Edits of the weights through which components write: put on for a while, or for good.

A component's output is its inputs times its rows of the projection's weight (W): a head's are some
rows of the attention's out-projection, an MLP's are all of its down-projection. These projections
are tied to no other weight, so nothing else changes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import torch

from auditor.circuits.base import Kind, Node
from auditor.circuits.graph import Graph, Mlp, weight_of
from auditor.circuits.repair.written import Means
from auditor.errors import ModelError, PlanError

EditKind = Literal["mean", "scale", "direction"]
M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to the output of some components."""

    kind: EditKind
    """mean: it becomes its mean over both versions of reference pairs; W loses its rows, the mean
    goes to the projection's bias. scale: W times the strength. direction: the direction d in which
    the versions differ on average is taken out, W (1 - d d^T)."""
    strength: float
    """mean and direction: how much of the way, 0 (nothing) to 1 (the whole). scale: what is left
    of the output, 0 (nothing) to 1 (the whole)."""
    components: tuple[Node, ...]
    """Heads and MLPs."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(EditKind):
            raise PlanError(f"edit {self.kind!r}; give one of {', '.join(get_args(EditKind))}")
        if not 0 <= self.strength <= 1:
            raise PlanError(f"an edit of strength {self.strength}; give 0 to 1")
        heads_and_mlps = [node for node in self.components if node.kind is not Kind.EMBED]
        if not heads_and_mlps or len(set(heads_and_mlps)) < len(self.components):
            raise PlanError(
                f"an edit of {', '.join(node.name for node in self.components) or 'nothing'}; give "
                "heads (a3.h7) and MLPs (m3), at least one and each once"
            )

    @property
    def layer(self) -> int:
        """The first that it touches."""
        return min(node.layer for node in self.components)


@contextmanager
def applied(graph: Graph, edit: Edit, means: Means) -> Iterator[None]:
    """Edits the graph's model for the while; afterwards its weights are its own, bit for bit.

    Raises:
        ModelError: the model has no such component.
    """
    new = list(_new_weights(graph, edit, means))
    with ExitStack() as stack:
        for each in new:
            stack.enter_context(_put(each))
        yield


def edited(model: M, graph: Graph, edit: Edit, means: Means) -> M:
    """Returns a copy of the model with the edit in its weights, for `save_pretrained`.

    Raises:
        ModelError: the model has no such component, or the edit is more than weights.
    """
    refused = unsavable(graph, edit)
    if refused is not None:
        raise ModelError(
            f"{refused}; edit the model in memory with `applied`, or save scale or direction"
        )
    with applied(graph, edit, means):
        return copy.deepcopy(model)


def unsavable(graph: Graph, edit: Edit) -> str | None:
    """Returns why an edit cannot be saved as a model of its family; None: it can."""
    if edit.kind != "mean":
        return None
    without = [node.name for node in edit.components if _rows(graph, node)[0].bias is None]
    if not without:
        return None
    return (
        f"the mean of {', '.join(without)} belongs into a bias, and the projection that they "
        f"write through has none in the family {graph.family}, so that it cannot be saved as plain "
        "weights"
    )


@dataclass(frozen=True, slots=True)
class _New:
    """What a projection is to hold."""

    module: Any
    weight: torch.Tensor  # as the module keeps it
    bias: torch.Tensor | None  # None: as it is


def _new_weights(graph: Graph, edit: Edit, means: Means) -> Iterator[_New]:
    nodes_of: dict[Any, list[tuple[Node, slice]]] = {}
    for node in edit.components:
        module, rows = _rows(graph, node)
        nodes_of.setdefault(module, []).append((node, rows))
    for module, nodes in nodes_of.items():
        weight = _precise(weight_of(module)).clone()
        for node, rows in nodes:
            weight[rows] = _block(edit, weight[rows], means.direction[node].to(weight))
        yield _New(
            module,
            _as_kept(weight, module),
            _bias(edit, module, sum(means.written[node].to(weight) for node, _ in nodes)),
        )


def _rows(graph: Graph, node: Node) -> tuple[Any, slice]:
    """Returns the projection that a component writes through, and its rows of [input, output]."""
    by = graph.sublayer_of(node)
    if isinstance(by, Mlp):
        return by.down, slice(None)
    size = weight_of(by.out).shape[0] // by.heads
    return by.out, slice(node.head * size, (node.head + 1) * size)


def _block(edit: Edit, weight: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """Returns a component's rows as edited. [input, output]"""
    if edit.kind == "scale":
        return weight * edit.strength
    if edit.kind == "mean":
        return weight * (1 - edit.strength)
    return weight - edit.strength * torch.outer(weight @ direction, direction)


def _bias(edit: Edit, module: Any, written: Any) -> torch.Tensor | None:
    """Returns the bias with the mean of what the components wrote; None: it stays as it is."""
    if edit.kind != "mean":
        return None
    own = 0.0 if module.bias is None else _precise(module.bias.detach())
    moved: torch.Tensor = own + edit.strength * written
    return moved.to(module.weight.dtype)


def _as_kept(weight: torch.Tensor, module: Any) -> torch.Tensor:
    """Returns [input, output] as the module's class keeps it."""
    turned = weight if type(module).__name__ == "Conv1D" else weight.T
    return turned.to(module.weight.dtype).contiguous()


def _precise(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


@contextmanager
def _put(new: _New) -> Iterator[None]:
    """Lets a module hold other tensors. Its own are set aside, not written over."""
    module = new.module
    weight, bias = module.weight.data, module.bias
    bias_data = None if bias is None else bias.data
    try:
        module.weight.data = new.weight
        if new.bias is not None and bias is None:
            module.bias = torch.nn.Parameter(new.bias, requires_grad=False)
        elif new.bias is not None:
            bias.data = new.bias
        yield
    finally:
        module.weight.data = weight
        if bias is None:
            module.bias = None
        else:
            bias.data = bias_data
