"""How a figure's rows are laid out as the table under it, and a section's measures as its tables.

A table is a grid of the places of rows, which pointers name; a list is a grid with one column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from auditor.metrics.groups.rates import OF_TRUTH
from auditor.records import GroupMetric
from auditor.report.figures.parts import FigureRow, Kind
from auditor.report.figures.wording import turned
from auditor.report.tables import ALL_GROUPS, Row, Table

Form = Literal["rate", "ratio", "signed", "count", "given"]


@dataclass(frozen=True, slots=True)
class Column:
    """A number of a row: its head, its key, how it is shown, and whether its ends stand by it."""

    head: str
    key: str
    form: Form
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Which rows of a figure share a line of its table."""

    lines: tuple[str, ...]
    """Keys of a row that a line is of; one of a name, or of numbers."""
    head: str
    across: str | None
    """Key whose values stand side by side; None: a list."""
    columns: tuple[Column, ...]


TABLES: dict[Kind, Layout] = {
    "ratios": Layout(
        ("column", "group", "reference"),
        "Group, and reference",
        None,
        (Column("Rows", "n", "count"), Column("Impact ratio", "ratio", "ratio", ends=True)),
    ),
    "rates": Layout(
        ("column", "group"),
        "Group",
        None,
        (Column("Rows", "n", "count"), Column("Rate", "rate", "rate", ends=True)),
    ),
    "intersections": Layout(
        ("first",),
        "Group",
        "second",
        (Column("rate", "rate", "rate"), Column("rows", "n", "count")),
    ),
    "cutoffs": Layout(
        ("cutoff",), "Cut-off", "group", (Column("ratio", "ratio", "ratio", ends=True),)
    ),
    "roc": Layout(
        ("cutoff",),
        "Cut-off",
        "group",
        (
            Column("true positive", "true_positive_rate", "rate"),
            Column("false positive", "false_positive_rate", "rate"),
        ),
    ),
    "reliability": Layout(
        ("from", "to"),
        "Scores",
        "group",
        (
            Column("mean score", "mean_score", "rate"),
            Column("share", "rate", "rate"),
            Column("rows", "n", "count"),
        ),
    ),
    "effects": Layout(
        ("attribute", "group_a", "group_b"),
        "Contrast",
        None,
        (
            Column("Pairs", "n", "count"),
            Column("Lower end", "p05", "signed"),
            Column("Lower quarter", "p25", "signed"),
            Column("Median", "median", "signed"),
            Column("Upper quarter", "p75", "signed"),
            Column("Upper end", "p95", "signed"),
            Column("Placebo within ±", "noise", "rate"),
            Column("Placebo pairs", "noise_n", "count"),
        ),
    ),
    "templates": Layout(
        ("template",),
        "Template",
        "term",
        (Column("effect", "effect", "signed"), Column("pairs", "n", "count")),
    ),
}
"""Kind of figure -> the table under it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: a row that is of it, and the places of its cells."""

    first: int
    cells: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A figure as a table."""

    layout: Layout
    across: tuple[int | None, ...]
    """A row for each value that stands side by side; one None for a list."""
    lines: tuple[Line, ...]


def grid_of(figure: FigureRow) -> Grid:
    """Returns a figure's table, in the order in which lines and columns first appear."""
    layout = TABLES[figure.kind]
    if figure.kind == "intersections" and turned(figure.rows):
        layout = replace(layout, lines=("second",), across="first")
    places: dict[tuple[Any, ...], dict[Any, int]] = {}
    across: dict[Any, int] = {}
    for place, row in enumerate(figure.rows):
        side = row[layout.across] if layout.across else None
        across.setdefault(side, place)
        places.setdefault(tuple(row[key] for key in layout.lines), {})[side] = place
    lines = (
        Line(next(iter(cells.values())), tuple(cells.get(side) for side in across))
        for cells in places.values()
    )
    return Grid(layout, tuple(across.values()) if layout.across else (None,), tuple(lines))


OUTCOMES = ("Rates", "Scores")
"""Families of measures that need no true labels: section 6 shows them, section 7 the others."""
_NEEDS_NONE = ("demographic_parity", "omnibus", "selection_rate")
"""Beginnings of other measures that need none."""


def of_outcomes(tables: Sequence[Table]) -> list[Table]:
    """Returns the tables of groups that need no true labels."""
    return [table for table in tables if _needs_none(table)]


def of_errors(tables: Sequence[Table]) -> list[Table]:
    """Returns the tables of groups that rest on true labels."""
    return [table for table in tables if not _needs_none(table)]


def _needs_none(table: Table) -> bool:
    others = [not metric.startswith(_NEEDS_NONE) for metric in (*table.columns, *absent_of(table))]
    return table.title in OUTCOMES or not any(others)


def absent_of(table: Table) -> list[str]:
    """Returns the measures of a table that no row has."""
    return [name for names in table.absent.values() for name in names]


def of_metrics(table: Table, *, labels: bool) -> Table | None:
    """Returns a table with the measures that rest on true labels, or with the others; None where
    it has none of them."""
    columns = tuple(m for m in table.columns if m.startswith(_NEEDS_NONE) is not labels)
    absent = {
        place: kept
        for place, names in table.absent.items()
        if (kept := tuple(m for m in names if m.startswith(_NEEDS_NONE) is not labels))
    }
    rows = tuple(row for row in table.rows if any(name in row.cells for name in columns))
    if not rows and not absent:
        return None
    return Table(table.title, columns, tuple(_only(row, columns) for row in rows), absent)


def _only(row: Row, columns: Sequence[str]) -> Row:
    cells = {name: place for name, place in row.cells.items() if name in columns}
    return Row(row.key, next(iter(cells.values())), cells)


def over_all(groups: Sequence[GroupMetric], *, labels: bool) -> list[int]:
    """Returns the places of measures over all groups of a column, those that rest on true labels
    or the others."""
    return [
        place
        for place, g in enumerate(groups)
        if g.group == ALL_GROUPS and g.metric.startswith(_NEEDS_NONE) is not labels
    ]


def has_labels(groups: Sequence[GroupMetric]) -> bool:
    """Whether any group's true labels were read."""
    return any(g.metric in OF_TRUTH and g.estimate.value is not None for g in groups)


def why_no_labels(groups: Sequence[GroupMetric]) -> int | None:
    """Returns the place that says why no true label was read; None: no group of people at all."""
    for place, g in enumerate(groups):
        if g.metric in OF_TRUTH and g.estimate.value is None:
            return place
    return None


def measured(groups: Sequence[GroupMetric], places: Sequence[int]) -> list[int]:
    """Returns the places of those that have a value."""
    return [place for place in places if groups[place].estimate.value is not None]


def why_absent(groups: Sequence[GroupMetric], places: Sequence[int]) -> dict[int, list[str]]:
    """Returns the measures that no column has, by the first place that gives their reason."""
    there = {groups[place].metric for place in measured(groups, places)}
    found: dict[str | None, tuple[int, dict[str, None]]] = {}
    for place in places:
        if groups[place].metric not in there:
            reason = groups[place].estimate.reason
            found.setdefault(reason, (place, {}))[1][groups[place].metric] = None
    return {place: list(names) for place, names in found.values()}
