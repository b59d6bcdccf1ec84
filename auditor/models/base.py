"""What every model answers to, whether it has weights or is somebody's function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

Kind = Literal["single_label", "multi_label", "regression", "probabilities"]

KINDS: dict[Kind, str] = {
    "single_label": "a sequence classifier with one label per text, two or more labels (softmax)",
    "multi_label": "a sequence classifier where each label holds or not (sigmoid)",
    "regression": "a sequence model with one number per text",
    "probabilities": "a function list[str] -> array [text, label] of probabilities",
}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RawScores:
    """What a model says of texts, in the order they were given."""

    values: Floats  # [text, label]; natural logits, or probabilities for a callable
    n_tokens: npt.NDArray[np.int32] | None  # [text], special tokens not counted
    truncated: npt.NDArray[np.bool_]  # [text]
    keys: list[bytes] | None = None  # [text], what the model saw: equal keys, equal inputs


class Model(Protocol):
    """A model as the audit uses it."""

    model_id: str
    labels: tuple[str, ...]
    kind: Kind
    tokenizer: Any
    """None: a function has none."""
    has_weights: bool
    window: int | None
    """Tokens that it reads, special ones included; None: no limit known."""

    def record(self) -> dict[str, Any]:
        """Returns what the run record keeps of it: digests, device, dtype, reasons."""

    def score(self, texts: Sequence[str], *, exact: bool = False, cut: bool = False) -> RawScores:
        """Returns values for distinct texts.

        Args:
            exact: in float32 whatever the plan's dtype.
            cut: texts beyond the window are cut even where the plan refuses them.
        """

    def pieces(self, terms: Sequence[str]) -> list[int] | None:
        """Returns into how many pieces each term breaks; None where there is no tokenizer."""

    @property
    def refuses_long(self) -> bool:
        """Whether the plan refuses texts beyond the window."""

    @property
    def tolerance(self) -> float:
        """How far a value may be off in log-odds, for texts near a decision; 0 when exact."""
