"""What tracing findings through the model would take: passes of one text, counted from the plan.

At most, since how many steps a path needs, and how many components carry an effect, is known only
once they are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.circuits.assess import HALVES, RANDOM_PER_SIZE
from auditor.circuits.converging import FIRST_STEPS
from auditor.circuits.curves import SHARES
from auditor.circuits.discovery import EDGES_SHOWN, LARGEST, PATCHED
from auditor.plan_circuits import CircuitPlan

COPY_POINTS = 9
"""Of the path in the copy with random weights."""
BESIDES = 40
"""Times that a pair's versions are read for alignment, effects, attention, the logit lens."""
REPAIRED = 50
"""Times that they are read for edits and baselines."""
WATCHED = 22
"""Times that those of another attribute are read, to see what repairs do to it."""


@dataclass(frozen=True, slots=True)
class TracingCost:
    """What tracing takes, at most."""

    findings: int
    """Only those that do not meet their criterion are traced."""
    passes: int | None
    """Of one text, over all these findings; many go through the later layers alone. None: how many
    heads and layers the model has is not known."""
    gradient_passes: int | None
    """Those of them that have a gradient."""


def tracing_cost(
    plan: CircuitPlan, attributes: Sequence[str], components: int | None
) -> TracingCost | None:
    """Returns what tracing takes, or None where the plan traces nothing.

    Args:
        attributes: of each contrast that is judged.
        components: heads and MLPs of the model.
    """
    findings = min(plan.trace_findings, len(attributes))
    if not findings:
        return None
    if components is None:
        return TracingCost(findings, None, None)
    points = _points(plan.max_steps) + COPY_POINTS
    plain = _found(components) + _judged(components, plan)
    if plan.repairs:
        plain += _repaired(plan, others=len(set(attributes)) - 1)
    pairs = findings * plan.circuit_pairs
    return TracingCost(findings, pairs * (points + plain), pairs * points)


def _points(max_steps: int) -> int:
    """Returns the points of all paths of one pair whose steps are doubled to the last."""
    steps, points = FIRST_STEPS, FIRST_STEPS + 1
    while 2 * steps <= max_steps:
        steps *= 2
        points += steps + 1
    return points


def _found(components: int) -> int:
    """Passes per discovery pair: exact effects, circuits one by one larger and smaller, edges."""
    return min(PATCHED, components) + 2 * _members(components) + len(SHARES)


def _judged(components: int, plan: CircuitPlan) -> int:
    """Passes per held-out pair: exact effects and necessity, curves, members out, controls."""
    exact = 2 * min(PATCHED, components) + EDGES_SHOWN
    # Of components, of what is left without them, and of edges, each at every size.
    curves = len(SHARES) * (3 + RANDOM_PER_SIZE)
    taken_out = 3 * _members(components) + 2 * HALVES
    return exact + curves + taken_out + plan.random_circuits + BESIDES


def _members(components: int) -> int:
    return max(1, int(LARGEST * components))


def _repaired(plan: CircuitPlan, *, others: int) -> int:
    return 2 * plan.random_circuits + REPAIRED + WATCHED * others
