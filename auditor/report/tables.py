"""How lists of numbers are laid out as tables that a person can read: few columns, many tables.

A cell is the place of its row in the summary's list, which its pointer names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.records import Arm, Basis, Comparison, Estimate, GroupMetric, SystematicEffect
from auditor.report.measures import FAMILIES, GROUP_FAMILIES
from auditor.report.parts import FindingRow

ALL_GROUPS = "all groups"
"""The `group` of a metric that compares the groups of a column."""
FURTHER = "Further measures"
MATCHED = "Names alike in frequency and pieces"
"""The family that stands with the other arms."""
COUNTS = "count"
"""The metric that only says how many rows a group has: each table says so itself."""
_BARE = ("share",)
"""Of all rows there are, so no reason is asked for why it has no interval."""


Listed = FindingRow | GroupMetric


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: who it is about, and its cells."""

    key: tuple[str, ...]
    first: int
    """A row of the list that is about the same."""
    cells: Mapping[str, int]
    """Measure -> its place in the list; a measure that this row lacks is left out."""


@dataclass(frozen=True, slots=True)
class Table:
    """Measures of one family, one column each, for all that have any."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    absent: Mapping[int, tuple[str, ...]]
    """Measures of the family that no row has, by a place in the list that says why."""


def by_family(findings: Sequence[FindingRow]) -> list[Table]:
    """Returns one table per family of measures, contrasts as rows."""
    return _tables(
        findings,
        FAMILIES,
        measure=lambda f: f.metric,
        key=lambda f: (f.attribute, f.group_a, f.group_b),
    )


def by_arm(findings: Sequence[FindingRow]) -> list[tuple[Arm, list[Table]]]:
    """Returns the tables of each arm that is there; cells are places in `findings`."""
    found = []
    for arm in Arm:
        places = [i for i, f in enumerate(findings) if f.arm is arm]
        if places:
            found.append((arm, _shifted(by_family([findings[i] for i in places]), places)))
    return found


def by_group(groups: Sequence[GroupMetric], *, over_all: bool = False) -> list[Table]:
    """Returns one table per family of measures, groups of people as rows.

    Args:
        over_all: the measures that compare all groups of a column, in place of each group's.
    """
    wanted = [g.metric != COUNTS and (g.group == ALL_GROUPS) is over_all for g in groups]
    places = [i for i, kept in enumerate(wanted) if kept]
    found = _tables(
        [groups[i] for i in places],
        {} if over_all else GROUP_FAMILIES,
        measure=lambda g: g.metric,
        key=lambda g: (g.model_id, g.column, g.group),
    )
    return _shifted(found, places)


def _tables(
    items: Sequence[Any],
    families: Mapping[str, Sequence[str]],
    *,
    measure: Callable[[Any], str],
    key: Callable[[Any], tuple[str, ...]],
) -> list[Table]:
    measures = dict.fromkeys(measure(item) for item in items)
    known = {name for names in families.values() for name in names}
    rest = tuple(name for name in measures if name not in known)
    tables = []
    for title, names in {**families, FURTHER: rest}.items():
        own = [i for i, item in enumerate(items) if measure(item) in names]
        if own:
            tables.append(_table(title, [n for n in names if n in measures], own, items, key))
    return tables


def _table(
    title: str,
    names: Sequence[str],
    own: Sequence[int],
    items: Sequence[Any],
    key: Callable[[Any], tuple[str, ...]],
) -> Table:
    measured = {items[i].metric for i in own if items[i].estimate.value is not None}
    rows: dict[tuple[str, ...], dict[str, int]] = {}
    for i in own:
        if items[i].metric in measured:
            rows.setdefault(key(items[i]), {})[items[i].metric] = i
    lacking = [i for i in own if items[i].metric not in measured]
    return Table(
        title,
        tuple(name for name in names if name in measured),
        tuple(Row(k, next(iter(cells.values())), cells) for k, cells in rows.items()),
        _by_reason(lacking, items),
    )


def _by_reason(places: Sequence[int], items: Sequence[Any]) -> dict[int, tuple[str, ...]]:
    """Returns measures by the first place that gives their reason."""
    found: dict[str, tuple[int, dict[str, None]]] = {}
    for i in places:
        found.setdefault(items[i].estimate.reason, (i, {}))[1][items[i].metric] = None
    return {place: tuple(names) for place, names in found.values()}


def _shifted(tables: Sequence[Table], places: Sequence[int]) -> list[Table]:
    """Returns tables of some of a list with their cells as places in the whole."""
    return [
        Table(
            table.title,
            table.columns,
            tuple(
                Row(row.key, places[row.first], {k: places[i] for k, i in row.cells.items()})
                for row in table.rows
            ),
            {places[i]: names for i, names in table.absent.items()},
        )
        for table in tables
    ]


def by_basis(findings: Sequence[FindingRow]) -> list[tuple[Basis, list[int]]]:
    """Returns the places of the findings of swaps, and of those of groups of people."""
    found: dict[Basis, list[int]] = {}
    for place, finding in enumerate(findings):
        found.setdefault(finding.basis, []).append(place)
    return list(found.items())


def picked(findings: Sequence[FindingRow], places: Sequence[int]) -> list[FindingRow]:
    """Returns the findings at some places."""
    return [findings[i] for i in places]


def estimates(rows: Sequence[Listed], places: Sequence[int]) -> list[Estimate]:
    """Returns the estimates at some places."""
    return [rows[i].estimate for i in places]


def first_interval(each: Iterable[Estimate]) -> int:
    """Returns the place of the first estimate that has an interval. Needs one."""
    return next(i for i, e in enumerate(each) if e.low is not None)


def shared_n(rows: Sequence[Listed], row: Row) -> int | None:
    """Returns a place whose n is that of all measured cells of a row; None: they differ."""
    measured = [i for i in row.cells.values() if rows[i].estimate.value is not None]
    return measured[0] if len({rows[i].estimate.n for i in measured}) == 1 else None


def any_shared_n(rows: Sequence[Listed], table: Table) -> bool:
    """Returns whether a column of counts would have any count in it."""
    return any(shared_n(rows, row) is not None for row in table.rows)


def column(table: Table, metric: str) -> list[int]:
    """Returns the places of the cells of one measure."""
    return [row.cells[metric] for row in table.rows if metric in row.cells]


def unit_of(rows: Sequence[Listed], table: Table, metric: str) -> str:
    """Returns the unit of a column; "" where its cells differ."""
    units = {rows[i].estimate.unit for i in column(table, metric)}
    return units.pop() if len(units) == 1 else ""


def level_of(rows: Sequence[Listed], table: Table, metric: str) -> float:
    """Returns the level that the intervals of a column share; 0: they differ, or there is none."""
    return common_level(estimates(rows, column(table, metric)))


def interval_of(rows: Sequence[Listed], table: Table, metric: str) -> int:
    """Returns the place of the first cell of a column with an interval. Needs one."""
    places = column(table, metric)
    return places[first_interval(estimates(rows, places))]


def common_level(estimates: Iterable[Estimate]) -> float:
    """Returns the level that all intervals share; 0: they differ, so each says its own."""
    levels = {e.level for e in estimates if e.low is not None}
    return levels.pop() if len(levels) == 1 else 0.0


def remarks(
    table: Table, rows: Sequence[Listed], *, unmeasured: bool = True
) -> dict[int, tuple[str, ...]]:
    """Returns measures by a place that says why a row has no value, or no interval: once below the
    table, not in every cell. Shares of all rows need no reason.

    Args:
        unmeasured: also why there is no value; False: the cells say so themselves.
    """
    places = [i for row in table.rows for name, i in row.cells.items() if name not in _BARE]
    kept = [i for i in places if unmeasured or rows[i].estimate.value is not None]
    return _by_reason([i for i in kept if rows[i].estimate.reason], rows)


def rate_of(comparison: Comparison, groups: Sequence[GroupMetric]) -> int | None:
    """Returns the place of the selection rate of a comparison's group."""
    wanted = (comparison.model_id, comparison.column, comparison.group, "selection_rate")
    for place, g in enumerate(groups):
        if (g.model_id, g.column, g.group, g.metric) == wanted:
            return place
    return None


def distinct_reasons(systematic: Sequence[SystematicEffect]) -> list[int]:
    """Returns the first place of every reason: words and names have different ones."""
    reasons = [each.reason for each in systematic]
    return [i for i, reason in enumerate(reasons) if reason not in reasons[:i]]


def has_p(systematic: Sequence[SystematicEffect]) -> bool:
    """Whether any systematic effect was tested, so that there is a column for it."""
    return any(each.p is not None for each in systematic)
