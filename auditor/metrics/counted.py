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
from dataclasses import dataclass

import duckdb

from auditor.errors import DataError

MEMORY_LIMIT = "512MB"
"""DuckDB puts what is beyond it on disk, so memory does not grow with pairs."""
THREADS = 4
"""At most: each has buffers of its own within the limit, and the disk is soon the slower part."""

MOST = 1e100
"""Larger numbers have squares that no float holds."""
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
    min(CASE WHEN isfinite(margin_from) AND isfinite(margin_to)
        THEN CASE WHEN from_a THEN margin_from ELSE margin_to END END) AS margin_a,
    min(CASE WHEN isfinite(margin_from) AND isfinite(margin_to)
        THEN CASE WHEN from_a THEN margin_to ELSE margin_from END END) AS margin_b,
    min(lower(CASE WHEN from_a THEN term_from ELSE term_to END)) AS term_a,
    min(lower(CASE WHEN from_a THEN term_to ELSE term_from END)) AS term_b,
    -- Two rows with one text and two labels: which is true is not for us to say.
    CASE WHEN (SELECT count(*) FROM favourable) > 0 AND min(label_true) = max(label_true)
        THEN min(label_true) IN (SELECT label FROM favourable) END AS truth,
    -- Half the distance between the two distributions over three labels or more.
    min(CASE WHEN exclusive AND len(probs_from) > 2
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
        DataError: a score or an effect is not finite, or too large to be squared.
    """
    with connect(threads) as db:
        db.execute(f"CREATE TEMP VIEW every_pair AS SELECT * FROM read_parquet('{pairs}')")
        db.execute(
            "CREATE TEMP VIEW valid_pairs AS SELECT * FROM every_pair WHERE validity = 'valid'"
        )
        _refuse_broken(db)
        _name_favourable(db, favourable)
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


@dataclass(frozen=True, slots=True)
class Scales:
    """Powers of two that take the largest number of a kind to about 2^80: 2^46 of them fit a sum.

    Each kind has its own, so that large scores do not take the digits of rates.
    """

    rate: float
    score: float
    square: float
    """Of an effect."""
    sd: float
    """Of an effect over the SD of scores."""
    margin: float


def scales_of(db: duckdb.DuckDBPyConnection) -> Scales:
    """Returns the scales of the pairs. `db`: with the views of `counted_pairs`."""
    row = db.execute(
        "SELECT greatest(max(abs(score_from)), max(abs(score_to)), max(abs(effect))), "
        "max(effect * effect), max(abs(margin_from)) FILTER (isfinite(margin_from)), "
        "max(abs(margin_to)) FILTER (isfinite(margin_to)) FROM valid_pairs"
    ).fetchone()
    score, square, *margins = row if row else (None, None, None, None)
    least = db.execute("SELECT min(sd) FROM sds").fetchone()
    sd = (score or 0.0) / least[0] if least and least[0] else 0.0
    margin = max(m or 0.0 for m in margins)
    return Scales(*(_scale(size) for size in (1.0, score, square, sd, 2 * margin)))


def _scale(largest: float | None) -> float:
    return math.ldexp(1.0, 80 - math.frexp(max(1.0, 2 * (largest or 0.0)))[1])


def _refuse_broken(db: duckdb.DuckDBPyConnection) -> None:
    sides = " OR ".join(
        f"NOT isfinite({name}) OR abs({name}) > {MOST}"
        for name in ("effect", "score_from", "score_to")
    )
    row = db.execute(f"SELECT count(*) FROM valid_pairs WHERE {sides}").fetchone()
    if row and row[0]:
        raise DataError(
            f"{row[0]} pairs have a score or an effect that is not finite, or beyond {MOST:g}; "
            "score these texts again or leave them out"
        )


def _name_favourable(db: duckdb.DuckDBPyConnection, favourable: Sequence[str]) -> None:
    """Makes the table `favourable`: empty where no true label of the pairs is one, since then the
    labels are in other words, and all of them would count as unfavourable."""
    db.execute("CREATE TEMP TABLE favourable (label VARCHAR)")
    for word in favourable:
        db.execute("INSERT INTO favourable VALUES (?)", [word])
    db.execute(
        "DELETE FROM favourable WHERE NOT EXISTS (SELECT 1 FROM valid_pairs "
        "WHERE label_true IN (SELECT label FROM favourable))"
    )


def _measure_sds(db: duckdb.DuckDBPyConnection) -> None:
    """Makes the table `sds`: by model, the SD of the scores of the texts that were swapped in, and
    whether its labels exclude each other (probabilities that add up to 1 in every text)."""
    db.execute(
        "CREATE TEMP TABLE own_scores AS SELECT model_id, min(score_from) AS score, "
        "bool_and(abs(list_sum(probs_from) - 1) < 1e-3) AS exclusive "
        "FROM valid_pairs WHERE arm = 'swap' AND score_from IS NOT NULL "
        "GROUP BY model_id, hash(text)"
    )
    row = db.execute("SELECT max(abs(score)) FROM own_scores").fetchone()
    largest = (row[0] if row else None) or 0.0
    mean = mean_of("score", _scale(largest))
    square = mean_of("(score - mean) * (score - mean)", _scale(4 * largest * largest))
    db.execute(
        "CREATE TEMP TABLE sds AS WITH means AS "
        f"(SELECT model_id, {mean} AS mean FROM own_scores GROUP BY model_id) "
        f"SELECT model_id, CASE WHEN sqrt({square}) > {NO_SPREAD} * max(abs(score)) "
        f"THEN sqrt({square} * count(*) / (count(*) - 1)) END AS sd, "
        "bool_and(exclusive) AS exclusive "
        "FROM own_scores JOIN means USING (model_id) GROUP BY model_id"
    )
    db.execute("DROP TABLE own_scores")
