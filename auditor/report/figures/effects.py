"""Effects of pairs, added up by DuckDB where they lie: a report never holds a million rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from auditor.errors import RunError
from auditor.evidence.reader import Evidence, pairs_glob
from auditor.metrics.counted import connect, mean_of
from auditor.records import NAMES_SUFFIX, Contrast

QUANTILES = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
HELD = 0.9
"""Share of pairs between the outer two, and within the band of the placebo pairs: of these either
word may stand first, so that the sign of their effects says nothing."""
_WORDS = ""
"""What the placebo words are the noise of: every attribute that is told by words."""

_OWN = f"""
CREATE TEMP TABLE own AS
SELECT arm, contrast_id, min(attribute) AS attribute, min(group_a) AS group_a,
    min(group_b) AS group_b, min(effect) AS effect, min(template_id) AS template_id,
    CASE WHEN regexp_matches(min(attribute), '{NAMES_SUFFIX}(\\*|$)') THEN min(attribute)
        ELSE '{_WORDS}' END AS noise_of,
    min(lower(CASE WHEN from_a THEN term_from ELSE term_to END)) AS term_a,
    min(lower(CASE WHEN from_a THEN term_to ELSE term_from END)) AS term_b,
    min(CASE WHEN from_a THEN term_pieces_from ELSE term_pieces_to END) AS pieces_a,
    min(CASE WHEN from_a THEN term_pieces_to ELSE term_pieces_from END) AS pieces_b
FROM (SELECT *, group_from = group_a AS from_a FROM read_parquet('{{pairs}}')
    WHERE model_id = ? AND validity = 'valid' AND arm IN ('swap', 'placebo')
        AND effect IS NOT NULL)
GROUP BY arm, contrast_id, cluster,
    hash(CASE WHEN from_a THEN text ELSE counterfactual END),
    hash(CASE WHEN from_a THEN counterfactual ELSE text END)
"""
"""Once per cluster, whichever of the two texts was the source: as findings count pairs."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How the effects of one contrast, or of the placebo pairs behind it, lie."""

    n: int
    quantiles: dict[str, float]
    largest: float
    """The largest absolute one."""
    held: float
    """What so many absolute ones stay within: `HELD`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The mean effect of one term in one template, against every term of the reference."""

    attribute: str
    template: str
    group: str
    term: str
    n: int
    effect: float


@contextmanager
def own_effects(evidence: Evidence) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """Yields a connection with the table `own`: the judged model's valid swaps and placebo pairs;
    None where the audit has no pairs.

    Raises:
        RunError: a part of the pairs cannot be read.
    """
    folder = evidence.folder / "evidence"
    if not any((folder / "pairs").glob("*.parquet")):
        yield None
        return
    with connect() as db:
        try:
            db.execute(_OWN.format(pairs=pairs_glob(folder)), evidence.model_ids[:1])
        except duckdb.Error as error:
            raise RunError(f"the query on {evidence.folder} failed: {error}") from error
        yield db


def spreads(db: duckdb.DuckDBPyConnection) -> dict[Contrast, Spread]:
    """Returns the spread of each contrast's swaps."""
    rows = _rows(db, f"SELECT attribute, group_a, group_b, {_SPREAD} FROM own WHERE arm = 'swap' "
        "GROUP BY ALL ORDER BY ALL")  # fmt: skip
    return {Contrast(*row[:3]): _spread(row[3:]) for row in rows}


def noises(db: duckdb.DuckDBPyConnection) -> dict[str, Spread]:
    """Returns the spread of placebo pairs: by attribute of names, and of words for all others."""
    rows = _rows(db, f"SELECT noise_of, {_SPREAD} FROM own WHERE arm = 'placebo' "
        "GROUP BY ALL ORDER BY ALL")  # fmt: skip
    return {row[0]: _spread(row[1:]) for row in rows}


def noise_of(contrast: Contrast, noise: dict[str, Spread]) -> Spread | None:
    """Returns the placebo pairs that a contrast is held against."""
    return noise.get(contrast.attribute if contrast.crossed else _WORDS)


def cells(db: duckdb.DuckDBPyConnection) -> list[Cell]:
    """Returns the mean effect of each term in each template; [] where texts have no templates.

    The same to the bit on every machine, as the means of findings are.
    """
    largest = _rows(db, "SELECT max(abs(effect)) FROM own")[0][0] or 0.0
    scale = math.ldexp(1.0, 80 - math.frexp(max(1.0, 2 * largest))[1])
    rows = _rows(
        db,
        "SELECT attribute, template_id, group_b, term_b, count(*), "
        f"{mean_of('effect', scale)} FROM own WHERE arm = 'swap' AND template_id IS NOT NULL "
        "GROUP BY attribute, template_id, group_b, term_b ORDER BY ALL",
    )
    return [Cell(*row) for row in rows]


def lists(db: duckdb.DuckDBPyConnection) -> dict[Contrast, tuple[Any, ...]]:
    """Returns contrast -> terms of A, terms of B, mean tokens of either, share of pairs with
    unequal tokens (None without a tokenizer), pairs."""
    rows = _rows(
        db,
        "SELECT attribute, group_a, group_b, count(DISTINCT term_a), count(DISTINCT term_b), "
        "sum(pieces_a) / count(pieces_a), sum(pieces_b) / count(pieces_b), "
        "CASE WHEN count(pieces_a) > 0 THEN count(*) FILTER (pieces_a != pieces_b) / count(*) END, "
        "count(*) FROM own WHERE arm = 'swap' "
        "GROUP BY attribute, group_a, group_b ORDER BY ALL",
    )
    return {Contrast(*row[:3]): tuple(row[3:]) for row in rows}


_SPREAD = (
    f"count(*), quantile_cont(effect, {list(QUANTILES.values())}) AS quantiles, "
    f"max(abs(effect)), quantile_cont(abs(effect), {HELD})"
)


def _spread(row: tuple[Any, ...]) -> Spread:
    n, quantiles, largest, held = row
    return Spread(n, dict(zip(QUANTILES, quantiles, strict=True)), largest, held)


def _rows(db: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = db.execute(sql).fetchall()
    return found
