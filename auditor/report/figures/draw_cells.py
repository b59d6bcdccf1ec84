"""Drawings of cells with a number in each: intersections of groups, terms in templates.

Shades repeat what the numbers say, so they need no legend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from auditor.report.figures.look import (
    INK,
    LETTER,
    LINE,
    MUTED,
    SIZE,
    WIDTH,
    dressed,
    group_axis,
    keyed,
    label,
    lines_of,
)
from auditor.report.figures.parts import FigureRow
from auditor.report.figures.wording import turned
from auditor.report.numbers import decimal

PAPER = "#ffffff"
SMALL = "○"
"""Marks a cell with fewer rows than the plan asks for."""
_BLUES = ("#f3f6f7", "#e1ecf5", "#cbdff0", "#a3c6e4", "#7fabd0")
_UP, _DOWN = ("#e9f1f8", "#cbdff0", "#7fabd0"), ("#fbeee4", "#f5d6bd", "#e0966f")
_CELL = 52
_LABEL = 26


def intersections(figure: FigureRow) -> Any:
    """Returns the rate of every two groups at once; those on few rows are marked and hatched."""
    down, across = ("second", "first") if turned(figure.rows) else ("first", "second")
    return _grid(figure.rows, down, across, _rate_cell)


def templates(figure: FigureRow) -> Any:
    """Returns the mean effect of every term in every template."""
    largest = max(abs(row["effect"] or 0.0) for row in figure.rows)
    return _grid(figure.rows, "template", "term", lambda row: _effect_cell(row, largest))


def _rate_cell(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["rate"] is None:
        return {
            "value": "–",
            "below": "no row" if row["n"] == 0 else "",
            "fill": PAPER,
            "few": True,
        }
    few = bool(row["small"])
    return {
        "value": f"{SMALL} {row['rate']:.3f}" if few else f"{row['rate']:.3f}",
        "below": f"n = {row['n']:,}",
        "fill": PAPER if few else _BLUES[min(4, int(row["rate"] * 5))],
        "few": few,
    }


def _effect_cell(row: Mapping[str, Any], largest: float) -> dict[str, Any]:
    effect = row["effect"]
    if effect is None:
        return {"value": "–", "below": "", "fill": PAPER, "few": True}
    step = min(2, int(3 * abs(effect) / largest)) if largest else 0
    fill = (_DOWN if effect < 0 else _UP)[step]
    return {"value": decimal(effect), "below": "", "fill": fill, "few": False}


def _grid(
    rows: Sequence[Mapping[str, Any]],
    down: str,
    across: str,
    cell: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> Any:
    names = {side: list(dict.fromkeys(row[side] for row in rows)) for side in (down, across)}
    left = [label(name, _LABEL) for name in names[down]]
    room = WIDTH - LETTER * max(len(line) for lines in left for line in lines)
    width = max(7, int(room / len(names[across]) / LETTER))
    labels = {down: left, across: [label(name, width) for name in names[across]]}
    places = {side: {name: i for i, name in enumerate(names[side])} for side in names}
    data = keyed(
        [
            {**row, **cell(row), "x": places[across][row[across]], "y": places[down][row[down]]}
            for row in rows
        ]
    )
    top = group_axis(labels[across], orient="top", labelAngle=0, labelAlign="center")
    base = alt.Chart(data).encode(
        x=alt.X("x:O", axis=top), y=alt.Y("y:O", axis=group_axis(labels[down]))
    )
    two = bool((data["below"] != "").any())
    height = max(_CELL if two else 34, LINE * lines_of(labels[down]) + 4)
    return dressed(alt.layer(*_layers(base, two)), height=height * len(names[down]))


def _layers(base: Any, two: bool) -> list[Any]:
    shift = -8 if two else 0
    cells = base.mark_rect(stroke=PAPER, strokeWidth=2)
    few = base.transform_filter("datum.few").mark_rect(
        fillOpacity=0, stroke=MUTED, strokeDash=[3, 3], strokeWidth=1
    )
    text = base.mark_text(fontSize=SIZE, color=INK, dy=shift).encode(text="value:N")
    counts = base.mark_text(fontSize=SIZE, color=MUTED, dy=9).encode(text="below:N")
    fill = alt.Color("fill:N", scale=None)
    return [cells.encode(color=fill), few, text, *([counts] if two else [])]
