"""What every method answers with: a value per token of one text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from auditor.models.base import Floats, Model

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One text as its tokenizer cuts it. Every method gives a value to each of these tokens."""

    text: str
    segments: tuple[str, ...]  # [token], the characters each token stands for, with the blank after
    spans: Ints  # [token, 2], characters of `text`, end exclusive; equal ends: special, or blanks
    fixed: Bools  # [token], never masked: what the tokenizer puts around every text
    clustering: Floats  # [token - 1, 4], shap's hierarchy: left, right, height, size

    def __len__(self) -> int:
        return len(self.segments)


@dataclass(frozen=True, slots=True)
class Attribution:
    """What one method says of one text."""

    tokens: Tokens
    values: Floats  # [token, output], `unit`
    base: Floats  # [output], of the text with every token masked; NaN: the method has none
    score: Floats  # [output], of the text itself
    method: str
    unit: str
    hierarchical: Floats | None = None  # [2 token - 1, output], with what internal nodes kept
    evals: int = 0
    """Coalitions of tokens, or gradient steps, that this text alone takes."""

    @property
    def residual(self) -> Floats:
        """What base and values leave of the score; NaN for methods that do not add up. [output]"""
        residual: Floats = self.score - self.base - self.values.sum(axis=0)
        return residual

    @property
    def unresolved(self) -> Floats:
        """How much absolute effect the budget left on groups of tokens, shared out evenly. [output]

        0 where `max_evals` sufficed. What cancels within a group does not show: values may be off
        by more. On 8 sentences of 31 to 45 tokens (demo model) 500 evaluations left 10 % of the
        sum of absolute values here, and values were off by 35 % of it; 1,000 left 2 % and 13 %."""
        if self.hierarchical is None:
            return np.zeros_like(self.base)
        kept: Floats = np.abs(self.hierarchical[len(self.tokens) :]).sum(axis=0)
        return kept


@dataclass(frozen=True, slots=True)
class Refused:
    """A text that was not explained, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What to explain, and how far to go."""

    output: Any
    """An `outputs.Output`."""
    max_evals: int = 1_000
    """Distinct masked inputs per text, at most. More resolves longer texts: sentences of 10 tokens
    take about 100, of 20 about 400, of 30 about 1,000, of 50 about 3,000."""
    masker: Any = None
    """A `shap.maskers.Text`; None: shap's own for the model's tokenizer."""
    tell: Callable[[int, int], None] = field(default=lambda *_: None)
    """Called with texts done and in all."""


class Method(Protocol):
    """Explains texts; one answer per text, in their order."""

    def __call__(
        self, model: Model, texts: Sequence[str], ask: Ask
    ) -> list[Attribution | Refused]: ...
