"""Whether a framework applies, what this run has for it, and which grounds it tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.evidence.reader import Evidence
from auditor.plan_report import DeclaredPlan
from auditor.report.edition import Choice, Edition
from auditor.report.packs.frameworks import frameworks_of
from auditor.report.packs.grounds import column_key
from auditor.report.packs.pack import shipped_packs
from auditor.report.packs.parts import ClauseRow, FrameworkRow, FrameworksPart
from auditor.report.packs.scope import why_not
from tests.report import factory, people_runs

ISSUED = "2026-11-25T12:00:00+00:00"
EVERY_PACK = tuple(sorted(shipped_packs()))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Outcomes of people by sex and race; no swap, no model."""
    return people_runs.run(tmp_path_factory.mktemp("people"))


@pytest.fixture(scope="module")
def swaps(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Findings of swaps of gender; no column is named as protected."""
    return factory.evidence(tmp_path_factory.mktemp("swaps"))


def annexes(
    evidence: Evidence, *packs: str, public: bool = False, **declared: Any
) -> FrameworksPart:
    choice = Choice(packs, DeclaredPlan(**declared), public)
    return frameworks_of(evidence, Edition(None, ISSUED, None, choice))


def annex(evidence: Evidence, pack: str, **declared: Any) -> FrameworkRow:
    return annexes(evidence, pack, **declared).annexes[0]


def clauses(row: FrameworkRow) -> dict[str, ClauseRow]:
    chapters = row.content.chapters if row.content else []
    return {clause.id: clause for chapter in chapters for clause in chapter.clauses}


def grounds(row: FrameworkRow) -> dict[str, str]:
    return {each.ground: each.state for each in row.content.grounds} if row.content else {}


def test_local_law_144_applies_to_outcomes_by_sex_and_race(people: Evidence) -> None:
    row = annex(people, "us-nyc-ll144", obtained_by={"sex": "self-declared", "race": "record"})
    assert row.verdict is None
    assert row.content is not None
    assert row.content.columns_read == [
        "The column sex is read as sex, by its name.",
        "The column race is read as race or ethnicity, by its name.",
    ]
    text = clauses(row)["6 RCNY §5-301(b)"].elaboration or ""
    assert "female 0.457" in text
    assert "140 rows" in text


def test_an_inferred_attribute_refuses_local_law_144(people: Evidence) -> None:
    """The reason is given, and nothing else of the annex."""
    choice = Choice(declared=DeclaredPlan(obtained_by={"race": "inferred"}))
    edition = Edition(None, ISSUED, None, choice)
    assert why_not("us-nyc-ll144", people, edition)
    assert why_not("us-ugesp-title-vii", people, edition) is None
    row = annex(people, "us-nyc-ll144", obtained_by={"race": "inferred"})
    assert row.verdict == "not applicable"
    assert row.content is None
    assert "the attribute in race is declared as inferred" in str(row.reason)


def test_columns_are_read_by_their_names_and_never_guessed(tmp_path: Path) -> None:
    """What was looked for, and what there is, is said."""
    evidence = people_runs.run(tmp_path, ("Geschlecht", "Race/Ethnicity"))
    row = annex(evidence, "us-nyc-ll144")
    assert row.content is None
    assert "for sex (a column named sex or gender)" in str(row.reason)
    assert "race or ethnicity (" not in str(row.reason)
    assert "protected columns are Geschlecht, Race/Ethnicity" in str(row.reason)


@pytest.mark.parametrize("name", ["Race/Ethnicity", "race_ethnicity", " RACE ethnicity "])
def test_case_blanks_and_marks_of_a_column_do_not_matter(name: str) -> None:
    assert column_key(name) == "race_ethnicity"


@pytest.mark.parametrize("pack", ["us-nyc-ll144", "us-ugesp-title-vii"])
def test_a_run_of_swaps_has_no_outcomes_of_people(swaps: Evidence, pack: str) -> None:
    bare = Evidence(swaps.folder, swaps.plan, swaps.record, {"overall": swaps.overall})
    row = annex(bare, pack)
    assert row.verdict == "not applicable"
    assert "no outcomes of groups of people" in str(row.reason)


def test_a_generative_model_is_outside_the_guidance_on_model_risk(swaps: Evidence) -> None:
    """Its evidence is mapped to the profile for generative AI, and Regulation B still applies."""
    found = annexes(swaps, "us-credit", generative=True)
    credit, profile = found.annexes
    assert profile.id == "nist-ai-600-1"
    assert found.chosen == ["us-credit"]
    assert credit.content is not None
    risk, notice, _ = credit.content.chapters
    assert risk.verdict == "not applicable"
    assert risk.clauses == []
    assert str(risk.reason).startswith("outside SR 26-2; evidence mapped to NIST AI 600-1: ")
    assert notice.verdict is None


@pytest.mark.parametrize("generative", [False, None])
def test_a_classifier_is_within_it(swaps: Evidence, generative: bool | None) -> None:
    (credit,) = annexes(swaps, "us-credit", generative=generative).annexes
    assert credit.content is not None
    assert [c.verdict for c in credit.content.chapters] == [None, None, None]


def test_a_profile_that_was_chosen_as_well_is_annexed_once(swaps: Evidence) -> None:
    found = annexes(swaps, "nist-ai-600-1", "us-credit", generative=True)
    assert [row.id for row in found.annexes] == ["nist-ai-600-1", "us-credit"]


def test_without_its_evidence_a_clause_has_strength_none_and_says_so(people: Evidence) -> None:
    clause = clauses(annex(people, "sg-ai-verify"))["7.1.1"]
    assert (clause.strength, clause.evidence, clause.elaboration) == ("none", [], None)
    assert clause.gap.endswith("Not in this run: counterfactual swaps, noise floor.")


def test_with_a_part_of_its_evidence_a_direct_clause_is_partial(people: Evidence) -> None:
    clause = clauses(annex(people, "nist-ai-rmf"))["MEASURE 2.11"]
    assert clause.strength == "partial"
    assert [row.key for row in clause.evidence] == ["groups"]
    assert "counterfactual swaps, errors by group" in clause.gap


def test_with_all_of_its_evidence_it_is_what_the_pack_says(people: Evidence) -> None:
    assert clauses(annex(people, "us-nyc-ll144"))["6 RCNY §5-301(b)"].strength == "direct"


def test_a_declared_fact_is_evidence_for_the_clause_that_asks_for_it(swaps: Evidence) -> None:
    asked = "SR 26-2, effective challenge"
    without = clauses(annex(swaps, "us-credit", purpose="credit"))[asked]
    given = clauses(annex(swaps, "us-credit", reviewer="A. Person"))[asked]
    assert "declared" not in [row.key for row in without.evidence]
    assert "not declared: reviewer" in without.gap
    assert [row.what for row in given.evidence if row.key == "declared"] == ["reviewer"]


def test_counterfactual_fairness_is_elaborated_and_left_to_the_operator(swaps: Evidence) -> None:
    """Check 7.1.1 of AI Verify."""
    row = annex(swaps, "sg-ai-verify")
    assert row.content is not None
    assert row.content.answers == ["Yes", "No", "N.A."]
    text = clauses(row)["7.1.1"].elaboration or ""
    assert "Counterfactual swaps of gender, race names in 1,234 texts (77 templates)" in text
    assert "does not meet criterion: 2; inconclusive: 1; meets criterion: 1; not tested: 1" in text
    assert "-0.600" in text


def test_grounds_are_tested_or_not_or_without_a_word_list(
    swaps: Evidence, people: Evidence
) -> None:
    of_swaps, of_people = (grounds(annex(e, "uk-equality")) for e in (swaps, people))
    assert of_swaps["sex"] == "tested"
    assert of_swaps["religion or belief"] == "not tested"
    assert of_swaps["pregnancy and maternity"] == "no lexicon"
    assert (of_people["sex"], of_people["race"], of_people["age"]) == (
        "tested",
        "tested",
        "not tested",
    )


def test_another_language_has_fewer_word_lists(tmp_path: Path) -> None:
    spanish = factory.evidence(tmp_path, swaps={"attributes": ["gender"], "language": "es"})
    found = grounds(annex(spanish, "uk-equality"))
    assert found["religion or belief"] == "not tested"
    assert found["disability"] == "no lexicon"


def test_a_public_edition_names_no_small_group(tmp_path: Path) -> None:
    """A rate of fewer people than `min_cell` stands in no text of an annex."""
    evidence = people_runs.run(tmp_path, report={"min_cell": 130})
    pack, clause = "us-ugesp-title-vii", "29 CFR 1607.4(D), four fifths"
    full = clauses(annexes(evidence, pack).annexes[0])[clause].elaboration or ""
    public = clauses(annexes(evidence, pack, public=True).annexes[0])[clause].elaboration or ""
    assert "black" in full
    assert "black" not in public
    assert "female" in public


def test_every_annex_of_every_pack_can_be_made(swaps: Evidence, people: Evidence) -> None:
    for evidence in (swaps, people):
        found = annexes(evidence, *EVERY_PACK, generative=True)
        assert [row.id for row in found.annexes] == list(EVERY_PACK)
        assert {row.pack for row in found.legal} == set(EVERY_PACK)


def test_packs_are_made_of_the_same_bytes_twice(people: Evidence) -> None:
    first, second = (annexes(people, *EVERY_PACK).model_dump_json() for _ in range(2))
    assert first == second
