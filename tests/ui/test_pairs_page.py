"""The pairs page: filters, paging, and one pair shown as plain text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from auditor.evidence.reader import Evidence
from auditor.pipeline import run_audit
from auditor.plan_file import plan_from_options
from tests.ui.factory import HOSTILE, Open, Reader, choose_row, html, words


@pytest.fixture
def app(open_app: Open, run_folder: Path) -> AppTest:
    return open_app(run_folder, page="pairs")


def listed(app: AppTest) -> list[str]:
    """Returns the texts in the list."""
    texts: list[str] = app.dataframe[0].value["text"].tolist()
    return texts


def test_the_judged_model_comes_first_and_25_pairs_make_a_page(app: AppTest) -> None:
    assert not app.exception
    assert app.selectbox(key="pairs.model").value == "Biased"
    assert len(listed(app)) == 25
    assert "70 pairs, largest effect first, on 3 pages" in words(app)


def test_pages_together_show_every_pair_once(app: AppTest) -> None:
    seen = []
    for page in (1, 2, 3):
        app.number_input[0].set_value(page).run()
        seen += listed(app)
    assert len(seen) == len(set(seen)) == 70


def test_all_models_can_be_read_together(app: AppTest) -> None:
    app.selectbox(key="pairs.model").select("").run()
    assert "140 pairs" in words(app)


def test_flips_only_leaves_the_flips(app: AppTest, run_folder: Path) -> None:
    app.checkbox(key="pairs.flips").check().run()
    flips = Evidence.open(run_folder).count_pairs("flip AND model_id = 'Biased'")
    assert 0 < flips < 70
    assert f"{flips} pairs" in words(app)
    assert set(app.dataframe[0].value["flip"]) == {"flip"}


def test_flagged_only_follows_the_order_of_the_cases(app: AppTest, run_folder: Path) -> None:
    app.checkbox(key="pairs.flagged").check().run()
    first = Evidence.open(run_folder).cases(limit=1).iloc[0]
    assert "most severe first" in words(app)
    assert f"Flagged pair {first['pair_id']}" in words(app)
    assert f"Flagged: {first['severity']}, {first['reason']}" in words(app)


def test_a_text_search_ignores_case_and_looks_at_both_sides(app: AppTest) -> None:
    app.text_input[0].set_value("WOMAN WAITED AT THE ZOO").run()
    assert listed(app) == ["The man waited at the zoo."]
    assert "1 pair, largest effect first, on 1 page" in words(app)


def test_no_pair_found_offers_to_clear_the_filters(app: AppTest) -> None:
    app.text_input[0].set_value("nobody wrote this").run()
    assert "No pair meets these filters." in words(app)
    app.button[0].click().run()
    assert len(listed(app)) == 25


def test_filters_are_kept_while_another_page_is_read(app: AppTest) -> None:
    app.checkbox(key="pairs.flips").check()
    app.text_input[0].set_value("zoo").run()
    app.switch_page("auditor/ui/pages/findings.py").run()
    app.switch_page("auditor/ui/pages/pairs.py").run()
    assert app.checkbox(key="pairs.flips").value
    assert app.text_input[0].value == "zoo"


def test_a_pair_shows_both_scores_labels_and_the_effect(app: AppTest, run_folder: Path) -> None:
    choose_row(app, "list", 3)
    shown = Evidence.open(run_folder).pairs(
        "model_id = 'Biased'", order_by="abs(effect) DESC, pair_id", limit=4
    )
    row = shown.iloc[3]
    said = words(app)
    assert row["pair_id"] in said
    assert f"● male {row['score_from']:.3f}, ◆ female {row['score_to']:.3f}" in said
    assert f"Effect: {row['effect']:+.3f} probability, female against male" in said
    assert "model says: negative" in said


def test_the_changed_words_are_marked_on_both_sides(app: AppTest) -> None:
    app.text_input[0].set_value("waited at the zoo").run()
    texts = [body for body in html(app) if "<mark" in body]
    assert [body.partition("</mark>")[0].rpartition(">")[2] for body in texts] == ["man", "woman"]


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "long"])
def test_a_hostile_text_is_shown_as_text(app: AppTest, name: str) -> None:
    """Only our own tags are in the HTML, and what it says is the text, letter for letter."""
    app.text_input[0].set_value(_word_of_its_own(name)).run()
    assert not app.exception
    page = Reader(next(body for body in html(app) if "<mark" in body))
    assert page.shown == HOSTILE[name].replace("\0", "␀").replace("\x1b", "␛")
    assert page.tags == {"div", "mark"}


def _word_of_its_own(name: str) -> str:
    others = " ".join(text for other, text in HOSTILE.items() if other != name)
    return next(word for word in HOSTILE[name].split() if word not in others and "\0" not in word)


def test_a_text_of_50_kb_is_cut_around_the_change_and_can_be_read_whole(app: AppTest) -> None:
    app.text_input[0].set_value("went on").run()
    brief, whole = (body for body in html(app) if ">man</mark>" in body)
    assert len(brief) < 2_000
    assert len(whole) > 50_000
    assert "characters left out" in brief
    assert "The whole text, 50,014 characters" in [each.label for each in app.expander]
    assert len(listed(app)[0]) < 200


def test_an_audit_of_outcomes_says_that_it_has_no_pairs(open_app: Open, tmp_path: Path) -> None:
    rows = "\n".join(f"{'fm'[i % 2]},{i // 2 % 2}" for i in range(60))
    (tmp_path / "t.csv").write_text(f"sex,got\n{rows}\n", encoding="utf-8")
    options: dict[str, Any] = {"predictions": str(tmp_path / "t.csv"), "outcome": "got"}
    plan = plan_from_options(**options, protected=["sex"], favourable=["1"])
    run_audit(plan, tmp_path / "run")
    app = open_app(tmp_path / "run", page="pairs")
    assert not app.exception
    assert "This audit has no pairs" in words(app)
    app.switch_page("auditor/ui/pages/findings.py").run()
    assert "60 rows" in words(app)
    measures = [m for t in app.dataframe if "measure" in t.value for m in t.value["measure"]]
    assert {"Selection rate difference", "Selection rate"} <= set(measures)
