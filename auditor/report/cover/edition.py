"""Which document a report is, and until when it may be relied on."""

from __future__ import annotations

from datetime import datetime, timedelta

from auditor.evidence.reader import Evidence
from auditor.report.cover.parts import EditionPart
from auditor.report.edition import Edition


def edition_of(evidence: Evidence, edition: Edition) -> EditionPart:
    """Returns the control data of an edition."""
    audited = evidence.record["finished_at"]
    until = _until(audited, evidence.plan.report.valid_days)
    return EditionPart(
        id=edition.report_id(evidence),
        number=edition.number,
        replaces=edition.replaces,
        kind="public" if edition.choice.public else "internal",
        issued_at=edition.issued_at,
        audited_at=audited,
        valid_until=until,
        expired=until is not None and edition.issued_at[:10] > until,
    )


def _until(audited: str | None, days: int) -> str | None:
    if audited is None:
        return None
    return (datetime.fromisoformat(audited).date() + timedelta(days=days)).isoformat()
