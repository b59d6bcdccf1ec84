"""Self-test: how often the audit's own rule claims something on its own scores, relabelled.

In each relabelling the two groups of every contrast change places at random: in each cluster for
words, name by name for names. What a swap did is then noise, and the only difference is the one
that is planted: none, delta, or twice delta. The claims are made by the functions that judge the
audit itself, so what is measured is the audit and not a formula about it. Its power is rough: a
true effect is part of the relabelled spread (power shown too low), and effects that go one way
only become symmetric, which skewed clusters are not (too high).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from auditor.metrics.clusters import Cells, Floats
from auditor.metrics.crossed import Design, crossed_law
from auditor.metrics.estimates import (
    Interval,
    OneTrial,
    StudentMean,
    binomial_share,
    mean_law,
)
from auditor.metrics.measurements import Measurement
from auditor.metrics.verdicts import Ruling, judge, make_claim
from auditor.plan import AuditPlan
from auditor.records import Basis, Criterion, Estimate, SelfTest, Verdict, digest

PLANTED = (0.0, 1.0, 2.0)
"""In deltas."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """What one finding's law was made of."""

    values: Floats | Design
    bounds: Interval
    criterion: Criterion
    clusters: int


def self_test(measurements: Sequence[Measurement], plan: AuditPlan) -> list[SelfTest]:
    """Returns the error rates and power of the audit of the first model, one entry per planting.

    Empty where the plan asks for none or no swap was judged. Differences between groups of people
    are left out: their tests are of counts, and are known.
    """
    samples = list(_samples(measurements, plan))
    if not samples or not plan.metrics.self_test:
        return []
    rng = np.random.default_rng(int(digest(str(plan.seed), "self-test"), 16))
    ruled: dict[float, list[list[Ruling]]] = {planted: [] for planted in PLANTED}
    for _ in range(plan.metrics.self_test):
        laws = [_relabelled(sample, rng) for sample in samples]
        for planted in PLANTED:
            ruled[planted].append(_judge(samples, laws, planted, plan))
    return [_rates(planted, each, len(samples)) for planted, each in ruled.items()]


def _samples(measurements: Sequence[Measurement], plan: AuditPlan) -> Iterator[_Sample]:
    first = measurements[0].model_id if measurements else None
    for each in measurements:
        found = each.measured
        judged = each.governs and each.model_id == first and each.basis is Basis.SWAPS
        enough = found.estimate.clusters >= plan.metrics.min_clusters
        if judged and enough and found.sample is not None:
            criterion = plan.metrics.criterion(each.contrast.attribute, each.metric)
            yield _Sample(found.sample, found.bounds, criterion, found.estimate.clusters)


def _relabelled(sample: _Sample, rng: np.random.Generator) -> StudentMean | OneTrial:
    values, seed = sample.values, int(rng.integers(2**31))
    if isinstance(values, Design):
        cells = Cells(rng.permutation(values.cells.values), values.cells.n, values.cells.signs)
        return crossed_law(replace(values, cells=cells), sample.bounds, seed)
    signs: Floats = rng.choice([-1.0, 1.0], len(values))
    return mean_law(values * signs, sample.bounds, seed)


def _judge(
    samples: Sequence[_Sample],
    laws: Sequence[StudentMean | OneTrial],
    planted: float,
    plan: AuditPlan,
) -> list[Ruling]:
    claims = [
        make_claim(
            _shifted(law, planted * sample.criterion.delta),
            sample.criterion,
            plan.metrics,
            clusters=sample.clusters,
        )
        for sample, law in zip(samples, laws, strict=True)
    ]
    return judge(claims, plan.metrics)


def _shifted(law: StudentMean | OneTrial, theta: float) -> StudentMean | OneTrial:
    """Returns the law of the same sample with `theta` added to every effect: its spread stays."""
    if isinstance(law, StudentMean):
        return replace(law, mean=law.mean + theta)
    return replace(law, value=law.value + theta)


def _rates(planted: float, audits: Sequence[Sequence[Ruling]], findings: int) -> SelfTest:
    detected = [sum(bool(r.difference_detected) for r in audit) for audit in audits]
    not_met = [any(r.verdict is Verdict.DOES_NOT_MEET for r in audit) for audit in audits]
    met = [all(r.verdict is Verdict.MEETS for r in audit) for audit in audits]
    found = np.array(detected) / findings
    return SelfTest(
        planted,
        len(audits),
        findings,
        detected=binomial_share(sum(d > 0 for d in detected), len(audits), "rate of audits"),
        not_met=binomial_share(sum(not_met), len(audits), "rate of audits"),
        met=binomial_share(sum(met), len(audits), "rate of audits"),
        found=_mean_share(found),
    )


def _mean_share(shares: Floats) -> Estimate:
    half = 1.96 * float(shares.std()) / len(shares) ** 0.5
    value = float(shares.mean())
    low, high = max(0.0, value - half), min(1.0, value + half)
    return Estimate(value, low, high, len(shares), len(shares), "rate of findings", "normal")
