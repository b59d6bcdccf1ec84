"""Lexicons: which words name which group, aligned so that a swap has a counterpart.

A lexicon is a TOML file. Each row is one concept in every group that has a word for it; the first
word of a list is the one that is put in, the others are recognised only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from auditor.content import content_path
from auditor.errors import DataError, PlanError, Problems, collected
from auditor.evidence.files import sha256_file
from auditor.plan import SwapPlan
from auditor.records import Contrast

FORMS = ("any", "object", "determiner", "pronoun", "noun", "adjective")
CONTEXTS = ("any", "person")
_HEAD = {"id", "title", "language", "groups", "reference", "source", "reviewed_by", "missing"}
_ROW = {"concept", "form", "context", "template"}


@dataclass(frozen=True, slots=True)
class Row:
    """One concept: the words for it in each group."""

    concept: str
    terms: Mapping[str, tuple[str, ...]]
    """Group -> words, the one to put in first."""
    form: str = "any"
    """Part of speech, where one spelling has several: "her" as object and as determiner."""
    context: str = "any"
    """person: only where a person is described ("a blind student", not "a blind alley")."""
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
            (self.id, row.concept, row.terms[self.reference][0])
            for row in self.rows
            if row.template
        )


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
    except FileNotFoundError:
        raise DataError(f"no lexicon at {path}; give a file that exists") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a TOML file in UTF-8: {error}") from None
    with collected(str(path)) as problems:
        _check(problems, values)
    return Lexicon(
        **{key: values[key] for key in _HEAD - {"groups"}},
        groups=tuple(values["groups"]),
        rows=tuple(_row(row, values["groups"]) for row in values["row"]),
        guards=tuple(values.get("guards", ())),
        asymmetric=tuple(values.get("asymmetric", ())),
        sha256=sha256_file(path),
    )


def _row(values: Mapping[str, Any], groups: Sequence[str]) -> Row:
    terms = {g: _words(values[g]) for g in groups if g in values}
    return Row(
        concept=values["concept"],
        terms=terms,
        form=values.get("form", "any"),
        context=values.get("context", "any"),
        template=values.get("template", False),
    )


def _words(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _check(problems: Problems, values: Mapping[str, Any]) -> None:
    for key in sorted(_HEAD - values.keys()):
        problems.add(f"{key} is missing")
    for key in sorted(values.keys() - _HEAD - {"row", "guards", "asymmetric"}):
        problems.add(f"no such key {key!r}")
    groups = values.get("groups", [])
    if len(groups) < 2 or len(set(groups)) < len(groups):
        problems.add(f"groups must be two or more different names, got {groups}")
    if values.get("reference") not in groups:
        problems.add(f"reference {values.get('reference')!r} is not one of the groups")
    if not values.get("row"):
        problems.add("no [[row]] in it; add one with a concept and words for the groups")
    seen: dict[tuple[str, str], str] = {}
    concepts: set[str] = set()
    for number, row in enumerate(values.get("row", []), start=1):
        name = str(row.get("concept", f"row {number}"))
        if name in concepts:
            problems.add(f"{name}: a second row of this concept")
        concepts.add(name)
        _check_row(problems, name, row, values)
        _check_words(problems, name, row, groups, seen)


def _check_row(
    problems: Problems, name: str, row: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    groups = values.get("groups", [])
    if "concept" not in row:
        problems.add(f"{name}: has no concept")
    for key in sorted(row.keys() - _ROW - set(groups)):
        problems.add(f"{name}: {key!r} is neither a group nor a known key")
    if row.get("form", "any") not in FORMS:
        problems.add(f"{name}: form {row['form']!r} is not one of {', '.join(FORMS)}")
    if row.get("context", "any") not in CONTEXTS:
        problems.add(f"{name}: context {row['context']!r} is not one of {', '.join(CONTEXTS)}")
    if len(row.keys() & set(groups)) < 2:
        problems.add(f"{name}: has words for fewer than two groups, so nothing can be swapped")
    if row.get("template") and values.get("reference") not in row:
        problems.add(f"{name}: fills templates, but has no word for the reference group")


def _check_words(
    problems: Problems,
    name: str,
    row: Mapping[str, Any],
    groups: Sequence[str],
    seen: dict[tuple[str, str], str],
) -> None:
    """A word may stand in two rows only under two forms, else its meaning is a guess."""
    for group in groups:
        for word in _words(row.get(group, ())):
            if not isinstance(word, str) or not any(c.isalnum() for c in word):
                problems.add(f"{name}: {group} has {word!r}, which is no word")
                continue
            key = (word.casefold(), row.get("form", "any"))
            if key in seen and seen[key] != name:
                problems.add(f"{name}: {word!r} stands in {seen[key]} too, with the same form")
            seen.setdefault(key, name)
