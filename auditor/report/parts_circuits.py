"""The declared type of what a report says of circuits: every key is always there."""

from __future__ import annotations

from typing import Literal

from auditor.records import Contrast
from auditor.records_circuits import CircuitRecord
from auditor.report.base import Part

FigureName = Literal["graph", "heads", "components", "edges", "ablation", "repair"]


class FigureRow(Part):
    """One chart of a circuit."""

    name: FigureName
    statement: str
    """What it shows, in words."""


class TracedRow(Part):
    """The circuit of one finding, as the audit recorded it, and what of it is listed."""

    record: CircuitRecord
    """Its sentences call clusters what they are in this audit."""
    members: list[int]
    """Places in `record.nodes` of the circuit's components, the largest score first."""
    beside: list[int]
    """Places of the largest components outside it."""
    edges: list[int]
    """Places in `record.edges` of those that are listed, the largest score first."""
    figures: list[FigureRow]


class UntestedRow(Part):
    """A finding that does not meet its criterion and whose circuit is not known."""

    contrast: Contrast | None
    model_id: str
    reason: str


class CircuitsPart(Part):
    """Which components of the model carry a difference, and what speaks against it."""

    not_traced: str | None
    """Why there is nothing; None: there is something."""
    traced: list[TracedRow]
    untested: list[UntestedRow]
