"""Means by cluster: pairs of one template or document move together, so inference counts clusters.

The means are made by DuckDB in one pass over the Parquet parts; what comes back is one row per
cluster (for names, per name and cluster), however many pairs there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.metrics.counted import mean_of
from auditor.records import Arm

Floats = npt.NDArray[np.float64]


class Key(NamedTuple):
    """What has values of its own."""

    model_id: str
    contrast_id: str
    arm: Arm = Arm.SWAP


_KEY = "model_id, contrast_id, arm"


@dataclass(frozen=True, slots=True)
class ClusterMeans:
    """Means by cluster of every metric, for one model, contrast and arm."""

    unit: str
    """Of the effect: probability, or output for a regression."""
    means: Mapping[str, Floats]  # metric -> [cluster], clusters without a value left out
    n: Mapping[str, int]
    """Metric -> pairs with a value."""


def cluster_means(
    db: duckdb.DuckDBPyConnection, of_pair: Mapping[str, str], scales: Mapping[str, float]
) -> dict[Key, ClusterMeans]:
    """Returns means by cluster, the same to the bit on every machine.

    Args:
        db: with the view `counted`.
        of_pair: metric -> SQL of its value for one pair, over the columns of `counted`.
        scales: metric -> what its values are added up by (`counted.Scales`).
    """
    columns = ", ".join(
        f'count({sql}) AS "n {name}", {mean_of(sql, scales[name])} AS "{name}"'
        for name, sql in of_pair.items()
    )
    table: pd.DataFrame = db.execute(
        f"SELECT {_KEY}, min(unit) AS unit, {columns} FROM counted "
        f"GROUP BY {_KEY}, cluster ORDER BY {_KEY}, cluster"
    ).df()
    return {
        _key(key): _means(rows, of_pair)
        for key, rows in table.groupby(["model_id", "contrast_id", "arm"], sort=True)
    }


@dataclass(frozen=True, slots=True)
class Cells:
    """One metric by term and cluster, for one model and one crossed contrast."""

    values: Floats  # [term, cluster], mean of the cell; NaN where no pair has a value
    n: Floats  # [term, cluster], pairs with a value
    signs: Floats  # [term], c_g of its group: -1 for A, 1 for B; all 1 where a term is a pair's two


def crossed_cells(
    db: duckdb.DuckDBPyConnection,
    of_pair: Mapping[str, str],
    of_side: Mapping[str, str],
    contrast_ids: Sequence[str],
    scales: Mapping[str, float],
) -> dict[Key, dict[str, Cells]]:
    """Returns metric -> its cells, for every model, crossed contrast and arm.

    A metric of one side of a pair has the terms of A and the terms of B; any other has the pairs
    of terms. What comes back grows with terms times clusters, not with texts.

    Args:
        db: with the view `counted`.
        of_pair: metric -> SQL of its value for one pair, over the columns of `counted`.
        of_side: the same of one side, for metrics that are B less A; `{side}` stands for a or b.
        contrast_ids: of the crossed contrasts.
        scales: metric -> what its values are added up by (`counted.Scales`).
    """
    columns = ", ".join(
        _cell_columns(name, of_pair[name], of_side.get(name), scales[name]) for name in of_pair
    )
    table: pd.DataFrame = db.execute(
        _CELLS.format(columns=columns), {"contrasts": list(contrast_ids)}
    ).df()
    return {
        _key(key): {
            name: _cells(rows, name, ("a", "b") if name in of_side else ("pair",))
            for name in of_pair
        }
        for key, rows in table.groupby(["model_id", "contrast_id", "arm"], sort=True)
    }


_CELLS = f"""
    SELECT {_KEY}, cluster, concat_ws(chr(31), term_a, term_b) AS term,
        CASE WHEN grouping(term_b) = 1 THEN 'a' WHEN grouping(term_a) = 1 THEN 'b' ELSE 'pair' END
            AS side, {{columns}}
    FROM counted WHERE list_contains($contrasts, contrast_id)
    GROUP BY GROUPING SETS (
        ({_KEY}, cluster, term_a), ({_KEY}, cluster, term_b), ({_KEY}, cluster, term_a, term_b))
    ORDER BY {_KEY}, side, term, cluster
"""


def _cell_columns(name: str, of_pair: str, of_side: str | None, scale: float) -> str:
    """SQL of a metric's count and mean in each cell; a side counts where its pair has a value."""
    value = mean_of(of_pair, scale)
    if of_side:
        a, b = (
            mean_of(
                f"CASE WHEN ({of_pair}) IS NOT NULL THEN {of_side.format(side=side)} END", scale
            )
            for side in "ab"
        )
        value = f"CASE WHEN grouping(term_b) = 1 THEN {a} ELSE {b} END"
    return f'count({of_pair}) AS "n {name}", {value} AS "{name}"'


def _cells(rows: pd.DataFrame, name: str, sides: Sequence[str]) -> Cells:
    measured = rows[rows["side"].isin(sides) & rows[name].notna()]
    table = measured.pivot(index=["side", "term"], columns="cluster", values=[name, f"n {name}"])
    if not len(table):
        return Cells(np.empty((0, 0)), np.empty((0, 0)), np.empty(0))
    signs = np.where(table.index.get_level_values("side") == "a", -1.0, 1.0)
    return Cells(
        table[name].to_numpy(np.float64), table[f"n {name}"].fillna(0).to_numpy(np.float64), signs
    )


def _key(values: Any) -> Key:
    model_id, contrast_id, arm = values
    return Key(str(model_id), str(contrast_id), Arm(arm))


def _means(rows: pd.DataFrame, of_pair: Mapping[str, str]) -> ClusterMeans:
    return ClusterMeans(
        unit=str(rows["unit"].iloc[0]),
        means={name: rows[name].dropna().to_numpy(np.float64) for name in of_pair},
        n={name: int(rows[f"n {name}"].sum()) for name in of_pair},
    )
