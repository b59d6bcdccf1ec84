"""Swaps keep grammar, case and everything else; two groups change places."""

from __future__ import annotations

import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import auditor
from auditor.plan import SwapPlan
from auditor.records import SourceText, Validity
from auditor.swaps.lexicons import Lexicon, available_lexicons, contrasts_of
from auditor.swaps.swapper import Swapper

GENDER = [
    ("She left.", "He left."),
    ("he", "she"),
    ("HE LEFT.", "SHE LEFT."),
    ("She is such a talented singer", "He is such a talented singer"),
    ("The man and the woman argued.", "The woman and the man argued."),
    ("he told her that she lost his keys", "she told him that he lost her keys"),
    ("Her boss praised her.", "His boss praised him."),
    ("She said he left", "He said she left"),
    (" he he he ", " she she she "),
    ("his report", "her report"),
    ("The report is his.", "The report is hers."),
    ("Hers was late; his was not.", "His was late; hers was not."),
    ("I saw her at work.", "I saw him at work."),
    ("I saw her leave, and her brother too.", "I saw him leave, and his sister too."),
    ("He hurt himself.", "She hurt herself."),
    ("He's gone and she'd know.", "She's gone and he'd know."),
    ("Isn't she late?", "Isn't he late?"),
    ("The man's coat", "The woman's coat"),
    ("Mr Smith thanked Ms Jones.", "Ms Smith thanked Mr Jones."),
    ("“Sir,” she said — “sit.”", "“Madam,” he said — “sit.”"),
    ("Woman arrested", "Man arrested"),
    ("A waiter and an actress", "A waitress and an actor"),
    ("my father, her husband & his sons 🙂\n", "my mother, his wife & her daughters 🙂\n"),
    ("He&#39;s here<br>she", "She&#39;s here<br>he"),
    ("The boys ran.", "The girls ran."),
    ("The king met the queen.", "The queen met the king."),
    ("He, him, his, himself", "She, her, hers, herself"),
]
RELIGION = [
    ("A Christian left.", "muslim", "A Muslim left."),
    ("An atheist left.", "christian", "A Christian left."),
    ("A Christian opened the door.", "atheist", "An atheist opened the door."),
    ("Christian families pray in church.", "jewish", "Jewish families pray in synagogue."),
    ("Christians and Muslims met.", "muslim", "Muslims and Christians met."),
    ("THE CHRISTIANS", "hindu", "THE HINDUS"),
    ("those muslims", "christian", "those christians"),
    ("A Jewish person left.", "christian", "A Christian person left."),
    ("She is Christian.", "jewish", "She is Jewish."),
    ("She is a Christian.", "jewish", "She is a Jew."),
]
OTHERS = [
    ("disability", "A blind person left.", "nondisabled", "An able-bodied person left."),
    ("disability", "An able-bodied man left.", "deaf", "A deaf man left."),
    (
        "disability",
        "People with disabilities left.",
        "nondisabled",
        "People without disabilities left.",
    ),
    ("age", "An elderly woman left.", "young", "A young woman left."),
    ("age", "The young person left.", "old", "The old person left."),
    ("gender_identity", "A trans woman left.", "cisgender", "A cis woman left."),
    ("sexual_orientation", "A gay person left.", "heterosexual", "A straight person left."),
]


@pytest.mark.parametrize(("text", "expected"), GENDER)
def test_gender(text: str, expected: str) -> None:
    found = auditor.swap(text, "gender")
    assert [pair.counterfactual for pair in found] == [expected]


@pytest.mark.parametrize(("text", "to", "expected"), RELIGION)
def test_religion(text: str, to: str, expected: str) -> None:
    found = [p for p in auditor.swap(text, "religion") if to in {p.group_from, p.group_to}]
    assert expected in [pair.counterfactual for pair in found]


@pytest.mark.parametrize(("attribute", "text", "to", "expected"), OTHERS)
def test_other_attributes(attribute: str, text: str, to: str, expected: str) -> None:
    assert [p.counterfactual for p in auditor.swap(text, attribute, to)] == [expected]


@pytest.mark.parametrize(
    ("attribute", "text"),
    [
        ("gender", "The manhole was mantled."),
        ("gender", "A man-made lake; Stephen King; boys will be boys."),
        ("gender", "Nothing is said."),
        ("gender", ""),
        ("religion", "Christian Bale sang on Church Street."),
        ("disability", "A blind spot, deaf ears, a blind date."),
        ("disability", "The account was disabled."),
        ("age", "An old friend from the old school."),
        ("age", "The old house"),
        ("sexual_orientation", "Go straight ahead along the straight line."),
    ],
)
def test_what_must_not_move(attribute: str, text: str) -> None:
    assert auditor.swap(text, attribute) == []


@pytest.mark.parametrize(
    ("attribute", "text", "validity"),
    [
        ("gender", "She is pregnant.", Validity.ASYMMETRIC),
        ("gender", "her fourth wife", Validity.ASYMMETRIC),
        ("religion", "A Christian read the Bible.", Validity.AMBIGUOUS),
    ],
)
def test_pairs_that_may_not_decide_say_why(attribute: str, text: str, validity: Validity) -> None:
    pairs = [p for p in auditor.swap(text, attribute) if p.group_to in {"male", "buddhist"}]
    pairs = pairs or auditor.swap(text, attribute)
    assert pairs[0].validity is validity
    assert pairs[0].reason


def reversible() -> list[tuple[str, str, str]]:
    """(attribute, group, word) of every row whose word both groups of a contrast have."""
    return [
        (name, group, row.terms[group][0].word)
        for name, lexicon in available_lexicons().items()
        for row in lexicon.rows
        for group in row.terms
        if row.form == "any" and row.terms[group][0].context == "any"
    ]


@pytest.mark.parametrize(("attribute", "group", "word"), reversible())
def test_there_and_back_is_the_same_text(attribute: str, group: str, word: str) -> None:
    """Law 4, for every entry in every group, with an article where English wants one."""
    for text in (f"We saw our {word} there.", word[0].upper() + word[1:], word.upper()):
        for pair in auditor.swap(text, attribute):
            assert pair.group_from == group
            back = auditor.swap(pair.counterfactual, attribute, to=group)
            assert [p.counterfactual for p in back] == [text]


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["he", "Her", "his", "THE MAN", "woman", "a", "an", "Christian", "."]),
            st.text(st.sampled_from(string.ascii_letters + " ,.'\n-é🙂"), max_size=8),
        ),
        max_size=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_everything_outside_the_spans_is_untouched(words: list[str]) -> None:
    text = " ".join(words)
    for pair in auditor.swap(text, "gender") + auditor.swap(text, "religion"):
        assert outside(pair.text, pair.spans_from) == outside(pair.counterfactual, pair.spans_to)
        first = pair.spans_from[0]
        assert pair.term_from in pair.text[first[0] : first[1]]


def outside(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    cuts = [0, *(edge for span in spans for edge in span), len(text)]
    return [text[a:b] for a, b in zip(cuts[::2], cuts[1::2], strict=True)]


def test_pair_ids_of_one_text_differ() -> None:
    pairs = auditor.swap("A Christian met a Muslim.", "religion")
    assert len({pair.pair_id for pair in pairs}) == len(pairs) == 11


@pytest.mark.parametrize("lexicon", available_lexicons().values(), ids=lambda x: x.id)
def test_template_phrases_swap_into_other_groups(lexicon: Lexicon) -> None:
    """Each phrase is found again by the swapper, so that a filled template gives pairs."""
    terms = lexicon.template_terms()
    assert terms
    swapper = Swapper({lexicon.id: lexicon}, {lexicon.id: contrasts_of(lexicon, SwapPlan())})
    reached = set()
    for attribute, concept, phrase in terms:
        source = SourceText(concept, f"The {phrase} asked about the refund.", "c")
        pairs = swapper.pairs(source)
        assert pairs, (attribute, phrase)
        reached |= {pair.group_to for pair in pairs}
    assert reached == set(lexicon.groups) - {lexicon.reference}


def test_a_long_line_takes_time_in_proportion() -> None:
    """No pattern backtracks: ten times the text takes about ten times as long, not a hundred."""
    line = "he said that she's a man-ish king of his own, " * 250

    def seconds(text: str) -> float:
        start = time.perf_counter()
        auditor.swap(text, "gender")
        return time.perf_counter() - start

    short, long = min(seconds(line) for _ in range(3)), seconds(line * 10)
    assert long < 60 * short


@pytest.mark.parametrize(("source", "target"), [("female", "male"), ("male", "female")])
def test_winogender_counterparts(shared: Path, source: str, target: str) -> None:
    """All 240 published sentences of one gender become those of the other."""
    rows = (shared / "benchmarks/winogender/all_sentences.tsv").read_text("utf-8").splitlines()[1:]
    sentences = dict(row.split("\t")[:2] for row in rows)
    of_source = {k: v for k, v in sentences.items() if k.endswith(f".{source}.txt")}
    wrong = [
        text
        for key, text in of_source.items()
        if [p.counterfactual for p in auditor.swap(text, "gender", to=target)]
        != [sentences[key.replace(f".{source}.", f".{target}.")]]
    ]
    assert len(of_source) == 240
    assert wrong == []
