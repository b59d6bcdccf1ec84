"""Tables for a spreadsheet: every row is there, numbers are numbers, and no cell runs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest

from auditor.report.csv_tables import cell, render_csv
from auditor.report.edition import Choice
from auditor.report.parts import Summary
from auditor.report.render import write_report
from auditor.report.summarize import summarize
from tests.report import factory

FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", '"quoted", with\na line')


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summarize(factory.evidence(tmp_path_factory.mktemp("formulas"), FORMULAS))


def rows(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table)))


def test_every_finding_group_and_comparison_is_a_row(summary: Summary) -> None:
    tables = {name: rows(text) for name, text in render_csv(summary).items()}
    lists = (summary.judged, summary.described, summary.arms, summary.group_differences)
    assert [row["id"] for row in tables["findings.csv"]] == [
        str(cell(f.id)) for each in lists for f in each
    ]
    assert len(tables["groups.csv"]) == len(summary.groups) > 0
    assert len(tables["comparisons.csv"]) == len(summary.comparisons) > 0


def test_words_that_would_run_are_disarmed_and_come_back(summary: Summary) -> None:
    table = rows(render_csv(summary)["findings.csv"])
    shown = [row["group_b"] for row in table[:5]]
    assert shown == [f"'{name}" for name in FORMULAS[:4]] + [FORMULAS[4]]
    starts = {value[0] for row in table for value in row.values() if value}
    assert starts & {"=", "@", "\t", "\r"} == set()


@pytest.mark.parametrize(
    "words", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "-0.5 or less"]
)
def test_a_formula_begins_with_an_apostrophe(words: str) -> None:
    assert cell(words) == f"'{words}"


def test_numbers_stay_numbers(summary: Summary) -> None:
    table = rows(render_csv(summary)["findings.csv"])
    first = summary.judged[0]
    assert float(table[0]["value"]) == first.estimate.value == -0.6
    assert float(table[0]["low"]) == first.estimate.low
    assert table[0]["n"] == "1540"
    assert cell(-0.25) == -0.25
    assert cell("a-b = c") == "a-b = c"


def test_what_was_not_measured_is_empty_and_says_why(summary: Summary) -> None:
    row = rows(render_csv(summary)["findings.csv"])[2]
    assert (row["value"], row["low"], row["verdict"]) == ("", "", "not tested")
    assert row["reason"] == "no text <mentions> it"


def test_the_files_open_in_excel_and_in_pandas_alike(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path / "run", ("Müller עברית",))
    (tmp_path / "run" / "editions" / "001").mkdir(parents=True)
    paths = write_report(given, tmp_path / "run" / "editions" / "001", ["csv"], choice=Choice())
    path = next(path for path in paths if path.name == "findings.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbfid,basis,arm,")
    frame = pd.read_csv(path)
    assert frame.loc[0, "group_b"] == "Müller עברית"
    assert frame["value"].dtype == float
    assert {p.name for p in paths} == {
        "findings.csv", "groups.csv", "comparisons.csv", "report.json",
    }  # fmt: skip


def test_an_audit_without_groups_has_heads_alone(summary: Summary) -> None:
    bare = summary.model_copy(update={"groups": [], "comparisons": []})
    assert render_csv(bare)["groups.csv"].count("\n") == 1
    assert rows(render_csv(bare)["comparisons.csv"]) == []
