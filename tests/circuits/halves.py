"""Planted circuits searched on one half of their pairs and judged on the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np

from auditor.circuits.base import Aligned
from auditor.circuits.converging import Precision
from auditor.circuits.discovery import Discovery, discover
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.judging import Judge
from tests.circuits.null import Null
from tests.circuits.planted import VARIANTS
from tests.circuits.planting import Planted
from tests.circuits.wiring import Layout

HALF = 12


@dataclass(frozen=True)
class Halves:
    """What was found on one half, and a judge with the other."""

    planted: Planted
    found: Discovery
    judge: Judge

    @property
    def members(self) -> tuple[str, ...]:
        return self.found.members


def names(count: int) -> list[str]:
    """Returns a cluster of its own for every pair."""
    return [f"c{i:02}" for i in range(count)]


@contextmanager
def searched(variant: str, layout: Layout, seed: int = 0) -> Iterator[Halves]:
    """Yields a planted circuit, searched on 12 pairs and judged on 12 others."""
    planted, found = _search(variant, layout, seed)
    with engine_of(planted) as engine:
        held_out = planted.aligned.rows(np.arange(HALF, 2 * HALF))
        yield Halves(planted, found, Judge.of(engine, held_out, names(HALF), seed=0))


@cache
def _search(variant: str, layout: Layout, seed: int) -> tuple[Planted, Discovery]:
    planted = VARIANTS[variant](layout, seed, pairs=2 * HALF)
    with engine_of(planted) as engine:
        return planted, found_on(engine, planted.aligned.rows(np.arange(HALF)), names(HALF))


def found_on(engine: Engine, pairs: Aligned, clusters: list[str]) -> Discovery:
    """Returns what the default precision finds."""
    return discover(engine, pairs, clusters, precision=Precision(), seed=0)


@contextmanager
def engine_of(given: Planted | Null) -> Iterator[Engine]:
    """Yields an engine on the model and margin of a planted circuit or a null model."""
    with Engine.opened(given.model, Graph.of(given.model), given.margin) as engine:
        yield engine
