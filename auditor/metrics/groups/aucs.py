"""Ranking by group: the three AUCs of Borkan et al. 2019, with intervals.

Borkan, Dixon, Sorensen, Thain and Vasserman, "Nuanced Metrics for Measuring Unintended Bias with
Real Data for Text Classification", https://arxiv.org/abs/1903.04561. There the positive class is
what a detector looks for (toxic), which is the UNfavourable label here: a high 1 - score should go
to rows whose true label is unfavourable. In subgroup AUC it does not matter which class is called
positive; in the other two it does, so it is kept as published.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import HARD_FLOOR, Interval, too_few
from auditor.metrics.groups.linear import ends, mean_with
from auditor.metrics.groups.rows import UNKNOWN, GroupRows, Mask
from auditor.records import Estimate

AUCS = ("subgroup_auc", "bpsn_auc", "bnsp_auc")


def aucs(table: GroupRows) -> dict[tuple[str, str], Estimate]:
    """Returns (group, metric) -> estimate for every known group; {} where no row has a score.

    1: every unfavourable row scores below every favourable one; .5: no better than chance.

    subgroup_auc: both classes from the group.
    bpsn_auc (background positive, subgroup negative): favourable rows of the group against
    unfavourable rows of the other known groups. Low where the group's harmless rows look bad.
    bnsp_auc (background negative, subgroup positive): unfavourable rows of the group against
    favourable rows of the others. Low where the group's bad rows are overlooked.
    """
    scored = table.only(np.isfinite(table.score))
    if not len(scored.codes):
        return {}
    usable = scored.only(scored.is_known & scored.labelled)
    groups = [name for name in table.names if name != UNKNOWN]
    return {
        (group, name): _auc(usable, *classes, table.unlabelled)
        for group in groups
        for name, classes in _classes(usable, group).items()
    }


def _classes(rows: GroupRows, group: str) -> dict[str, tuple[Mask, Mask]]:
    """Metric -> (unfavourable rows, favourable rows) that it ranks."""
    inside, good = rows.of(group), rows.truth
    return {
        "subgroup_auc": (inside & ~good, inside & good),
        "bpsn_auc": (~inside & ~good, inside & good),
        "bnsp_auc": (inside & ~good, ~inside & good),
    }


def _auc(rows: GroupRows, bad: Mask, good: Mask, unlabelled: str | None) -> Estimate:
    unit = "AUC"
    if not bad.any() or not good.any():
        kind = "favourable" if bad.any() else "unfavourable"
        reason = unlabelled or f"no row to rank has a true label that is {kind}"
        return Estimate.missing(reason, unit=unit)
    ranked = rank(rows, bad, good)
    used = rows.only(bad | good)
    low, high = ends(ranked.interval())
    return Estimate(
        ranked.value,
        low,
        high,
        used.size,
        used.clusters,
        unit,
        ranked.method,
        reason=ranked.no_interval,
    )


@dataclass(frozen=True, slots=True)
class Ranking:
    """An AUC and its variance."""

    value: float
    variance: float
    df: float
    method: str
    no_interval: str | None = None

    def interval(self, level: float = 0.95) -> Interval | None:
        """Returns the interval on the log-odds scale, which stays within 0 to 1."""
        from scipy.special import expit, logit
        from scipy.stats import t

        if self.no_interval:
            return None
        half = float(t.isf((1 - level) / 2, self.df)) * self.variance**0.5
        half /= self.value * (1 - self.value)
        centre = float(logit(self.value))
        return float(expit(centre - half)), float(expit(centre + half))


def rank(rows: GroupRows, bad: Mask, good: Mask) -> Ranking:
    """Returns how well scores put `good` rows above `bad` ones.

    Variance: DeLong, DeLong and Clarke-Pearson 1988 for independent rows; with clusters or survey
    weights that of Obuchowski 1997, the same placements added up by cluster (a linearised
    jackknife of clusters).
    """
    up = placements(rows.score[good], rows.score[bad], rows.weight[bad])
    down = 1 - placements(rows.score[bad], rows.score[good], rows.weight[good])
    share = rows.weight[good] / rows.weight[good].sum()
    value = float(share @ up)
    if rows.independent and rows.frequency:
        variance, df = _delong(value, rows, (bad, down), (good, up)), np.inf
        method, few = "DeLong, log-odds scale", _few_rows(rows, bad, good)
    else:
        errors = np.zeros(len(rows.codes))
        errors[good] = share * (up - value)
        errors[bad] = rows.weight[bad] / rows.weight[bad].sum() * (down - value)
        mean = mean_with(rows, bad | good, value, errors)
        variance, df, method = mean.variance, mean.clusters - 1.0, "Obuchowski, log-odds scale"
        few = None if mean.clusters >= HARD_FLOOR else too_few(mean.clusters, HARD_FLOOR)
    if few is None and (variance <= 0 or value <= 0 or value >= 1):
        few = "the scores part the two classes completely: no interval"
    return Ranking(value, variance, df, method, few)


def placements(score: Floats, others: Floats, weight: Floats) -> Floats:
    """Returns for each score the share of `others` below it, ties as half. `weight`: of others."""
    order = np.argsort(others, kind="stable")
    placed = others[order]
    below = np.concatenate([[0.0], np.cumsum(weight[order])])
    left = below[np.searchsorted(placed, score, side="left")]
    right = below[np.searchsorted(placed, score, side="right")]
    return np.asarray((left + right) / 2 / below[-1], dtype=np.float64)


def _delong(value: float, rows: GroupRows, *sides: tuple[Mask, Floats]) -> float:
    """Sum over both classes of the variance of their placements over their number."""
    variance = 0.0
    for mask, placed in sides:
        weight = rows.weight[mask]
        count = float(weight.sum())
        if count > 1:
            variance += float((weight * (placed - value) ** 2).sum()) / (count - 1) / count
    return variance


def _few_rows(rows: GroupRows, bad: Mask, good: Mask) -> str | None:
    least = min(rows.only(bad).size, rows.only(good).size)
    return None if least >= 2 else "one row of a class has no variance: no interval"
