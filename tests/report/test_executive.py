"""One page tells a board who, what, when, on which data, what failed, what to decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from auditor.evidence.reader import Evidence
from auditor.records import Finding, Verdict
from auditor.report.cover.confidence import confidence_in
from auditor.report.cover.executive import judged_of
from auditor.report.cover.people import people_sentence
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.summarize import summarize
from tests.report import factory
from tests.report.outcomes import BLACK_AND_OTHERS, outcomes
from tests.report.test_report import FORBIDDEN
from tests.report.test_sections import squeezed, text_of

GROUPS = ("a", "b", "c", "d", "e")


@pytest.fixture(scope="module")
def law(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The sample table of New York City's rule, by race."""
    return outcomes(tmp_path_factory.mktemp("law"), BLACK_AND_OTHERS)


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summarize(factory.evidence(tmp_path_factory.mktemp("run"), GROUPS))


def board(summary: Summary) -> str:
    """The words of the printed page, without blanks."""
    page = render_html(summary)
    return text_of(page[: page.index('<div class="page">')] + "<h2></h2>", "Executive summary")


def test_a_finding_on_people_has_counts_ratio_tests_and_what_they_mean(law: Evidence) -> None:
    """The ratio meets the rule of thumb, and the verdict on the difference is inconclusive."""
    head = summarize(law).executive.headlines[0]
    assert head.sentence == (
        "Among 390 rows of Black and 797 of White, 170 and 412 were given the favourable outcome: "
        "an impact ratio of 0.843 [0.739, 0.962] (95 % interval; Fisher's p = 0.009; p = 0.057 "
        "after Holm over 6 comparisons). A gap this large would be unusual if both groups had the "
        "same rate, less so once 6 comparisons are allowed for; it equals about 21 selections. The "
        "verdict is on the difference in rates of Black less White, -0.081 [-0.133, -0.029] (90 % "
        "interval), against ±0.1."
    )
    assert head.verdict is Verdict.INCONCLUSIVE
    assert head.rule_of_thumb is not None
    assert head.rule_of_thumb.startswith("not below four fifths of the highest rate")


def sentence(evidence: Evidence) -> str:
    (finding,) = judged_of(evidence)
    said = people_sentence(finding, evidence.results.comparisons, alpha=0.05)
    assert said is not None
    return said


def test_where_two_tests_disagree_the_one_that_governs_is_named(tmp_path: Path) -> None:
    """2 of 10 against 15 of 25: nothing else on the line speaks for the other test."""
    given = outcomes(tmp_path, {"few": (2, 10), "more": (15, 25)}, metrics={"min_rows": 2})
    said = sentence(given)
    assert "Fisher's p = 0.0599" in said or "Fisher's p = 0.060" in said
    assert "is not unusual where both groups have the same rate" in said
    assert "would be unusual" not in said
    assert "so Fisher's exact test governs, and not the normal approximation (its p = 0.03" in said


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"a": (12, 40), "b": (15, 40)}, "not below four fifths"),
        ({"a": (11, 40), "b": (15, 40)}, "below four fifths"),
    ],
)
def test_the_rule_of_thumb_is_of_whole_numbers(
    tmp_path: Path, counts: Mapping[str, tuple[int, int]], words: str
) -> None:
    head = summarize(outcomes(tmp_path, counts)).executive.headlines[0]
    assert str(head.rule_of_thumb).startswith(words)


@pytest.mark.parametrize(
    "counts",
    [
        {"a": (0, 40), "b": (20, 40)},
        {"a": (40, 40), "b": (20, 40)},
        {"a": (0, 40), "b": (0, 40)},
        {"a": (40, 40), "b": (40, 40)},
        {"a": (20, 40)},
        {"": (20, 40)},
        {"a": (1, 2), "b": (1, 2)},
    ],
    ids=["none of one", "all of one", "none", "all", "one group", "all unknown", "too few"],
)
def test_zero_cells_do_not_break_the_page(
    tmp_path: Path, counts: Mapping[str, tuple[int, int]]
) -> None:
    made = summarize(outcomes(tmp_path, counts))
    words = re.sub(r"<style.*?</style>|<[^>]+>", " ", render_html(made), flags=re.S)
    assert re.findall(r"\bnan\b|\binf\b", words.lower()) == []
    assert "Decisionsneededfromyou" in board(made)


def test_the_worst_findings_come_first_and_none_is_said_twice(summary: Summary) -> None:
    heads = summary.executive.headlines
    assert 3 <= len(heads) <= 6
    assert len({head.finding for head in heads}) == len(heads)
    verdicts = [head.verdict for head in heads]
    assert verdicts[0] is Verdict.DOES_NOT_MEET
    assert all(summary.judged[h.finding].verdict is h.verdict for h in heads)


def test_a_question_has_the_verdict_of_all_its_findings(summary: Summary) -> None:
    questions = {row.of: row for row in summary.executive.questions}
    assert sorted(i for row in questions.values() for i in row.findings) == list(
        range(len(summary.judged))
    )
    gender = questions["gender"]
    assert gender.verdict is Verdict.DOES_NOT_MEET
    assert gender.main == 0
    assert "change by more than ±0.05 when only the group in a text changes" in gender.question
    people = questions["co<l>umn"]
    assert people.verdict is Verdict.INCONCLUSIVE
    assert (people.section, gender.section) == (6, 8)


def test_a_reader_finds_on_one_page_what_the_audit_comes_to(summary: Summary) -> None:
    """Who, what, when, which data, what failed, what was not tested, what to decide."""
    text = board(summary)
    for said in (
        "System: NOT PROVIDED; org/model~a, seed-1.",
        "Audited 2026-01-01 on 1,234 texts.",
        "▲ does not meet criterion",
        "-0.600 [-0.610, -0.590] on 1,540 pairs in 77 templates",
        "Not tested",
        "Attributes other than gender",
        "Decisions needed from you",
        "accept, mitigate or stop",
    ):
        assert squeezed(said) in text, said


def test_the_box_of_what_was_not_tested_is_there_even_if_empty(summary: Summary) -> None:
    empty = summary.executive.model_copy(update={"untested": []})
    bare = summary.model_copy(update={"executive": empty, "not_tested": []})
    assert "Nottestednonedeclared" in board(bare)
    assert "nonedeclared" in text_of(render_html(bare), "Not tested, and why")


def test_a_plot_on_the_page_has_what_the_page_names(summary: Summary) -> None:
    """All of an axis where it is short; else what is said in sentences."""
    swaps, people = summary.executive.panels
    assert swaps.whole
    assert swaps.findings == summary.panels[0].findings
    assert people.forest == summary.panels[1].forest


def test_a_long_axis_is_cut_to_what_is_said_and_shown_whole_behind(tmp_path: Path) -> None:
    groups = [f"g{i}" for i in range(14)]
    given = factory.evidence(tmp_path, groups, values=[-0.6 + i / 50 for i in range(14)])
    made = summarize(given)
    brief = made.executive.panels[0]
    named = {head.finding for head in made.executive.headlines}
    assert not brief.whole
    assert set(brief.findings) == named & set(made.panels[0].findings)
    assert made.panels[0].forest in unescape(render_html(made))
    assert "findings named above" in render_html(made)


def judged(**changes: Any) -> list[Finding]:
    found = factory.finding("b", -0.01)
    estimate = replace(found.estimate, **changes.pop("estimate", {}))
    return [replace(found, estimate=estimate, **changes)]


@pytest.mark.parametrize(
    ("findings", "level", "lacks"),
    [
        (judged(), "moderate", ["source"]),
        (judged(estimate={"clusters": 39}), "low", ["much data", "source"]),
        (judged(verdict=Verdict.INCONCLUSIVE, detectable=0.06), "low", ["power", "source"]),
        (judged(verdict=Verdict.INCONCLUSIVE, detectable=0.05), "moderate", ["source"]),
        (judged(verdict=Verdict.NOT_TESTED), "low", ["nothing was measured"]),
    ],
)
def test_confidence_follows_its_rule(
    tmp_path: Path, findings: list[Finding], level: str, lacks: list[str]
) -> None:
    """Templates are no texts of the operator's, so one condition is lacking throughout."""
    given = factory.evidence(tmp_path, GROUPS)
    found, lacking = confidence_in(findings, given, given.plan.declared)
    assert found == level
    assert [each.partition(":")[0] for each in lacking] == lacks


def test_the_operators_own_texts_can_give_high_confidence(tmp_path: Path) -> None:
    data = {"path": "d.csv", "text": ["t"]}
    given = factory.evidence(tmp_path, GROUPS, data=data)
    assert confidence_in(judged(), given, given.plan.declared) == ("high", [])


@pytest.mark.parametrize(
    ("how", "lacks"),
    [
        (None, "how race was obtained is not declared"),
        ("inferred", "race is declared as inferred"),
        ("record", None),
    ],
)
def test_how_groups_were_learned_bears_on_confidence(
    tmp_path: Path, how: str | None, lacks: str | None
) -> None:
    facts = {"obtained_by": {"race": how}} if how else {}
    counts = {"a": (300, 600), "b": (300, 600), "": (20, 40)}
    (row,) = summarize(outcomes(tmp_path, counts, declared=facts)).executive.questions
    assert [x for x in row.lacking if x.startswith("source")] == (
        [f"source: {lacks}"] if lacks else []
    )


def test_many_rows_of_unknown_group_bear_on_confidence(law: Evidence, tmp_path: Path) -> None:
    counts = {**BLACK_AND_OTHERS, "": (100, 250)}
    (row,) = summarize(outcomes(tmp_path, counts)).executive.questions
    assert "completeness: 8.8 % of rows are of unknown group" in row.lacking
    (without,) = summarize(law).executive.questions
    assert not any("completeness" in each for each in without.lacking)
    assert "much data: some rests on less than 2 times what the plan asks for" in without.lacking


def test_decisions_follow_from_verdicts_and_from_what_is_missing(
    summary: Summary, tmp_path: Path
) -> None:
    kinds = [row.kind for row in summary.executive.decisions]
    assert kinds == [
        "accept, mitigate or stop", "get more data", "get more data", "approve", "supply",
    ]  # fmt: skip
    counts = {"a": (3000, 6000), "b": (3000, 6000)}
    good = outcomes(tmp_path, counts, metrics={"approved_by": "A. Person"})
    assert [row.kind for row in summarize(good).executive.decisions] == ["accept", "supply"]


def test_no_decision_or_option_is_a_cut_off_by_group(summary: Summary) -> None:
    said = [row.text for row in summary.executive.decisions]
    said += [option for row in summary.findings_register.rows for option in row.options]
    assert not any("cut-off" in each or "threshold by group" in each for each in said)


def test_the_page_promises_nothing(summary: Summary, law: Evidence) -> None:
    page = render_html(summarize(law))
    start = page.index("Executive summary")
    assert FORBIDDEN.findall(page[start : page.index("System and intended use", start)]) == []
    assert "overall score" not in page
