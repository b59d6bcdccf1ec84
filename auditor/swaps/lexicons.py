"""Lexicons: which words name which group, aligned so that a swap has a counterpart.

A lexicon is a TOML file. Each row is one concept in every group that has a word for it. Words at
the same place of their lists are counterparts; a shorter list's first word stands for the rest.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from auditor.content import content_path
from auditor.errors import DataError, collected
from auditor.evidence.files import sha256_file
from auditor.records import TemplateTerm
from auditor.swaps.checks import HEAD, USES, check_lexicon, entries_of, gender_of


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or phrase, for one group."""

    word: str
    context: str = "any"
    """Where it counts. person: said of a person ("a blind student", not "a blind alley"); title:
    before a name; common: not in a name ("King Charles"); noun: not where a verb stands ("a host",
    not "will host"); alone: no noun follows ("help the blind"); predicate: said of a person by a
    verb, and nothing follows ("she is 67")."""
    generic: bool = False
    """Said of anyone as well ("a hero"), so where a text names both groups it tells neither."""
    capital_only: bool = False
    """Another word in lower case: "Polish"."""
    either_case: bool = False
    """Is as properly written in lower case: a text's own "black" says nothing of its style."""
    exclamations: bool = False
    """Is also called out, and names no one then: "Thanks, man."."""
    former: bool = False
    """Also says of someone's relation that it is over: "my old boss"."""
    given_names: bool = False
    """Is also a first name: "my son Christian"."""
    beside: str = ""
    """The one group for which it is the counterpart: "neurotypical", of "autistic"."""
    asymmetric: bool = False
    """Tells what its counterparts do not ("Miss"): pairs with it are kept out of verdicts."""
    gender: str = ""
    """Grammatical; "" where the language has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One concept: the words for it in each group."""

    concept: str
    terms: Mapping[str, tuple[Term, ...]]  # group -> words
    form: str = "any"
    """Part of speech, where one spelling has several: "her" as object and as determiner."""
    number: str = "singular"
    case: str = ""
    """Of a pronoun: subject, object, possessive, reflexive."""
    template: bool = False
    """Fills templates."""
    unmentioned: str | None = None
    """What stands there when the descriptor is left out: "person" for "blind person"; "" where it
    simply goes ("a blind student"). None: it cannot be left out."""

    @property
    def is_plural(self) -> bool:
        return self.number == "plural"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The groups of one attribute and their words."""

    id: str
    title: str
    language: str
    groups: tuple[str, ...]
    reference: str
    rows: tuple[Row, ...]
    guards: tuple[str, ...]
    """Phrases that are left alone."""
    asymmetric: tuple[str, ...]
    """Phrases that bind a text to one group: pairs with them are kept out of verdicts."""
    by_request: tuple[str, ...]
    """Groups that are only swapped to, and only when asked: no text is read as naming them."""
    ages: Mapping[str, tuple[int, int]]
    """Group -> first and last age of its band; empty where numbers are no ages."""
    source: str
    reviewed_by: str
    missing: str
    sha256: str

    @property
    def named_groups(self) -> tuple[str, ...]:
        """The groups that a text can name, reference included."""
        return tuple(group for group in self.groups if group not in self.by_request)

    @property
    def is_placebo(self) -> bool:
        return self.id == "placebo"

    def template_terms(self) -> tuple[TemplateTerm, ...]:
        """Returns what fills templates: phrases of the reference group."""
        first = [(row, row.terms[self.reference][0]) for row in self.rows if row.template]
        return tuple(
            TemplateTerm(self.id, row.concept, term.word, gender=term.gender) for row, term in first
        )


@cache
def available_lexicons(language: str = "en") -> dict[str, Lexicon]:
    """Returns every lexicon of a language that comes with the auditor, by id."""
    paths = sorted(content_path("datasets", "lexicons", language).glob("*.toml"))
    return {lexicon.id: lexicon for lexicon in map(read_lexicon, paths)}


def load_lexicons(
    attributes: Sequence[str], files: Sequence[Path] = (), language: str = "en"
) -> dict[str, Lexicon]:
    """Returns the lexicons of `attributes`, a user's own files before those that come with us.

    Raises:
        DataError: an unknown attribute, a lexicon of another language, or one with errors, all of
            them named.
    """
    known = {**available_lexicons(language), **{x.id: x for x in map(read_lexicon, files)}}
    unknown = [name for name in attributes if name not in known]
    if unknown:
        raise DataError(
            f"no lexicon for {', '.join(unknown)}; there are {', '.join(known)}, or give a file of "
            "your own (--lexicon FILE.toml)"
        )
    for other in (known[name] for name in attributes if known[name].language != language):
        raise DataError(
            f"lexicon {other.id} is in {other.language!r}, the plan's language is {language!r}; "
            "name lexicons of that language, or set `language`"
        )
    return {name: known[name] for name in attributes}


def read_lexicon(path: Path) -> Lexicon:
    """Returns the lexicon in a file.

    Raises:
        DataError: no such file, or with every problem of it, one line each.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f"no lexicon at {path}; give a TOML file that exists") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a TOML file in UTF-8: {error}") from None
    with collected(str(path)) as problems:
        check_lexicon(problems, values)
    return Lexicon(
        **{key: values[key] for key in HEAD if key != "groups"},
        groups=tuple(values["groups"]),
        rows=tuple(_row(row, values) for row in values["row"]),
        guards=tuple(values.get("guards", ())),
        asymmetric=tuple(values.get("asymmetric", ())),
        by_request=tuple(values.get("by_request", ())),
        ages={group: (low, high) for group, (low, high) in values.get("ages", {}).items()},
        sha256=sha256_file(path),
    )


def _row(row: Mapping[str, Any], values: Mapping[str, Any]) -> Row:
    context = row.get("context", "any")
    cases = {key: set(values.get(key, ())) for key in USES}
    told = {group: {"context": context, "gender": gender_of(row, group, values)} for group in row}
    return Row(
        concept=row["concept"],
        terms={g: tuple(_terms(row[g], told[g], cases)) for g in values["groups"] if g in row},
        form=row.get("form", "any"),
        number=row.get("number", "singular"),
        case=row.get("case", ""),
        template=row.get("template", False),
        unmentioned=row.get("unmentioned"),
    )


def _terms(
    value: Any, row: Mapping[str, str], cases: Mapping[str, Collection[str]]
) -> Iterator[Term]:
    for entry in entries_of(value):
        first = entry["word"].split(" ", 1)[0]
        told = {key: first in words for key, words in cases.items()}
        yield Term(**{**row, **told, **entry})
