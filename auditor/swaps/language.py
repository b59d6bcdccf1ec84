"""What the swapper knows of a language, as data: word classes and the sound of an article."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from auditor.content import content_path


@dataclass(frozen=True, slots=True)
class Language:
    """Word classes, casefolded."""

    determiners: frozenset[str]
    function_words: frozenset[str]
    copulas: frozenset[str]
    pronouns: frozenset[str]
    person_nouns: frozenset[str]
    an_before: tuple[str, ...]
    a_before: tuple[str, ...]

    def article(self, phrase: str) -> str:
        """Returns "a" or "an", by the sound that `phrase` begins with."""
        word = phrase.split(maxsplit=1)[0].casefold()
        if word.startswith(self.an_before):
            return "an"
        return "an" if word[0] in "aeiou" and not word.startswith(self.a_before) else "a"


@cache
def read_language(name: str) -> Language:
    """Returns a language that comes with the auditor."""
    path = content_path("datasets", "language", f"{name}.toml")
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    return Language(
        **{
            key: frozenset(values[key])
            for key in ("determiners", "function_words", "copulas", "pronouns", "person_nouns")
        },
        an_before=tuple(values["an_before"]),
        a_before=tuple(values["a_before"]),
    )
