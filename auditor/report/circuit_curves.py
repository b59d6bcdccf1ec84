"""Curves of a circuit as Altair specs: what circuits of growing size carry, what repairs leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from auditor.records import Estimate
from auditor.records_circuits import CircuitRecord, CurvePoint, Repair, RepairOption
from auditor.report.charts import styled
from auditor.report.circuit_graph import scale_of
from auditor.report.circuit_statements import curve_of
from auditor.report.words_circuits import letter, repair_kind

FOUND, RANDOM = "the components that carry most", "random circuits"
FOUND_EDGES, RANDOM_EDGES = "the edges that carry most", "random edges"
_BLUE, _ORANGE, _GREY, _BAND = "#2b5c8a", "#b5482a", "#777", "#dfe7ea"
_INK = "#1d2328"
_DOT: dict[str, Any] = {"filled": True, "size": 36}
_PLAIN = alt.Legend(symbolStrokeWidth=0)
"""A dashed ring is no sample of a dashed line."""
_HEIGHT = 13
"""In rows of `charts.ROW_HEIGHT`."""
BEFORE = "the model as it is"
_SHAPES = {BEFORE: "diamond", "repair": "circle", "baseline": "square"}
_COLOURS = {BEFORE: _GREY, "repair": _BLUE, "baseline": _ORANGE}
_BASELINES = ("embedding", "mask_term")


def faithfulness_curve(record: CircuitRecord, level: str) -> alt.LayerChart:
    """Returns the share of the effect that circuits carry by their size, with the random band.

    Args:
        level: node, edge.
    """
    nodes = level == "node"
    names = (FOUND, RANDOM) if nodes else (FOUND_EDGES, RANDOM_EDGES)
    points = curve_of(record, level)
    found = [_row(p.size, p.faithfulness, names[0]) for p in points]
    beside = [_row(p.size, p.random, names[1]) for p in points if p.random is not None]
    x = _sizes(points, "components" if nodes else "edges")
    layers = [
        _rule(1.0),
        _band(beside, x),
        _line([*found, *beside], dict(zip(names, (_BLUE, _GREY), strict=True)), x),
        _intervals(found, x, _BLUE),
    ]
    return styled(alt.layer(*layers, *(_chosen(record) if nodes else [])), _HEIGHT)


def ablation_curve(record: CircuitRecord) -> alt.LayerChart:
    """Returns the share of the effect that is left when the largest components are held."""
    points = [p for p in curve_of(record, "node") if p.ablation is not None]
    left = [_row(p.size, p.ablation, "") for p in points if p.ablation is not None]
    x = _sizes(points, "components held")
    line = (
        alt.Chart(_frame(left))
        .mark_line(point=alt.OverlayMarkDef(color=_ORANGE, **_DOT), color=_ORANGE)
        .encode(
            x=x,
            y=alt.Y("value:Q", title="share of the effect that is left"),
            tooltip=["size", "value", "low", "high"],
        )
    )
    layers = [_rule(0.0), line, _intervals(left, x, _ORANGE), *_chosen(record)]
    return styled(alt.layer(*layers), _HEIGHT)


def _row(size: int, estimate: Estimate, series: str) -> dict[str, Any]:
    value = estimate.value
    low = value if estimate.low is None else estimate.low
    high = value if estimate.high is None else estimate.high
    return {"size": size, "value": value, "low": low, "high": high, "series": series}


def _sizes(points: Sequence[CurvePoint], noun: str) -> alt.X:
    sizes = [point.size for point in points]
    return alt.X(
        "size:Q",
        scale=alt.Scale(type="log", padding=12, nice=False),
        axis=alt.Axis(title=f"{noun} (log scale)", values=sizes, format=",d", grid=False),
    )


def _line(rows: Sequence[Mapping[str, Any]], colours: Mapping[str, str], x: alt.X) -> alt.Chart:
    drawn = {row["series"] for row in rows}
    colours = {name: colour for name, colour in colours.items() if name in drawn}
    dashes = alt.Scale(domain=list(colours), range=[[1, 0], [5, 4]][: len(colours)])
    return (
        alt.Chart(_frame(rows))
        .mark_line(point=alt.OverlayMarkDef(**_DOT))
        .encode(
            x=x,
            y=alt.Y("value:Q", title="share of the effect carried"),
            color=alt.Color("series:N", title=None, scale=scale_of(colours), legend=_PLAIN),
            strokeDash=alt.StrokeDash("series:N", title=None, scale=dashes, legend=_PLAIN),
            tooltip=["series", "size", "value", "low", "high"],
        )
    )


def _intervals(rows: Sequence[Mapping[str, Any]], x: alt.X, colour: str) -> alt.Chart:
    return alt.Chart(_frame(rows)).mark_rule(color=colour).encode(x=x, y="low:Q", y2="high:Q")


def _band(rows: Sequence[Mapping[str, Any]], x: alt.X) -> alt.LayerChart:
    """The bars are the band where a single size has one."""
    base = alt.Chart(_frame(rows)).encode(x=x, y="low:Q", y2="high:Q")
    return alt.layer(base.mark_area(color=_BAND), base.mark_rule(color=_BAND, strokeWidth=9))


def _frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["size", "value", "low", "high", "series"])


def _rule(at: float) -> alt.Chart:
    return alt.Chart(pd.DataFrame([{"y": at}])).mark_rule(color=_GREY).encode(y="y:Q")


def _chosen(record: CircuitRecord) -> list[alt.Chart]:
    """An upright line at the size of the circuit itself."""
    if not record.members:
        return []
    data = pd.DataFrame([{"x": len(record.members)}])
    return [alt.Chart(data).mark_rule(color=_INK, strokeDash=[2, 3]).encode(x="x:Q")]


def repair_front(record: CircuitRecord) -> alt.LayerChart:
    """Returns what each repair leaves of the effect against its quality, with random sets.

    Letters at the points are those of the table's rows.
    """
    assert record.repair is not None
    data = pd.DataFrame(list(_repairs(record.repair)))
    x = alt.X(
        "quality:Q",
        title=f"quality: {record.repair.quality_measure}",
        scale=_ROOM,
        axis=alt.Axis(tickCount=6),
    )
    shape = alt.Shape("kind:N", title=None, scale=scale_of(_SHAPES))
    colour = alt.Color("kind:N", title=None, scale=scale_of(_COLOURS))
    base = alt.Chart(data).encode(x=x)
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        y=alt.Y("value:Q", title="share of the effect that is left", scale=_ROOM),
        color=colour,
        shape=shape,
        tooltip=["name", "value", "low", "high", "quality"],
    )
    ranges = base.mark_rule(color=_BAND, strokeWidth=9).encode(y="random_low:Q", y2="random_high:Q")
    bars = base.mark_rule(strokeWidth=1.4).encode(y="low:Q", y2="high:Q", color=colour)
    front = (
        base.transform_filter("datum.front")
        .mark_line(color=_INK, strokeDash=[2, 3], strokeWidth=1)
        .encode(y="value:Q", order="quality:Q")
    )
    labels = base.mark_text(dx=11, align="left", fontSize=11, color=_INK).encode(
        y="value:Q", text="label:N"
    )
    return styled(alt.layer(_rule(0.0), ranges, front, bars, points, labels), _HEIGHT + 3)


_ROOM = alt.Scale(padding=14, zero=False)


def _repairs(repair: Repair) -> Iterator[dict[str, Any]]:
    yield {
        **dict.fromkeys(("low", "high", "random_low", "random_high")),
        "name": BEFORE,
        "kind": BEFORE,
        "quality": repair.quality_before.value,
        "value": 1.0,
        "front": False,
        "label": "",
    }
    for place, option in enumerate(repair.options):
        if option.quality is not None and option.remaining_gap.value is not None:
            yield _option(place, option, option.quality)


def _option(place: int, option: RepairOption, quality: Estimate) -> dict[str, Any]:
    gap = option.remaining_gap
    return {
        "name": repair_kind(option.kind),
        "kind": "baseline" if option.kind in _BASELINES else "repair",
        "quality": quality.value,
        "value": gap.value,
        "low": gap.low,
        "high": gap.high,
        "random_low": option.random.low if option.random else None,
        "random_high": option.random.high if option.random else None,
        "front": option.on_front,
        "label": letter(place),
    }
