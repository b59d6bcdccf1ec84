"""What an edition leaves out: quoted texts, and in public all that rests on too few people.

The records behind the findings are hidden before anything is made of them (`small_cells.py`); here
goes what is made of the rows of people themselves, and the texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.metrics.groups.rows import UNKNOWN
from auditor.records import Estimate
from auditor.report.declared.parts import DataPart
from auditor.report.figures.parts import (
    ConfusionRow,
    ErrorRatioRow,
    FigureRow,
    MeasuredPart,
    SensitivityRow,
)
from auditor.report.figures.wording import extremes
from auditor.report.parts import GapRow, Summary
from auditor.report.parts_attributions import ExplainedPairRow, Sides
from auditor.report.people.parts import PeoplePart
from auditor.report.small_cells import SmallCells
from auditor.report.words import isolated


def public_version(summary: Summary) -> Summary:
    """Returns the summary as its edition may show it.

    Public: small cells are hidden and no text is quoted; ids stay. Internal: no text is quoted
    where the plan says so (`report.redact`), and the rest stays. The tables of Local Law 144 keep
    the number and rate of every category, as that law asks.
    """
    options, public = summary.plan["report"], summary.edition.kind == "public"
    shown = without_texts(summary) if public or options["redact"] else summary
    return _without_small_cells(shown, options["min_cell"]) if public else shown


def without_texts(summary: Summary) -> Summary:
    """Returns a summary that quotes no pair; scores, labels and ids stay."""
    pairs = [_untold(pair) for pair in summary.attributions.pairs]
    return summary.model_copy(
        update={
            "largest_gaps": [_unquoted(gap) for gap in summary.largest_gaps],
            "attributions": summary.attributions.model_copy(update={"pairs": pairs}),
        }
    )


def _unquoted(gap: GapRow) -> GapRow:
    return gap.model_copy(update={"text": [], "counterfactual": []})


def _untold(pair: ExplainedPairRow) -> ExplainedPairRow:
    """All tokens count as the others, whose values stand as one number."""
    listed = [pair.units[place].value for place in pair.most]
    sums = {
        side: getattr(pair.on_others, side) + sum(getattr(each, side) for each in listed)
        for side in Sides.model_fields
    }
    gone = {"units": [], "most": [], "others": pair.others + len(listed)}
    return pair.model_copy(update={**gone, "on_others": Sides(**sums)})


def _without_small_cells(summary: Summary, least: int) -> Summary:
    cells = SmallCells.of(summary.groups, least)
    figures = (_figure(each, cells, summary) for each in summary.figures)
    return summary.model_copy(
        update={
            "data": _data(summary, cells),
            "figures": [each for each in figures if each is not None],
            "measured": _measured(summary.measured, cells),
            "people": _people(summary.people, cells),
        }
    )


def _data(summary: Summary, cells: SmallCells) -> DataPart:
    data = summary.data
    return data.model_copy(
        update={
            "represented": [
                row
                for row in data.represented
                if row.n >= cells.least and not cells.has(row.column, row.group)
            ],
            "empty": [],  # no one is fewer than a few as well
            "unknown": [row for row in data.unknown if not 0 < row.n < cells.least],
            "bounds": _measured_places(summary, data.bounds),
            "base_rates": _measured_places(summary, data.base_rates),
        }
    )


def _measured_places(summary: Summary, places: list[int]) -> list[int]:
    return [place for place in places if summary.groups[place].estimate.value is not None]


def _figure(figure: FigureRow, cells: SmallCells, summary: Summary) -> FigureRow | None:
    """Curves of a column go where a hidden group is drawn or divided by; cells of figures of people
    are emptied."""
    if figure.section not in ("groups", "errors"):
        return figure
    if figure.kind == "intersections":
        return _intersections(figure, cells, summary.planned.min_rows)
    column = figure.name.partition(" of ")[2]
    groups = {str(row["group"]) for row in figure.rows}
    against = {row.highest for row in summary.measured.sensitivity if row.column == column}
    if cells.has(column, *groups, *(name for name in against if name)):
        return None
    return figure.model_copy(update={"rows": [_cell(row, cells.least) for row in figure.rows]})


def _intersections(figure: FigureRow, cells: SmallCells, min_rows: int) -> FigureRow:
    """Of no one or of a few: the figure does not say which."""
    rows = [_cell(row, cells.least) for row in figure.rows]
    shown = [
        {**row, "group": f"{isolated(row['first'])} and {isolated(row['second'])}"}
        for row in rows
        if row["rate"] is not None
    ]
    statement = (
        f"{figure.title}; intersections of fewer than {cells.least} people are hidden. "
        f"{extremes(shown, min_rows)}"
    )
    return figure.model_copy(update={"rows": rows, "statement": statement})


_NAMES = ("group", "column", "reference", "first", "second", "cutoff", "in_use", "from", "to")


def _cell(row: Mapping[str, Any], least: int) -> dict[str, Any]:
    """A row of too few people keeps what it is about."""
    if row["n"] is None or row["n"] >= least:
        return dict(row)
    kept = {name: value if name in _NAMES else None for name, value in row.items()}
    return {**kept, "small": True} if "small" in row else kept


def _measured(measured: MeasuredPart, cells: SmallCells) -> MeasuredPart:
    return measured.model_copy(
        update={
            "confusion": [row for row in measured.confusion if _has_bases(row, cells)],
            "error_ratios": [row for row in measured.error_ratios if _has_ratio(row, cells)],
            "sensitivity": [
                _sensitivity(row, cells)
                for row in measured.sensitivity
                if not cells.has(row.column, row.group)
            ],
        }
    )


def _has_bases(row: ConfusionRow, cells: SmallCells) -> bool:
    """Whether every rate that the four counts make is of enough people."""
    deserved = row.true_positives + row.false_negatives
    chosen = row.true_positives + row.false_positives
    undeserved = row.false_positives + row.true_negatives
    refused = row.false_negatives + row.true_negatives
    fewest = min(deserved, chosen, undeserved, refused)
    return fewest >= cells.least and not cells.has(row.column, row.group)


def _has_ratio(row: ErrorRatioRow, cells: SmallCells) -> bool:
    few = row.estimate.value is not None and row.estimate.n < cells.least
    return not few and not cells.has(row.column, row.group, row.reference)


def _sensitivity(row: SensitivityRow, cells: SmallCells) -> SensitivityRow:
    """A ratio to a hidden group would tell its rate."""

    def against(name: str | None, estimate: Estimate) -> Estimate:
        hidden = name is not None and cells.has(row.column, name)
        return cells.estimate(estimate) if hidden else estimate

    return row.model_copy(
        update={
            "against_highest": against(row.highest, row.against_highest),
            "against_largest": against(row.largest, row.against_largest),
            "against_highest_of_all": against(row.highest_of_all, row.against_highest_of_all),
            "bounds": None if cells.has(row.column, UNKNOWN) else row.bounds,
        }
    )


def _people(people: PeoplePart, cells: SmallCells) -> PeoplePart:
    if people.ugesp is None:
        return people
    rows = [row for row in people.ugesp.rows if not cells.has(row.column, row.group, row.reference)]
    return people.model_copy(update={"ugesp": people.ugesp.model_copy(update={"rows": rows})})
