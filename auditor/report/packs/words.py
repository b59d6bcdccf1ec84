"""Fixed words and marks of the annexes."""

from __future__ import annotations

ANNEXES = (
    "Each annex says what a framework asks, in our own words, what this run has of it, and what is "
    "left to people. Strength: how directly the evidence of this run speaks to a duty. It is no "
    "judgement of whether the duty was met, and there is no sum of it."
)
COVERAGE = (
    "Each clause below names the evidence that speaks to it. Where a run has none of that, the "
    "strength is none; where it has a part, the gap names the rest. The reasons stand here, once."
)
LEGAL = (
    "Where each instrument stood when its pack was last checked. Facts of law change: check them "
    "on the day of use."
)
GLOSSARY = (
    "What each number is, which way it points, and one worked out on figures made for it. The "
    "examples are of no run."
)
KNOWN = {"read": "", "secondary": "secondary source", "memory": "to be checked"}
"""How sure we are of a clause, beside it: nothing where it was read."""
STRENGTH_MARKS = {"direct": "●", "partial": "◆", "context": "○", "none": "–"}
"""A shape beside each strength: no meaning by colour alone."""
HERE_MARKS = {True: "● yes", False: "– no"}
GROUND_MARKS = {"tested": "●", "not tested": "○", "no lexicon": "–"}
FOUR_FIFTHS = 0.8
"""A ratio of an example is never rounded across it."""
