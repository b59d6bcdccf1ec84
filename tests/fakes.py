"""Models with known answers. Each is a callable `list[str] -> array [text, label]`.

Columns are probabilities of ("negative", "positive"), the favourable label last.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

LABELS = ["negative", "positive"]

UNEXPLAINED: dict[str, Any] = {
    "explain_flagged": 0, "explain_sample": 0, "explain_placebo": 0, "trace_findings": 0,
}  # fmt: skip
"""Options of an audit that asks for no attributions and no circuits."""

Probabilities = npt.NDArray[np.float64]  # [text, label]


def columns(positive: npt.ArrayLike) -> Probabilities:
    """Returns [text, label] from P(positive) per text."""
    p = np.asarray(positive, dtype=np.float64)
    return np.stack([1 - p, p], axis=1)


def constant(texts: list[str], p: float = 0.7) -> Probabilities:
    """Says the same of every text: all effects are 0."""
    return columns(np.full(len(texts), p))


class Biased:
    """P(positive) is `base`, less `penalty` where a text has one of `words`.

    `noise` adds a value in +-noise that depends on the text's words other than `words`, so that
    texts differ while a pair's effect stays exactly `-penalty`.
    """

    def __init__(
        self, *words: str, penalty: float = 0.3, base: float = 0.7, noise: float = 0.0
    ) -> None:
        self.words = frozenset(w.lower() for w in words)
        self.penalty, self.base, self.noise = penalty, base, noise

    def __call__(self, texts: list[str]) -> Probabilities:
        return columns([self._one(text) for text in texts])

    def _one(self, text: str) -> float:
        words = text.lower().replace(".", " ").replace(",", " ").split()
        hit = any(w in self.words for w in words)
        seed = zlib.crc32(str(len(words)).encode() + "".join(words[-1:]).encode())
        return self.base - self.penalty * hit + self.noise * (2 * seed / 2**32 - 1)


class Counting:
    """Wraps a model and counts the texts it is asked for."""

    def __init__(self, model: object = constant) -> None:
        self.model, self.calls, self.texts = model, 0, 0

    def __call__(self, texts: list[str]) -> Probabilities:
        self.calls += 1
        self.texts += len(texts)
        answer: Probabilities = self.model(texts)  # type: ignore[operator]
        return answer


def failing(texts: list[str]) -> Probabilities:
    """Always fails."""
    raise RuntimeError("the scoring service is down")
