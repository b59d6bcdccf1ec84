"""The counterfactual metrics: what a swap of the group changes, per contrast.

A metric is a value of one pair (SQL), averaged within each cluster and then over clusters. To add
one, add an entry to `METRICS`; everything else (estimates, report, `auditor list metrics`) follows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from auditor.metrics.clusters import Cells, ClusterMeans, Floats
from auditor.metrics.counted import Scales
from auditor.metrics.crossed import (
    WORDS_TESTED,
    Design,
    complete,
    crossed_law,
    crossed_proportion,
    spread,
)
from auditor.metrics.estimates import (
    HARD_FLOOR,
    Interval,
    Law,
    MeanLaw,
    OneTrial,
    OrderStatistic,
    Root,
    StudentMean,
    estimate,
    mean_law,
    proportion_law,
)
from auditor.records import Arm, Estimate, digest

_RATES = frozenset({"probability", "rate", "difference of rates", "distance"})
"""Units whose values lie within +-1."""
P95 = 0.95
_SWAP = (Arm.SWAP,)
_BESIDE = (Arm.SWAP, Arm.UNMENTIONED, Arm.FRAGMENTATION)
_EVERY = tuple(Arm)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a contrast: group B against group A."""

    name: str
    description: str
    unit: str
    """"score" stands for the unit of the model's score: probability, or output of a regression."""
    signed: bool
    """Has a direction: B less A. Only signed metrics can have a verdict."""
    of_pair: str
    """SQL over the columns of `counted.counted_pairs`; null where the pair does not have it."""
    missing: str
    """Why no pair of a contrast has it."""
    of_side: str | None = None
    """SQL of what a signed metric takes the difference of; `{side}` stands for a or b."""
    kind: Literal["mean", "proportion", "root mean", "95th percentile"] = "mean"
    neutral: float = 0.0
    """The value that says: the swap changes nothing."""
    favours: Literal[1, -1] = 1
    """1: above 0, B is favoured; -1: above 0, A is."""
    arms: tuple[Arm, ...] = _SWAP
    """Where it is reported."""
    optional: bool = False
    """Not spoken of where no pair has it, unless it governs."""

    def unit_in(self, means: ClusterMeans) -> str:
        return means.unit if self.unit == "score" else self.unit

    def scale(self, scales: Scales) -> float:
        """Returns what values of this size are added up by."""
        if self.kind == "root mean":
            return scales.square
        units = {"score": scales.score, "SD": scales.sd, "log-odds": scales.margin}
        return units.get(self.unit, scales.rate)

    def bounds(self, means: ClusterMeans) -> Interval:
        """Returns the least and the most that the value of a pair can be."""
        most = 1.0 if self.unit_in(means) in _RATES else math.inf
        return (-most if self.signed else 0.0, most)


_NO_SELECTION = (
    "no pair says whether it was selected: a regression, and pairs scored elsewhere, need a "
    "`cutoff` and a `favourable` label"
)
_NO_SCORE = "no pair has a score on both sides"
_NO_LABEL = (
    "no pair has a predicted label on both sides: a regression has none, and pairs scored "
    "elsewhere need labels"
)

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
            missing=_NO_SELECTION,
            arms=_BESIDE,
        ),
        Metric(
            "false_negative_rate_change",
            "Interventional gap of the false negative rate, the favourable label being the "
            "positive one: of texts whose true label is favourable, the share that is denied it "
            "when they speak of group B, less the share when they speak of A. For a detector "
            "(toxic, sexist), whose favourable label is the absence, this is what is called its "
            "false positive rate gap.",
            unit="difference of rates",
            signed=True,
            of_pair="CASE WHEN truth THEN selected_a::INT - selected_b::INT END",
            of_side="1 - selected_{side}::INT",
            missing="no text that can be swapped has a true label that is favourable",
            favours=-1,
            optional=True,
        ),
        Metric(
            "false_positive_rate_change",
            "Interventional gap of the false positive rate, the favourable label being the "
            "positive one: of texts whose true label is not favourable, the share that receives "
            "the favourable label all the same when they speak of group B, less the share when "
            "they speak of A. For a detector this is its false negative (missed) rate gap.",
            unit="difference of rates",
            signed=True,
            of_pair="CASE WHEN NOT truth THEN selected_b::INT - selected_a::INT END",
            of_side="selected_{side}::INT",
            missing="no text that can be swapped has a true label that is not favourable",
            optional=True,
        ),
        Metric(
            "mean_effect",
            "Mean change of the score when group A is swapped for group B.",
            unit="score",
            signed=True,
            of_pair="effect",
            of_side="score_{side}",
            missing=_NO_SCORE,
            arms=_BESIDE,
        ),
        Metric(
            "standardised_effect",
            "Mean change of the score in standard deviations of the scores of the texts that were "
            "swapped in, per model: comparable between outputs of any unit.",
            unit="SD",
            signed=True,
            of_pair="effect / sd",
            of_side="score_{side} / sd",
            missing="the scores of the texts have no spread to be measured in",
        ),
        Metric(
            "mean_margin_effect",
            "Mean change of the log-odds of the favourable label: sees shifts of scores near 0 "
            "and 1, where a probability hardly moves.",
            unit="log-odds",
            signed=True,
            of_pair="margin_b - margin_a",
            of_side="margin_{side}",
            missing="no pair has log-odds on both sides: a regression has none, nor has a "
            "probability of 0 or 1",
            optional=True,
        ),
        Metric(
            "loss_rate",
            "Share of texts that have the favourable label when they speak of group A and lose it "
            "when they speak of B.",
            unit="rate",
            signed=False,
            of_pair="(selected_a AND NOT selected_b)::INT",
            missing=_NO_SELECTION,
            kind="proportion",
            optional=True,
        ),
        Metric(
            "gain_rate",
            "Share of texts that lack the favourable label when they speak of group A and gain it "
            "when they speak of B.",
            unit="rate",
            signed=False,
            of_pair="(selected_b AND NOT selected_a)::INT",
            missing=_NO_SELECTION,
            kind="proportion",
            optional=True,
        ),
        Metric(
            "flip_rate",
            "Share of texts whose predicted label changes, whichever its direction. Within one "
            "group (placebo) it is arbitrariness: a decision that hangs on which of two names or "
            "words of one group is used.",
            unit="rate",
            signed=False,
            of_pair="flip::INT",
            missing=_NO_LABEL,
            kind="proportion",
            arms=_EVERY,
        ),
        Metric(
            "mean_absolute_effect",
            "Mean size of the change of the score, whichever its direction (counterfactual token "
            "fairness gap of two groups, Garg et al. 2019).",
            unit="score",
            signed=False,
            of_pair="abs(effect)",
            missing=_NO_SCORE,
            arms=_EVERY,
        ),
        Metric(
            "root_mean_square_effect",
            "Root of the mean square of the change of the score: what placebo pairs can be taken "
            "from, as squares of independent parts add up.",
            unit="score",
            signed=False,
            of_pair="effect * effect",
            missing=_NO_SCORE,
            kind="root mean",
            arms=(Arm.SWAP, Arm.PLACEBO),
        ),
        Metric(
            "p95_absolute_effect",
            "The size of change that 95 % of clusters stay below, each cluster with the mean size "
            "of its changes of the score.",
            unit="score",
            signed=False,
            of_pair="abs(effect)",
            missing=_NO_SCORE,
            kind="95th percentile",
        ),
        Metric(
            "total_variation",
            "Mean total variation distance between the probabilities of all labels (three or "
            "more): half the sum of their absolute changes, 0 for no change, 1 for a certain "
            "change of label. The favourable label may stay while others trade places.",
            unit="distance",
            signed=False,
            of_pair="total_variation",
            missing="the model has two labels, or labels that do not exclude each other",
            optional=True,
        ),
        Metric(
            "matched_selection_rate_change",
            "The net flips again, on names that are alike in frequency and number of pieces "
            "alone: what is left of a difference when rarity and tokenization are held fixed.",
            unit="difference of rates",
            signed=True,
            of_pair="CASE WHEN matched THEN selected_b::INT - selected_a::INT END",
            of_side="selected_{side}::INT",
            missing="no two names are alike in frequency and number of pieces",
            optional=True,
        ),
        Metric(
            "matched_mean_effect",
            "The mean effect again, on names that are alike in frequency and number of pieces.",
            unit="score",
            signed=True,
            of_pair="CASE WHEN matched THEN effect END",
            of_side="score_{side}",
            missing="no two names are alike in frequency and number of pieces",
            optional=True,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of one contrast on one model, with the law that its tests rest on."""

    estimate: Estimate
    law: MeanLaw | None = None
    """None: an unsigned metric, or too few clusters or names for any interval."""
    sample: Floats | Design | None = None
    """What the law was made of: [cluster], or names by templates. For the self-test."""
    bounds: Interval = (-math.inf, math.inf)
    """Of the value of a pair."""


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
        return Measured(Estimate.missing(metric.missing, unit=unit))
    stream = int(digest(str(seed), contrast_id, metric.name), 16)
    if cells is not None and metric.kind != "95th percentile":
        return _crossed(metric, means, cells, stream)
    law = _law(metric, means, stream)
    if isinstance(law, OrderStatistic) and cells is not None:
        law = replace(law, scope=f", {WORDS_TESTED}")
    found = estimate(_value(metric, values), law, n=n, clusters=len(values), unit=unit)
    return _signed(metric, means, found, law, values)


def _value(metric: Metric, values: Floats) -> float:
    if metric.kind == "95th percentile":
        return OrderStatistic(values, P95, (0, math.inf)).value
    return _rooted(metric, float(values.mean()))


def _law(metric: Metric, means: ClusterMeans, stream: int) -> Law | None:
    values, bounds = means.means[metric.name], metric.bounds(means)
    if len(values) < HARD_FLOOR:
        return None
    if metric.kind == "95th percentile":
        return OrderStatistic(values, P95, bounds)
    if metric.kind == "proportion":
        return proportion_law(values, means.n[metric.name])
    law = mean_law(values, bounds, stream)
    return Root(law) if metric.kind == "root mean" else law


def _rooted(metric: Metric, value: float) -> float:
    return math.sqrt(max(0.0, value)) if metric.kind == "root mean" else value


def _signed(
    metric: Metric,
    means: ClusterMeans,
    found: Estimate,
    law: Law | None,
    sample: Floats | Design,
) -> Measured:
    """Keeps the law of a metric that can be judged; others make no claim."""
    if metric.signed and isinstance(law, StudentMean | OneTrial):
        return Measured(found, law, sample, metric.bounds(means))
    return Measured(found)


def _crossed(metric: Metric, means: ClusterMeans, cells: Cells, stream: int) -> Measured:
    values, unit, n = means.means[metric.name], metric.unit_in(means), means.n[metric.name]
    design = complete(cells)
    if design.too_small:
        value, size, reason = float(values.mean()), len(values), design.too_small
        method = "mean of cluster means"
        value = _rooted(metric, value)
        return Measured(Estimate(value, None, None, n, size, unit, method, reason=reason))
    law: Law
    if metric.kind == "proportion":
        law = crossed_proportion(design)
    else:
        law = crossed_law(design, metric.bounds(means), stream)
        law = Root(law) if metric.kind == "root mean" else law
    value = _rooted(metric, spread(design).mean)
    found = estimate(value, law, n=design.pairs, clusters=design.templates, unit=unit)
    return _signed(metric, means, found, law, design)
