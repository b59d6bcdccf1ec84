"""Phrases to be found in a text, looked up by their first two words: linear, whatever the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from auditor.swaps.words import AGE, Words

T = TypeVar("T")


@dataclass(slots=True)
class Phrase(Generic[T]):
    """A phrase, and what it means."""

    words: tuple[str, ...]
    """Casefolded; `AGE` stands for any number."""
    gaps: tuple[str, ...]
    """What stands between them; a blank stands for a hyphen too."""
    senses: list[T] = field(default_factory=list)

    def stands_at(self, words: Words, i: int) -> bool:
        end = i + len(self.words)
        found = tuple(words.folded[i:end])
        if found != self.words and not self._spells(found):
            return False
        return all(_loose(words.gap(i + 1 + k)) == gap for k, gap in enumerate(self.gaps))

    def _spells(self, found: tuple[str, ...]) -> bool:
        """Whether the words are those of a phrase with a number."""
        return (AGE in self.words and len(found) == len(self.words)) and all(
            word.isdecimal() if expected == AGE else word == expected
            for word, expected in zip(found, self.words, strict=True)
        )


class Phrases(Generic[T]):
    """Many phrases; `at` gives those that stand at a place, the longest first."""

    def __init__(self) -> None:
        self._index: dict[str, dict[str, list[Phrase[T]]]] = {}  # by first and second word

    def add(self, phrase: str) -> Phrase[T]:
        """Returns the phrase, new or known."""
        words = Words.of(phrase.replace(AGE, "0"))
        gaps = tuple(_loose(words.gap(i)) for i in range(1, len(words.folded)))
        spelled = tuple(AGE if w == "0" and AGE in phrase else w for w in words.folded)
        second = spelled[1] if len(spelled) > 1 else ""
        known = self._index.setdefault(spelled[0], {}).setdefault(second, [])
        for each in known:
            if (each.words, each.gaps) == (spelled, gaps):
                return each
        new: Phrase[T] = Phrase(spelled, gaps)
        known.append(new)
        known.sort(key=lambda each: -len(each.words))
        return new

    def may_stand_in(self, words: Words) -> bool:
        """Whether any phrase begins with a word of the text."""
        if not self._index.keys().isdisjoint(words.folded):
            return True
        return AGE in self._index and any(map(str.isdecimal, words.folded))

    def at(self, words: Words, i: int) -> Iterator[Phrase[T]]:
        """Yields the phrases that begin at word i, the longest first."""
        first, second = words.folded[i], words.word(i + 1)
        seconds = self._index.get(first)
        if seconds is None and first.isdecimal():
            seconds = self._index.get(AGE)
        if seconds is None:
            return
        keys = [second, AGE, ""] if second.isdecimal() else [second, ""] if second else [""]
        for key in keys:
            for phrase in seconds.get(key, ()):
                if phrase.stands_at(words, i):
                    yield phrase


def _loose(gap: str) -> str:
    """ "middle aged" and "middle-aged" are one phrase."""
    return " " if gap == "-" else gap
