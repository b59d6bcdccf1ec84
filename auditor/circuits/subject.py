"""A model that circuits can be traced in: loaded, ready, and proved to be what its family is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from auditor.circuits.base import Margin
from auditor.circuits.contract import check
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.models.heads import Head, load_with_head


@dataclass(frozen=True, slots=True)
class Subject:
    """One model with its graph."""

    model: Any
    tokenizer: Any
    model_id: str
    head: Head
    graph: Graph

    @classmethod
    def of(cls, spec: Any) -> Self:
        """Returns a model whose circuits can be traced.

        Args:
            spec: a Hugging Face id or folder, a loaded `(model, tokenizer)`, or a `Classifier`.

        Raises:
            ModelError: a function, a family that is not known, weights that are quantised, off
                the device or in training, or parts that fail their contract check.
        """
        opened = load_with_head(spec)
        graph = Graph.of(opened.model)
        check(opened.model, graph)
        return cls(opened.model, opened.tokenizer, opened.model_id, opened.head, graph)

    @contextmanager
    def engine(self, margin: Margin) -> Iterator[Engine]:
        """Yields the engine of a margin; the model is steady for the while."""
        with Engine.opened(self.model, self.graph, margin) as engine:
            yield engine
