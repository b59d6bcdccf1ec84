"""Two attributes at once: both move, or there is no pair."""

from __future__ import annotations

import pytest

from auditor.errors import DataError
from auditor.plan import SwapPlan
from auditor.records import Pair, SourceText, Validity
from auditor.swaps.attributes import open_attributes, template_terms
from auditor.swaps.swapper import Swapper, every_swapper, swap


def pairs_of(text: str, **options: object) -> list[Pair]:
    plan = SwapPlan(attributes=("age*religion",), arms=(), **options)
    return Swapper(open_attributes(plan), plan).pairs(SourceText("r", text, "c"))


def test_both_attributes_move_in_one_pair() -> None:
    [pair] = [p for p in pairs_of("A young Muslim man asked.") if p.group_from == "young+muslim"]
    assert pair.group_to == "young+christian"  # the reference of both
    assert pair.counterfactual == "A young Christian man asked."
    pairs = {p.group_to: p.counterfactual for p in swap("An old Sikh man", "age*religion")}
    assert pairs["young+christian"] == "A young Christian man"
    assert pairs["middle_aged+atheist"] == "A middle-aged atheist man"


def test_the_reference_is_of_both_and_each_group_is_an_ordered_pair() -> None:
    attributes = open_attributes(SwapPlan(attributes=("age*religion",)))
    contrasts = attributes.contrasts["age*religion"]
    assert {c.group_a for c in contrasts} == {"young+christian"}
    ages, faiths = attributes.lexicons["age"].groups, attributes.lexicons["religion"].groups
    assert len(contrasts) == len(ages) * len(faiths) - 1


@pytest.mark.parametrize(
    "text", ["A young man asked.", "A Muslim man asked.", "A young Muslim and an old Sikh asked."]
)
def test_a_text_that_does_not_name_one_group_of_each_gives_no_pair(text: str) -> None:
    assert pairs_of(text) == []


def test_what_keeps_one_part_out_keeps_the_pair_out() -> None:
    pairs = swap("The old Christian man kept Easter.", "age*religion")
    assert pairs
    moved = [p for p in pairs if "christian" not in p.group_to]
    assert {p.validity for p in moved} == {Validity.ASYMMETRIC}


def test_templates_are_filled_with_both_in_their_natural_order() -> None:
    for attribute in ("age*religion", "religion*age"):
        attributes = open_attributes(SwapPlan(attributes=(attribute,), arms=()))
        [term] = template_terms(attributes)[:1]
        assert term.phrase == "young Christian person"
        assert swap(f"A {term.phrase} asked.", attribute)


@pytest.mark.parametrize(
    ("attribute", "sentence"),
    [
        ("age*age", "two different attributes"),
        ("age*religion*race", "two different attributes"),
        ("religion_names", "names tell gender and race only"),
        ("religion*race_names", "names tell gender and race only"),
        ("age*hair", "no lexicon for hair"),
    ],
)
def test_what_is_no_intersection_is_refused(attribute: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        every_swapper([attribute])


def test_an_unknown_target_of_an_intersection_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"no group 'ancient': age\*religion has young\+christian"):
        every_swapper(["age*religion"], "ancient")
