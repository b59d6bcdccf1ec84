"""The counterfactual metrics: what a swap of the group changes, per contrast.

A metric is a value of one pair (SQL), averaged within each cluster and then over clusters. To add
one, add an entry to `METRICS`; everything else (estimates, report, `auditor list metrics`) follows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from auditor.metrics.clusters import Cells, ClusterMeans
from auditor.metrics.crossed import complete, crossed_law, crossed_proportion, spread
from auditor.metrics.estimates import (
    HARD_FLOOR,
    Interval,
    KornGraubard,
    OneTrial,
    StudentMean,
    estimate,
    mean_law,
    proportion_law,
)
from auditor.records import Estimate, digest


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a contrast: group B against group A."""

    name: str
    description: str
    unit: str
    """"score" stands for the unit of the model's score: probability, or output of a regression."""
    signed: bool
    """Negative where B does worse. Only signed metrics can have a verdict."""
    of_pair: str
    """SQL over the columns of `clusters.COUNTED`; null where the pair does not have it."""
    missing: str
    """Why no pair of a contrast has it."""
    of_side: str | None = None
    """SQL of what a signed metric takes the difference of; `{side}` stands for a or b."""
    kind: Literal["mean", "proportion"] = "mean"
    neutral: float = 0.0
    """The value that says: the swap changes nothing."""

    def unit_in(self, means: ClusterMeans) -> str:
        return means.unit if self.unit == "score" else self.unit

    def bounds(self, means: ClusterMeans) -> Interval:
        """Returns the least and the most that the value of a pair can be."""
        most = 1.0 if self.unit_in(means) != "output" else math.inf
        return (-most if self.signed else 0.0, most)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "selection_rate_change",
            "Share of texts that gain the favourable label less the share that lose it, when "
            "group A is swapped for group B (net flips at the cut-off in use).",
            unit="difference of rates",
            signed=True,
            of_pair="selected_b::INT - selected_a::INT",
            of_side="selected_{side}::INT",
            missing="no pair says whether it was selected: a regression, and pairs scored "
            "elsewhere, need a `cutoff` and a `favourable` label",
        ),
        Metric(
            "mean_effect",
            "Mean change of the score when group A is swapped for group B.",
            unit="score",
            signed=True,
            of_pair="effect",
            of_side="score_{side}",
            missing="no pair has a score on both sides",
        ),
        Metric(
            "mean_absolute_effect",
            "Mean size of the change of the score, whichever its direction (counterfactual token "
            "fairness gap of two groups, Garg et al. 2019).",
            unit="score",
            signed=False,
            of_pair="abs(effect)",
            missing="no pair has a score on both sides",
        ),
        Metric(
            "flip_rate",
            "Share of texts whose predicted label changes, whichever its direction.",
            unit="rate",
            signed=False,
            of_pair="flip::INT",
            missing="no pair has a predicted label on both sides: a regression has none, and "
            "pairs scored elsewhere need labels",
            kind="proportion",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of one contrast on one model, with the law that its tests rest on."""

    estimate: Estimate
    law: StudentMean | OneTrial | None
    """None: a proportion, or too few clusters or names for any interval."""


def measure(
    metric: Metric,
    contrast_id: str,
    means: ClusterMeans,
    *,
    seed: int,
    cells: Cells | None = None,
) -> Measured:
    """Returns the estimate of `metric` for a contrast that has pairs.

    Args:
        cells: of a crossed contrast, whose terms are drawn as well as its clusters.
        seed: the plan's. Every contrast and metric draws from its own stream, so that a result
            does not depend on what else is in the audit.
    """
    values, unit, n = means.means[metric.name], metric.unit_in(means), means.n[metric.name]
    if not len(values):
        return Measured(Estimate.missing(metric.missing, unit=unit), None)
    stream = int(digest(str(seed), contrast_id, metric.name), 16)
    if cells is not None:
        return _crossed(metric, means, cells, stream)
    law: StudentMean | OneTrial | KornGraubard | None = None
    if len(values) >= HARD_FLOOR and metric.kind == "proportion":
        law = proportion_law(values, n)
    elif len(values) >= HARD_FLOOR:
        law = mean_law(values, metric.bounds(means), stream)
    found = estimate(float(values.mean()), law, n=n, clusters=len(values), unit=unit)
    return Measured(found, None if isinstance(law, KornGraubard) else law)


def _crossed(metric: Metric, means: ClusterMeans, cells: Cells, stream: int) -> Measured:
    values, unit, n = means.means[metric.name], metric.unit_in(means), means.n[metric.name]
    design = complete(cells)
    if design.too_small:
        value, size, reason = float(values.mean()), len(values), design.too_small
        method = "mean of cluster means"
        missing = Estimate(value, None, None, n, size, unit, method, reason=reason)
        return Measured(missing, None)
    law: StudentMean | OneTrial | KornGraubard
    if metric.kind == "proportion":
        law = crossed_proportion(design)
    else:
        law = crossed_law(design, metric.bounds(means), stream)
    value = spread(design).mean
    found = estimate(value, law, n=design.pairs, clusters=design.templates, unit=unit)
    return Measured(found, None if isinstance(law, KornGraubard) else law)
