"""Cluster identity: the one place that decides which pairs count, how often, and in what group.

Pairs of one template or document move together, so inference counts clusters. The means are made
by DuckDB in one pass over the Parquet parts; what comes back is one row per cluster.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Mapping
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
            AS selected_b
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
        scale = _scale(db, pairs)
        columns = ", ".join(
            f'count({sql}) AS "n {name}", '
            f'sum(CAST(({sql}) * $scale AS HUGEINT))::DOUBLE / $scale / count({sql}) AS "{name}"'
            for name, sql in of_pair.items()
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


def _scale(db: duckdb.DuckDBPyConnection, pairs: str) -> float:
    """A power of two that takes the largest value to about 2^80: 2^46 of them fit the sum."""
    row = db.execute(
        "SELECT max(abs(effect)) FILTER (WHERE isfinite(effect)), "
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
