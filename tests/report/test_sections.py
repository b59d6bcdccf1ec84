"""Each section says what it is for, is left out where it has nothing, and equals its record."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from auditor.evidence.reader import Evidence
from auditor.records import Arm, Basis, Results
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from tests.report import factory
from tests.report.test_report import Page, at, wrong


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    harm = {"harmed": "People who apply.", "harm_kind": "allocative"}
    metrics = {"task_concerns": ["religion"], "must_detect": 0.0625}
    return factory.evidence(tmp_path_factory.mktemp("run"), harm=harm, metrics=metrics)


@pytest.fixture(scope="module")
def summary(evidence: Evidence) -> Summary:
    return summarize(evidence)


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return render_html(summary)


def sections(html: str) -> dict[str, str]:
    """Heading, without its number -> the HTML up to the next heading of its level or above."""
    marks = [*re.finditer(r"<h([23])[^>]*>(.*?)</h\1>", html, re.S)]
    found: dict[str, str] = {}
    for place, mark in enumerate(marks):
        later = [m.start() for m in marks[place + 1 :] if m[1] <= mark[1]]
        title = re.sub(r'<span class="no">.*?</span>|<[^>]+>', "", mark[2]).strip()
        part = html[mark.start() : (later or [len(html)])[0]]
        found.setdefault(title, re.sub(_AROUND, "", part))
    return found


_AROUND = r"</?(section|main|body|html)[^>]*>"
"""What a part of a page opens or closes without its other end."""


def without(html: str, section: str) -> str:
    """A page without one of its sections."""
    own = sections(html)[section]
    assert own in re.sub(_AROUND, "", html)
    return re.sub(_AROUND, "", html).replace(own, "")


def text_of(html: str, section: str) -> str:
    """The words of a section without blanks, which markup has for its own reasons."""
    return squeezed(unescape(re.sub(r"<[^>]+>", "", sections(html)[section])))


def squeezed(words: str) -> str:
    return re.sub(r"\s+", "", words)


BOARD = "Executive summary"
SAID = [
    (BOARD, "Criterion for gender: the share of texts given the favourable label changes by"),
    (BOARD, "at most ±0.05 when only the group named in a text changes. Origin: in-house."),
    (BOARD, "differs by at most ±0.1 between a group of people and its reference"),
    (BOARD, "Swaps: a text with itself, the group exchanged"),
    (BOARD, "Groups of people: rows of one with rows of another"),
    (BOARD, "-0.600 [-0.610, -0.590][-0.608, -0.592]"),
    (BOARD, "about 93 templates would settle it"),
    (BOARD, "Worse lies to the left."),
    (BOARD, "harmful direction"),
    (BOARD, "0.021"),
    (BOARD, "Effect, not adjusted [95 %], then [90 %]"),
    (BOARD, "Effect [98.75 %], then [90 %]"),
    (BOARD, "Detectable, adjusted"),
    (BOARD, "Difference detected, adjusted"),
    (BOARD, "Intervals are each finding's own; what is adjusted allows for all findings"),
    (BOARD, "The first interval holds for all groups of its column together"),
    (BOARD, "To meet the criterion is another claim"),
    (BOARD, "below four fifths of the highest rate, that of <b> (12 of 40)"),
    ("Plan", "People who apply. allocative"),
    ("Plan", "A lower share or score is the harm"),
    ("Plan", "6 tests, adjusted together (Holm)"),
    ("Plan", "it had to be 0.0625 or smaller"),
    ("Plan", "religion: refused, since a swap should move the score"),
    ("Plan", "A. Person"),
    ("Plan", "Self-test: 500 relabellings"),
    ("Plan", "NOT PROVIDED"),
    ("Other measures of the same pairs", "At the cut-off in use."),
    ("Other measures of the same pairs", "Flip rate [95 %]"),
    ("Noise floor and other arms", "arbitrariness: a decision that hangs on which of two names"),
    ("Noise floor and other arms", "gender: within a0.083 [0.063, 0.103]640"),
    ("Noise floor and other arms", "v unmentioned-0.042 [-0.062, -0.022]"),
    ("Noise floor and other arms", "names: within b-0.067"),
    ("Noise floor and other arms", "placebo: words that should make no difference0.021"),
    ("Noise floor and other arms", "on 6400.107 [0.087, 0.127]on 6400.182descriptive"),
    (
        "Noise floor and other arms",
        "0.211 [0.191, 0.231]on 6400.107 [0.087, 0.127]on 6400.0310.0496",
    ),
    ("Noise floor and other arms", "race names: black v white-0.019"),
    ("Single terms", "winner's curse"),
    ("Single terms", "<b>she2 v he2-0.230 [-0.250, -0.210]"),
    ("Single terms", "seed-1gender0.031 [0.011, 0.051] in probability"),
    ("Group outcomes", "12 of 40v 1,015 of 2,0400.512 [0.492, 0.532]0.79996 [0.780, 0.820]"),
    ("Group outcomes", "-2.4680.014-2.468< 0.0010.0496+7.748-0.406yesno"),
    ("Errors and calibration", "True positive rate difference"),
    ("Errors and calibration", "True positive rate difference [98.3 %]Rows"),
    ("Group outcomes", "Impact ratio: against <b>: descriptive, no interval."),
    ("Errors and calibration", "Subgroup AUC: not measured, no row has a <score>."),
    ("Group outcomes", "Demographic parity difference0.093"),
    ("Errors and calibration", "Average odds difference-0.031"),
    ("Group outcomes", "Its p0.0496"),
    ("Group outcomes", "0.512 [0.492, 0.532]0.7996640"),
    ("Self-test", "500 times, with 5 findings of swaps"),
    ("Self-test", "The error rate of the plan is 0.05."),
    ("Self-test", "nothing0.031 [0.011, 0.051]"),
    ("Self-test", "2 × the threshold"),
    ("Notes on the data", "2 rows have <no> weight and count nowhere."),
]


@pytest.mark.parametrize(("section", "said"), SAID)
def test_a_section_says(html: str, section: str, said: str) -> None:
    assert squeezed(said) in text_of(html, section)


def test_the_page_is_the_record_in_every_section(summary: Summary, html: str) -> None:
    """Also where a number is planted wrong in a part that no other test looks at."""
    record = json.loads(render_json(summary))
    assert wrong(html, record) == []
    for pointer in (
        "/judged/0/interval_90/0",
        "/judged/0/detectable",
        "/criteria/0/delta",
        "/planned/tests",
        "/arms/0/estimate/value",
        "/systematic/1/p",
        "/terms/0/estimate/low",
        "/comparisons/0/shortfall",
        "/comparisons/0/p_fisher_adjusted",
        "/groups/2/estimate/value",
        "/group_differences/0/estimate/value",
        "/attribute_metrics/0/estimate/high",
        "/self_test/1/not_met/value",
    ):
        parent, _, key = pointer.rpartition("/")
        holder = at(record, parent)
        place = int(key) if isinstance(holder, list) else key
        before, holder[place] = holder[place], holder[place] + 1
        assert pointer in {ref for ref, _ in wrong(html, record)}, pointer
        holder[place] = before


def test_sections_that_have_nothing_are_left_out(evidence: Evidence, tmp_path: Path) -> None:
    given = factory.evidence(tmp_path)
    given.results = Results(given.overall, coverage=given.coverage)
    page = render_html(summarize(given))
    there = sections(page).keys()
    gone = {
        "Other measures of the same pairs", "Noise floor and other arms", "Single terms",
        "Against a reference", "Outcomes by group", "Sensitivity", "Errors by group",
    }  # fmt: skip
    assert there.isdisjoint(gone)
    for section in ("Group outcomes", "Errors and calibration", "Checkpoints", "Self-test"):
        assert "nottested:" in text_of(page, section), section
    assert {"Executive summary", "Plan", "What was swapped", "Reproduction and evidence"} <= there


def test_every_finding_is_shown_once(evidence: Evidence, summary: Summary) -> None:
    lists = (summary.judged, summary.described, summary.arms, summary.group_differences)
    ids = [row.id for rows in lists for row in rows]
    assert sorted(ids) == sorted(f.finding_id for f in evidence.findings)
    assert all(row.arm is not Arm.SWAP for row in summary.arms)
    assert all(row.basis is Basis.GROUPS for row in summary.group_differences)


def test_a_panel_has_one_metric_and_one_threshold(summary: Summary) -> None:
    """Charts never put two units or bands on one axis, and leave out what was not measured."""
    assert [panel.findings for panel in summary.panels] == [[0, 1, 3, 4], [5, 6]]
    assert [(panel.metric, panel.delta) for panel in summary.panels] == [
        ("selection_rate_change", 0.05),
        ("selection_rate_difference", 0.1),
    ]


def test_an_attribute_with_a_threshold_of_its_own_has_its_own_criterion(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path)
    first, *rest = given.findings
    assert first.criterion is not None
    own = replace(first, criterion=replace(first.criterion, delta=0.02, approved_by="B. Person"))
    given.results = replace(given.results, findings=(own, *rest))
    made = summarize(given)
    assert [(c.delta, c.approved_by, c.findings) for c in made.criteria] == [
        (0.02, "B. Person", 1),
        (0.05, None, 4),
        (0.1, "A. Person", 2),
    ]
    assert [panel.delta for panel in made.panels] == [0.02, 0.05, 0.1]
    assert squeezed("at most ±0.02 when only the group") in text_of(render_html(made), BOARD)


@pytest.mark.parametrize(
    ("metric", "worse", "side"),
    [
        ("selection_rate_change", "lower", "left"),
        ("selection_rate_change", "higher", "right"),
        ("selection_rate_change", "either", None),
        ("false_negative_rate_change", "lower", "right"),
    ],
)
def test_a_chart_says_where_the_harm_lies(
    tmp_path: Path, metric: str, worse: str, side: str | None
) -> None:
    """More texts that are denied what they deserve lie to the right, and are the harm."""
    given = factory.evidence(tmp_path, harm={"worse": worse})
    changed = replace(given.findings[0], metric=metric)
    given.results = replace(given.results, findings=(changed,))
    assert summarize(given).panels[0].worse == side


def test_terms_are_the_first_models_and_few(summary: Summary) -> None:
    assert [(t.model_id, t.term_a) for t in summary.terms] == [
        (factory.MODELS[0], f"he{i}") for i in range(3)
    ]


def test_a_rule_of_thumb_stands_beside_the_verdict_on_the_same_rates(tmp_path: Path) -> None:
    """Of the group that has one; none of its words are a verdict's."""
    given = factory.evidence(tmp_path)
    made = summarize(given)
    rules = [row.rule_of_thumb for row in made.judged if row.basis is Basis.GROUPS]
    judged = [f for f in given.findings if f.verdict is not None]
    assert rules == [f.rule_of_thumb for f in judged if f.basis is Basis.GROUPS]
    assert "below four fifths of the highest rate" in "".join(Page(render_html(made)).text)
