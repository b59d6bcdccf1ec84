"""What a lexicon file must be: every problem of one is named, a line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from auditor.errors import Problems
from auditor.grammar import Grammar, languages, read_grammar
from auditor.swaps.words import AGE, Words

FORMS = ("any", "object", "determiner", "pronoun", "noun", "adjective")
"""Part of speech, where one spelling has several: "her" as object and as determiner."""
CONTEXTS = ("any", "person", "title", "common", "noun", "alone", "predicate")
"""Where a word counts, see `Term.context`."""
NUMBERS = ("singular", "plural")
CASES = ("subject", "object", "possessive", "reflexive")
HEAD = ("id", "title", "language", "groups", "reference", "source", "reviewed_by", "missing")
ROW_WORDS = {
    "form": FORMS,
    "context": CONTEXTS,
    "number": NUMBERS,
    "case": CASES,
}
"""Keys of a row that take one of a few words."""
_ROW = {"concept", "template", "unmentioned", "notes", "source", "gender", *ROW_WORDS}
_TERM = {"word", "context", "asymmetric", "gender", "beside"}
USES = ("either_case", "capital_only", "generic", "exclamations", "former", "given_names")
"""Lists of words that are used in a way of their own, see `Term`."""
_PHRASES = ("guards", "asymmetric", *USES)
_OPTIONAL = ("by_request", "ages", "genders", *_PHRASES)


def check_lexicon(problems: Problems, values: Mapping[str, Any]) -> None:
    """Adds every problem of a lexicon file's `values`."""
    _check_head(problems, values)
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
        _check_words(problems, name, row, values, seen)
    _check_guards(problems, _phrases(values, "guards"), {word for word, _, _ in seen})


def entries_of(value: Any) -> list[dict[str, Any]]:
    """Returns a group's words as tables; a word stands for { word = ... }, one for a list of it."""
    entries = value if isinstance(value, list) else [value]
    return [entry if isinstance(entry, dict) else {"word": entry} for entry in entries]


def gender_of(row: Mapping[str, Any], group: str, values: Mapping[str, Any]) -> str:
    """Returns the grammatical gender of a group's words in a row; "" where the file gives none."""
    genders = values.get("genders")
    default = genders.get(group, "") if isinstance(genders, dict) else ""
    return str(row.get("gender", default))


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
    known = [*HEAD, *_OPTIONAL, "row"]
    for key in sorted(values.keys() - set(known)):
        problems.add(f"no such key {key!r}; there are {', '.join(known)}")
    _check_groups(problems, values)
    _check_ages(problems, values)
    _check_genders(problems, values)
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
    for group in _phrases(values, "by_request"):
        if group not in groups or group == values.get("reference"):
            problems.add(f"by_request has {group!r}, which is no group, or the reference")


def _check_genders(problems: Problems, values: Mapping[str, Any]) -> None:
    genders = values.get("genders", {})
    if not isinstance(genders, dict):
        problems.add(f'genders must be one per group, as male = "masculine"; got {genders!r}')
        return
    for group in sorted(genders.keys() - set(_groups(values))):
        problems.add(f"genders has {group!r}, which is no group")


def _grammar(values: Mapping[str, Any]) -> Grammar | None:
    """Returns the grammar of the file's language; None where that is itself a problem."""
    language = values.get("language")
    return read_grammar(str(language)) if language in languages() else None


def _check_gender(problems: Problems, name: str, gender: str, grammar: Grammar | None) -> None:
    """Every word has a gender where the language has genders, and none where it has none."""
    if grammar is None or gender in (grammar.genders or ("",)):
        return
    if not grammar.genders:
        problems.add(f"{name}: has the gender {gender!r}, but nouns of the language have none")
    else:
        known = ", ".join(grammar.genders)
        problems.add(
            f"{name}: gender {gender!r} is not one of {known}; give it for the word, for the row, "
            "or for the group in genders"
        )


def _check_ages(problems: Problems, values: Mapping[str, Any]) -> None:
    """Bands of equal width, so that an age has one counterpart, and that one leads back."""
    ages = values.get("ages", {})
    groups = _groups(values)
    if not isinstance(ages, dict) or not all(map(_is_band, ages.values())):
        problems.add(f"ages must be one band per group, as young = [18, 39]; got {ages!r}")
        return
    for group in sorted(ages.keys() - set(groups)):
        problems.add(f"ages has {group!r}, which is no group")
    bands = sorted(ages.values())
    if len({high - low for low, high in bands}) > 1:
        problems.add(f"ages must be bands of equal width, got {bands}")
    if any(high >= low for (_, high), (low, _) in pairwise(bands)):
        problems.add(f"ages must be bands that do not overlap, got {bands}")


def _is_band(value: Any) -> bool:
    whole = isinstance(value, list) and len(value) == 2 and all(type(x) is int for x in value)
    return whole and 0 <= value[0] <= value[1]


def _check_row(
    problems: Problems, name: str, row: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    groups = set(_groups(values))
    if "concept" not in row:
        problems.add(f"{name}: has no concept")
    for key in sorted(row.keys() - _ROW - groups):
        problems.add(f"{name}: {key!r} is neither a group nor a known key")
    for key, words in ROW_WORDS.items():
        if key in row and key != "context" and row[key] not in words:
            problems.add(f"{name}: {key} {row[key]!r} is not one of {', '.join(words)}")
    for key in ("notes", "source", "unmentioned"):
        if not isinstance(row.get(key, ""), str):
            problems.add(f"{name}: {key} must be a text, got {row[key]!r}")
    if len(row.keys() & groups) < 2:
        problems.add(f"{name}: has words for fewer than two groups, so nothing can be swapped")
    if row.get("template") and values.get("reference") not in row:
        problems.add(f"{name}: fills templates, but has no word for the reference group")
    if row.get("template") and row.get("number") == "plural":
        problems.add(f"{name}: fills templates, which are about one person, but is plural")


def _check_words(
    problems: Problems,
    name: str,
    row: Mapping[str, Any],
    values: Mapping[str, Any],
    seen: dict[tuple[str, str, str], str],
) -> None:
    """A word may stand in two rows only under two forms or contexts, else it is a guess."""
    grammar = _grammar(values)
    for group in (group for group in _groups(values) if group in row):
        for entry in entries_of(row[group]):
            word = entry.get("word")
            if not _is_phrase(word) and word != AGE:
                problems.add(f"{name}: {group} has {word!r}, which is no word")
                continue
            context = entry.get("context", row.get("context", "any"))
            _check_entry(problems, f"{name}: {word!r}", entry, context)
            if entry.get("beside", group) not in _groups(values):
                problems.add(f"{name}: {word!r} is beside {entry['beside']!r}, which is no group")
            gender = str(entry.get("gender", gender_of(row, group, values)))
            _check_gender(problems, f"{name}: {word!r}", gender, grammar)
            if AGE in str(word) and group not in values.get("ages", {}):
                problems.add(f"{name}: {word!r} has a number, but ages has no band for {group}")
            key = (str(word).casefold(), str(row.get("form", "any")), str(context))
            if group in _phrases(values, "by_request"):
                continue  # never looked for in a text
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
