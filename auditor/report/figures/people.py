"""Figures of outcomes of groups of people: their rates, and the ratios of these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.compare import FOUR_FIFTHS
from auditor.records import Comparison, GroupMetric
from auditor.report.figures.crossings import intersections
from auditor.report.figures.cutoffs import cutoff_figures
from auditor.report.figures.parts import FigureRow
from auditor.report.figures.tables_of_people import PeopleTables
from auditor.report.figures.wording import counted, ends, extremes, shown_number, their
from auditor.report.measures import FOUR_FIFTHS as MARK
from auditor.report.words import isolated

RATE = "selection_rate"


def figures_of_people(evidence: Evidence, tables: PeopleTables | None) -> list[FigureRow]:
    """Returns the figures of outcomes, of the judged model."""
    if tables is None:
        return []
    rates = [
        g for g in evidence.group_metrics if g.metric == RATE and g.model_id == tables.model_id
    ]
    compared = [c for c in evidence.results.comparisons if c.model_id == tables.model_id]
    return [
        *_ratios([c for c in compared if c.column in tables.columns], evidence),
        *_rates([g for g in rates if g.column in tables.columns], evidence),
        *intersections(rates, list(tables.columns), evidence.plan.metrics.min_rows),
        *cutoff_figures(tables, evidence.plan),
    ]


def _ratios(compared: Sequence[Comparison], evidence: Evidence) -> Iterator[FigureRow]:
    rows = [_ratio(c) for c in compared if c.impact_ratio.value is not None]
    if not rows:
        return
    asked = FOUR_FIFTHS in evidence.plan.metrics.rules_of_thumb
    below = sum((c.rule_of_thumb or "").startswith("below") for c in compared)
    rule = f" Below four fifths of the highest rate: {below}." if asked else ""
    least = min(rows, key=lambda row: row["ratio"])
    yield FigureRow(
        name="ratios",
        kind="ratios",
        section="groups",
        title="Impact ratio of each group to its reference",
        statement=(
            f"Impact ratios of {counted(rows, 'group')} to the reference of {their(rows)} column; "
            f"1 is an equal rate. The lowest is that of {isolated(least['group'])} against "
            f"{isolated(least['reference'])}, {shown_number(least, 'ratio', mark=MARK)} on "
            f"{least['n']:,} rows.{rule}"
        ),
        level=0.95,
        marks={"four fifths": MARK} if asked else {},
        rows=rows,
    )


def _ratio(comparison: Comparison) -> dict[str, Any]:
    return {
        "column": comparison.column,
        "group": comparison.group,
        "reference": comparison.reference,
        "n": comparison.n,
        **ends("ratio", comparison.impact_ratio),
    }


def _rates(rates: Sequence[GroupMetric], evidence: Evidence) -> Iterator[FigureRow]:
    rows = [
        {"column": g.column, "group": g.group, "n": g.estimate.n, **ends("rate", g.estimate)}
        for g in rates
        if g.estimate.value is not None
    ]
    if not rows:
        return
    yield FigureRow(
        name="rates",
        kind="rates",
        section="groups",
        title="Share given the favourable outcome",
        statement=(
            f"Selection rates of {counted(rows, 'group')}. "
            f"{extremes(rows, evidence.plan.metrics.min_rows)}"
        ),
        level=0.95,
        marks={},
        rows=rows,
    )
