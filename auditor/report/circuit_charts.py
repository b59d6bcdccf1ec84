"""Charts of a circuit as Altair specs, drawn once: the pages show them, the report embeds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd

from auditor.records_circuits import CircuitRecord, NodeEffect
from auditor.report.attribution_tables import shade
from auditor.report.charts import WIDTH, styled
from auditor.report.circuit_curves import ablation_curve, faithfulness_curve, repair_front
from auditor.report.circuit_graph import INK, MOST_ROWS, circuit_graph, scale_of, spot_of
from auditor.report.circuit_statements import heads_of
from auditor.report.parts_circuits import FigureName

STEPS = {
    "down-3": ("− half or more", "#9c3a20"),
    "down-2": ("− a quarter", "#dd8f66"),
    "down-1": ("− a tenth", "#f6d9c2"),
    "": ("less", "#f3f6f7"),
    "up-1": ("+ a tenth", "#cfe1f0"),
    "up-2": ("+ a quarter", "#7fabd0"),
    "up-3": ("+ half or more", "#2b5c8a"),
}
"""Shade of a head -> its words and its colour."""
_SHARES = "share of the largest score; + raises the first group's output, − lowers it"
_PAPER = "#ffffff"


def draw_figure(record: CircuitRecord, name: FigureName) -> alt.LayerChart:
    """Returns one of a circuit's charts; `circuit_statements.statements` names those it has."""
    return _FIGURES[name](record)


def head_map(record: CircuitRecord) -> alt.LayerChart:
    """Returns the score of every head, shaded in steps; a frame stands around the circuit's."""
    heads = heads_of(record)
    largest = max((abs(node.score.value or 0.0) for node in heads), default=0.0)
    cells = pd.DataFrame([_cell(node, record, largest) for node in heads])
    base = alt.Chart(cells).encode(
        x=alt.X("head:O", title="head", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("layer:O", title="layer", sort="descending"),
        tooltip=["name", "score", "exact"],
    )
    steps = scale_of(dict(STEPS.values()))
    legend = alt.Legend(columns=4, symbolType="square", titleLimit=WIDTH)
    ink = alt.condition("datum.dark", alt.value(_PAPER), alt.value(INK))
    framed = base.transform_filter("datum.member")
    return styled(
        alt.layer(
            base.mark_rect(stroke=_PAPER, strokeWidth=1).encode(
                color=alt.Color("step:N", scale=steps, title=_SHARES, legend=legend)
            ),
            base.mark_text(fontSize=12).encode(text="sign:N", color=ink),
            framed.mark_rect(fillOpacity=0, stroke=INK, strokeWidth=2.5),
        ),
        min(MOST_ROWS, round(1.3 * record.layers)),
    )


def _cell(node: NodeEffect, record: CircuitRecord, largest: float) -> dict[str, Any]:
    spot = spot_of(node.name, record)
    step = shade(node.score.value or 0.0, largest)
    return {
        "name": node.name,
        "layer": int(spot.y),
        "head": int(spot.x),
        "score": node.score.value,
        "exact": node.exact.value,
        "step": STEPS[step][0],
        "sign": {"u": "+", "d": "−"}.get(step[:1], ""),
        "dark": step.endswith("3"),
        "member": node.in_circuit,
    }


_FIGURES: dict[FigureName, Callable[[CircuitRecord], alt.LayerChart]] = {
    "graph": circuit_graph,
    "heads": head_map,
    "components": lambda record: faithfulness_curve(record, "node"),
    "edges": lambda record: faithfulness_curve(record, "edge"),
    "ablation": ablation_curve,
    "repair": repair_front,
}
