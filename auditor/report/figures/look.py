"""What drawings share: colours, axes of groups, labels that are never clipped.

An axis of groups is drawn over keys, 0 to n - 1, which its labels are looked up by: names may be
alike, empty, of 300 characters, or hold what would be code elsewhere.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from auditor.report.charts import FONT, ROW_HEIGHT
from auditor.report.words import shown

WIDTH = 720
"""Of a whole chart, labels included: one scale of type in all of them."""
INK, MUTED, BAND, GRID = "#1d2328", "#5b666e", "#dfe7ea", "#e6e6e6"
ACCENT, OTHER = "#2b5c8a", "#b5482a"
SERIES = {
    "#2b5c8a": ("circle", [1, 0]),
    "#b5482a": ("square", [6, 3]),
    "#3d7a5a": ("triangle-up", [2, 2]),
    "#6b4c86": ("diamond", [8, 3, 2, 3]),
    "#6d6a2f": ("cross", [4, 2]),
    "#444444": ("triangle-down", [1, 3]),
}
"""Colour -> the shape and the dash that say the same."""
SIZE = 12
LETTER = 6.4
"""Width of a letter, about, in pixels."""
LINE = 15
"""Of one line of a label, in pixels."""
_LINES = 3


def label(name: str, width: int) -> list[str]:
    """Returns a name as lines of at most `width` characters, cut off after the third: tables show
    it whole. Each line keeps its writing direction to itself."""
    lines = textwrap.wrap(shown(name), width, break_long_words=True) or ["(empty)"]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][: width - 1] + "…"]
    return [line if line.isascii() else f"\u2068{line}\u2069" for line in lines]


def lines_of(labels: Iterable[Sequence[str]]) -> int:
    """Returns how many lines the longest label has."""
    return max((len(each) for each in labels), default=1)


def looked_up(labels: Sequence[Any]) -> str:
    """Returns the Vega expression that gives the label of a key."""
    return f"{json.dumps(dict(enumerate(labels)))}[datum.value]"


def keyed(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Returns rows with a column `key`: their place."""
    return pd.DataFrame([{**row, "key": place} for place, row in enumerate(rows)])


def group_axis(labels: Sequence[Sequence[str]], **given: Any) -> alt.Axis:
    """Returns the axis of keys with their labels, beside the middle of their rows or, at the top,
    above their columns."""
    upright = given.get("orient") == "top"
    padding = 5 + LINE * (lines_of(labels) - 1) if upright else 5
    given = {"labelPadding": padding, **given}
    return alt.Axis(
        labelExpr=looked_up(labels),
        labelLimit=0,
        labelLineHeight=LINE,
        labelOverlap=False,
        labelOffset=0 if upright else _middle(labels),
        title=None,
        ticks=False,
        domain=False,
        grid=False,
        **given,
    )


def _middle(labels: Sequence[Sequence[str]]) -> Any:
    """Vega places the first line of a label: those with more are moved up by half of the rest."""
    counts = [len(each) for each in labels]
    moved = [
        {"test": f"{looked_up(counts)} === {count}", "value": -LINE * (count - 1) / 2}
        for count in sorted(set(counts))
        if count > 1
    ]
    return {"condition": moved, "value": 0} if moved else 0


def row_height(labels: Sequence[Sequence[str]]) -> int:
    """Returns the height of a row in pixels, with room for its label."""
    return max(ROW_HEIGHT, LINE * lines_of(labels) + 4)


def dressed(chart: Any, *, width: int | None = None, height: int | None = None) -> Any:
    """Returns a chart in the report's look.

    Args:
        width: of the plot alone; None: the whole chart is `WIDTH` wide.
        height: of the plot; None: as its parts have it.
    """
    sizes = {} if height is None else {"height": height}
    if width is None and height is not None:
        fit = alt.AutoSizeParams(type="fit-x", contains="padding")
        chart = chart.properties(width=WIDTH, autosize=fit, **sizes)
    elif width is not None:
        chart = chart.properties(width=width, **sizes)
    plain: dict[str, Any] = {"labelFontSize": SIZE, "titleFontSize": SIZE}
    return (
        chart.configure(font=FONT, background="#ffffff", padding=4)
        .configure_axis(
            **plain, titleFontWeight="normal", gridColor=GRID, labelColor=INK, titleColor=INK
        )
        .configure_title(fontSize=SIZE, fontWeight="normal", color=INK, lineHeight=LINE)
        .configure_legend(
            **plain, orient="bottom", titleFontWeight="normal", labelLimit=0, titleColor=INK
        )
        .configure_view(stroke=None)
    )


def rule_at(value: float, *, colour: str = MUTED, dash: bool = False) -> alt.Chart:
    """Returns a vertical line."""
    mark = {"strokeDash": [4, 3]} if dash else {}
    return alt.Chart(pd.DataFrame([{"at": value}])).mark_rule(color=colour, **mark).encode(x="at:Q")
