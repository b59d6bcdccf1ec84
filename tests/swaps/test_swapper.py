"""Laws of the swapper: exact spans, there and back, exchange, distinct pairs, linear time."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.grammar import Noun, read_grammar
from auditor.records import Pair, SourceText, Validity
from auditor.swaps.lexicons import Lexicon, Row, available_lexicons
from auditor.swaps.matching import Sense
from auditor.swaps.swapper import every_swapper, swap
from auditor.swaps.words import AGE
from tests.swaps.reversible import comes_back

LEXICONS = available_lexicons()
SWAPPER = every_swapper(list(LEXICONS))
WORDS = sorted(
    {
        t.word.replace(AGE, "67")
        for x in LEXICONS.values()
        for r in x.rows
        for g in r.terms.values()
        for t in g
    }
)
CONTEXTS = {
    "any": "They saw {}.",
    "person": "Every {} student came.",
    "title": "It was {} Jones.",
    "common": "They saw the {}.",
    "noun": "They saw the {}.",
    "alone": "They help {}.",
    "predicate": "She is {}.",
}
FORMS = {
    "object": "We met {} there.",
    "determiner": "That is {} house.",
    "pronoun": "That one is {}.",
    "noun": "They saw the {}.",
    "adjective": "The {} teachers came.",
}


def pairs_of(text: str, *attributes: str) -> list[Pair]:
    return SWAPPER.pairs(SourceText("r", text, "c", attributes=attributes or None))


def groups_in(text: str) -> list[str]:
    found = SWAPPER.swap(SourceText("r", text, "c", attributes=("gender",))).found
    return [mention.group for mention in found["gender"].mentions]


def without(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    """Returns what stands between the spans."""
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


def reversible(lexicon: Lexicon) -> list[tuple[Row, str, str, int]]:
    """Returns every place that two groups of a row fill: row, from, to, place.

    Not where a third group has one of the words ("temple"), so that it does not tell which.
    """
    return [
        (row, a, b, k)
        for row in lexicon.rows
        for a, b in permutations([g for g in lexicon.named_groups if g in row.terms], 2)
        for k in range(min(len(row.terms[a]), len(row.terms[b])))
        if not any(shared(row, group) for group in (a, b)) and comes_back(Sense(a, row, k), b)
    ]


def shared(row: Row, group: str) -> bool:
    if AGE in row.terms[group][0].word:
        return False  # the number tells
    others = [terms for other, terms in row.terms.items() if other != group]
    return any(term in terms for terms in others for term in row.terms[group])


def sentence(lexicon: Lexicon, row: Row, group: str, k: int) -> str:
    """Returns a sentence in which the row's word counts."""
    term = row.terms[group][k]
    word = term.word.replace(AGE, str(lexicon.ages.get(group, (0, 0))[1]))
    carrier = FORMS.get(row.form, CONTEXTS[term.context])
    return (CONTEXTS[term.context] if term.context == "person" else carrier).format(word)


@pytest.mark.parametrize("lexicon", LEXICONS.values(), ids=lambda lexicon: lexicon.id)
def test_there_and_back_is_the_identity_on_every_reversible_entry(lexicon: Lexicon) -> None:
    for row, a, b, k in reversible(lexicon):
        text = sentence(lexicon, row, a, k)
        there = [p for p in pairs_of(text, lexicon.id) if (p.group_from, p.group_to) == (a, b)]
        assert len(there) == 1, text
        back = pairs_of(there[0].counterfactual, lexicon.id)
        assert [p.counterfactual for p in back if p.group_to == a] == [text]


@given(
    st.lists(
        st.one_of(
            st.sampled_from(WORDS),
            st.sampled_from([w.upper() for w in WORDS]),
            st.text(max_size=6),
            st.sampled_from(["a", "An", "the", ". ", "\n", "&amp;", "<b>", "🙂", "and", "'s", "-"]),
        ),
        max_size=12,
    ),
    st.sampled_from([" ", "", "\n", "-", "/"]),
)
def test_spans_are_exact_and_all_else_is_untouched(parts: list[str], glue: str) -> None:
    text = glue.join(parts)
    for pair in pairs_of(text):
        assert pair.text == text
        assert without(text, pair.spans_from) == without(pair.counterfactual, pair.spans_to)
        assert all(text[s:e] for s, e in pair.spans_from)
        assert pair.term_from in text[slice(*pair.spans_from[0])]
        assert pair.term_to in pair.counterfactual[slice(*pair.spans_to[0])]


@given(st.lists(st.sampled_from(["he", "she", "him", "her", "his", "and", "saw", "dog", "."])))
def test_a_valid_pair_names_the_other_group_wherever_the_text_named_the_one(
    parts: list[str],
) -> None:
    for pair in pairs_of(" ".join(parts), "gender"):
        there, back = groups_in(pair.text), groups_in(pair.counterfactual)
        if pair.validity is Validity.VALID:
            assert [{"male": "female", "female": "male"}[g] for g in there] == back


def test_two_groups_are_exchanged_and_counted_once() -> None:
    pairs = swap("The Muslim met the Christian.", "religion", "christian")
    assert [(p.group_from, p.group_to) for p in pairs] == [("muslim", "christian")]
    assert pairs[0].counterfactual == "The Christian met the Muslim."


def test_there_is_a_pair_for_every_other_group() -> None:
    groups = [p.group_to for p in swap("A Sikh asked.", "religion")]
    assert sorted(groups) == sorted(set(LEXICONS["religion"].groups) - {"sikh"})


def test_terms_are_the_first_mention_as_written_without_the_article() -> None:
    pair = swap("An Atheist woman", "religion", "muslim")[0]
    assert (pair.term_from, pair.term_to, pair.spans_from) == ("Atheist", "Muslim", ((0, 10),))


def test_pairs_of_a_text_have_ids_of_their_own() -> None:
    ids = [
        pair.pair_id for pair in pairs_of("A young Muslim man and a deaf gay Jew met her church.")
    ]
    assert len(ids) > 15
    assert len(set(ids)) == len(ids)


def test_only_the_attributes_of_a_filled_template_are_swapped() -> None:
    assert {p.contrast.attribute for p in pairs_of("A young man", "age")} == {"age"}


def article_for(phrase: str) -> str:
    return str(read_grammar("en").form("a", Noun(phrase))).capitalize()


@pytest.mark.parametrize("lexicon", LEXICONS.values(), ids=lambda lexicon: lexicon.id)
def test_template_phrases_swap_into_every_group_with_the_right_article(lexicon: Lexicon) -> None:
    reached = set()
    for term in lexicon.template_terms():
        text = f"{article_for(term.phrase)} {term.phrase} asked about the refund."
        row = next(row for row in lexicon.rows if row.concept == term.concept)
        for pair in swap(text, lexicon.id):
            word = row.terms[pair.group_to][0].word
            expected = f"{article_for(word)} {word} asked about the refund."
            assert (pair.counterfactual, pair.validity) == (expected, Validity.VALID)
            reached.add(pair.group_to)
    assert reached == set(lexicon.named_groups) - {lexicon.reference}


@pytest.mark.parametrize(
    "unit", ["her very ", "his/her/", "Christian and Muslim ", "temple ", "www.a.b/she ", "<b", "a"]
)
def test_one_line_of_100_kb_is_swapped_like_any_other(unit: str) -> None:
    """The test's time limit is the bound; speed is measured in tests/benchmarks."""
    text = unit * (100_000 // len(unit))
    for pair in pairs_of(text, "gender", "religion"):
        assert without(text, pair.spans_from) == without(pair.counterfactual, pair.spans_to)
