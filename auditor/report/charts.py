"""Charts as Altair specs, drawn once: the pages show them, the report embeds them as SVG."""

from __future__ import annotations

import base64
import io
import json
import string
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from auditor.content import content_path
from auditor.records import Contrast
from auditor.report.measures import unit_words
from auditor.report.parts import FindingRow, PanelRow
from auditor.report.words import contrast_words

COLOURS = {
    "meets criterion": "#2b6f8a",
    "does not meet criterion": "#b5482a",
    "inconclusive": "#8a7a3c",
    "not tested": "#8b8b8b",
}
"""Told apart in print and by the colour-blind; shapes say the same."""
SHAPES = {
    "meets criterion": "circle",
    "does not meet criterion": "triangle-up",
    "inconclusive": "diamond",
    "not tested": "square",
}
FONT = "Auditor Sans"
"""The family in `reports/fonts/`, regular and semi-bold; CSS needs no quotes around its name."""
ROW_HEIGHT = 20
WIDTH = 520
_ROOM = alt.Scale(padding=8)
"""Pixels beyond the outermost value, so that no mark is cut in half."""


def forest_plot(judged: Sequence[FindingRow], panel: PanelRow) -> alt.LayerChart:
    """Returns estimates with intervals, one row per contrast, and the band of the criterion.

    Args:
        judged: all judged findings, of which the panel names its own.
    """
    data = pd.DataFrame([_forest_row(judged[i]) for i in panel.findings])
    order = list(data["contrast"])
    y = alt.Y("contrast:N", sort=order, title=None, axis=alt.Axis(labelLimit=320))
    band = (
        alt.Chart(pd.DataFrame([{"low": -panel.delta, "high": panel.delta}]))
        .mark_rect(color="#dfe7ea")
        .encode(x="low:Q", x2="high:Q")
    )
    colour = alt.Color("verdict:N", scale=_scale(COLOURS), title=None)
    bars = (
        alt.Chart(data).mark_rule(strokeWidth=1.6).encode(y=y, x="low:Q", x2="high:Q", color=colour)
    )
    points = (
        alt.Chart(data)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(
            y=y,
            x=alt.X("value:Q", title=_axis(panel), scale=_ROOM),
            color=colour,
            shape=alt.Shape("verdict:N", scale=_scale(SHAPES), title=None),
            tooltip=["contrast", "value", "low", "high", "verdict"],
        )
    )
    return styled(alt.layer(band, _zero(), bars, points), len(order))


def checkpoint_dots(judged: Sequence[FindingRow], panel: PanelRow) -> alt.LayerChart:
    """Returns one dot per checkpoint and contrast: how far a finding moves with the checkpoint."""
    findings = [judged[i] for i in panel.findings]
    rows = [
        {"contrast": contrast_name(f), "value": c.estimate.value, "checkpoint": c.model_id}
        for f in findings
        for c in f.checkpoints
        if c.estimate.value is not None
    ]
    order = [contrast_name(f) for f in findings]
    dots = (
        alt.Chart(pd.DataFrame(rows))
        .mark_point(size=60, filled=True, opacity=0.75)
        .encode(
            y=alt.Y("contrast:N", sort=order, title=None, axis=alt.Axis(labelLimit=320)),
            x=alt.X("value:Q", title=_effect(panel, "effect on each checkpoint"), scale=_ROOM),
            shape=alt.Shape("checkpoint:N", title="checkpoint"),
            color=alt.Color(
                "checkpoint:N",
                title="checkpoint",
                scale=alt.Scale(range=["#2b5c8a", "#b5482a", "#6d6a2f", "#6b4c86", "#3d7a5a"]),
            ),
            tooltip=["contrast", "checkpoint", "value"],
        )
    )
    return styled(alt.layer(_zero(), dots), len(order))


def _zero() -> alt.Chart:
    return alt.Chart(pd.DataFrame([{"x": 0.0}])).mark_rule(color="#777").encode(x="x:Q")


def _axis(panel: PanelRow) -> str:
    worse = f"; worse to the {panel.worse}" if panel.worse else ""
    return f"{_effect(panel, 'effect')} (band: within the criterion{worse})"


def _effect(panel: PanelRow, words: str) -> str:
    return f"{words} {unit_words(panel.unit)}".rstrip()


def svg_data_uri(chart: alt.LayerChart) -> str:
    """Returns a chart as the source of an <img>, drawn with the report's own font."""
    import vl_convert

    vl_convert.register_font_directory(str(content_path("reports", "fonts")))
    spec = json.dumps(chart.to_dict(), sort_keys=True, ensure_ascii=False)
    # Vega's own language takes these two for the end of a line, within a name as well.
    for end in "\u2028\u2029":
        spec = spec.replace(end, f"\\\\u{ord(end):04x}")
    svg = vl_convert.vegalite_to_svg(spec)
    head, tag, rest = svg.partition(">")
    embedded = f"{head}{tag}<style>{_font_of(svg)}</style>{rest}"
    return "data:image/svg+xml;base64," + base64.b64encode(embedded.encode()).decode()


def font_face(stem: str, weight: int) -> str:
    """Returns the CSS that embeds one of our font files."""
    return _face(weight, content_path("reports", "fonts", f"{stem}.ttf").read_bytes())


def _face(weight: int, font: bytes) -> str:
    source = f"url(data:font/ttf;base64,{base64.b64encode(font).decode()})"
    return f"@font-face{{font-family:'{FONT}';font-weight:{weight};src:{source}}}"


_USUAL = string.printable + "±–−…•·×’“”●▲◆○■→≤≥≠"


def _font_of(svg: str) -> str:
    """An SVG inside an <img> cannot use the page's fonts, so each chart carries its own: of the
    usual letters where it has no others, a quarter of the whole."""
    return _usual_face() if set(svg) <= set(_USUAL) else font_face("AuditorSans-Regular", 400)


@lru_cache(maxsize=1)
def _usual_face() -> str:
    from fontTools import subset

    options = subset.Options(layout_features=["kern"], hinting=False, recalc_timestamp=False)
    path = content_path("reports", "fonts", "AuditorSans-Regular.ttf")
    letters, file = subset.Subsetter(options), io.BytesIO()
    with subset.load_font(str(path), options) as font:
        letters.populate(text=_USUAL)
        letters.subset(font)
        font.save(file)
    return _face(400, file.getvalue())


def contrast_name(finding: FindingRow) -> str:
    """Returns a contrast as the charts call it."""
    return contrast_words(Contrast(finding.attribute, finding.group_a, finding.group_b))


def _forest_row(finding: FindingRow) -> dict[str, Any]:
    estimate = finding.estimate
    return {
        "contrast": contrast_name(finding),
        "value": estimate.value,
        "low": estimate.low if estimate.low is not None else estimate.value,
        "high": estimate.high if estimate.high is not None else estimate.value,
        "verdict": finding.verdict.value if finding.verdict else "",
    }


def _scale(values: dict[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(values), range=list(values.values()))


def styled(chart: alt.LayerChart, rows: int) -> alt.LayerChart:
    """Returns a chart in the report's look, as high as so many rows of `ROW_HEIGHT` pixels."""
    return (
        chart.properties(width=WIDTH, height=max(2, rows) * ROW_HEIGHT)
        .configure(font=FONT, background="#ffffff")
        .configure_axis(
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            gridColor="#e6e6e6",
            labelColor="#222",
        )
        .configure_legend(
            orient="bottom",
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            labelLimit=320,
        )
        .configure_view(stroke=None)
    )
