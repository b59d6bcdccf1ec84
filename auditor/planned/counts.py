"""What an audit would score, counted: every text is swapped as the run swaps it, none is asked of.

Counted by the rule of `metrics/counted.py`: a text of A and its text of B once per cluster. Pairs
pass through DuckDB in chunks, so memory does not grow with texts.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from auditor.metrics.clusters import Cells
from auditor.metrics.counted import connect
from auditor.metrics.crossed import Design, complete
from auditor.pipeline import PART_TEXTS
from auditor.records import Arm, Contrast, Pair, SourceText, Validity, digest
from auditor.sources import TextSource
from auditor.swaps.swapper import Swapper

TEXTS_SAMPLED = 400
"""Texts with placebo pairs of each attribute that a pilot scores, and texts whose tokens count."""

TRUTHS = {"false_negative_rate_change": True, "false_positive_rate_change": False}
"""Governing metrics that count only texts with such a true label."""

Truths = Mapping[str, bool | None]
"""Contrast id -> what the true label of its texts must be (favourable or not); None: any."""


@dataclass(frozen=True, slots=True)
class ContrastCount:
    """The sample that one contrast would have."""

    contrast: Contrast
    pairs: int
    clusters: int
    inverse_size: float
    """Mean over clusters of 1 / their pairs."""
    design: Design | None
    """Of names: which of them stand in which cluster, gaps left out as the run does; no scores."""


@dataclass(slots=True)
class Sample:
    """The texts with the least digests: seeded, whatever the order of the data."""

    seed: int
    size: int = TEXTS_SAMPLED
    _kept: list[tuple[int, str, Any]] = field(default_factory=list)

    def offer(self, key: str, value: Any) -> None:
        place = -int(digest(str(self.seed), key), 16)
        if len(self._kept) < self.size:
            heapq.heappush(self._kept, (place, key, value))
        elif place > self._kept[0][0]:
            heapq.heapreplace(self._kept, (place, key, value))

    @property
    def values(self) -> list[Any]:
        return [value for _, _, value in sorted(self._kept, key=lambda each: each[:2])]


@dataclass(frozen=True, slots=True)
class Counted:
    """What all texts came to."""

    contrasts: list[ContrastCount]
    texts: int
    distinct: int
    """To score: each once per part, as the engine finds duplicates."""
    words: int
    """Of these, parted by blanks."""
    sample: list[str]
    """Of the source texts."""
    placebos: Mapping[str, list[Pair]]
    """Attribute -> valid placebo pairs of a sample of texts; of names within the reference."""


def count_swaps(
    texts: TextSource,
    swapper: Swapper,
    contrasts: Sequence[Contrast],
    *,
    truths: Truths,
    favourable: frozenset[str],
    seed: int,
) -> Counted:
    """Returns what the run would score, and a sample of its texts and placebo pairs.

    Args:
        contrasts: those that are judged.
        favourable: true labels that deserve the favourable outcome, casefolded.
        seed: of the samples.
    """
    sample, placebos = Sample(seed), _Placebos(contrasts, seed)
    read = distinct = words = 0
    with connect() as db:
        db.execute(_TABLE)
        for chunk in texts.chunks(PART_TEXTS):
            pairs = [pair for text in chunk for pair in placebos.taken(text, swapper)]
            _insert(db, pairs, favourable)
            every = {side for pair in pairs for side in (pair.text, pair.counterfactual)}
            every |= {text.text for text in chunk} if texts.has_groups else set()
            read, distinct = read + len(chunk), distinct + len(every)
            words += sum(len(text.split()) for text in every)
            for text in chunk:
                sample.offer(text.row_id, text.text)
        found = _contrast_counts(db, contrasts, truths)
    return Counted(found, read, distinct, words, sample.values, placebos.pairs)


class _Placebos:
    """A sample of texts, per attribute, with their placebo pairs."""

    def __init__(self, contrasts: Sequence[Contrast], seed: int) -> None:
        self._seed = seed
        self._reference = {c.attribute: c.group_a for c in reversed(contrasts)}
        self._samples: dict[str, Sample] = {}

    def taken(self, text: SourceText, swapper: Swapper) -> list[Pair]:
        """Returns every pair of a text, having offered its placebo pairs to the sample."""
        pairs, own = swapper.pairs(text), dict[str, list[Pair]]()
        for pair in pairs:
            if pair.arm is Arm.PLACEBO and self._counts(pair):
                own.setdefault(pair.contrast.attribute, []).append(pair)
        for attribute, each in own.items():
            sample = self._samples.setdefault(attribute, Sample(self._seed))
            sample.offer(text.row_id, each)
        return pairs

    def _counts(self, pair: Pair) -> bool:
        """Valid, and of names within the reference group."""
        reference = self._reference.get(pair.contrast.attribute)
        own = not pair.contrast.crossed or pair.group_from == reference
        return own and pair.validity is Validity.VALID

    @property
    def pairs(self) -> dict[str, list[Pair]]:
        return {
            attribute: [pair for each in sample.values for pair in each]
            for attribute, sample in self._samples.items()
        }


def truth_of(label: str | None, favourable: frozenset[str]) -> bool | None:
    """Returns whether a true label deserves the favourable outcome; None where there is none."""
    return None if label is None else label.strip().casefold() in favourable


_TABLE = """
    CREATE TABLE swapped (contrast_id VARCHAR, cluster VARCHAR, a BIGINT, b BIGINT,
        term_a VARCHAR, term_b VARCHAR, truth BOOLEAN)
"""
_COUNTED = """
    CREATE VIEW counted AS SELECT * FROM (
        SELECT contrast_id, cluster, min(term_a) AS term_a, min(term_b) AS term_b,
            CASE WHEN bool_and(truth) = bool_or(truth) THEN bool_or(truth) END AS truth
        FROM swapped GROUP BY contrast_id, cluster, a, b
    ) JOIN wanted USING (contrast_id) WHERE of_truth IS NULL OR of_truth = truth
"""
_CLUSTERS = """
    SELECT contrast_id, sum(n), count(*), avg(1 / n) FROM (
        SELECT contrast_id, cluster, count(*) AS n FROM counted GROUP BY ALL
    ) GROUP BY contrast_id
"""
_CELLS = """
    SELECT DISTINCT side, lower(term) AS term, cluster, 1.0 AS n FROM (
        SELECT 'a' AS side, term_a AS term, cluster FROM counted WHERE contrast_id = $contrast
        UNION ALL
        SELECT 'b', term_b, cluster FROM counted WHERE contrast_id = $contrast
    ) ORDER BY side, term, cluster
"""


def _insert(
    db: duckdb.DuckDBPyConnection, pairs: Sequence[Pair], favourable: frozenset[str]
) -> None:
    rows = [
        _row(pair, favourable)
        for pair in pairs
        if pair.arm is Arm.SWAP and pair.validity is Validity.VALID
    ]
    if rows:
        columns = ["contrast_id", "cluster", "a", "b", "term_a", "term_b", "truth"]
        table = pd.DataFrame(rows, columns=columns).astype({"truth": "boolean"})
        db.register("chunk", table)
        db.execute("INSERT INTO swapped SELECT * FROM chunk")
        db.unregister("chunk")


def _row(pair: Pair, favourable: frozenset[str]) -> tuple[Any, ...]:
    sides = [(hash(pair.text), pair.term_from), (hash(pair.counterfactual), pair.term_to)]
    (a, term_a), (b, term_b) = sides if pair.group_from == pair.contrast.group_a else sides[::-1]
    truth = truth_of(pair.label_true, favourable)
    return pair.contrast.contrast_id, pair.cluster, a, b, term_a, term_b, truth


def _contrast_counts(
    db: duckdb.DuckDBPyConnection, contrasts: Sequence[Contrast], truths: Truths
) -> list[ContrastCount]:
    db.execute("CREATE TABLE wanted (contrast_id VARCHAR, of_truth BOOLEAN)")
    db.executemany("INSERT INTO wanted VALUES (?, ?)", [list(each) for each in truths.items()])
    db.execute(_COUNTED)
    found = {row[0]: row[1:] for row in db.execute(_CLUSTERS).fetchall()}
    return [
        _contrast_count(db, contrast, found.get(contrast.contrast_id)) for contrast in contrasts
    ]


def _contrast_count(
    db: duckdb.DuckDBPyConnection, contrast: Contrast, row: tuple[Any, ...] | None
) -> ContrastCount:
    if row is None:
        return ContrastCount(contrast, 0, 0, 1.0, None)
    pairs, clusters, inverse = int(row[0]), int(row[1]), float(row[2])
    if not contrast.crossed:
        return ContrastCount(contrast, pairs, clusters, inverse, None)
    cells: pd.DataFrame = db.execute(_CELLS, {"contrast": contrast.contrast_id}).df()
    table = cells.pivot_table(index=["side", "term"], columns="cluster", values="n")
    signs = np.where(table.index.get_level_values("side") == "a", -1.0, 1.0)
    values = table.to_numpy(np.float64)
    design = complete(Cells(values, (~np.isnan(values)).astype(float), signs))
    return ContrastCount(contrast, pairs, clusters, inverse, design)
