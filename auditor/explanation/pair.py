"""One pair with what each of its tokens adds to the output, by one method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from auditor.records import Span
from auditor.records_attributions import Chosen, Role


@dataclass(frozen=True, slots=True)
class TokenValue:
    """One token of one side."""

    token: str
    start: int
    """In characters of the side's text; equal to `end`: a special token."""
    end: int
    role: Role
    aligned: int
    """Tokens of both sides with one number are compared."""
    value: float


@dataclass(frozen=True, slots=True)
class Side:
    """One text of a pair with its tokens."""

    text: str
    spans: tuple[Span, ...]  # [edit], characters of `text`
    tokens: tuple[TokenValue, ...]
    base: float | None
    """Of the text with every token masked; None: the method has none."""
    residual: float | None
    """What base and values leave of the output; None likewise."""
    unresolved: float
    """Absolute effect that the budget left on groups of tokens."""

    @property
    def sum(self) -> float:
        return sum(token.value for token in self.tokens)

    @property
    def total(self) -> float | None:
        """The output of the whole text; None where the method does not add up to it."""
        if self.base is None or self.residual is None:
            return None
        return self.base + self.sum + self.residual


@dataclass(frozen=True, slots=True)
class Compared:
    """Tokens of the two sides that are compared, with what they add."""

    role: Role
    token_from: str
    token_to: str
    value_from: float
    value_to: float

    @property
    def gap(self) -> float:
        """0 means that they count the same on both sides."""
        return self.value_to - self.value_from

    def plain(self) -> dict[str, Any]:
        """Returns a row of plain values."""
        return {**asdict(self), "role": self.role.value, "gap": self.gap}


@dataclass(frozen=True)
class PairExplanation:
    """What each token of a pair adds to the output, by one method."""

    pair_id: str
    model_id: str
    method: str
    label: str
    """The favourable labels, which are explained."""
    unit: str
    chosen: Chosen | None
    """Why the audit explained it; None: made now, and no part of the evidence."""
    text: Side
    counterfactual: Side

    @cached_property
    def compared(self) -> tuple[Compared, ...]:
        """Tokens that are compared, in reading order; special ones only where they add something.

        Gaps of values and base add up to output(counterfactual) - output(text) where the method
        adds up.
        """
        return tuple(_compared(self.text, self.counterfactual))

    @property
    def table(self) -> pd.DataFrame:
        """One row per compared tokens: role, token_from, token_to, value_from, value_to, gap."""
        return pd.DataFrame([each.plain() for each in self.compared])


def _compared(text: Side, other: Side) -> Iterator[Compared]:
    sides = [_units(text), _units(other)]
    for unit in sorted(sides[0].keys() | sides[1].keys()):
        tokens = [side.get(unit, []) for side in sides]
        role = (tokens[0] or tokens[1])[0].role
        values = [sum(token.value for token in own) for own in tokens]
        if role is Role.SPECIAL and values == [0.0, 0.0]:
            continue
        words = [_written(*each) for each in zip((text, other), tokens, strict=True)]
        yield Compared(role, words[0], words[1], values[0], values[1])


def _units(side: Side) -> dict[int, list[TokenValue]]:
    units: dict[int, list[TokenValue]] = {}
    for token in side.tokens:
        units.setdefault(token.aligned, []).append(token)
    return units


def _written(side: Side, tokens: list[TokenValue]) -> str:
    """Returns tokens as they stand in the text; the pieces of one character are written once."""
    standing = [token for token in tokens if token.end > token.start]
    if standing:
        return side.text[standing[0].start : max(token.end for token in standing)]
    return "".join(token.token for token in tokens).strip()
