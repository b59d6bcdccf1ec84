"""Drawings of one row a group: ratios, rates, effects of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from auditor.records import Contrast
from auditor.report.figures.look import (
    ACCENT,
    BAND,
    INK,
    LETTER,
    OTHER,
    SIZE,
    dressed,
    group_axis,
    keyed,
    label,
    row_height,
    rule_at,
)
from auditor.report.figures.parts import FigureRow
from auditor.report.measures import unit_words
from auditor.report.words import contrast_words, isolated

_LABEL = 46
"""Characters of a line of a label."""
_ENDS = {"from": "low", "to": "high"}
LOG_ENDS = (0.05, 20.0)
"""Ratios beyond are drawn at the edge, as a triangle."""
_TICKS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)


def ratios(figure: FigureRow) -> Any:
    """Returns ratios with intervals on a log axis, and the line of a rule where one was asked."""
    rows = figure.rows
    low, high = _log_ends(rows)
    data = keyed([_inside(row, low, high) for row in rows])
    labels = [label(f"{_named(row)} v {isolated(row['reference'])}", _LABEL) for row in rows]
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    x = alt.X(
        "at:Q",
        scale=scale,
        title="impact ratio, log axis",
        axis=alt.Axis(values=ticks, format="~g", labelOverlap="greedy"),
    )
    marks = [rule_at(1.0), *(rule_at(v, colour=OTHER, dash=True) for v in figure.marks.values())]
    return dressed(
        beside_counts([*marks, *_intervals(data, labels, rows, x), *_said(figure.marks)], data),
        height=len(rows) * row_height(labels),
    )


def _named(row: Mapping[str, Any]) -> str:
    return f"{isolated(row['column'])}: {isolated(row['group'])}"


def _log_ends(rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    values = [row[key] for row in rows for key in ("ratio", "low", "high") if row[key]]
    low = min([0.7, *(value / 1.1 for value in values)])
    high = max([1.3, *(value * 1.1 for value in values)])
    return max(low, LOG_ENDS[0]), min(high, LOG_ENDS[1])


def _inside(row: Mapping[str, Any], low: float, high: float) -> dict[str, Any]:
    """What is drawn of a ratio: within the axis, its ends where it has none."""
    drawn = _drawn(row, "ratio")
    within = {
        key: None if value is None else min(max(value, low), high) for key, value in drawn.items()
    }
    at = drawn["at"]
    beyond = "within" if at is None or low <= at <= high else "left" if at < low else "right"
    return {**row, **within, "beyond": beyond}


def _drawn(row: Mapping[str, Any], key: str) -> dict[str, float | None]:
    """Point and ends; a point without an interval has its ends where it is."""
    ends = {name: row[key] if row[end] is None else row[end] for name, end in _ENDS.items()}
    return {"at": row[key], **ends}


def _intervals(
    data: pd.DataFrame, labels: Sequence[Sequence[str]], rows: Sequence[Mapping[str, Any]], x: alt.X
) -> list[Any]:
    """Interval and point."""
    y = alt.Y("key:O", axis=group_axis(labels))
    base = alt.Chart(data)
    shape = alt.Shape(
        "beyond:N",
        scale=alt.Scale(
            domain=["left", "within", "right"], range=["triangle-left", "circle", "triangle-right"]
        ),
        legend=None,
    )
    return [
        base.mark_rule(color=ACCENT, strokeWidth=1.6).encode(y=y, x="from:Q", x2="to:Q"),
        base.mark_point(filled=True, size=64, opacity=1, color=ACCENT).encode(
            y=y, x=x, shape=shape, tooltip=[name for name in rows[0] if name != "key"]
        ),
    ]


def beside_counts(layers: Sequence[Any], data: pd.DataFrame) -> Any:
    """Returns layers with an axis at the right that says how much each row rests on."""
    counts = [["" if pd.isna(n) else f"n = {n:,.0f}"] for n in data["n"]]
    room = round(LETTER * max(len(each[0]) for each in counts)) + 5
    axis = group_axis(counts, orient="right", labelAlign="right", labelPadding=room)
    right = alt.Chart(data).mark_point(opacity=0).encode(y=alt.Y("key:O", axis=axis))
    return alt.layer(alt.layer(*layers), right).resolve_scale(y="independent")


def _said(marks: Mapping[str, float]) -> list[Any]:
    """The words of each line, above it."""
    if not marks:
        return []
    words = pd.DataFrame([{"at": value, "words": name} for name, value in marks.items()])
    text = alt.Chart(words).mark_text(
        color=OTHER, fontSize=SIZE, baseline="bottom", dy=-4, align="center"
    )
    return [text.encode(x="at:Q", y=alt.value(0), text="words:N")]


def rates(figure: FigureRow) -> Any:
    """Returns rates with intervals, and their rows at the right."""
    rows = figure.rows
    data = keyed([{**row, **_drawn(row, "rate"), "beyond": "within"} for row in rows])
    labels = [label(_named(row), _LABEL) for row in rows]
    x = alt.X("at:Q", title="share given the favourable outcome", scale=alt.Scale(domain=[0, 1]))
    return dressed(
        beside_counts(_intervals(data, labels, rows, x), data),
        height=len(rows) * row_height(labels),
    )


def effects(figure: FigureRow) -> Any:
    """Returns how the effects of each contrast's pairs lie, before the band of placebo pairs."""
    rows = figure.rows
    data = keyed([{**row, "below": _minus(row["noise"]), "above": row["noise"]} for row in rows])
    labels = [
        label(contrast_words(Contrast(row["attribute"], row["group_a"], row["group_b"])), _LABEL)
        for row in rows
    ]
    y = alt.Y("key:O", axis=group_axis(labels))
    unit = unit_words(rows[0]["unit"])
    title = f"effect of a pair {unit}".rstrip() + "; grey band: nine in ten placebo pairs"
    base = alt.Chart(data)
    height = row_height(labels)
    layers = [
        base.mark_bar(color=BAND, size=height).encode(y=y, x="below:Q", x2="above:Q"),
        rule_at(0.0),
        base.mark_rule(color=ACCENT, strokeWidth=1.4).encode(y=y, x="p05:Q", x2="p95:Q"),
        base.mark_bar(color="#9bbbd8", size=9).encode(y=y, x="p25:Q", x2="p75:Q"),
        base.mark_tick(color=INK, thickness=2.4, size=13).encode(
            y=y, x=alt.X("median:Q", title=title), tooltip=list(rows[0])
        ),
    ]
    return dressed(beside_counts(layers, data), height=len(rows) * height)


def _minus(value: float | None) -> float | None:
    return None if value is None else -value
