"""Which group the others are held against: never unknown, never one too small to lean on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditor.metrics.groups.columns import CROSSED, JOINT
from auditor.metrics.groups.rows import GroupRows
from auditor.plan import AuditPlan

SMALLEST_SHARE = 0.02
"""A group with a smaller share of the rows is never what others are divided by (as 6 RCNY 5-301(d)
lets an audit leave such a group out)."""


def named_reference(table: GroupRows, plan: AuditPlan) -> str | None:
    """Returns the plan's reference group of a column; None where it names none that has a row.

    For crossed columns "sex*race", or the references of both: "man+white".
    """
    references = plan.swaps.references
    parts = [references.get(name) for name in table.column.split(CROSSED)]
    joined = JOINT.join(part for part in parts if part) if all(parts) else None
    named = references.get(table.column, joined)
    return named if named in table.known else None


def largest_group(table: GroupRows, plan: AuditPlan) -> str | None:
    """Returns the plan's reference, else the known group with most rows: no look at outcomes."""
    named = named_reference(table, plan)
    if named or not table.known:
        return named
    sizes = group_sizes(table)
    return max(table.known, key=lambda group: sizes[group])


def highest_group(table: GroupRows, plan: AuditPlan) -> str | None:
    """Returns the known group with the highest selection rate that is large enough.

    That is `min_rows` of the plan and `SMALLEST_SHARE` of the rows; of equal rates, the larger
    group. None where no group is.
    """
    decided = table.only(table.decided)
    sizes = group_sizes(decided)
    least = max(plan.metrics.min_rows, SMALLEST_SHARE * sum(sizes.values()))
    rated = {}
    for group in decided.known:
        rows = decided.of(group)
        if sizes[group] >= least:
            chosen = decided.weight[rows & decided.selected].sum()
            rated[group] = (chosen / decided.weight[rows].sum(), sizes[group])
    return max(rated, key=lambda group: rated[group]) if rated else None


@dataclass(frozen=True, slots=True)
class LargeGroups:
    """The groups of a column that a number over all of them may rest on."""

    table: GroupRows
    """Their rows."""
    left_out: str
    """The other known groups with their rows, in words that end a sentence; "" for none."""


def large_groups(table: GroupRows, least: int) -> LargeGroups:
    """Returns the known groups with `least` rows: one person of three would make any gap wide."""
    sizes = group_sizes(table)
    small = [group for group in table.known if sizes[group] < least]
    if not small:
        return LargeGroups(table.only(table.is_known), "")
    kept = [name in sizes and name not in small for name in table.names]
    shown = ", ".join(f"{group} ({sizes[group]})" for group in small)
    return LargeGroups(
        table.only(np.asarray(kept, dtype=np.bool_)[table.codes]),
        f"; left out, with fewer than {least} rows: {shown}",
    )


def group_sizes(table: GroupRows) -> dict[str, int]:
    """Returns known group -> its rows."""
    return {group: table.only(table.of(group)).size for group in table.known}
