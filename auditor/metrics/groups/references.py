"""Which group the others are held against: never unknown, never one too small to lean on."""

from __future__ import annotations

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


def group_sizes(table: GroupRows) -> dict[str, int]:
    """Returns known group -> its rows."""
    return {group: table.only(table.of(group)).size for group in table.known}
