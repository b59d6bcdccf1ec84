"""The graph of a circuit as an Altair spec: components by layer, and the edges that join them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from auditor.records_circuits import CircuitRecord, EdgeEffect, NodeEffect
from auditor.report.charts import styled

RAISES, LOWERS = "raises the first group's output", "lowers it"
INK = "#1d2328"
MOST_ROWS = 44
"""Of a chart's height, in rows of `charts.ROW_HEIGHT`: models of many layers are drawn denser."""
_COLOURS = {RAISES: "#2b5c8a", LOWERS: "#b5482a"}
_SHAPES = {"head": "circle", "MLP": "square", "embedding, output": "diamond"}
_NAMED = 16
"""Components with their names beside them."""
_LINES = 60
"""Edges drawn; more cannot be told apart."""
_BEND, _MOST_BEND = 0.22, 0.1
"""How far a line leaves the straight way, per layer, so that those up one column stay apart; and at
most, as a share of a layer's width."""
_LABELS: dict[str, dict[str, Any]] = {
    "above": {"dy": -16},
    "below": {"dy": 17},
    "right": {"dx": 13, "align": "left"},
}
"""Where a component's name stands."""
_PAPER = "#ffffff"
_SOLID = alt.Legend(symbolOpacity=1)
_GREY = alt.Legend(symbolOpacity=1, symbolFillColor="#777", symbolStrokeColor="#777")
_NAME = re.compile(r"a(\d+)\.h(\d+)(?:\.([qkv]))?|m(\d+)|embed|out")


class Spot(NamedTuple):
    """Where a component stands: heads by their number, the MLP to the right of them."""

    x: float
    y: float
    kind: str


def circuit_graph(record: CircuitRecord) -> alt.LayerChart:
    """Returns components by layer, those of the circuit emphasised, with the circuit's edges.

    Size is that of the score, colour its sign. Several edges between two components are one line.
    """
    points = pd.DataFrame(_points(record))
    largest = max(map(_size, record.nodes), default=0.0) or 1.0
    place = _axes(record)
    look = {
        **place,
        "size": alt.Size("size:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[14, 420])),
        "color": _by_sign(),
        "shape": alt.Shape("kind:N", scale=scale_of(_SHAPES), title=None, legend=_GREY),
        "tooltip": ["name", "score", "exact"],
    }
    points["size"] /= largest
    others = alt.Chart(points).transform_filter("!datum.member")
    members = alt.Chart(points).transform_filter("datum.member")
    return styled(
        alt.layer(
            _edges(record, largest, place),
            others.mark_point(filled=True, opacity=0.35).encode(**look),
            members.mark_point(filled=True, opacity=1, stroke=INK, strokeWidth=1.5).encode(**look),
            *(label for side in _LABELS for label in _labelled(members, side, place)),
        ),
        min(MOST_ROWS, 2 * (record.layers + 2)),
    )


def spot_of(name: str, record: CircuitRecord) -> Spot:
    """Returns where a component, or the component that a reader belongs to, stands."""
    found = _NAME.fullmatch(name)
    assert found, name
    layer, head, role, mlp = found.groups()
    width = _width(record)
    if mlp:
        return Spot(width + 0.5, int(mlp), "MLP")
    if layer is None:
        return Spot((width - 1) / 2, -1 if name == "embed" else record.layers, "embedding, output")
    x = float(head)
    if role in ("k", "v") and record.key_value_heads:
        group = record.heads / record.key_value_heads
        x = x * group + (group - 1) / 2
    return Spot(x, int(layer), "head")


def scale_of(values: Mapping[str, str]) -> alt.Scale:
    """Returns the scale of names and what stands for each, in their order."""
    return alt.Scale(domain=list(values), range=list(values.values()))


def _width(record: CircuitRecord) -> int:
    """Returns how many heads a layer has."""
    return max(1, record.heads // max(1, record.layers))


def _axes(record: CircuitRecord) -> dict[str, Any]:
    width, layers = _width(record), record.layers
    heads = alt.Axis(
        title="head",
        values=[*range(width), width + 0.5],
        labelExpr=f"datum.value > {width} ? 'MLP' : format(datum.value, 'd')",
        grid=False,
    )
    across = alt.Scale(domain=[-0.7, 1.1 * width + 1], nice=False)
    up = alt.Scale(domain=[-1.8, layers + 0.6], nice=False)
    by_layer = alt.Axis(title="layer", values=[*range(layers)], format="d")
    return {
        "x": alt.X("x:Q", scale=across, axis=heads),
        "y": alt.Y("y:Q", scale=up, axis=by_layer),
    }


def _labelled(
    members: alt.Chart, side: str, place: Mapping[str, Any]
) -> tuple[alt.Chart, alt.Chart]:
    """The names on one side, on paper of their own: lines pass behind them."""
    names = members.transform_filter(f"datum.label == '{side}'").encode(**place, text="name:N")
    look: dict[str, Any] = {"fontSize": 11, **_LABELS[side]}
    under = names.mark_text(stroke=_PAPER, strokeWidth=3, color=_PAPER, **look)
    return under, names.mark_text(color=INK, **look)


def _edges(record: CircuitRecord, largest: float, place: Mapping[str, Any]) -> alt.Chart:
    most = _MOST_BEND * _width(record)
    lines = enumerate(_lines(record))
    rows = [{"line": line, **row} for line, values in lines for row in _curve(*values, most)]
    data = pd.DataFrame(rows, columns=["line", "step", "x", "y", "size", "sign"])
    data["size"] /= largest
    width = alt.Scale(domain=[0, 1], range=[0.8, 6], clamp=True)
    return (
        alt.Chart(data)
        .mark_line(interpolate="basis", opacity=0.6)
        .encode(
            **place,
            detail="line:N",
            order="step:Q",
            color=_by_sign(),
            strokeWidth=alt.StrokeWidth("size:Q", scale=width, legend=None),
        )
    )


def _curve(start: Spot, end: Spot, score: float, most: float) -> Iterator[dict[str, Any]]:
    bend = min(most, _BEND * (end.y - start.y)) if abs(end.x - start.x) < 1 else 0.0
    middle = ((start.x + end.x) / 2 + bend, (start.y + end.y) / 2)
    for step, (x, y) in enumerate([(start.x, start.y), middle, (end.x, end.y)]):
        yield {"step": step, "x": x, "y": y, "size": abs(score), "sign": _sign(score)}


def _lines(record: CircuitRecord) -> list[tuple[Spot, Spot, float]]:
    """Returns the circuit's edges, the largest first."""
    found: dict[tuple[Spot, Spot], float] = {}
    for edge in filter(_drawn, record.edges):
        ends = spot_of(edge.writer, record), spot_of(edge.reader, record)
        found[ends] = found.get(ends, 0.0) + (edge.score.value or 0.0)
    lines = [(*ends, score) for ends, score in found.items()]
    return sorted(lines, key=lambda line: -abs(line[2]))[:_LINES]


def _drawn(edge: EdgeEffect) -> bool:
    return edge.in_circuit and edge.score.value is not None


def _points(record: CircuitRecord) -> list[dict[str, Any]]:
    labels = _labels(record)
    points = [_point(node, record, labels) for node in record.nodes if node.name != "embed"]
    return [*points, *(_end(name, record) for name in ("embed", "out"))]


def _labels(record: CircuitRecord) -> dict[str, str]:
    """Returns on which side the largest components have their names: neighbours in turn."""
    members = sorted((n for n in record.nodes if n.in_circuit), key=lambda n: -_size(n))[:_NAMED]
    heads = [node.name for node in members if node.name.startswith("a")]
    in_order = sorted(heads, key=lambda name: spot_of(name, record)[1::-1])
    sides = {name: ("above", "below")[i % 2] for i, name in enumerate(in_order)}
    return {node.name: sides.get(node.name, "right") for node in members}


def _point(node: NodeEffect, record: CircuitRecord, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": node.name,
        **spot_of(node.name, record)._asdict(),
        "size": _size(node),
        "sign": _sign(node.score.value or 0.0),
        "score": node.score.value,
        "exact": node.exact.value,
        "member": node.in_circuit,
        "label": labels.get(node.name, ""),
    }


def _end(name: str, record: CircuitRecord) -> dict[str, Any]:
    """The whole effect flows through either end: its size would make dots of all components."""
    effect = record.total_effect.value if record.total_effect else None
    values = {"size": 0.1, "sign": _sign(effect or 0.0), "score": effect, "exact": effect}
    label = "above" if name == "out" else "below"
    return {
        "name": name, **spot_of(name, record)._asdict(), **values, "member": True, "label": label,
    }  # fmt: skip


def _size(node: NodeEffect) -> float:
    return 0.0 if node.name == "embed" else abs(node.score.value or 0.0)


def _by_sign() -> alt.Color:
    return alt.Color("sign:N", scale=scale_of(_COLOURS), title=None, legend=_SOLID)


def _sign(score: float) -> str:
    return RAISES if score >= 0 else LOWERS
