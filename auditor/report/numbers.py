"""Numbers as a reader sees them: never on the wrong side of a threshold, never alone."""

from __future__ import annotations

from auditor.records import Estimate

_MOST_DECIMALS = 6
LEAST_P = 0.001
"""Smaller p-values are shown as below this."""


def decimal(value: float, *, signed: bool = True, mark: float | None = None) -> str:
    """Returns a number to three decimals, or to as many more as keep it on its side of 0 and of
    +-`mark`: 0.0496 is not "0.050" beside a criterion of 0.05. What is nearer than the sixth
    decimal is rounding noise of the sums and is shown as equal."""
    marks = (0.0,) if mark is None else (0.0, mark, -mark)
    plain = f"{value:.3f}"
    for digits in range(3, _MOST_DECIMALS + 1):
        longer = f"{value:.{digits}f}"
        if all(_side(float(longer), m) == _side(value, m) for m in marks):
            plain = longer
            break
    if float(plain) == 0:
        return plain.lstrip("-")
    return f"+{plain}" if signed and value > 0 else plain


def number(estimate: Estimate, *, signed: bool = True, mark: float | None = None) -> str:
    """Returns value and interval as `decimal` shows them; "not measured" where it was not."""
    if estimate.value is None:
        return "not measured"
    value = decimal(estimate.value, signed=signed, mark=mark)
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} {bracket((estimate.low, estimate.high), signed=signed, mark=mark)}"


def bracket(ends: tuple[float, float], *, signed: bool = True, mark: float | None = None) -> str:
    """Returns an interval as `decimal` shows its ends."""
    low, high = (decimal(end, signed=signed, mark=mark) for end in ends)
    return f"[{low}, {high}]"


def p_value(p: float, *, mark: float | None = 0.05) -> str:
    """Returns a p-value to three decimals or more, on its side of `mark`; "< 0.001" below that."""
    return f"< {LEAST_P}" if p < LEAST_P else decimal(p, signed=False, mark=mark)


def percent(share: float) -> str:
    """Returns a share in percent, to two decimals at most: "95 %", "98.33 %"."""
    return f"{round(100 * share, 2):g} %"


def counts(estimate: Estimate, *, clusters: str = "clusters", units: str = "pairs") -> str:
    """Returns how many pairs in how many clusters; independent rows are clusters of their own."""
    number_of = f"{estimate.n:,} {units}"
    if units == "rows" and estimate.clusters == estimate.n:
        return number_of
    return f"{number_of} in {estimate.clusters:,} {clusters}"


def _side(value: float, mark: float) -> int:
    return (value > mark) - (value < mark)
