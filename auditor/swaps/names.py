"""Names that signal a gender and a race, in cells of equal size and like frequency.

Reads `datasets/names/`, whose README says where each name is from and what it cannot tell. Nothing
is drawn at random and no model is asked which names to take, so runs and models share their pairs.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import inf, log10
from typing import TypeVar

from auditor.content import content_path
from auditor.errors import DataError

Cell = tuple[str, str]  # gender, race
CountTokens = Callable[[str], int]  # name, as it stands within a sentence -> pieces of a tokenizer


@dataclass(frozen=True, slots=True)
class FirstName:
    """A first name, with the gender and the race that it signals."""

    name: str
    gender: str
    race: str
    count: int
    """Babies of that name and sex, United States, 2010; 0: fewer than five."""
    word: bool
    """Also a word, place or figure of English: "Grace", "Kenya", "Jesus"."""
    share: float | None = None
    """Percent of its bearers who are of that race, among mortgage applicants; None: too rare."""

    @property
    def alone(self) -> bool:
        """Whether it signals the race without a last name: "Minh" does, "Kenneth" does not."""
        # A name too rare for a share is no common name of another race.
        return self.share is None or self.share >= 50


@dataclass(frozen=True, slots=True)
class LastName:
    """A last name, with the race that it signals."""

    name: str
    race: str
    share: float | None
    """Percent of its bearers who are of that race, Census 2010; None: not in the top 1,000."""
    per_100k: float
    """Bearers per 100,000 people, Census 2010; 0: not in the top 1,000."""


@dataclass(frozen=True, slots=True)
class FullName:
    """A first and a last name that signal the same race."""

    first: FirstName
    last: LastName

    @property
    def full(self) -> str:
        return f"{self.first.name} {self.last.name}"

    @property
    def gender(self) -> str:
        return self.first.gender

    @property
    def race(self) -> str:
        return self.first.race


@dataclass(frozen=True, slots=True)
class KnownName:
    """A first name that tells a person in a text, whatever race it signals."""

    name: str
    gender: str
    word: bool
    """Also a word, place, month or figure, or a last name first of all: no person by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class NameTable:
    """All names there are, by casefolded spelling."""

    first: Mapping[str, FirstName]
    last: Mapping[str, LastName]
    known: Mapping[str, KnownName]
    sha256: str  # of the files, one after the other
    common: Mapping[str, bool] = field(default_factory=dict)
    """The 1,000 commonest last names of the United States, and whether each is a word as well."""
    well_known: tuple[str, ...] = ()
    """Full names of known people, works and brands."""

    def gender_of(self, first: str) -> str:
        """Returns the gender that a known first name, casefolded, signals."""
        return self.known[first].gender

    def is_last(self, word: str) -> bool:
        """Whether a casefolded word is a common last name."""
        return word in self.last or word in self.common

    def tells_person(self, last: str) -> bool:
        """Whether a last name makes a person of a word before it: "Mark Johnson", not "Mark
        Long"."""
        return not self.common[last] if last in self.common else last in self.last


FILES = (
    "first_names.csv",
    "last_names.csv",
    "known_names.csv",
    "common_last_names.csv",
    "well_known.csv",
)
_Name = TypeVar("_Name", FirstName, LastName)
_Key = TypeVar("_Key", str, Cell)


@cache
def read_names() -> NameTable:
    """Returns the names that come with the auditor; DataError where they are missing."""
    contents = [content_path("datasets", "names", file).read_bytes() for file in FILES]
    tables = (csv.DictReader(x.decode("utf-8").splitlines()) for x in contents)
    first, last, known, common, famous = tables
    return NameTable(
        {row["name"].casefold(): _first(row) for row in first},
        {row["name"].casefold(): _last(row) for row in last},
        {r["name"].casefold(): KnownName(r["name"], r["gender"], _word(r)) for r in known},
        sha256=hashlib.sha256(b"".join(contents)).hexdigest(),
        common={row["name"].casefold(): _word(row) for row in common},
        well_known=tuple(row["name"] for row in famous),
    )


def _first(row: Mapping[str, str]) -> FirstName:
    told = (row["name"], row["gender"], row["race"])
    return FirstName(*told, int(row["count"]), _word(row), _share(row))


def _last(row: Mapping[str, str]) -> LastName:
    return LastName(row["name"], row["race"], _share(row), float(row["per_100k"] or 0))


def _word(row: Mapping[str, str]) -> bool:
    return row["word"] == "true"


def _share(row: Mapping[str, str]) -> float | None:
    return float(row["share"]) if row["share"] else None


def crossed_names(
    table: NameTable, *, races: Sequence[str], genders: Sequence[str], per_group: int = 24
) -> Mapping[Cell, tuple[FullName, ...]]:
    """Returns equally many names for each (gender, race), name k of every cell of like frequency.

    No first name stands in two cells; the cells of one race share their last names. Left out are
    first names that are a word, or a last name of the table. More `per_group` find smaller effects
    (24: 0.83 SD of names, 6: 1.8) but match worse. DataError where a cell has fewer.
    """
    firsts = {(g, r): _cell(table, g, r) for g in genders for r in races}
    lasts = {race: [x for x in table.last.values() if x.race == race] for race in races}
    _check_sizes({c: min(len(x), len(lasts[c[1]])) for c, x in firsts.items()}, per_group)
    last = _matched(lasts, per_group)
    return {
        cell: tuple(FullName(*pair) for pair in zip(names, last[cell[1]], strict=True))
        for cell, names in _matched(firsts, per_group).items()
    }


def _cell(table: NameTable, gender: str, race: str) -> list[FirstName]:
    """Returns the first names of a cell, without words and last names ("Charles", "Jackson")."""
    every, cell = table.first.items(), (gender, race)
    return [x for k, x in every if (x.gender, x.race) == cell and not (x.word or k in table.last)]


def _check_sizes(sizes: Mapping[Cell, int], per_group: int) -> None:
    smallest = min(sizes.values(), default=0)
    if smallest >= per_group:
        return
    there = ", ".join(f"{race} {gender} {n}" for (gender, race), n in sizes.items())
    remedy = f"ask for {smallest} names or fewer" if smallest else "leave out what has none"
    raise DataError(
        f"{per_group} names for each gender and race are asked for; there are {there}; {remedy}"
    )


def _matched(names: Mapping[_Key, list[_Name]], n: int) -> dict[_Key, list[_Name]]:
    """Returns n names of each cell, commonest first, nearest to one profile of frequencies.

    Place k of the profile lies halfway between the least and the most that all cells can reach,
    so the cell that is farthest off is as near as can be.
    """
    ranked = {k: sorted(x, key=lambda y: (-log_frequency(y), y.name)) for k, x in names.items()}
    logs = {key: [log_frequency(x) for x in cell] for key, cell in ranked.items()}
    profile = [
        (min(x[k] for x in logs.values()) + max(x[len(x) - n + k] for x in logs.values())) / 2
        for k in range(n)
    ]
    return {key: [ranked[key][i] for i in _nearest(logs[key], profile)] for key in names}


def log_frequency(name: FirstName | LastName) -> float:
    """Returns log10 of the babies, or of the bearers of a last name in 100,000."""
    # SSA publishes no count below five: half of that stands for none. Rounded, so that equally
    # good names are equally good on every machine.
    frequency = name.count if isinstance(name, FirstName) else name.per_100k
    return round(log10(max(frequency, 2.5)), 6)


def like_frequency(a: float, b: float) -> bool:
    """Whether two names were given about as often: one at most four times as often as the other."""
    low, high = sorted((max(a, 1.0), max(b, 1.0)))
    return high <= 4 * low


def _nearest(values: Sequence[float], profile: Sequence[float]) -> tuple[int, ...]:
    """Returns the places of the values that, in order, fit the profile with least squares."""
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())] * (len(values) + 1)
    for target in profile:
        row: list[tuple[float, tuple[int, ...]]] = [(inf, ())]
        for i, value in enumerate(values):
            cost, places = best[i]
            row.append(min(row[-1], (cost + (value - target) ** 2, (*places, i))))
        best = row
    return best[-1][1]


def fragmented(
    table: NameTable, *, gender: str, race: str, count_tokens: CountTokens, limit: int
) -> list[tuple[FirstName, FirstName]]:
    """Returns pairs (common name in one piece, rarer name in several) that signal the same.

    A gap within such pairs is one of rarity and fragmentation and none of race. Names that signal
    the race alone, each used once, the widest contrast first.
    """
    pieces = {x: count_tokens(x.name) for x in _cell(table, gender, race) if x.alone}
    whole = sorted((x for x in pieces if pieces[x] == 1), key=lambda x: (-x.count, x.name))
    cut = sorted((x for x in pieces if pieces[x] > 1), key=lambda x: (x.count, -pieces[x], x.name))
    pairs = [(a, b) for a, b in zip(whole, cut, strict=False) if a.count > b.count]
    return pairs[:limit]
