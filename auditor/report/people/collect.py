"""The tables of the packs that were chosen."""

from __future__ import annotations

from auditor.evidence.reader import Evidence
from auditor.report.edition import Edition
from auditor.report.people.parts import PeoplePart


def people_of(evidence: Evidence, edition: Edition) -> PeoplePart:
    """Returns the tables that the chosen packs ask for."""
    assert evidence
    assert edition
    return PeoplePart(ll144=None, ugesp=None)
