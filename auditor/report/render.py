"""Renders a summary: JSON as the record, HTML as a page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from auditor.content import content_path
from auditor.errors import PlanError
from auditor.evidence.files import whole_file
from auditor.evidence.reader import Evidence
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
from auditor.report.edition import Choice, Edition
from auditor.report.parts import PanelRow, Summary
from auditor.report.parts_circuits import TracedRow
from auditor.report.summarize import summarize

FORMATS = ("html", "json")


def write_report(
    evidence: Evidence, folder: Path, formats: Sequence[str] = FORMATS, *, choice: Choice
) -> list[Path]:
    """Writes an edition into `folder`, RUN/editions/NNN, and returns the paths of its files.

    Raises:
        PlanError: a form that there is not.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise PlanError(f"no report format {', '.join(unknown)}; there are {', '.join(FORMATS)}")
    summary = summarize(evidence, Edition.at(folder, choice))
    return [_write(summary, folder / f"report.{name}") for name in dict.fromkeys(formats)]


def write_one(evidence: Evidence, path: Path) -> Path:
    """Writes one report; the suffix of `path` says which form."""
    if path.suffix.lstrip(".") not in FORMATS:
        raise PlanError(f"{path} ends in neither .html nor .json; name one of these")
    return _write(summarize(evidence), path)


def _write(summary: Summary, path: Path) -> Path:
    text = render_html(summary) if path.suffix == ".html" else render_json(summary)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def render_json(summary: Summary) -> str:
    """Returns the summary as JSON: the record that every other rendering is drawn from."""
    values = summary.model_dump(mode="json")
    return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def render_html(summary: Summary) -> str:
    """Returns the summary as one HTML page: no script, no address elsewhere, font embedded."""
    folder = content_path("reports", "templates")
    pages = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals.update(
        attribution_tables=attribution_tables,
        circuit_tables=circuit_tables,
        not_tested=Verdict.NOT_TESTED,
        words=words,
        words_attributions=words_attributions,
        words_circuits=words_circuits,
        measures=measures,
        numbers=numbers,
        rules=rules,
        sentences=sentences,
        tables=tables,
        fonts=_fonts(),
    )
    pages.filters.update(
        decimal=numbers.decimal,
        percent=numbers.percent,
        p_value=numbers.p_value,
        shown=words.shown,
        pointer=_pointer,
    )
    page = pages.get_template("report.html.j2")
    return page.render(
        s=summary,
        figures=[_figures(summary, panel) for panel in summary.panels],
        circuit_figures=[_circuit_figures(traced) for traced in summary.circuits.traced],
    )


def _figures(summary: Summary, panel: PanelRow) -> dict[str, str]:
    """Returns each figure of a panel as the source of an image."""
    drawn = {"forest": charts.svg_data_uri(charts.forest_plot(summary.judged, panel))}
    if panel.checkpoints is not None:
        dots = charts.checkpoint_dots(summary.judged, panel)
        drawn["checkpoints"] = charts.svg_data_uri(dots)
    return drawn


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
