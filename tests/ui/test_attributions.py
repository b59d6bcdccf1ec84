"""The tokens of a pair on the pairs page, and which pairs have them."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import auditor
from auditor.evidence.reader import Evidence
from auditor.explanation import explained_pairs, stored_explanations
from auditor.report.numbers import decimal
from tests.fakes import LABELS, Biased
from tests.models.conftest import tiny, tokenizer
from tests.test_explanation import OPTIONS, texts
from tests.ui.factory import HOSTILE, Open, Reader, html, words

TITLE = "What carries the difference"


@pytest.fixture
def app(open_app: Open, run_folder: Path) -> AppTest:
    return open_app(run_folder, page="pairs")


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a saved model of which three pairs are explained, by SHAP and two others."""
    folder = tmp_path_factory.mktemp("tiny")
    tiny("bert").save_pretrained(folder / "model")
    tokenizer().save_pretrained(folder / "model")
    auditor.audit(
        str(folder / "model"), texts(), favourable="LABEL_1", device="cpu", out=folder / "run",
        second_opinions=["input_x_gradient", "attention_rollout"], **OPTIONS,
    )  # fmt: skip
    return folder / "run"


@pytest.fixture
def tiny_app(open_app: Open, tiny_run: Path) -> AppTest:
    """The pairs page of the tiny run on a flagged pair that is explained by several methods."""
    app = open_app(tiny_run, page="pairs")
    app.checkbox(key="pairs.flagged").check()
    return app.selectbox(key="pairs.explained").select("yes").run()


def first_pair(app: AppTest, folder: Path) -> tuple[Evidence, str]:
    """Returns the run, and which pair the page shows."""
    title = next(each.value for each in app.subheader if "air " in each.value)
    return Evidence.open(folder), title.rpartition(" ")[2]


def test_an_explained_pair_shows_what_adds_up_on_both_sides(app: AppTest, run_folder: Path) -> None:
    run, pair_id = first_pair(app, run_folder)
    row = run.pairs("pair_id = ? AND model_id = ?", [pair_id, run.model_ids[0]]).iloc[0]
    found = stored_explanations(run, dict(row))["owen"]
    said = words(app)
    assert TITLE in said
    for title, side in (("As it stands", found.text), ("Swapped", found.counterfactual)):
        assert side.base is not None
        assert side.total is not None
        assert f"{title} · base {decimal(side.base)}, tokens {decimal(side.sum)}, output " in said
        assert decimal(side.total) in said
    assert "SHAP (Owen values) of positive, log-odds. Base: the output with every token" in said


def test_tokens_carry_their_numbers_and_lines(app: AppTest, run_folder: Path) -> None:
    run, pair_id = first_pair(app, run_folder)
    rows = run.attributions("pair_id = ? AND side = 'to' AND role = 'term'", [pair_id])
    value = decimal(float(rows["value"].sum()))
    shaded = [body for body in html(app) if f'title="{value} log-odds"' in body]
    assert any(re.search(r"3px dashed[^>]*>woman", body) for body in shaded)


def test_the_gap_stands_token_by_token_with_its_number(app: AppTest) -> None:
    gap = next(Reader(body).shown for body in html(app) if "man → woman" in Reader(body).shown)
    assert re.search(r"man → woman-\d\.\d{3}", gap)
    assert "Gap, swapped less as it stands" in words(app)


def test_every_number_is_in_a_table_that_ends_with_the_output(app: AppTest) -> None:
    table = next(t.value for t in app.dataframe if "token from" in t.value)
    assert table["token from"].tolist()[-3:] == [
        "= sum of tokens", "+ base: every token masked", "= output",
    ]  # fmt: skip
    term = table[table["role"] == "term"].iloc[0]
    assert (term["token from"], term["token to"]) == ("man", "woman")


def test_the_list_marks_what_is_explained(app: AppTest, run_folder: Path) -> None:
    explained = explained_pairs(Evidence.open(run_folder))
    marks = list(app.dataframe[0].value["tokens"])
    assert "✓" in marks
    app.selectbox(key="pairs.explained").select("yes").run()
    assert set(app.dataframe[0].value["tokens"]) == {"✓"}
    assert f"{len(explained)} pairs" in words(app)


def test_the_filter_splits_the_pairs_of_all_models(app: AppTest, run_folder: Path) -> None:
    explained = len(explained_pairs(Evidence.open(run_folder)))
    app.selectbox(key="pairs.model").select("").run()
    app.selectbox(key="pairs.explained").select("no").run()
    assert f"{140 - explained} pairs" in words(app)
    assert set(app.dataframe[0].value["tokens"]) == {""}


def test_the_filter_can_be_cleared(app: AppTest) -> None:
    app.selectbox(key="pairs.explained").select("yes")
    app.text_input[0].set_value("nobody wrote this").run()
    app.button[0].click().run()
    assert app.selectbox(key="pairs.explained").value == ""


def test_a_pair_that_was_not_explained_says_how_to_get_it(app: AppTest, run_folder: Path) -> None:
    app.selectbox(key="pairs.explained").select("no").run()
    _, pair_id = first_pair(app, run_folder)
    said = words(app)
    assert "This pair is not among those that the audit explained by token." in said
    assert f"auditor.explain_pairs(model, run.pairs(\"pair_id = '{pair_id}'\"))" in said


def test_the_command_is_named_where_the_model_can_be_loaded(
    tiny_app: AppTest, tiny_run: Path
) -> None:
    tiny_app.checkbox(key="pairs.flagged").uncheck()
    tiny_app.selectbox(key="pairs.explained").select("no").run()
    _, pair_id = first_pair(tiny_app, tiny_run)
    assert f"auditor explain {tiny_run} --pair {pair_id}" in words(tiny_app)


def test_another_model_is_said_not_to_be_explained(app: AppTest, run_folder: Path) -> None:
    other = Evidence.open(run_folder).model_ids[1]
    app.selectbox(key="pairs.model").select(other).run()
    assert "Only the model that is judged is explained: Biased." in words(app)


def test_shap_stands_first_and_others_under_their_own_names(tiny_app: AppTest) -> None:
    choices = tiny_app.radio[0]
    assert choices.options == ["SHAP (Owen values)", "Input × gradient", "Attention rollout"]
    assert "no SHAP" not in words(tiny_app)
    choices.set_value("input_x_gradient").run()
    said = words(tiny_app)
    assert "Input × gradient of LABEL_1" in said
    assert "This is no SHAP: a second opinion on the same texts, by its own rule." in said
    assert "base" not in next(t.value for t in tiny_app.text if "As it stands · sum" in t.value)


def test_values_without_a_sign_are_not_said_to_raise(tiny_app: AppTest) -> None:
    tiny_app.radio[0].set_value("attention_rollout").run()
    shown = [Reader(body).shown for body in html(tiny_app)]
    assert any(text.startswith("counts") for text in shown)
    assert not any("raises" in text for text in shown)


def test_a_run_that_explains_nothing_says_why(open_app: Open, tmp_path: Path) -> None:
    auditor.audit(
        Biased("woman"), texts(), text="t", attributes=["gender"], favourable="positive",
        labels=LABELS, out=tmp_path / "run", explain_flagged=0, explain_sample=0,
        explain_placebo=0,
    )  # fmt: skip
    app = open_app(tmp_path / "run", page="pairs")
    said = words(app)
    assert (
        "No pair of this audit was explained by token: the plan asks for no explanations." in said
    )
    assert "tokens" not in app.dataframe[0].value
    assert "Tokens" not in [each.label for each in app.selectbox]


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "long"])
def test_the_tokens_of_a_hostile_text_are_shown_as_text(
    open_app: Open, hostile_run: Path, name: str
) -> None:
    app = open_app(hostile_run, page="pairs")
    app.text_input[0].set_value(_word_of_its_own(name)).run()
    assert not app.exception
    expected = HOSTILE[name].replace("\0", "␀").replace("\x1b", "␛")
    pages = [Reader(body) for body in html(app) if "title=" in body]
    assert expected in [page.shown for page in pages]
    assert all(page.tags <= {"div", "span"} for page in pages)


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which every hostile text is explained."""
    out = tmp_path_factory.mktemp("hostile") / "run"
    auditor.audit(
        Biased("woman"), pd.DataFrame({"t": HOSTILE.values()}), text="t", attributes=["gender"],
        favourable="positive", labels=LABELS, out=out, explain_sample=50, fidelity_texts=0,
    )  # fmt: skip
    return out


def _word_of_its_own(name: str) -> str:
    others = " ".join(text for other, text in HOSTILE.items() if other != name)
    return next(word for word in HOSTILE[name].split() if word not in others and "\0" not in word)


def test_a_text_of_50_kb_is_cut_to_what_is_near_the_term(open_app: Open, hostile_run: Path) -> None:
    app = open_app(hostile_run, page="pairs")
    app.text_input[0].set_value("went on").run()
    bodies = [body for body in html(app) if "title=" in body]
    assert len(bodies) == 3
    assert all(len(body) < 60_000 for body in bodies)
    assert "tokens left out" in bodies[0]
