"""Every metric of every contrast on every model: what findings are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from auditor.metrics.clusters import Cells, ClusterMeans, Key, cluster_means, crossed_cells
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

    @property
    def selects(self) -> bool:
        """Whether any swap has a selection on both sides."""
        swaps = (means for key, means in self.means.items() if key.arm is Arm.SWAP)
        return any(means.n["selection_rate_change"] for means in swaps)


def read_values(db: duckdb.DuckDBPyConnection) -> Values:
    """Returns the means of all pairs that count, and the cells of crossed contrasts.

    Args:
        db: with the view `counted`.
    """
    of_pair = {name: metric.of_pair for name, metric in METRICS.items()}
    of_side = {name: metric.of_side for name, metric in METRICS.items() if metric.of_side}
    every = (c for each in contrasts_by_arm(db).values() for c in each)
    crossed = sorted({contrast.contrast_id for contrast in every if contrast.crossed})
    squares = {name for name, metric in METRICS.items() if metric.kind == "root mean"}
    means = cluster_means(db, of_pair, squares)
    return Values(means, crossed_cells(db, of_pair, of_side, crossed, squares) if crossed else {})


def contrasts_by_arm(db: duckdb.DuckDBPyConnection) -> dict[Arm, list[Contrast]]:
    """Returns the contrasts that stand in the pairs. `db`: with the view `valid_pairs`."""
    rows = db.execute(
        "SELECT DISTINCT arm, attribute, group_a, group_b FROM valid_pairs ORDER BY ALL"
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
    """
    return [
        _measurement(metric, contrast, arm, values, plan, model_id)
        for model_id in model_ids
        for arm, each in contrasts.items()
        for contrast in each
        for metric in _metrics_of(contrast, arm, values, plan, model_ids)
    ]


def _metrics_of(
    contrast: Contrast, arm: Arm, values: Values, plan: AuditPlan, model_ids: Sequence[str]
) -> Iterator[Metric]:
    """Yields what is reported of a contrast: what nobody has is spoken of only if it governs."""
    keys = [Key(model_id, contrast.contrast_id, arm) for model_id in model_ids]
    governs = governing(plan, contrast.attribute, selects=values.selects)
    for metric in METRICS.values():
        if arm in metric.arms and (contrast.crossed or not metric.name.startswith("matched_")):
            measured = any(values.means[k].n[metric.name] for k in keys if k in values.means)
            if measured or not metric.optional or metric.name == governs:
                yield metric


def _measurement(
    metric: Metric, contrast: Contrast, arm: Arm, values: Values, plan: AuditPlan, model_id: str
) -> Measurement:
    governs = governing(plan, contrast.attribute, selects=values.selects)
    return Measurement(
        contrast,
        metric.name,
        model_id,
        _measure(metric, contrast, Key(model_id, contrast.contrast_id, arm), values, plan.seed),
        arm is Arm.SWAP and metric.name == governs,
        arm,
        favours=metric.favours,
    )


def _measure(metric: Metric, contrast: Contrast, key: Key, values: Values, seed: int) -> Measured:
    if key in values.means:
        cells = values.cells[key][metric.name] if contrast.crossed else None
        return measure(metric, contrast.contrast_id, values.means[key], seed=seed, cells=cells)
    a, b = contrast.group_a, contrast.group_b
    reason = f"no text mentions {a} or {b} in a way that can be swapped for the other"
    return Measured(Estimate.missing(reason, unit=metric.unit))


def governing(plan: AuditPlan, attribute: str, *, selects: bool = True) -> str:
    """Returns the metric that decides for an attribute.

    Args:
        selects: whether the model gives, or withholds, a favourable label.
    """
    named = plan.metrics.governs(attribute)
    if named != "auto":
        return named
    if not selects:
        return "standardised_effect"
    return "false_negative_rate_change" if plan.data.label else "selection_rate_change"


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
    named = plan.metrics.governs(column, of_people=True)
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
