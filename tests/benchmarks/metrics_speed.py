"""How long 1,000,000 scored pairs take to become findings, and how much memory.

    python -m tests.benchmarks.metrics_speed [--pairs N] [--clusters N]

Pairs are drawn, written as the pipeline writes them, and summarised in a process of their own, so
that its peak memory is its own. Fewer and more pairs in as many clusters show what grows with what.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.metrics.results import Scored, measure_scores
from auditor.plan_file import plan_from_options
from auditor.schemas import PAIRS, PREDICTIONS
from tests.benchmarks.machine import describe, save

PART = 50_000
GROUPS = ("woman", "nonbinary", "trans")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--clusters", type=int, default=2_000)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        sys.stdout.write(json.dumps(_measure(options.measure)))
        return
    sizes = [
        (options.pairs // 10, options.clusters),
        (options.pairs, options.clusters),
        (options.pairs, 10 * options.clusters),
    ]
    rows = [_run(*size) for size in sizes]
    save("metrics_speed", {"machine": describe("cpu"), "rows": rows})
    sys.stdout.write(f"{_table(rows)}\n")


def _run(pairs: int, clusters: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        for part, start in enumerate(range(0, pairs, PART)):
            table = _pairs(start, min(PART, pairs - start), clusters)
            pq.write_table(table, Path(folder) / f"part-{part:05d}.parquet", compression="zstd")
        command = [sys.executable, "-m", "tests.benchmarks.metrics_speed", "--measure", folder]
        found = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"pairs": pairs, "clusters": clusters, **json.loads(found.stdout)}


def _pairs(start: int, size: int, clusters: int) -> pa.Table:
    rng = np.random.default_rng(start)
    number = np.arange(start, start + size)
    before, change = rng.random(size), rng.normal(0, 0.05, size)
    after = np.clip(before + change, 0, 1)
    groups = np.array(GROUPS)[number % len(GROUPS)]
    columns: dict[str, Any] = {
        "pair_id": [f"{i:016x}" for i in number],
        "row_id": [f"row-{i}" for i in number],
        "cluster": [f"t{i % clusters}" for i in number],
        "arm": ["swap"] * size,
        "contrast_id": [f"gender.man.{group}" for group in groups],
        "attribute": ["gender"] * size,
        "group_a": ["man"] * size,
        "group_b": groups,
        "group_from": ["man"] * size,
        "group_to": groups,
        "term_from": [f"man {i % 7}" for i in number],
        "term_to": [f"{group} {i % 7}" for group, i in zip(groups, number, strict=True)],
        "text": [f"Text {i} speaks of a man who was here, and of his work." for i in number],
        "counterfactual": [f"Text {i} speaks of another, and of their work." for i in number],
        "validity": ["valid"] * size,
        "model_id": ["m"] * size,
        "score_from": before,
        "score_to": after,
        "margin_from": np.log(before / (1 - before)),
        "margin_to": np.clip(np.log((after + 1e-9) / (1 - after + 1e-9)), -20, 20),
        "effect": after - before,
        "probs_from": list(np.stack([1 - before, before], axis=1).astype(np.float32)),
        "probs_to": list(np.stack([1 - after, after], axis=1).astype(np.float32)),
        "selected_from": before > 0.5,
        "selected_to": after > 0.5,
        "flip": (before > 0.5) != (after > 0.5),
        "label_true": np.where(rng.random(size) < 0.5, "yes", "no"),
        "unit": ["probability"] * size,
        "weight": np.ones(size),
    }
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(size, field.type)
        for field in PAIRS
    ]
    return pa.table(arrays, schema=PAIRS)


def _measure(folder: Path) -> dict[str, float]:
    plan = plan_from_options(label="y", favourable="yes", self_test=0)
    none = PREDICTIONS.empty_table().to_pandas()
    scored = Scored(f"{folder.as_posix()}/*.parquet", none, [{"model_id": "m"}], {"m": []})
    start = time.perf_counter()
    results, cases = measure_scores(scored, plan, None)
    seconds = time.perf_counter() - start
    assert results.findings
    assert cases.num_rows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "mebibytes": peak}


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| pairs | clusters | seconds | peak memory, MiB |", "|---|---|---|---|"]
    lines += [
        f"| {r['pairs']:,} | {r['clusters']:,} | {r['seconds']:.1f} | {r['mebibytes']:.0f} |"
        for r in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
