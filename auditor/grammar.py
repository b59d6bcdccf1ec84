"""What a language asks of the words around a noun, as data: articles, and genders to agree with.

Templates and swaps both put nouns into sentences; this is all that they share of a language. What
only swaps have to know of it stands in `swaps/language.py`, read from the same file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from auditor.content import content_path
from auditor.errors import DataError


class Noun(NamedTuple):
    """A noun phrase, and what the words before it may go by."""

    phrase: str
    gender: str = ""
    """One of the language's genders; "" where it has none."""
    number: str = "singular"


@dataclass(frozen=True, slots=True)
class Grammar:
    """Articles, and whatever else changes directly before a noun as they do ("este", "nuestro")."""

    genders: tuple[str, ...]
    """In the order in which forms that agree are given; empty where nouns have none, and then the
    sound of the next word decides between an article's forms."""
    articles: Mapping[str, tuple[str, ...]]
    """By the form that templates write. Forms by sound: before a consonant, before a vowel; by
    gender: of each gender, then of each in the plural."""
    vowels: tuple[str, ...]
    vowel_sounds: tuple[str, ...]
    """Beginnings of words that sound like a vowel, whatever their letter."""
    consonant_sounds: tuple[str, ...]
    known: Mapping[str, str]
    """Any form -> the form that templates write: "de la" -> "del"."""
    longest: int
    """Words in the longest form."""

    def form(self, article: str, noun: Noun) -> str | None:
        """Returns the form of an article before a noun; None where there is none."""
        forms = self.articles[article]
        if not self.genders:
            return forms[self._begins_with_vowel(noun.phrase)]
        if noun.gender not in self.genders:
            return None
        place = self.genders.index(noun.gender)
        place += len(self.genders) if noun.number == "plural" else 0
        return forms[place] if place < len(forms) else None

    def _begins_with_vowel(self, phrase: str) -> bool:
        word = phrase.split(maxsplit=1)[0].casefold()
        if word.startswith(self.vowel_sounds):
            return True
        return word.startswith(self.vowels) and not word.startswith(self.consonant_sounds)


def languages() -> list[str]:
    """Returns the languages that come with the auditor."""
    return sorted(path.stem for path in content_path("datasets", "language").glob("*.toml"))


@cache
def language_values(language: str) -> Mapping[str, str]:
    """Returns what the file of a language says: each key a text of words.

    Raises:
        DataError: no such language.
    """
    if language not in languages():
        raise DataError(f"no language {language!r}; there are {', '.join(languages())}")
    path = content_path("datasets", "language", f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def read_grammar(language: str) -> Grammar:
    """Returns the articles and genders of a language that comes with the auditor.

    Raises:
        DataError: no such language.
    """
    values = language_values(language)
    keys = ("genders", "vowels", "vowel_sounds", "consonant_sounds")
    lines = [line.split("/") for line in values.get("articles", "").splitlines() if line]
    known = {form: forms[0] for forms in lines for form in forms}
    return Grammar(
        **{key: tuple(values.get(key, "").split()) for key in keys},
        articles={forms[0]: tuple(forms) for forms in lines},
        known=known,
        longest=max((len(form.split()) for form in known), default=0),
    )
