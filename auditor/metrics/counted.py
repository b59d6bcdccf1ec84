"""Cluster identity: the one place that decides which pairs count, how often, and in what group.

A text of A and its text of B count once per cluster, whichever of the two was the source. The pairs
stay in their Parquet parts; DuckDB reads them with bounded memory.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from auditor.errors import DataError

MEMORY_LIMIT = "512MB"
"""DuckDB puts what is beyond it on disk, so memory does not grow with pairs."""
THREADS = 4
"""At most: each has buffers of its own within the limit, and the disk is soon the slower part."""

NO_SPREAD = 1e-6
"""Scores whose SD is a smaller share of the largest are equal but for rounding."""

_COUNTED = """
CREATE TEMP VIEW counted AS
SELECT model_id, arm, contrast_id, cluster, min(attribute) AS attribute, min(pair_id) AS pair_id,
    min(unit) AS unit, min(effect) AS effect, bool_or(flip) AS flip, bool_or(matched) AS matched,
    min(sd) AS sd,
    bool_or(CASE WHEN from_a THEN selected_from ELSE selected_to END) AS selected_a,
    bool_or(CASE WHEN from_a THEN selected_to ELSE selected_from END) AS selected_b,
    min(CASE WHEN from_a THEN score_from ELSE score_to END) AS score_a,
    min(CASE WHEN from_a THEN score_to ELSE score_from END) AS score_b,
    min(CASE WHEN from_a THEN margin_from ELSE margin_to END) AS margin_a,
    min(CASE WHEN from_a THEN margin_to ELSE margin_from END) AS margin_b,
    min(lower(CASE WHEN from_a THEN term_from ELSE term_to END)) AS term_a,
    min(lower(CASE WHEN from_a THEN term_to ELSE term_from END)) AS term_b,
    -- Two rows with one text and two labels: which is true is not for us to say.
    CASE WHEN (SELECT count(*) FROM favourable) > 0 AND min(label_true) = max(label_true)
        THEN min(label_true) IN (SELECT label FROM favourable) END AS truth,
    -- Half the distance between the two distributions over three labels or more.
    min(CASE WHEN len(probs_from) > 2 AND abs(list_sum(probs_from) - 1) < 1e-3
        THEN list_sum([abs(x[1] - x[2]) FOR x IN list_zip(probs_from, probs_to)]) / 2 END)
        AS total_variation
FROM (SELECT *, group_from = group_a AS from_a FROM valid_pairs) LEFT JOIN sds USING (model_id)
GROUP BY model_id, arm, contrast_id, cluster,
    hash(CASE WHEN from_a THEN text ELSE counterfactual END),
    hash(CASE WHEN from_a THEN counterfactual ELSE text END)
"""
"""Equal texts have equal scores, so it does not matter which row is kept, but it must be the same
one on every machine: hence min and bool_or, not any_value."""


@contextmanager
def counted_pairs(
    pairs: str, favourable: Sequence[str] = (), *, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yields a connection with the view `counted`: one row per pair that counts, of every arm.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.
        favourable: the true labels that deserve the favourable outcome; `truth` is null without.
        threads: of DuckDB; None: as many as the machine has, up to `THREADS`.

    Raises:
        DataError: an effect is not finite.
    """
    with connect(threads) as db:
        db.execute(
            "CREATE TEMP VIEW valid_pairs AS "
            f"SELECT * FROM read_parquet('{pairs}') WHERE validity = 'valid'"
        )
        _refuse_broken(db)
        db.execute("CREATE TEMP TABLE favourable (label VARCHAR)")
        db.executemany("INSERT INTO favourable VALUES (?)", [[word] for word in favourable or [""]])
        if not favourable:
            db.execute("DELETE FROM favourable")
        _measure_sds(db)
        db.execute(_COUNTED)
        yield db


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


def mean_of(sql: str, scale: float) -> str:
    """Returns SQL of the mean of `sql` in a group, the same to the bit on every machine.

    Values are added as whole numbers (a power of two times the value), whose sum does not depend
    on the order in which threads deliver them.
    """
    return f"sum(CAST(({sql}) * {scale!r} AS HUGEINT))::DOUBLE / {scale!r} / count({sql})"


def scale_of(db: duckdb.DuckDBPyConnection, *, squares: bool = False) -> float:
    """Returns a power of two that takes the largest number of the pairs (or the largest square of
    an effect) to about 2^80: 2^46 of them fit a sum."""
    sql = (
        "max(effect * effect)"
        if squares
        else (
            "greatest(max(abs(score_from)), max(abs(score_to)), max(abs(effect)), "
            "max(abs(margin_from)) FILTER (isfinite(margin_from)), "
            "max(abs(margin_to)) FILTER (isfinite(margin_to)))"
        )
    )
    row = db.execute(f"SELECT {sql} FROM valid_pairs").fetchone()
    largest = row[0] if row else None
    return math.ldexp(1.0, 80 - math.frexp(max(1.0, 2 * (largest or 0.0)))[1])


def _refuse_broken(db: duckdb.DuckDBPyConnection) -> None:
    row = db.execute("SELECT count(*) FROM valid_pairs WHERE NOT isfinite(effect)").fetchone()
    if row and row[0]:
        raise DataError(
            f"{row[0]} pairs have an effect that is not finite; scores must be finite numbers, "
            "so score these texts again or leave them out"
        )


def _measure_sds(db: duckdb.DuckDBPyConnection) -> None:
    """Makes the table `sds`: by model, the SD of the scores of the texts that were swapped in."""
    db.execute(
        "CREATE TEMP TABLE own_scores AS SELECT model_id, min(score_from) AS score "
        "FROM valid_pairs WHERE arm = 'swap' AND score_from IS NOT NULL "
        "GROUP BY model_id, hash(text)"
    )
    scale = scale_of(db)
    mean, square = mean_of("score", scale), mean_of("(score - mean) * (score - mean)", scale)
    db.execute(
        "CREATE TEMP TABLE sds AS WITH means AS "
        f"(SELECT model_id, {mean} AS mean FROM own_scores GROUP BY model_id) "
        f"SELECT model_id, CASE WHEN sqrt({square}) > {NO_SPREAD} * max(abs(score)) "
        f"THEN sqrt({square} * count(*) / (count(*) - 1)) END AS sd "
        "FROM own_scores JOIN means USING (model_id) GROUP BY model_id"
    )
    db.execute("DROP TABLE own_scores")
