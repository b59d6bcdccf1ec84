"""Cluster identity: the one place that decides which pairs count, how often, and in what group.

Pairs of one template or document move together, so inference counts clusters. The means are made
by DuckDB in one pass over the Parquet parts; what comes back is one row per cluster.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.errors import DataError

Floats = npt.NDArray[np.float64]

MEMORY_LIMIT = "512MB"
"""DuckDB puts what is beyond it on disk, so memory does not grow with pairs."""
THREADS = 4
"""At most: each has buffers of its own within the limit, and the disk is soon the slower part."""

COUNTED = """
    SELECT model_id, contrast_id, cluster, min(pair_id) AS pair_id, min(unit) AS unit,
        min(effect) AS effect, bool_or(flip) AS flip,
        bool_or(CASE WHEN group_from = group_a THEN selected_from ELSE selected_to END)
            AS selected_a,
        bool_or(CASE WHEN group_from = group_a THEN selected_to ELSE selected_from END)
            AS selected_b,
        min(CASE WHEN group_from = group_a THEN score_from ELSE score_to END) AS score_a,
        min(CASE WHEN group_from = group_a THEN score_to ELSE score_from END) AS score_b,
        min(lower(CASE WHEN group_from = group_a THEN term_from ELSE term_to END)) AS term_a,
        min(lower(CASE WHEN group_from = group_a THEN term_to ELSE term_from END)) AS term_b
    FROM read_parquet('{pairs}')
    WHERE arm = 'swap' AND validity = 'valid'
    GROUP BY model_id, contrast_id, cluster,
        hash(CASE WHEN group_from = group_a THEN text ELSE counterfactual END),
        hash(CASE WHEN group_from = group_a THEN counterfactual ELSE text END)
"""
"""The pairs that count: valid swaps, a text of A and its text of B once per cluster, whichever of
the two was the source. (Equal texts have equal scores, so it does not matter which row is kept,
but it must be the same one on every machine: hence min and bool_or, not any_value.)"""


@dataclass(frozen=True, slots=True)
class ClusterMeans:
    """Means by cluster of every metric, for one model and contrast."""

    unit: str
    """Of the effect: probability, or output for a regression."""
    means: Mapping[str, Floats]  # metric -> [cluster], clusters without a value left out
    n: Mapping[str, int]
    """Metric -> pairs with a value."""


def cluster_means(
    pairs: str, of_pair: Mapping[str, str], *, threads: int | None = None
) -> dict[tuple[str, str], ClusterMeans]:
    """Returns (model_id, contrast_id) -> means by cluster, the same to the bit on every machine.

    Values are added as whole numbers (a power of two times the value), whose sum does not depend
    on the order in which threads deliver them.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.
        of_pair: metric -> SQL of its value for one pair, over the columns of `COUNTED`.
        threads: of DuckDB; None: as many as the machine has, up to `THREADS`.

    Raises:
        DataError: an effect is not finite.
    """
    with connect(threads) as db:
        scale = _scale(db, pairs, "abs(effect)")
        columns = ", ".join(
            f'count({sql}) AS "n {name}", {_mean(sql)} AS "{name}"' for name, sql in of_pair.items()
        )
        table: pd.DataFrame = db.execute(
            f"SELECT model_id, contrast_id, min(unit) AS unit, {columns} "
            f"FROM ({COUNTED.format(pairs=pairs)}) "
            "GROUP BY model_id, contrast_id, cluster ORDER BY model_id, contrast_id, cluster",
            {"scale": scale},
        ).df()
    return {
        (str(model), str(contrast)): _means(rows, of_pair)
        for (model, contrast), rows in table.groupby(["model_id", "contrast_id"], sort=True)
    }


@dataclass(frozen=True, slots=True)
class Cells:
    """One metric by term and cluster, for one model and one crossed contrast."""

    values: Floats  # [term, cluster], mean of the cell; NaN where no pair has a value
    n: Floats  # [term, cluster], pairs with a value
    signs: Floats  # [term], c_g of its group: -1 for A, 1 for B; all 1 where a term is a pair's two


def crossed_cells(
    pairs: str,
    of_pair: Mapping[str, str],
    of_side: Mapping[str, str],
    contrast_ids: Sequence[str],
    *,
    threads: int | None = None,
) -> dict[tuple[str, str], dict[str, Cells]]:
    """Returns (model_id, contrast_id) -> metric -> its cells, the same to the bit everywhere.

    A metric of one side of a pair has the terms of A and the terms of B; any other has the pairs
    of terms. What comes back grows with terms times clusters, not with texts.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.
        of_pair: metric -> SQL of its value for one pair, over the columns of `COUNTED`.
        of_side: the same of one side, for metrics that are B less A; `{side}` stands for a or b.
        contrast_ids: of the crossed contrasts.
    """
    columns = ", ".join(_cell_columns(name, of_pair[name], of_side.get(name)) for name in of_pair)
    with connect(threads) as db:
        table: pd.DataFrame = db.execute(
            _CELLS.format(counted=COUNTED.format(pairs=pairs), columns=columns),
            {
                "scale": _scale(db, pairs, "greatest(abs(score_from), abs(score_to))"),
                "contrasts": list(contrast_ids),
            },
        ).df()
    return {
        (str(model), str(contrast)): {
            name: _cells(rows, name, ("a", "b") if name in of_side else ("pair",))
            for name in of_pair
        }
        for (model, contrast), rows in table.groupby(["model_id", "contrast_id"], sort=True)
    }


_CELLS = """
    SELECT model_id, contrast_id, cluster, concat_ws(chr(31), term_a, term_b) AS term,
        CASE WHEN grouping(term_b) = 1 THEN 'a' WHEN grouping(term_a) = 1 THEN 'b' ELSE 'pair' END
            AS side, {columns}
    FROM ({counted}) WHERE list_contains($contrasts, contrast_id)
    GROUP BY GROUPING SETS (
        (model_id, contrast_id, cluster, term_a),
        (model_id, contrast_id, cluster, term_b),
        (model_id, contrast_id, cluster, term_a, term_b))
    ORDER BY model_id, contrast_id, side, term, cluster
"""


def _cell_columns(name: str, of_pair: str, of_side: str | None) -> str:
    """SQL of a metric's count and mean in each cell; a side counts where its pair has a value."""
    value = _mean(of_pair)
    if of_side:
        a, b = (
            _mean(f"CASE WHEN ({of_pair}) IS NOT NULL THEN {of_side.format(side=side)} END")
            for side in "ab"
        )
        value = f"CASE WHEN grouping(term_b) = 1 THEN {a} ELSE {b} END"
    return f'count({of_pair}) AS "n {name}", {value} AS "{name}"'


def _mean(sql: str) -> str:
    return f"sum(CAST(({sql}) * $scale AS HUGEINT))::DOUBLE / $scale / count({sql})"


def _cells(rows: pd.DataFrame, name: str, sides: Sequence[str]) -> Cells:
    measured = rows[rows["side"].isin(sides) & rows[name].notna()]
    table = measured.pivot(index=["side", "term"], columns="cluster", values=[name, f"n {name}"])
    if not len(table):
        return Cells(np.empty((0, 0)), np.empty((0, 0)), np.empty(0))
    signs = np.where(table.index.get_level_values("side") == "a", -1.0, 1.0)
    return Cells(
        table[name].to_numpy(np.float64), table[f"n {name}"].fillna(0).to_numpy(np.float64), signs
    )


@contextmanager
def connect(threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yields a DuckDB connection with bounded memory; what spills over is removed on leaving."""
    with tempfile.TemporaryDirectory() as spill:
        config: dict[str, str | int] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": spill,
            "preserve_insertion_order": "false",
            "threads": threads or min(THREADS, os.cpu_count() or 1),
        }
        with duckdb.connect(config=config) as db:
            yield db


def _scale(db: duckdb.DuckDBPyConnection, pairs: str, size: str) -> float:
    """A power of two that takes the largest `size` to about 2^80: 2^46 of them fit the sum."""
    row = db.execute(
        f"SELECT max({size}) FILTER (WHERE isfinite(effect)), "
        f"count(*) FILTER (WHERE NOT isfinite(effect)) FROM read_parquet('{pairs}')"
    ).fetchone()
    largest, broken = row if row else (None, 0)
    if broken:
        raise DataError(
            f"{broken} pairs have an effect that is not finite; scores must be finite numbers, "
            "so score these texts again or leave them out"
        )
    return math.ldexp(1.0, 80 - math.frexp(max(1.0, largest or 0.0))[1])


def _means(rows: pd.DataFrame, of_pair: Mapping[str, str]) -> ClusterMeans:
    return ClusterMeans(
        unit=str(rows["unit"].iloc[0]),
        means={name: rows[name].dropna().to_numpy(np.float64) for name in of_pair},
        n={name: int(rows[f"n {name}"].sum()) for name in of_pair},
    )
