"""Lexicons are data that is checked; a broken one is refused with all its problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import DataError, PlanError
from auditor.plan import SwapPlan
from auditor.swaps.lexicons import available_lexicons, contrasts_of, load_lexicons

OWN = """
id = "shoe"
title = "Shoes"
language = "en"
groups = ["boot", "sandal"]
reference = "boot"
source = "this test"
reviewed_by = "nobody"
missing = "slippers"

[[row]]
concept = "wearer"
boot = "booted man"
sandal = "sandalled man"
"""


def test_six_attributes_come_with_the_auditor() -> None:
    assert set(available_lexicons()) == {
        "gender", "religion", "disability", "gender_identity", "age", "sexual_orientation",
    }  # fmt: skip


@pytest.mark.parametrize("lexicon", available_lexicons().values(), ids=lambda x: x.id)
def test_each_says_where_it_is_from_who_reviewed_it_and_what_it_lacks(lexicon: object) -> None:
    for name in ("source", "reviewed_by", "missing"):
        assert getattr(lexicon, name)


def test_a_lexicon_of_ones_own_stands_beside_ours(tmp_path: Path) -> None:
    import auditor

    path = tmp_path / "shoe.toml"
    path.write_text(OWN)
    pairs = auditor.swap("A booted man left.", "shoe", lexicons=[path])
    assert [pair.counterfactual for pair in pairs] == ["A sandalled man left."]


def test_all_problems_of_a_lexicon_are_said_together(tmp_path: Path) -> None:
    path = tmp_path / "shoe.toml"
    path.write_text(
        OWN.replace('reference = "boot"', 'reference = "clog"').replace('source = "this test"', "")
        + '\n[[row]]\nconcept = "wearer"\nboot = "booted man"\nclog = "x"\nform = "loud"\n'
    )
    with pytest.raises(DataError) as caught:
        load_lexicons(["shoe"], [path])
    for words in (
        "source is missing", "'clog' is not one of the groups", "a second row of this concept",
        "'clog' is neither a group", "form 'loud'", "fewer than two groups",
    ):  # fmt: skip
        assert words in str(caught.value)


def test_an_unknown_attribute_is_named_with_those_there_are() -> None:
    with pytest.raises(DataError, match="no lexicon for hair; there are age, disability, gender"):
        load_lexicons(["hair"])


def test_contrasts_are_against_the_reference_or_all() -> None:
    religion = available_lexicons()["religion"]
    count = len(religion.groups)
    assert len(contrasts_of(religion, SwapPlan())) == count - 1
    assert len(contrasts_of(religion, SwapPlan(contrasts="all"))) == count * (count - 1) // 2
    other = contrasts_of(religion, SwapPlan(references={"religion": "atheist"}))
    assert {contrast.group_a for contrast in other} == {"atheist"}
    with pytest.raises(PlanError, match="no group 'martian'"):
        contrasts_of(religion, SwapPlan(references={"religion": "martian"}))
