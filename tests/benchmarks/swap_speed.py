"""How many texts a second are swapped, for one attribute, on one core and on all.

    python -m tests.benchmarks.swap_speed [--shared FOLDER]

Short sentences of our own templates, real posts (EDOS, where the folder has them), sentences
without a mention, and one text of growing length: time per character must not grow with it.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from auditor.plan import SwapPlan
from auditor.preview import Wanted, swap_file
from auditor.records import SourceText
from auditor.sources.templates import TemplateTexts
from auditor.swaps.attributes import open_attributes, template_terms
from auditor.swaps.swapper import Swapper
from tests.benchmarks.machine import describe, save

ATTRIBUTES = ("gender", "religion", "race", "age", "disability")
PLAIN = "The quarterly report was sent to the committee on the second floor this morning."
LENGTHS = (1_000, 10_000, 100_000)


def main() -> None:
    """Measures, prints tables, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[3] / "shared")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--name", default="swap_speed")
    options = parser.parse_args()
    posts = edos(options.shared, 4_000)
    rows = [rates(name, posts, options.rounds) for name in ATTRIBUTES]
    print("| attribute | short sentences/s | real posts/s | without a mention/s |")
    print("|---|---:|---:|---:|")
    for row in rows:
        cells = (row["sentences"], row["posts"], row["plain"])
        print(f"| {row['attribute']} | " + " | ".join(f"{x or 0:,.0f}" for x in cells) + " |")
    growth = [per_character(length) for length in LENGTHS]
    for length, nanoseconds in zip(LENGTHS, growth, strict=True):
        print(f"one line of {length:,} characters: {nanoseconds:,.0f} ns per character")
    jobs = {n: table_rate(posts or sentences("gender"), n) for n in (1, os.cpu_count() or 1)}
    print("; ".join(f"table, {n} processes: {rate:,.0f} texts/s" for n, rate in jobs.items()))
    save(
        options.name,
        {
            "machine": describe("cpu"),
            "rows": rows,
            "nanoseconds_per_character": dict(zip(map(str, LENGTHS), growth, strict=True)),
            "table_texts_per_second": {str(n): rate for n, rate in jobs.items()},
        },
    )


def rates(attribute: str, posts: Sequence[str], rounds: int) -> dict[str, Any]:
    """Returns texts per second of one attribute, medians over rounds."""
    swapper = swapper_of(attribute)
    texts = {"sentences": sentences(attribute), "posts": posts, "plain": [PLAIN] * 5_000}
    return {
        "attribute": attribute,
        **{
            name: median(rate(swapper, each) for _ in range(rounds)) if each else None
            for name, each in texts.items()
        },
    }


def swapper_of(attribute: str) -> Swapper:
    plan = SwapPlan(attributes=(attribute,), arms=())
    return Swapper(open_attributes(plan), plan)


def sentences(attribute: str) -> list[str]:
    """Returns our templates, filled for one attribute, ten times."""
    attributes = open_attributes(SwapPlan(attributes=(attribute,), arms=()))
    source = TemplateTexts(["everyday"], template_terms(attributes))
    return [text.text for chunk in source.chunks(1_000) for text in chunk] * 10


def rate(swapper: Swapper, texts: Sequence[str]) -> float:
    sources = [SourceText(str(i), text, "c") for i, text in enumerate(texts)]
    start = time.perf_counter()
    for source in sources:
        swapper.swap(source)
    return len(texts) / (time.perf_counter() - start)


def per_character(length: int) -> float:
    """Returns nanoseconds per character of one line."""
    unit = "He told the woman that her very old boss's wife saw him. "
    text = (unit * (length // len(unit) + 1))[:length]
    swapper = swapper_of("gender")
    return 1e9 / rate(swapper, [text] * max(3, 300_000 // length)) / length


def table_rate(texts: Sequence[str], jobs: int) -> float:
    """Returns texts per second of `auditor swap --file`, start of processes included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["text"], *([text] for text in list(texts) * 5)])
        start = time.perf_counter()
        for _ in swap_file(path, ["text"], Wanted(("gender",)), jobs=jobs):
            pass
        return 5 * len(texts) / (time.perf_counter() - start)


def edos(shared: Path, count: int) -> list[str]:
    path = shared / "benchmarks/edos/edos_labelled_aggregated.csv.gz"
    if not path.is_file():
        print(f"no {path.name}: real posts are left out")
        return []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [row["text"] for row in islice(csv.DictReader(file), count)]


if __name__ == "__main__":
    main()
