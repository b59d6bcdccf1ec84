"""Two columns at once: does the difference by one depend on the other?"""

from __future__ import annotations

from collections.abc import Sequence

from auditor.metrics.estimates import HARD_FLOOR, Interval, too_few
from auditor.metrics.groups.columns import JOINT
from auditor.metrics.groups.linear import combined, weighted_mean
from auditor.metrics.groups.rates import wilson
from auditor.metrics.groups.references import largest_group
from auditor.metrics.groups.rows import GroupRows, Mask
from auditor.metrics.groups.unknown import Counts
from auditor.plan import AuditPlan
from auditor.records import Estimate

METRIC = "selection_rate_difference_in_differences"
UNIT = "difference of rates"
_SIGNS = (1.0, -1.0, -1.0, 1.0)
_LIMITS: Interval = (-2.0, 2.0)


def difference_in_differences(
    table: GroupRows, first: GroupRows, second: GroupRows, plan: AuditPlan
) -> dict[tuple[str, str], Estimate]:
    """Returns (crossed group, metric) -> estimate, for a group of each column that is no reference.

    (rate of B+b - rate of A+b) - (rate of B+a - rate of A+a), where A and a are the columns'
    references; 0: the difference between A and B is the same for a and b. Interval: independent
    rows, the method of variance estimates recovery on Wilson's intervals (Zou and Donner 2008,
    Newcombe's for two rates carried on to four); clusters or survey weights, t on the linearised
    number.
    """
    a, b = largest_group(first, plan), largest_group(second, plan)
    if a is None or b is None:
        return {}
    decided = table.only(table.decided)
    found = {}
    for one in (group for group in first.known if group != a):
        for two in (group for group in second.known if group != b):
            cells = [f"{x}{JOINT}{y}" for x, y in ((one, two), (a, two), (one, b), (a, b))]
            found[cells[0], METRIC] = _estimate(decided, cells)
    return found


def _estimate(table: GroupRows, groups: Sequence[str]) -> Estimate:
    absent = [group for group in groups if group not in table.known]
    if absent:
        return Estimate.missing(f"no row of {', '.join(absent)}", unit=UNIT)
    masks = [table.of(group) for group in groups]
    used = table.only(masks[0] | masks[1] | masks[2] | masks[3])
    against = f", against {groups[3]}"
    if used.independent and used.frequency:
        value, interval = recovered([Counts.of(table, mask) for mask in masks])
        method = f"recovered from four Wilson intervals{against}"
        return Estimate(value, *interval, used.size, used.size, UNIT, method)
    return _linearised(table, masks, used, against)


def _linearised(table: GroupRows, masks: Sequence[Mask], used: GroupRows, against: str) -> Estimate:
    means = [weighted_mean(table, mask, table.selected) for mask in masks]
    law = combined(list(zip(_SIGNS, means, strict=True)), _LIMITS, "the linearised number")
    value = sum(sign * mean.value for sign, mean in zip(_SIGNS, means, strict=True))
    size, clusters = used.size, used.clusters
    interval = law.interval(0.95) if law else None
    if law is None or interval is None:
        reason = too_few(min(mean.clusters for mean in means), HARD_FLOOR)
        return Estimate(value, None, None, size, clusters, UNIT, "weighted rates", reason=reason)
    return Estimate(value, *interval, size, clusters, UNIT, law.method + against)


def recovered(groups: Sequence[Counts]) -> tuple[float, Interval]:
    """Returns the signed sum of four rates, and its interval from the distance to each rate's own
    bounds. `groups`: B+b, A+b, B+a, A+a."""
    value = below = above = 0.0
    for sign, each in zip(_SIGNS, groups, strict=True):
        rate = each.selected / each.n
        low, high = wilson(each.selected, each.n)
        value += sign * rate
        down, up = (rate - low) ** 2, (high - rate) ** 2
        below, above = (below + down, above + up) if sign > 0 else (below + up, above + down)
    return value, (value - below**0.5, value + above**0.5)
