"""Predictions as the group metrics read them: one model's rows by one protected column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.metrics.clusters import Floats

Mask = npt.NDArray[np.bool_]

UNKNOWN = "unknown"
"""Rows without a value of the protected column: shown, but in no gap, ratio or reference."""


@dataclass(frozen=True, slots=True)
class GroupRows:
    """One model's rows by one protected column, those with a known selection only."""

    groups: npt.NDArray[np.object_]  # [row]
    selected: Mask  # [row]
    truth: Mask  # [row], False where not labelled
    labelled: Mask  # [row]
    weight: Floats  # [row]
    cluster: npt.NDArray[np.object_]  # [row]
    frequency: bool
    """Weights count equal rows; else they are survey weights."""
    unlabelled: str | None
    """Why no metric of true labels can be had."""
    names: tuple[str, ...]
    """Every group of the column, also those without a known selection; unknown last."""

    @classmethod
    def of(cls, rows: pd.DataFrame, groups: list[str], favourable: Sequence[str]) -> GroupRows:
        weight = rows["weight"].fillna(1.0)
        known = (rows["selected"].notna() & (weight > 0)).to_numpy()
        kept = rows[known]
        labels = kept["label_true"]
        unlabelled = _why_unlabelled(labels, favourable)
        return cls(
            groups=np.asarray(groups, dtype=object)[known],
            selected=kept["selected"].to_numpy(dtype=bool),
            truth=labels.isin(list(favourable)).to_numpy(dtype=bool),
            labelled=labels.notna().to_numpy() & (unlabelled is None),
            weight=weight[known].to_numpy(dtype=np.float64),
            cluster=kept["cluster"].to_numpy(dtype=object),
            frequency=not (rows["weight_kind"] == "sampling").any(),
            unlabelled=unlabelled,
            names=tuple(sorted(set(groups), key=lambda name: (name == UNKNOWN, name))),
        )

    def only(self, rows: Mask) -> GroupRows:
        """Returns the table of some of the rows."""
        columns = ("groups", "selected", "truth", "labelled", "weight", "cluster")
        cut = {name: getattr(self, name)[rows] for name in columns}
        return GroupRows(
            **cut, frequency=self.frequency, unlabelled=self.unlabelled, names=self.names
        )

    @property
    def size(self) -> int:
        """Rows, or what they stand for where weights are counts."""
        return round(float(self.weight.sum())) if self.frequency else len(self.weight)


def _why_unlabelled(labels: pd.Series[Any], favourable: Sequence[str]) -> str | None:
    words = sorted({str(word) for word in labels.dropna()})
    if not words:
        return "the rows have no true label"
    if set(words) & set(favourable):
        return None
    shown = ", ".join(words[:5])
    given = ", ".join(favourable) or "not named"
    return f"the true labels are {shown}, the favourable label is {given}: no row has it"


def protected_groups(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Protected column -> the group of each row."""
    maps = [dict(value) if value is not None else {} for value in rows["protected"]]
    columns = dict.fromkeys(name for row in maps for name in row)
    return {
        name: [UNKNOWN if row.get(name) in (None, "") else str(row[name]) for row in maps]
        for name in columns
    }
