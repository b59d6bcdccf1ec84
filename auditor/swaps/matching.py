"""Finds a lexicon's terms in a text: longest phrase first, guards respected, context read.

Terms are looked up by their first word; every step is linear in the text, whatever it contains.
What looks like a term and is left alone is kept with the reason, so that coverage can say so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auditor.records import Span
from auditor.swaps import contexts, lookalikes
from auditor.swaps.ages import age_at, in_band
from auditor.swaps.language import Language
from auditor.swaps.lexicons import Lexicon, Row, Term
from auditor.swaps.phrases import Phrase, Phrases
from auditor.swaps.pronouns import Reading, read_her, read_his
from auditor.swaps.words import AGE, Words

GUARDED = "in a phrase that is left alone"
IN_ADDRESS = "in a web address, handle, hashtag or identifier"
OUT_OF_CONTEXT = "not said of a person there"


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a spelling."""

    group: str
    row: Row
    index: int
    """Place in the group's list of words."""

    @property
    def term(self) -> Term:
        return self.row.terms[self.group][self.index]

    def counterpart(self, group: str) -> Term | None:
        """Returns the word of another group for this one's, else that at the same place, else its
        first; None where it has none, or this word is for a third group."""
        terms = self.row.terms.get(group, ())
        if self.term.beside not in ("", group):
            return None
        own = next((term for term in terms if term.beside == self.group), None)
        plain = [term for term in terms if not term.beside] if own is None else [own]
        return plain[self.index if self.index < len(plain) else 0] if plain else None


@dataclass(frozen=True, slots=True, eq=False)
class Mention:
    """A term in a text. Two are never the same one."""

    first: int
    """Index of its first word."""
    last: int
    span: Span
    sense: Sense
    others: tuple[Sense, ...] = ()
    """What else it may mean here, where the context leaves it open."""
    in_name: bool = False
    """Part of a name ("King Charles"), which is not swapped and binds the text to its group."""
    age: int | None = None
    """The number in it, where the term has one."""

    @property
    def group(self) -> str:
        return self.sense.group


@dataclass(frozen=True, slots=True)
class Found:
    """What a text says of an attribute."""

    mentions: list[Mention]
    skipped: tuple[str, ...] = ()
    """Why each further term that stands there is no mention."""
    named: int = 0
    """People called by a name that is swapped."""

    @property
    def speaks(self) -> bool:
        """Whether the text names a group, or a person, at all."""
        return bool(self.mentions or self.named)


_NOTHING = Found([])


class Matcher:
    """A lexicon's terms and guards, ready to be found."""

    def __init__(self, lexicon: Lexicon, language: Language, leave: Sequence[str] = ()) -> None:
        self.language = language
        self._ages = lexicon.ages
        self._terms: Phrases[Sense] = Phrases()
        """Guards are phrases without a sense."""
        self._bound: Phrases[None] = Phrases()
        for phrase in (*lexicon.guards, *leave):
            self._terms.add(phrase)
        for phrase in lexicon.asymmetric:
            self._bound.add(phrase)
        for row in lexicon.rows:
            for group in lexicon.named_groups:
                for index, term in enumerate(row.terms.get(group, ())):
                    senses = self._terms.add(term.word).senses
                    # A word stands twice in a list to be the counterpart of two words.
                    if not any(s.row is row and s.group == group for s in senses):
                        senses.append(Sense(group, row, index))

    def find(self, words: Words) -> Found:
        """Returns the lexicon's terms in order; none overlap, guards hide theirs."""
        if not self._terms.may_stand_in(words):
            return _NOTHING
        skipped: list[str] = []
        mentions = _settled(list(self._mentions(words, skipped)))
        return Found(mentions, tuple(skipped))

    def mentions(self, words: Words) -> list[Mention]:
        """Returns the lexicon's terms in order."""
        return self.find(words).mentions

    def bound(self, words: Words) -> str | None:
        """Returns the first phrase that binds the text to one group, or None."""
        if not self._bound.may_stand_in(words):
            return None
        for i in range(len(words.folded)):
            for phrase in self._bound.at(words, i):
                return words.part(i, i + len(phrase.words) - 1)
        return None

    def _mentions(self, words: Words, skipped: list[str]) -> Iterator[Mention]:
        addresses = deque(words.addresses())
        i = 0
        while i < len(words.folded):
            phrase, senses = self._longest(words, i, skipped)
            if phrase is None:
                i += 1
                continue
            last = i + len(phrase.words) - 1
            start, end = words.spans[i][0], words.spans[last][1]
            while addresses and addresses[0][1] <= start:
                addresses.popleft()
            if not senses:
                skipped.append(GUARDED)
            elif (addresses and addresses[0][0] < end) or words.is_literal(i, last):
                skipped.append(IN_ADDRESS)
            else:
                yield self._mention(words, i, last, senses)
            i = last + 1

    def _longest(
        self, words: Words, i: int, skipped: list[str]
    ) -> tuple[Phrase[Sense] | None, list[Sense]]:
        """Returns the longest phrase at word i that is a guard, or counts in this context."""
        out_of_context = False
        for phrase in self._terms.at(words, i):
            senses = self._counting(phrase, words, i)
            if senses or not phrase.senses:
                return phrase, senses
            out_of_context = True
        if out_of_context:
            skipped.append(OUT_OF_CONTEXT)
        return None, []

    def _counting(self, phrase: Phrase[Sense], words: Words, i: int) -> list[Sense]:
        """Returns the senses that a phrase at word i has in this context."""
        last = i + len(phrase.words) - 1
        senses = [
            s
            for s in phrase.senses
            if self._fits(s.term.context, words, i, last)
            and self._is_spelled(s, words, i)
            and not self._only_looks_so(s.term, words, i, last)
        ]
        if AGE not in phrase.words or not senses:
            return senses
        age = age_at(words, i, last)
        return [s for s in senses if age is not None and in_band(age, self._ages[s.group])]

    def _mention(self, words: Words, first: int, last: int, senses: list[Sense]) -> Mention:
        """Returns the mention: a sense of a particular context before one of any, then by form."""
        senses = [s for s in senses if s.term.context != "any"] or senses
        forms = {sense.row.form for sense in senses}
        if len(forms) > 1:
            reading = self._form(words, first, last, forms)
            chosen = [sense for sense in senses if sense.row.form == reading.form]
            rest = [sense for sense in senses if sense not in chosen]
            senses = chosen if reading.sure and chosen else [*chosen, *rest]
        in_name = senses[0].term.context == "common" and contexts.is_name(
            words, first, last, self.language
        )
        span = (words.spans[first][0], words.spans[last][1])
        age = age_at(words, first, last) if AGE in senses[0].term.word else None
        return Mention(first, last, span, senses[0], tuple(senses[1:]), in_name, age)

    def _fits(self, context: str, words: Words, first: int, last: int) -> bool:
        language = self.language
        if context == "person":
            return contexts.of_person(words, first, last, language)
        if context == "title":
            return contexts.is_title(words, first, last, language)
        if context == "noun":
            return words.word(first - 1) not in language.before_verbs
        if context == "alone":
            return contexts.ends_phrase(words, last, language)
        if context == "predicate":
            return contexts.is_said(words, first, last, language)
        return True

    def _only_looks_so(self, term: Term, words: Words, first: int, last: int) -> bool:
        """Whether a word that can be used otherwise is so used here."""
        place = (words, first, last, self.language)
        return first == last and (
            (term.exclamations and lookalikes.is_exclaimed(*place))
            or (term.former and lookalikes.is_former(*place))
            or (term.given_names and lookalikes.is_first_name(*place))
        )

    def _is_spelled(self, sense: Sense, words: Words, i: int) -> bool:
        """Whether case and determiner are those of the word."""
        row, term = sense.row, sense.term
        if term.capital_only and not words.is_capital(i):
            return False
        if (row.form, row.number, term.context) != ("noun", "singular", "alone"):
            return True
        return contexts.is_counted(words, i, self.language)

    def _form(self, words: Words, first: int, last: int, forms: set[str]) -> Reading:
        if forms == {"object", "determiner"}:
            return read_her(words, first, self.language)
        if forms == {"determiner", "pronoun"}:
            return read_his(words, first, self.language)
        return contexts.read_noun(words, first, last, self.language)


def _settled(mentions: list[Mention]) -> list[Mention]:
    """Gives a word that several groups share ("temple") to the one that the text names elsewhere.

    Where it names none of them, the word is no mention; where several, it is left open.
    """
    if not any(_is_shared(mention) for mention in mentions):
        return mentions
    named = {mention.group for mention in mentions if not _is_shared(mention)}
    settled: list[Mention] = []
    for mention in mentions:
        senses = [s for s in (mention.sense, *mention.others) if s.group in named]
        if not _is_shared(mention):
            settled.append(mention)
        elif senses:
            first, last, span = mention.first, mention.last, mention.span
            settled.append(Mention(first, last, span, senses[0], tuple(senses[1:])))
    return settled


def _is_shared(mention: Mention) -> bool:
    return any(other.group != mention.group for other in mention.others)
