"""A norm's derivative is that of the module, forward and backward; what is no norm is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from auditor.circuits.graph import Graph
from auditor.circuits.norms import Norm
from auditor.errors import ModelError
from tests.circuits.cases import FLOAT32_NORMS, every_family
from tests.circuits.tiny import tiny

SIZE = 12


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def layer_norm(eps: float = 1e-5) -> nn.Module:
    module = nn.LayerNorm(SIZE, eps=eps).double()
    module.weight.data, module.bias.data = drawn(SIZE, seed=1), drawn(SIZE, seed=2)
    return module


def rms_norm(eps: float | None = 1e-6) -> nn.Module:
    module = nn.RMSNorm(SIZE, eps=eps).double()
    module.weight.data = drawn(SIZE, seed=1)
    return module


def of(module: Any) -> Norm:
    return Norm.of(module, drawn(16, SIZE, seed=3), "a norm")


NORMS: list[Callable[[], nn.Module]] = [
    layer_norm,
    rms_norm,
    lambda: layer_norm(eps=0.5),
    lambda: rms_norm(eps=0.5),
    lambda: rms_norm(eps=None),
    lambda: nn.LayerNorm(SIZE, elementwise_affine=False).double(),
    lambda: nn.LayerNorm(SIZE, bias=False).double(),
]


def pushed(module: Any, x: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    """Returns what a change of x is behind the module, by autograd. [place, dimension]"""
    found: torch.Tensor = torch.autograd.functional.jvp(module, x, change)[1]  # type: ignore[no-untyped-call]
    return found.flatten(0, 1)


every_norm = pytest.mark.parametrize("make", NORMS)


@every_norm
def test_what_changes_become_is_the_jacobian_product(make: Callable[[], nn.Module]) -> None:
    module = make()
    x, change = drawn(2, 3, SIZE, seed=4), drawn(2, 3, SIZE, seed=5)
    found = change.flatten(0, 1)[:, None].clone()
    of(module).at(x).forward_(found)
    torch.testing.assert_close(found[:, 0], pushed(module, x, change), rtol=0, atol=1e-10)


@every_norm
def test_what_gradients_become_is_autograds(make: Callable[[], nn.Module]) -> None:
    module = make()
    x, gradient = drawn(2, 3, SIZE, seed=4).requires_grad_(), drawn(2, 3, SIZE, seed=5)
    (expected,) = torch.autograd.grad(module(x), x, gradient)
    found = of(module).at(x.detach()).backward(gradient.flatten(0, 1)[:, None])
    torch.testing.assert_close(found[:, 0], expected.flatten(0, 1), rtol=0, atol=1e-10)


@every_norm
def test_several_changes_of_a_place_are_each_as_alone(make: Callable[[], nn.Module]) -> None:
    norm, x = of(make()), drawn(1, 4, SIZE, seed=4)
    changes = drawn(4, 5, SIZE, seed=6)
    together, alone = changes.clone(), changes[:, [2]].clone()
    norm.at(x).forward_(together)
    norm.at(x).forward_(alone)
    torch.testing.assert_close(together[:, [2]], alone)
    # The gradient's way is the transpose of the change's.
    back = norm.at(x).backward(drawn(4, 1, SIZE, seed=7))
    products = (together * drawn(4, 1, SIZE, seed=7)).sum(2), (changes * back).sum(2)
    torch.testing.assert_close(*products)


@every_family
def test_norms_of_every_family_have_their_derivative(family: str) -> None:
    graph = Graph.of(tiny(family))
    around = [*(each.norms for each in graph.attentions), *(each.norms for each in graph.mlps)]
    found_in = [norm for each in around for norm in (each.read, each.write, each.residual)]
    norms = [norm for norm in found_in if norm is not None]
    assert len(norms) >= 3
    tolerance = 1e-5 if family in FLOAT32_NORMS else 1e-10
    for norm in norms:
        x, change = (drawn(1, 4, graph.width, seed=seed) for seed in (4, 5))
        found = change.flatten(0, 1)[:, None].clone()
        norm.at(x).forward_(found)
        expected = pushed(norm.module, x, change).to(found)
        torch.testing.assert_close(found[:, 0], expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("make", "centred"), [(layer_norm, True), (rms_norm, False)])
def test_gain_and_kind_are_found_by_asking(make: Callable[[], Any], centred: bool) -> None:
    module = make()
    norm = of(module)
    assert norm.centred == centred
    torch.testing.assert_close(norm.gain, module.weight.data, rtol=0, atol=1e-10)


def test_a_gain_that_is_one_more_than_the_weight_is_found() -> None:
    graph = Graph.of(tiny("gemma2"))
    norm = graph.mlps[0].norms.write
    assert norm is not None
    torch.testing.assert_close(norm.gain, 1 + norm.module.weight.data, rtol=0, atol=1e-5)


class Clipped(nn.LayerNorm):
    """A norm with something behind it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).clamp(-1, 1)


class OverAll(nn.Module):
    """Divides by the size of all positions, not of its own."""

    eps = 1e-5

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / x.std()


NO_NORMS = [
    lambda: nn.Linear(SIZE, SIZE),
    nn.Tanh,
    nn.Identity,
    lambda: Clipped(SIZE),
    lambda: nn.GroupNorm(3, SIZE),
    lambda: nn.BatchNorm1d(SIZE),
    OverAll,
    lambda: nn.Sequential(nn.LayerNorm(SIZE), nn.Linear(SIZE, SIZE)),
]


@pytest.mark.parametrize("make", NO_NORMS)
def test_what_is_no_norm_is_refused_by_name(make: Callable[[], nn.Module]) -> None:
    module = make().double()
    name = type(module).__name__
    with pytest.raises(ModelError, match=rf"a norm \({name}\) is neither a LayerNorm nor an RMS"):
        of(module)
