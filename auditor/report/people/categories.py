"""The tables of Local Law 144: n, rate and impact ratio of every category, exact from counts.

The ratio is to the highest rate. A category may be left out of the ratios only with a
justification; its number and rate are still given, and no other is held against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from auditor.report.people.bounds import ratio_bounds
from auditor.report.people.counting import Census, Tally
from auditor.report.people.parts import CategoryRow, CategoryTable, TableKind

SMALL = Fraction(2, 100)
"""Of the people in a table: a smaller category may be left out (6 RCNY 5-301(d))."""
NO_ONE = "no one with an outcome"
LEFT_OUT = "left out: fewer than two in a hundred of this table"
NO_RATE = "no category that is held against others has a rate above zero"


@dataclass(frozen=True, slots=True)
class Named:
    """A table to make: what it is of, and the columns of its categories."""

    kind: TableKind
    columns: tuple[str, ...]


def category_table(census: Census, named: Named, *, exclude_small: bool) -> CategoryTable:
    """Returns the table of one column's categories, or of the intersections of several.

    Args:
        exclude_small: leave categories under `SMALL` out of the ratios.
    """
    tallies, unknown = _ordered(census, named.columns), census.unknown(named.columns)
    total = sum(tally.n for tally in tallies)
    excluded = [exclude_small and tally.n < SMALL * total for tally in tallies]
    kept = [tally for tally, left in zip(tallies, excluded, strict=True) if not left]
    highest = _highest(kept)
    return CategoryTable(
        kind=named.kind,
        columns=list(named.columns),
        missing=None,
        rows=[
            _row(tally, total, highest, unknown, excluded=left)
            for tally, left in zip(tallies, excluded, strict=True)
        ],
        n=total,
        hits=sum(tally.hits for tally in tallies),
        unknown=unknown.n,
        undecided=unknown.undecided,
    )


def absent_table(kind: TableKind, why: str) -> CategoryTable:
    """Returns a table that the law asks for and that could not be made."""
    return CategoryTable(
        kind=kind, columns=[], missing=why, rows=[], n=0, hits=0, unknown=0, undecided=0
    )


def _ordered(census: Census, columns: Sequence[str]) -> list[Tally]:
    """Categories with most people first; intersections in the order of their columns' tables."""
    places = [
        {tally.names: place for place, tally in enumerate(_by_size(census.known([name])))}
        for name in columns
    ]
    return sorted(
        census.known(columns),
        key=lambda tally: [own[name,] for own, name in zip(places, tally.names, strict=True)],
    )


def _by_size(tallies: Sequence[Tally]) -> list[Tally]:
    return sorted(tallies, key=lambda tally: (-tally.n, tally.names))


def _highest(tallies: Sequence[Tally]) -> Tally | None:
    """The highest rate, of equal ones the larger category; None: no one was selected."""
    rated = [tally for tally in tallies if tally.hits]
    return max(rated, key=lambda tally: (Fraction(tally.hits, tally.n), tally.n), default=None)


def _row(
    tally: Tally, total: int, highest: Tally | None, unknown: Tally, *, excluded: bool
) -> CategoryRow:
    reason = _why_no_ratio(tally, highest, excluded=excluded)
    against = None if reason else highest
    low, high = _bounds(tally, against, unknown)
    return CategoryRow(
        names=list(tally.names),
        n=tally.n,
        hits=tally.hits,
        rate=tally.hits / tally.n if tally.n else None,
        impact_ratio=tally.hits * against.n / (against.hits * tally.n) if against else None,
        no_ratio=reason,
        share=tally.n / total if total else None,
        is_highest=tally is highest,
        excluded=excluded,
        low=low,
        high=high,
    )


def _why_no_ratio(tally: Tally, highest: Tally | None, *, excluded: bool) -> str | None:
    if not tally.n:
        return NO_ONE
    if excluded:
        return LEFT_OUT
    return NO_RATE if highest is None else None


def _bounds(
    tally: Tally, highest: Tally | None, unknown: Tally
) -> tuple[float, float] | tuple[None, None]:
    hidden = unknown.n + unknown.undecided
    if highest is None or tally is highest or not hidden:
        return None, None
    return ratio_bounds(tally, highest, unknown)
