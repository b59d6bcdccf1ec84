"""What the swapper knows of a language, as data: word classes, and its grammar around a noun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from auditor.grammar import Grammar, language_values, read_grammar
from auditor.swaps.names import read_names


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
    costing_verbs: frozenset[str]
    seeing_verbs: frozenset[str]
    enjoying_verbs: frozenset[str]
    ing_acts: frozenset[str]
    ing_works: frozenset[str]
    intensifiers: frozenset[str]
    weak_intensifiers: frozenset[str]
    after_very: frozenset[str]
    frequencies: frozenset[str]
    numbers: frozenset[str]
    units: frozenset[str]
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
    no_verbs_in_s: frozenset[str]
    object_pronouns: frozenset[str]
    question_words: frozenset[str]
    subject_pronouns: frozenset[str]
    between_subject_and_verb: frozenset[str]
    manner_adverbs: frozenset[str]
    verbs_before_to: frozenset[str]
    asides: tuple[tuple[str, ...], ...]
    """Phrases between a subject and its verb, each in words."""
    perfect_participles: frozenset[str]
    plural_subjects: frozenset[str]
    plural_pronouns: frozenset[str]
    before_vocatives: frozenset[str]
    relations: frozenset[str]
    religions: frozenset[str]
    possessives: frozenset[str]
    generations: frozenset[str]
    before_ages: frozenset[str]
    after_ages: frozenset[str]
    verbs_of_people: frozenset[str]
    titles: frozenset[str]
    lower_titles: frozenset[str]
    female_titles: frozenset[str]
    offices: frozenset[str]
    before_place_names: frozenset[str]
    behind_place_names: frozenset[str]
    before_places_and_times: frozenset[str]
    name_particles: frozenset[str]
    name_suffixes: frozenset[str]
    kin_titles: frozenset[str]
    abbreviations: frozenset[str]
    descriptor_order: tuple[str, ...]
    agreeing_endings: tuple[str, ...]
    """Of each gender in the grammar's order: what words that agree with it end in, by "/"."""
    never_agreeing: frozenset[str]
    plural_verbs: Mapping[str, str]
    """Verb after a singular subject -> after a plural one, where no rule gives it."""
    grammar: Grammar
    first_names: frozenset[str]
    """Of people, where the language's tables of names are with us."""


@cache
def read_language(name: str) -> Language:
    """Returns a language that comes with the auditor; each word class is a text of words."""
    values = language_values(name)
    ordered, tables = ("descriptor_order", "agreeing_endings"), ("plural_verbs",)
    parts: dict[str, Any] = {key: tuple(values.get(key, "").split()) for key in ordered}
    parts["grammar"] = read_grammar(name)
    parts["asides"] = tuple(tuple(x.split()) for x in values.get("asides", "").splitlines() if x)
    has_names = values.get("first_names") == "from the tables of names"
    parts["first_names"] = frozenset(read_names().known if has_names else ())
    for key in tables:
        parts[key] = dict(entry.split("=") for entry in values.get(key, "").split())
    for key in {field.name for field in fields(Language)} - parts.keys():
        parts[key] = frozenset(values.get(key, "").split())
    return Language(**parts)


def plural_verb(word: str, language: Language) -> str:
    """Returns the verb that goes with a plural subject, for one that goes with a singular one.

    Example: "was" -> "were", "tries" -> "try", "watches" -> "watch", "takes" -> "take".
    """
    irregular = language.plural_verbs.get(word)
    if irregular is not None:
        return irregular
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "oes")):
        return word[:-2]
    return word.removesuffix("s")
