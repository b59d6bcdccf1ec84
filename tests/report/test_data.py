"""The data section counts what is there, names what is not, and makes nothing up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import PlanError
from auditor.evidence.reader import Evidence
from auditor.plan_report import DeclaredPlan
from auditor.report.declared.data import data_of
from auditor.report.declared.flow import mention_share
from auditor.report.declared.parts import DataPart, RepresentedRow
from tests.report import counted, factory
from tests.report.counted import text_of
from tests.report.test_report import Page

NOTHING = DeclaredPlan()
POPULATION = {"White": 0.6, "Black": 0.13, "Asian": 0.06, "Native American": 0.01, "Hispanic": 0.2}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return counted.outcomes(tmp_path_factory.mktemp("outcomes")).evidence


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return counted.texts(tmp_path_factory.mktemp("texts")).evidence


def declared(**facts: Any) -> DeclaredPlan:
    return DeclaredPlan.model_validate(facts)


def steps(data: DataPart) -> dict[str, int]:
    return {step.what: step.count for step in data.steps}


def page(evidence: Evidence, **facts: Any) -> str:
    return counted.section(counted.summary_of(evidence, **facts), "data")


def row(data: DataPart, column: str, group: str) -> RepresentedRow:
    [found] = [r for r in data.represented if (r.column, r.group) == (column, group)]
    return found


def test_every_person_of_a_table_of_counts_is_accounted_for(outcomes: Evidence) -> None:
    people = sum(n for n, _ in counted.CELLS.values())
    assert steps(data_of(outcomes, NOTHING)) == {
        "Lines of the table": 2 * len(counted.CELLS) + 2,
        "Left out: no weight, or one that is not above nothing": 1,
        "Rows that the remaining lines stand for": people + counted.UNDECIDED,
        "Of these without an outcome: in no rate": counted.UNDECIDED,
        "Rows with an outcome, of which rates are made": people,
    }


def test_survey_weights_are_no_counts_of_people(outcomes: Evidence) -> None:
    given = Evidence.open(outcomes.folder)
    weighted = given.plan.data.model_copy(update={"weight_kind": "sampling"})
    given.plan = given.plan.model_copy(update={"data": weighted})
    data = data_of(given, NOTHING)
    assert steps(data)["Rows with an outcome, of which rates are made"] == 2 * len(counted.CELLS)
    assert "Rows that the remaining lines stand for" not in steps(data)
    assert {(u.selected, u.refused) for u in data.unknown} == {(None, None)}


def test_shares_are_of_those_whose_group_is_known(outcomes: Evidence) -> None:
    female = row(data_of(outcomes, NOTHING), "sex", "Female")
    men, women = 412 + 226 + 321 + 80 + 24, 385 + 164 + 25
    assert female.n == women
    assert female.share == pytest.approx(women / (men + women))
    assert (female.reference, female.ratio, female.gap) == (None, None, None)


def test_shares_are_held_against_the_population_and_absent_groups_are_seen(
    outcomes: Evidence,
) -> None:
    data = data_of(outcomes, declared(reference_shares={"race": POPULATION}))
    black, hispanic = row(data, "race", "Black"), row(data, "race", "Hispanic")
    assert black.share == pytest.approx(390 / 1592)
    assert black.ratio == pytest.approx(390 / 1592 / 0.13)
    assert black.gap == pytest.approx(390 / 1592 - 0.13)
    assert (hispanic.n, hispanic.share, hispanic.ratio, hispanic.gap) == (0, 0.0, 0.0, -0.2)
    assert hispanic.small
    assert row(data, "sex", "Male").reference is None


def test_a_population_without_a_group_gives_no_ratio(outcomes: Evidence) -> None:
    shares = {**POPULATION, "Native American": 0.0, "Hispanic": 0.21}
    data = data_of(outcomes, declared(reference_shares={"race": shares}))
    absent = row(data, "race", "Native American")
    assert absent.ratio is None
    assert absent.gap == absent.share


def test_a_misspelt_group_of_the_population_is_refused(outcomes: Evidence) -> None:
    facts = declared(reference_shares={"sex": {"Male": 0.5, "Femal": 0.5}})
    with pytest.raises(PlanError, match=r"names Femal, of which there is no row.*share for Female"):
        data_of(outcomes, facts)


def test_groups_together_that_nobody_is_of_are_named(outcomes: Evidence) -> None:
    """Also those of which a number is recorded as not measured."""
    assert any(g.group == "Female+Asian" for g in outcomes.group_metrics)
    [empty] = data_of(outcomes, NOTHING).empty
    assert empty.column == "sex*race"
    assert empty.groups == ["Female+Asian", "Female+Native American"]
    text = text_of(page(outcomes))
    assert "No row at all in sex and race: Female Asian, Female Native American (2 groups)" in text


def test_unknown_groups_are_counted_by_outcome_and_bound_the_ratios(outcomes: Evidence) -> None:
    data = data_of(outcomes, NOTHING)
    assert [u.model_dump() for u in data.unknown] == [
        {"column": "sex", "n": 60, "of": 1697, "selected": 31, "refused": 29},
        {"column": "race", "n": 105, "of": 1697, "selected": 40, "refused": 65},
    ]
    bounds = [outcomes.group_metrics[place] for place in data.bounds]
    assert [(b.column, b.group) for b in bounds] == [
        ("sex", "Male"), ("race", "Black"), ("race", "Native American"), ("race", "White"),
    ]  # fmt: skip
    assert all(b.metric == "impact_ratio_bounds" for b in bounds)


def test_rows_without_a_text_are_counted(texts: Evidence) -> None:
    first, second, *_ = data_of(texts, NOTHING).steps
    assert (first.what, first.count) == ("Rows left out, since they have no text", 3)
    assert (second.what, second.count) == ("Rows with a text", 100)


def test_a_column_in_which_every_group_is_known_has_none_unknown(tmp_path: Path) -> None:
    evidence = counted.outcomes(tmp_path, protected=["hired"]).evidence
    data = data_of(evidence, NOTHING)
    assert [(u.column, u.n, u.selected) for u in data.unknown] == [("hired", 0, None)]
    assert data.bounds == []


def test_the_share_of_the_operators_texts_that_mention_an_attribute(texts: Evidence) -> None:
    """Wilson's interval of 20 of 100 is [.133, .289]."""
    gender, religion = data_of(texts, NOTHING).mentions
    assert (gender.mentions, gender.texts, gender.pairs, gender.valid) == (60, 100, 60, 60)
    assert religion.share is not None
    assert religion.share.value == 0.2
    assert (religion.share.low, religion.share.high) == pytest.approx((0.1334, 0.2888), abs=1e-4)


def test_texts_of_one_author_are_not_so_many_independent_ones(texts: Evidence) -> None:
    data = texts.plan.data.model_copy(update={"cluster": "author"})
    share = mention_share(20, 100, texts.plan.model_copy(update={"data": data}))
    assert (share.value, share.low, share.high) == (0.2, None, None)
    assert "independent" in str(share.reason)


def test_templates_always_mention_so_no_share_is_claimed(tmp_path: Path) -> None:
    data = data_of(factory.evidence(tmp_path), NOTHING)
    assert data.kind == "templates"
    assert [m.share for m in data.mentions] == [None]
    assert [(m.pairs, m.valid, m.kept_out) for m in data.mentions] == [(2468, 2400, 68)]


def test_an_inferred_column_says_so_loudly(outcomes: Evidence) -> None:
    facts = declared(obtained_by={"race": "inferred"})
    sex, race = data_of(outcomes, facts).obtained
    assert (sex.how, sex.declared) == (None, False)
    assert race.inferred
    assert "INFERRED: guessed from names, places or images" in text_of(
        page(outcomes, obtained_by={"race": "inferred"})
    )


def test_what_was_swapped_says_how_it_was_learned_without_a_person(texts: Evidence) -> None:
    column, gender, _ = data_of(texts, NOTHING).obtained
    assert (column.name, column.how) == ("author_sex", None)
    assert gender.how is not None
    assert gender.how.startswith("named in the text, and read by the word lists")


def test_base_rates_stand_beside_a_note_on_labels(texts: Evidence) -> None:
    data = data_of(texts, NOTHING)
    groups = [texts.group_metrics[place].group for place in data.base_rates]
    assert groups == ["<script>x</script>", "f", "m", "unknown"]
    assert "its labels repeat that" in text_of(page(texts))


def test_word_lists_say_that_no_one_concerned_reviewed_them(texts: Evidence) -> None:
    sources = {source.name: source for source in data_of(texts, NOTHING).sources}
    assert {"gender", "religion", "placebo"} == set(sources)
    assert sources["gender"].reviewed_by == "no one concerned has"
    assert sources["gender"].sha256 == texts.record["inputs"]["lexicon gender"]
    assert sources["gender"].differs is None


def test_a_file_that_was_mended_since_says_nothing_of_the_audit(tmp_path: Path) -> None:
    [templates] = data_of(factory.evidence(tmp_path), NOTHING).sources
    assert templates.name == "everyday"
    assert templates.reviewed_by is None
    assert templates.differs is not None
    assert "not the one of the audit" in templates.differs


def test_what_is_kept_is_what_lies_in_the_folder(texts: Evidence, outcomes: Evidence) -> None:
    """Every file of the evidence is spoken of, and nothing that is not there."""
    for evidence in (texts, outcomes):
        stored = [row.path for row in data_of(evidence, NOTHING).stored]
        named = {name for path in stored for name in path.split(", ")}
        folder = evidence.folder / "evidence"
        there = {p.relative_to(folder).parts[0] for p in folder.rglob("*") if p.is_file()}
        silent = {"manifest.json", "attributions.json"}
        there = {name + "/" if (folder / name).is_dir() else name for name in there - silent}
        if evidence is outcomes:
            there -= {"pairs/"}  # parts without a row
        assert {name for name in named if not name.startswith("..")} == there


POINTERS = ("steps/0/count", "represented/0/n", "represented/3/ratio", "unknown/1/selected")


def test_every_number_of_the_section_is_the_records(texts: Evidence, outcomes: Evidence) -> None:
    facts = {"reference_shares": {"race": POPULATION}, "reference_source": "Census of 2020"}
    for evidence, given in ((texts, {}), (outcomes, facts)):
        summary = counted.summary_of(evidence, **given)
        html = counted.section(summary, "data")
        assert len(Page(html).refs) > 50
        assert counted.wrong(html, summary) == []
    for pointer in (f"/data/{name}" for name in POINTERS):
        assert counted.wrong(html, summary, **{pointer: 77.7}) == [pointer]


def test_no_number_stands_without_a_pointer(texts: Evidence, outcomes: Evidence) -> None:
    for evidence in (texts, outcomes):
        html = page(evidence, reference_shares={}).replace('class="no"', 'class="id"')
        assert re.findall(r".{0,20}\d.{0,20}", "".join(Page(html).loose)) == []


def test_a_group_called_like_markup_stays_text(texts: Evidence) -> None:
    parsed = Page(page(texts))
    assert "script" not in {tag for tag, _ in parsed.tags}
    assert "<script>x</script>" in parsed.text
