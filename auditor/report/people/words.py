"""Fixed words and number formats of the tables of employment law."""

from __future__ import annotations

from auditor.report.measures import FOUR_FIFTHS
from auditor.report.people.parts import AdverseRow, CategoryTable, Ll144Part

TITLES = {
    "sex": "Sex",
    "race_ethnicity": "Race or ethnicity",
    "intersections": "Intersections of sex and race or ethnicity",
    "other": "Other column:",
}
KINDS = {
    "selection": "Selection rate: the share of a category that was selected. Impact ratio: the "
    "category's rate over the highest rate of its table.",
    "scoring": "Scoring rate: the share of a category that scored above the median score of all "
    "who were scored, whatever their category; a score equal to the median is not above it. "
    "Impact ratio: the category's rate over the highest rate of its table.",
}
HITS = {"selection": "Selected", "scoring": "Above median"}
RATE = {"selection": "Selection rate", "scoring": "Scoring rate"}
BOUNDS = (
    "Least and greatest: between these the ratio to the highest rate would lie, whatever the "
    "categories of the people who are unknown, and whatever outcomes of theirs are unknown."
)
SHARES = "Share: of the people in the same table, those of unknown category left out."
NO_MARK = (
    "The law sets no mark for a rate or a ratio. This page draws no line, and nothing on it says "
    "whether a number is good enough."
)
ONE_OUTCOME = (
    "The tables are of one outcome. Where a tool sorts people into classes, the law asks for the "
    "tables of each class: make one audit for each, with that class as the outcome."
)
INDEPENDENCE = (
    "I was not involved in using, developing or distributing the tool; during the audit I had no "
    "employment relationship with, and no direct or material indirect financial interest in, the "
    "employer, agency or vendor."
)
BOTTOM_LINE = (
    "The guideline looks at a selection process as a whole first, and at its steps where the whole "
    "has a low ratio. These are the outcomes that the audit was given; whether they are of the "
    "whole or of one step is for the employer to say."
)
HOW_TO_READ = (
    "Below four fifths is asked of whole numbers; exactly four fifths is not below. The test that "
    "is read is Fisher's exact one where a group or an expected count is small, and otherwise z. "
    "The word beside each group follows from the ratio and from that test's own p; the p adjusted "
    "for all groups of the column is Holm's. Courts and agencies usually look at the former. None "
    "of these words is a verdict."
)
CROSSED = "Two columns at once are good practice; the guideline compares each by itself."
SHORTFALL = (
    "Shortfall: how many selections more the group would have, had both groups their common rate. "
    "One person: whether one selection more for one group and one less for the other changes the "
    "answer to four fifths. Detectable: the largest ratio below one that groups of this size would "
    "show with the plan's power, as far as none was shown."
)
NO_CUT_OFFS = (
    "No remedy may adjust scores, or set cut-offs, by group: in US employment that is itself "
    "forbidden. This annex proposes none."
)

_MARKS = (0.0, FOUR_FIFTHS, 1.0)
_MOST = 9


def ratio(value: float) -> str:
    """Returns a ratio to three decimals, or to as many more as keep it on its side of nothing, of
    four fifths and of one: a reader may hold it against either."""
    return _kept(value, 3, _MARKS)


def percent(rate: float) -> str:
    """Returns a rate in percent to one decimal, or to as many more as keep it off 0 and 100."""
    return f"{_kept(100 * rate, 1, (0.0, 100.0))} %"


def _kept(value: float, digits: int, marks: tuple[float, ...]) -> str:
    for more in range(digits, _MOST + 1):
        shown = f"{value:.{more}f}"
        if all(_side(float(shown), mark) == _side(value, mark) for mark in marks):
            return shown
    return f"{value:.{digits}f}"


def _side(value: float, mark: float) -> int:
    return (value > mark) - (value < mark)


def has_bounds(table: CategoryTable) -> bool:
    """Whether any category's ratio could be moved by people of unknown category."""
    return any(row.low is not None for row in table.rows)


def any_bounds(part: Ll144Part) -> bool:
    """Whether any table has bounds."""
    return any(has_bounds(table) for table in part.tables)


def columns(rows: list[AdverseRow]) -> dict[str, list[int]]:
    """Returns column -> the places of its groups."""
    found: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        found.setdefault(row.column, []).append(place)
    return found


def differing(rows: list[AdverseRow]) -> list[int]:
    """Returns the places of the groups of which two tests say two things."""
    return [place for place, row in enumerate(rows) if row.tests_differ]
