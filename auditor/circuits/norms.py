"""The derivative of a norm of whatever class, found by asking it and checked on what it says.

LayerNorm and RMSNorm in all their spellings are y = gain * (x - c mean(x)) / sigma + bias, with c
1 or 0. Their derivative at x is gain times a symmetric matrix, so that one formula serves forward
(what a change of x does to y) and backward (what a gradient at y is at x).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch

from auditor.errors import ModelError

_TOLERANCE = 1e-4
"""Of a norm that computes in float32 inside, whatever it is given."""


@dataclass(frozen=True, slots=True)
class Norm:
    """A norm of the residual stream."""

    module: Any
    gain: torch.Tensor  # [dimension]
    eps: float
    centred: bool
    """LayerNorm takes the mean off; RMSNorm does not."""

    @classmethod
    def of(cls, module: Any, example: torch.Tensor, name: str) -> Self:
        """Returns the norm that a module is.

        Args:
            example: any vectors, to ask it with. [row, dimension]

        Raises:
            ModelError: it is neither a LayerNorm nor an RMSNorm.
        """
        eps = _eps(module)
        with torch.no_grad():
            plus, minus = module(example), module(-example)
            centred = bool(torch.allclose(module(example + 3.0), plus, atol=1e-2, rtol=1e-2))
            ones = cls(module, torch.ones_like(example[0]), eps, centred)
            scaled = ones._scaled(example)
            gain = ((plus - minus) / 2 * scaled).sum(0) / (scaled**2).sum(0)
            found = cls(module, gain, eps, centred)
            said = gain * scaled + (plus + minus) / 2
        if not torch.allclose(said, plus, atol=_TOLERANCE, rtol=_TOLERANCE):
            raise ModelError(
                f"{name} ({type(module).__name__}) is neither a LayerNorm nor an RMSNorm, so what "
                "it does to a component's output is not known; its circuits cannot be traced"
            )
        return found

    def _scaled(self, x: torch.Tensor) -> torch.Tensor:
        centred = x - x.mean(-1, keepdim=True) if self.centred else x
        return centred * torch.rsqrt(centred.pow(2).mean(-1, keepdim=True) + self.eps)

    def at(self, x: torch.Tensor) -> Tangent:
        """Returns the norm's derivative at x. [row, position, dimension]"""
        x = x.flatten(0, 1)[:, None]
        centred = x - x.mean(-1, keepdim=True) if self.centred else x
        scale = torch.rsqrt(centred.pow(2).mean(-1, keepdim=True) + self.eps)
        lost = [centred * scale, torch.ones_like(x)] if self.centred else [x * scale]
        return Tangent(self.gain, scale, torch.cat(lost, dim=1) / x.shape[-1] ** 0.5)


@dataclass(frozen=True, slots=True)
class Tangent:
    """A norm's derivative at one point per place, a place being one position of one row."""

    gain: torch.Tensor  # [dimension]
    scale: torch.Tensor  # [place, 1, 1], 1 / sigma
    lost: torch.Tensor
    """What does not pass: x's own direction and the mean. [place, 1 or 2, dimension]"""

    def forward_(self, changes: torch.Tensor) -> None:
        """Turns changes of x into what they are in y, in place. [place, change, dimension]"""
        self._pass_(changes).mul_(self.gain)

    def backward(self, gradients: torch.Tensor) -> torch.Tensor:
        """Returns what gradients at y are at x. [place, gradient, dimension]"""
        return self._pass_(gradients * self.gain)

    def _pass_(self, v: torch.Tensor) -> torch.Tensor:
        # One product of rank two is several times as fast as sums over vectors.
        return v.baddbmm_(torch.bmm(v, self.lost.mT), self.lost, alpha=-1).mul_(self.scale)


def _eps(module: Any) -> float:
    # torch's RMSNorm has None for the dtype's own.
    found = getattr(module, "eps", getattr(module, "variance_epsilon", None))
    return 0.0 if found is None else float(found)
