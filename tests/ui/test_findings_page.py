"""The findings page: verdict in words, numbers with their intervals, what was not tested."""

from __future__ import annotations

import json
from pathlib import Path

from auditor.evidence.reader import Evidence
from auditor.report.words import number
from tests.ui.factory import Open, choose_row, words


def test_the_verdict_stands_first_in_words(open_app: Open, run_folder: Path) -> None:
    app = open_app(run_folder)
    assert not app.exception
    assert app.title[0].value == "▲ Does not meet criterion"
    assert Evidence.open(run_folder).overall.reason in words(app)


def test_a_finding_carries_interval_counts_and_checkpoints(
    open_app: Open, run_folder: Path
) -> None:
    shown = open_app(run_folder).dataframe[0].value.iloc[0]
    judged = next(f for f in Evidence.open(run_folder).findings if f.verdict is not None)
    assert shown["effect [95%]"] == number(judged.estimate)
    assert (shown["pairs"], shown["clusters"]) == (judged.estimate.n, judged.estimate.clusters)
    assert shown["holds in checkpoints"] == "2 of 2"
    assert shown["verdict"] == "▲ does not meet criterion"
    assert shown["why"] == judged.verdict_reason


def test_the_forest_plot_says_what_it_is_to_those_who_do_not_see_it(
    open_app: Open, run_folder: Path
) -> None:
    chart = open_app(run_folder).get("vega_lite_chart")[0]
    spec = json.loads(chart.proto.spec)
    assert "the table has each number" in spec["description"]


def test_what_was_not_tested_is_said(open_app: Open, run_folder: Path) -> None:
    app = open_app(run_folder)
    assert "Not tested" in [each.value for each in app.subheader]
    assert "Attributes other than gender." in words(app)


def test_coverage_counts_texts_pairs_and_what_was_cut_off(open_app: Open, run_folder: Path) -> None:
    app = open_app(run_folder)
    attributes, models = (table.value for table in app.dataframe[-2:])
    coverage = Evidence.open(run_folder).coverage
    assert attributes["pairs"].tolist() == [coverage["attributes"]["gender"]["pairs"]]
    assert models["cut off at its window"].tolist() == [0, 0]
    assert f"{coverage['texts']} texts in {coverage['clusters']} clusters" in words(app)


def test_outcomes_by_group_are_listed(open_app: Open, run_folder: Path) -> None:
    app = open_app(run_folder)
    groups = next(t.value for t in app.dataframe if "group" in t.value.columns)
    assert set(groups["group"]) >= {"f", "m"}


def test_a_chosen_finding_is_said_and_leads_to_its_pairs(open_app: Open, run_folder: Path) -> None:
    app = open_app(run_folder)
    assert app.button[0].disabled
    choose_row(app, "findings", 0)
    assert "When a text speaks of female instead of male" in words(app)
    app.button[0].click().run()
    assert app.title[0].value == "Pairs"
    assert app.selectbox(key="pairs.attribute").value == "gender"
    assert app.selectbox(key="pairs.contrast").value == "gender.male.female"
