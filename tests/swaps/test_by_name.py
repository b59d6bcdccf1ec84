"""Swaps by name: crossed, gender held fixed or moved with its words, all mentions together."""

from __future__ import annotations

from collections import Counter

import pytest

from auditor.plan import SwapPlan
from auditor.records import Arm, Pair, SourceText, Validity
from auditor.swaps.attributes import NAMED_GROUPS, open_attributes
from auditor.swaps.swapper import Swapper


def pieces(name: str) -> int:
    """A tokenizer that breaks names of more than six letters."""
    return 1 if len(name) <= 6 else 2


def swapper(attribute: str, **options: object) -> Swapper:
    plan = SwapPlan(attributes=(attribute,), **{"arms": (), **options})
    return Swapper(open_attributes(plan), plan, pieces)


RACE = swapper("race_names")
GENDER = swapper("gender_names")


def pairs_of(text: str, made: Swapper = RACE) -> list[Pair]:
    return made.pairs(SourceText("r", text, "c"))


def table_gender(full: str) -> str:
    names = open_attributes(SwapPlan(attributes=("race_names",))).names
    assert names is not None
    return names.first[full.split(maxsplit=1)[0].casefold()].gender


def test_every_text_meets_the_same_names_of_each_group() -> None:
    texts = ["Emily called the bank.", "We met Susan on Monday, and Susan paid."]
    terms = [{(p.contrast.group_b, p.term_from, p.term_to) for p in pairs_of(t)} for t in texts]
    assert terms[0] == terms[1]
    per_group = Counter(p.contrast.group_b for p in pairs_of(texts[0]))
    assert per_group == dict.fromkeys(NAMED_GROUPS["race"][1:], 24)
    assert len({p.pair_id for p in pairs_of(texts[0])}) == 72


def test_gender_is_held_fixed_in_race_swaps() -> None:
    for text, gender in (("Emily left.", "female"), ("Kevin left.", "male")):
        for pair in pairs_of(text):
            assert table_gender(pair.term_from) == table_gender(pair.term_to) == gender


def test_all_mentions_of_the_person_move_and_nothing_else_does() -> None:
    text = "Emily Walsh said she would pay. Ms. Walsh left, Emily's dog too; so did Kevin."
    for pair in pairs_of(text):
        for side, name in ((pair.text, pair.term_from), (pair.counterfactual, pair.term_to)):
            first, last = name.split()
            assert side == (
                f"{first} {last} said she would pay. Ms. {last} left, {first}'s dog too; "
                "so did Kevin."
            )


def test_a_first_name_alone_becomes_a_full_name_once() -> None:
    pair = pairs_of("Emily left. Emily paid.")[0]
    first = pair.term_to.split()[0]
    assert pair.counterfactual == f"{pair.term_to} left. {first} paid."


def test_spans_are_exact_on_both_sides() -> None:
    for pair in pairs_of("“Emily Walsh” 🙂 — EMILY!"):
        firsts = [pair.text[s:e] for s, e in pair.spans_from]
        assert firsts == [*pair.term_from.split(), pair.term_from.split()[0].upper()]
        seconds = [pair.counterfactual[s:e] for s, e in pair.spans_to]
        assert seconds == [*pair.term_to.split(), pair.term_to.split()[0].upper()]


def test_a_race_in_words_beside_the_name_keeps_the_pairs_out() -> None:
    pairs = pairs_of("Emily is a Black woman.")
    assert {p.validity for p in pairs} == {Validity.AMBIGUOUS}


def test_gender_names_move_the_words_of_gender_along() -> None:
    made = swapper("gender_names")
    for pair in pairs_of("Emily said she lost her keys.", made):
        assert pair.text == f"{pair.term_from} said he lost his keys."
        assert pair.counterfactual == f"{pair.term_to} said she lost her keys."
        assert pair.term_from.split()[1:] == pair.term_to.split()[1:], "of one race"
        assert len(pair.spans_from) == len(pair.spans_to) == 3


def test_gender_names_take_every_race_in_equal_numbers() -> None:
    names = open_attributes(SwapPlan(attributes=("gender_names",))).names
    assert names is not None
    pairs = pairs_of("Emily left.", swapper("gender_names"))
    races = Counter(names.first[p.term_to.split()[0].casefold()].race for p in pairs)
    assert races == dict.fromkeys(NAMED_GROUPS["race"], 6)


def test_people_of_two_genders_keep_gender_names_out() -> None:
    pairs = pairs_of("Emily met him.", swapper("gender_names"))
    assert {p.validity for p in pairs} == {Validity.AMBIGUOUS}


@pytest.mark.parametrize(
    ("text", "male", "female"),
    [
        ("Uncle John left.", "Uncle {} left.", "Aunt {} left."),
        ("Grandma Betty says she ran", "Grandpa {} says he ran", "Grandma {} says she ran"),
        ("My uncle John left.", "My uncle {} left.", "My aunt {} left."),
        ("Ms. Karen White left.", "Mr. {} left.", "Ms. {} left."),
        ("Emily met Kevin.", "{} met Kevin.", "{} met Kevin."),
        ("John Jr. left.", "{} Jr. left.", "{} Jr. left."),
    ],
)  # fmt: skip
def test_titles_move_with_the_name_and_nothing_of_others_does(
    text: str, male: str, female: str
) -> None:
    for pair in pairs_of(text, GENDER):
        assert pair.text == male.format(pair.term_from)
        assert pair.counterfactual == female.format(pair.term_to)
        assert pair.validity is Validity.VALID


@pytest.mark.parametrize(
    ("text", "validity", "word"),
    [
        ("Mary is pregnant.", Validity.ASYMMETRIC, "pregnant"),
        ("John has a beard.", Validity.ASYMMETRIC, "beard"),
        ("Emily saw her sister Amy.", Validity.AMBIGUOUS, "another person"),
        ("Emily told Amy that she left.", Validity.AMBIGUOUS, "another person"),
        ("Emily met Uncle Bob.", Validity.AMBIGUOUS, "two genders"),
    ],
)
def test_what_a_name_cannot_take_along_keeps_gender_names_out(
    text: str, validity: Validity, word: str
) -> None:
    pairs = pairs_of(text, GENDER)
    assert {pair.validity for pair in pairs} == {validity}
    assert all(word in str(pair.reason) for pair in pairs)


@pytest.mark.parametrize("text", ["Donald Trump won. Donald said so.", "Mary Poppins", "Jim Beam"])
def test_a_well_known_name_is_left_alone(text: str) -> None:
    assert pairs_of(text) == []
    assert all(p.text.startswith(text) for p in pairs_of(f"{text}; Emily left."))


def test_a_plan_leaves_further_names_alone() -> None:
    made = swapper("race_names", leave=("Emily Walsh",))
    assert pairs_of("Emily Walsh left.", made) == []
    assert pairs_of("Kevin left.", made) != []


def test_gender_and_race_move_at_once() -> None:
    made = swapper("gender*race_names")
    pairs = pairs_of("Emily said she paid.", made)
    assert {p.contrast.group_a for p in pairs} == {"male+white"}
    assert len({p.contrast.group_b for p in pairs}) == 7
    black_women = [p for p in pairs if p.contrast.group_b == "female+black"]
    assert all(p.text.endswith("said he paid.") for p in black_women)
    assert all(p.counterfactual.endswith("said she paid.") for p in black_women)


def test_placebo_pairs_stay_within_a_group_and_a_number_of_pieces() -> None:
    made = swapper("race_names", arms=("placebo",))
    placebo = [p for p in pairs_of("Emily left.", made) if p.arm is Arm.PLACEBO]
    assert len(placebo) > 12
    for pair in placebo:
        a, b = pair.term_from.split()[0], pair.term_to.split()[0]
        assert pair.contrast.group_a == pair.contrast.group_b
        assert pieces(a) == pieces(b)
        assert a != b


def test_fragmentation_pairs_stay_within_the_reference_and_break_one_name() -> None:
    made = swapper("race_names", arms=("fragmentation",))
    cut = [p for p in pairs_of("Emily left.", made) if p.arm is Arm.FRAGMENTATION]
    assert cut
    for pair in cut:
        assert pair.group_from == pair.group_to == "white"
        assert pieces(pair.term_from.split()[0]) < pieces(pair.term_to.split()[0])


def test_fewer_names_can_be_asked_for() -> None:
    made = swapper("race_names", names_per_group=6)
    assert len(pairs_of("Emily left.", made)) == 18


@pytest.mark.parametrize("text", ["", "The bank called.", "emily left", "@Emily #Emily"])
def test_a_text_without_a_name_gives_no_pair(text: str) -> None:
    assert pairs_of(text) == []


def test_names_of_a_cell_do_not_depend_on_the_model() -> None:
    plan = SwapPlan(attributes=("race_names",), arms=())
    other = Swapper(open_attributes(plan), plan, len)
    ids = [p.pair_id for p in pairs_of("Emily left.")]
    assert [p.pair_id for p in pairs_of("Emily left.", other)] == ids
