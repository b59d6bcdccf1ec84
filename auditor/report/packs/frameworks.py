"""The annexes of an edition: each chosen pack with the evidence of this run."""

from __future__ import annotations

from auditor.evidence.reader import Evidence
from auditor.report.edition import Edition
from auditor.report.packs.parts import FrameworksPart


def frameworks_of(evidence: Evidence, edition: Edition) -> FrameworksPart:
    """Returns the annexes."""
    assert evidence
    return FrameworksPart(chosen=list(edition.choice.packs))
