"""What was not tested is named, with the reason that fits the audit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.evidence.reader import Evidence
from auditor.records import Contrast, Finding, Verdict
from auditor.report.declared.facts import declared_of
from auditor.report.declared.parts import DeclaredPart
from auditor.report.edition import Choice
from auditor.report.limits import not_provided, not_tested, not_tested_in_short
from tests.report import factory

NOTHING_ASKED = DeclaredPart(system=[], data=[], people=[], monitoring=[])


def _meeting(evidence: Evidence) -> tuple[Finding, ...]:
    """Its findings as if all met: no one is asked to answer for them."""
    return tuple(
        replace(f, verdict=Verdict.MEETS) if f.verdict is not None else f for f in evidence.findings
    )


def lines(evidence: Evidence) -> str:
    return "\n".join(not_tested(evidence))


def test_attributes_with_word_lists_that_were_left_out_are_named(tmp_path: Path) -> None:
    said = lines(factory.evidence(tmp_path))
    assert "Attributes other than gender." in said
    others = "age, appearance, disability, family status, gender identity, nationality, race"
    assert f"There are word lists for {others}, religion, sexual" in said
    assert "placebo" not in said, "which is no attribute that anyone has"


def test_names_are_said_to_signal_more_than_the_group(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path)
    words = tuple(f for f in given.findings if not f.contrast.crossed)
    given.results = replace(given.results, findings=words)
    assert "Proxies such as names" in lines(given)
    crossed = Contrast("race_names", "white", "black")
    findings = tuple(replace(finding, contrast=crossed) for finding in given.findings)
    given.results = replace(given.results, findings=findings)
    assert "a name also signals class, age" in lines(given)


def test_pairs_scored_elsewhere_name_their_own_attributes(tmp_path: Path) -> None:
    """The plan's default attributes are not what a file of pairs holds."""
    given = factory.evidence(
        tmp_path, data={"pairs": "p.jsonl"}, swaps={"attributes": ["religion"]}
    )
    assert "Attributes other than gender." in lines(given)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("single_label", "(circuits): this audit traced none;"),
        ("probabilities", "(circuits): a model given as a function has no weights"),
        ("pairs", "(circuits): scores made elsewhere come without weights"),
    ],
)
def test_circuits_are_not_tested_for_the_reason_that_holds(
    tmp_path: Path, kind: str, reason: str
) -> None:
    given = factory.evidence(tmp_path)
    given.record["models"][0]["kind"] = kind
    assert reason in lines(given)


def test_a_contrast_without_enough_data_says_so(tmp_path: Path) -> None:
    said = lines(factory.evidence(tmp_path))
    assert "v reference: 8 templates; at least 20 are asked for." in said


def test_what_is_provided_is_not_asked_for(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path, harm={"harmed": "applicants lose an interview"})
    approved = tuple(
        replace(f, criterion=replace(f.criterion, approved_by="A. Person")) if f.criterion else f
        for f in given.findings
    )
    given.results = replace(given.results, findings=approved)
    given.results = replace(given.results, findings=_meeting(given))
    assert not_provided(given, NOTHING_ASKED) == []


def test_each_missing_approval_is_asked_for_with_what_it_is_for(tmp_path: Path) -> None:
    """One criterion of the factory's two is approved."""
    assert not_provided(factory.evidence(tmp_path), NOTHING_ASKED) == [
        "approval of the threshold of ±0.05 (approved_by) for gender",
        "who is harmed, and how (harmed)",
        "response, owner, due date and who accepts the risk, of 5 findings (findings register)",
    ]


def test_a_fact_that_was_not_declared_is_among_what_is_missing(tmp_path: Path) -> None:
    """Once, with its key; one that was declared is not."""
    given = factory.evidence(tmp_path, declared={"system": "A screening tool"})
    facts = declared_of(given.plan, Choice.of(given.plan))
    missing = not_provided(given, facts)
    assert "purpose (purpose)" in missing
    assert len(missing) == len(set(missing))
    assert not any("(system)" in line for line in missing)


def test_the_box_names_the_same_things_as_the_list_in_fewer_words(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path)
    short, lines_ = not_tested_in_short(given), not_tested(given)
    assert len(short) == len(lines_)
    assert sum(map(len, short)) < sum(map(len, lines_))


def test_findings_of_one_reason_are_one_line(tmp_path: Path) -> None:
    """However many groups are too small."""
    given = factory.evidence(tmp_path, "abcde", values=(None,) * 5)
    found = [line for line in not_tested(given) if "at least 20 are asked for" in line]
    assert len(found) == 1
    assert "gender: c v reference; and 2 more: 8 templates" in found[0]


def test_the_tasks_own_target_is_named_as_not_tested(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path, metrics={"task_concerns": ["religion"]})
    assert "religion: the task's own target" in lines(given)
