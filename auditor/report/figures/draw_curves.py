"""Drawings of curves, group by group: other cut-offs, ranking, calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from auditor.report.figures.look import (
    ACCENT,
    BAND,
    MUTED,
    OTHER,
    SERIES,
    dressed,
    label,
    looked_up,
)
from auditor.report.figures.parts import FigureRow

_PANEL = (180, 160)
_WIDE = (300, 230)
_SQUARE = 360
_COUNT = 10
"""Size of the counts under a curve: ten stand side by side."""
_RATIO_ENDS = (0.0, 2.0)


def cutoffs(figure: FigureRow) -> Any:
    """Returns the ratio of each group over the cut-off, with its band and the line in use."""
    x = alt.X("cutoff:Q", title="cut-off", axis=alt.Axis(tickCount=5, format="~g"))
    scale = alt.Scale(domain=list(_RATIO_ENDS))

    def panel(data: pd.DataFrame, *, first: bool) -> list[Any]:
        ratio, low, high = (data[name].clip(*_RATIO_ENDS) for name in ("ratio", "low", "high"))
        base = alt.Chart(data.assign(ratio=ratio, low=low, high=high))
        y = alt.Y("ratio:Q", title="impact ratio" if first else None, scale=scale)
        return [
            base.mark_area(color=BAND).encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"),
            _line(y=1.0),
            *(_line(x=value, color=OTHER) for value in figure.marks.values()),
            base.mark_line(color=ACCENT, strokeWidth=2).encode(
                x=x, y=y, tooltip=["group", "cutoff", "ratio", "low", "high", "n"]
            ),
        ]

    return _panels(figure, panel, _PANEL, 3)


def reliability(figure: FigureRow) -> Any:
    """Returns the share that deserves the outcome over the score, and the rows of each bin."""
    x = alt.X("mean_score:Q", title="mean score in the bin", scale=alt.Scale(domain=[0, 1]))
    scale = alt.Scale(domain=[-0.14, 1])
    axis = alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1], format=".1f")

    def panel(data: pd.DataFrame, *, first: bool) -> list[Any]:
        middle = (data["from"].astype(float) + data["to"].astype(float)) / 2
        base = alt.Chart(data.assign(middle=middle))
        title = "share that deserves the outcome" if first else None
        y = alt.Y("rate:Q", title=title, scale=scale, axis=axis)
        return [
            _diagonal(),
            base.mark_line(color=ACCENT, strokeWidth=2).encode(x=x, y=y),
            base.mark_point(color=ACCENT, filled=True, size=40, opacity=1).encode(
                x=x, y=y, tooltip=["from", "to", "mean_score", "rate", "n"]
            ),
            base.mark_text(color=MUTED, fontSize=_COUNT).encode(
                x="middle:Q", y=alt.datum(-0.08), text=alt.Text("n:Q", format=",d")
            ),
        ]

    return _panels(figure, panel, _WIDE, 2)


def _line(color: str = MUTED, **at: float) -> Any:
    data = pd.DataFrame([at])
    encoded = {name: f"{name}:Q" for name in at}
    return alt.Chart(data).mark_rule(color=color, strokeDash=[4, 3]).encode(**encoded)


def _diagonal() -> Any:
    ends = pd.DataFrame([{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}])
    return alt.Chart(ends).mark_line(color=MUTED, strokeDash=[4, 3]).encode(x="x:Q", y="y:Q")


def _panels(
    figure: FigureRow, panel: Callable[..., list[Any]], size: tuple[int, int], columns: int
) -> Any:
    """One small chart a group, side by side."""
    drawn = []
    for place, group in enumerate(_groups(figure.rows)):
        data = pd.DataFrame([row for row in figure.rows if row["group"] == group])
        layers = alt.layer(*panel(data, first=place % columns == 0))
        title = alt.TitleParams(label(group, size[0] // 7))
        drawn.append(layers.properties(width=size[0], height=size[1], title=title))
    return dressed(alt.concat(*drawn, columns=columns))


def roc(figure: FigureRow) -> Any:
    """Returns the true over the false positive rate of each group, and where it is decided."""
    groups = _groups(figure.rows)
    data = _placed([*_corners(groups, 1.0), *figure.rows, *_corners(groups, 0.0)], groups)
    names = [" ".join(label(group, 30)) for group in groups]
    legend = alt.Legend(
        title=None, labelExpr=looked_up(names), columns=2, symbolSize=90, symbolStrokeWidth=0
    )
    styles = list(SERIES.items())[: len(groups)]

    def by(channel: Any, values: Sequence[Any], legend: Any) -> Any:
        scale = alt.Scale(domain=list(range(len(groups))), range=list(values))
        return channel("group:N", title=None, scale=scale, legend=legend)

    base = alt.Chart(data).encode(
        x=alt.X("false_positive_rate:Q", title="false positive rate"),
        y=alt.Y("true_positive_rate:Q", title="true positive rate"),
        color=by(alt.Color, [colour for colour, _ in styles], legend),
        tooltip=["cutoff", "true_positive_rate", "false_positive_rate", "n"],
    )
    curves = base.transform_filter("!datum.in_use").mark_line(strokeWidth=1.8)
    points = base.transform_filter("datum.in_use").mark_point(filled=True, size=110, opacity=1)
    return dressed(
        alt.layer(
            _diagonal(),
            curves.encode(
                strokeDash=by(alt.StrokeDash, [dash for _, (_, dash) in styles], None),
                order="step:Q",
            ),
            points.encode(shape=by(alt.Shape, [shape for _, (shape, _) in styles], legend)),
        ),
        width=_SQUARE,
        height=_SQUARE,
    )


def _corners(groups: Sequence[str], at: float) -> list[dict[str, Any]]:
    """Where every curve begins and ends: everyone selected, no one."""
    both = {"true_positive_rate": at, "false_positive_rate": at}
    return [
        {"group": group, "in_use": False, "cutoff": None, "n": None, **both} for group in groups
    ]


def _groups(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(row["group"]) for row in rows))


def _placed(rows: Sequence[Mapping[str, Any]], groups: Sequence[str]) -> pd.DataFrame:
    """Rows with groups as keys, in the order in which they are joined."""
    return pd.DataFrame(
        [{**row, "group": groups.index(row["group"]), "step": i} for i, row in enumerate(rows)]
    )
