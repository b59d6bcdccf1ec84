"""The report's charts on the screen, in light and in dark."""

from __future__ import annotations

from typing import Any

import streamlit as st

DARK = {
    "#2b6f8a": "#6cb4d1",  # meets
    "#b5482a": "#ec9272",  # does not meet
    "#8a7a3c": "#cdbb72",  # inconclusive
    "#8b8b8b": "#a3adb3",  # not tested
    "#2b5c8a": "#7fb2dd",  # checkpoints
    "#6d6a2f": "#c9c46a",
    "#6b4c86": "#bd9fd6",
    "#3d7a5a": "#7fc49d",
    "#dfe7ea": "#2a3740",  # the criterion's band
    "#777": "#8b979f",  # zero
    "#1d2328": "#e3e9ec",  # ink on a mark
    "#ffffff": "#0e1117",  # paper between marks
    "#9c3a20": "#ee9d80",  # steps of a heat map, from lowers to raises
    "#dd8f66": "#9a5233",
    "#f6d9c2": "#5b3423",
    "#f3f6f7": "#1d262d",
    "#cfe1f0": "#26435d",
    "#7fabd0": "#3f6f96",
}
"""What a colour that is drawn on paper becomes on a dark page."""
_PAPER = ("font", "background")
_EVERY_LABEL = {"labelOverlap": False, "labelBound": False, "labelFlush": False}
_LEGEND = {"orient": "bottom", "columns": 2, "columnPadding": 4, "labelFontSize": 12}
_AROUND = 150
"""Pixels for axis and legend: Streamlit fits a chart with all around it into its height."""


def draw(chart: Any, words: str) -> None:
    """Draws one of the report's charts. `words`: what it says, for those who do not see it."""
    spec = on_screen(chart.to_dict(), dark=st.context.theme.type == "dark")
    st.vega_lite_chart({**spec, "description": words}, width="stretch")


def on_screen(spec: dict[str, Any], *, dark: bool) -> dict[str, Any]:
    """Returns a chart's spec with the page's own ink, font and paper, and dark marks if `dark`.

    What the chart configures for paper is left out, so that Streamlit's theme takes its place.
    """
    config = {k: _without_ink(v) for k, v in spec.get("config", {}).items() if k not in _PAPER}
    config |= {"axisY": _EVERY_LABEL, "legend": _LEGEND}
    bare = {**spec, "config": config, "height": spec["height"] + _AROUND}
    screen: dict[str, Any] = _recoloured(bare) if dark else bare
    return screen


def _without_ink(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: v for k, v in value.items() if not k.endswith(("Color", "FontSize"))}


def _recoloured(value: Any) -> Any:
    """The rows of data stay as they are: a name in them may look like a colour."""
    if isinstance(value, dict):
        return {k: v if k == "datasets" else _recoloured(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_recoloured(each) for each in value]
    return DARK.get(value, value) if isinstance(value, str) else value
