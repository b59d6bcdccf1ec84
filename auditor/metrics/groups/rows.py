"""Predictions as the group metrics read them: one model's rows by one column of groups.

Rows that count as several (frequency weights) are added up to cells at once, so that a table of
counts and the table of rows that it stands for are the same thing from here on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.metrics.clusters import Floats

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.intp]

UNKNOWN = "unknown"
"""Rows without a value of the protected column: shown, but in no gap, ratio or reference."""
UNKNOWN_WORDS = frozenset(
    {
        "", UNKNOWN, "na", "n/a", "nan", "none", "null", "?", "-", "prefer not to say",
        "not stated", "not specified", "decline to answer",
    }
)  # fmt: skip
"""What forms, spreadsheets and databases write where nobody said: in any case, with any blanks
around. Such rows taken for a group would be compared with people, or be what these are divided by.
"none" may be an answer (of religion), so a note names every word that was read so."""
ALL_GROUPS = "all groups"
"""The `group` of a metric that compares the groups of a column."""
ROW_FIELDS = ("selected", "decided", "truth", "labelled", "score", "weight", "cluster")


@dataclass(frozen=True, slots=True)
class GroupRows:
    """One model's rows by one column; those with a weight, and a selection or a score."""

    column: str
    names: tuple[str, ...]
    """Every group of the column, also those without a row here; unknown last."""
    codes: Codes  # [row], index into `names`
    selected: Mask  # [row], False where not decided
    decided: Mask  # [row], whether it is known if the row was selected
    truth: Mask  # [row], True label is favourable; False where not labelled
    labelled: Mask  # [row]
    score: Floats  # [row], NaN where there is none
    weight: Floats  # [row]
    cluster: Codes  # [row]
    frequency: bool
    """Weights count equal rows; else they are survey weights."""
    clustered: bool
    """Whether the data say which rows belong together."""
    unlabelled: str | None
    """Why no metric of true labels can be had."""

    def only(self, rows: Mask) -> GroupRows:
        """Returns the table of some of the rows."""
        cut: dict[str, Any] = {name: getattr(self, name)[rows] for name in ("codes", *ROW_FIELDS)}
        return replace(self, **cut)

    def without_scores(self) -> GroupRows:
        """Returns the table with rows added up that differ in their scores only."""
        if not self.frequency or not np.isfinite(self.score).any():
            return self
        table = pd.DataFrame({name: getattr(self, name) for name in ("codes", *ROW_FIELDS)})
        cells = _cells(table.assign(score=np.nan), self.clustered)
        added: dict[str, Any] = {n: cells[n].to_numpy() for n in ("codes", *ROW_FIELDS)}
        return replace(self, **added)

    def of(self, group: str) -> Mask:
        """Returns which rows are of a group."""
        return np.asarray(self.codes == self.names.index(group), dtype=np.bool_)

    @property
    def is_known(self) -> Mask:
        """Which rows have a group."""
        return np.asarray([name != UNKNOWN for name in self.names], dtype=np.bool_)[self.codes]

    @property
    def known(self) -> tuple[str, ...]:
        """The groups without unknown that have a row here."""
        seen = {self.names[code] for code in np.unique(self.codes)}
        return tuple(name for name in self.names if name in seen and name != UNKNOWN)

    @property
    def size(self) -> int:
        """Rows, or what they stand for where weights are counts."""
        return round(float(self.weight.sum())) if self.frequency else len(self.weight)

    @property
    def effective(self) -> float:
        """Kish's effective n, (sum w)^2 / sum w^2, of survey weights; the sum of counts."""
        total = float(self.weight.sum())
        return total if self.frequency else total**2 / float((self.weight**2).sum())

    @property
    def clusters(self) -> int:
        """Clusters that hold a row; rows that belong to none are their own."""
        independent = not self.clustered and self.frequency
        return self.size if independent else len(np.unique(self.cluster))

    @property
    def independent(self) -> bool:
        """Whether no two rows share a cluster."""
        return not self.clustered or self.clusters == self.size


def model_frame(rows: pd.DataFrame, favourable: Sequence[str]) -> tuple[pd.DataFrame, str | None]:
    """Returns one model's rows as numbers (`ROW_FIELDS`), and why there are no labels.

    A row whose weight is missing, negative or 0 has NaN as its weight: it counts nowhere.
    """
    weight = rows["weight"].astype(np.float64)
    labels = rows["label_true"]
    unlabelled = why_unlabelled(labels, favourable)
    decided = rows["selected"].notna()
    frame = pd.DataFrame(
        {
            "selected": rows["selected"].fillna(False).astype(bool),
            "decided": decided,
            "truth": labels.isin(list(favourable)),
            "labelled": labels.notna() & (unlabelled is None),
            "score": rows["score"].astype(np.float64) if "score" in rows else np.nan,
            "weight": weight.where(weight > 0),
            "cluster": pd.factorize(rows["cluster"].astype(str), sort=True)[0],
        }
    )
    return frame, unlabelled


def why_unlabelled(labels: pd.Series[Any], favourable: Sequence[str]) -> str | None:
    """Returns why no label can be read as favourable or not; None where they can."""
    words = sorted({str(word) for word in labels.dropna().unique()})
    if not words:
        return "the rows have no true label"
    if set(words) & set(favourable):
        return None
    shown = ", ".join(words[:5])
    given = ", ".join(favourable) or "not named"
    return f"the true labels are {shown}, the favourable label is {given}: no row has it"


def is_clustered(rows: pd.DataFrame) -> bool:
    """Returns whether the data name clusters: a row that belongs to none has its own id as one."""
    return bool((rows["cluster"].astype(str) != rows["row_id"].astype(str)).any())


def group_rows(
    column: str,
    groups: npt.NDArray[np.object_],
    frame: pd.DataFrame,
    *,
    frequency: bool,
    clustered: bool,
    unlabelled: str | None,
) -> GroupRows:
    """Returns the rows by one column. `groups`: [row] of `frame`."""
    names = tuple(sorted(set(groups), key=lambda name: (name == UNKNOWN, name)))
    place = {name: code for code, name in enumerate(names)}
    table = frame.assign(codes=[place[group] for group in groups])
    table = table[table["weight"].notna() & (table["decided"] | table["score"].notna())]
    if frequency:
        table = _cells(table, clustered)
    fields: dict[str, Any] = {name: table[name].to_numpy() for name in ("codes", *ROW_FIELDS)}
    return GroupRows(
        column=column,
        names=names,
        frequency=frequency,
        clustered=clustered,
        unlabelled=unlabelled,
        **fields,
    )


def _cells(table: pd.DataFrame, clustered: bool) -> pd.DataFrame:
    """Adds up the weights of rows that are alike. Without clusters a cell is nobody's cluster."""
    keys = ["codes", "selected", "decided", "truth", "labelled", "score"]
    keys += ["cluster"] if clustered else []
    summed = table.groupby(keys, sort=True, dropna=False)["weight"].sum().reset_index()
    return summed if clustered else summed.assign(cluster=np.arange(len(summed)))
