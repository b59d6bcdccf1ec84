"""Finds a lexicon's terms in a text: words once, longest phrase first, guards respected.

A text is cut into words and what stands between them, once; terms are looked up by their first
word. Every step is linear in the text, whatever it contains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from auditor.records import Span
from auditor.swaps.language import Language
from auditor.swaps.lexicons import Lexicon, Row

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Words:
    """A text, cut into words."""

    text: str
    spans: list[Span]
    folded: list[str]

    @classmethod
    def of(cls, text: str) -> Words:
        spans = [match.span() for match in _WORD.finditer(text)]
        return cls(text, spans, [text[s:e].casefold() for s, e in spans])

    def gap(self, i: int) -> str:
        """Returns what stands before word i: a sign for each kind of gap that phrases may have."""
        start = self.spans[i - 1][1] if i else 0
        return _gap(self.text[start : self.spans[i][0]]) if i else ""

    def neighbour(self, i: int) -> str | None:
        """Returns word i, casefolded, or None past either end."""
        return self.folded[i] if 0 <= i < len(self.folded) else None


@dataclass(frozen=True, slots=True)
class Mention:
    """A term in a text."""

    first: int
    """Index of its first word."""
    last: int
    span: Span
    group: str
    row: Row
    term: str
    """As the lexicon writes it."""


@dataclass(slots=True)
class _Entry:
    words: tuple[str, ...]
    gaps: tuple[str, ...]
    senses: list[tuple[str, Row, str]] = field(default_factory=list)  # group, row, term
    """Empty: a guard."""


class Matcher:
    """A lexicon's terms and guards, ready to be found."""

    def __init__(self, lexicon: Lexicon, language: Language) -> None:
        self.language = language
        self._entries: dict[str, list[_Entry]] = {}
        for phrase in lexicon.guards:
            self._entry(phrase)
        for row in lexicon.rows:
            for group, terms in row.terms.items():
                for term in terms:
                    self._entry(term).senses.append((group, row, term))
        for entries in self._entries.values():
            entries.sort(key=lambda entry: -len(entry.words))
        self._bound: dict[str, list[_Entry]] = {}
        for phrase in lexicon.asymmetric:
            entry = _parse(phrase)
            self._bound.setdefault(entry.words[0], []).append(entry)

    def mentions(self, words: Words) -> list[Mention]:
        """Returns the lexicon's terms in order; none overlap, guards hide theirs."""
        return list(self._mentions(words))

    def bound(self, words: Words) -> str | None:
        """Returns the first phrase that binds the text to one group, or None."""
        for i, word in enumerate(words.folded):
            for entry in self._bound.get(word, ()):
                if _matches(entry, words, i):
                    return words.text[words.spans[i][0] : words.spans[i + len(entry.words) - 1][1]]
        return None

    def _mentions(self, words: Words) -> Iterator[Mention]:
        i = 0
        while i < len(words.folded):
            entry = self._longest(words, i)
            if entry is None:
                i += 1
                continue
            last = i + len(entry.words) - 1
            sense = self._sense(entry, words, i, last)
            if sense is not None:
                group, row, term = sense
                yield Mention(i, last, (words.spans[i][0], words.spans[last][1]), group, row, term)
            i = last + 1

    def _longest(self, words: Words, i: int) -> _Entry | None:
        entries = self._entries.get(words.folded[i], ())
        return next((entry for entry in entries if _matches(entry, words, i)), None)

    def _sense(
        self, entry: _Entry, words: Words, first: int, last: int
    ) -> tuple[str, Row, str] | None:
        """Chooses by context which row a spelling belongs to; None: not a mention here."""
        fitting = [
            sense
            for sense in entry.senses
            if sense[1].context == "any" or self._of_person(words, first, last)
        ]
        if len(fitting) < 2:
            return fitting[0] if fitting else None
        form = self._form(words, first, last, {row.form for _, row, _ in fitting})
        return next((sense for sense in fitting if sense[1].form == form), fitting[0])

    def _form(self, words: Words, first: int, last: int, forms: set[str]) -> str:
        opens = self._opens_noun_phrase(words, last)
        if "determiner" in forms:
            return "determiner" if opens else next(iter(forms - {"determiner"}))
        # "A Christian opened the door": a past tense ends the noun phrase.
        ends = not opens or str(words.neighbour(last + 1)).endswith("ed")
        is_noun = ends and words.neighbour(first - 1) in self.language.determiners
        return "noun" if is_noun else "adjective"

    def _opens_noun_phrase(self, words: Words, last: int) -> bool:
        """Whether a word follows that a determiner or adjective could belong to."""
        following = words.neighbour(last + 1)
        if following is None or words.gap(last + 1) not in {" ", " quote", "-"}:
            return False
        return following not in self.language.function_words

    def _of_person(self, words: Words, first: int, last: int) -> bool:
        """ "a blind student", "she is blind": said of a person."""
        following, before = words.neighbour(last + 1), words.neighbour(first - 1)
        if following in self.language.person_nouns and words.gap(last + 1) == " ":
            return True
        if before in self.language.copulas and not self._opens_noun_phrase(words, last):
            return words.neighbour(first - 2) in self.language.pronouns
        return False

    def _entry(self, phrase: str) -> _Entry:
        new = _parse(phrase)
        entries = self._entries.setdefault(new.words[0], [])
        for entry in entries:
            if (entry.words, entry.gaps) == (new.words, new.gaps):
                return entry
        entries.append(new)
        return new


def _parse(phrase: str) -> _Entry:
    words = Words.of(phrase)
    gaps = tuple(words.gap(i) for i in range(1, len(words.folded)))
    return _Entry(tuple(words.folded), gaps)


def _matches(entry: _Entry, words: Words, i: int) -> bool:
    end = i + len(entry.words)
    if tuple(words.folded[i:end]) != entry.words:
        return False
    return all(words.gap(i + 1 + k) == gap for k, gap in enumerate(entry.gaps))


def _gap(between: str) -> str:
    """Phrases may break at blanks, hyphens and apostrophes; any other sign ends a phrase."""
    if between.isspace():
        return " "
    if between in {"-", "‐", "‑"}:
        return "-"
    if between in {"'", "’"}:
        return "'"
    if between.strip() in {'"', "“", "‘", "(", "«"} and between[:1].isspace():
        return " quote"
    return "stop"


def starts_sentence(words: Words, i: int) -> bool:
    """Whether word i begins a sentence, so that its capital says nothing of the word."""
    if i == 0:
        return True
    before = words.text[words.spans[i - 1][1] : words.spans[i][0]]
    return any(sign in before for sign in ".!?\n:…")
