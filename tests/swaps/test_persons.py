"""People found by their names: what is one person, and what only looks like a name."""

from __future__ import annotations

import pytest

from auditor.swaps.language import read_language
from auditor.swaps.names import read_names
from auditor.swaps.persons import ALSO_A_WORD, PART_OF_NAME, find_persons
from auditor.swaps.words import Words


def persons(text: str) -> list[tuple[str, str, int]]:
    """Returns (first, last, number of mentions) of each person."""
    found, _ = find_persons(Words.of(text), read_names(), read_language("en"))
    return [(p.first, p.last, len(p.places)) for p in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Emily ran.", [("emily", "", 1)]),
        ("We met Emily Walsh.", [("emily", "walsh", 2)]),
        ("Emily Walsh left. Ms. Walsh paid; Emily smiled.", [("emily", "walsh", 4)]),
        ("Emily left, then Emily Walsh paid.", [("emily", "walsh", 3)]),
        ("Emily met Kevin.", [("emily", "", 1), ("kevin", "", 1)]),
        ("Emily’s dog and James' car", [("emily", "", 1), ("james", "", 1)]),
        ("EMILY WALSH LEFT", [("emily", "walsh", 2)]),
        ("“Emily” 🙂 paid", [("emily", "", 1)]),
        ("They met Mr. James.", [("", "james", 1)]),
        ("Ask Ms. Washington.", [("", "washington", 1)]),
        ("Will Washington called.", [("will", "washington", 2)]),
        ("Yesterday Emily called.", [("emily", "", 1)]),
        ("Dear Emily,\nthank you.", [("emily", "", 1)]),
        ("When Emily I think left", [("emily", "", 1)]),
        ("On Monday Emily Monday", [("emily", "", 1)]),
        ("Ms. Washington works in Washington.", [("", "washington", 1)]),
        ("May Walsh left in May; May ran.", [("may", "walsh", 3)]),
        ("Will Jones came and Will paid. Will you?", [("will", "jones", 3)]),
        ("Emily Walsh and James Walsh", [("emily", "walsh", 2), ("james", "walsh", 2)]),
        ("Emily Walsh met Mr. Walsh.", [("emily", "walsh", 2), ("", "walsh", 1)]),
        ("Emily and James Walsh", [("emily", "", 1), ("james", "walsh", 2)]),
        ("Mr. James left. James paid.", [("", "james", 2)]),
        ("Emily Wins The Race", [("emily", "", 1)]),
        ("Emily\nWalsh ran", [("emily", "walsh", 2)]),
        ("Emily\n\nWalsh ran", [("emily", "", 1)]),
        ("Mark Johnson left.", [("mark", "johnson", 2)]),
        ("Ms. Karen White left.", [("karen", "white", 2)]),
        ("Emily White people like", [("emily", "", 1)]),
        ("Mr. White met Emily Young.", [("", "white", 1), ("emily", "young", 2)]),
        ("John Smith Jr. left.", [("john", "smith", 2)]),
        ("Donald Trump met Emily.", [("emily", "", 1)]),
    ],
)
def test_people_are_found_with_all_their_mentions(
    text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert persons(text) == expected


def test_every_place_tells_whether_it_is_the_first_name() -> None:
    text = "Mr. Walsh met Emily J. Walsh; Emily's car"
    found, _ = find_persons(Words.of(text), read_names(), read_language("en"))
    assert [p.places for p in found] == [((1, False),), ((3, True), (5, False), (6, True))]


@pytest.mark.parametrize(
    "text",
    [
        "", "emily ran", "@Emily #Emily", "Will you come?", "It ends in May.", "April is cold.",
        "The Grace period ended.", "A weekend in San Diego", "St. Mary is a church.",
        "We live near Lake Victoria.", "Queen Elizabeth waved.",
        "Mary-Jane sang.", "Emily de la Cruz sang.", "Madison Avenue is long.",
        "Lake Jackson", "San Jose", "San Antonio", "Washington, D.C.", "Jim Crow laws",
        "Will Johnson win?", "May Young people vote?", "Will Price rise", "Hunter Green paint",
        "Donald Trump won; Donald said so.", "Mr. Karen Gay",
        "The actress Mary Emily Walsh Jones", "a trip to Washington",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_person_is_none(text: str) -> None:
    assert persons(text) == []


def test_why_a_name_is_no_mention_is_told() -> None:
    _, skipped = find_persons(
        Words.of("Will you visit San Diego?"), read_names(), read_language("en")
    )
    assert skipped == [ALSO_A_WORD, PART_OF_NAME]


def test_one_line_of_100_kb_is_read_like_any_other() -> None:
    """The test's time limit is the bound; speed is measured in tests/benchmarks."""
    text = "Emily Walsh " * 8_000
    assert len(persons(text)) <= 1
