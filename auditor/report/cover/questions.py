"""The questions of a plan in words, each with the verdict of all its findings together."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.evidence.reader import Evidence
from auditor.metrics.verdicts import overall
from auditor.plan_report import DeclaredPlan
from auditor.records import Basis, Criterion, Finding, Verdict
from auditor.report.cover.confidence import confidence_in
from auditor.report.cover.parts import QuestionRow
from auditor.report.measures import quantity, unit_words
from auditor.report.words import clusters_are, in_units, isolated

SECTIONS = {Basis.GROUPS: 6, Basis.SWAPS: 8}
"""Where the findings of a question stand in full."""
_ORDER = (
    Verdict.DOES_NOT_MEET,
    Verdict.INCONCLUSIVE,
    Verdict.MEETS,
    Verdict.NOT_TESTED,
    Verdict.NOT_APPLICABLE,
)


def rank(finding: Finding) -> int:
    """Returns the place of a finding's verdict among those that call for an answer first."""
    assert finding.verdict is not None
    return _ORDER.index(finding.verdict)


def questions_of(
    judged: Sequence[Finding], evidence: Evidence, declared: DeclaredPlan
) -> list[QuestionRow]:
    """Returns a question for every attribute or column, measure and threshold, in the order of the
    findings."""
    asked: dict[tuple[Basis, str, Criterion], list[int]] = {}
    for place, finding in enumerate(judged):
        if finding.criterion is not None:
            key = (finding.basis, finding.contrast.attribute, finding.criterion)
            asked.setdefault(key, []).append(place)
    return [_question(places, judged, evidence, declared) for places in asked.values()]


def _question(
    places: list[int], judged: Sequence[Finding], evidence: Evidence, declared: DeclaredPlan
) -> QuestionRow:
    findings = [judged[place] for place in places]
    answer = overall(findings)
    confidence, lacking = confidence_in(findings, evidence, declared)
    measured = [i for i in places if judged[i].verdict is not Verdict.NOT_TESTED]
    return QuestionRow(
        question=question_words(findings[0]),
        of=findings[0].contrast.attribute,
        basis=findings[0].basis,
        metric=findings[0].metric,
        findings=places,
        verdict=answer.verdict,
        verdict_reason=in_units(answer.reason, clusters_are(evidence.plan)),
        main=min(measured, key=lambda i: (rank(judged[i]), i), default=None),
        fewest=min(measured, key=lambda i: _size(judged[i]), default=None),
        bluntest=max(
            (i for i in measured if judged[i].detectable is not None),
            key=lambda i: judged[i].detectable or 0.0,
            default=None,
        ),
        confidence=confidence,
        lacking=lacking,
        section=SECTIONS[findings[0].basis],
    )


def _size(finding: Finding) -> int:
    estimate = finding.estimate
    return estimate.clusters if finding.basis is Basis.SWAPS else estimate.n


def question_words(finding: Finding) -> str:
    """Returns what a criterion asks of an attribute, as a question."""
    criterion, attribute = finding.criterion, isolated(finding.contrast.attribute)
    assert criterion is not None
    what = quantity(finding.metric).rstrip(",")
    mark = f"±{criterion.delta:g} {unit_words(finding.estimate.unit)}".rstrip()
    if finding.basis is Basis.GROUPS:
        return f"Does the {what} differ by more than {mark} between groups of {attribute}?"
    changed = "names" if finding.contrast.crossed else "group"
    return (
        f"Does the {what} change by more than {mark} when only the {changed} in a text "
        f"change{'' if finding.contrast.crossed else 's'} ({attribute})?"
    )
