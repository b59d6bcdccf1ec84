"""Which document a report is, and until when it may be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from auditor.evidence.reader import Evidence
from auditor.report.cover.parts import EditionPart, Status
from auditor.report.cover.signature import signature_of
from auditor.report.cover.words import STATUS
from auditor.report.edition import Edition

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey

_BY_SIGNATURE: dict[str, Status] = {
    "valid": "SIGNED",
    "not checked": "FINAL, SIGNATURE NOT CHECKED",
    "broken": "FINAL, SIGNATURE BROKEN",
    "unsigned": "FINAL, UNSIGNED",
}


def edition_of(evidence: Evidence, edition: Edition) -> EditionPart:
    """Returns the control data of an edition."""
    audited = evidence.record["finished_at"]
    until = _until(audited, evidence.plan.report.valid_days)
    status = status_of(evidence, edition.choice.keys)
    return EditionPart(
        id=edition.report_id(evidence),
        number=edition.number,
        replaces=edition.replaces,
        kind="public" if edition.choice.public else "internal",
        status=status,
        status_why=STATUS[status],
        issued_at=edition.issued_at,
        audited_at=audited,
        valid_until=until,
        expired=until is not None and edition.issued_at[:10] > until,
    )


def status_of(evidence: Evidence, keys: Sequence[SSlibKey] = ()) -> Status:
    """Returns how far a run has come: sealed or not, and whether a signature of it is valid."""
    if evidence.root_hash is None:
        return "DRAFT"
    return _BY_SIGNATURE[signature_of(evidence, keys).state]


def _until(audited: str | None, days: int) -> str | None:
    if audited is None:
        return None
    return (datetime.fromisoformat(audited).date() + timedelta(days=days)).isoformat()
