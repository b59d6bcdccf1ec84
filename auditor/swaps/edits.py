"""Replaces mentions in a text: case as it stood, article that fits, everything else untouched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from auditor.grammar import Grammar, Noun
from auditor.records import Span
from auditor.swaps.language import Language
from auditor.swaps.matching import Mention
from auditor.swaps.words import APOSTROPHES, HYPHENS, Words

_SEPARATOR = re.compile("[- ]")


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement: the span it takes in the text, and what stands there afterwards."""

    span: Span
    new: str
    """With the article before the term, where that changes."""
    term: str


def edit(words: Words, mention: Mention, noun: Noun, language: Language) -> Edit:
    """Returns the replacement of a mention by `noun`, as the lexicon writes it."""
    new = _cased(words, mention, noun.phrase, language)
    change = possessive(words.text, Edit(mention.span, new, new), mention.sense.row.is_plural)
    return _with_articles(words, mention, change, noun._replace(phrase=new), language.grammar)


def possessive(text: str, change: Edit, is_plural: bool) -> Edit:
    """Fits the apostrophe behind: "the users' rights" -> "the people's rights", and back."""
    (start, end), new = change.span, change.new
    mark, following = text[end : end + 1], text[end + 1 : end + 3]
    if not mark or mark not in APOSTROPHES or text[start - 1 : start] in ("'", "‘"):
        return change
    bare = text[end - 1] in "sS" and following[:1] == " " and following[1:].isalpha()
    if bare and new[-1] not in "sS":
        return Edit((start, end + 1), f"{new}{mark}{'S' if new.isupper() else 's'}", change.term)
    has_s = following[:1] in ("s", "S") and not following[1:].isalnum()
    if has_s and is_plural and new[-1] in "sS" and text[end - 1] not in "sS":
        return Edit((start, end + 2), f"{new}{mark}", change.term)
    return change


def removal(words: Words, mention: Mention, language: Language) -> Edit:
    """Returns what leaves a descriptor out: "a blind person" -> "a person", "a blind student" ->
    "a student", with the article that fits."""
    rest = _noun(mention)._replace(phrase=mention.sense.row.unmentioned or "")
    if rest.phrase:
        return edit(words, mention, rest, language)
    following = mention.last + 1
    noun = words.written(following)
    if words.starts_sentence(mention.first, language.abbreviations):
        noun = noun[:1].upper() + noun[1:]
    span = (mention.span[0], words.spans[following][1])
    change, rest = Edit(span, noun, noun), rest._replace(phrase=noun)
    return _with_articles(words, mention, change, rest, language.grammar)


def _noun(mention: Mention) -> Noun:
    sense = mention.sense
    return Noun(sense.term.word, sense.term.gender, sense.row.number)


def _with_articles(
    words: Words, mention: Mention, change: Edit, noun: Noun, grammar: Grammar
) -> Edit:
    """Takes the article before a mention into the edit where `noun` asks for another one.

    With a gender all agree that stand before it ("a la otra vecina" -> "al otro vecino"); of
    articles that go by sound there is one.
    """
    start, first, new = mention.span[0], mention.first, ""
    old = _noun(mention)._replace(phrase=words.written(first))
    while (found := _article_before(words, first, old, grammar)) is not None:
        form = grammar.form(found.name, noun)
        if form is None:
            break
        new = _cased_article(words, found.first, first, form) + words.between(first) + new
        first = found.first
        if not grammar.genders:
            break
    span = (words.spans[first][0], change.span[1])
    if new.casefold() == words.text[span[0] : start].casefold():
        return change
    return Edit(span, new + change.new, change.term)


class _Article(NamedTuple):
    first: int
    """Index of its first word."""
    name: str


def _article_before(words: Words, i: int, noun: Noun, grammar: Grammar) -> _Article | None:
    """Returns the article that stands directly before word i, where it fits `noun`, or None.

    What was not right ("bros an sis", a slip for "and") is no article of ours.
    """
    for first in range(max(0, i - grammar.longest), i):
        written = " ".join(words.folded[first:i])
        name = grammar.known.get(written)
        if name is not None and all(words.follows(j) for j in range(first + 1, i + 1)):
            return _Article(first, name) if grammar.form(name, noun) == written else None
    return None


def _cased_article(words: Words, first: int, end: int, form: str) -> str:
    """Gives an article the case of the one that stands before word `end`.

    Of "A" alone the word behind tells whether all is in capitals.
    """
    written = words.part(first, end - 1)
    if not written[0].isupper():
        return form
    shouted = written.isupper() if len(written) > 1 else words.is_shouted(end)
    return form.upper() if shouted else form.capitalize()


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


def recased(written: str, new: str) -> str:
    """Returns a word of the language in the case of the one that it replaces."""
    if written.isupper():
        return new.upper()
    return new.capitalize() if written[:1].isupper() else new


def _cased(words: Words, mention: Mention, term: str, language: Language) -> str:
    """Gives `term` the case of what it replaces.

    A capital says something only where the lexicon writes the old term without one ("Woman" in a
    title) or where a sentence begins; "Christian" within a sentence becomes "atheist".
    """
    first, last, old_term = mention.first, mention.last, mention.sense.term.word
    old, term = words.part(first, last), _spaced(words, mention, term)
    if len(old) > 1 and old.isupper() and old != old_term:
        return term.upper()
    if old[0].islower():
        lower = old_term[0].islower() or mention.sense.term.either_case
        return term if lower else term[0].lower() + term[1:]
    respelled = old.replace("-", " ") != old_term.replace("-", " ")
    if last > first and respelled and all(map(words.is_capital, range(first, last + 1))):
        return _titled(term)
    if old_term[0].islower() or words.starts_sentence(first, language.abbreviations):
        return term[0].upper() + term[1:]
    return term


def _spaced(words: Words, mention: Mention, term: str) -> str:
    """ "ex wife" -> "ex husband", though the lexicon writes a hyphen in both."""
    parts = _SEPARATOR.split(term)
    same = _SEPARATOR.findall(term) == _SEPARATOR.findall(mention.sense.term.word)
    if len(parts) == 1 or not same or len(parts) != mention.last - mention.first + 1:
        return term
    gaps = [words.between(i) for i in range(mention.first + 1, mention.last + 1)]
    if any(gap.strip() not in ("", *HYPHENS) for gap in gaps):
        return term
    return parts[0] + "".join(gap + part for gap, part in zip(gaps, parts[1:], strict=True))


def _titled(term: str) -> str:
    """ "Wheelchair User", after "Blind Person"."""
    return " ".join(word[0].upper() + word[1:] for word in term.split(" "))
