"""Facts that people declare: each is asked for where it applies, marked, and never made up."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from auditor.errors import PlanError
from auditor.evidence.reader import Evidence
from auditor.plan import AuditPlan
from auditor.plan_file import check_plan
from auditor.plan_report import DeclaredPlan
from auditor.preview import rows_of
from auditor.report.declared.asked import CHOICES, OF_PACKS, Situation, why_not_asked
from auditor.report.declared.catalogue import FACTS
from auditor.report.declared.checks import check_facts
from auditor.report.declared.facts import declared_of, is_missing, missing_inputs
from auditor.report.declared.parts import DeclaredPart, FactRow
from auditor.report.edition import Choice
from tests.report import counted
from tests.report.counted import text_of
from tests.report.test_report import Page

OUTCOMES = {"predictions": "t.csv", "outcome": "hired", "protected": ["sex", "race"]}
TEXTS = {"path": "t.csv", "text": ["t"]}
STRANGE = {
    "system": '<script>alert("x")</script>',
    "purpose": "מערכת, \u202eright to left",
    "provider": "=HYPERLINK(1)",
    "decision": "long " * 60,
    "incidents": "x" * 50_000,
}


def plan(data: dict[str, Any] | None = None, **sections: Any) -> AuditPlan:
    given = {"data": data or {"templates": ["everyday"]}, **sections}
    return check_plan(given, "plan")


def facts_of(
    data: dict[str, Any] | None = None, packs: tuple[str, ...] = (), **facts: Any
) -> DeclaredPart:
    return declared_of(plan(data), Choice(packs, DeclaredPlan.model_validate(facts)))


def rows(part: DeclaredPart) -> dict[str, FactRow]:
    every = [*part.system, *part.data, *part.people, *part.monitoring]
    return {row.key: row for row in every}


def missing(part: DeclaredPart) -> set[str]:
    return {key for key, row in rows(part).items() if is_missing(row)}


def test_every_fact_has_a_place_in_the_report() -> None:
    assert sorted(fact.key for fact in FACTS) == sorted(DeclaredPlan.model_fields)
    assert {*OF_PACKS, *CHOICES} < set(DeclaredPlan.model_fields)


def test_the_list_names_every_fact_with_what_it_accepts() -> None:
    listed = {row["declared"]: row for row in rows_of("declared")}
    assert set(listed) == set(DeclaredPlan.model_fields)
    assert listed["purpose"]["accepts"] == "text"
    assert listed["role"]["accepts"] == "provider, deployer, both"
    assert listed["data_from"]["accepts"] == "a day, as 2026-12-31"
    assert listed["generative"]["accepts"] == "true or false"
    assert listed["employers"]["accepts"] == "a whole number from 1"
    assert listed["obtained_by"]["accepts"].endswith("self-declared, record, inferred, template")
    assert listed["reference_shares"]["accepts"] == "by name: by name: a number from 0 to 1"
    assert all(row["meaning"] for row in listed.values())


def test_a_given_fact_has_its_words_and_an_empty_one_was_not_given() -> None:
    part = rows(facts_of(system=" Name ", purpose="  ", deletion="2027-01-02", generative=False))
    assert part["system"].value == "Name"
    assert is_missing(part["purpose"])
    assert part["deletion"].value == "2027-01-02"
    assert part["generative"].value == "no"


def test_templates_ask_for_nothing_that_is_of_real_people() -> None:
    never = {"data_source", "data_from", "data_kind", "obtained_by", "legal_basis", "deletion"}
    assert missing(facts_of()) & never == set()
    assert missing(facts_of(TEXTS)) & never == never - {"obtained_by"}
    assert "the texts are templates" in str(rows(facts_of())["data_kind"].otherwise)


def test_each_protected_column_asks_how_it_was_obtained() -> None:
    part = facts_of(OUTCOMES, obtained_by={"race": "record"})
    assert rows(part)["obtained_by.race"].value == "record"
    assert {"obtained_by.sex", "reference_shares"} <= missing(part)
    assert "obtained_by.race" not in missing(part)
    assert "how this was learned: sex (obtained_by.sex)" in missing_inputs(part)


@pytest.mark.parametrize(
    ("facts", "key", "asked"),
    [
        ({}, "data_reason", False),
        ({"data_kind": "historical"}, "data_reason", False),
        ({"data_kind": "test"}, "data_reason", True),
        ({}, "reference_source", False),
        ({"reference_shares": {"sex": {"f": 1.0}}}, "reference_source", True),
        ({"role": "provider"}, "deployer", False),
        ({"role": "both"}, "deployer", True),
        ({}, "labels_by", False),
        ({}, "lineage", False),
    ],
)
def test_a_fact_is_asked_for_where_another_makes_it_matter(
    facts: dict[str, Any], key: str, asked: bool
) -> None:
    assert (key in missing(facts_of(OUTCOMES, **facts))) is asked


def test_labels_ask_who_gave_them() -> None:
    assert "labels_by" in missing(facts_of({**TEXTS, "label": "y"}))


def test_what_only_a_framework_asks_for_is_missing_only_where_it_was_chosen() -> None:
    without, given = facts_of(OUTCOMES), facts_of(OUTCOMES, ("us-nyc-ll144",))
    assert {"distribution_date", "independent_auditor"} <= missing(given) - missing(without)
    assert rows(without)["distribution_date"].otherwise is not None
    assert rows(given)["distribution_date"].required_by == "section 3; us-nyc-ll144"
    assert "generative" in missing(facts_of(OUTCOMES, ("us-credit",)))


def test_leaving_small_groups_out_is_a_choice_and_never_missing() -> None:
    """Also where a framework speaks of it."""
    asked = {"exclude_small": ["us-nyc-ll144"], "employers": ["us-nyc-ll144"]}
    situation = Situation.of(plan(OUTCOMES), Choice(), asked)
    assert why_not_asked("exclude_small", situation) is not None
    assert why_not_asked("employers", situation) is None
    kept = facts_of(OUTCOMES, ("us-nyc-ll144",), exclude_small="few")
    assert rows(kept)["exclude_small"].value == "few"


def test_what_was_given_is_shown_also_where_it_was_not_asked_for() -> None:
    assert rows(facts_of(distribution_date=date(2026, 1, 2)))["distribution_date"].value


def test_an_unknown_pack_is_refused() -> None:
    with pytest.raises(PlanError, match="no framework pack 'nothing'"):
        facts_of(OUTCOMES, ("nothing",))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"data_from": "2026-02-01", "data_to": "2026-01-01"}, "data_from 2026-02-01 lies after"),
    ({"reference_shares": {"sex": {"f": 0.5, "m": 0.4}}}, "add up to 0.9 and not to 1"),
    ({"reference_shares": {"sex": {"f": 50, "m": 50}}}, "f, m has no share between 0 and 1"),
    ({"reference_shares": {"sex": {"f": float("nan"), "m": 1}}}, "f has no share between 0 and 1"),
    ({"reference_shares": {"sex": {"f": 0.5, "n/a": 0.5}}}, "'n/a' is read as an unknown group"),
    ({"reference_shares": {"job": {"a": 1}}}, "reference_shares names job, which this audit does"),
    ({"obtained_by": {"sexx": "record"}}, "obtained_by names sexx, .* it has sex, race"),
]


@pytest.mark.parametrize(("facts", "said"), REFUSED, ids=lambda x: str(x)[:40])
def test_facts_that_contradict_are_refused_in_words(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(PlanError, match=said):
        check_facts(DeclaredPlan.model_validate(facts), plan(OUTCOMES))


def test_all_contradictions_are_said_together() -> None:
    facts = {**REFUSED[0][0], **REFUSED[1][0]}
    with pytest.raises(PlanError, match="declared: 2 problems"):
        check_facts(DeclaredPlan.model_validate(facts), plan(OUTCOMES))


def test_facts_of_two_columns_together_and_of_swapped_attributes_are_accepted() -> None:
    shares = {"sex*race": {"f+a": 0.33, "f+b": 0.33, "m+a": 0.33}}
    check_facts(DeclaredPlan(reference_shares=shares), plan(OUTCOMES))
    check_facts(DeclaredPlan(obtained_by={"gender": "record"}), plan({**TEXTS, "protected": ["x"]}))
    check_facts(DeclaredPlan(obtained_by={"sex": "record"}), plan())


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return counted.texts(tmp_path_factory.mktemp("texts")).evidence


def test_strange_facts_are_shown_whole_and_as_text(evidence: Evidence) -> None:
    summary = counted.summary_of(evidence, **STRANGE)
    html = counted.section(summary, "system")
    page = Page(html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert all(value.strip() in page.text for value in STRANGE.values())
    assert html.count("<bdi>") == html.count("</bdi>") > len(STRANGE)
    assert counted.wrong(html, summary) == []


def test_a_declared_fact_is_marked_and_a_missing_one_says_what_asks_for_it(
    evidence: Evidence,
) -> None:
    text = text_of(counted.section(counted.summary_of(evidence, purpose="Sorting"), "system"))
    assert "PurposeSorting declared" in text
    assert "Decision supportedNOT PROVIDED required by section 3" in text
    assert "The decision: not declared." in text


def test_each_missing_fact_of_these_sections_stands_once(evidence: Evidence) -> None:
    summary = counted.summary_of(evidence)
    html = "".join(counted.section(summary, name) for name in ("system", "data", "monitoring"))
    people = {row.key for row in summary.declared.people}
    expected = missing(summary.declared) - people
    assert text_of(html).count("NOT PROVIDED") == len(expected) > 20


def test_what_is_missing_is_counted_on_the_cover(evidence: Evidence) -> None:
    summary = counted.summary_of(evidence)
    listed = missing_inputs(summary.declared)
    assert set(listed) <= set(summary.not_provided)
    assert len(listed) == len(missing(summary.declared))
