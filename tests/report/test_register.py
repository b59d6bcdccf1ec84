"""The register holds what calls for an answer, and the evidence list what was sealed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.evidence.manifest import verify
from auditor.records import Finding, Verdict
from auditor.report.cover.register import options_of, repair_words, severity
from auditor.report.cover.words import NO_BETTER
from auditor.report.criteria import origin_kind
from auditor.report.edition import Choice, Edition
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from tests.report import circuit_factory, factory
from tests.report.outcomes import outcomes
from tests.report.test_report import at
from tests.report.test_sections import squeezed, text_of


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summarize(circuit_factory.evidence(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return render_html(summary)


def test_the_register_has_every_finding_that_calls_for_an_answer(summary: Summary) -> None:
    register = summary.findings_register
    open_ = {Verdict.DOES_NOT_MEET, Verdict.INCONCLUSIVE}
    expected = {i for i, row in enumerate(summary.judged) if row.verdict in open_}
    assert {row.finding for row in register.rows} == expected
    assert [row.id for row in register.rows] == [f"R{n + 1}" for n in range(len(expected))]
    untested = {i for each in register.untested for i in each.findings}
    assert untested == {i for i, r in enumerate(summary.judged) if r.verdict is Verdict.NOT_TESTED}


def test_the_answers_are_left_to_people(summary: Summary, html: str) -> None:
    """Nothing is filled in, and the cover counts it."""
    text = text_of(html, "Findings register")
    assert text.count("NOTPROVIDED") == len(summary.findings_register.rows)
    assert any("(findings register)" in line for line in summary.not_provided)
    assert "Notassessedbythetool" in text


def test_a_row_points_to_its_evidence(summary: Summary, html: str) -> None:
    record = json.loads(render_json(summary))
    for row in summary.findings_register.rows:
        assert f"/judged/{row.finding}</code>" in html
        assert at(record, f"/judged/{row.finding}")["group_b"] == row.group


def finding(value: float, *, harmful: bool, verdict: Verdict, detected: bool = True) -> Finding:
    found = factory.finding("b", value)
    return replace(found, verdict=verdict, harmful=harmful, difference_detected=detected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (finding(-0.1, harmful=True, verdict=Verdict.DOES_NOT_MEET), "high"),
        (finding(-0.09, harmful=True, verdict=Verdict.DOES_NOT_MEET), "medium"),
        (finding(0.3, harmful=False, verdict=Verdict.DOES_NOT_MEET), "medium"),
        (finding(-0.09, harmful=True, verdict=Verdict.INCONCLUSIVE), "medium"),
        (finding(-0.3, harmful=True, verdict=Verdict.INCONCLUSIVE, detected=False), "low"),
    ],
)
def test_severity_follows_its_rule(given: Finding, expected: str) -> None:
    assert severity(given) == expected


def test_the_most_severe_come_first(summary: Summary) -> None:
    order = ["high", "medium", "low"]
    found = [order.index(row.severity) for row in summary.findings_register.rows]
    assert found == sorted(found)


def test_an_option_that_was_measured_stands_with_its_cost(summary: Summary) -> None:
    """A repair with its quality, another checkpoint with its effect, or that there is none."""
    rows = summary.findings_register.rows
    repair, checkpoint = next(row.options for row in rows if row.finding == 0)
    assert repair.startswith("Repair (")
    assert "quality" in repair
    assert "before" in repair
    assert checkpoint.startswith("Another checkpoint, seed-1: -0.300")
    options = [option for row in rows for option in row.options]
    assert "More data: about 2.5 times as many rows would settle it." in options


def test_checkpoints_that_do_no_better_are_no_option_and_are_said(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path, ["b"], values=[-0.2])
    judged = next(f for f in given.findings if f.verdict is Verdict.DOES_NOT_MEET)
    first, other = judged.checkpoints
    worse = replace(other, estimate=replace(other.estimate, value=-0.4))
    options = options_of(replace(judged, checkpoints=(first, worse), settles=None), given)
    assert options == [NO_BETTER]
    assert "seed-1" in options_of(judged, given)[0]


def test_where_no_repair_is_recommended_none_is_offered() -> None:
    record = circuit_factory.record()
    assert record.repair is not None
    none = replace(record, repair=replace(record.repair, recommended=None))
    assert "none is recommended by their rule" in repair_words(none)


def test_outcomes_have_no_model_to_change(tmp_path: Path) -> None:
    given = outcomes(tmp_path, {"a": (100, 400), "b": (300, 400)})
    made = summarize(given)
    (row,) = made.findings_register.rows
    assert row.options == [
        "No alternative was measured: outcomes do not say what another model would have decided."
    ]
    assert made.findings_register.not_mitigated
    assert made.findings_register.not_mitigated in render_html(made)


def test_before_and_after_are_those_of_the_repair(summary: Summary, html: str) -> None:
    (first, *_) = summary.findings_register.mitigations
    repair = summary.circuits.traced[first.traced].record.repair
    assert repair is not None
    assert first.option == repair.recommended
    text = text_of(html, "Before and after mitigation")
    assert squeezed("recommended by the rule of the repair") in text


def test_clauses_are_those_of_the_packs_that_were_chosen(tmp_path: Path) -> None:
    given = outcomes(tmp_path, {"a": (100, 400), "b": (300, 400)})
    assert summarize(given).findings_register.clauses == []
    choice = Choice.of(given.plan, packs=["nist-ai-rmf"])
    made = summarize(given, Edition.working_copy(choice))
    (row,) = made.findings_register.clauses
    annex = made.frameworks.annexes[0].content
    assert annex is not None
    clauses = [clause for chapter in annex.chapters for clause in chapter.clauses]
    of_groups = [c.id for c in clauses if any(e.section == 6 and e.here for e in c.evidence)]
    assert 0 < len(of_groups) < len(clauses)
    assert row.ids == of_groups


def test_an_audit_that_meets_everything_has_an_empty_register(tmp_path: Path) -> None:
    made = summarize(outcomes(tmp_path, {"a": (3000, 6000), "b": (3000, 6000)}))
    assert made.findings_register.rows == []
    text = text_of(render_html(made), "Findings register")
    assert squeezed("No row: every finding that was tested meets its criterion.") in text


def test_every_sealed_file_is_in_the_record(tmp_path: Path) -> None:
    given = outcomes(tmp_path, {"a": (30, 60), "b": (30, 60)})
    made = summarize(given)
    assert len(made.evidence.files) + 1 == len(
        [p for p in (given.folder / "evidence").rglob("*") if p.is_file()]
    )
    assert verify(given.folder).intact
    assert sorted(i for f in made.evidence.folders for i in f.files) == list(
        range(len(made.evidence.files))
    )
    text = text_of(render_html(made), "Sealed files")
    assert all(f.sha256 in text for f in made.evidence.files if "/" not in f.path)


@pytest.mark.parametrize(
    ("origin", "kind"),
    [
        ("in-house: half of the convention", "in-house"),
        ("Law: 29 CFR 1607.4(D)", "law"),
        ("toolkit convention of +-.10", None),
        ("lawful basis: none", None),
        ("convention", None),
    ],
)
def test_the_kind_of_an_origin_is_what_it_says_of_itself(origin: str, kind: str | None) -> None:
    assert origin_kind(origin) == kind
