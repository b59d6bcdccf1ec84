"""Which tokens of a pair are compared, and that what they carry adds up to its gap."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.attributions.base import Tokens
from auditor.attributions.gaps import Alignment, align, gap_of
from auditor.content import content_path
from auditor.records import Arm, Pair, SourceText, Span
from auditor.records_attributions import Role
from auditor.swaps.lexicons import available_lexicons
from auditor.swaps.swapper import every_swapper, swap
from tests.attributions.cutters import CUTTERS, attribution, by_hand, cut

ATTRIBUTES = [*available_lexicons(), "gender_names", "race_names", "gender*age"]
PERSONS = [
    *(lexicon.template_terms()[0].phrase for lexicon in available_lexicons().values()),
    "left-handed gay father’s café",
    "old Muslim man, 74 years old,",
]
Shown = list[tuple[str, str, str]]


@cache
def every_pair() -> list[Pair]:
    """Returns pairs of all attributes and arms, on some of the demo's templates."""
    swapper = every_swapper(ATTRIBUTES, arms=["placebo", "unmentioned"])
    path = content_path("datasets", "templates", "everyday.toml")
    templates = [each["text"] for each in tomllib.loads(path.read_text("utf-8"))["template"]]
    texts = [_filled(template, person) for template in templates[::10] for person in PERSONS]
    texts += [re.sub(r"(The )?{.*?}", "Emily Walsh", template) for template in templates[::30]]
    return [pair for text in texts for pair in swapper.pairs(SourceText("r", text, "c"))]


def _filled(template: str, person: str) -> str:
    words = {"A person": f"The {person}", "a person": f"the {person}", "person": person}
    return template.format_map(words)


def aligned(name: str, pair: Pair) -> tuple[Tokens, Tokens, Alignment]:
    from_, to = cut(name, pair.text), cut(name, pair.counterfactual)
    return from_, to, align(from_, to, pair.spans_from, pair.spans_to)


def _pair(place: int) -> Pair:
    return every_pair()[place % len(every_pair())]


def shown(name: str, text: str, other: str, *edits: tuple[Span, Span]) -> Shown:
    """Returns role and words of each unit but the special ones."""
    from_, to = cut(name, text), cut(name, other)
    found = align(from_, to, [edit[0] for edit in edits], [edit[1] for edit in edits])
    words = zip(found.roles, found.words(from_, to), strict=True)
    return [(r.value, a.strip(), b.strip()) for r, (a, b) in words if r is not Role.SPECIAL]


some_pair = given(place=st.integers(0, 10**6))
few = settings(max_examples=50, deadline=None)


@pytest.mark.parametrize("name", CUTTERS)
@few
@some_pair
def test_every_token_is_in_one_unit_and_the_gap_adds_up(name: str, place: int) -> None:
    from_, to, found = aligned(name, _pair(place))
    assert len(found.aligned_from) == len(from_)
    assert len(found.aligned_to) == len(to)
    assert {*found.aligned_from, *found.aligned_to} == set(range(len(found)))
    gap = gap_of(attribution(from_, 1), attribution(to, 2), found)
    parts = gap.values.sum(axis=0) + gap.base + gap.residual
    np.testing.assert_allclose(parts, gap.total, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(gap.total, attribution(to, 2).score - attribution(from_, 1).score)


@pytest.mark.parametrize("name", CUTTERS)
@few
@some_pair
def test_units_stand_in_reading_order_and_roles_say_what_they_are(name: str, place: int) -> None:
    pair = _pair(place)
    from_, to, found = aligned(name, pair)
    for units in (found.aligned_from, found.aligned_to):
        assert (np.diff(units) >= 0).all()
    sides = (from_, pair.spans_from, found.aligned_from), (to, pair.spans_to, found.aligned_to)
    for tokens, spans, units in sides:
        inside = [any(s < end and e > start for start, end in spans) for s, e in tokens.spans]
        assert all(found.roles[u] is Role.TERM for u, i in zip(units, inside, strict=True) if i)
        special = [found.roles[u] is Role.SPECIAL for u in units]
        assert special == tokens.fixed.tolist()
    for unit, (a, b) in enumerate(found.words(from_, to)):
        if found.roles[unit] is Role.CONTEXT:
            assert a.strip() == b.strip()


@pytest.mark.parametrize("name", CUTTERS)
@few
@some_pair
def test_the_other_way_round_the_gap_is_the_same_with_its_sign_turned(
    name: str, place: int
) -> None:
    pair = _pair(place)
    from_, to, found = aligned(name, pair)
    back = align(to, from_, pair.spans_to, pair.spans_from)
    assert back.roles == found.roles
    a, b = attribution(from_, 1), attribution(to, 2)
    np.testing.assert_allclose(gap_of(b, a, back).values, -gap_of(a, b, found).values)


def test_the_pairs_of_these_tests_are_of_every_attribute_and_arm() -> None:
    assert {pair.contrast.attribute for pair in every_pair()} >= set(ATTRIBUTES)
    assert {pair.arm for pair in every_pair()} == {Arm.SWAP, Arm.PLACEBO, Arm.UNMENTIONED}


def test_all_pieces_of_a_term_are_one_unit() -> None:
    assert shown("pieces", "A wheelchair user left.", "A person left.", ((2, 17), (2, 8))) == [
        ("context", "A", "A"),
        ("term", "wheelchair user", "person"),
        ("context", "left", "left"),
        ("context", ".", "."),
    ]


def test_an_insertion_has_no_token_on_one_side() -> None:
    for name in ("pieces", "bytes"):
        found = shown(name, "the man left", "the blind man left", ((4, 4), (4, 10)))
        assert [unit for unit in found if unit[0] == "term"] == [("term", "", "blind")]
        assert ("context", "man", "man") in found


def test_a_deletion_at_either_end_of_a_text() -> None:
    assert shown("pieces", "blind man", "man", ((0, 6), (0, 0)))[0] == ("term", "blind", "")
    assert shown("pieces", "man blind", "man", ((3, 9), (3, 3)))[-1] == ("term", "blind", "")


def test_a_token_that_reaches_into_an_edit_belongs_to_it_on_both_sides() -> None:
    """ "wo" put before "man": the unit is man against woman, not nothing against woman."""
    found = shown("pieces", "the man left", "the woman left", ((4, 4), (4, 6)))
    assert found[1] == ("term", "man", "woman")


def test_two_edits_in_one_token_are_one_unit() -> None:
    edits: Sequence[tuple[Span, Span]] = [((4, 5), (4, 5)), ((6, 7), (6, 7))]
    assert shown("plain", "the man left", "the wan left", *edits)[1] == ("term", "man", "wan")
    apart = shown("plain", "he saw him", "she saw her", ((0, 2), (0, 3)), ((7, 10), (8, 11)))
    assert [unit[0] for unit in apart] == ["term", "context", "term"]


def test_what_is_cut_otherwise_beside_the_term_is_recut_and_compared() -> None:
    from_ = by_hand("abcd", [(0, 1), (1, 3), (3, 4)])
    to = by_hand("abcd", [(0, 2), (2, 3), (3, 4)])
    found = align(from_, to, [], [])
    assert found.roles == (Role.RECUT, Role.CONTEXT)
    assert found.aligned_from.tolist() == found.aligned_to.tolist() == [0, 0, 1]


def test_one_token_against_three_is_one_unit() -> None:
    found = align(by_hand("abcdef", [(0, 6)]), by_hand("abcdef", [(0, 2), (2, 4), (4, 6)]), [], [])
    assert found.roles == (Role.RECUT,)


def test_a_blank_that_is_a_token_on_one_side_only_is_recut() -> None:
    """The byte tokenizer joins the blank with a word that it knows, and not with "日"."""
    assert shown("bytes", "a man's back", "a 日's back", ((2, 5), (2, 3))) == [
        ("context", "a", "a"),
        ("recut", "", ""),
        ("term", "man", "日"),
        ("context", "'s", "'s"),
        ("context", "back", "back"),
    ]


def test_pieces_of_one_character_are_one_unit_of_the_context() -> None:
    from_, to = cut("bytes", "日 man 日"), cut("bytes", "日 woman 日")
    assert len(from_) > 7
    found = align(from_, to, [(2, 5)], [(2, 7)])
    assert [a.strip() for a, _ in found.words(from_, to) if a.strip()] == ["日", "man", "日"]
    assert found.roles.count(Role.TERM) == 1
    assert Role.RECUT not in found.roles


def test_special_tokens_are_aligned_from_either_end() -> None:
    from_, to = cut("pieces", "men left"), cut("pieces", "tall men left early")
    found = align(from_, to, [(0, 0), (8, 8)], [(0, 5), (13, 19)])
    assert found.aligned_from[0] == found.aligned_to[0] == 0
    assert found.aligned_from[-1] == found.aligned_to[-1] == len(found) - 1
    assert found.roles[0] is found.roles[-1] is Role.SPECIAL
    assert [found.roles[1], found.roles[-2]] == [Role.TERM, Role.TERM]


def test_a_text_that_loses_all_its_words() -> None:
    from_, to = cut("pieces", "blind"), cut("pieces", "")
    found = align(from_, to, [(0, 5)], [(0, 0)])
    assert found.roles == (Role.SPECIAL, Role.TERM, Role.SPECIAL)
    assert found.aligned_to.tolist() == [0, 2]


def test_equal_texts_are_all_context() -> None:
    tokens = cut("pieces", "the uncharacteristically tall man")
    found = align(tokens, tokens, [], [])
    assert found.aligned_from.tolist() == list(range(len(tokens)))
    assert set(found.roles[1:-1]) == {Role.CONTEXT}


def test_texts_that_differ_outside_their_spans_are_no_pair() -> None:
    with pytest.raises(AssertionError, match="the same text outside"):
        align(cut("plain", "a man left"), cut("plain", "a woman left early"), [(2, 5)], [(2, 7)])


def test_every_attribute_is_aligned_with_real_pieces() -> None:
    """The swap "she" -> "he" leaves each other word its own unit."""
    (pair,) = swap("She said that her team won.", "gender", "male")
    from_, to, found = aligned("pieces", pair)
    words = [(a.strip(), b.strip()) for a, b in found.words(from_, to)]
    terms = [w for w, role in zip(words, found.roles, strict=True) if role is Role.TERM]
    assert terms == [("She", "He"), ("her", "his")]
    assert [w for w, r in zip(words, found.roles, strict=True) if r is Role.CONTEXT] == [
        (w, w) for w in ("said", "that", "team", "won", ".")
    ]
