"""Renders a summary as one HTML page that needs nothing else: the PDF is made of the same page."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment
from markupsafe import Markup

from auditor.records import Verdict
from auditor.report import (
    attribution_tables,
    charts,
    circuit_tables,
    measures,
    numbers,
    rules,
    sentences,
    tables,
    words,
    words_attributions,
    words_circuits,
)
from auditor.report.circuit_charts import draw_figure
from auditor.report.contents import contents_of
from auditor.report.cover.parts import BriefPanel
from auditor.report.figures import layout as figure_layout
from auditor.report.figures import words as figure_words
from auditor.report.figures.draw import draw
from auditor.report.packs import words as words_packs
from auditor.report.parts import PanelRow, Summary
from auditor.report.parts_circuits import TracedRow
from auditor.report.people import words as people
from auditor.report.templates import environment, render


def render_html(summary: Summary) -> str:
    """Returns the summary as one HTML page: no script, no address elsewhere, font embedded."""
    return render(
        pages,
        "report.html.j2",
        s=summary,
        figures=[_figures(summary, panel) for panel in summary.panels],
        brief_figures=[_brief(summary, brief) for brief in summary.executive.panels],
        circuit_figures=[_circuit_figures(traced) for traced in summary.circuits.traced],
        images={f.name: charts.svg_data_uri(draw(f)) for f in summary.figures},
    )


@lru_cache(maxsize=1)
def pages() -> Environment:
    """Returns where pages come from, with what every template may call."""
    made = environment()
    made.globals.update(
        attribution_tables=attribution_tables,
        circuit_tables=circuit_tables,
        contents_of=contents_of,
        not_tested=Verdict.NOT_TESTED,
        words=words,
        words_attributions=words_attributions,
        words_circuits=words_circuits,
        words_packs=words_packs,
        measures=measures,
        numbers=numbers,
        people=people,
        rules=rules,
        sentences=sentences,
        tables=tables,
        figure_layout=figure_layout,
        figure_words=figure_words,
        fonts=_fonts(),
    )
    made.filters.update(
        decimal=numbers.decimal,
        percent=numbers.percent,
        p_value=numbers.p_value,
        shown=words.shown,
        pointer=_pointer,
    )
    return made


def _figures(summary: Summary, panel: PanelRow) -> dict[str, str]:
    """Returns each figure of a panel as the source of an image."""
    drawn = {"forest": charts.svg_data_uri(charts.forest_plot(summary.judged, panel))}
    if panel.checkpoints is not None:
        dots = charts.checkpoint_dots(summary.judged, panel)
        drawn["checkpoints"] = charts.svg_data_uri(dots)
    return drawn


def _brief(summary: Summary, brief: BriefPanel) -> str:
    """Returns the plot of the findings that the executive summary names."""
    panel = summary.panels[brief.panel].model_copy(update={"findings": brief.findings})
    return charts.svg_data_uri(charts.forest_plot(summary.judged, panel))


def _circuit_figures(traced: TracedRow) -> dict[str, str]:
    """Returns each figure of a circuit as the source of an image."""
    return {
        figure.name: charts.svg_data_uri(draw_figure(traced.record, figure.name))
        for figure in traced.figures
    }


def _pointer(name: str) -> str:
    """Returns a key as a part of a JSON pointer (RFC 6901): a model's id has a slash."""
    return name.replace("~", "~0").replace("/", "~1")


def _fonts() -> Markup:
    """Our own files in a style sheet: nothing of it comes from the audited data."""
    weights = {"AuditorSans-Regular": 400, "AuditorSans-SemiBold": 600}
    return Markup("".join(charts.font_face(*each) for each in weights.items()))  # noqa: S704
