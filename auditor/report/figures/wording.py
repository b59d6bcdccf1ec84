"""Small pieces of the sentences that say what a figure shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from auditor.metrics.groups.rows import UNKNOWN
from auditor.records import Estimate
from auditor.report.numbers import bracket, decimal
from auditor.report.words import isolated


def ends(name: str, estimate: Estimate) -> dict[str, float | None]:
    """Returns the value of an estimate under its name, and its interval as `low` and `high`."""
    return {name: estimate.value, "low": estimate.low, "high": estimate.high}


def counted(things: Collection[Any], noun: str) -> str:
    """Returns how many there are: "1 group", "1,200 groups"."""
    return f"{len(things):,} {noun}{'' if len(things) == 1 else 's'}"


def their(things: Collection[Any]) -> str:
    """Returns "its" of one thing, "their" of several."""
    return "its" if len(things) == 1 else "their"


def turned(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a grid of two columns has more groups of the second: these are its lines then, so
    that chart and table stay narrow."""
    first, second = (len({row[side] for row in rows}) for side in ("first", "second"))
    return second > first


def joined(parts: Sequence[str]) -> str:
    """Returns clauses as one; "nothing could be measured" of none."""
    return "; ".join(parts) or "nothing could be measured"


def shown_number(
    row: Mapping[str, Any],
    key: str,
    *,
    ends: bool = True,
    signed: bool = False,
    mark: float | None = None,
) -> str:
    """Returns a measured number of a row, with its interval where it has one."""
    value = decimal(row[key], signed=signed, mark=mark)
    if not ends or row.get("low") is None or row.get("high") is None:
        return value
    return f"{value} {bracket((row['low'], row['high']), signed=signed, mark=mark)}"


def extremes(rows: Sequence[Mapping[str, Any]], least: int) -> str:
    """Returns the lowest and the highest `rate` of the groups with at least `least` rows."""
    large = [row for row in rows if row["n"] >= least and row["group"] != UNKNOWN]
    if not large:
        return f"No group has {least} rows."
    found = {"lowest": min(large, key=_rate), "highest": max(large, key=_rate)}
    said = "; ".join(
        f"{word} {isolated(row['group'])}, {shown_number(row, 'rate')} on {row['n']:,} rows"
        for word, row in found.items()
    )
    return f"Of those with at least {least} rows: {said}."


def _rate(row: Mapping[str, Any]) -> float:
    return float(row["rate"])
