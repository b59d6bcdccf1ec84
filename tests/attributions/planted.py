"""Explained pairs with planted attributions: what is to be found is known by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

Token = tuple[str, str, float]
"""Token as written, role, value."""


@dataclass(frozen=True)
class Planted:
    """One pair: "The man <words>" against "The woman <words>"."""

    cluster: str
    on_term: float = 0.0
    on_words: float = 0.0
    """On each word of the context, from A to B."""
    on_base: float = 0.0
    chosen: str = "sample"
    probability: float = 0.1
    words: Sequence[str] = ("left ", "early")
    attribute: str = "gender"
    groups: tuple[str, str] = ("male", "female")
    census: bool = False
    backwards: bool = False
    """The text is of group B and its counterfactual of group A."""

    def side(self, *, is_b: bool) -> list[Token]:
        # An ending of the term's own follows without a blank.
        written = ("woman" if is_b else "man") + ("" if self.words[:1] == ("'",) else " ")
        term: Token = (written, "term", 1.0 + self.on_term * is_b)
        change = self.on_words if is_b else 0.0
        context: list[Token] = [(word, "context", 0.25 + change) for word in self.words]
        special: Token = ("", "special", 0.0)
        return [special, ("The ", "context", 0.5), term, *context, special]


def explained(planted: Iterable[Planted]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the rows of `schemas.ATTRIBUTIONS` of pairs, and the pairs."""
    rows: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    for number, pair in enumerate(planted):
        a, b = pair.groups
        # Not in the order in which they were made: results must not hang on it.
        pair_id = f"{number * 7919 % 10007:05d}-{number}"
        pairs.append(
            {
                "pair_id": pair_id,
                "cluster": pair.cluster,
                "attribute": pair.attribute,
                "group_a": a,
                "group_b": b,
                "group_from": b if pair.backwards else a,
                "group_to": a if pair.backwards else b,
                "weight": 1.0,
                "census": pair.census,
            }
        )
        for is_b in (False, True):
            rows += _rows(pair, pair_id, is_b=is_b)
    return pd.DataFrame(rows), pd.DataFrame(pairs)


def _rows(pair: Planted, pair_id: str, *, is_b: bool) -> list[dict[str, Any]]:
    rows, at = [], 0
    for index, (token, role, value) in enumerate(pair.side(is_b=is_b)):
        end = at + len(token.strip())
        rows.append(
            {
                "pair_id": pair_id,
                "chosen": pair.chosen,
                "sampling_probability": pair.probability,
                "method": "owen",
                "side": "to" if is_b != pair.backwards else "from",
                "index": index,
                "token": token,
                "start": at,
                "end": end,
                "role": role,
                "aligned": index,
                "value": value,
                "base": pair.on_base if is_b else 0.0,
                "residual": 0.0,
                "unit": "log-odds",
            }
        )
        at += len(token)
    return rows
