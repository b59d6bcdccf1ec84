"""The declared type of a figure: what it shows in words, and the rows that it is drawn from."""

from __future__ import annotations

from typing import Any

from auditor.report.base import Part


class FigureRow(Part):
    """One chart and the table under it, which hold the same numbers."""

    name: str
    """Which drawing it is, see `figures.draw`."""
    section: str
    """Where it stands: groups, errors, swaps, robustness."""
    title: str
    statement: str
    """What it shows, in words, for those who do not see it."""
    rows: list[dict[str, Any]]
    """What is drawn: one row a mark; numbers, words, or None for not measured."""
