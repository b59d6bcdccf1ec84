"""The declared type of the annexes."""

from __future__ import annotations

from auditor.report.base import Part


class FrameworksPart(Part):
    """The frameworks that were chosen, and what all of them are."""

    chosen: list[str]
