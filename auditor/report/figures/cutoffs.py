"""The figure of other cut-offs: how the impact ratio moves where scores decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from auditor.metrics.groups.compare import ratio_against
from auditor.metrics.groups.references import highest_group, named_reference
from auditor.metrics.groups.rows import GroupRows
from auditor.plan import AuditPlan
from auditor.report.figures.parts import FigureRow
from auditor.report.figures.tables_of_people import (
    PeopleTables,
    at_cutoff,
    cutoff_in_use,
    cutoffs_of,
    drawn_groups,
    scored,
)
from auditor.report.figures.wording import ends, joined, shown_number
from auditor.report.measures import FOUR_FIFTHS as MARK
from auditor.report.words import isolated


def cutoff_figures(tables: PeopleTables, plan: AuditPlan) -> Iterator[FigureRow]:
    """Yields a figure for every column whose rows have scores.

    The reference is that of the impact ratio at the cut-off in use, and stays the same at others.
    """
    for column, table in tables.columns.items():
        own = scored(table)
        reference = named_reference(own, plan) or highest_group(own, plan)
        groups = [g for g in drawn_groups(own, plan.metrics.min_rows) if g != reference]
        if reference is not None and groups:
            yield _figure(column, own, groups, reference)


def _figure(column: str, table: GroupRows, groups: Sequence[str], reference: str) -> FigureRow:
    rows = [
        {"cutoff": cutoff, "group": group, "n": table.only(table.of(group)).size}
        | ends("ratio", ratio_against(at_cutoff(table, cutoff), group, reference))
        for cutoff in cutoffs_of(table)
        for group in groups
    ]
    used = cutoff_in_use(table)
    return FigureRow(
        name=f"cutoffs of {column}",
        kind="cutoffs",
        section="groups",
        title=f"Impact ratio to {isolated(reference)} at other cut-offs: {isolated(column)}",
        statement=" ".join([_ranges(rows, groups, reference), _in_use(used)]),
        level=0.95,
        marks={} if used is None else {"cut-off in use": used},
        rows=rows,
    )


def _ranges(rows: Sequence[dict[str, Any]], groups: Sequence[str], reference: str) -> str:
    said = []
    for group in groups:
        own = [row for row in rows if row["group"] == group and row["ratio"] is not None]
        if own:
            low, high = (pick(own, key=lambda row: row["ratio"]) for pick in (min, max))
            said.append(
                f"{isolated(group)} from {shown_number(low, 'ratio', ends=False, mark=MARK)} at "
                f"{low['cutoff']:.3g} to {shown_number(high, 'ratio', ends=False, mark=MARK)} at "
                f"{high['cutoff']:.3g}"
            )
    return f"Impact ratio to {isolated(reference)} as the cut-off moves: {joined(said)}."


def _in_use(cutoff: float | None) -> str:
    if cutoff is None:
        return "The decisions of the data do not follow a cut-off of the score."
    return f"The least score that was selected is {cutoff:.3g}."
