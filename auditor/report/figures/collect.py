"""Which figures a report has."""

from __future__ import annotations

from auditor.evidence.reader import Evidence
from auditor.report.figures.parts import FigureRow


def figures_of(evidence: Evidence) -> list[FigureRow]:
    """Returns every figure of what was measured, in the order of the report."""
    assert evidence
    return []
