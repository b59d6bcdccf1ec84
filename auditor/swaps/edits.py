"""Replaces mentions in a text: case as it stood, article by sound, everything else untouched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.records import Span
from auditor.swaps.language import Language
from auditor.swaps.matching import Mention
from auditor.swaps.words import Words


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement: the span it takes in the text, and what stands there afterwards."""

    span: Span
    new: str
    """With the article before the term, where that changes."""
    term: str


def edit(words: Words, mention: Mention, term: str, language: Language) -> Edit:
    """Returns the replacement of a mention by `term`, as the lexicon writes it."""
    start, end = mention.span
    new = _cased(words, mention, term, language)
    before = mention.first - 1
    if words.word(before) not in {"a", "an"} or not words.follows(mention.first):
        return Edit((start, end), new, new)
    article = language.article(new)
    if article == words.word(before):
        return Edit((start, end), new, new)
    if words.is_capital(before):
        shouted = words.is_shouted(mention.first)
        article = article.upper() if shouted else article.capitalize()
    return Edit((words.spans[before][0], end), f"{article}{words.between(mention.first)}{new}", new)


def apply(text: str, edits: Sequence[Edit]) -> tuple[str, tuple[Span, ...]]:
    """Returns the text with its edits, which stand in order, and their spans in it."""
    parts: list[str] = []
    spans: list[Span] = []
    done = length = 0
    for each in edits:
        start, end = each.span
        parts += [text[done:start], each.new]
        length += start - done
        spans.append((length, length + len(each.new)))
        length += len(each.new)
        done = end
    return "".join([*parts, text[done:]]), tuple(spans)


def _cased(words: Words, mention: Mention, term: str, language: Language) -> str:
    """Gives `term` the case of what it replaces.

    A capital says something only where the lexicon writes the old term without one ("Woman" in a
    title) or where a sentence begins; "Christian" within a sentence becomes "atheist".
    """
    first, last, old_term = mention.first, mention.last, mention.sense.term.word
    old = words.part(first, last)
    if len(old) > 1 and old.isupper():
        return term.upper()
    if old[0].islower():
        return term if old_term[0].islower() else term[0].lower() + term[1:]
    if last > first and all(map(words.is_capital, range(first, last + 1))):
        return _titled(term)
    if old_term[0].islower() or words.starts_sentence(first, language.abbreviations):
        return term[0].upper() + term[1:]
    return term


def _titled(term: str) -> str:
    """ "Wheelchair User", after "Blind Person"."""
    return " ".join(word[0].upper() + word[1:] for word in term.split(" "))
