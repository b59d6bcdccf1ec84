"""The rows of people behind the figures: those of the judged model, column by column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.columns import model_columns
from auditor.metrics.groups.references import group_sizes
from auditor.metrics.groups.rows import GroupRows
from auditor.metrics.results import favourable_labels

MOST_GROUPS = 6
"""Groups of a column drawn in one figure of curves, those with most rows: more cannot be told
apart."""


@dataclass(frozen=True, slots=True)
class PeopleTables:
    """The judged model's rows of people."""

    model_id: str
    columns: dict[str, GroupRows]
    """Protected columns, none crossed."""


def people_tables(evidence: Evidence) -> PeopleTables | None:
    """Returns the rows of the judged model by protected column; None where nobody's group is
    known."""
    predictions = evidence.predictions()
    if predictions is None or not evidence.group_metrics:
        return None
    judged = evidence.group_metrics[0].model_id
    own = predictions[predictions["model_id"] == judged]
    favourable = favourable_labels(evidence.plan, evidence.record["models"])
    for model in model_columns(own, evidence.plan, favourable):
        plain = evidence.plan.data.protected
        columns = {name: table for name, table in model.columns.items() if name in plain}
        return PeopleTables(model.model_id, columns)
    return None


def scored(table: GroupRows) -> GroupRows:
    """Returns the rows of a known group that have a score."""
    return table.only(np.isfinite(table.score) & table.is_known)


def drawn_groups(table: GroupRows, least: int) -> list[str]:
    """Returns the groups with at least `least` rows, at most `MOST_GROUPS`, largest first."""
    sizes = group_sizes(table)
    large = [group for group in sizes if sizes[group] >= max(1, least)]
    return sorted(large, key=lambda group: (-sizes[group], group))[:MOST_GROUPS]


def at_cutoff(table: GroupRows, cutoff: float) -> GroupRows:
    """Returns the rows as they would be decided if scores from `cutoff` up were selected."""
    return replace(table, selected=table.score >= cutoff, decided=np.ones_like(table.decided))


def cutoffs_of(table: GroupRows) -> list[float]:
    """Returns the cut-offs that curves are drawn over: twentieths of a probability, or those that
    part the scores into twentieths."""
    steps = np.arange(1, 20) / 20
    if ((table.score >= 0) & (table.score <= 1)).all():
        return [float(step) for step in steps]
    return sorted({float(x) for x in np.quantile(table.score, steps)})


def cutoff_in_use(table: GroupRows) -> float | None:
    """Returns the least score that was selected; None where decisions do not follow scores."""
    decided = table.only(table.decided)
    chosen, refused = decided.score[decided.selected], decided.score[~decided.selected]
    if not len(chosen) or not len(refused) or refused.max() >= chosen.min():
        return None
    return float(chosen.min())
