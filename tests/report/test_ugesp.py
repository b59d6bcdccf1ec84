"""The four-fifths rule of thumb: whole numbers, the test that governs, words of no verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.metrics.power import people_per_group
from auditor.records import Verdict
from auditor.report.html import render_html
from auditor.report.people.parts import AdverseRow
from auditor.report.people.power import detectable_ratio
from tests.report import employment, factory
from tests.report.employment import UGESP, Cells
from tests.report.test_report import FORBIDDEN, Page, wrong

Pair = tuple[int, int]
"""Selected, people."""


def row(folder: Path, focal: Pair, reference: Pair, **plan: Any) -> AdverseRow:
    """Returns what is said of a focal group against another."""
    cells: Cells = {("focal",): focal, ("reference",): reference}
    evidence = employment.audited(folder, cells, ("sex",), **plan)
    found = employment.summary(evidence, UGESP).people.ugesp
    assert found is not None
    return found.rows[0]


def said(page: str) -> str:
    return " ".join(" ".join(Page(page).text).split())


@pytest.mark.parametrize(
    ("focal", "reference", "below"),
    [
        ((12, 40), (15, 40), False),
        ((48, 100), (60, 100), False),
        ((47, 100), (60, 100), True),
        ((45, 100), (60, 100), True),
        ((51, 100), (60, 100), False),
        ((12, 40), (48, 80), True),
    ],
    ids=["12/40 v 15/40", "exactly .80", "just below", "Q&A .75", "Q&A .85", "Q&A .50"],
)
def test_four_fifths_is_asked_of_whole_numbers(
    tmp_path: Path, focal: Pair, reference: Pair, below: bool
) -> None:
    found = row(tmp_path, focal, reference)
    assert found.below is below
    assert found.words.startswith("not below" if not below else "below")


@pytest.mark.parametrize("name", ["eeoc_qa_48of80_vs_12of40", "ll144_black_vs_white"])
def test_the_numbers_of_a_pair_are_the_vectors(shared: Path, tmp_path: Path, name: str) -> None:
    """Vector C."""
    pairs = employment.vectors(shared, "pairwise")
    if name not in pairs:
        name = next(k for k, v in pairs.items() if v["focal"].get("selected") == 170)
    given = pairs[name]
    sides = [(given[side]["selected"], given[side]["n"]) for side in ("focal", "reference")]
    found = row(tmp_path, *sides)
    assert found.impact_ratio.value == pytest.approx(given["impact_ratio"], abs=5e-7)
    assert found.z_pooled == pytest.approx(given["z_pooled"], abs=5e-7)
    assert found.p_fisher == pytest.approx(given["fisher_two_sided_p"], rel=1e-4)
    assert found.shortfall == pytest.approx(given["shortfall"], abs=5e-3)
    assert found.governing == "z"


def test_where_z_and_fisher_differ_one_governs_and_is_named(tmp_path: Path) -> None:
    """2/10 against 15/25: .032 by z and .060 by Fisher; one answer, and no second one beside it."""
    found = row(tmp_path, (2, 10), (15, 25), metrics={"min_rows": 10})
    assert found.governing == "Fisher"
    assert found.words == "below four fifths; small numbers, and not significant"
    assert found.tests_differ == (
        "focal against reference: p is 0.032 by z and 0.060 by Fisher's exact test; a group has "
        "fewer than 30 rows, or an expected count is below 5, so Fisher's exact test governs: not "
        "significant at 0.05."
    )


def test_too_few_rows_say_so_and_still_name_the_governing_test(tmp_path: Path) -> None:
    found = row(tmp_path, (2, 10), (15, 35))
    assert found.words == "below four fifths; too few rows to say more"
    assert found.governing == "Fisher"


@pytest.mark.parametrize(
    ("focal", "reference", "words"),
    [
        ((45, 250), (120, 400), "below four fifths, and significant"),
        ((14, 50), (20, 50), "below four fifths, and not significant"),
        ((9600, 20000), (10000, 20000), "not below four fifths, and significant"),
        ((45, 100), (50, 100), "not below four fifths, and not significant at this power"),
        ((0, 40), (0, 40), "no answer: no one of"),
        ((40, 40), (40, 40), "not below four fifths, and not significant"),
    ],
)
def test_words_follow_from_ratio_and_test_and_are_no_verdict(
    tmp_path: Path, focal: Pair, reference: Pair, words: str
) -> None:
    found = row(tmp_path, focal, reference)
    assert found.words.startswith(words)
    assert not any(verdict.value in found.words for verdict in Verdict)


def test_one_person_moved_turns_the_answer(tmp_path: Path) -> None:
    """The questions and answers of 1979: 1 of 10 against 3 of 20 becomes 2 of 10 against 2."""
    found = row(tmp_path, (1, 10), (3, 20), metrics={"min_rows": 10})
    assert (found.below, found.one_person_turns, found.small_numbers) == (True, True, True)


def test_a_detectable_ratio_is_that_of_the_sample_size_that_finds_it() -> None:
    for rate, people in ((0.5, 388), (0.2, 1447), (0.1, 3213)):
        assert people_per_group(rate) == people
        found = detectable_ratio(rate, people, people, power=0.8, alpha=0.05)
        assert found == pytest.approx(0.8, abs=2e-4)
    assert detectable_ratio(0.1, 5, 5, power=0.8, alpha=0.05) is None
    assert detectable_ratio(0.0, 50, 50, power=0.8, alpha=0.05) is None


def test_groups_are_held_against_the_highest_rate_whatever_the_plan_names(tmp_path: Path) -> None:
    cells: Cells = {("a",): (60, 100), ("b",): (50, 100), ("c",): (45, 100)}
    plan = {"swaps": {"references": {"race": "b"}}}
    evidence = employment.audited(tmp_path, cells, ("race",), **plan)
    found = employment.summary(evidence, UGESP).people.ugesp
    assert found is not None
    assert {each.reference for each in evidence.results.comparisons} == {"b"}
    assert {each.reference for each in found.rows} == {"a"}
    assert [each.group for each in found.rows if each.below] == ["c"]


def test_the_bottom_line_comes_first_and_names_who_is_below(tmp_path: Path) -> None:
    cells: Cells = {("f", "w"): (20, 60), ("m", "w"): (40, 60), ("f", "b"): (9, 30)}
    found = employment.summary(employment.audited(tmp_path, cells), UGESP)
    assert found.people.ugesp is not None
    page = said(render_html(found))
    first = found.people.ugesp.columns[0].sentence
    assert first == (
        "sex: of 1 group held against the highest rate, that of m, 1 is below four fifths of it: f."
    )
    assert page.index("Bottom line") < page.index(first) < page.index("Group by group")


def test_the_annex_is_the_record_and_says_what_it_is_not(tmp_path: Path) -> None:
    cells: Cells = {("f", "w"): (20, 60), ("m", "w"): (40, 60), ("f", "b"): (9, 30)}
    found = employment.summary(employment.audited(tmp_path, cells), UGESP)
    html = render_html(found)
    assert wrong(html, employment.record(found)) == []
    assert sum("/people/ugesp/" in ref for ref, _ in Page(html).refs) > 20
    page = said(html)
    assert "Validity evidence is not in this report." in page
    assert "rescission" in page
    assert "No remedy may adjust scores, or set cut-offs, by group" in page
    own = page[page.index("Bottom line") : page.index("No remedy may")]
    assert FORBIDDEN.findall(own.lower()) == []


def test_survey_weights_have_no_counts_and_say_so(tmp_path: Path) -> None:
    found = row(tmp_path, (20, 60), (40, 60), data={"weight_kind": "sampling"})
    assert found.below is None
    assert found.words.startswith("no tests: people cannot be counted")
    assert found.selected is None


def test_strange_groups_are_text(tmp_path: Path) -> None:
    cells: Cells = {(name,): (20 + i, 60) for i, name in enumerate(factory.STRANGE)}
    found = employment.summary(employment.audited(tmp_path, cells, ("race",)), UGESP)
    html = render_html(found)
    assert "script" not in {tag for tag, _ in Page(html).tags}
    assert wrong(html, employment.record(found)) == []
