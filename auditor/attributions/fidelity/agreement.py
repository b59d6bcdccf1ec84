"""Whether two attributions of a text put its tokens in the same order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.attributions.base import Attribution, Refused
from auditor.models.base import Floats

MIN_TOKENS = 3
"""Two tokens have only the orders 1 and -1."""
DIGITS = 5
"""Values that differ by less than so many digits of the largest are equal: float32 has no more."""
NOT_COUNTED = (
    f"with fewer than {MIN_TOKENS} tokens that can be masked, with one value for all of them, or "
    "which could not be explained again"
)


def content(attribution: Attribution) -> Floats:
    """Returns values of the first output, of the tokens that can be masked. [token]"""
    values: Floats = attribution.values[~attribution.tokens.fixed, 0]
    return values


def rank_correlation(a: Floats, b: Floats) -> float:
    """Returns Spearman's correlation: 1 the same order, 0 unrelated, -1 reversed.

    NaN where it has none: too few tokens, or all values of one side equal.
    """
    from scipy.stats import rankdata

    if len(a) < MIN_TOKENS:
        return float("nan")
    ranks_a, ranks_b = (rankdata(_without_noise(each)) for each in (a, b))
    if np.ptp(ranks_a) == 0 or np.ptp(ranks_b) == 0:
        return float("nan")
    return float(np.clip(np.corrcoef(ranks_a, ranks_b)[0, 1], -1, 1))


def _without_noise(values: Floats) -> Floats:
    largest = np.abs(values).max()
    if largest == 0:
        return values
    rounded: Floats = np.round(values / largest, DIGITS)
    return rounded


def correlations(
    one: Sequence[Attribution], other: Sequence[Attribution | Refused], *, absolute: bool = False
) -> Floats:
    """Returns the rank correlation of each text; NaN where it has none. [text]

    Args:
        absolute: of absolute values, for methods that have no sign.
    """
    found = np.full(len(one), np.nan)
    for i, (a, b) in enumerate(zip(one, other, strict=True)):
        if isinstance(b, Attribution):
            sides = [content(a), content(b)]
            found[i] = rank_correlation(*(np.abs(v) if absolute else v for v in sides))
    return found


def differences(one: Sequence[Attribution], other: Sequence[Attribution | Refused]) -> Floats:
    """Returns the mean absolute difference of a token's value; NaN where there is none. [text]"""
    found = np.full(len(one), np.nan)
    for i, (a, b) in enumerate(zip(one, other, strict=True)):
        if isinstance(b, Attribution) and len(content(a)):
            found[i] = np.abs(content(a) - content(b)).mean()
    return found
