"""Facts that cannot be true together, or of this audit: refused in words, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.errors import PlanError, collected
from auditor.metrics.groups.columns import CROSSED, is_unknown
from auditor.plan import AuditPlan
from auditor.plan_report import DeclaredPlan
from auditor.report.words import listed

ROUNDING = 0.01
"""Shares that were rounded to two decimals may miss 1 by as much."""


def check_facts(declared: DeclaredPlan, plan: AuditPlan) -> DeclaredPlan:
    """Returns the facts, once they are found not to contradict each other or the plan.

    Raises:
        PlanError: with every contradiction, one line each.
    """
    with collected("declared", PlanError) as problems:
        for line in (*_of_window(declared), *_of_shares(declared), *_of_columns(declared, plan)):
            problems.add(line)
    return declared


def check_groups(column: str, shares: Mapping[str, float], groups: list[str]) -> None:
    """Refuses shares of a column whose names are not those of its groups.

    A share may be of a group without a row: that is a finding. But where a group of the data has no
    share in turn, the two are likely one group, spelt in two ways.

    Raises:
        PlanError: what was named, and which groups there are.
    """
    other = [name for name in shares if name not in groups]
    bare = [name for name in groups if name not in shares]
    if other and bare:
        raise PlanError(
            f"declared: reference_shares.{column} names {listed(other)}, of which there is no row, "
            f"and has no share for {listed(bare)}; spell groups as the data does"
        )


def _of_window(declared: DeclaredPlan) -> Iterator[str]:
    first, last = declared.data_from, declared.data_to
    if first and last and first > last:
        yield f"data_from {first} lies after data_to {last}; exchange them"


def _of_shares(declared: DeclaredPlan) -> Iterator[str]:
    for column, shares in declared.reference_shares.items():
        name = f"reference_shares.{column}"
        wrong = [group for group, share in shares.items() if not 0 <= share <= 1]
        if wrong:
            yield f"{name}: {listed(wrong)} has no share between 0 and 1; 40 % is 0.4"
        elif abs(sum(shares.values()) - 1) > ROUNDING + 1e-9:
            yield (
                f"{name}: shares add up to {sum(shares.values()):.4g} and not to 1; give every "
                "group of the population its share"
            )
        if unknown := [group for group in shares if is_unknown(group)]:
            yield (
                f"{name}: {', '.join(map(repr, unknown))} is read as an unknown group; shares are "
                "of rows whose group is known, so give none for it"
            )


def _of_columns(declared: DeclaredPlan, plan: AuditPlan) -> Iterator[str]:
    """Without protected columns there is nothing to compare, and no misspelling to find."""
    known = plan.data.protected
    crossed = {f"{a}{CROSSED}{b}" for a in known for b in known if a != b}
    swapped = plan.swaps.attributes if not plan.data.predictions else ()
    asked = {
        "obtained_by": (list(declared.obtained_by), {*known, *swapped}),
        "reference_shares": (list(declared.reference_shares), {*known, *crossed}),
    }
    for key, (given, accepted) in asked.items():
        unknown = [name for name in given if name not in accepted]
        if unknown and known:
            yield (
                f"{key} names {listed(unknown)}, which this audit does not have; it has "
                f"{listed(list(known))}"
            )
