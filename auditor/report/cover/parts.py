"""The declared type of cover, executive summary and findings register."""

from __future__ import annotations

from typing import Literal

from auditor.report.base import Part


class EditionPart(Part):
    """Which document this is."""

    id: str
    number: int | None
    """None: a working copy that is part of no run folder."""
    replaces: str | None
    kind: Literal["internal", "public"]
    issued_at: str
    audited_at: str | None
    valid_until: str | None
    """Day from which the report must not be relied on."""
    expired: bool
    """Whether it was issued after that day."""
