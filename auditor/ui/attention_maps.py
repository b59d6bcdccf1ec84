"""Attention maps of one head on both versions of a pair, side by side: context, never evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from auditor.report.circuit_graph import scale_of
from auditor.ui.marking import plain

TOKENS = 48
"""Of each text at most, near the tokens that differ: more cannot be read."""
SIZE = 18
"""Pixels of a token's row."""
_AROUND = 140
"""Pixels for the names of tokens below the map."""
STEPS = {
    "half or more": (0.5, "#2b5c8a"),
    "a quarter": (0.25, "#7fabd0"),
    "a tenth": (0.1, "#cfe1f0"),
    "less": (0.0, "#f3f6f7"),
}
"""Share of a query's attention -> from where on, and its colour."""


def window(tokens_a: Sequence[str], tokens_b: Sequence[str], most: int = TOKENS) -> slice:
    """Returns which positions to draw: all, or those around the first that differ."""
    pairs = enumerate(zip(tokens_a, tokens_b, strict=False))
    first = next((i for i, (a, b) in pairs if a != b), 0)
    longest = max(len(tokens_a), len(tokens_b))
    start = max(0, min(first - most // 2, longest - most))
    return slice(start, start + most)


def attention_map(
    tokens: Sequence[str], weights: Sequence[Sequence[float]], shown: slice
) -> alt.LayerChart:
    """Returns the attention of one text: rows look, columns are looked at.

    Args:
        weights: [query, key], each row adding to 1.
        shown: positions to draw.
    """
    places = range(*shown.indices(len(tokens)))
    # A number makes each token's name its own: the same word stands in a text more than once.
    names = {i: f"{i} {plain(tokens[i])}" for i in places}
    cells = pd.DataFrame([_cell(names, q, k, weights[q][k]) for q in places for k in places])
    order = list(names.values())
    axis = alt.Axis(labelLimit=90, labelOverlap=False)
    steps = {words: colour for words, (_, colour) in STEPS.items()}
    rects = (
        alt.Chart(cells)
        .mark_rect()
        .encode(
            x=alt.X("key:N", sort=order, title="looked at", axis=axis),
            y=alt.Y("query:N", sort=order, title="looks", axis=axis),
            color=alt.Color("step:N", scale=scale_of(steps), title="share of the attention"),
            tooltip=["query", "key", "attention"],
        )
    )
    return alt.layer(rects).properties(height=len(order) * SIZE + _AROUND)


def _cell(names: Mapping[int, str], query: int, key: int, weight: float) -> dict[str, Any]:
    step = next(words for words, (least, _) in STEPS.items() if weight >= least)
    return {"query": names[query], "key": names[key], "attention": weight, "step": step}
