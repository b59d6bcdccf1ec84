"""The least difference in rates that a sample of two groups would show, as a ratio."""

from __future__ import annotations


def detectable_ratio(
    rate_reference: float, n: int, n_reference: int, *, power: float, alpha: float
) -> float | None:
    """Returns the largest ratio below 1 that two groups show with `power`, or None: no ratio.

    By the normal approximation to the two-sided test of two rates with their common variance. With
    388 people in each of two groups and a rate of a half, .8.

    Args:
        rate_reference: the rate that ratios are to.
    """
    from scipy.optimize import brentq

    def lacking(ratio: float) -> float:
        return power - _power(ratio * rate_reference, rate_reference, (n, n_reference), alpha)

    if rate_reference <= 0 or lacking(_LEAST) > 0:
        return None
    return float(brentq(lacking, _LEAST, 1.0, xtol=1e-6))


_LEAST = 1e-9


def _power(rate: float, rate_reference: float, sizes: tuple[int, int], alpha: float) -> float:
    from scipy.stats import norm

    n, n_reference = sizes
    common = (rate * n + rate_reference * n_reference) / (n + n_reference)
    equal = (common * (1 - common) * (1 / n + 1 / n_reference)) ** 0.5
    apart = (rate * (1 - rate) / n + rate_reference * (1 - rate_reference) / n_reference) ** 0.5
    if apart <= 0:
        return 1.0 if rate < rate_reference else 0.0
    far = float(norm.isf(alpha / 2)) * equal
    return float(norm.sf((far - (rate_reference - rate)) / apart))
