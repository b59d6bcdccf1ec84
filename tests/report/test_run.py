"""A run as Python and the terminal show it: every part of its results, in tables and in words."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from auditor.records import Results
from auditor.run import Run
from auditor.terminal import print_run, run_json
from tests.report import factory


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    groups = ("a", "b", "c", "d", "e")
    return Run(factory.evidence(tmp_path_factory.mktemp("run"), groups))


def test_findings_have_their_criterion_and_outlook(run: Run) -> None:
    row = run.findings.query("basis == 'groups' and verdict == 'inconclusive'").iloc[0]
    assert (row["governing"], row["delta"]) == ("selection_rate_difference", 0.1)
    assert (row["low_90"], row["high_90"]) == (-0.1117, -0.0561)
    assert row["detectable"] == 0.0913
    assert row["settles"] == "about 2.5 times as many rows would settle it"
    assert row["harmful"]
    assert row["level"] == 0.9875
    assert set(run.findings["arm"]) == {"swap", "placebo", "unmentioned", "fragmentation"}


def test_terms_are_rows_with_their_contrast(run: Run) -> None:
    assert len(run.terms) == 8
    assert run.terms.iloc[0][["group_b", "term_a", "value", "level"]].tolist() == [
        "a", "he0", -0.21, 0.9875,
    ]  # fmt: skip


def test_comparisons_have_the_ends_of_their_intervals(run: Run) -> None:
    row = run.comparisons.iloc[0]
    assert (row["selected"], row["n"], row["n_reference"]) == (12, 40, 2040)
    assert row["impact_ratio"] == 0.79996
    assert row["impact_ratio_low"] == pytest.approx(0.77996)
    assert row["difference_high"] == pytest.approx(-0.1776)
    assert row["one_person_turns"]


def test_the_self_test_is_a_row_per_planted_difference(run: Run) -> None:
    assert run.self_test["planted"].tolist() == [0.0, 1.0, 2.0]
    assert run.self_test["met"].tolist() == [0.413] * 3
    assert {"detected_low", "not_met_high", "found"} <= set(run.self_test.columns)


def test_json_holds_every_part_of_the_results(run: Run) -> None:
    values = json.loads(json.dumps(run_json(run, []), allow_nan=False))
    parts = {field.name for field in fields(Results)} - {"overall"}
    assert parts <= values.keys()
    assert values["verdict"] == str(run.verdict)
    assert values["findings"][0]["finding_id"] == run.findings["finding_id"].iloc[0]
    assert values["comparisons"][0]["impact_ratio"]["value"] == 0.79996
    assert values["terms"][0]["contrast"]["group_b"] == "a"


def test_the_terminal_says_criteria_outlook_and_odd_data(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    print_run(run, [Path("report.html")])
    said = capsys.readouterr().out
    assert "Criterion for gender: the share of texts given the favourable label changes" in said
    assert "±0.05 when only the group named in a text changes (approved by NOT PROVIDED)" in said
    assert "(approved by A. Person)" in said
    assert "Open (gender: b v reference): about 93 templates would settle it." in said
    assert "-0.080 [-0.100, -0.060] 98.75 %" in said
    assert "2 rows have <no> weight and count nowhere." in said
    assert "Not tested (gender: c v reference): 8 templates; at least 20 are asked for." in said
    assert "allow for all findings together (Holm)" in said


def test_one_measure_needs_no_column(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = factory.evidence(tmp_path, ("a", "b"))
    kept = tuple(f for f in given.findings if f.metric == "selection_rate_change")
    given.results = Results(given.overall, findings=kept, coverage=given.coverage)
    print_run(Run(given), [])
    assert "measure" not in capsys.readouterr().out.splitlines()[0]
