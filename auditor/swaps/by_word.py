"""Swaps by word: every mention of one group becomes the other, grammar kept, all else untouched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from auditor.grammar import Noun
from auditor.records import Agreement, Arm, Contrast, Pair, SourceText, Validity
from auditor.swaps.ages import depending
from auditor.swaps.agreement import Agreed, agreeing
from auditor.swaps.changes import Change, exchange, merged
from auditor.swaps.collapse import Replaced, collapsing
from auditor.swaps.contexts import ends_phrase
from auditor.swaps.edits import Edit, apply, edit, removal
from auditor.swaps.genders import Turn, agreeing_forms, disagreeing
from auditor.swaps.language import read_language
from auditor.swaps.lexicons import Lexicon, Row, Term
from auditor.swaps.matching import Found, Matcher, Mention
from auditor.swaps.words import AGE, Words

UNMENTIONED = "unmentioned"
"""The group of a text from which the descriptor was left out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, read once for an attribute; each contrast then swaps in it."""

    words: Words
    found: Found
    bound: str | None
    """A phrase that binds the text to one group."""
    agreements: tuple[Agreement, ...] | None = None
    """Words that agree with the one person of the text; None: not known."""

    @property
    def mentions(self) -> list[Mention]:
        return self.found.mentions

    @property
    def groups(self) -> set[str]:
        return {mention.group for mention in self.mentions}

    def written(self, mention: Mention) -> str:
        return self.words.part(mention.first, mention.last)


class Problem(NamedTuple):
    """Why a pair stays out of verdicts."""

    validity: Validity
    reason: str


class WordSwaps:
    """Makes the pairs of one lexicon."""

    def __init__(
        self,
        lexicon: Lexicon,
        contrasts: Sequence[Contrast],
        *,
        arms: Sequence[Arm] = (),
        leave: Sequence[str] = (),
    ) -> None:
        self.lexicon = lexicon
        self.contrasts = tuple(contrasts)
        self.arm = Arm.PLACEBO if lexicon.is_placebo else Arm.SWAP
        self._leaves_out = Arm.UNMENTIONED in arms and not lexicon.is_placebo
        self.language = read_language(lexicon.language)
        self.matcher = Matcher(lexicon, self.language, leave)

    def read(self, words: Words, agreements: tuple[Agreement, ...] | None = None) -> Reading:
        """Returns what a text says of the attribute."""
        found = self.matcher.find(words)
        bound = self.matcher.bound(words) if found.mentions else None
        return Reading(words, found, bound, agreements)

    def pairs(self, source: SourceText, words: Words) -> tuple[list[Pair], Found]:
        """Returns one pair per contrast of which the text mentions a group, and what was found."""
        reading = self.read(words, source.agreements)
        pairs: list[Pair] = []
        groups = reading.groups
        for contrast in self.contrasts if groups else ():
            if groups & {contrast.group_a, contrast.group_b}:
                change = self.change(reading, contrast.group_a, contrast.group_b)
                pairs += [] if change is None else [change.pair(source, contrast, arm=self.arm)]
        if self._leaves_out and groups:
            pairs += self._unmentioned(source, reading)
        return pairs, reading.found

    def change(self, reading: Reading, group_a: str, group_b: str) -> Change | None:
        """Returns the exchange of two groups; None where nothing in the text has a counterpart."""
        other = exchange(group_a, group_b)
        edits = self._edits(reading, other)
        if not edits:
            return None
        agreed = self._agreeing(reading, edits, other)
        every = merged([*edits.values(), *agreed.edits])
        if every is None:
            return None
        first = next(iter(edits))
        change = Change(
            group_from=first.group,
            group_to=other[first.group],
            term_from=reading.written(first),
            term_to=edits[first].term,
            edits=every,
        )
        problem = self._problem(reading, edits, other, every)
        if problem is not None:
            return change.kept_out(*problem)
        return change if agreed.doubt is None else change.kept_out(Validity.AMBIGUOUS, agreed.doubt)

    def _edits(self, reading: Reading, other: Mapping[str, str]) -> dict[Mention, Edit]:
        edits: dict[Mention, Edit] = {}
        own = _own_terms(reading.mentions)
        for mention in reading.mentions:
            group = other.get(mention.group, "")
            row = mention.sense.row
            both = own.get((row, mention.group)) is not None
            term = (own.get((row, group)) if both else None) or mention.sense.counterpart(group)
            if term is not None and not mention.in_name:
                word = self._word(reading, mention, term, group)
                noun = Noun(word, term.gender, mention.sense.row.number)
                edits[mention] = edit(reading.words, mention, noun, self.language)
        return edits

    def _word(self, reading: Reading, mention: Mention, term: Term, group: str) -> str:
        """Returns the new word; an age moves to the same place in its group's band."""
        if mention.age is None:
            return term.word
        start_from, start_to = (self.lexicon.ages[g][0] for g in (mention.group, group))
        age = str(mention.age - start_from + start_to)
        if term.word == mention.sense.term.word:  # "67 YEAR OLD" stays spelled so
            return reading.written(mention).replace(str(mention.age), age, 1)
        return term.word.replace(AGE, age)

    def _agreeing(
        self, reading: Reading, edits: Mapping[Mention, Edit], other: Mapping[str, str]
    ) -> Agreed:
        """Returns what changes with a mention: words that agree with its grammatical gender, and
        verbs whose subject takes a plural verb now."""
        grammar, plural = self.language.grammar, self.language.plural_subjects
        forms = agreeing_forms(reading.agreements or (), _turns(edits, other), grammar)
        each = [
            agreeing(reading.words, mention.first, self.language)
            for mention, made in edits.items()
            if mention.sense.row.case == "subject" and made.term.casefold() in plural
        ]
        doubts = [agreed.doubt for agreed in each if agreed.doubt is not None]
        return Agreed([*forms, *(x for a in each for x in a.edits)], doubts[0] if doubts else None)

    def _problem(
        self,
        reading: Reading,
        edits: Mapping[Mention, Edit],
        other: Mapping[str, str],
        every: Sequence[Edit],
    ) -> Problem | None:
        """Returns why the pair may not enter a verdict, or None."""
        problem = self._problem_of_words(reading, edits, other)
        if problem is not None:
            return problem
        if set(other) & set(self.lexicon.by_request):
            return self._merging(reading)
        if not self._reads_back(reading, edits, other, every):
            return Problem(Validity.AMBIGUOUS, "the counterfactual can be read otherwise")
        turns = _turns(edits, other)
        why = disagreeing(reading.words, reading.agreements, turns, every, self.language)
        return None if why is None else Problem(Validity.AMBIGUOUS, why)

    def _problem_of_words(
        self, reading: Reading, edits: Mapping[Mention, Edit], other: Mapping[str, str]
    ) -> Problem | None:
        """Returns why a word of the text keeps it out of verdicts, or None."""
        for mention in (m for m in reading.mentions if m.group in other):
            written, swapped = reading.written(mention), mention in edits
            problem = _problem_of(mention, written, other[mention.group], swapped=swapped)
            if problem is not None:
                return problem
        for mention in reading.mentions if len(reading.groups) > 1 else ():
            if mention.sense.term.generic:
                reason = f"{reading.written(mention)!r} may be said of either group"
                return Problem(Validity.AMBIGUOUS, reason)
        aged = [(mention.first, mention.last) for mention in edits if mention.age is not None]
        other_age = depending(reading.words, aged, self.language)
        if other_age is not None:
            return Problem(Validity.AMBIGUOUS, f"{other_age!r} tells of an age that would stay")
        nouns = ((m, made.term) for m, made in edits.items() if not m.sense.row.case)
        replaced = [Replaced(m.first, m.last, term) for m, term in nouns]
        collapsed = collapsing(reading.words, replaced, self.language)
        if collapsed is not None:
            return Problem(Validity.AMBIGUOUS, f"two different words would both be {collapsed!r}")
        return None if reading.bound is None else bound_to_one(reading.bound)

    def _merging(self, reading: Reading) -> Problem | None:
        """A form that several people share no longer tells who is meant."""
        if len(reading.groups) > 1:
            return Problem(Validity.AMBIGUOUS, "two people would no longer be told apart")
        if not self.language.plural_pronouns.isdisjoint(reading.words.folded):
            return Problem(Validity.AMBIGUOUS, "'they' would stand for others as well")
        return None

    def _reads_back(
        self,
        reading: Reading,
        edits: Mapping[Mention, Edit],
        other: Mapping[str, str],
        every: Sequence[Edit],
    ) -> bool:
        """Whether the counterfactual says of the other group what the text said of the one.

        "She spoke about him singing" would give "about her singing", where "her" is rather a
        determiner: what a reader, or a swap back, understands is no longer the same.
        """
        counterfactual, _ = apply(reading.words.text, every)
        expected = [
            (other[m.group] if m in edits else m.group, m.sense.row.concept)
            for m in reading.mentions
        ]
        found = self.matcher.mentions(Words.of(counterfactual))
        return [(m.group, m.sense.row.concept) for m in found] == expected

    def _unmentioned(self, source: SourceText, reading: Reading) -> Iterator[Pair]:
        """Yields the text without its descriptor, where it names one group by words that can go."""
        mentions = reading.mentions
        if len(reading.groups) > 1 or not all(self._can_go(reading.words, m) for m in mentions):
            return
        edits = merged([removal(reading.words, m, self.language) for m in mentions])
        if edits is None:
            return
        group = mentions[0].group
        change = Change(
            group_from=group,
            group_to=UNMENTIONED,
            term_from=reading.written(mentions[0]),
            term_to=edits[0].term,
            edits=edits,
        )
        contrast = Contrast(self.lexicon.id, UNMENTIONED, group)
        yield change.pair(source, contrast, arm=Arm.UNMENTIONED)

    def _can_go(self, words: Words, mention: Mention) -> bool:
        """Not where nothing would be left: "she is blind"."""
        rest = mention.sense.row.unmentioned
        if rest is None or mention.in_name:
            return False
        return bool(rest) or not ends_phrase(words, mention.last, self.language)


def _own_terms(mentions: Iterable[Mention]) -> dict[tuple[Row, str], Term | None]:
    """Returns the one word that a text has of a concept in a group, which an exchange puts in:
    "Mr and Mrs Brown" -> "Mrs and Mr Brown"; None where it has several."""
    own: dict[tuple[Row, str], Term | None] = {}
    for mention in mentions:
        key, term = (mention.sense.row, mention.group), mention.sense.term
        plain = AGE not in term.word and not mention.in_name
        own[key] = term if plain and own.get(key, term) is term else None
    return own


def _turns(mentions: Iterable[Mention], other: Mapping[str, str]) -> set[Turn]:
    """Returns from which grammatical gender to which the mentions go."""
    senses = [(mention.sense, other[mention.group]) for mention in mentions]
    terms = [(sense.term, sense.counterpart(group)) for sense, group in senses]
    return {Turn(old.gender, new.gender) for old, new in terms if new is not None}


def bound_to_one(phrase: str) -> Problem:
    """Returns the problem of a text with a phrase that binds it to one group."""
    return Problem(Validity.ASYMMETRIC, f"{phrase!r} is not equally said of both groups")


def _problem_of(mention: Mention, written: str, group: str, *, swapped: bool) -> Problem | None:
    """Returns why one mention keeps its pair out of verdicts, or None."""
    if mention.in_name:
        return Problem(Validity.ASYMMETRIC, f"{written!r} is part of a name that stays")
    if not swapped:
        return Problem(Validity.AMBIGUOUS, f"{written!r} has no counterpart for {group}")
    term = mention.sense.counterpart(group)
    if mention.sense.term.asymmetric or (term is not None and term.asymmetric):
        return Problem(Validity.ASYMMETRIC, f"{written!r} has no equal counterpart")
    if any(s.group != mention.group or s.counterpart(group) != term for s in mention.others):
        return Problem(Validity.AMBIGUOUS, f"{written!r} can be read in two ways")
    return None
