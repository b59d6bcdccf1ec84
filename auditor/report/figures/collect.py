"""Which figures a report has, and which tables stand beside them."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.evidence.reader import Evidence
from auditor.report.figures.effects import own_effects
from auditor.report.figures.error_tables import confusion_of, error_ratios, why_no_confusion
from auditor.report.figures.errors import figures_of_errors
from auditor.report.figures.parts import FigureRow, MeasuredPart
from auditor.report.figures.people import figures_of_people
from auditor.report.figures.sensitivity import sensitivity
from auditor.report.figures.swap_tables import gap_sizes, swap_lists
from auditor.report.figures.swaps import figures_of_swaps
from auditor.report.figures.tables_of_people import people_tables


@dataclass(frozen=True, slots=True)
class Measured:
    """What the measured sections show besides findings."""

    figures: list[FigureRow]
    tables: MeasuredPart


def figures_of(evidence: Evidence) -> list[FigureRow]:
    """Returns every figure of what was measured, in the order of the report."""
    return measured(evidence).figures


def measured(evidence: Evidence) -> Measured:
    """Returns the figures, in the order of the report, and the tables beside them."""
    people = people_tables(evidence)
    with own_effects(evidence) as db:
        return Measured(
            [
                *figures_of_people(evidence, people),
                *figures_of_errors(evidence, people),
                *figures_of_swaps(db, _unit(evidence)),
            ],
            MeasuredPart(
                confusion=confusion_of(people),
                no_confusion=why_no_confusion(evidence, people),
                error_ratios=error_ratios(people, evidence.plan),
                sensitivity=sensitivity(evidence, people),
                swap_lists=swap_lists(evidence, db),
                gap_sizes=gap_sizes(evidence, db),
            ),
        )


def _unit(evidence: Evidence) -> str:
    """Of the effect of a pair."""
    means = (f.estimate.unit for f in evidence.findings if f.metric == "mean_effect")
    return next(means, "")
