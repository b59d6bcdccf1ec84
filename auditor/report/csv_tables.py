"""Findings, groups and comparisons as tables for a spreadsheet.

UTF-8 with a byte order mark: Excel takes a file without one for the machine's own code page and
garbles every name beyond ASCII; what else reads CSV skips the mark. A cell of words that begins as
a formula would gets an apostrophe before it, so that opening a file never runs what a group is
called; numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from auditor.records import Comparison, Estimate, GroupMetric
from auditor.report.parts import FindingRow, Summary

Row = Mapping[str, Any]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a formula starts, in full width too."""
_ESTIMATE = ("value", "low", "high", "level", "n", "clusters", "unit", "method", "reason")


def render_csv(summary: Summary) -> dict[str, str]:
    """Returns each table by the name of its file; one without rows has its heads."""
    findings = [*summary.judged, *summary.described, *summary.arms, *summary.group_differences]
    return {
        "findings.csv": _table(FINDINGS, map(_finding, findings)),
        "groups.csv": _table(GROUPS, map(_group, summary.groups)),
        "comparisons.csv": _table(COMPARISONS, map(_comparison, summary.comparisons)),
    }


def cell(value: Any) -> Any:
    """Returns a value as it stands in a cell: words that a spreadsheet would run are disarmed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    words = str(value)
    return f"'{words}" if words.lstrip(" ").startswith(_FORMULA) else words


def _table(columns: Sequence[str], rows: Iterable[Row]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns)
    writer.writerows([cell(row[name]) for name in columns] for row in rows)
    return file.getvalue()


_OF_A_FINDING = (
    "id", "basis", "arm", "attribute", "group_a", "group_b", "metric", "verdict",
)  # fmt: skip
_JUDGED = (
    "verdict_reason", "p_bad_adjusted", "difference_detected", "detectable", "settles", "harmful",
    "rule_of_thumb", "holds_in",
)  # fmt: skip
_CRITERION = ("delta", "origin", "approved_by")
FINDINGS = (
    *_OF_A_FINDING, *_ESTIMATE, "decision_low", "decision_high", *_CRITERION, *_JUDGED,
    "checkpoints", "sentence",
)  # fmt: skip


def _finding(row: FindingRow) -> Row:
    low, high = row.interval_90 or (None, None)
    named = (*_OF_A_FINDING, *_JUDGED, "sentence")
    return {
        **{name: getattr(row, name) for name in named},
        **_estimate(row.estimate),
        **{name: getattr(row.criterion, name, None) for name in _CRITERION},
        "decision_low": low,
        "decision_high": high,
        "checkpoints": len(row.checkpoints),
    }


_OF_A_GROUP = ("model_id", "column", "group", "metric")
GROUPS = (*_OF_A_GROUP, *_ESTIMATE)


def _group(row: GroupMetric) -> Row:
    return {**{name: getattr(row, name) for name in _OF_A_GROUP}, **_estimate(row.estimate)}


_COMPARED = (
    "model_id", "column", "group", "reference", "selected", "n", "selected_reference",
    "n_reference",
)  # fmt: skip
_TESTED = (
    "z_pooled", "p_z", "z_hypergeometric", "p_fisher", "p_fisher_adjusted", "shortfall", "cohen_h",
    "one_person_turns", "small_numbers", "rule_of_thumb",
)  # fmt: skip
_ENDS = ("value", "low", "high", "reason")
COMPARISONS = (
    *_COMPARED,
    *(f"impact_ratio_{name}" for name in _ENDS),
    *(f"difference_{name}" for name in _ENDS),
    *_TESTED,
)


def _comparison(row: Comparison) -> Row:
    both = {"impact_ratio": row.impact_ratio, "difference": row.difference}
    return {
        **{name: getattr(row, name) for name in (*_COMPARED, *_TESTED)},
        **{f"{of}_{name}": getattr(e, name) for of, e in both.items() for name in _ENDS},
    }


def _estimate(estimate: Estimate) -> Row:
    return {name: getattr(estimate, name) for name in _ESTIMATE}
