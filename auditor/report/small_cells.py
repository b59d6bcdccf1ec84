"""Evidence as a public edition sees it: groups of too few people are named, and nothing is said.

Hidden are the records themselves, so that no sentence, table or figure made of them can hold what
they held. Only the tables of Local Law 144 are made of every row, as that law asks.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.crossings import METRIC as DIFFERENCES
from auditor.metrics.groups.rows import ALL_GROUPS, UNKNOWN
from auditor.records import Basis, Comparison, Estimate, Finding, GroupMetric, Results
from auditor.report.edition import Edition
from auditor.report.words import listed

_LEFT_OUT = "; left out, with fewer than"
"""Begins what a measure over all groups says of the small ones it left out, with their rows."""


@dataclass(frozen=True, slots=True)
class SmallCells:
    """The groups of fewer people than an edition shows."""

    least: int
    rows: Mapping[tuple[str, str], int]
    """(column, group) -> its rows, of those that are hidden."""

    @classmethod
    def of(cls, groups: Iterable[GroupMetric], least: int) -> Self:
        """Returns the groups with fewer rows than `least` on any model."""
        counts: dict[tuple[str, str], int] = {}
        for each in groups:
            if each.metric == "count" and each.group != ALL_GROUPS:
                key = (each.column, each.group)
                counts[key] = min(each.estimate.n, counts.get(key, each.estimate.n))
        return cls(least, {key: n for key, n in counts.items() if n < least})

    @property
    def why(self) -> str:
        return f"fewer than {self.least} people, hidden in this public edition"

    def has(self, column: str, *groups: str) -> bool:
        """Whether any of the groups of a column is hidden."""
        return any((column, group) in self.rows for group in groups)

    def columns(self) -> dict[str, list[str]]:
        """Returns column -> its hidden groups."""
        found: dict[str, list[str]] = {}
        for column, group in self.rows:
            found.setdefault(column, []).append(group)
        return found

    def estimate(self, estimate: Estimate) -> Estimate:
        """Returns an estimate of which only the unit is left."""
        return Estimate.missing(self.why, unit=estimate.unit)


def seen_by(evidence: Evidence, edition: Edition) -> Evidence:
    """Returns the evidence that an edition may speak of: all of it, unless it is public."""
    if not edition.choice.public:
        return evidence
    results = evidence.results
    cells = SmallCells.of(results.group_metrics, evidence.plan.report.min_cell)
    seen = copy.copy(evidence)
    seen.results = _hidden(results, cells, evidence.plan.metrics.min_rows)
    return seen


def _hidden(results: Results, cells: SmallCells, min_rows: int) -> Results:
    return replace(
        results,
        findings=tuple(_finding(each, cells) for each in results.findings),
        group_metrics=tuple(_metric(each, cells, min_rows) for each in results.group_metrics),
        comparisons=tuple(c for c in results.comparisons if not _is_hidden(c, cells)),
        data_notes=tuple(_notes(results.data_notes, cells)),
    )


def _finding(finding: Finding, cells: SmallCells) -> Finding:
    contrast = finding.contrast
    hidden = cells.has(contrast.attribute, contrast.group_a, contrast.group_b)
    if finding.basis is not Basis.GROUPS or not hidden:
        return finding
    return replace(
        finding,
        estimate=cells.estimate(finding.estimate),
        verdict_reason=None if finding.verdict is None else cells.why,
        p_bad=None,
        p_bad_adjusted=None,
        difference_detected=None,
        interval_90=None,
        rule_of_thumb=None,
        detectable=None,
        settles=None,
        harmful=None,
        checkpoints=tuple(
            replace(each, estimate=cells.estimate(each.estimate)) for each in finding.checkpoints
        ),
    )


def _metric(metric: GroupMetric, cells: SmallCells, min_rows: int) -> GroupMetric:
    estimate = metric.estimate
    if metric.group == ALL_GROUPS:
        return replace(metric, estimate=_over_all(metric, cells, min_rows))
    few = estimate.value is not None and estimate.n < cells.least
    if few or cells.has(metric.column, metric.group) or _tells(metric, cells, min_rows):
        return replace(metric, estimate=cells.estimate(estimate))
    return metric


def _tells(metric: GroupMetric, cells: SmallCells, min_rows: int) -> bool:
    """Whether a number of one group tells that of a hidden one of its column."""
    if metric.metric == "impact_ratio_bounds":
        return cells.has(metric.column, UNKNOWN) or _may_refer(metric.column, cells, min_rows)
    if metric.metric == "impact_ratio":
        return _may_refer(metric.column, cells, min_rows)
    return metric.metric == DIFFERENCES and metric.column in cells.columns()


def _may_refer(column: str, cells: SmallCells, min_rows: int) -> bool:
    """Whether a hidden group is large enough to be what others are held against."""
    return any(cells.rows[column, group] >= min_rows for group in cells.columns().get(column, []))


def _over_all(metric: GroupMetric, cells: SmallCells, min_rows: int) -> Estimate:
    """A measure over the groups of a column rests on those with `min_rows`, and names the rest."""
    estimate = metric.estimate
    if _may_refer(metric.column, cells, min_rows):
        return cells.estimate(estimate)
    reason = estimate.reason and estimate.reason.partition(_LEFT_OUT)[0]
    return replace(estimate, reason=reason, method=estimate.method.partition(_LEFT_OUT)[0])


def _is_hidden(comparison: Comparison, cells: SmallCells) -> bool:
    return cells.has(comparison.column, comparison.group, comparison.reference)


def _notes(notes: Sequence[str], cells: SmallCells) -> list[str]:
    """Notes on a column with a hidden group may count its rows; they stand in the internal one."""
    columns = cells.columns()
    kept = [note for note in notes if not any(f"Column {name}" in note for name in columns)]
    named = "; ".join(f"{listed([name])}: {listed(groups)}" for name, groups in columns.items())
    if not named:
        return kept
    hidden = (
        f"Hidden, with fewer than {cells.least} people: {named}. So are the notes on these "
        "columns. Hidden numbers can be worked out from totals and from the groups that are shown, "
        "more of them where columns are crossed: publish fewer columns where that matters."
    )
    return [*kept, hidden]
