"""The difference of one number between two runs, with its interval and what that rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from auditor.comparison.laws import Mover, differences_law, mover
from auditor.comparison.pairs import PAIRED, Joint
from auditor.comparison.records import How
from auditor.metrics.clusters import Cells, ClusterMeans, Key
from auditor.metrics.counterfactual import METRICS, Measured, Metric, measure
from auditor.metrics.crossed import complete, crossed_law, spread
from auditor.metrics.estimates import HARD_FLOOR, Interval, MeanLaw, too_few
from auditor.metrics.measurements import Values
from auditor.records import Basis, Estimate, Finding, digest

LEVEL = 0.95
PeopleLaws = Mapping[tuple[str, str], MeanLaw | None]
"""(contrast id, metric) -> the law of a difference between groups of people."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Later less earlier."""

    estimate: Estimate
    how: How
    law: MeanLaw | None = None
    """None: there is no interval, or the measure makes no claim."""


@dataclass(frozen=True, slots=True)
class Both:
    """All that differences between two runs are taken from."""

    joint: Joint
    people: tuple[PeopleLaws, PeopleLaws]
    models: tuple[str, str]
    """The judged checkpoint of each run."""
    seed: int
    least: int
    """Clusters that a common part needs, to stand for the whole."""


def difference_of(before: Finding, after: Finding, both: Both) -> Difference:
    """Returns the difference of a finding: paired where the runs hold the same pairs."""
    if reason := why_not(before.estimate, after.estimate):
        return Difference(Estimate.missing(reason, unit=after.estimate.unit), How.NONE)
    if after.basis is Basis.GROUPS:
        key = (after.contrast.contrast_id, after.metric)
        return _two_samples(before.estimate, after.estimate, [p.get(key) for p in both.people])
    paired = _paired(after, both)
    if paired is not None:
        return paired
    sides = zip((both.joint.before, both.joint.after), both.models, strict=True)
    laws = [measured_on(after, values, model, both.seed).law for values, model in sides]
    return _two_samples(before.estimate, after.estimate, laws)


def why_not(before: Estimate, after: Estimate) -> str | None:
    """Returns why two numbers have no difference; None where they have."""
    for which, each in (("earlier", before), ("later", after)):
        if each.value is None:
            return f"not measured in the {which} run: {each.reason}"
    if before.unit != after.unit:
        return f"the earlier run measures it in {before.unit}, the later in {after.unit}"
    return None


def joined(before: Estimate, after: Estimate) -> Estimate:
    """Returns the difference of two numbers by their recorded intervals alone (MOVER)."""
    if reason := why_not(before, after):
        return Estimate.missing(reason, unit=after.unit)
    return _two_samples(before, after, (None, None)).estimate


def measured_on(finding: Finding, values: Values, model: str, seed: int) -> Measured:
    """Returns a finding of swaps, measured anew: on a part of the run's pairs, or for its law."""
    key = Key(model, finding.contrast.contrast_id, finding.arm)
    if key not in values.means:
        reason = "no pair of the part that is compared has it"
        return Measured(Estimate.missing(reason, unit=finding.estimate.unit))
    cells = values.cells[key][finding.metric] if finding.contrast.crossed else None
    means, metric = values.means[key], METRICS[finding.metric]
    return measure(metric, key.contrast_id, means, seed=seed, cells=cells)


def _paired(finding: Finding, both: Both) -> Difference | None:
    """Returns the mean difference over pairs that both runs hold; None where these are too few,
    or the metric is no mean of pairs."""
    arm, contrast, name = finding.arm, finding.contrast, finding.metric
    overlap, means = both.joint.of(arm, contrast), both.joint.mean(arm, contrast)
    if name not in PAIRED or means is None or not len(means.means[name]):
        return None
    if not overlap.same and len(means.means[name]) < both.least:
        return None
    stream = int(digest(str(both.seed), "comparison", contrast.contrast_id, name), 16)
    cells = both.joint.crossed(arm, contrast, name)
    law, found = _mean_difference(PAIRED[name], means, cells, stream)
    unit = finding.estimate.unit
    how = How.SAME_PAIRS if overlap.same else How.COMMON_PAIRS
    return Difference(replace(found, unit=unit), how, law)


def _mean_difference(
    metric: Metric, means: ClusterMeans, cells: Cells | None, stream: int
) -> tuple[MeanLaw | None, Estimate]:
    values, n = means.means[metric.name], means.n[metric.name]
    # A value within +-1 can change by 2, a share by 1.
    most = metric.bounds(means)[1] * (2 if metric.signed else 1)
    if cells is None:
        reason = too_few(len(values), HARD_FLOOR) if len(values) < HARD_FLOOR else None
        law = None if reason else differences_law(values, most, stream)
        return law, _estimate(float(values.mean()), law, n, len(values), reason)
    design = complete(cells)
    if design.too_small:
        value = float(values.mean())
        return None, _estimate(value, None, n, len(values), design.too_small)
    crossed = crossed_law(design, (-most, most), stream)
    found = _estimate(spread(design).mean, crossed, design.pairs, design.templates, None)
    return crossed, found


def _estimate(
    value: float, law: MeanLaw | None, n: int, clusters: int, reason: str | None
) -> Estimate:
    ends = law.interval(LEVEL) if law else None
    method = f"differences by pair: {law.method}" if law else "mean of differences by cluster"
    if ends is None:
        reason = reason or "all clusters changed alike and the output has no bounds: no interval"
        return Estimate(value, None, None, n, clusters, "", method, LEVEL, reason)
    return Estimate(value, *ends, n, clusters, "", method)


def _two_samples(before: Estimate, after: Estimate, laws: Sequence[MeanLaw | None]) -> Difference:
    """Joins two intervals, made anew at 95 % where there are laws, else as they are recorded."""
    assert before.value is not None
    assert after.value is not None
    earlier, later = laws
    law = Mover(later, earlier, after.value, before.value) if later and earlier else None
    ends = law.interval(LEVEL) if law else _recorded(before, after)
    low, high = ends or (None, None)
    found = Estimate(
        after.value - before.value,
        low,
        high,
        n=before.n + after.n,
        clusters=before.clusters + after.clusters,
        unit=after.unit,
        method=law.method if law else _OF_RECORDED,
        level=LEVEL if law else after.level,
        reason=None if ends else "the two runs do not both have an interval of one level",
    )
    return Difference(found, How.TWO_SAMPLES, law)


_OF_RECORDED = "MOVER of two recorded intervals, taken as of independent samples"


def _recorded(before: Estimate, after: Estimate) -> Interval | None:
    a, b = _ends(before), _ends(after)
    if a is None or b is None or abs(before.level - after.level) > 1e-9:
        return None
    assert before.value is not None
    assert after.value is not None
    return mover(after.value, b, before.value, a)


def _ends(of: Estimate) -> Interval | None:
    return None if of.low is None or of.high is None else (of.low, of.high)
