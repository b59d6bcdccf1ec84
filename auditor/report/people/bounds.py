"""How far people of unknown category could move an impact ratio, with or without an outcome."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from auditor.metrics.estimates import Interval
from auditor.metrics.groups.unknown import Counts, unknown_bounds
from auditor.report.people.counting import Tally


def ratio_bounds(group: Tally, highest: Tally, unknown: Tally) -> Interval:
    """Returns the least and the greatest ratio of a category's rate to the highest one's.

    Every unknown person may be of either, and may have been selected or not where the outcome is
    not known. Needs people in the category, and someone selected in the highest.
    """
    known = Counts(group.hits, group.n), Counts(highest.hits, highest.n)

    def bounds(selected: int) -> Interval:
        hidden = Counts(unknown.hits + selected, unknown.n + unknown.undecided)
        found = unknown_bounds(*known, hidden)
        if found is None:
            raise ValueError("bounds need people in the category and in the highest one")
        return found

    # In the number selected of those without an outcome, the logarithm of the least ratio is
    # convex and that of the greatest is concave, so each has one turn.
    least = _turn(lambda k: bounds(k)[0], unknown.undecided)
    greatest = _turn(lambda k: -bounds(k)[1], unknown.undecided)
    return bounds(least)[0], bounds(greatest)[1]


def _turn(value: Callable[[int], float], last: int) -> int:
    """Returns where in 0..last a function that falls and then rises is least."""
    return bisect_left(range(last), True, key=lambda k: value(k + 1) >= value(k))
