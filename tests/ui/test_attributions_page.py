"""The attributions page: numbers of contrasts, the placebo's beside them, trust in the methods."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from auditor.evidence.reader import Evidence
from auditor.explanation import explained_pairs
from auditor.report.numbers import number
from auditor.report.words_attributions import NOT_SHOWN
from tests.report import explained
from tests.ui.factory import Open, made_up_run, words


@pytest.fixture
def app(open_app: Open, run_folder: Path) -> AppTest:
    """The page of a real run on a function."""
    return open_app(run_folder, page="attributions")


@pytest.fixture
def full(open_app: Open, tmp_path: Path) -> AppTest:
    """The page of a run made from records: strange names, methods, checks that do not hold."""
    folder = tmp_path / "run"
    app = open_app(made_up_run(folder, explained.evidence(folder)), page="attributions")
    assert not app.exception
    return app


def table(app: AppTest, *columns: str, place: int = 0) -> pd.DataFrame:
    """Returns a table with these columns: the first, or that at `place` among them."""
    found = [t.value for t in app.dataframe if set(columns) <= set(t.value.columns)]
    frame: Any = found[place]
    assert isinstance(frame, pd.DataFrame)
    return frame


def test_the_parts_of_the_gap_stand_with_intervals_and_counts(
    app: AppTest, run_folder: Path
) -> None:
    shown = table(app, "gap", "on the terms").iloc[0]
    metrics = {m.metric: m.estimate for m in Evidence.open(run_folder).explanations.metrics}
    assert shown["contrast"] == "gender: female v male"
    for head, metric in (("gap", "gap"), ("on the terms", "gap_on_term")):
        assert shown[head] == number(metrics[metric])
    assert shown["share on other words"] == number(metrics["context_share"], signed=False)
    assert (shown["pairs"], shown["clusters"]) == (metrics["gap"].n, metrics["gap"].clusters)


def test_what_is_explained_of_which_model_is_said(app: AppTest, run_folder: Path) -> None:
    assert "Explained is the output of Biased: log-odds of positive." in words(app)
    counts = table(app, "flagged", "drawn at random").iloc[0]
    flagged = next(
        c for c in Evidence.open(run_folder).explanations.counts if c.chosen == "flagged"
    )
    assert counts["flagged"] == f"{flagged.explained} of {flagged.of}"


def test_a_button_leads_to_the_explained_pairs(app: AppTest, run_folder: Path) -> None:
    app.button[0].click().run()
    assert app.title[0].value == "Pairs"
    assert f"{len(explained_pairs(Evidence.open(run_folder)))} pairs" in words(app)


def test_missing_numbers_say_why(app: AppTest) -> None:
    assert "placebo pairs: no placebo pair was explained" in words(app)


def test_what_attributions_do_not_show_is_said(app: AppTest) -> None:
    assert all(line in words(app) for line in NOT_SHOWN)


def test_the_placebo_stands_below_the_numbers_that_it_is_a_control_of(
    full: AppTest, tmp_path: Path
) -> None:
    found = Evidence.open(tmp_path / "run").explanations.metrics
    own = {m.metric: number(m.estimate, signed=False) for m in found if "placebo" in m.metric}
    share = table(full, "share on other words", place=1).iloc[0]
    assert share["contrast"] == "placebo pairs"
    assert share["share on other words"] == own["placebo_context_share"]
    terms = table(full, "values", "share").iloc[0]
    assert terms["values"] == own["placebo_term_attribution"]
    assert terms["share"] == own["placebo_term_share"]


def test_what_was_not_measured_says_so_and_why(full: AppTest) -> None:
    assert table(full, "gap", "on the terms")["gap"].tolist()[1] == "not measured"
    assert "none of <them> was drawn at random" in words(full)


def test_every_word_that_changes_is_listed_with_its_level(full: AppTest) -> None:
    shown = table(full, "word")
    assert shown["word"].tolist() == ["<u>the", "7th", "a", "of"]
    assert set(shown["level"]) == {"98.75 %"}


def test_checks_stand_shap_first_with_control_and_outcome(full: AppTest) -> None:
    shown = table(full, "measure", "outcome")
    deletion = shown[shown["measure"] == "Deletion AUC"]
    assert deletion["method"].tolist() == ["SHAP (Owen values)", "Attention rollout"]
    assert deletion["tokens in random order"].iloc[0].startswith("0.422")
    assert deletion["outcome"].tolist() == ["● beats random order", "too few texts to say"]
    sufficiency = shown[shown["measure"] == "Sufficiency"].iloc[0]
    assert sufficiency["outcome"].startswith("▲ did not beat random order")
    missing = shown[shown["measure"] == "Likeness to random weights"].iloc[0]
    assert (missing["value"], missing["note"]) == ("not measured", "it has no weights")


def test_a_check_that_does_not_hold_is_said_above_the_table(full: AppTest) -> None:
    assert "▲ SHAP (Owen values) did not beat random order on these texts in" in words(full)


def test_every_measure_and_method_is_explained(full: AppTest) -> None:
    said = next(t.value for t in full.text if "• Deletion AUC: " in t.value)
    assert "A check holds where" in said
    assert "https://arxiv.org/abs/1806.07421" in said
    assert "• Attention rollout: " in said


def test_methods_are_compared_with_each_other(full: AppTest) -> None:
    row = table(full, "rank correlation").iloc[0]
    assert (row["method"], row["and"]) == ("SHAP (Owen values)", "Attention rollout")
    assert row["rank correlation"].startswith("-0.123")


def test_what_was_left_out_is_said(full: AppTest) -> None:
    said = words(full)
    assert "• 4 of the chosen pairs could not be explained." in said
    assert "• 7 texts were cut." in said


def test_a_run_without_words_checks_or_contrasts_says_so(open_app: Open, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    bare = explained.evidence(folder, words=(), fidelity=(), notes=(), refused=0)
    app = open_app(made_up_run(folder, bare), page="attributions")
    assert "No word of the context stands in enough of the explained pairs." in words(app)
    assert "This was not measured." in words(app)


def test_a_run_that_explained_nothing_says_why_and_what_to_type(
    open_app: Open, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    made = explained.evidence(folder, not_explained="the plan asks for <no> explanations")
    app = open_app(made_up_run(folder, made), page="attributions")
    assert not app.exception
    assert "explained by token: the plan asks for <no> explanations." in words(app)
    assert f"auditor explain {folder} --pair ID" in words(app)
    assert not app.dataframe
