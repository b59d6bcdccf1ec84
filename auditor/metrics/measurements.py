"""Every metric of every contrast on every model: what findings are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from auditor.metrics.clusters import Cells, ClusterMeans, Key, cluster_means, crossed_cells
from auditor.metrics.counted import scales_of
from auditor.metrics.counterfactual import METRICS, Measured, Metric, measure
from auditor.metrics.systematic import systematic_of_names, systematic_of_words
from auditor.plan import AuditPlan
from auditor.records import Arm, Basis, Contrast, Estimate, SystematicEffect

if TYPE_CHECKING:
    from auditor.metrics.groups import GroupContrast


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric of one contrast on one model, and whether it is the one that decides."""

    contrast: Contrast
    metric: str
    model_id: str
    measured: Measured
    governs: bool
    arm: Arm = Arm.SWAP
    basis: Basis = Basis.SWAPS
    favours: int = 1

    @property
    def key(self) -> tuple[Basis, Arm, str, str]:
        """The same on every model."""
        return self.basis, self.arm, self.contrast.contrast_id, self.metric


@dataclass(frozen=True, slots=True)
class Values:
    """What the estimates are made of."""

    means: Mapping[Key, ClusterMeans]
    cells: Mapping[Key, Mapping[str, Cells]]  # metric -> cells, crossed contrasts only
    kept_out: Mapping[str, int]
    """Contrast id -> swaps of any model that are not valid."""

    def selects(self, model_id: str) -> bool:
        """Whether a model's swaps have a selection on both sides; True where none was scored."""
        swaps = [m for k, m in self.means.items() if k.arm is Arm.SWAP and k.model_id == model_id]
        return not swaps or any(means.n["selection_rate_change"] for means in swaps)

    def labelled(self, model_id: str, contrast: Contrast, clusters: int) -> bool:
        """Whether so many clusters of a contrast have a true label that is favourable."""
        means = self.means.get(Key(model_id, contrast.contrast_id))
        return means is not None and len(means.means["false_negative_rate_change"]) >= clusters


def read_values(
    db: duckdb.DuckDBPyConnection, contrasts: Mapping[Arm, Sequence[Contrast]]
) -> Values:
    """Returns the means of all pairs that count, and the cells of crossed contrasts.

    Args:
        db: with the view `counted`.
        contrasts: by arm, those that stand in the pairs.
    """
    of_pair = {name: metric.of_pair for name, metric in METRICS.items()}
    of_side = {name: metric.of_side for name, metric in METRICS.items() if metric.of_side}
    every = (c for each in contrasts.values() for c in each)
    crossed = sorted({contrast.contrast_id for contrast in every if contrast.crossed})
    found = scales_of(db)
    scales = {name: metric.scale(found) for name, metric in METRICS.items()}
    means = cluster_means(db, of_pair, scales)
    cells = crossed_cells(db, of_pair, of_side, crossed, scales) if crossed else {}
    return Values(means, cells, kept_out(db))


def kept_out(db: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Returns contrast id -> how many swaps are not valid, in the model that has most."""
    rows = db.execute(
        "SELECT contrast_id, max(n) FROM (SELECT model_id, contrast_id, count(*) AS n "
        "FROM every_pair WHERE arm = 'swap' AND validity != 'valid' GROUP BY ALL) GROUP BY ALL"
    ).fetchall()
    return {str(contrast): int(n) for contrast, n in rows}


def contrasts_by_arm(db: duckdb.DuckDBPyConnection) -> dict[Arm, list[Contrast]]:
    """Returns the contrasts that stand in the pairs, also those whose pairs were all kept out: a
    contrast that was asked for and lost is not tested, and must not go missing.

    Args:
        db: with the view `every_pair`.
    """
    rows = db.execute(
        "SELECT DISTINCT arm, attribute, group_a, group_b FROM every_pair "
        "WHERE arm = 'swap' OR validity = 'valid' ORDER BY ALL"
    ).fetchall()
    found: dict[Arm, list[Contrast]] = {}
    for arm, *names in rows:
        found.setdefault(Arm(arm), []).append(Contrast(*names))
    return found


def measure_swaps(
    values: Values,
    plan: AuditPlan,
    contrasts: Mapping[Arm, Sequence[Contrast]],
    model_ids: Sequence[str],
) -> list[Measurement]:
    """Returns the measurements of every model, contrast and arm.

    Args:
        contrasts: by arm; those of `Arm.SWAP` are judged, also where no text has them.
        model_ids: the first one decides what governs.
    """
    governs = governing_metrics(values, plan, contrasts.get(Arm.SWAP, ()), model_ids)
    return [
        Measurement(
            contrast,
            metric.name,
            model_id,
            _measure(metric, contrast, Key(model_id, contrast.contrast_id, arm), values, plan.seed),
            arm is Arm.SWAP and metric.name == governs[contrast.attribute],
            arm,
            favours=metric.favours,
        )
        for model_id in model_ids
        for arm, each in contrasts.items()
        for contrast in each
        for metric in _metrics_of(contrast, arm, values, governs, model_ids)
    ]


def _metrics_of(
    contrast: Contrast,
    arm: Arm,
    values: Values,
    governs: Mapping[str, str],
    model_ids: Sequence[str],
) -> Iterator[Metric]:
    """Yields what is reported of a contrast: what nobody has is spoken of only if it governs."""
    keys = [Key(model_id, contrast.contrast_id, arm) for model_id in model_ids]
    for metric in METRICS.values():
        if arm in metric.arms and (contrast.crossed or not metric.name.startswith("matched_")):
            measured = any(values.means[k].n[metric.name] for k in keys if k in values.means)
            if measured or not metric.optional or metric.name == governs.get(contrast.attribute):
                yield metric


def _measure(metric: Metric, contrast: Contrast, key: Key, values: Values, seed: int) -> Measured:
    if key in values.means:
        cells = values.cells[key][metric.name] if contrast.crossed else None
        return measure(metric, contrast.contrast_id, values.means[key], seed=seed, cells=cells)
    reason = why_none(contrast, values.kept_out.get(contrast.contrast_id, 0))
    return Measured(Estimate.missing(reason, unit=metric.unit))


def why_none(contrast: Contrast, kept_out: int) -> str:
    """Returns why a contrast has no pair that counts, and what to do about it."""
    a, b = contrast.group_a, contrast.group_b
    if kept_out:
        return (
            f"all {kept_out:,} pairs of {b} and {a} were kept out; the coverage says why. Reword "
            "those texts, or leave the group out with `groups`"
        )
    return (
        f"no text mentions {a} or {b} in a way that can be swapped for the other; add such texts, "
        "or leave the group out with `groups`"
    )


def governing_metrics(
    values: Values, plan: AuditPlan, contrasts: Sequence[Contrast], model_ids: Sequence[str]
) -> dict[str, str]:
    """Returns attribute -> the metric that decides for it.

    "auto" goes by what the first model's pairs have, never by what they show: true labels decide
    where some contrast of the attribute has enough clusters with a favourable one.
    """
    first, least = next(iter(model_ids), ""), plan.metrics.min_clusters
    labelled = {c.attribute for c in contrasts if values.labelled(first, c, least)}
    selects = values.selects(first)
    attributes = dict.fromkeys(c.attribute for c in contrasts)
    return {a: governing(plan, a, selects=selects, labelled=a in labelled) for a in attributes}


def governing(
    plan: AuditPlan, attribute: str, *, selects: bool = True, labelled: bool | None = None
) -> str:
    """Returns the metric that decides for an attribute.

    Args:
        selects: whether the model gives, or withholds, a favourable label.
        labelled: whether texts enough have a favourable true label; None: if the plan names a
            column of labels.
    """
    named = plan.metrics.governs(attribute)
    if named != "auto":
        return named
    if not selects:
        return "standardised_effect"
    known = bool(plan.data.label) if labelled is None else labelled
    return "false_negative_rate_change" if known else "selection_rate_change"


def measure_groups(people: Sequence[GroupContrast], plan: AuditPlan) -> list[Measurement]:
    """Returns the differences between groups of people, of which one per column may govern."""
    return [
        Measurement(
            each.contrast,
            each.metric,
            each.model_id,
            Measured(each.estimate, each.law),
            each.metric == governing_groups(plan, each.contrast.attribute),
            basis=Basis.GROUPS,
        )
        for each in people
    ]


def governing_groups(plan: AuditPlan, column: str) -> str:
    """Returns the metric that decides for a protected column, or "none"."""
    named = plan.metrics.governs_groups(column)
    if named != "auto":
        return named
    return "selection_rate_difference" if plan.data.predictions else "none"


def systematic_effects(
    values: Values,
    plan: AuditPlan,
    contrasts: Mapping[Arm, Sequence[Contrast]],
    model_ids: Sequence[str],
) -> list[SystematicEffect]:
    """Returns what is left of each swap's effects once those of placebo pairs are taken off."""
    placebos = {c.contrast_id for c in contrasts.get(Arm.PLACEBO, ()) if not c.crossed}
    found = []
    for model_id in model_ids:
        for contrast in contrasts.get(Arm.SWAP, ()):
            key = Key(model_id, contrast.contrast_id)
            if contrast.crossed and key in values.cells:
                cells, unit = values.cells[key]["mean_effect"], values.means[key].unit
                found.append(systematic_of_names(contrast, model_id, cells, unit, plan.seed))
            elif not contrast.crossed:
                found.append(
                    systematic_of_words(contrast, model_id, values.means, placebos, plan.seed)
                )
    return [each for each in found if each is not None]
