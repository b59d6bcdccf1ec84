"""What the explained pairs of a contrast say together, and of all its pairs.

Flagged pairs are explained because they are extreme; they are no sample. So every pair counts for
as many as it stands for, 1 / its sampling probability: 1 for a flagged pair, N / n for one of n
drawn from N. The estimand is the mean over all valid pairs of the contrast, each with equal weight,
and not, as in the audit's findings, the mean of cluster means: of a cluster that no pair was drawn
from nothing is known. Inference counts clusters all the same. Weights of rows are not used, as for
all counterfactual metrics.

Effects are of group B against group A, whichever the text spoke of. Placebo pairs are a control and
never enter a contrast's own numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from auditor.attributions.pair_table import CONTRAST, owen_rows, pair_table
from auditor.attributions.weighting import scoped, weighted_ratio
from auditor.attributions.word_effects import word_effects
from auditor.metrics.estimates import Interval
from auditor.records import Contrast, Estimate, digest
from auditor.records_attributions import AttributionMetric, Chosen, WordEffect
from auditor.swaps.attributes import PLACEBO

SHARE = "share"


class Meaning(NamedTuple):
    """What a metric says."""

    meaning: str
    unit: str | None
    """None: that of the output."""
    neutral: float | None
    """What it is where the term changes nothing; None: no such number, read it against the
    placebo's."""


_CONTROL = "The same of placebo pairs, whose terms do not tell groups apart: "

METRICS: dict[str, Meaning] = {
    "term_attribution": Meaning(
        "Mean absolute attribution on a group's own terms, summed over the terms of a text: how "
        "much the output rests on them.",
        None,
        0.0,
    ),
    "term_share": Meaning(
        "Share of all absolute attribution in a group's texts that lies on its terms.", SHARE, 0.0
    ),
    "gap": Meaning(
        "Mean gap of the output, group B against group A: the three parts below together.",
        None,
        0.0,
    ),
    "gap_on_term": Meaning(
        "Part of the mean gap that the terms carry themselves: what is seen of them, taken as "
        "words.",
        None,
        0.0,
    ),
    "gap_on_context": Meaning(
        "Part of the mean gap that the other words carry, which are the same on both sides: they "
        "count otherwise beside the other term.",
        None,
        0.0,
    ),
    "gap_base": Meaning(
        "Part of the mean gap between the two fully masked texts, which differ where the terms "
        "have different numbers of tokens.",
        None,
        0.0,
    ),
    "context_share": Meaning(
        "Sizes of the gaps on other words over sizes of all gaps on words: how much of the "
        "difference is carried by words that count otherwise beside the other term. It does not "
        "say how large the difference is.",
        SHARE,
        None,
    ),
    "placebo_term_attribution": Meaning(
        _CONTROL + "how much the output rests on any such words.", None, 0.0
    ),
    "placebo_term_share": Meaning(
        _CONTROL + "the share of attribution on any such words.", SHARE, 0.0
    ),
    "placebo_context_share": Meaning(
        _CONTROL + "how much of any small difference other words carry.", SHARE, None
    ),
}
"""Metric -> its meaning. Metrics of one side have a group."""


def aggregate(
    rows: pd.DataFrame, pairs: pd.DataFrame, *, seed: int
) -> tuple[list[AttributionMetric], list[WordEffect]]:
    """Returns the metrics of every contrast with explained pairs, and its words that change most.

    Values are weighted means or ratios (Hajek); intervals are t on linearised cluster totals
    with a bootstrap envelope where these are skewed, on no more degrees of freedom than clusters
    of equal weight would have. With fewer than 8 such clusters the value stands alone. Without a
    pair drawn at random nothing is said of a contrast: the estimate is missing, with the reason.
    Placebo metrics are of the attribute's own placebo pairs (names), else of the placebo words.

    Args:
        rows: of `schemas.ATTRIBUTIONS`, of one model; methods other than "owen" are not used.
        pairs: of these rows, at least pair_id, cluster, attribute, group_a, group_b, group_from
            and census: every pair of its contrast is explained.
        seed: of the bootstrap.
    """
    tokens = owen_rows(rows, pairs)
    if not len(tokens):
        return [], []
    unit = str(tokens["unit"].iloc[0])
    table = pair_table(tokens)
    is_placebo = table["chosen"] == Chosen.PLACEBO.value
    controls = table[is_placebo]
    metrics = [
        metric
        for key, own in table[~is_placebo].groupby(CONTRAST, sort=True)
        for metric in _of_contrast(
            Contrast(*map(str, key)), own, _control(controls, str(key[0])), unit, seed
        )
    ]
    return metrics, word_effects(tokens[tokens["chosen"] != Chosen.PLACEBO.value], unit)


def _control(placebos: pd.DataFrame, attribute: str) -> pd.DataFrame:
    own = placebos[placebos["attribute"] == attribute]
    return own if len(own) else placebos[placebos["attribute"] == PLACEBO]


class _Numbers(NamedTuple):
    """A metric as a ratio of two columns of the table of pairs."""

    metric: str
    group: str | None
    top: pd.Series[float]
    bottom: pd.Series[float] | float = 1.0


def _of_contrast(
    contrast: Contrast, own: pd.DataFrame, control: pd.DataFrame, unit: str, seed: int
) -> Iterator[AttributionMetric]:
    unsaid = None if own["speaks"].any() else _NOT_DRAWN
    no_control = None if len(control) else "no placebo pair was explained (explain_placebo)"
    every = [(own, unsaid, each) for each in _own_numbers(contrast, own)]
    every += [(control, no_control, each) for each in _control_numbers(control)]
    for table, reason, numbers in every:
        found = _estimate(table, numbers, unit, reason, _stream(seed, contrast, numbers))
        yield AttributionMetric(contrast, numbers.metric, numbers.group, scoped(found, contrast))


_NOT_DRAWN = (
    "none of the explained pairs of this contrast was drawn at random (explain_sample), and "
    "flagged pairs say nothing of the others"
)


def _own_numbers(contrast: Contrast, own: pd.DataFrame) -> Iterator[_Numbers]:
    for side, group in (("a", contrast.group_a), ("b", contrast.group_b)):
        yield _Numbers("term_attribution", group, own[f"term_{side}"])
        yield _Numbers("term_share", group, own[f"term_{side}"], own[f"all_{side}"])
    for name in ("gap", "gap_on_term", "gap_on_context", "gap_base"):
        yield _Numbers(name, None, own[name])
    yield _Numbers("context_share", None, own["size_on_context"], _size(own))


def _control_numbers(control: pd.DataFrame) -> Iterator[_Numbers]:
    term, every = control["term_a"] + control["term_b"], control["all_a"] + control["all_b"]
    yield _Numbers("placebo_term_attribution", None, term / 2)
    yield _Numbers("placebo_term_share", None, term, every)
    yield _Numbers("placebo_context_share", None, control["size_on_context"], _size(control))


def _size(table: pd.DataFrame) -> pd.Series[float]:
    return table["size_on_context"] + table["size_on_term"]


def _estimate(
    table: pd.DataFrame, numbers: _Numbers, unit: str, unsaid: str | None, seed: int
) -> Estimate:
    own_unit = METRICS[numbers.metric].unit or unit
    counts = {"n": len(table), "clusters": int(table["cluster"].nunique())}
    if unsaid:
        return Estimate.missing(unsaid, unit=own_unit, **counts)
    ratio = weighted_ratio(numbers.top, numbers.bottom, table["weight"], table["cluster"])
    if ratio is None:
        reason = "every attribution is 0: there is nothing of which this is a share"
        return Estimate.missing(reason, unit=own_unit, **counts)
    return ratio.estimate(own_unit, _bounds(numbers.metric), seed)


def _bounds(metric: str) -> Interval:
    if METRICS[metric].unit == SHARE:
        return 0.0, 1.0
    return (0.0, np.inf) if metric.endswith("term_attribution") else (-np.inf, np.inf)


def _stream(seed: int, contrast: Contrast, numbers: _Numbers) -> int:
    """A seed for each number, so that leaving one out does not move another; the control's is one
    for all contrasts that share it."""
    own = numbers.metric if numbers.metric.startswith("placebo") else contrast.contrast_id
    return int(digest(str(seed), own, numbers.metric, numbers.group or ""), 16)
