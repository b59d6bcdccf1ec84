"""The declared type of system, data and monitoring: what people say, beside what was counted."""

from __future__ import annotations

from auditor.report.base import Part


class FactRow(Part):
    """One fact that a person declares."""

    key: str
    """In the plan's section `declared`."""
    label: str
    value: str | None
    """None: NOT PROVIDED."""
    required_by: str
    """What asks for it."""


class DeclaredPart(Part):
    """Every fact, in the order of the report."""

    system: list[FactRow]
    data: list[FactRow]
    people: list[FactRow]
    """Who tested, reviewed and answers for it."""
    monitoring: list[FactRow]
