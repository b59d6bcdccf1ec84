"""The summary for a job's page: what it says is whole, and what strangers wrote stays text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from auditor.report import words
from auditor.report.markdown import MOST_FINDINGS, escaped, render_markdown
from auditor.report.parts import Summary
from auditor.report.summarize import summarize
from tests.report import factory
from tests.report.test_report import Page

HOSTILE = (
    "a | b || c",
    "`code` ``two`` \\` \\",
    "[link](https://example.org) ![](x) <img src=x> &lt;",
    "@team #12 GH-7 www.example.org a@b.co\r\n# Heading\n\n- item",
    "**bold** __under__ ~~gone~~ $x^2$ *",
)


def html(markdown: str) -> str:
    """Returns Markdown as a site would show it."""
    return str(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))


def text_of(markdown: str) -> str:
    return "".join(Page(html(markdown)).text).replace("\u200b", "")


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summarize(factory.evidence(tmp_path_factory.mktemp("hostile"), HOSTILE))


@pytest.fixture(scope="module")
def page(summary: Summary) -> str:
    return render_markdown(summary)


@pytest.mark.parametrize(
    "name",
    [*HOSTILE, "1. one", "2) two", "- dash", "+ plus", "= line", "---", "=1+1", "    code", "~~~",
     "> quote", "# one", "====", "<script>alert(1)</script>", "&amp; &#64;", "12.", "\ttab"],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "- ", "| a | b |\n|---|---|\n| x | "])
def test_a_name_shows_as_the_letters_that_it_is(name: str, before: str) -> None:
    shown = html(before + escaped(name))
    tags = {tag for tag, _ in Page(shown).tags} - {"p", "ul", "li", "table", "thead", "tbody"}
    assert tags <= {"tr", "th", "td"}
    assert " ".join(name.split()) in text_of(shown)


def test_nobody_is_notified_and_nothing_is_linked(page: str) -> None:
    """Sites make mentions and references of plain text, after Markdown is gone."""
    assert not re.search(r"@\w|#\d|GH-\d|://|www\.", page)
    assert re.search(r"@\w|#\d|GH-\d|://|www\.", "".join(HOSTILE))


def test_numbers_are_left_as_they_are(page: str) -> None:
    assert "| -0.600 \\[-0.610, -0.590\\] |" in page
    assert "1,540 pairs" in page
    assert escaped("+0.5 of 1,234.") == "+0.5 of 1,234."


def test_every_row_has_the_cells_of_its_head(page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    findings = rows[rows.index(next(row for row in rows if "| Contrast |" in row)) :]
    assert len(findings) == 8
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in findings} == {7}


def test_verdict_findings_gaps_and_limits_are_all_said(summary: Summary, page: str) -> None:
    shown = text_of(page)
    assert f"{summary.verdict.value}: {summary.verdict_reason}" in shown
    assert all(f.verdict is None or f.verdict.value in shown for f in summary.judged)
    for line in (*words.STANDING, words.SCOPE, words.ABSENCE, *summary.not_provided):
        assert " ".join(line.split()) in shown
    for line in summary.not_tested:
        assert " ".join(line.split()) in shown
    assert page.count("NOT PROVIDED") >= len(summary.not_provided) > 0


def test_what_nobody_must_supply_is_said_too(summary: Summary) -> None:
    whole = summary.model_copy(update={"not_provided": [], "not_tested": []})
    shown = text_of(render_markdown(whole))
    assert "Nothing that was asked for is missing." in shown
    assert "none declared" in shown


def test_a_long_list_is_cut_and_says_so(summary: Summary) -> None:
    many = summary.model_copy(update={"judged": summary.judged[:1] * (MOST_FINDINGS + 3)})
    shown = text_of(render_markdown(many))
    assert f"The first {MOST_FINDINGS} of 203 findings; all of them stand in report.json." in shown
    assert len(render_markdown(many)) < 100_000


def test_a_run_of_outcomes_without_a_model_has_a_summary(tmp_path: Path) -> None:
    given = summarize(factory.evidence(tmp_path)).model_copy(update={"models": []})
    assert "none: outcomes as they were given" in render_markdown(given)
