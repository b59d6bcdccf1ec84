"""Finds a lexicon's terms in a text: longest phrase first, guards respected, context read.

Terms are looked up by their first word; every step is linear in the text, whatever it contains.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from auditor.records import Span
from auditor.swaps import contexts
from auditor.swaps.language import Language
from auditor.swaps.lexicons import Lexicon, Row, Term
from auditor.swaps.pronouns import Reading, read_her, read_his
from auditor.swaps.words import Words


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
        """Returns the word of another group at the same place, else its first, or None."""
        terms = self.row.terms.get(group)
        if terms is None:
            return None
        return terms[self.index] if self.index < len(terms) else terms[0]


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

    @property
    def group(self) -> str:
        return self.sense.group


@dataclass(slots=True)
class _Entry:
    words: tuple[str, ...]
    gaps: tuple[str, ...]
    senses: list[Sense] = field(default_factory=list)
    """Empty: a guard."""


class Matcher:
    """A lexicon's terms and guards, ready to be found."""

    def __init__(self, lexicon: Lexicon, language: Language) -> None:
        self.language = language
        self._entries: dict[str, list[_Entry]] = {}
        self._bound: dict[str, list[_Entry]] = {}
        for phrase in lexicon.guards:
            _entry(self._entries, phrase)
        for phrase in lexicon.asymmetric:
            _entry(self._bound, phrase)
        for row in lexicon.rows:
            for group, terms in row.terms.items():
                for index, term in enumerate(terms):
                    _entry(self._entries, term.word).senses.append(Sense(group, row, index))
        for entries in self._entries.values():
            entries.sort(key=lambda entry: -len(entry.words))

    def mentions(self, words: Words) -> list[Mention]:
        """Returns the lexicon's terms in order; none overlap, guards hide theirs."""
        if self._entries.keys().isdisjoint(words.folded):
            return []
        return _settled(list(self._mentions(words)))

    def bound(self, words: Words) -> str | None:
        """Returns the first phrase that binds the text to one group, or None."""
        if self._bound.keys().isdisjoint(words.folded):
            return None
        for i, word in enumerate(words.folded):
            for entry in self._bound.get(word, ()):
                if _matches(entry, words, i):
                    return words.part(i, i + len(entry.words) - 1)
        return None

    def _mentions(self, words: Words) -> Iterator[Mention]:
        addresses = deque(words.addresses())
        i = 0
        while i < len(words.folded):
            known = words.folded[i] in self._entries
            entry, senses = self._longest(words, i) if known else (None, [])
            if entry is None:
                i += 1
                continue
            last = i + len(entry.words) - 1
            start, end = words.spans[i][0], words.spans[last][1]
            while addresses and addresses[0][1] <= start:
                addresses.popleft()
            in_address = bool(addresses) and addresses[0][0] < end
            if senses and not in_address and not words.is_literal(i, last):
                yield self._mention(words, i, last, senses)
            i = last + 1

    def _longest(self, words: Words, i: int) -> tuple[_Entry | None, list[Sense]]:
        """Returns the longest phrase at word i that is a guard, or counts in this context."""
        for entry in self._entries[words.folded[i]]:
            if _matches(entry, words, i):
                last = i + len(entry.words) - 1
                senses = [s for s in entry.senses if self._fits(s.term.context, words, i, last)]
                if senses or not entry.senses:
                    return entry, senses
        return None, []

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
        return Mention(first, last, span, senses[0], tuple(senses[1:]), in_name)

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
        return True

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


def _entry(entries: dict[str, list[_Entry]], phrase: str) -> _Entry:
    """Returns the entry of a phrase, new or known."""
    words = Words.of(phrase)
    gaps = tuple(_loose(words.gap(i)) for i in range(1, len(words.folded)))
    new = _Entry(tuple(words.folded), gaps)
    for entry in entries.setdefault(new.words[0], []):
        if (entry.words, entry.gaps) == (new.words, new.gaps):
            return entry
    entries[new.words[0]].append(new)
    return new


def _matches(entry: _Entry, words: Words, i: int) -> bool:
    end = i + len(entry.words)
    if end > i + 1 and tuple(words.folded[i:end]) != entry.words:
        return False
    return all(_loose(words.gap(i + 1 + k)) == gap for k, gap in enumerate(entry.gaps))


def _loose(gap: str) -> str:
    """ "middle aged" and "middle-aged" are one phrase."""
    return " " if gap == "-" else gap
