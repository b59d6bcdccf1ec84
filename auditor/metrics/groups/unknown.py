"""How far the rows of unknown group could move an impact ratio."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.metrics.estimates import Interval
from auditor.metrics.groups.rows import UNKNOWN, GroupRows, Mask
from auditor.records import Estimate


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of a group there are, and were selected (or their weights)."""

    selected: float
    n: float

    @classmethod
    def of(cls, table: GroupRows, rows: Mask) -> Counts:
        """Returns the counts of the `rows` of a table whose rows are all decided."""
        weight = table.weight
        return cls(float(weight[rows & table.selected].sum()), float(weight[rows].sum()))


def unknown_bounds(group: Counts, reference: Counts, unknown: Counts) -> Interval | None:
    """Returns the least and the greatest ratio of rates of `group` over `reference`.

    Least: every unknown row that was selected is of the reference, every other of the group;
    greatest: the reverse. None where the reference might have no row selected.
    """
    refused = unknown.n - unknown.selected
    rates = [
        _divide(group.selected, group.n + refused),
        _divide(reference.selected + unknown.selected, reference.n + unknown.selected),
        _divide(group.selected + unknown.selected, group.n + unknown.selected),
        _divide(reference.selected, reference.n + refused),
    ]
    if any(rate is None for rate in rates) or not rates[1] or not rates[3]:
        return None
    return float(rates[0] or 0.0) / rates[1], float(rates[2] or 0.0) / rates[3]


def _divide(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def impact_ratio_bounds(table: GroupRows, highest: str | None) -> dict[tuple[str, str], Estimate]:
    """Returns (group, "impact_ratio_bounds") -> bounds; {} where no row's group is unknown.

    `low` and `high` are certain, whatever the groups of these rows are: their `level` is 1. They
    are of this group and the highest as it stands, so the greatest may be above 1.
    """
    decided = table.only(table.decided)
    if UNKNOWN not in decided.names or not decided.of(UNKNOWN).any() or highest is None:
        return {}
    hidden = Counts.of(decided, decided.of(UNKNOWN))
    against = Counts.of(decided, decided.of(highest))
    found = {}
    for group in decided.known:
        if group != highest:
            counts = Counts.of(decided, decided.of(group))
            found[group, "impact_ratio_bounds"] = _estimate(counts, against, hidden, highest)
    return found


def _estimate(group: Counts, reference: Counts, unknown: Counts, name: str) -> Estimate:
    bounds = unknown_bounds(group, reference, unknown)
    if bounds is None:
        return Estimate.missing(f"no row of {name} was selected", unit="ratio")
    value = group.selected * reference.n / (reference.selected * group.n)
    method = f"every row of unknown group in this group or in {name}"
    size = round(group.n)
    return Estimate(value, *bounds, size, size, "ratio", method, level=1.0)
