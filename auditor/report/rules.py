"""Why a rule of thumb is not answered: a blank would read as an answer."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.records import Comparison
from auditor.report.parts import PlanRow

NOT_ASKED = "not asked"
HIGHEST = "has the highest rate itself"
NO_COUNTS = "not answered: the weights are no counts of people"
NO_ONE = "not answered: no one was selected"
TOO_SMALL = "not answered: no group is large enough to be held against"


def unasked(comparisons: Sequence[Comparison], of: tuple[str, str, str], plan: PlanRow) -> str:
    """Returns why there is no rule of thumb for a group.

    Where a group has the highest rate, the others of its column are held against it; where there
    are but two groups, one that is large enough is the highest.

    Args:
        of: the model, the column and the group.
        plan: its rules, and how many rows a group needs.
    """
    column = [c for c in comparisons if (c.model_id, c.column) == of[:2]]
    if not plan.rules_of_thumb or not column:
        return NOT_ASKED
    if any(c.selected is None for c in column):
        return NO_COUNTS
    if not any(c.selected or c.selected_reference for c in column):
        return NO_ONE
    alone = column[0] if len(column) == 1 else None
    large = alone is not None and max(alone.n, alone.n_reference) >= plan.min_rows
    return HIGHEST if large or any(c.rule_of_thumb for c in column) else TOO_SMALL
