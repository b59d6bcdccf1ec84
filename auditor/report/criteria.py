"""The criteria of an audit: each governing metric with each of its thresholds, once."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.records import Basis, Criterion, Finding
from auditor.report.measures import unit_words
from auditor.report.parts import CriterionRow

ORIGIN_KINDS = ("law", "court", "practice", "convention", "in-house")
"""What a threshold may come from; its origin begins with one: "law: 29 CFR 1607.4(D)"."""


def criteria_of(findings: Sequence[Finding]) -> list[CriterionRow]:
    """Returns a row for every criterion that judges a finding, with what it holds for."""
    by_criterion: dict[tuple[Basis, Criterion], list[Finding]] = {}
    for finding in findings:
        if finding.verdict is not None and finding.criterion is not None:
            by_criterion.setdefault((finding.basis, finding.criterion), []).append(finding)
    return [
        CriterionRow(
            metric=criterion.metric,
            basis=basis,
            unit=each[0].estimate.unit,
            delta=criterion.delta,
            origin=criterion.origin,
            origin_kind=origin_kind(criterion.origin),
            approved_by=criterion.approved_by,
            of=list(dict.fromkeys(f.contrast.attribute for f in each)),
            findings=len(each),
        )
        for (basis, criterion), each in by_criterion.items()
    ]


def origin_kind(origin: str) -> str | None:
    """Returns what an origin says of itself up to its colon; None: nothing of the kind."""
    kind, colon, _ = origin.partition(":")
    return kind.strip().lower() if colon and kind.strip().lower() in ORIGIN_KINDS else None


def threshold(row: CriterionRow) -> str:
    """Returns a threshold with its unit."""
    return f"±{row.delta:g} {unit_words(row.unit)}".rstrip()
