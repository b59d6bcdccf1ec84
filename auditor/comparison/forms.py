"""A comparison as rows of a table, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from auditor.comparison.records import FindingChange, RunComparison
from auditor.comparison.words import UNCHANGED, lines_of, verdict_change
from auditor.records import Criterion, Estimate, to_plain
from auditor.report.gate.text import writable
from auditor.report.measures import is_signed, title, unit_words
from auditor.report.numbers import number, p_value, percent
from auditor.report.words import contrast_words, isolated

HEADED = ("selection_rate", "impact_ratio against")
"""Numbers of groups that are shown; the others are in the JSON."""


def finding_rows(found: RunComparison) -> list[dict[str, Any]]:
    """Returns a row of plain words for every judged finding, those that changed first."""
    rows = [_row(change) for change in sorted(found.judged, key=_first)]
    if len({row["measure"] for row in rows}) == 1:
        return [{name: row[name] for name in row if name != "measure"} for row in rows]
    return rows


def group_rows(found: RunComparison) -> list[dict[str, Any]]:
    """Returns a row for the rates and impact ratios of groups of people."""
    return [
        {
            "column": writable(isolated(each.column)),
            "group": writable(isolated(each.group)),
            "measure": writable(title(each.metric)),
            "before": number(each.before, signed=False),
            "after": number(each.after, signed=False),
            "difference": number(each.difference),
        }
        for each in found.groups
        if each.metric.startswith(HEADED) and not each.metric.startswith("selection_rate_")
    ]


def change_words(change: FindingChange) -> str:
    """Returns whether a finding changed, and to which side of none."""
    if change.changed is None:
        return "not tested"
    if not change.changed:
        return UNCHANGED
    before, after = change.before.value, change.after.value
    assert before is not None
    assert after is not None
    return f"changed, {'nearer to' if abs(after) < abs(before) else 'further from'} none"


def comparison_json(found: RunComparison) -> dict[str, Any]:
    """Returns a comparison as one JSON document: all of its records, and its words."""
    values = to_plain(found)
    for change, plain in zip(found.findings, values["findings"], strict=True):
        plain["words"] = change_words(change)
    return {"exit_code": found.exit_code, **_clean(values), "sentences": lines_of(found)}


def comparison_markdown(found: RunComparison) -> str:
    """Returns a comparison as GitHub-flavoured Markdown, for a pull request."""
    from auditor.report.markdown import escaped

    def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
        if rows:
            yield f"| {' | '.join(rows[0])} |"
            yield "|" + " --- |" * len(rows[0])
        for row in rows:
            yield f"| {' | '.join(escaped(str(value)) for value in row.values())} |"

    return "\n".join(
        [
            "## What changed between two runs",
            "",
            *table(finding_rows(found)),
            "",
            *(f"- {escaped(line)}" for line in lines_of(found)),
            *([""] if group_rows(found) else []),
            *table(group_rows(found)),
        ]
    )


def _row(change: FindingChange) -> dict[str, Any]:
    return {
        "finding": writable(contrast_words(change.contrast)),
        "measure": title(change.metric),
        "before": _shown(change.before, change.metric, change.criterion_before),
        "after": _shown(change.after, change.metric, change.criterion_after),
        "difference [95 %]": _difference(change),
        "p (Holm)": "" if change.p_adjusted is None else p_value(change.p_adjusted),
        "change": change_words(change),
        "verdict": verdict_change(change),
    }


def _shown(estimate: Estimate, metric: str, criterion: Criterion | None) -> str:
    mark = criterion.delta if criterion else None
    return number(estimate, signed=is_signed(metric), mark=mark)


def _difference(change: FindingChange) -> str:
    found = change.difference
    if found.value is None:
        return "not compared"
    level = "" if abs(found.level - 0.95) < 1e-9 else f" ({percent(found.level)})"
    return f"{number(found)} {unit_words(found.unit)}".rstrip() + level


def _first(change: FindingChange) -> tuple[bool, float]:
    value = change.difference.value
    return not change.changed, 1.0 if value is None else -abs(value)


def _clean(value: Any) -> Any:
    """Plain values with every text writable."""
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    return writable(value) if isinstance(value, str) else value
