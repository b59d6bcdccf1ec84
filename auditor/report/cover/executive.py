"""What a board reads on one page: findings in sentences, questions with verdicts, decisions."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.evidence.reader import Evidence
from auditor.plan_report import DeclaredPlan
from auditor.records import Finding, Verdict
from auditor.report.cover.decisions import decisions_of
from auditor.report.cover.parts import BriefPanel, EditionPart, ExecutivePart, HeadlineRow
from auditor.report.cover.people import people_sentence, rule_of_thumb
from auditor.report.cover.questions import questions_of, rank
from auditor.report.cover.words import CONFIDENCE_RULE
from auditor.report.limits import not_tested_in_short
from auditor.report.parts import PanelRow
from auditor.report.sentences import finding_sentence, forest_statement
from auditor.report.words import clusters_are

FEWEST, MOST = 3, 6
"""Findings that the page says in sentences, where there are as many."""
MOST_PANELS = 2
"""Plots on the page; the others follow it."""
WHOLE = 10
"""Findings up to which a plot on the page has all of its axis."""


def executive_of(
    evidence: Evidence,
    declared: DeclaredPlan,
    *,
    panels: Sequence[PanelRow],
    missing: Sequence[str],
    edition: EditionPart,
) -> ExecutivePart:
    """Returns the page for a board.

    Args:
        panels: of the whole report; the page plots what it names of them.
        missing: what people did not provide.
    """
    judged = judged_of(evidence)
    questions = questions_of(judged, evidence, declared)
    named = _named(judged, [row.main for row in questions if row.main is not None])
    brief = (_brief(place, panel, named, judged) for place, panel in enumerate(panels))
    return ExecutivePart(
        headlines=[_headline(place, judged[place], evidence) for place in named],
        questions=questions,
        confidence_rule=CONFIDENCE_RULE,
        panels=[each for each in brief if each.findings][:MOST_PANELS],
        untested=not_tested_in_short(evidence),
        decisions=decisions_of(judged, evidence, missing=missing, edition=edition),
    )


def judged_of(evidence: Evidence) -> list[Finding]:
    """Returns the findings of `Summary.judged`, in its order."""
    return [finding for finding in evidence.findings if finding.verdict is not None]


def _named(judged: Sequence[Finding], mains: Sequence[int]) -> list[int]:
    """The finding that says most on each question, the worst verdicts first; where there are few
    questions, further findings in the same order."""
    order = sorted(mains, key=lambda place: rank(judged[place]))
    rest = sorted(set(range(len(judged))) - set(mains), key=lambda i: (rank(judged[i]), i))
    measured = [i for i in rest if judged[i].verdict is not Verdict.NOT_TESTED]
    return [*order, *measured[: max(0, FEWEST - len(order))]][:MOST]


def _headline(place: int, finding: Finding, evidence: Evidence) -> HeadlineRow:
    assert finding.verdict is not None
    comparisons = evidence.results.comparisons
    sentence = people_sentence(finding, comparisons, alpha=evidence.plan.metrics.alpha)
    return HeadlineRow(
        finding=place,
        verdict=finding.verdict,
        sentence=sentence or finding_sentence(finding, clusters=clusters_are(evidence.plan)),
        rule_of_thumb=rule_of_thumb(finding, comparisons),
    )


def _brief(
    place: int, panel: PanelRow, named: Sequence[int], judged: Sequence[Finding]
) -> BriefPanel:
    whole = len(panel.findings) <= WHOLE
    chosen = panel.findings if whole else [i for i in panel.findings if i in named]
    return BriefPanel(
        panel=place,
        findings=chosen,
        whole=whole,
        forest=forest_statement([judged[i] for i in chosen]) if chosen else "",
    )
