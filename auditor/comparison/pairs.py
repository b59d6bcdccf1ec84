"""The pairs of two runs, put side by side: the same two texts in the same cluster.

Two runs that hold the same pairs are compared pair by pair: what the texts do to both models alike
cancels. The differences are then averaged by cluster (for names, by name and cluster) by the same
code as the effects of one run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from auditor.evidence.reader import Evidence, pairs_glob
from auditor.metrics.clusters import Cells, ClusterMeans, Key, cluster_means, crossed_cells
from auditor.metrics.counted import connect, counted_pairs, scales_of
from auditor.metrics.counterfactual import METRICS
from auditor.metrics.measurements import Values, read_values
from auditor.metrics.results import favourable_labels
from auditor.records import Arm, Contrast

PAIRED = {name: m for name, m in METRICS.items() if m.kind in {"mean", "proportion"}}
"""Metrics that are a mean of a value of each pair, so that a difference is one too."""
_KEY = "arm, contrast_id, cluster, texts"
_BOTH = "both"
"""In place of a model's id."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many pairs of a contrast count in either run, and in both."""

    before: int
    after: int
    common: int

    @property
    def same(self) -> bool:
        """Whether both runs hold the same pairs."""
        return 0 < self.common == self.before == self.after


@dataclass(frozen=True, slots=True)
class Joint:
    """What two runs say of the pairs that both hold, later less earlier."""

    means: Mapping[Key, ClusterMeans]
    cells: Mapping[Key, Mapping[str, Cells]]  # metric -> cells, crossed contrasts only
    overlaps: Mapping[tuple[Arm, str], Overlap]
    """(arm, contrast id) -> pairs."""
    before: Values
    after: Values
    """Each run's own means, for contrasts that have other pairs in each."""

    def of(self, arm: Arm, contrast: Contrast) -> Overlap:
        """Returns how many pairs of a contrast the runs share."""
        return self.overlaps.get((arm, contrast.contrast_id), Overlap(0, 0, 0))

    def mean(self, arm: Arm, contrast: Contrast) -> ClusterMeans | None:
        """Returns the differences by cluster; None where no pair is in both runs."""
        return self.means.get(Key(_BOTH, contrast.contrast_id, arm))

    def crossed(self, arm: Arm, contrast: Contrast, metric: str) -> Cells | None:
        """Returns the differences by name and cluster, of a crossed contrast."""
        return self.cells.get(Key(_BOTH, contrast.contrast_id, arm), {}).get(metric)


def join_pairs(
    before: Evidence,
    after: Evidence,
    contrasts: Mapping[Arm, list[Contrast]],
    *,
    held_out: bool = False,
) -> Joint:
    """Returns what two runs say of the same pairs, and how many these are.

    Args:
        contrasts: by arm, those that both runs have.
        held_out: leave out the clusters that circuits and repairs were found on.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        values, scales = [], []
        for side, evidence in (("a", before), ("b", after)):
            with _counted(evidence, folder / f"{side}-pairs.parquet", held_out) as db:
                values.append(read_values(db, contrasts))
                scales.append(scales_of(db))
                db.execute(f"COPY ({_values_sql()}) TO '{_quoted(folder / f'{side}.parquet')}'")
        each = [{name: metric.scale(s) for name, metric in PAIRED.items()} for s in scales]
        # A difference of two values can be twice as large as either.
        common = {name: min(s[name] for s in each) / 2 for name in PAIRED}
        return _joined(folder, common, contrasts, *values)


@contextmanager
def _counted(evidence: Evidence, cut: Path, held_out: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yields the pairs that count, of the checkpoint that is judged."""
    source = pairs_glob(evidence.folder / "evidence")
    condition = "model_id = ?" + (" AND split = 'held_out'" if held_out else "")
    with connect() as db:
        db.execute(
            f"COPY (SELECT * FROM read_parquet('{source}') WHERE {condition}) TO '{_quoted(cut)}'",
            [next(iter(evidence.model_ids), "")],
        )
    favourable = favourable_labels(evidence.plan, evidence.record["models"])
    with counted_pairs(_quoted(cut), favourable) as db:
        yield db


def _values_sql() -> str:
    """SQL of every metric of every pair that counts, with what tells its two texts."""
    columns = [f'{metric.of_pair} AS "{name}"' for name, metric in PAIRED.items()]
    columns += [
        f'{metric.of_side.format(side=side)} AS "{side} {name}"'
        for name, metric in PAIRED.items()
        if metric.of_side
        for side in "ab"
    ]
    texts = (
        "md5(concat_ws(chr(31), CASE WHEN group_from = group_a THEN text ELSE counterfactual END, "
        "CASE WHEN group_from = group_a THEN counterfactual ELSE text END))"
    )
    return (
        f"WITH told AS (SELECT pair_id, min({texts}) AS texts FROM valid_pairs GROUP BY pair_id) "
        f"SELECT {_KEY}, unit, term_a, term_b, {', '.join(columns)} "
        "FROM counted JOIN told USING (pair_id)"
    )


def _joined(
    folder: Path,
    scales: Mapping[str, float],
    contrasts: Mapping[Arm, list[Contrast]],
    before: Values,
    after: Values,
) -> Joint:
    of_pair = {name: f'"{name}"' for name in PAIRED}
    of_side = {name: f'"{{side}} {name}"' for name, m in PAIRED.items() if m.of_side}
    sides = [f"{side} {name}" for name in of_side for side in "ab"]
    columns = ", ".join(f'b."{name}" - a."{name}" AS "{name}"' for name in [*of_pair, *sides])
    crossed = sorted({c.contrast_id for each in contrasts.values() for c in each if c.crossed})
    with connect() as db:
        for side in "ab":
            file = _quoted(folder / f"{side}.parquet")
            db.execute(f"CREATE TEMP VIEW {side} AS SELECT * FROM read_parquet('{file}')")
        db.execute(
            f"CREATE TEMP VIEW counted AS SELECT '{_BOTH}' AS model_id, {_KEY}, b.unit, b.term_a, "
            f"b.term_b, {columns} FROM a JOIN b USING ({_KEY})"
        )
        means = cluster_means(db, of_pair, scales)
        cells = crossed_cells(db, of_pair, of_side, crossed, scales) if crossed else {}
        return Joint(means, cells, _overlaps(db), before, after)


def _overlaps(db: duckdb.DuckDBPyConnection) -> dict[tuple[Arm, str], Overlap]:
    counts = [
        {
            (Arm(arm), str(contrast)): int(n)
            for arm, contrast, n in db.execute(
                f"SELECT arm, contrast_id, count(*) FROM {table} GROUP BY ALL"
            ).fetchall()
        }
        for table in ("a", "b", "counted")
    ]
    keys = set().union(*counts)
    return {key: Overlap(*(count.get(key, 0) for count in counts)) for key in keys}


def _quoted(path: Path) -> str:
    """A path inside single quotes of SQL."""
    return path.as_posix().replace("'", "''")
