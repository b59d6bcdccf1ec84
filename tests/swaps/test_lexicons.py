"""Lexicons: what is refused, what is offered, contrasts, and a user's own file."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import DataError, PlanError
from auditor.plan import SwapPlan
from auditor.swaps.attributes import contrasts_of
from auditor.swaps.lexicons import available_lexicons, load_lexicons, read_lexicon
from auditor.swaps.swapper import swap

HEAD = """
id = "team"
title = "Team"
language = "en"
groups = ["red", "blue"]
reference = "red"
source = "made up"
reviewed_by = "no one"
missing = "all else"
"""
ROW = """
[[row]]
concept = "player"
template = true
red = "Red player"
blue = ["Blue player", { word = "bluey", context = "alone" }]
"""

REFUSED = {
    "no heading": (HEAD.replace('title = "Team"\n', "") + ROW, "title is missing"),
    "not a text": (HEAD.replace('"Team"', "7") + ROW, "title must be a text, got 7"),
    "one group": (HEAD.replace(', "blue"', "") + ROW, "two or more different names"),
    "group twice": (HEAD.replace('"blue"', '"red"') + ROW, "two or more different names"),
    "group is a key": (HEAD.replace('"blue"', '"form"') + ROW, "no key of a row"),
    "other reference": (HEAD.replace('= "red"', '= "green"') + ROW, "not one of the groups"),
    "other language": (HEAD.replace('"en"', '"xx"') + ROW, "language 'xx' is not one of en"),
    "unknown key": ('colour = "x"\n' + HEAD + ROW, "no such key 'colour'"),
    "no row": (HEAD, "no [[row]]"),
    "concept twice": (HEAD + ROW + ROW, "a second row of this concept"),
    "no concept": (HEAD + ROW.replace('concept = "player"', ""), "has no concept"),
    "unknown group": (HEAD + ROW + 'green = "x"', "'green' is neither a group nor a known key"),
    "unknown form": (HEAD + ROW + 'form = "verb"', "form 'verb' is not one of"),
    "unknown context": (HEAD + ROW + 'context = "sea"', "context 'sea' is not one of"),
    "lonely word": (HEAD + '[[row]]\nconcept = "p"\nred = "x"', "fewer than two groups"),
    "no word": (HEAD + ROW.replace('"Red player"', '"!"'), "'!', which is no word"),
    "a number": (HEAD + ROW.replace('"Red player"', "7"), "7, which is no word"),
    "blank at an end": (HEAD + ROW.replace('"Red player"', '"Red "'), "'Red ', which is no word"),
    "beside no group": (
        HEAD + ROW.replace('context = "alone"', 'beside = "tan"'),
        "'bluey' is beside 'tan', which is no group",
    ),
    "unknown word key": (HEAD + ROW.replace("context", "where"), "no such key 'where'"),
    "asymmetric": (
        HEAD + ROW.replace('context = "alone"', "asymmetric = 1"),
        "asymmetric is true or false, got 1",
    ),
    "no template word": (
        HEAD.replace('"blue"]', '"blue", "tan"]').replace('= "red"', '= "tan"') + ROW,
        "fills templates, but has no word for the reference group",
    ),
    "word in two rows": (
        HEAD + ROW + '[[row]]\nconcept = "again"\nred = "red player"\nblue = "Blue one"',
        "stands in player too",
    ),
    "guard is a word": ('guards = ["red player"]\n' + HEAD + ROW, "which it would hide"),
    "idle guard": ('guards = ["green house"]\n' + HEAD + ROW, "so it guards nothing"),
    "no phrase": ("asymmetric = [1]\n" + HEAD + ROW, "asymmetric has 1, which is no phrase"),
    "not TOML": ("id = ", "is not a TOML file"),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "team.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_lexicon_with_errors_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(DataError) as error:
        read_lexicon(written(tmp_path, text))
    assert sentence in str(error.value)


def test_all_problems_of_a_lexicon_are_named_one_line_each(tmp_path: Path) -> None:
    text = HEAD.replace('"en"', '"xx"') + ROW + 'green = "x"\nform = "verb"'
    with pytest.raises(DataError) as error:
        read_lexicon(written(tmp_path, text))
    lines = str(error.value).splitlines()
    assert lines[0].endswith("team.toml: 3 problems")
    assert len(lines) == 4


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no lexicon at .*missing\.toml"):
        read_lexicon(tmp_path / "missing.toml")


def test_a_lexicon_of_ones_own_swaps(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROW)
    assert swap("A red player won.", "team", lexicons=[path])[0].counterfactual == (
        "A blue player won."
    )
    assert [p.counterfactual for p in swap("The bluey!", "team", lexicons=[path])] == [
        "The Red player!"
    ]


def test_an_unknown_attribute_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"no lexicon for hair; there are age, .*religion"):
        load_lexicons(["gender", "hair"])


def test_an_unknown_target_group_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match="no group 'martian': gender has male, female"):
        swap("He left.", "gender", "martian")


def test_every_attribute_is_there_with_its_origin() -> None:
    lexicons = available_lexicons()
    assert set(lexicons) == {
        "age",
        "appearance",
        "disability",
        "family_status",
        "gender",
        "gender_identity",
        "nationality",
        "placebo",
        "race",
        "religion",
        "sexual_orientation",
        "socioeconomic",
    }
    assert all(x.source and x.reviewed_by and x.missing for x in lexicons.values())
    assert all(1 <= len(x.template_terms()) <= 3 for x in lexicons.values())


def test_reference_contrasts_set_every_group_against_the_reference() -> None:
    contrasts = contrasts_of("age", available_lexicons(), SwapPlan())
    assert [(c.group_a, c.group_b) for c in contrasts] == [
        ("young", "middle_aged"),
        ("young", "old"),
    ]


def test_a_plan_may_name_another_reference() -> None:
    contrasts = contrasts_of("age", available_lexicons(), SwapPlan(references={"age": "old"}))
    assert {c.group_a for c in contrasts} == {"old"}


def test_all_contrasts_are_unordered_pairs_in_the_lexicons_order() -> None:
    contrasts = contrasts_of("age", available_lexicons(), SwapPlan(contrasts="all"))
    assert [c.contrast_id for c in contrasts] == [
        "age.young.middle_aged",
        "age.young.old",
        "age.middle_aged.old",
    ]


def test_a_reference_that_is_no_group_is_refused() -> None:
    with pytest.raises(PlanError, match="age has no group 'ancient'"):
        contrasts_of("age", available_lexicons(), SwapPlan(references={"age": "ancient"}))
