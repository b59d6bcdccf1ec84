"""Figures of errors where true labels are known: ranking by group, and calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.calibration import (
    BINS,
    calibration_bins,
    expected_calibration_error,
)
from auditor.metrics.groups.rows import GroupRows
from auditor.records import Estimate
from auditor.report.figures.parts import FigureRow
from auditor.report.figures.tables_of_people import (
    PeopleTables,
    at_cutoff,
    cutoffs_of,
    drawn_groups,
    scored,
)
from auditor.report.figures.wording import joined
from auditor.report.numbers import decimal
from auditor.report.words import isolated


def figures_of_errors(evidence: Evidence, tables: PeopleTables | None) -> list[FigureRow]:
    """Returns the figures of errors, column by column; none without scores and true labels."""
    found: list[FigureRow] = []
    if tables is None:
        return found
    for column, table in tables.columns.items():
        own = scored(table)
        own = own.only(own.labelled)
        groups = drawn_groups(own, evidence.plan.metrics.min_rows)
        if groups:
            areas = {
                g.group: g.estimate
                for g in evidence.group_metrics
                if (g.model_id, g.column, g.metric) == (tables.model_id, column, "subgroup_auc")
            }
            found += [*_roc(column, own, groups, areas), *_reliability(column, own, groups)]
    return found


def _roc(
    column: str, table: GroupRows, groups: Sequence[str], areas: Mapping[str, Estimate]
) -> Iterator[FigureRow]:
    both = [group for group in groups if _has_both(table.only(table.of(group)))]
    if not both:
        return
    cutoffs: list[float | None] = [*cutoffs_of(table), None]
    yield FigureRow(
        name=f"roc of {column}",
        kind="roc",
        section="errors",
        title=f"True against false positive rate as the cut-off moves: {isolated(column)}",
        statement=f"Ranking within each group. Area under curve: {joined(_areas(both, areas))}.",
        level=None,
        marks={},
        rows=[_point(table, group, cutoff) for cutoff in cutoffs for group in both],
    )


def _has_both(rows: GroupRows) -> bool:
    return bool(rows.truth.any() and not rows.truth.all())


def _areas(groups: Sequence[str], areas: Mapping[str, Estimate]) -> list[str]:
    found = {group: areas[group].value for group in groups if group in areas}
    return [
        f"{isolated(group)} {decimal(value, signed=False)}"
        for group, value in found.items()
        if value is not None
    ]


def _point(table: GroupRows, group: str, cutoff: float | None) -> dict[str, Any]:
    """Rates at a cut-off; None: as the rows were decided in fact."""
    rows = table if cutoff is None else at_cutoff(table, cutoff)
    rows = rows.only(rows.of(group) & rows.decided)
    return {
        "cutoff": cutoff,
        "in_use": cutoff is None,
        "group": group,
        "n": rows.size,
        "true_positive_rate": _share(rows, rows.truth),
        "false_positive_rate": _share(rows, ~rows.truth),
    }


def _share(rows: GroupRows, of: Any) -> float | None:
    total = float(rows.weight[of].sum())
    return float(rows.weight[of & rows.selected].sum()) / total if total else None


def _reliability(column: str, table: GroupRows, groups: Sequence[str]) -> Iterator[FigureRow]:
    if not ((table.score >= 0) & (table.score <= 1)).all():
        return
    bins = {group: _bins(table.only(table.of(group))) for group in groups}
    errors = [
        f"{isolated(group)} {decimal(expected_calibration_error(each), signed=False)}"
        for group, each in bins.items()
    ]
    yield FigureRow(
        name=f"reliability of {column}",
        kind="reliability",
        section="errors",
        title=f"Share that deserves the outcome, by score: {isolated(column)}",
        statement=(
            f"Scores in {BINS} bins of equal width against the share of true labels that are "
            f"favourable. Expected calibration error: {joined(errors)}."
        ),
        level=None,
        marks={},
        rows=[
            {
                "from": float(each.low),
                "to": float(each.high),
                "group": group,
                "n": round(each.n),
                "mean_score": each.mean_score,
                "rate": each.rate,
            }
            for group, own in bins.items()
            for each in own
        ],
    )


def _bins(rows: GroupRows) -> Any:
    return calibration_bins(np.asarray(rows.score), np.asarray(rows.truth), np.asarray(rows.weight))
