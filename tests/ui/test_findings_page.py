"""The findings page: verdict in words, numbers with their intervals, what was not tested."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from auditor.evidence.reader import Evidence
from auditor.report.numbers import number
from tests.ui.factory import Open, choose_row, made_up_run, words


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


@pytest.fixture
def full(open_app: Open, tmp_path: Path) -> AppTest:
    """The page of a run that has every part."""
    app = open_app(made_up_run(tmp_path / "run"))
    assert not app.exception
    return app


def table(app: AppTest, *columns: str) -> pd.DataFrame:
    """Returns the first table with these columns."""
    frame: Any = next(t.value for t in app.dataframe if set(columns) <= set(t.value.columns))
    assert isinstance(frame, pd.DataFrame)
    return frame


def test_each_criterion_is_said_with_its_origin_and_approval(full: AppTest) -> None:
    said = words(full)
    assert (
        "Criterion for gender: the share of texts given the favourable label changes by at most "
        "±0.05 when only the group named in a text changes. Origin: in-house. Approved by: NOT "
        "PROVIDED."
    ) in said
    assert "Origin: toolkit convention. Approved by: A. Person." in said


def test_each_criterion_has_a_chart_of_its_own(full: AppTest) -> None:
    """Two forest plots and one of the checkpoints; people were judged on the first alone."""
    assert len(full.get("vega_lite_chart")) == 3


def test_people_are_judged_in_a_table_of_their_own(full: AppTest) -> None:
    people = table(full, "difference", "rule of thumb", "verdict").iloc[0]
    assert people["difference"] == "-0.080 [-0.100, -0.060]"
    assert people["level"] == "98.75 %"
    assert people["interval that decides"] == "[-0.112, -0.056]"
    assert people["detectable"] == "0.091"
    assert people["what would settle it"] == "about 2.5 times as many rows would settle it"
    assert people["rule of thumb"].startswith("below four fifths")
    assert people["harmful direction"] == "yes"


def test_a_chosen_finding_says_what_would_settle_it(full: AppTest) -> None:
    choose_row(full, "findings", 1)
    assert "about 93 templates would settle it" in words(full)


def test_what_no_verdict_rests_on_is_in_parts(full: AppTest) -> None:
    assert [part.label for part in full.expander] == [
        "Each checkpoint",
        "Other measures of the same pairs",
        "Noise floor and other arms",
        "Single terms",
        "Groups of people",
        "Self-test",
        "Notes on the data",
    ]


def test_arms_are_listed_with_their_meaning(full: AppTest) -> None:
    assert "arbitrariness: a decision that hangs on which of two names" in words(full)
    assert table(full, "systematic effect")["p"].tolist() == ["descriptive", "0.0496"]


def test_terms_come_with_the_interval_of_all(full: AppTest) -> None:
    terms = table(full, "terms", "effect, all terms together")
    assert terms.iloc[0]["effect, all terms together"] == "-0.210 [-0.230, -0.190]"
    assert "winner's curse" in words(full)


def test_people_are_compared_in_counts(full: AppTest) -> None:
    row = table(full, "impact ratio", "Fisher's p").iloc[0]
    assert row["selected"] == "12 of 40"
    assert row["impact ratio"] == "0.79996 [0.780, 0.820]"
    assert row["Fisher's p"] == "< 0.001"
    assert row["one person turns it"] == "yes"


def test_the_self_test_says_how_to_read_it(full: AppTest) -> None:
    assert table(full, "planted")["planted"].tolist() == [
        "nothing", "1 × the threshold", "2 × the threshold",
    ]  # fmt: skip
    assert "the shares are the power" in words(full)


def test_odd_data_are_said(full: AppTest) -> None:
    assert "2 rows have <no> weight and count nowhere." in words(full)
