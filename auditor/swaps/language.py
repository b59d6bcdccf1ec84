"""What the swapper knows of a language, as data: word classes and the sound of an article."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from auditor.content import content_path


@dataclass(frozen=True, slots=True)
class Language:
    """Word classes, casefolded; what each is for stands in the file."""

    determiners: frozenset[str]
    closed: frozenset[str]
    adverbs: frozenset[str]
    ly_adjectives: frozenset[str]
    ing_nouns: frozenset[str]
    ed_words: frozenset[str]
    predicates: frozenset[str]
    places: frozenset[str]
    moments: frozenset[str]
    prepositions: frozenset[str]
    auxiliaries: frozenset[str]
    past_verbs: frozenset[str]
    before_verbs: frozenset[str]
    letting_verbs: frozenset[str]
    sensing_verbs: frozenset[str]
    handing_verbs: frozenset[str]
    giving_verbs: frozenset[str]
    taking_verbs: frozenset[str]
    base_verbs: frozenset[str]
    base_verbs_or_nouns: frozenset[str]
    given_nouns: frozenset[str]
    quantities: frozenset[str]
    copulas: frozenset[str]
    degrees: frozenset[str]
    subjects: frozenset[str]
    person_nouns: frozenset[str]
    person_adjectives: frozenset[str]
    titles: frozenset[str]
    abbreviations: frozenset[str]
    an_before: tuple[str, ...]
    a_before: tuple[str, ...]

    def article(self, phrase: str) -> str:
        """Returns "a" or "an", by the sound that `phrase` begins with."""
        word = phrase.split(maxsplit=1)[0].casefold()
        if word.startswith(self.an_before):
            return "an"
        return "an" if word[0] in "aeiou" and not word.startswith(self.a_before) else "a"


def languages() -> list[str]:
    """Returns the languages that come with the auditor."""
    return sorted(path.stem for path in content_path("datasets", "language").glob("*.toml"))


@cache
def read_language(name: str) -> Language:
    """Returns a language that comes with the auditor; each word class is a text of words."""
    path = content_path("datasets", "language", f"{name}.toml")
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    sounds = ("an_before", "a_before")
    lists: dict[str, Any] = {key: tuple(values[key].split()) for key in sounds}
    for key in {field.name for field in fields(Language)} - set(sounds):
        lists[key] = frozenset(values[key].split())
    return Language(**lists)
