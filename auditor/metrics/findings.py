"""Findings: every contrast and metric, on the plan's first checkpoint and on each other alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from auditor.metrics.clusters import Cells, ClusterMeans, cluster_means, crossed_cells
from auditor.metrics.counterfactual import METRICS, Measured, Metric, measure
from auditor.metrics.verdicts import Claim, Ruling, judge, make_claim
from auditor.plan import AuditPlan, MetricPlan
from auditor.records import CheckpointResult, Contrast, Criterion, Estimate, Finding, Verdict

_WORST_FIRST = (Verdict.DOES_NOT_MEET, Verdict.INCONCLUSIVE, Verdict.NOT_TESTED, Verdict.MEETS)


@dataclass(frozen=True, slots=True)
class _Values:
    """What the estimates are made of; keys are (model_id, contrast_id)."""

    means: Mapping[tuple[str, str], ClusterMeans]
    cells: Mapping[tuple[str, str], Mapping[str, Cells]]  # metric -> cells, crossed contrasts only


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one model shows, and what is claimed of it alone."""

    model_id: str
    measured: Mapping[tuple[str, str], Measured]  # by contrast id and metric
    claims: Mapping[str, Claim]  # by contrast id, of the governing metric
    rulings: Mapping[str, Ruling]


def find(
    pairs: str, plan: AuditPlan, contrasts: Sequence[Contrast], model_ids: Sequence[str]
) -> list[Finding]:
    """Returns a finding for every contrast and metric: governing first, worst first.

    The first of `model_ids` is the one that is judged; the others stand beside it as
    `checkpoints`, each judged alone by the same rule, with its own Holm family.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.
    """
    values = _values(pairs, contrasts)
    models = [_judge_model(model_id, values, plan, contrasts) for model_id in model_ids]
    findings = [
        _finding(contrast, metric, plan, models)
        for metric in METRICS
        for contrast in contrasts
        if models
    ]
    return sorted(findings, key=lambda finding: _order(finding, plan))


def _values(pairs: str, contrasts: Sequence[Contrast]) -> _Values:
    of_pair = {name: metric.of_pair for name, metric in METRICS.items()}
    of_side = {name: metric.of_side for name, metric in METRICS.items() if metric.of_side}
    crossed = [contrast.contrast_id for contrast in contrasts if contrast.crossed]
    means = cluster_means(pairs, of_pair)
    return _Values(means, crossed_cells(pairs, of_pair, of_side, crossed) if crossed else {})


def _judge_model(
    model_id: str,
    values: _Values,
    plan: AuditPlan,
    contrasts: Sequence[Contrast],
) -> _Judged:
    measured = {
        (contrast.contrast_id, metric.name): _measure(metric, contrast, values, model_id, plan.seed)
        for contrast in contrasts
        for metric in METRICS.values()
    }
    keys = [contrast.contrast_id for contrast in contrasts]
    claims = [_claim(measured[key, plan.metrics.governing], plan) for key in keys]
    rulings = judge(claims, plan.metrics)
    return _Judged(
        model_id,
        measured,
        dict(zip(keys, claims, strict=True)),
        dict(zip(keys, rulings, strict=True)),
    )


def _measure(
    metric: Metric, contrast: Contrast, values: _Values, model_id: str, seed: int
) -> Measured:
    key = (model_id, contrast.contrast_id)
    if key in values.means:
        cells = values.cells[key][metric.name] if contrast.crossed else None
        return measure(metric, contrast.contrast_id, values.means[key], seed=seed, cells=cells)
    a, b = contrast.group_a, contrast.group_b
    reason = f"no text mentions {a} or {b} in a way that can be swapped for the other"
    return Measured(Estimate.missing(reason, unit=metric.unit), None)


def _claim(measured: Measured, plan: AuditPlan) -> Claim:
    found = measured.estimate
    enough = found.clusters >= plan.metrics.min_clusters
    if found.value is None or (measured.law is None and enough):
        return Claim(untested=found.reason)
    return make_claim(measured.law, found.clusters, plan.metrics)


def _finding(
    contrast: Contrast, metric: str, plan: AuditPlan, models: Sequence[_Judged]
) -> Finding:
    key, first = contrast.contrast_id, models[0]
    governs = metric == plan.metrics.governing
    checkpoints = tuple(
        CheckpointResult(
            model.model_id,
            model.measured[key, metric].estimate,
            model.rulings[key].verdict if governs else None,
        )
        for model in models
    )
    estimate = checkpoints[0].estimate
    descriptive = Finding(
        contrast, metric, first.model_id, estimate, verdict=None, checkpoints=checkpoints
    )
    if not governs:
        return descriptive
    return _with_verdict(descriptive, first.claims[key], first.rulings[key], plan.metrics)


def _with_verdict(finding: Finding, claim: Claim, ruling: Ruling, plan: MetricPlan) -> Finding:
    return replace(
        finding,
        verdict=ruling.verdict,
        verdict_reason=ruling.reason,
        p_bad=claim.p_bad,
        p_bad_adjusted=ruling.p_bad_adjusted,
        difference_detected=ruling.difference_detected,
        interval_90=claim.interval,
        criterion=Criterion(plan.delta, plan.delta_origin, plan.approved_by),
        harm=plan.harm,
    )


def _order(finding: Finding, plan: AuditPlan) -> tuple[bool, int, int, float, str]:
    """Governing first; within a metric the worst verdict, then the largest value."""
    value = finding.estimate.value
    return (
        finding.metric != plan.metrics.governing,
        list(METRICS).index(finding.metric),
        _WORST_FIRST.index(finding.verdict) if finding.verdict in _WORST_FIRST else 0,
        -abs(value) if value is not None else 1.0,
        finding.finding_id,
    )
