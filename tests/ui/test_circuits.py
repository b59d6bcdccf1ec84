"""The circuits page: the record's numbers, a component pair by pair, attention only as context."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from auditor.evidence.circuits import CircuitFiles
from auditor.evidence.manifest import MANIFEST
from auditor.report import words_circuits as said
from auditor.report.circuit_charts import draw_figure
from auditor.report.circuit_statements import statements
from auditor.report.numbers import number
from auditor.ui.attention_maps import attention_map, window
from auditor.ui.theme import DARK, on_screen
from tests.report import circuit_factory, factory
from tests.ui.conftest import PAGES, ROOT
from tests.ui.factory import Open, choose_row, made_up_run, words


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a circuit and a finding that could not be traced; tests only read it."""
    run = tmp_path_factory.mktemp("audits") / "run"
    return made_up_run(run, circuit_factory.evidence(run))


@pytest.fixture(scope="module")
def page(folder: Path) -> AppTest:
    """Its page, as it opens; tests only read it."""
    st.cache_resource.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["streamlit_app.py", str(folder)])
        start = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()
        made = start.switch_page(f"{PAGES}/circuits.py").run()
    assert not made.exception
    return made


def table(app: AppTest, *columns: str) -> pd.DataFrame:
    """Returns the first table with these columns."""
    frame: Any = next(t.value for t in app.dataframe if set(columns) <= set(t.value.columns))
    assert isinstance(frame, pd.DataFrame)
    return frame


def charts(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]


def test_the_circuit_stands_with_its_sentence_settings_and_pairs(page: AppTest) -> None:
    assert page.title[0].value == "Circuits"
    shown = words(page)
    record = circuit_factory.record()
    assert record.sentence.replace("clusters", "templates") in shown
    assert "Settings: method conductance, steps 16, tolerance 0.05, completeness" in shown
    assert "Found on 40 pairs in 13 templates, judged on 38 others in 12, of 2,468." in shown
    assert said.GRADE in shown
    assert all(line in shown for line in said.NOT_SHOWN)


def test_components_have_the_records_numbers(page: AppTest) -> None:
    shown = table(page, "component", "necessity")
    record = circuit_factory.record()
    assert shown["component"].tolist()[:5] == list(circuit_factory.MEMBERS)
    node = next(node for node in record.nodes if node.name == "a3.h7")
    first = shown.iloc[0]
    assert first["score"] == number(node.score)
    assert (first["exact effect"], first["necessity"]) == (number(node.exact), "+0.330 "
                                                           "[+0.310, +0.350]")  # fmt: skip
    assert (first["in the circuit"], shown.iloc[5]["in the circuit"]) == ("● yes", "no")


def test_the_reports_charts_are_drawn_with_their_words(page: AppTest) -> None:
    drawn = {spec.get("description") for spec in charts(page)}
    assert set(statements(circuit_factory.record()).values()) <= drawn


def test_controls_curves_and_repairs_are_listed(page: AppTest) -> None:
    controls = dict(table(page, "measure", "value").to_numpy().tolist())
    assert controls["Random circuits that carry as much: p"] == "0.005"
    assert controls["Faithfulness on work alone"] == "2 <templates> only"
    assert table(page, "size", "random")["size"].tolist()[:3] == [1, 2, 5]
    repairs = table(page, "repair", "effect left")
    assert repairs["recommended"].tolist() == ["● yes", "", "", "", ""]
    assert repairs["repair"].iloc[4] == "E. Baseline: the protected term masked"
    assert table(page, "from", "to")["to"].iloc[0] == "a3.h7.v"
    assert table(page, "after")["after"].tolist()[:2] == ["the embedding", "block 0"]


def test_a_finding_that_could_not_be_traced_says_why_and_how(page: AppTest) -> None:
    assert "not tested, it has pairs in 5 <templates>, and 16 are asked for." in words(page)
    assert "auditor circuits" in words(page)


def test_the_first_component_is_shown_pair_by_pair_the_largest_first(page: AppTest) -> None:
    assert "a3.h7, pair by pair" in [each.value for each in page.subheader]
    pairs = table(page, "pair", "split")
    assert pairs["pair"].tolist() == ["p2", "p1"]
    assert pairs["score"].tolist() == [pytest.approx(0.824), pytest.approx(0.412)]
    assert pairs["split"].tolist() == ["held out", "discovery"]


def test_a_chosen_head_has_both_attention_maps_marked_as_context(
    open_app: Open, folder: Path
) -> None:
    app = open_app(folder, page="circuits")
    app = choose_row(app, "components", 2)
    assert f"Pair p2 · {said.ATTENTION_TITLE}" in words(app)
    app = choose_row(app, "circuit_pairs", 1)
    assert f"Pair p1 · {said.ATTENTION_TITLE}" in words(app)
    maps = [spec for spec in charts(app) if "Attention of a3.h8" in spec.get("description", "")]
    assert len(maps) == 2
    assert ["reference" in spec["description"] for spec in maps] == [True, False]


def test_a_component_without_maps_says_so(open_app: Open, folder: Path) -> None:
    app = open_app(folder, page="circuits")
    app = choose_row(app, "components", 1)
    assert "m4, pair by pair" in [each.value for each in app.subheader]
    assert "Attention maps are kept of the circuit's heads only." in words(app)


def test_a_run_that_traced_nothing_says_why_and_what_to_type(
    open_app: Open, tmp_path: Path
) -> None:
    folder = made_up_run(tmp_path / "run", factory.evidence(tmp_path / "run"))
    app = open_app(folder, page="circuits")
    assert not app.exception
    assert f"through the model: {said.NOT_MADE}." in words(app)
    assert f"auditor circuits {folder} --finding ID" in words(app)
    assert not app.dataframe


def test_what_is_traced_later_is_shown_without_a_restart(open_app: Open, tmp_path: Path) -> None:
    folder = made_up_run(tmp_path / "run", factory.evidence(tmp_path / "run"))
    app = open_app(folder, page="circuits")
    addendum = folder / "addenda" / "001-circuits"
    addendum.mkdir(parents=True)
    made = circuit_factory.record()
    CircuitFiles.in_addendum(addendum).write(made, circuit_factory.pairs_table(made))
    (addendum / MANIFEST).write_text("{}", "utf-8")
    assert "a3.h7, pair by pair" in [each.value for each in app.run().subheader]


@pytest.mark.parametrize("name", statements(circuit_factory.record()))
def test_every_colour_of_a_chart_has_a_dark_counterpart(name: Any) -> None:
    spec = draw_figure(circuit_factory.record(), name).to_dict()
    colours = re.findall(r'"(#[0-9a-fA-F]{3,8})"', json.dumps(on_screen(spec, dark=False)))
    assert colours
    assert set(colours) <= DARK.keys()
    dark = json.dumps(on_screen(spec, dark=True))
    assert not [colour for colour in colours if f'"{colour}"' in dark]


def test_an_attention_map_has_every_token_once_also_where_words_repeat() -> None:
    tokens = ["the", "<b>", "the"]
    spec = attention_map(tokens, [[0.5, 0.3, 0.2], [0, 1, 0], [0.02, 0.9, 0.08]], slice(0, 48))
    rows = next(iter(spec.to_dict()["datasets"].values()))
    assert [row["key"] for row in rows[:3]] == ["0 the", "1 <b>", "2 the"]
    assert [row["step"] for row in rows[:3]] == ["half or more", "a quarter", "a tenth"]
    assert rows[6]["step"] == "less"
    colours = set(re.findall(r'"(#[0-9a-fA-F]{6})"', json.dumps(spec.to_dict()["layer"])))
    assert colours <= DARK.keys()


@pytest.mark.parametrize(
    ("differ", "length", "start"), [(3, 20, 0), (60, 100, 36), (99, 100, 52), (0, 100, 0)]
)
def test_a_long_text_is_cut_around_the_tokens_that_differ(
    differ: int, length: int, start: int
) -> None:
    a = ["x"] * length
    b = [*a[:differ], "y", *a[differ + 1 :]]
    assert window(a, b) == slice(start, start + 48)
