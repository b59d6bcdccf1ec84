"""Numbers that sum up a curve of faithfulness over circuit sizes, and p against random circuits.

CPR and CMD are those of the Mechanistic Interpretability Benchmark (arXiv 2504.13151). On a linear
axis 95 % of the area belongs to circuits of more than 5 % of the model, and CPR has no upper end:
hence the same on the logarithm of size, and `k_80`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import NOISE

SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Of all components (edges): the benchmark's sizes."""
BAND = (0.8, 1.2)
"""A circuit of such faithfulness carries the effect."""


def sizes(count: int) -> tuple[int, ...]:
    """Returns the sizes at which a curve of `count` components is measured: distinct, from 1 to
    `count`, the nearest to each of `SHARES`."""
    return tuple(sorted({min(count, max(1, round(share * count))) for share in SHARES}))


def areas(shares: Sequence[float], faithfulness: Sequence[float]) -> dict[str, float]:
    """Returns cpr_linear, cpr_log, cmd_linear and cmd_log; nothing for fewer than two sizes.

    CPR is the area under the faithfulness f, CMD that of |1 - f|, by trapezoids between measured
    sizes, over the share of components or its log10. Every area is divided by the length of its
    axis, so that it is a mean over it: a circuit that carries everything at every size has CPR 1
    and CMD 0 on both. (The benchmark does not divide; its linear axis from .001 to 1 has a length
    of .999, and its option for a log axis changes nothing in its areas.)

    Args:
        shares: of all components, above 0 and rising.
        faithfulness: at each.
    """
    if len(shares) < 2:
        return {}
    f = np.asarray(faithfulness, np.float64)
    linear = np.asarray(shares, np.float64)
    return {
        f"{name}_{axis}": float(np.trapezoid(height, x) / (x[-1] - x[0]))
        for name, height in (("cpr", f), ("cmd", np.abs(1 - f)))
        for axis, x in (("linear", linear), ("log", np.log10(linear)))
    }


def k_80(sizes: Sequence[int], faithfulness: Sequence[float]) -> int | None:
    """Returns the smallest size that reaches and, at all larger measured sizes, keeps a
    faithfulness in [.8, 1.2]; None where the largest is outside.

    Args:
        sizes: rising.
        faithfulness: at each.
    """
    found = None
    for size, f in zip(reversed(sizes), reversed(faithfulness), strict=True):
        if not BAND[0] - NOISE <= f <= BAND[1] + NOISE:
            break
        found = size
    return found


def random_p(found: float, random: Floats) -> float:
    """Returns (1 + random circuits at least as faithful) / (1 + all of them).

    The chance of so faithful a circuit if the one found were drawn like the others; 1 without any.
    A random circuit that is the same but for rounding counts as as faithful.
    """
    reached = int((np.asarray(random) >= found - NOISE).sum())
    return (1 + reached) / (1 + len(random))
