"""Charts of figures as Altair specs, drawn once: the pages show them, the report embeds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditor.report.figures import draw_cells, draw_curves, draw_rows
from auditor.report.figures.parts import FigureRow, Kind

DRAWINGS: dict[Kind, Callable[[FigureRow], Any]] = {
    "ratios": draw_rows.ratios,
    "rates": draw_rows.rates,
    "intersections": draw_cells.intersections,
    "cutoffs": draw_curves.cutoffs,
    "roc": draw_curves.roc,
    "reliability": draw_curves.reliability,
    "effects": draw_rows.effects,
    "templates": draw_cells.templates,
}


def draw(figure: FigureRow) -> Any:
    """Returns the chart of a figure (an Altair chart), drawn from its rows alone.

    A number that is None, not measured or not shown, leaves its mark out.
    """
    return DRAWINGS[figure.kind](figure)
