"""Swaps by name: every text with a person's name meets the same names of each group.

Crossed, since names are drawn as templates are: pair k of a text has name k of one group on one
side and name k of the other group on the other, so that both differ from the source text. The
person named first is swapped, in all mentions; others stay. Where gender is among the groups, the
words that mark it ("she", "Ms.") move along; where it is not, it is held fixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from auditor.plan import SwapPlan
from auditor.records import Arm, Contrast, Pair, SourceText, Span, Validity
from auditor.swaps.by_word import Problem, Reading, WordSwaps, bound_to_one
from auditor.swaps.changes import Change, merged, pair_of
from auditor.swaps.edits import Edit, apply, possessive
from auditor.swaps.jointly import JOINT
from auditor.swaps.language import Language
from auditor.swaps.matching import Found, Mention
from auditor.swaps.names import (
    Cell,
    CountTokens,
    FullName,
    NameTable,
    crossed_names,
    fragmented,
    like_frequency,
)
from auditor.swaps.persons import Person, find_persons, names_left
from auditor.swaps.words import Words

GENDERS = ("male", "female")


@dataclass(frozen=True, slots=True)
class Side:
    """A text with one name put in."""

    name: FullName
    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """A text with a named person, read once."""

    source: SourceText
    words: Words
    person: Person
    gender: str
    """Of the person, as the name or the title tells; the first where neither does."""
    other_gender: Change | None
    """The change of its gendered words; None where there are none."""
    problem: Problem | None


class NameSwaps:
    """Makes the pairs of `race_names`, `gender_names` or `gender*race_names`."""

    def __init__(
        self,
        table: NameTable,
        bases: Sequence[WordSwaps],
        contrasts: Sequence[Contrast],
        plan: SwapPlan,
        count_tokens: CountTokens | None = None,
    ) -> None:
        self.table = table
        self.contrasts = tuple(contrasts)
        self._bases = {base.lexicon.id: base for base in bases}
        self._order = [base.lexicon.id for base in bases]
        self._language = bases[0].language
        self._arms = [Arm(name) for name in plan.arms]
        self._count = count_tokens
        self._per_group = plan.names_per_group
        self._left = names_left(table, plan.leave)

    @cached_property
    def cells(self) -> Mapping[Cell, tuple[FullName, ...]]:
        """Gender and race -> names, place k of every cell of like frequency."""
        races = list(dict.fromkeys(name.race for name in self.table.first.values()))
        return crossed_names(self.table, races=races, genders=GENDERS, per_group=self._per_group)

    def names(self, group: str, gender: str) -> list[FullName]:
        """Returns the names of a group, for a person of `gender` where the group tells none.

        A gender alone takes its names from every race in turn.
        """
        told = dict(zip(self._order, group.split(JOINT), strict=True))
        gender = told.get("gender", gender)
        races = [told["race"]] if "race" in told else sorted({race for _, race in self.cells})
        return [self.cells[gender, races[k % len(races)]][k] for k in range(self._per_group)]

    def pairs(self, source: SourceText, words: Words) -> tuple[list[Pair], Found]:
        """Returns the crossed pairs of a text that names a person, and its other arms."""
        persons, skipped = find_persons(words, self.table, self._language, self._left)
        if not persons:
            return [], Found([], tuple(skipped))
        read = self._read(source, words, persons)
        groups = dict.fromkeys(g for c in self.contrasts for g in (c.group_a, c.group_b))
        sides = {group: self._sides(read, group) for group in groups}
        pairs = [
            _pair(read, contrast, a, b)
            for contrast in self.contrasts
            for a, b in zip(sides[contrast.group_a], sides[contrast.group_b], strict=True)
        ]
        if Arm.PLACEBO in self._arms:
            pairs += (pair for group in groups for pair in self._placebo(read, group, sides[group]))
        if Arm.FRAGMENTATION in self._arms and self._count and self.contrasts:
            pairs += self._fragmentation(read, self.contrasts[0].group_a)
        return pairs, Found([], tuple(skipped), named=len(persons))

    def _read(self, source: SourceText, words: Words, persons: Sequence[Person]) -> _Source:
        person, gender = persons[0], self._gender_of(words, persons[0])
        change: Change | None = None
        problem: Problem | None = None
        if "gender" in self._bases:
            base = self._bases["gender"]
            reading = _titled(base.read(words), person, self._language)
            change = base.change(reading, *GENDERS)
            problem = _gender_problem(reading, change, gender)
        if problem is None and "gender" in self._bases:
            problem = self._problem_of_others(words, persons, change)
        race = self._bases["race"].read(words) if "race" in self._bases else None
        if race is not None and race.mentions:
            word = race.written(race.mentions[0])
            problem = Problem(Validity.AMBIGUOUS, f"{word!r} names a race beside the name")
        return _Source(source, words, person, gender, change, problem)

    def _problem_of_others(
        self, words: Words, persons: Sequence[Person], change: Change | None
    ) -> Problem | None:
        """Returns why words of gender may be another's ("Emily told Amy that she left"), or why
        the text is bound to one gender without any ("Mary is pregnant")."""
        if change is None:
            bound = self._bases["gender"].matcher.bound(words)
            return None if bound is None else bound_to_one(bound)
        first, *others = (self._gender_of(words, person) for person in persons)
        reason = "another person of that gender is named, who may be meant"
        return Problem(Validity.AMBIGUOUS, reason) if first in others else None

    def _gender_of(self, words: Words, person: Person) -> str:
        if person.first:
            return self.table.gender_of(person.first)
        title = words.word(person.places[0][0] - 1)
        return "female" if title in self._language.female_titles else "male"

    def _sides(self, read: _Source, group: str) -> list[Side]:
        return [self._side(read, name) for name in self.names(group, read.gender)]

    def _side(self, read: _Source, name: FullName) -> Side:
        """Returns the text with `name` for its person's, and gendered words that fit it."""
        edits = [*_renamed(read.words, read.person, name)]
        if read.other_gender is not None:
            gendered = read.other_gender.edits
            kept, text = name.gender == read.gender, read.source.text
            edits += [_same(text, e) if kept else e for e in gendered]
        every = merged(edits)
        if every is None:  # "Mr. Emily": a title and a name that overlap cannot be told apart
            every = merged([*_renamed(read.words, read.person, name)]) or ()
        return Side(name, *apply(read.source.text, every))

    def _placebo(self, read: _Source, group: str, sides: Sequence[Side]) -> Iterator[Pair]:
        """Yields pairs within a group: neighbours in frequency, of one cell, in as many pieces."""
        contrast = Contrast(self.contrasts[0].attribute, group, group)
        waiting: dict[tuple[str, str, int], Side] = {}
        for side in sides:
            first = side.name.first
            pieces = self._count(first.name) if self._count else 0
            key = (first.gender, first.race, pieces)
            other = waiting.pop(key, None)
            if other is None:
                waiting[key] = side
            elif like_frequency(other.name.first.count, first.count):
                yield _pair(read, contrast, other, side, Arm.PLACEBO)

    def _fragmentation(self, read: _Source, group: str) -> Iterator[Pair]:
        """Yields common names in one piece against rare ones in several, within one group."""
        assert self._count is not None
        if not read.person.first:
            return
        reference = self.names(group, read.gender)
        cell = reference[0].first
        contrast = Contrast(self.contrasts[0].attribute, group, group)
        found = fragmented(
            self.table,
            gender=cell.gender,
            race=cell.race,
            count_tokens=self._count,
            limit=max(1, self._per_group // 4),
        )
        for (common, rare), beside in zip(found, reference, strict=False):
            a, b = (self._side(read, FullName(first, beside.last)) for first in (common, rare))
            yield _pair(read, contrast, a, b, Arm.FRAGMENTATION)


def _gender_problem(reading: Reading, change: Change | None, gender: str) -> Problem | None:
    """Words of the other gender speak of someone else, who would change as well."""
    if reading.groups - {gender}:
        return Problem(Validity.AMBIGUOUS, "the text speaks of people of two genders")
    if change is None or change.reason is None:
        return None
    return Problem(change.validity, change.reason)


def _titled(reading: Reading, person: Person, language: Language) -> Reading:
    """Returns the reading in which a kin title before the person's name moves along with it:
    "Uncle John" -> "Aunt Emily"."""
    names = {place for place, _ in person.places}

    def told(mention: Mention) -> Mention:
        kin = reading.words.word(mention.last) in language.kin_titles
        before = kin and mention.last + 1 in names
        return replace(mention, in_name=False) if before and mention.in_name else mention

    found = replace(reading.found, mentions=[*map(told, reading.mentions)])
    return replace(reading, found=found)


def _renamed(words: Words, person: Person, name: FullName) -> Iterator[Edit]:
    """Yields the mentions with the new name; the first one carries the last name too.

    A first name alone tells little ("Kenneth"), and the two groups would differ in how little.
    """
    told = any(not is_first for _, is_first in person.places[:2])
    for k, (i, is_first) in enumerate(person.places):
        new = name.first.name if is_first else name.last.name
        yield _rename(words, i, name.full if k == 0 and is_first and not told else new)


def _rename(words: Words, i: int, new: str) -> Edit:
    """ "James' car" -> "Emily's car"; capitals throughout stay so."""
    new = new.upper() if words.is_shouted(i) else new
    return possessive(words.text, Edit(words.spans[i], new, new), is_plural=False)


def _same(text: str, edit: Edit) -> Edit:
    """Returns the edit that leaves its place as it is: both sides of a pair have the same spans."""
    start, end = edit.span
    return Edit(edit.span, text[start:end], edit.term)


def _pair(read: _Source, contrast: Contrast, a: Side, b: Side, arm: Arm = Arm.SWAP) -> Pair:
    """Returns the pair of two names. Its terms are the full names, whatever of them is written:
    inference counts names."""
    return pair_of(
        read.source,
        contrast,
        arm=arm,
        group_from=contrast.group_a,
        group_to=contrast.group_b,
        term_from=a.name.full,
        term_to=b.name.full,
        text=a.text,
        counterfactual=b.text,
        spans_from=a.spans,
        spans_to=b.spans,
        validity=read.problem.validity if read.problem else Validity.VALID,
        reason=read.problem.reason if read.problem else None,
        frequency_from=float(a.name.first.count),
        frequency_to=float(b.name.first.count),
    )
