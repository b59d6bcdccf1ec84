"""Peak memory of an audit of 10,000 and of 100,000 pairs: it does not grow with rows.

    python -m tests.benchmarks.memory

Each audit runs in a process of its own on generated rows, with a function as the model, so that
the figures are the auditor's own.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.benchmarks.machine import describe, save

SIZES = (10_000, 100_000)


def main() -> None:
    """Runs both sizes, prints a table, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", type=int, help="run one size in this process")
    parser.add_argument("--name", default="memory")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one)))
        return
    rows = [in_own_process(size) for size in SIZES]
    growth = rows[1]["peak_mebibytes"] - rows[0]["peak_mebibytes"]
    print("| pairs | peak MiB | seconds |\n|---:|---:|---:|")
    for row in rows:
        print(f"| {row['pairs']:,} | {row['peak_mebibytes']:,.0f} | {row['seconds']:.0f} |")
    print(f"growth: {growth:,.0f} MiB")
    save(options.name, {"machine": describe("cpu"), "rows": rows, "growth_mebibytes": growth})


def in_own_process(size: int) -> dict[str, float]:
    """Returns pairs, peak memory and seconds of one audit."""
    command = [sys.executable, "-m", "tests.benchmarks.memory", "--one", str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    values: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return values


def one(size: int) -> dict[str, float]:
    """Audits `size` generated rows and returns what it took."""
    import resource
    import time

    import auditor

    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rows.csv"
        write_rows(table, size)
        start = time.perf_counter()
        run = auditor.audit(
            length_model, table, text="text", cluster="author", attributes=["gender"],
            labels=["no", "yes"], favourable="yes", out=Path(folder) / "run",
        )  # fmt: skip
        seconds = time.perf_counter() - start
        pairs = run.evidence.count_pairs()
    # Linux gives kibibytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    return {"pairs": pairs, "peak_mebibytes": peak, "seconds": seconds}


def write_rows(path: Path, size: int) -> None:
    """Writes `size` different rows that each mention one gender, by 500 authors."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "author"])
        for i in range(size):
            writer.writerow([f"The man at desk {i} asked about order {i * 7919}.", i % 500])


def length_model(texts: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A function whose answer depends on the text and costs nothing."""
    yes = np.array([0.4 + 0.001 * (len(text) % 100) for text in texts])
    return np.stack([1 - yes, yes], axis=1)


if __name__ == "__main__":
    main()
