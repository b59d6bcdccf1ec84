"""Which decisions an audit leaves to people: by rule, from verdicts and from what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.evidence.reader import Evidence
from auditor.records import Finding, Verdict
from auditor.report.cover.parts import DecisionRow, EditionPart
from auditor.report.criteria import criteria_of
from auditor.report.words import contrast_words

NAMED = 3
"""Contrasts that a decision names; more stand in the register alone."""


def decisions_of(
    judged: Sequence[Finding],
    evidence: Evidence,
    *,
    missing: Sequence[str],
    edition: EditionPart,
) -> list[DecisionRow]:
    """Returns what people must decide, in the order of urgency. No option is a cut-off or a score
    that is adjusted by group."""
    rows = [
        *_of_age(edition),
        *_of_failing(_with(judged, Verdict.DOES_NOT_MEET)),
        *_of_open(_with(judged, Verdict.INCONCLUSIVE)),
        *_of_untested(_with(judged, Verdict.NOT_TESTED)),
        *_of_meeting(judged),
        *_of_thresholds(evidence),
        *_of_missing(missing),
    ]
    return [DecisionRow(kind=kind, text=text) for kind, text in rows]


def _of_age(edition: EditionPart) -> Iterator[tuple[str, str]]:
    if edition.expired:
        yield "audit again", "This audit is too old to rely on; see the cover."


def _of_failing(failing: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    if failing:
        yield (
            "accept, mitigate or stop",
            f"{_findings(failing)} not meet the criterion ({_names(failing)}). Say for each, in "
            "section 12, whether the risk is accepted and by whom, what is changed, or that use "
            "stops.",
        )


def _of_open(open_: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    if open_:
        count = "1 finding is" if len(open_) == 1 else f"{len(open_)} findings are"
        yield (
            "get more data",
            f"{count} inconclusive ({_names(open_)}). Get the data that section 12 says would "
            "settle them, or say who accepts not knowing.",
        )


def _of_untested(untested: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    if untested:
        count = (
            "1 planned finding was"
            if len(untested) == 1
            else f"{len(untested)} planned findings were"
        )
        yield (
            "get more data",
            f"{count} not tested ({_names(untested)}). Get the data, or say who accepts not "
            "knowing.",
        )


def _of_meeting(judged: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    if judged and all(f.verdict is Verdict.MEETS for f in judged):
        yield (
            "accept",
            "Every finding meets its criterion. Say whether what was not tested is accepted, and "
            "by whom.",
        )


def _of_thresholds(evidence: Evidence) -> Iterator[tuple[str, str]]:
    open_ = sum(row.approved_by is None for row in criteria_of(evidence.findings))
    if open_:
        count = "1 threshold is" if open_ == 1 else f"{open_} thresholds are"
        yield "approve", f"{count} not approved by anyone: approve, or plan anew with others."


def _of_missing(missing: Sequence[str]) -> Iterator[tuple[str, str]]:
    if missing:
        count = "1 input" if len(missing) == 1 else f"{len(missing)} inputs"
        yield "supply", f"{count} that only people can give: the list is under the cover."


def _with(judged: Sequence[Finding], verdict: Verdict) -> list[Finding]:
    return [finding for finding in judged if finding.verdict is verdict]


def _findings(failing: Sequence[Finding]) -> str:
    return "1 finding does" if len(failing) == 1 else f"{len(failing)} findings do"


def _names(findings: Sequence[Finding]) -> str:
    if len(findings) > NAMED:
        return "all named in section 12"
    return "; ".join(contrast_words(finding.contrast) for finding in findings)
