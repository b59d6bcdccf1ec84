"""Which columns of groups there are: protected, crossed two by two, and within control values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.metrics.groups.rows import (
    UNKNOWN,
    UNKNOWN_WORDS,
    GroupRows,
    Mask,
    group_rows,
    is_clustered,
    model_frame,
)
from auditor.plan import AuditPlan

CROSSED = "*"
"""Joins two columns: "sex*race"."""
JOINT = "+"
"""Joins their groups: "woman+black"."""
MOST_CROSSED = 60
"""A crossing with more groups is left out: hardly a row would be in each."""
MOST_STRATA = 20
"""Control values (or their combinations) shown, those with most rows."""

Groups = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class ModelColumns:
    """One model's rows, by each of its columns."""

    model_id: str
    columns: Mapping[str, GroupRows]
    """Protected columns, and two of them crossed."""
    strata: Mapping[str, GroupRows]
    """"sex within job=clerk" -> the rows of that control value."""


def model_columns(
    predictions: pd.DataFrame,
    plan: AuditPlan,
    favourable: Sequence[str] | None,
    *,
    strata: bool = False,
) -> Iterator[ModelColumns]:
    """Yields every model's rows by column.

    Args:
        predictions: rows with the columns of `schemas.PREDICTIONS`.
        plan: names the control columns; its favourable labels stand in for `favourable`.
        favourable: the favourable labels, in the words of `label_true`.
        strata: whether to cut the columns by control values as well.
    """
    words = tuple(plan.scoring.favourable_words if favourable is None else favourable)
    for model_id, rows in predictions.groupby("model_id", sort=False):
        maker = _Maker(rows, words)
        known = column_values(rows)
        protected = {name: known[name] for name in known if name not in plan.data.control}
        columns = {**protected, **crossed_groups(protected)}
        controls = [known[name] for name in plan.data.control if name in known] if strata else []
        yield ModelColumns(
            str(model_id),
            {name: maker.make(name, groups) for name, groups in columns.items()},
            {
                f"{name} within {stratum}": maker.make(f"{name} within {stratum}", groups, kept)
                for stratum, kept in control_values(plan.data.control, controls).items()
                for name, groups in protected.items()
            },
        )


class _Maker:
    """Makes the rows of any column from one model's numbers."""

    def __init__(self, rows: pd.DataFrame, favourable: Sequence[str]) -> None:
        self.frame, self.unlabelled = model_frame(rows, favourable)
        self.frequency = not (rows["weight_kind"] == "sampling").any()
        self.clustered = is_clustered(rows)

    def make(self, column: str, groups: Groups, kept: Mask | None = None) -> GroupRows:
        chosen = self.frame if kept is None else self.frame[kept]
        return group_rows(
            column,
            groups if kept is None else groups[kept],
            chosen,
            frequency=self.frequency,
            clustered=self.clustered,
            unlabelled=self.unlabelled,
        )


def column_values(rows: pd.DataFrame) -> dict[str, Groups]:
    """Returns protected or control column -> the group of each row, as it is spelt, or unknown."""
    return {
        name: np.array([UNKNOWN if is_unknown(word) else word for word in words], dtype=object)
        for name, words in written_values(rows).items()
    }


def written_values(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Returns protected or control column -> what stands in each row, "" where nothing does."""
    maps = [dict(value) if value is not None else {} for value in rows["protected"]]
    columns = dict.fromkeys(name for row in maps for name in row)
    return {name: [_word(row.get(name)) for row in maps] for name in columns}


def is_unknown(word: str) -> bool:
    """Returns whether a value says that the group is not known."""
    return word.strip().casefold() in UNKNOWN_WORDS


def _word(value: object) -> str:
    return "" if value is None else str(value)


def crossed_groups(protected: Mapping[str, Groups]) -> dict[str, Groups]:
    """Returns "sex*race" -> the crossed group of each row; unknown where either is."""
    crossed = {}
    for first, second in combinations(protected, 2):
        pairs = zip(protected[first], protected[second], strict=True)
        groups = [UNKNOWN if UNKNOWN in pair else JOINT.join(pair) for pair in pairs]
        if len(set(groups)) <= MOST_CROSSED:
            crossed[f"{first}{CROSSED}{second}"] = np.array(groups, dtype=object)
    return crossed


def control_values(names: Sequence[str], controls: Sequence[Groups]) -> dict[str, Mask]:
    """Returns "job=clerk, region=north" -> its rows, most rows first, at most `MOST_STRATA`."""
    if not controls:
        return {}
    words = [
        ", ".join(f"{name}={value}" for name, value in zip(names, row, strict=True))
        for row in zip(*controls, strict=True)
    ]
    values = np.array(words, dtype=object)
    sizes = pd.Series(words).value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return {str(word): np.asarray(values == word) for word in sizes.index[:MOST_STRATA]}
