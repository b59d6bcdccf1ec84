"""The figure of two protected columns at once: the rate of every pair of their groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from auditor.metrics.groups.columns import CROSSED, JOINT
from auditor.metrics.groups.rows import UNKNOWN
from auditor.records import Estimate, GroupMetric
from auditor.report.figures.parts import FigureRow
from auditor.report.figures.wording import counted, extremes
from auditor.report.words import isolated


def intersections(
    rates: Sequence[GroupMetric], plain: Sequence[str], least: int
) -> Iterator[FigureRow]:
    """Yields a figure for every two columns that were crossed.

    Args:
        rates: the selection rates of one model.
        plain: its columns that are not crossed.
        least: rows that a group needs to be judged.
    """
    places = {(g.column, g.group): g.estimate for g in rates}
    known = {
        name: [g.group for g in rates if g.column == name and g.group != UNKNOWN] for name in plain
    }
    columns = {column for column, _ in places}
    for first, second in combinations(plain, 2):
        if f"{first}{CROSSED}{second}" in columns:
            rows = _cells((first, second), known, places, least)
            if rows:  # none where everyone is of unknown group
                yield _figure((first, second), rows, least)


def _cells(
    columns: tuple[str, str],
    known: Mapping[str, Sequence[str]],
    places: Mapping[tuple[str, str], Estimate],
    least: int,
) -> list[dict[str, Any]]:
    """Rows of all pairs of groups, also of those that nobody is in."""
    crossed = CROSSED.join(columns)
    return [
        _cell(a, b, places.get((crossed, f"{a}{JOINT}{b}")), least)
        for a, b in product(*(known[column] for column in columns))
    ]


def _cell(first: str, second: str, rate: Estimate | None, least: int) -> dict[str, Any]:
    n, value = (rate.n, rate.value) if rate else (0, None)
    return {"first": first, "second": second, "n": n, "rate": value, "small": n < least}


def _figure(columns: tuple[str, str], rows: list[dict[str, Any]], least: int) -> FigureRow:
    empty = sum(row["n"] == 0 for row in rows)
    small = sum(row["small"] for row in rows) - empty
    named = [
        {**row, "group": f"{isolated(row['first'])} and {isolated(row['second'])}"}
        for row in rows
        if row["rate"] is not None
    ]
    first, second = columns
    both = f"{isolated(first)} and {isolated(second)}"
    return FigureRow(
        name=f"intersections of {first} and {second}",
        kind="intersections",
        section="groups",
        title=f"Share given the favourable outcome, by {both}",
        statement=(
            f"Selection rates of {counted(rows, 'intersection')} of {both}: {small} with fewer "
            f"than {least} rows, {empty} without any. {extremes(named, least)}"
        ),
        level=None,
        marks={},
        rows=rows,
    )
