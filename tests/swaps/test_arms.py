"""What stands beside the swaps: placebo, unmentioned; and user's phrases that are left alone."""

from __future__ import annotations

import pytest

from auditor.plan import SwapPlan
from auditor.records import Arm, Pair, SourceText
from auditor.swaps.attributes import open_attributes
from auditor.swaps.swapper import Swapper


def pairs_of(text: str, attribute: str, **options: object) -> list[Pair]:
    plan = SwapPlan(attributes=(attribute,), **options)
    return Swapper(open_attributes(plan), plan).pairs(SourceText("r", text, "c"))


def unmentioned(text: str, attribute: str) -> str | None:
    pairs = [p for p in pairs_of(text, attribute) if p.arm is Arm.UNMENTIONED]
    assert len(pairs) <= 1
    return pairs[0].counterfactual if pairs else None


@pytest.mark.parametrize(
    ("attribute", "text", "expected"),
    [
        ("disability", "A blind student asked.", "A student asked."),
        ("disability", "An autistic engineer asked.", "An engineer asked."),
        ("disability", "A blind engineer asked.", "An engineer asked."),
        ("disability", "Blind people asked.", "People asked."),
        ("age", "An old man asked.", "A man asked."),
        ("age", "A 67-year-old asked.", "A person asked."),
        ("gender_identity", "The transgender person left.", "The person left."),
        ("disability", "She is blind.", None),
        ("gender", "She left.", None),
        ("disability", "A blind man and a deaf man asked.", None),
    ],
)
def test_the_descriptor_is_left_out(attribute: str, text: str, expected: str | None) -> None:
    assert unmentioned(text, attribute) == expected


def test_an_unmentioned_pair_is_of_the_group_against_its_absence() -> None:
    [pair] = [p for p in pairs_of("A blind man", "disability") if p.arm is Arm.UNMENTIONED]
    assert (pair.group_from, pair.group_to) == ("blind", "unmentioned")
    assert pair.contrast.contrast_id == "disability.unmentioned.blind"


def test_placebo_words_are_an_arm_and_never_a_swap() -> None:
    pairs = pairs_of("She came on Tuesday.", "gender")
    assert {p.arm for p in pairs} == {Arm.SWAP, Arm.PLACEBO}
    placebo = [p for p in pairs if p.arm is Arm.PLACEBO]
    assert all(p.contrast.attribute == "placebo" for p in placebo)
    assert "She came on" in placebo[0].counterfactual
    judged = open_attributes(SwapPlan(attributes=("gender",))).judged
    assert {c.attribute for c in judged} == {"gender"}


def test_arms_can_be_left_out() -> None:
    pairs = pairs_of("A blind man came on Tuesday.", "disability", arms=())
    assert {p.arm for p in pairs} == {Arm.SWAP}


def test_phrases_of_the_users_own_are_left_alone() -> None:
    text = "The Lady Vanishes is on; a lady asked."
    assert pairs_of(text, "gender", leave=("the lady vanishes",))[0].counterfactual == (
        "The Lady Vanishes is on; a gentleman asked."
    )
