"""The families under which laws of circuits are tested, and how exactly each of them keeps them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from auditor.circuits.engine import Engine
from auditor.circuits.patching import EdgeName

from .tiny import FAMILIES, HEADS_OF

CASES = [(family, head) for family, heads in HEADS_OF.items() for head in heads]

every_head = pytest.mark.parametrize(("family", "head"), CASES)
every_family = pytest.mark.parametrize("family", FAMILIES)

FLOAT32_NORMS = frozenset({"llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3"})
"""Families whose norms compute in float32, whatever they are given."""
FLOAT32_INSIDE = FLOAT32_NORMS | {"modernbert"}
"""Those, and what turns queries and keys in float32."""
KINKED = frozenset({"opt", "opt-post", "distilbert"})
"""Families with a rectifier, in MLPs or in the classifier's head."""


def exactness(family: str) -> float:
    """Returns by how much sums may differ that are equal on paper, as a share of the largest."""
    return 1e-6 if family in FLOAT32_NORMS else 1e-12


def apart(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Returns the largest difference, as a share of the largest expected."""
    return float((found - expected).abs().max() / expected.abs().max())


def expect_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Asserts that two tensors are the same to the last digits of float64."""
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def all_edges(engine: Engine) -> list[EdgeName]:
    graph = engine.graph
    return [
        EdgeName(graph.writers[writer], graph.readers[reader])
        for writer, reader in np.argwhere(graph.edges)
    ]


def at_edges(engine: Engine, scores: torch.Tensor) -> torch.Tensor:
    """Returns scores of the edges that there are. [pair, writer, reader] -> [pair, edge]"""
    writers, readers = np.nonzero(engine.graph.edges)
    return scores[:, writers, readers]
