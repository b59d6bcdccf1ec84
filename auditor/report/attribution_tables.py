"""How attributions are laid out: which columns there are, what is said once below a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.records import Contrast, Estimate
from auditor.records_attributions import Role
from auditor.report.parts_attributions import (
    AttributionsPart,
    CheckRow,
    ContrastRow,
    Sides,
    UnitRow,
)
from auditor.report.words import contrast_words

SHADES = (0.5, 0.25, 0.1)
"""Shares of the largest part of a pair's gap from which a token is shaded darkest, and so on."""
BASE = "gap_base"
WORDS_SHOWN = 12
ROUNDING = 1e-6
"""What is smaller is rounding of sums in float32."""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Numbers without a value or an interval for one reason."""

    pointer: str
    """Of the first of them, below the list of contrasts."""
    names: tuple[str, ...]
    of: tuple[str, ...]
    """Contrasts, in words."""
    all: bool
    """Whether these are all contrasts."""


def unsaid(rows: Sequence[ContrastRow], names: Sequence[str]) -> dict[str, Unsaid]:
    """Returns every reason why there is no value or no interval, once."""
    found: dict[str, list[tuple[int, str]]] = {}
    for place, row in enumerate(rows):
        for name in names:
            estimate = _estimate(row, name)
            reason = estimate.reason
            # That nothing lies on the base is an answer: it needs no interval.
            if reason and not (name == BASE and is_rounding(estimate.value)):
                found.setdefault(reason, []).append((place, name))
    return {reason: _unsaid(rows, each) for reason, each in found.items()}


def _unsaid(rows: Sequence[ContrastRow], each: Sequence[tuple[int, str]]) -> Unsaid:
    places = dict.fromkeys(place for place, _ in each)
    return Unsaid(
        pointer="/{}/{}".format(*each[0]),
        names=tuple(dict.fromkeys(name for _, name in each)),
        of=tuple(_words(rows[place]) for place in places),
        all=len(places) == len(rows),
    )


def _words(row: ContrastRow) -> str:
    return contrast_words(_contrast(row))


def _contrast(row: ContrastRow) -> Contrast:
    return Contrast(row.attribute, row.group_a, row.group_b)


def any_names(rows: Sequence[ContrastRow]) -> bool:
    """Whether the groups of any contrast are told by names."""
    return any(_contrast(row).crossed for row in rows)


def _estimate(row: ContrastRow, name: str) -> Estimate:
    estimate: Estimate = getattr(row, name)
    return estimate


def first_level(rows: Sequence[ContrastRow], names: Sequence[str]) -> tuple[float, str] | None:
    """Returns the level of the first interval and the pointer of its estimate; None: there is no
    interval. All numbers of contrasts have one level."""
    for place, row in enumerate(rows):
        for name in names:
            if _estimate(row, name).low is not None:
                return _estimate(row, name).level, f"/{place}/{name}"
    return None


def has_base(rows: Sequence[ContrastRow]) -> bool:
    """Whether any contrast has a part of its gap on the base, or may have."""
    return not all(is_rounding(row.gap_base.value) for row in rows)


def is_rounding(value: float | None) -> bool:
    """Whether a number is nothing but rounding."""
    return value is not None and abs(value) <= ROUNDING


@dataclass(frozen=True, slots=True)
class Control:
    """The placebo pairs that some contrasts are read against."""

    place: int
    """Of the first of them."""
    attributes: tuple[str, ...]
    """Theirs; empty: there is one control for all."""


def controls(rows: Sequence[ContrastRow], names: Sequence[str]) -> list[Control]:
    """Returns the controls of some columns, each once: contrasts share them."""
    found: dict[tuple[object, ...], list[int]] = {}
    for place, row in enumerate(rows):
        own = [_estimate(row, control) for name in names if (control := control_of(name))]
        found.setdefault(tuple((e.value, e.n, e.clusters) for e in own), []).append(place)
    return [Control(places[0], _of(rows, places, len(found))) for places in found.values()]


def _of(rows: Sequence[ContrastRow], places: Sequence[int], count: int) -> tuple[str, ...]:
    names = dict.fromkeys(rows[place].attribute for place in places)
    return tuple(names) if count > 1 else ()


def control_of(name: str) -> str | None:
    """Returns the key of the same of placebo pairs; None: it has none, or two columns share it."""
    plain = name.removesuffix("_a").removesuffix("_b")
    known = f"placebo_{plain}" in ContrastRow.model_fields
    return f"placebo_{plain}" if known and not name.endswith("_a") else None


def largest_words(rows: Sequence[ContrastRow]) -> list[tuple[int, int]]:
    """Returns the places of the words that change most, of all contrasts: row, and place in it."""
    every = [(place, rank) for place, row in enumerate(rows) for rank in range(len(row.words))]
    sizes = {(i, j): abs(rows[i].words[j].change.value or 0.0) for i, j in every}
    return sorted(every, key=lambda at: (-sizes[at], at))[:WORDS_SHOWN]


def style(unit: UnitRow, largest: float) -> str:
    """Returns the classes of a token: up or down with how dark, and whether it is the term."""
    classes = [] if unit.units > 1 else [shade(unit.value.gap, largest)]
    classes += ["term"] if unit.role is Role.TERM else []
    return " ".join(name for name in classes if name)


def shade(part: float, largest: float) -> str:
    """Returns "up-3" where the second text's output is raised by half the largest part or more,
    down to "up-1" and ""; "down-3" and so on where it is lowered."""
    share = abs(part / largest) if largest else 0.0
    darkness = sum(share >= each for each in SHADES)
    return f"{'up' if part > 0 else 'down'}-{darkness}" if darkness else ""


def is_left(residual: Sides) -> bool:
    """Whether values and base leave something of the output that is no rounding."""
    return not (is_rounding(residual.text) and is_rounding(residual.counterfactual))


def measured(part: AttributionsPart) -> tuple[int, int] | None:
    """Returns the places of the first check, row and cell, with a value; None: there is none."""
    for place, row in enumerate(part.checks):
        for column, cell in enumerate(row.cells):
            if cell is not None and cell.estimate.low is not None:
                return place, column
    return None


def agreed(part: AttributionsPart, one: int, other: int) -> int | None:
    """Returns the place of the agreement between two methods, given by their places."""
    for place, row in enumerate(part.agreement):
        if (row.first, row.second) == (one, other):
            return place
    return None


def shared(checks: Sequence[CheckRow], key: str) -> dict[int, tuple[str, ...]]:
    """Returns the measures that share a `key`, by the place of the first of them."""
    found: dict[str, tuple[int, dict[str, None]]] = {}
    for place, row in enumerate(checks):
        words = getattr(row, key)
        if words is not None:
            found.setdefault(words, (place, {}))[1][row.title] = None
    return {place: tuple(titles) for place, titles in found.values()}


def unchecked(part: AttributionsPart) -> dict[str, tuple[str, list[str]]]:
    """Returns why checks were not made or have no interval, each reason once: with a pointer below
    the list of checks, and the measures with their methods."""
    found: dict[str, tuple[str, list[str]]] = {}
    for place, row in enumerate(part.checks):
        methods: dict[str, list[str]] = {}
        for column, cell in enumerate(row.cells):
            if cell is not None and (reason := cell.estimate.reason):
                found.setdefault(reason, (f"/{place}/cells/{column}", []))
                methods.setdefault(reason, []).append(part.methods[column].title)
        for reason, titles in methods.items():
            found[reason][1].append(f"{row.title} of {', '.join(titles)}")
    return found
