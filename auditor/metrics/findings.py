"""Findings: every contrast and metric, on the plan's first checkpoint and on each other alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from auditor.metrics.counterfactual import METRICS, Measured
from auditor.metrics.crossed import Design, parts_of
from auditor.metrics.measurements import Measurement
from auditor.metrics.power import detectable, settles
from auditor.metrics.verdicts import Claim, Ruling, judge, make_claim
from auditor.plan import AuditPlan
from auditor.records import Basis, CheckpointResult, Finding, Verdict

_WORST_FIRST = (Verdict.DOES_NOT_MEET, Verdict.INCONCLUSIVE, Verdict.NOT_TESTED, Verdict.MEETS)
_Ruled = Mapping[int, tuple[Claim, Ruling]]
"""By the measurement's identity: what is claimed of it, and what came of it."""


def find(measurements: Sequence[Measurement], plan: AuditPlan) -> list[Finding]:
    """Returns a finding for every contrast and metric: governing first, worst first.

    The first model is the one that is judged; the others stand beside it as `checkpoints`, each
    judged alone by the same rule, with a Holm family of its own.
    """
    model_ids = dict.fromkeys(m.model_id for m in measurements)
    ruled: dict[int, tuple[Claim, Ruling]] = {}
    for model_id in model_ids:
        ruled |= _judge([m for m in measurements if m.governs and m.model_id == model_id], plan)
    by_key: dict[object, list[Measurement]] = {}
    for each in measurements:
        by_key.setdefault(each.key, []).append(each)
    tests = _tests([m for m in measurements if m.model_id == next(iter(model_ids))], ruled)
    findings = [_finding(each, ruled, plan, tests) for each in by_key.values()]
    return sorted(findings, key=_order)


def _judge(measurements: Sequence[Measurement], plan: AuditPlan) -> _Ruled:
    """Returns the rulings of one model's governing measurements, which are one family."""
    claims = [_claim(measurement, plan) for measurement in measurements]
    rulings = judge(claims, plan.metrics)
    each = zip(measurements, claims, rulings, strict=True)
    return {id(measurement): (claim, ruling) for measurement, claim, ruling in each}


def _claim(measurement: Measurement, plan: AuditPlan) -> Claim:
    found, law = measurement.measured.estimate, measurement.measured.law
    criterion = plan.metrics.criterion(measurement.contrast.attribute, measurement.metric)
    of_people = measurement.basis is Basis.GROUPS
    enough = of_people or found.clusters >= plan.metrics.min_clusters
    if found.value is None or (law is None and enough):
        return Claim(criterion, untested=found.reason)
    return make_claim(law, criterion, plan.metrics, clusters=None if of_people else found.clusters)


def _tests(measurements: Sequence[Measurement], ruled: _Ruled) -> int:
    """Returns how many tests of one model share its alpha."""
    claims = (ruled[id(m)][0] for m in measurements if m.governs)
    return sum(claim.p_zero is not None for claim in claims)


def _finding(each: Sequence[Measurement], ruled: _Ruled, plan: AuditPlan, tests: int) -> Finding:
    first = each[0]
    checkpoints = tuple(
        CheckpointResult(
            m.model_id,
            m.measured.estimate,
            ruled[id(m)][1].verdict if m.governs else None,
        )
        for m in each
    )
    descriptive = Finding(
        first.contrast,
        first.metric,
        first.model_id,
        first.measured.estimate,
        verdict=None,
        harmful=_harmful(first, plan),
        arm=first.arm,
        basis=first.basis,
        checkpoints=checkpoints,
    )
    if not first.governs:
        return descriptive
    judged = _with_verdict(descriptive, *ruled[id(first)])
    return _with_outlook(judged, first.measured, plan, max(1, tests))


def _harmful(measurement: Measurement, plan: AuditPlan) -> bool | None:
    """Whether the effect goes where the plan says that the harm lies; None: no direction."""
    value = measurement.measured.estimate.value
    signed = measurement.basis is Basis.GROUPS or METRICS[measurement.metric].signed
    if value is None or not signed:
        return None
    favoured = value * measurement.favours
    return {"lower": favoured < 0, "higher": favoured > 0, "either": favoured != 0}[plan.harm.worse]


def _with_verdict(finding: Finding, claim: Claim, ruling: Ruling) -> Finding:
    return replace(
        finding,
        verdict=ruling.verdict,
        verdict_reason=ruling.reason,
        p_bad=claim.p_bad,
        p_bad_adjusted=ruling.p_bad_adjusted,
        difference_detected=ruling.difference_detected,
        interval_90=claim.interval,
        criterion=claim.criterion,
    )


def _with_outlook(finding: Finding, measured: Measured, plan: AuditPlan, tests: int) -> Finding:
    """Adds what the sample could have found, at the share of alpha that Holm leaves it when no
    other finding differs, and what would settle it."""
    law, power = measured.law, plan.metrics.power
    delta = finding.criterion.delta if finding.criterion else 0.0
    if law is None or finding.verdict is Verdict.NOT_TESTED:
        return finding
    parts = parts_of(measured.sample) if isinstance(measured.sample, Design) else None
    alpha, value = plan.metrics.alpha, finding.estimate.value or 0.0
    # What lies beyond delta must be shown beyond it by the adjusted test; "meets" is not adjusted.
    hurdle = alpha / tests if abs(value) > delta else alpha
    open_still = finding.verdict is Verdict.INCONCLUSIVE
    return replace(
        finding,
        detectable=detectable(law, power=power, alpha=alpha / tests),
        settles=settles(law, delta, power, alpha=hurdle, parts=parts) if open_still else None,
    )


def _order(finding: Finding) -> tuple[bool, bool, int, int, int, bool, float, str]:
    """Judged first; within a metric the worst verdict, then the harm, then the largest value."""
    value = finding.estimate.value
    metrics = list(METRICS)
    return (
        finding.verdict is None,
        finding.basis is Basis.GROUPS,
        list(type(finding.arm)).index(finding.arm),
        metrics.index(finding.metric) if finding.metric in metrics and not finding.verdict else -1,
        _WORST_FIRST.index(finding.verdict) if finding.verdict in _WORST_FIRST else 0,
        finding.harmful is False,
        -abs(value) if value is not None else 1.0,
        finding.finding_id,
    )
