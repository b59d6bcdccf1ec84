"""Lexicons: which words name which group, aligned so that a swap has a counterpart.

A lexicon is a TOML file. Each row is one concept in every group that has a word for it. Words at
the same place of their lists are counterparts; a shorter list's first word stands for the rest.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from auditor.content import content_path
from auditor.errors import DataError, PlanError, collected
from auditor.evidence.files import sha256_file
from auditor.plan import SwapPlan
from auditor.records import Contrast
from auditor.swaps.checks import HEAD, check_lexicon, entries_of


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or phrase, for one group."""

    word: str
    context: str = "any"
    """Where it counts. person: said of a person ("a blind student", not "a blind alley"); title:
    before a name; common: not in a name ("King Charles"); noun: not where a verb stands ("a host",
    not "will host"); alone: no noun follows ("help the blind")."""
    asymmetric: bool = False
    """Tells what its counterparts do not ("Miss"): pairs with it are kept out of verdicts."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One concept: the words for it in each group."""

    concept: str
    terms: Mapping[str, tuple[Term, ...]]  # group -> words
    form: str = "any"
    """Part of speech, where one spelling has several: "her" as object and as determiner."""
    template: bool = False
    """Fills templates."""


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
    source: str
    reviewed_by: str
    missing: str
    sha256: str

    def template_terms(self) -> tuple[tuple[str, str, str], ...]:
        """Returns (attribute, concept, phrase of the reference group) for filling templates."""
        return tuple(
            (self.id, row.concept, row.terms[self.reference][0].word)
            for row in self.rows
            if row.template
        )


@cache
def available_lexicons() -> dict[str, Lexicon]:
    """Returns every lexicon that comes with the auditor, by id."""
    paths = sorted(content_path("datasets", "lexicons").glob("*.toml"))
    return {lexicon.id: lexicon for lexicon in map(read_lexicon, paths)}


def load_lexicons(attributes: Sequence[str], files: Sequence[Path] = ()) -> dict[str, Lexicon]:
    """Returns the lexicons of `attributes`, a user's own files before those that come with us.

    Raises:
        DataError: an unknown attribute, or a lexicon with errors, all of them named.
    """
    known = {**available_lexicons(), **{x.id: x for x in map(read_lexicon, files)}}
    unknown = [name for name in attributes if name not in known]
    if unknown:
        raise DataError(
            f"no lexicon for {', '.join(unknown)}; there are {', '.join(known)}, or give a file of "
            "your own (--lexicon FILE.toml)"
        )
    return {name: known[name] for name in attributes}


def contrasts_of(lexicon: Lexicon, plan: SwapPlan) -> tuple[Contrast, ...]:
    """Returns the contrasts to test: every group against the reference, or every pair."""
    if plan.contrasts == "all":
        return tuple(Contrast(lexicon.id, a, b) for a, b in combinations(lexicon.groups, 2))
    reference = plan.references.get(lexicon.id, lexicon.reference)
    if reference not in lexicon.groups:
        raise PlanError(
            f"references: {lexicon.id} has no group {reference!r}; it has "
            f"{', '.join(lexicon.groups)}"
        )
    return tuple(Contrast(lexicon.id, reference, g) for g in lexicon.groups if g != reference)


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
        rows=tuple(_row(row, values["groups"]) for row in values["row"]),
        guards=tuple(values.get("guards", ())),
        asymmetric=tuple(values.get("asymmetric", ())),
        sha256=sha256_file(path),
    )


def _row(values: Mapping[str, Any], groups: Sequence[str]) -> Row:
    context = values.get("context", "any")
    return Row(
        concept=values["concept"],
        terms={g: tuple(_terms(values[g], context)) for g in groups if g in values},
        form=values.get("form", "any"),
        template=values.get("template", False),
    )


def _terms(value: Any, context: str) -> Iterator[Term]:
    for entry in entries_of(value):
        yield Term(**{"context": context, **entry})
