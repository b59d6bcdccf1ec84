"""The declared type of the tables that employment law asks for."""

from __future__ import annotations

from auditor.report.base import Part


class PeoplePart(Part):
    """None of either: its pack was not chosen."""

    ll144: None
    ugesp: None
