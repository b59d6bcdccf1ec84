"""The margin of the circuits' tests."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Difference:
    """The logit of one answer less that of another: a margin, and what the oracle calls."""

    plus: int
    minus: int
    of_tokens: bool
    name: str = "log-odds of the answer"

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        return logits[:, self.plus] - logits[:, self.minus]

    __call__ = of
