"""A text cut into words, once. Every later step looks at words and at what stands between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from auditor.records import Span

# Accents written as a sign of their own, soft hyphens and joiners belong to the word: a soft
# hyphen in "wo-man" does not make a "man" of it.
_JOIN = "\u0300-\u036f\u00ad\u200b-\u200d\u2060"
_WORD = re.compile(rf"[^\W_]+(?:[{_JOIN}]+[^\W_]*)*")
# Tags and entities are no words; what they hide from the reader hides nothing from a phrase.
_MARKUP = re.compile(r"<[^<>]{1,200}>|&#?\w{1,8};")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*", re.IGNORECASE)

AGE = "#"
"""Stands for a number in a lexicon's word: "#-year-old"."""
HYPHENS = "-‐‑"
APOSTROPHES = "'’ʼ"
_OPENING = "\"“‘'(«"


@dataclass(frozen=True, slots=True)
class Words:
    """A text, cut into words."""

    text: str
    spans: list[Span]  # [word]
    folded: list[str]  # [word], casefolded

    @classmethod
    def of(cls, text: str) -> Words:
        if "<" in text or "&" in text:
            # As many signs that are no part of a word keep every position as it is.
            text_only = _MARKUP.sub(lambda match: "\x1f" * len(match[0]), text)
        else:
            text_only = text
        spans = [match.span() for match in _WORD.finditer(text_only)]
        return cls(text, spans, [text[s:e].casefold() for s, e in spans])

    def word(self, i: int) -> str:
        """Returns word i, casefolded; "" past either end."""
        return self.folded[i] if 0 <= i < len(self.folded) else ""

    def written(self, i: int) -> str:
        """Returns word i as it stands in the text; "" past either end."""
        return self.part(i, i) if 0 <= i < len(self.folded) else ""

    def part(self, first: int, last: int) -> str:
        """Returns the text from word `first` to word `last`."""
        return self.text[self.spans[first][0] : self.spans[last][1]]

    def between(self, i: int) -> str:
        """Returns what stands before word i, as written; past the last word: the text's end."""
        start = self.spans[i - 1][1] if i else 0
        return self.text[start : self.spans[i][0] if i < len(self.spans) else len(self.text)]

    def gap(self, i: int) -> str:
        """Returns what stands before word i, all kinds of blank, hyphen and apostrophe alike.

        An empty line is no blank: a phrase does not go on in the next paragraph.
        """
        between = self.between(i)
        if between == " ":
            return " "
        if "<" in between or "&" in between:
            between = unescape(_MARKUP.sub(_shown, between))
        if between.isspace():
            return " " if between.count("\n") < 2 else "\n\n"
        if len(between) == 1:
            return "-" if between in HYPHENS else "'" if between in APOSTROPHES else between
        return between

    def follows(self, i: int) -> bool:
        """Whether word i exists and goes on where the word before it left off, in one phrase.

        A quotation mark may open: an "atheist" neighbour.
        """
        if not 0 < i < len(self.folded):
            return False
        gap = self.gap(i)
        return gap == " " or (gap[:1].isspace() and gap.strip() in _OPENING)

    def is_capital(self, i: int) -> bool:
        return self.text[self.spans[i][0]].isupper() if 0 <= i < len(self.folded) else False

    def is_shouted(self, i: int) -> bool:
        """Whether word i is in capitals throughout, two letters at least."""
        written = self.written(i)
        return len(written) > 1 and written.isupper()

    def is_literal(self, first: int, last: int) -> bool:
        """Whether the words belong to a handle, hashtag or identifier, not to a sentence."""
        start, end = self.spans[first][0], self.spans[last][1]
        before = self.text[start - 1 : start] if start else ""
        after = self.text[end : end + 1]
        return "_" in (before, after) or before in ("@", "#") or after == "@"

    def addresses(self) -> list[Span]:
        """Returns where web addresses stand."""
        if "://" not in self.text and "www." not in self.text.lower():
            return []
        return [match.span() for match in _ADDRESS.finditer(self.text)]

    def starts_sentence(self, i: int, abbreviations: frozenset[str]) -> bool:
        """Whether word i begins a sentence, so that its capital says nothing of the word."""
        if i == 0:
            return True
        between = self.between(i)
        if any(sign in between for sign in "!?\n:…"):
            return True
        if "." in between:
            return self.word(i - 1) not in abbreviations and len(self.word(i - 1)) > 1
        return between.strip()[:1] == "," and between.strip()[-1:] in ('"', "“", "‘")


def _shown(markup: re.Match[str]) -> str:
    """Returns what a reader sees of a tag or entity."""
    return "" if markup[0].startswith("<") else markup[0]
