"""What was not tested says why on the terminal; what was not asked is no blank."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import auditor
from auditor.evidence.reader import Evidence
from auditor.records import Basis, Comparison, Contrast
from auditor.report.parts import PlanRow
from auditor.report.reasons import unlabelled, untested
from auditor.report.rules import HIGHEST, NO_COUNTS, NO_ONE, NOT_ASKED, TOO_SMALL, unasked
from auditor.report.summarize import summarize
from auditor.run import Run
from auditor.terminal import MOST_LINES, print_run
from tests.fakes import LABELS, Biased
from tests.report import factory
from tests.report.beside import comparison
from tests.test_pipeline import PLACES


def with_reasons(folder: Path, reasons: list[str]) -> Evidence:
    """Returns evidence whose findings were not tested for these reasons, one each."""
    given = factory.evidence(folder)
    missing = factory.finding("b", None)
    findings = [
        replace(missing, contrast=Contrast("gender", "a", f"b{i}"), verdict_reason=reason)
        for i, reason in enumerate(reasons)
    ]
    given.results = replace(given.results, findings=tuple(findings))
    return given


def test_findings_with_one_reason_are_named_with_it_once(tmp_path: Path) -> None:
    given = with_reasons(tmp_path, ["no text", *["only 5 clusters"] * 5])
    three = "gender: b1 v a; gender: b2 v a; gender: b3 v a"
    assert untested(given) == [
        f"Not tested ({three}; and 2 more): only 5 templates.",
        "Not tested (gender: b0 v a): no text.",
    ]


def test_the_terminal_has_five_reasons_and_counts_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_run(Run(with_reasons(tmp_path, [f"reason {i}" for i in range(7)])), [])
    said = capsys.readouterr().out
    assert said.count("Not tested (") == MOST_LINES
    assert "2 more reasons: see the report." in said


def labelled(folder: Path, **options: Any) -> Evidence:
    """Returns a run on texts whose true labels are all "negative"."""
    texts = pd.DataFrame({"t": [f"The man waited at the {place}." for place in PLACES]})
    texts["y"] = "negative"
    return auditor.audit(
        Biased("woman"), texts, text="t", label="y", attributes=["gender"], labels=LABELS,
        favourable="positive", out=folder, **options,
    ).evidence  # fmt: skip


def test_labels_that_are_never_favourable_are_said(tmp_path: Path) -> None:
    """Where they decide, and where something else does."""
    judged = labelled(tmp_path / "a", governing="false_negative_rate_change")
    assert "true label that is favourable" in " ".join(untested(judged))
    beside = labelled(tmp_path / "b")
    assert untested(beside) == []
    assert "true label that is favourable" in " ".join(unlabelled(beside))
    assert unlabelled(factory.evidence(tmp_path / "c")) == []


def test_outcomes_whose_labels_say_nothing_say_so(tmp_path: Path) -> None:
    rows = pd.DataFrame({"sex": ["f", "m"] * 40, "hired": [0, 1, 1, 1] * 20, "y": ["a", "b"] * 40})
    rows.to_csv(tmp_path / "t.csv", index=False)
    run = auditor.audit(
        predictions=str(tmp_path / "t.csv"), outcome="hired", protected=["sex"], label="y",
        favourable="c", out=tmp_path / "run",
    )  # fmt: skip
    [said] = unlabelled(run.evidence)
    assert said.startswith("True labels: ")
    assert "a, b" in said


def rule(*comparisons: Comparison, group: str = "b", **plan: Any) -> str:
    rows = {"min_rows": 30, "rules_of_thumb": ["four_fifths"], **plan}
    given = PlanRow.model_construct(**rows)
    return unasked(comparisons, (factory.MODELS[0], "co<l>umn", group), given)


def against(group: str, **changes: Any) -> Comparison:
    made = replace(comparison(group, factory.MODELS[0]), rule_of_thumb=None)
    return replace(made, **changes)


def test_a_rule_of_thumb_without_an_answer_says_why() -> None:
    answered = comparison("c", factory.MODELS[0])
    assert rule(against("b"), answered) == HIGHEST
    assert rule(answered, group="the reference itself") == HIGHEST
    assert rule(against("b", n=31, n_reference=5)) == HIGHEST, "of two groups, and large"
    assert rule(against("b", n=29, n_reference=5)) == TOO_SMALL
    assert rule(against("b"), against("c")) == TOO_SMALL
    assert rule(against("b", selected=None), answered) == NO_COUNTS
    assert rule(against("b", selected=0, selected_reference=0)) == NO_ONE
    assert rule(against("b"), answered, rules_of_thumb=[]) == NOT_ASKED
    assert rule() == NOT_ASKED


def test_lines_of_a_table_of_counts_stand_for_rows(tmp_path: Path) -> None:
    """Four lines of ten; a line without a weight counts for none, survey weights are no counts."""
    rows = pd.DataFrame({"sex": ["f", "f", "m", "m", "m"], "hired": [0, 1, 0, 1, 1]})
    rows["count"] = [10, 20, 30, 40, None]
    rows.to_csv(tmp_path / "t.csv", index=False)
    shown = {}
    for kind in ("frequency", "sampling", None):
        weights: dict[str, Any] = {"weight": "count", "weight_kind": kind} if kind else {}
        run = auditor.audit(
            predictions=str(tmp_path / "t.csv"), outcome="hired", protected=["sex"],
            out=tmp_path / str(kind), **weights,
        )  # fmt: skip
        html = run.report(tmp_path / "report.html").read_text("utf-8")
        shown[kind] = summarize(run.evidence).standing_for, "lines standing for" in html
    assert shown == {"frequency": (100, True), "sampling": (None, False), None: (None, False)}


def test_an_outcome_report_says_nothing_of_swaps(tmp_path: Path) -> None:
    rows = pd.DataFrame({"sex": ["f", "m"] * 40, "hired": [0, 1, 1, 1] * 20})
    rows.to_csv(tmp_path / "t.csv", index=False)
    run = auditor.audit(
        predictions=str(tmp_path / "t.csv"), outcome="hired", protected=["sex"],
        out=tmp_path / "run",
    )  # fmt: skip
    html = run.report(tmp_path / "report.html").read_text("utf-8")
    assert "none made, since no finding of swaps was judged" in html
    for words in ("relabellings", "clusters of swaps", "clusters for a verdict", "Holds in"):
        assert words not in html
    assert all(f.basis is Basis.GROUPS for f in run.evidence.findings)


def test_two_same_texts_are_read_once(tmp_path: Path) -> None:
    """Both directions of a swap, and a template that says the same twice."""
    man, woman = "The man left.", "The woman left."
    same = [{"pair_id": f"p{i}", "effect": -0.9} for i in range(200)]
    back = [{"pair_id": "q", "text": woman, "counterfactual": man, "effect": -0.8}]
    other = [{"pair_id": "r", "text": "A man.", "counterfactual": "A woman.", "effect": -0.1}]
    given = factory.evidence(tmp_path, pairs=[*same, *back, *other])
    assert [gap.pair_id for gap in summarize(given).largest_gaps] == ["p0", "r"]
