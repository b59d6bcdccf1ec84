"""The report's charts on a dark page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from auditor.evidence.reader import Evidence
from auditor.report.charts import checkpoint_dots, forest_plot
from auditor.report.summarize import summarize
from auditor.ui.theme import DARK, on_screen


@pytest.mark.parametrize("dark", [False, True])
def test_ink_and_paper_come_from_the_page(run_folder: Path, dark: bool) -> None:
    run = summarize(Evidence.open(run_folder))
    spec = forest_plot(run.judged, run.panels[0]).to_dict()
    config = on_screen(spec, dark=dark)["config"]
    assert config.keys().isdisjoint({"background", "font"})
    assert "Color" not in json.dumps(config)


def test_every_colour_of_a_chart_has_a_dark_counterpart(run_folder: Path) -> None:
    run = summarize(Evidence.open(run_folder))
    panel = run.panels[0]
    for chart in (forest_plot(run.judged, panel), checkpoint_dots(run.judged, panel)):
        spec = chart.to_dict()
        colours = re.findall(r'"(#[0-9a-fA-F]{3,8})"', json.dumps(on_screen(spec, dark=False)))
        assert set(colours) <= DARK.keys()
        dark = json.dumps(on_screen(spec, dark=True))
        assert not [colour for colour in colours if f'"{colour}"' in dark]


def test_a_name_in_the_data_that_looks_like_a_colour_stays() -> None:
    spec = {"height": 10, "datasets": {"d": [{"contrast": "#777"}]}, "mark": {"color": "#777"}}
    screen = on_screen(spec, dark=True)
    assert screen["datasets"] == spec["datasets"]
    assert screen["mark"] == {"color": DARK["#777"]}
