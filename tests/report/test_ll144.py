"""The page of Local Law 144: the rule's own sample tables, small categories, unknown people."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from auditor.cli import app
from auditor.evidence.reader import Evidence
from auditor.report.edition import Choice
from auditor.report.html import render_html
from auditor.report.people import words
from auditor.report.people.bounds import ratio_bounds
from auditor.report.people.counting import Tally
from auditor.report.people.page import posts, render_ll144
from auditor.report.people.parts import Ll144Part
from auditor.report.render import write_report
from auditor.report.words import shown
from tests.report import employment, factory
from tests.report.employment import LL144, Cells, by_name
from tests.report.test_report import FORBIDDEN, Page, wrong

HALVES = {("f", "w"): (20, 40), ("m", "w"): (30, 60), ("f", "b"): (10, 40), ("m", "b"): (20, 60)}
UNKNOWN = {("", "w"): (12, 24), ("m", "N/A"): (3, 7)}


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Two sexes, two races, 31 people of whom one of these is not known."""
    return employment.audited(tmp_path_factory.mktemp("people"), {**HALVES, **UNKNOWN})


def part(evidence: Evidence, **given: Any) -> Ll144Part:
    found = employment.summary(evidence, LL144, **given).people.ll144
    assert found is not None
    return found


def told(page: str) -> str:
    """What a page says, a blank between any two of its elements."""
    return " ".join(" ".join(Page(page).text).split())


def same(printed: str, ours: str) -> bool:
    """Whether ours, rounded to as many digits as the rule prints, is what the rule prints."""
    theirs, own = (Decimal(each.rstrip(" %")) for each in (printed, ours))
    return own.quantize(theirs, ROUND_HALF_UP) == theirs


TABLES = [
    (of, name, hits)
    for of, hits in (("ll144_selection", "selected"), ("ll144_scoring", "above_median"))
    for name in ("sex", "race_ethnicity", "intersectional")
]


@pytest.mark.parametrize(("of", "name", "hits"), TABLES)
def test_the_tables_of_the_rule_print_as_in_the_rule(
    shared: Path, of: str, name: str, hits: str
) -> None:
    """Each alone, since the rule's three do not add up. It cuts 64.29 % to 64.2 % and rounds all
    others."""
    rows = employment.vectors(shared, of)["tables"][name]["rows"]
    cells = {tuple(row["category"].split("|")): (row[hits], row["n"]) for row in rows}
    columns = ["race", "sex"][: len(next(iter(cells)))]
    found = by_name(employment.table(columns, cells))
    for row in rows:
        own = found[row["category"].replace("|", ", ")]
        assert (own.n, own.hits) == (row["n"], row[hits])
        assert own.rate is not None
        assert own.impact_ratio is not None
        rate = words.percent(own.rate)
        assert same(row["printed_rate"], rate) or (row["printed_rate"], rate) == ("64.2%", "64.3 %")
        assert same(row["printed_ir"], words.ratio(own.impact_ratio))
        assert own.impact_ratio == pytest.approx(row["impact_ratio"], abs=5e-7)


def test_a_small_category_stays_in_unless_an_auditor_says_why(shared: Path) -> None:
    """1.59 % of the rule's table: a ratio is printed there, and is here."""
    cells = race_table(shared)
    small = "Native American or Alaska Native"
    kept = by_name(employment.table(["race"], cells))[small]
    left = by_name(employment.table(["race"], cells, exclude_small=True))[small]
    assert (kept.n, kept.excluded, round(kept.share or 0, 4)) == (41, False, 0.0159)
    assert kept.impact_ratio == pytest.approx(0.849278, abs=5e-7)
    assert (left.n, left.excluded, left.impact_ratio) == (41, True, None)
    assert left.rate == pytest.approx(18 / 41)
    assert "fewer than two in a hundred" in str(left.no_ratio)


def race_table(shared: Path) -> Cells:
    rows = employment.vectors(shared, "ll144_selection")["tables"]["race_ethnicity"]["rows"]
    return {(row["category"],): (row["selected"], row["n"]) for row in rows}


def test_an_excluded_category_is_never_the_one_that_others_are_held_against() -> None:
    cells = {("a",): (60, 100), ("b",): (48, 100), ("tiny",): (3, 3)}
    kept = by_name(employment.table(["race"], cells))
    left = by_name(employment.table(["race"], cells, exclude_small=True))
    assert kept["tiny"].is_highest
    assert kept["a"].impact_ratio == 0.6
    assert left["a"].is_highest
    assert not left["tiny"].is_highest
    assert left["b"].impact_ratio == 0.8


def test_two_in_a_hundred_exactly_is_not_fewer() -> None:
    cells = {("a",): (20, 98), ("edge",): (1, 2)}
    assert not by_name(employment.table(["race"], cells, exclude_small=True))["edge"].excluded


@pytest.mark.parametrize(
    ("cells", "ratio", "reason"),
    [
        ({("f",): (0, 20), ("m",): (0, 20)}, None, "no category that is held against others"),
        ({("f",): (0, 20), ("m",): (20, 20)}, 0.0, None),
        ({("f",): (20, 20), ("m",): (20, 20)}, 1.0, None),
        ({("f",): (0, 0), ("m",): (5, 20)}, None, "no one with an outcome"),
        ({("f",): (3, 20)}, 1.0, None),
    ],
)
def test_zero_cells_have_the_right_words(cells: Cells, ratio: float | None, reason: str) -> None:
    """Never 0 or 1 where there is no ratio; and 0 where the category's own rate is 0."""
    row = by_name(employment.table(["sex"], cells))["f"]
    assert row.impact_ratio == ratio
    assert row.no_ratio is None if reason is None else reason in str(row.no_ratio)


@pytest.mark.parametrize(
    "cells",
    [
        {("f", "w"): (0, 20), ("m", "b"): (0, 20)},
        {("f", "w"): (20, 20), ("m", "b"): (20, 20)},
        {("f", "w"): (0, 0), ("m", "b"): (5, 20)},
        {("f", "w"): (7, 20)},
        {("", ""): (7, 20), ("N/A", "b"): (2, 9)},
    ],
    ids=["none selected", "all selected", "empty group", "one group", "all unknown"],
)
def test_impossible_tables_make_a_page_without_a_crash(tmp_path: Path, cells: Cells) -> None:
    found = employment.summary(employment.audited(tmp_path, cells), LL144, employment.UGESP)
    for page in (render_html(found), render_ll144(found)):
        assert wrong(page, employment.record(found)) == []
        assert not re.search(r"\b(nan|inf)\b", told(page), re.IGNORECASE)


def test_all_of_unknown_category_are_counted_and_nothing_is_made_of_them(tmp_path: Path) -> None:
    found = employment.summary(employment.audited(tmp_path, {("", ""): (7, 20)}), LL144)
    assert found.people.ll144 is not None
    assert found.people.ll144.refused is not None or found.people.ll144.unknown == 20


def test_unknown_people_are_out_of_the_tables_that_need_what_is_not_known(
    audit: Evidence,
) -> None:
    """Known sex and unknown race: in the table of sex, and in no other. All add up to everyone."""
    found = part(audit)
    sex, race, both = found.tables
    assert (found.assessed, found.unknown) == (231, 31)
    assert [(t.n, t.unknown) for t in (sex, race, both)] == [(207, 24), (224, 7), (200, 31)]
    assert all(t.n + t.unknown == found.assessed for t in found.tables)
    assert sex.hits == sum(row.hits for row in sex.rows) == 83


def test_unknown_people_could_move_the_ratio_as_far_as_the_rule_of_worst_cases_says(
    shared: Path,
) -> None:
    """Vector H: of 250 unknown, and where their decisions are known."""
    female, male = Tally((), 1181, 555, 0), Tally((), 1390, 667, 0)
    known = employment.vectors(shared, "unknown_bounds_sex_decisions_known")
    low, high = ratio_bounds(female, male, Tally((), 250, 120, 0))
    assert low == pytest.approx(known["female_ir_min"], abs=5e-7)
    assert high == pytest.approx(known["female_to_male_ratio_max"], abs=5e-7)
    ends = employment.vectors(shared, "unknown_bounds_sex")
    unselected, _ = ratio_bounds(female, male, Tally((), 250, 0, 0))
    assert unselected == pytest.approx(ends["all_unknown_unselected_women"], abs=5e-7)
    selected, _ = ratio_bounds(female, male, Tally((), 250, 250, 0))
    assert selected == pytest.approx(ends["all_unknown_selected_men"], abs=5e-7)


def test_missing_outcomes_are_split_in_the_worst_way() -> None:
    """Against every split of 30 people, since the worst is at neither end."""
    group, highest = Tally((), 40, 20, 0), Tally((), 45, 23, 0)
    every = [ratio_bounds(group, highest, Tally((), 30, k, 0)) for k in range(31)]
    low, high = ratio_bounds(group, highest, Tally((), 0, 0, 30))
    assert low == pytest.approx(min(each[0] for each in every))
    assert high == pytest.approx(max(each[1] for each in every))
    assert low < min(every[0][0], every[-1][0])


def test_columns_are_read_by_name_and_others_have_a_table_of_their_own(tmp_path: Path) -> None:
    cells = {(*key, str(i % 2)): value for i, (key, value) in enumerate(HALVES.items())}
    columns = ("Gender", "Race/Ethnicity", "veteran")
    found = part(employment.audited(tmp_path, cells, columns))
    assert [(t.kind, t.columns) for t in found.tables] == [
        ("sex", ["Gender"]),
        ("race_ethnicity", ["Race/Ethnicity"]),
        ("intersections", ["Gender", "Race/Ethnicity"]),
        ("other", ["veteran"]),
    ]


def test_scores_without_a_cutoff_have_scoring_rates_and_count_ties(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    scores = [1, 2, 3, 3, 3, 4, 5, 6]
    rows = {"sex": ["f", "m"] * 4, "race": ["w", "w", "b", "b"] * 2, "score": scores}
    pd.DataFrame(rows).to_csv(table, index=False)
    data = {"predictions": str(table), "outcome": "score", "outcome_is": "score", "weight": None}
    cells: Cells = {("f", "w"): (1, 2), ("m", "w"): (1, 2)}
    folder = tmp_path / "x"
    folder.mkdir()
    found = employment.summary(employment.audited(folder, cells, data=data), LL144)
    ll144 = found.people.ll144
    assert ll144 is not None
    assert (ll144.rate, ll144.median, ll144.tied, ll144.tied_share) == ("scoring", 3, 3, 0.375)
    assert {row.names[0]: row.hits for row in ll144.tables[0].rows} == {"f": 1, "m": 2}
    page = told(render_ll144(found))
    assert "Scoring rate" in page
    assert "3 ( 37.5 % of those scored) have just this score" in page


def test_inferred_attributes_refuse_the_page(audit: Evidence) -> None:
    found = employment.summary(audit, LL144, obtained_by={"race": "inferred"})
    assert found.people.ll144 is not None
    assert "inferred" in str(found.people.ll144.refused)
    assert not found.people.ll144.tables
    assert not posts(found)


def test_survey_weights_are_no_counts_of_people(tmp_path: Path) -> None:
    evidence = employment.audited(tmp_path, HALVES, data={"weight_kind": "sampling"})
    assert part(evidence).refused == "the rows carry survey weights, so people cannot be counted"


def test_an_audit_without_people_is_refused(tmp_path: Path) -> None:
    found = employment.summary(factory.evidence(tmp_path), LL144)
    assert found.people.ll144 is not None
    assert "no protected column" in str(found.people.ll144.refused)
    assert not posts(found)


def test_an_audit_of_more_than_a_year_ago_is_called_expired(audit: Evidence) -> None:
    finished = int(str(audit.record["finished_at"])[:4])
    for year, old in ((finished, False), (finished + 2, True)):
        found = employment.summary(audit, LL144, issued=f"{year}-12-31T00:00:00+00:00")
        assert found.people.ll144 is not None
        assert found.people.ll144.too_old is old
        assert ("Expired: this audit" in told(render_ll144(found))) is old


def test_what_people_declare_is_printed_or_called_not_provided(audit: Evidence) -> None:
    bare, given = (
        employment.summary(audit, LL144, **facts)
        for facts in ({}, {"distribution_date": "2025-03-01", "employers": 3, "system": "Ranker"})
    )
    assert bare.people.ll144 is not None
    page = told(render_ll144(bare))
    assert page.count("NOT PROVIDED") == bare.people.ll144.missing > 5
    assert "Distribution date: first day of use by this employer or agency NOT PROVIDED" in page
    page = told(render_ll144(given))
    assert "results: Ranker" in page
    assert "2025-03-01 declared" in page
    assert "pooled 3 declared" in page


def test_the_page_says_who_must_sign_and_that_the_law_sets_no_mark(audit: Evidence) -> None:
    page = told(render_ll144(employment.summary(audit, LL144, independent_auditor="A. Person")))
    assert "no minimum impact ratio" in page
    assert "The law sets no mark" in page
    assert "A. Person : “I was not involved in using, developing or distributing" in page
    assert FORBIDDEN.findall(page.lower()) == []


def test_no_line_is_drawn_at_four_fifths_and_no_number_is_coloured(audit: Evidence) -> None:
    html = render_ll144(employment.summary(audit, LL144))
    body = html.partition("<body>")[2]
    assert "four fifths" not in told(html).lower()
    assert not re.search(r"\b0\.8\b|80 %|class=\"[^\"]*(v-|harmful|failed)", body)
    assert "<img" not in body


def test_page_and_annex_are_the_record(audit: Evidence) -> None:
    """Every number has a pointer, the page needs nothing else, and both say the same."""
    found = employment.summary(audit, LL144)
    html, report = render_ll144(found), render_html(found)
    record = employment.record(found)
    assert wrong(html, record) == [] == wrong(report, record)
    assert re.findall(r".{0,20}\d.{0,20}", "".join(Page(html).loose)) == []
    assert not re.search(r"url\((?!data:)|@import|<script|src=", html)
    refs = {pair for pair in Page(html).refs if "/tables/" in pair[0]}
    assert len(refs) > 40
    assert refs <= set(Page(report).refs)
    record["people"]["ll144"]["tables"][0]["rows"][0]["rate"] += 0.002
    assert wrong(html, record) != []


@pytest.mark.parametrize("name", factory.STRANGE)
def test_strange_names_are_text(tmp_path: Path, name: str) -> None:
    cells = {(name, "w"): (20, 40), ("m", "w"): (30, 40), (name, "a, b"): (9, 20)}
    found = employment.summary(employment.audited(tmp_path, cells), LL144)
    page = Page(render_ll144(found))
    assert "script" not in {tag for tag, _ in page.tags}
    assert found.people.ll144 is not None
    assert {row.names[0] for row in found.people.ll144.tables[0].rows} == {name, "m"}
    assert words.TITLES["sex"] in page.text
    assert shown(name) in page.text
    assert wrong(render_ll144(found), employment.record(found)) == []


def test_numbers_are_never_rounded_across_a_mark() -> None:
    assert words.ratio(0.7996) == "0.7996"
    assert words.ratio(0.8) == "0.800"
    assert words.ratio(0.99998) == "0.99998"
    assert words.percent(0.0003) == "0.03 %"
    assert words.percent(1.0) == "100.0 %"


def test_an_edition_has_the_page_beside_the_report(audit: Evidence, tmp_path: Path) -> None:
    for packs, files in (((LL144,), {"ll144.html"}), ((), set())):
        folder = tmp_path / str(len(packs)) / "001"
        written = write_report(audit, folder, ["html"], choice=Choice(packs))
        assert {path.name for path in written} == {"report.html", "report.json", *files}


def test_a_table_of_counts_is_enough_on_the_command_line(shared: Path, tmp_path: Path) -> None:
    """As in the issue: the rule's intersections and 250 people of unknown category."""
    from typer.testing import CliRunner

    rows = employment.vectors(shared, "ll144_selection")["tables"]["intersectional"]["rows"]
    cells = {tuple(row["category"].split("|")[::-1]): (row["selected"], row["n"]) for row in rows}
    lines = [
        f"{sex},{race},{chosen},{count}"
        for (sex, race), (hits, n) in {**cells, ("", ""): (120, 250)}.items()
        for chosen, count in ((1, hits), (0, n - hits))
    ]
    table = tmp_path / "T.csv"
    table.write_text("\n".join(["sex,race,selected,count", *lines]))
    given = f"--protected sex --protected race --outcome selected --weight count --pack {LL144}"
    out = tmp_path / "run"
    done = CliRunner().invoke(
        app, ["run", "--predictions", str(table), *given.split(), "--out", str(out), "--quiet"]
    )
    assert done.exit_code == 3, done.output
    page = told((out / "editions" / "001" / "ll144.html").read_text("utf-8"))
    assert "Number of unknown category 250" in page
    assert "Female 1,181 555 47.0 % 0.979 45.9 % 0.812 1.182" in page
    assert "Female , Native American or Alaska Native 17 7 41.2 % 0.789 0.7 %" in page
