"""A group of people against a reference, in the numbers that employment law speaks of.

Descriptive: what may have a verdict is in contrasts.py. Counts are of independent people; where
rows share clusters or carry survey weights, the tests of counts are None, and the intervals and the
notes on the data say so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from auditor.metrics.estimates import HARD_FLOOR, too_few
from auditor.metrics.groups.columns import model_columns
from auditor.metrics.groups.counts import (
    CountPair,
    below_four_fifths,
    newcombe,
    one_person_turns,
    ratio_interval,
    small_numbers,
    tests_of,
)
from auditor.metrics.groups.linear import Mean, combined, difference_law, ends, weighted_mean
from auditor.metrics.groups.rates import counts_of
from auditor.metrics.groups.references import highest_group, largest_group, named_reference
from auditor.metrics.groups.rows import GroupRows, Mask
from auditor.metrics.verdicts import holm
from auditor.plan import AuditPlan
from auditor.records import Comparison, Estimate

RATIO, DIFFERENCE = "ratio", "difference of rates"
NO_COUNTS = "no tests of counts: rows share clusters or carry survey weights"
FOUR_FIFTHS = "four_fifths"


def compare_groups(
    predictions: pd.DataFrame, plan: AuditPlan, favourable: Sequence[str] | None = None
) -> list[Comparison]:
    """Returns every known group against its column's reference, crossed columns included.

    The reference is the plan's, else the group with the highest selection rate of those that are
    large enough. Four fifths is always asked of that highest group, as 29 CFR 1607.4(D) has it,
    and has no answer where no one of it was selected.
    """
    return [
        comparison
        for model in model_columns(predictions, plan, favourable)
        for table in model.columns.values()
        for comparison in _of_column(_decided(table), model.model_id, plan)
    ]


def ratio_against(table: GroupRows, group: str, reference: str) -> Estimate:
    """Returns a group's selection rate over that of any other, as `compare_groups` has it."""
    decided = _decided(table)
    absent = [name for name in (group, reference) if name not in decided.known]
    if absent:
        return Estimate.missing(f"no row of {', '.join(absent)} is decided", unit=RATIO)
    return _ratio(_sides(decided, group, reference), reference)


def _decided(table: GroupRows) -> GroupRows:
    return table.only(table.decided).without_scores()


def _of_column(table: GroupRows, model_id: str, plan: AuditPlan) -> list[Comparison]:
    highest, reference = highest_group(table, plan), _reference(table, plan)
    if reference is None:
        return []
    found = [
        _compare(table, (group, reference), highest, model_id, plan)
        for group in table.known
        if group != reference
    ]
    adjusted = holm([each.p_fisher for each in found])
    return [replace(each, p_fisher_adjusted=p) for each, p in zip(found, adjusted, strict=True)]


def _reference(table: GroupRows, plan: AuditPlan) -> str | None:
    named = named_reference(table, plan) or highest_group(table, plan)
    return named or largest_group(table, plan)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both groups' rows, and their counts where rows are independent people."""

    group: GroupRows
    reference: GroupRows
    means: tuple[Mean, Mean]
    pair: CountPair | None
    """Whole numbers, also where rows share clusters; None where weights are no counts."""
    independent: bool


def _sides(table: GroupRows, group: str, reference: str) -> _Sides:
    a, b = table.of(group), table.of(reference)
    used = table.only(a | b)
    whole = table.frequency and counts_of(used.weight)
    return _Sides(
        group=table.only(a),
        reference=table.only(b),
        means=(
            weighted_mean(table, a, table.selected),
            weighted_mean(table, b, table.selected),
        ),
        pair=count_pair(table, a, b) if whole else None,
        independent=whole and used.independent,
    )


def untested(table: GroupRows, plan: AuditPlan) -> dict[str, list[str]]:
    """Returns why groups have no tests of counts -> these groups; {} where all have them."""
    decided, found = _decided(table), dict[str, list[str]]()
    reference = _reference(decided, plan)
    for group in decided.known:
        if reference is not None and group != reference:
            sides = _sides(decided, group, reference)
            if not sides.independent:
                found.setdefault(_why_untested(sides), []).append(group)
    return found


def _why_untested(sides: _Sides) -> str:
    if sides.pair:
        return "rows share clusters"
    return "weights are not whole numbers" if sides.group.frequency else "rows carry survey weights"


def count_pair(table: GroupRows, group: Mask, reference: Mask) -> CountPair:
    """Returns the counts of two groups' rows, whose weights are whole numbers."""
    weight, chosen = table.weight, table.selected
    masks = group & chosen, group, reference & chosen, reference
    return CountPair(*(round(float(weight[mask].sum())) for mask in masks))


def _compare(
    table: GroupRows, names: tuple[str, str], highest: str | None, model_id: str, plan: AuditPlan
) -> Comparison:
    sides = _sides(table, *names)
    pair, tests = sides.pair, tests_of(sides.pair if sides.independent else None)
    against = _asked(table, names[0], highest, plan)
    return Comparison(
        column=table.column,
        group=names[0],
        reference=names[1],
        model_id=model_id,
        selected=pair.selected if pair else None,
        n=sides.group.size,
        selected_reference=pair.selected_reference if pair else None,
        n_reference=sides.reference.size,
        impact_ratio=_ratio(sides, names[1]),
        difference=_difference(sides),
        z_pooled=tests.z_pooled,
        p_z=tests.p_z,
        z_hypergeometric=tests.z_hypergeometric,
        p_fisher=tests.p_fisher,
        p_fisher_adjusted=None,
        shortfall=tests.shortfall,
        cohen_h=tests.cohen_h,
        one_person_turns=one_person_turns(against) if against else None,
        small_numbers=small_numbers(sides.group.size, sides.reference.size, pair),
        rule_of_thumb=_four_fifths(against, str(highest)) if against else None,
    )


def _asked(table: GroupRows, group: str, highest: str | None, plan: AuditPlan) -> CountPair | None:
    """Returns the counts that four fifths is asked of; None where it is not or has no answer."""
    if FOUR_FIFTHS not in plan.metrics.rules_of_thumb or highest in (None, group):
        return None
    pair = _sides(table, group, str(highest)).pair
    return pair if pair and pair.selected_reference else None


def _four_fifths(pair: CountPair, highest: str) -> str:
    words = "below" if below_four_fifths(pair) else "not below"
    return (
        f"{words} four fifths of the highest rate, that of {highest} ({pair.selected} of {pair.n} "
        f"against {pair.selected_reference} of {pair.n_reference})"
    )


def _ratio(sides: _Sides, reference: str) -> Estimate:
    group, other = (mean.value for mean in sides.means)
    size = sides.group.size
    if not other:
        return Estimate.missing(f"no row of {reference} was selected", unit=RATIO, n=size)
    if sides.pair and sides.independent:
        interval, method = ratio_interval(sides.pair)
        low, high = ends(interval)
        reason = None if interval else "nothing bounds the ratio from above: no interval"
        return Estimate(sides.pair.ratio, low, high, size, size, RATIO, method, reason=reason)
    return _linearised_ratio(sides, group / other)


def _linearised_ratio(sides: _Sides, value: float) -> Estimate:
    """t on the log scale: the error of log(p / q) is that of p / p less that of q / q."""
    size, clusters = sides.group.size, sides.group.clusters
    if not value:
        reason = "no row of the group was selected: no interval of clustered or weighted rows"
        return Estimate(value, None, None, size, clusters, RATIO, "weighted", reason=reason)
    parts = [
        (sign / mean.value, replace(mean, value=0.0))
        for sign, mean in zip((1.0, -1.0), sides.means, strict=True)
    ]
    law = combined(parts, (-math.inf, math.inf), "the linearised log ratio")
    interval = law.interval(0.95) if law else None
    if law is None or interval is None:
        return _without_interval(sides, value, RATIO)
    low, high = (value * math.exp(bound) for bound in interval)
    return Estimate(value, low, high, size, clusters, RATIO, f"{law.method} ({NO_COUNTS})")


def _difference(sides: _Sides) -> Estimate:
    group, other = (mean.value for mean in sides.means)
    size = sides.group.size
    if sides.pair and sides.independent:
        low, high = newcombe(sides.pair)
        return Estimate(group - other, low, high, size, size, DIFFERENCE, "Newcombe")
    sizes = sides.group.effective, sides.reference.effective
    law = difference_law(*sides.means, n_b=sizes[0], n_a=sizes[1])
    if law is None:
        return _without_interval(sides, group - other, DIFFERENCE)
    low, high = law.interval(0.95)
    clusters, method = sides.group.clusters, f"{law.method} ({NO_COUNTS})"
    return Estimate(group - other, low, high, size, clusters, DIFFERENCE, method)


def _without_interval(sides: _Sides, value: float, unit: str) -> Estimate:
    least = min(mean.clusters for mean in sides.means)
    reason = too_few(least, HARD_FLOOR) if least < HARD_FLOOR else "all clusters are equal"
    size = sides.group.size
    return Estimate(value, None, None, size, least, unit, "weighted", reason=reason)
