"""What a lexicon file must be: every problem of one is named, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.errors import Problems
from auditor.swaps.language import languages
from auditor.swaps.words import Words

FORMS = ("any", "object", "determiner", "pronoun", "noun", "adjective")
"""Part of speech, where one spelling has several: "her" as object and as determiner."""
CONTEXTS = ("any", "person", "title", "common", "noun", "alone")
"""Where a word counts, see `Term.context`."""
HEAD = ("id", "title", "language", "groups", "reference", "source", "reviewed_by", "missing")
_ROW = {"concept", "form", "context", "template"}
_TERM = {"word", "context", "asymmetric"}
_PHRASES = ("guards", "asymmetric")


def check_lexicon(problems: Problems, values: Mapping[str, Any]) -> None:
    """Adds every problem of a lexicon file's `values`."""
    _check_head(problems, values)
    groups = _groups(values)
    rows = values.get("row", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
        problems.add("no [[row]] in it; add one with a concept and words for the groups")
        return
    seen: dict[tuple[str, str, str], str] = {}
    concepts: set[str] = set()
    for number, row in enumerate(rows, start=1):
        name = str(row.get("concept", f"row {number}"))
        if name in concepts:
            problems.add(f"{name}: a second row of this concept; rename one")
        concepts.add(name)
        _check_row(problems, name, row, values)
        _check_words(problems, name, row, groups, seen)
    _check_guards(problems, _phrases(values, "guards"), {word for word, _, _ in seen})


def entries_of(value: Any) -> list[dict[str, Any]]:
    """Returns a group's words as tables; a word stands for { word = ... }, one for a list of it."""
    entries = value if isinstance(value, list) else [value]
    return [entry if isinstance(entry, dict) else {"word": entry} for entry in entries]


def _groups(values: Mapping[str, Any]) -> list[str]:
    groups = values.get("groups")
    return [str(group) for group in groups] if isinstance(groups, list) else []


def _phrases(values: Mapping[str, Any], key: str) -> list[Any]:
    phrases = values.get(key, [])
    return phrases if isinstance(phrases, list) else [phrases]


def _check_head(problems: Problems, values: Mapping[str, Any]) -> None:
    for key in HEAD:
        if key not in values:
            problems.add(f"{key} is missing")
        elif key != "groups" and not isinstance(values[key], str):
            problems.add(f"{key} must be a text, got {values[key]!r}")
    for key in sorted(values.keys() - set(HEAD) - {"row", *_PHRASES}):
        problems.add(f"no such key {key!r}; there are {', '.join([*HEAD, 'row', *_PHRASES])}")
    _check_groups(problems, values)
    if values.get("language", languages()[0]) not in languages():
        problems.add(f"language {values['language']!r} is not one of {', '.join(languages())}")
    for key in _PHRASES:
        for phrase in _phrases(values, key):
            if not _is_phrase(phrase):
                problems.add(f"{key} has {phrase!r}, which is no phrase")


def _check_groups(problems: Problems, values: Mapping[str, Any]) -> None:
    groups = _groups(values)
    if len(groups) < 2 or len(set(groups)) < len(groups):
        problems.add(f"groups must be two or more different names, got {groups}")
    for group in groups:
        if not group.replace("_", "").isalnum() or group in _ROW:
            problems.add(f"group {group!r} must be letters, digits and _, and no key of a row")
    if "reference" in values and values["reference"] not in groups:
        problems.add(f"reference {values['reference']!r} is not one of the groups")


def _check_row(
    problems: Problems, name: str, row: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    groups = set(_groups(values))
    if "concept" not in row:
        problems.add(f"{name}: has no concept")
    for key in sorted(row.keys() - _ROW - groups):
        problems.add(f"{name}: {key!r} is neither a group nor a known key")
    if row.get("form", "any") not in FORMS:
        problems.add(f"{name}: form {row['form']!r} is not one of {', '.join(FORMS)}")
    if len(row.keys() & groups) < 2:
        problems.add(f"{name}: has words for fewer than two groups, so nothing can be swapped")
    if row.get("template") and values.get("reference") not in row:
        problems.add(f"{name}: fills templates, but has no word for the reference group")


def _check_words(
    problems: Problems,
    name: str,
    row: Mapping[str, Any],
    groups: Sequence[str],
    seen: dict[tuple[str, str, str], str],
) -> None:
    """A word may stand in two rows only under two forms or contexts, else it is a guess."""
    for group in (group for group in groups if group in row):
        for entry in entries_of(row[group]):
            word = entry.get("word")
            if not _is_phrase(word):
                problems.add(f"{name}: {group} has {word!r}, which is no word")
                continue
            context = entry.get("context", row.get("context", "any"))
            _check_entry(problems, f"{name}: {word!r}", entry, context)
            key = (str(word).casefold(), str(row.get("form", "any")), str(context))
            if seen.setdefault(key, name) != name:
                problems.add(f"{name}: {word!r} stands in {seen[key]} too, with the same form")


def _check_entry(problems: Problems, name: str, entry: Mapping[str, Any], context: str) -> None:
    for key in sorted(entry.keys() - _TERM):
        problems.add(f"{name}: no such key {key!r}; there are {', '.join(sorted(_TERM))}")
    if context not in CONTEXTS:
        problems.add(f"{name}: context {context!r} is not one of {', '.join(CONTEXTS)}")
    if not isinstance(entry.get("asymmetric", False), bool):
        problems.add(f"{name}: asymmetric is true or false, got {entry['asymmetric']!r}")


def _check_guards(problems: Problems, guards: Sequence[Any], terms: set[str]) -> None:
    """A guard without a term in it guards nothing; one that is a term hides it everywhere."""
    first = {word for term in terms for word in Words.of(term).folded[:1]}
    for guard in filter(_is_phrase, guards):
        if guard.casefold() in terms:
            problems.add(f"guard {guard!r} is a word of a row, which it would hide")
        elif first.isdisjoint(Words.of(guard).folded):
            problems.add(f"guard {guard!r} has no word of a row in it, so it guards nothing")


def _is_phrase(value: Any) -> bool:
    return isinstance(value, str) and bool(Words.of(value).folded) and value == value.strip()
