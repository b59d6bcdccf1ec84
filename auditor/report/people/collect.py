"""The tables of the packs that were chosen."""

from __future__ import annotations

from auditor.evidence.reader import Evidence
from auditor.report.edition import Edition
from auditor.report.people import ll144, ugesp
from auditor.report.people.parts import PeoplePart


def people_of(evidence: Evidence, edition: Edition) -> PeoplePart:
    """Returns the tables that the chosen packs ask for."""
    packs = edition.choice.packs
    return PeoplePart(
        ll144=ll144.ll144_of(evidence, edition) if ll144.PACK in packs else None,
        ugesp=ugesp.ugesp_of(evidence, edition) if ugesp.PACK in packs else None,
    )
