"""What a table of outcomes could find: rows per group, and the difference of rates within reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from auditor.metrics.groups.columns import CROSSED, model_columns
from auditor.metrics.groups.contrasts import DIFFERENCES
from auditor.metrics.groups.rates import RATES
from auditor.metrics.groups.references import largest_group
from auditor.metrics.groups.rows import GroupRows
from auditor.metrics.measurements import governing_groups
from auditor.metrics.power import PRACTICAL, least, two_digits
from auditor.plan import AuditPlan
from auditor.plan_metrics import MetricPlan
from auditor.planned.forecast import Forecast, Planned
from auditor.records import Basis, Contrast
from auditor.sources import read_predictions


@dataclass(frozen=True, slots=True)
class _Compared:
    """Two groups of a column."""

    plain: Forecast
    sizes: tuple[float, float]
    """Of the group and its reference: rows, or Kish's effective n of survey weights."""
    rate: float
    """Of all rows of the column, which says nothing of a difference."""

    def detectable(self, plan: MetricPlan, *, alpha: float, times: float = 1.0) -> float | None:
        n, reference = (size * times for size in self.sizes)
        return detectable_rates(self.rate, n, reference, power=plan.power, alpha=alpha)


def plan_people(plan: AuditPlan) -> Planned:
    """Returns what the differences between groups of people could show, by column."""
    table = pa.concat_tables(read_predictions(plan.data, plan.scoring.cutoff)).to_pandas()
    compared = [
        each
        for model in model_columns(table, plan, None)
        for column, rows in model.columns.items()
        if CROSSED not in column or column in plan.metrics.by_column
        for each in _pairs(rows, plan)
    ]
    metrics = plan.metrics
    tests = max(1, sum(min(each.sizes) >= metrics.min_rows for each in compared))
    notes = ["nothing is scored: outcomes are given; rows count as independent people"]
    if plan.data.cluster:
        notes.append("rows that share a cluster tell less than as many independent people")
    found = [_forecast(each, metrics, metrics.alpha / tests) for each in compared]
    return Planned(plan.name, plan.sha256, metrics.power, metrics.alpha, found, None, notes)


def _pairs(table: GroupRows, plan: AuditPlan) -> Iterator[_Compared]:
    """Yields every known group against the plan's reference, or the largest group."""
    metric, reference = governing_groups(plan, table.column), largest_group(table, plan)
    if metric == "none" or reference is None:
        return
    rate = DIFFERENCES[metric]
    decided = table.only(table.decided)
    if rate != "selection_rate":
        decided = decided.only(decided.labelled)
    rows = decided.only(RATES[rate].base(decided.truth, decided.selected))
    total = float(rows.weight.sum())
    selected = float(rows.weight[rows.selected].sum()) / total if total else 0.0
    for group in table.known:
        if group != reference:
            sizes = _size(rows, group), _size(rows, reference)
            plain = Forecast(
                Contrast(table.column, reference, group),
                plan.metrics.criterion(table.column, metric),
                round(sum(sizes)),
                round(min(sizes)),
                basis=Basis.GROUPS,
            )
            yield _Compared(plain, sizes, selected)


def _size(rows: GroupRows, group: str) -> float:
    mine = rows.only(rows.of(group))
    return mine.effective if len(mine.weight) else 0.0


def _forecast(each: _Compared, plan: MetricPlan, adjusted: float) -> Forecast:
    if min(each.sizes) < plan.min_rows:
        why = f"only {round(min(each.sizes))} rows of a group; at least {plan.min_rows} are needed"
        return replace(each.plain, untested=why, outlook=f"not tested: {why}")
    known = replace(
        each.plain,
        detectable=each.detectable(plan, alpha=plan.alpha),
        detectable_adjusted=each.detectable(plan, alpha=adjusted),
    )
    outlook = "enough" if known.suffices else _more(each, each.plain.criterion.delta, plan)
    return replace(known, outlook=outlook)


def _more(each: _Compared, size: float, plan: MetricPlan) -> str:
    """Returns how many times as many rows find a difference of `size`."""

    def enough(tenths: int) -> bool:
        found = each.detectable(plan, alpha=plan.alpha, times=tenths / 10)
        return found is not None and found < size

    small = f"too small to find {size:g}"
    tenths = least(enough, 10, 10 * PRACTICAL)
    if tenths is None:
        return f"{small}: more than {PRACTICAL} times as many rows are needed"
    return f"{small}: about {two_digits(tenths / 10)} times as many rows are needed"


def detectable_rates(
    rate: float, n: float, n_reference: float, *, power: float = 0.8, alpha: float = 0.05
) -> float | None:
    """Returns the least drop from a reference's rate that a two-sided z test finds.

    Of independent people, with statsmodels' pooled variance. None: not even a drop to 0.
    """
    from scipy.optimize import brentq
    from statsmodels.stats.proportion import power_proportions_2indep

    def short(drop: float) -> float:
        found = power_proportions_2indep(-drop, rate, n, ratio=n_reference / n, alpha=alpha)
        return float(found.power) - power

    most = rate * (1 - 1e-9)
    return None if most <= 0 or short(most) < 0 else float(brentq(short, 1e-9, most))
