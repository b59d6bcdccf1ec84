"""Engines on tiny random models, with a margin that any of their heads has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from auditor.circuits.base import Aligned
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.records import Estimate

from .tiny import HEADS_OF, Padding, aligned, tiny


@dataclass(frozen=True)
class Contrast:
    """Logit 1 less logit 0, of labels or tokens."""

    of_tokens: bool
    name: str = "logit 1 less logit 0"

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        return logits[:, 1] - logits[:, 0]


def ends(estimate: Estimate) -> tuple[float, float]:
    """Returns the interval of an estimate that has one."""
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


@contextmanager
def opened(
    family: str, *, head: str = "", pairs: int = 3, padding: Padding = "right", **config: Any
) -> Iterator[tuple[Engine, Aligned]]:
    """Yields an engine on a tiny model and pairs for it."""
    head = head or HEADS_OF[family][0]
    model = tiny(family, head=head, **config)
    margin = Contrast(of_tokens=head != "classifier")
    with Engine.opened(model, Graph.of(model), margin) as engine:
        yield engine, aligned(model, pairs, padding=padding)
