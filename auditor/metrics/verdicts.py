"""What may be claimed: the only place that turns estimates into verdicts and exit codes.

A claim is tested against its own null. "Does not meet" rejects |theta| <= delta, by Holm over all
confirmatory findings of one model; "meets" rejects |theta| >= delta by two one-sided tests, that is
the 1 - 2 alpha interval lies inside +-delta. What neither settles is inconclusive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.metrics.estimates import Interval, MeanLaw, too_few
from auditor.plan_metrics import MetricPlan
from auditor.records import Basis, Criterion, Finding, Overall, Verdict


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be judged, before the other claims of the audit are known."""

    criterion: Criterion
    interval: Interval | None = None
    """Of level 1 - 2 alpha."""
    p_bad: float | None = None
    """Of |theta| <= delta."""
    p_zero: float | None = None
    """Of theta = 0."""
    untested: str | None = None
    """Why there is nothing to judge."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was claimed of one finding, and why."""

    verdict: Verdict
    reason: str
    p_bad_adjusted: float | None = None
    difference_detected: bool | None = None


def make_claim(
    law: MeanLaw | None, criterion: Criterion, plan: MetricPlan, *, clusters: int | None = None
) -> Claim:
    """Returns the claim about a governing metric.

    Args:
        clusters: that it was measured on; None: independent rows, whose number was checked.
    """
    if law is None or (clusters is not None and clusters < plan.min_clusters):
        return Claim(criterion, untested=too_few(clusters or 0, plan.min_clusters))
    return Claim(
        criterion,
        law.interval(1 - 2 * plan.alpha),
        law.p_beyond(criterion.delta),
        law.p_beyond(0.0),
    )


def judge(claims: Sequence[Claim], plan: MetricPlan) -> list[Ruling]:
    """Returns a ruling for each of the claims, which are all that one model's audit makes."""
    bad = holm([claim.p_bad for claim in claims])
    zero = holm([claim.p_zero for claim in claims])
    return [_rule(*each, plan) for each in zip(claims, bad, zero, strict=True)]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Returns Holm-adjusted p-values; None stays None and does not count as a test.

    In order of size, p times the number of tests not yet passed, never falling and at most 1 (Holm
    1979). As statsmodels' `multipletests` has it, which collects garbage in every call: 60 ms each,
    and the self-test corrects some thousand families.
    """
    order = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted, most = list(p_values), 0.0
    for passed, (p, i) in enumerate(order):
        most = max(most, min(1.0, p * (len(order) - passed)))
        adjusted[i] = most
    return adjusted


def _rule(claim: Claim, p_bad: float | None, p_zero: float | None, plan: MetricPlan) -> Ruling:
    if claim.untested:
        return Ruling(Verdict.NOT_TESTED, claim.untested)
    if claim.interval is None or p_bad is None or p_zero is None:
        return Ruling(
            Verdict.INCONCLUSIVE,
            "every cluster shows the same effect and the output has no bounds, so nothing says "
            "how far other texts may lie",
        )
    detected, (low, high), delta = p_zero <= plan.alpha, claim.interval, claim.criterion.delta
    interval, within = f"the {100 * (1 - 2 * plan.alpha):g} % interval", f"±{delta:g}"
    if p_bad <= plan.alpha:
        reason = f"the effect lies beyond {within} ({_p(p_bad)})"
        return Ruling(Verdict.DOES_NOT_MEET, reason, p_bad, detected)
    if -delta < low and high < delta:
        return Ruling(Verdict.MEETS, f"{interval} lies inside {within}", p_bad, detected)
    reason = f"{interval} is not inside {within}, nor is the effect shown beyond it ({_p(p_bad)})"
    return Ruling(Verdict.INCONCLUSIVE, reason, p_bad, detected)


def _p(p: float) -> str:
    return "adjusted p < .001" if p < 0.001 else f"adjusted p = {p:.2g}"


def overall(findings: Sequence[Finding]) -> Overall:
    """Returns the audit's answer.

    It meets only if every confirmatory finding meets (intersection-union: no adjustment), does not
    meet if any does not, is not tested if none was, and is else inconclusive.
    """
    counts = Counter(f.verdict for f in findings if f.verdict is not None)
    counts.pop(Verdict.NOT_APPLICABLE, None)
    total = counts.total()
    if not total and findings and all(f.basis is Basis.GROUPS for f in findings):
        return Overall(Verdict.NOT_APPLICABLE, "No finding of this audit makes a claim.")
    if not total:
        return Overall(Verdict.NOT_TESTED, "No contrast of two groups was in this audit.")
    parts = [f"{counts[v]} {words}" for v, words in _COUNTED.items() if counts[v]]
    noun = "finding" if total == 1 else "findings"
    reason = f"Of {total} confirmatory {noun}: {', '.join(parts)}."
    return Overall(_overall(counts, total), reason)


_COUNTED = {
    Verdict.MEETS: "met the criterion",
    Verdict.DOES_NOT_MEET: "did not meet it",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NOT_TESTED: "not tested",
}


def _overall(counts: Counter[Verdict], total: int) -> Verdict:
    if counts[Verdict.DOES_NOT_MEET]:
        return Verdict.DOES_NOT_MEET
    if counts[Verdict.MEETS] == total:
        return Verdict.MEETS
    if counts[Verdict.NOT_TESTED] == total:
        return Verdict.NOT_TESTED
    return Verdict.INCONCLUSIVE


def exit_code(result: Overall) -> int:
    """Returns 0 where the criteria are met or none applies, 1 where one is not met, else 3.

    "Not tested" is 3 and not 0: a gate must not open because an audit found nothing to test.
    """
    return {
        Verdict.MEETS: 0,
        Verdict.NOT_APPLICABLE: 0,
        Verdict.DOES_NOT_MEET: 1,
        Verdict.INCONCLUSIVE: 3,
        Verdict.NOT_TESTED: 3,
    }[result.verdict]
