"""How long a report of 50 findings and a dozen charts takes, and how large it is.

    python -m tests.benchmarks.report_speed [--rounds 3]

Evidence made of records: two checkpoints, five measures with a threshold each, ten groups, and
what stands beside findings in an audit. Each round is a process of its own, so that its time has
the start of the chart engine and of the PDF engine in it, as a command has. The criteria: HTML in
under 10 seconds and 5 MB, PDF in under 30 seconds (the page included), on 2 cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from auditor.evidence.reader import Evidence
from auditor.records import Basis, Criterion, Finding
from tests.benchmarks.machine import describe, save
from tests.report import factory

GROUPS = tuple(f"group {letter}" for letter in "abcdefghij")
METRICS = (
    "selection_rate_change",
    "mean_effect",
    "false_negative_rate_change",
    "false_positive_rate_change",
    "standardised_effect",
)
CRITERIA = {"html_seconds": 10.0, "pdf_seconds": 30.0, "html_bytes": 5_000_000}


def main() -> None:
    """Measures, prints a table, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--once", action="store_true", help="one round, as JSON")
    parser.add_argument("--name", default="report_speed")
    options = parser.parse_args()
    if options.once:
        print(json.dumps(one_round()))
        return
    rounds = [in_a_process() for _ in range(options.rounds)]
    measured = {name: median(each[name] for each in rounds) for name in rounds[0]}
    print("| | measured | criterion |\n|---|---:|---:|")
    for name, value in measured.items():
        limit = CRITERIA.get(name)
        print(f"| {name} | {value:,.2f} | {'' if limit is None else f'under {limit:,.0f}'} |")
    packages = {name: version(name) for name in ("jinja2", "vl-convert-python", "weasyprint")}
    machine = {**describe("cpu"), **packages}
    print(machine)
    save(options.name, {"machine": machine, "criteria": CRITERIA, **measured, "rounds": rounds})


def in_a_process() -> dict[str, float]:
    """Returns one round, with nothing warm from the one before."""
    command = [sys.executable, "-m", "tests.benchmarks.report_speed", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    values: dict[str, float] = json.loads(done.stdout)
    return values


def one_round() -> dict[str, float]:
    """Returns seconds and sizes of one report."""
    from auditor.report.html import render_html
    from auditor.report.pdf import render_pdf
    from auditor.report.render import render_json
    from auditor.report.summarize import summarize

    with tempfile.TemporaryDirectory() as folder:
        given = evidence(Path(folder) / "run")
        summary, to_summarize = timed(lambda: summarize(given))
        page, to_draw = timed(lambda: render_html(summary))
        record, to_record = timed(lambda: render_json(summary))
        pdf, to_print = timed(lambda: render_pdf(summary, page, record))
    to_page = to_summarize + to_draw
    return {
        "findings": len(summary.judged),
        "charts": page.count("<img "),
        "summarize_seconds": to_summarize,
        "html_seconds": to_page,
        "pdf_seconds": to_page + to_record + to_print,
        "html_bytes": len(page.encode()),
        "json_bytes": len(record.encode()),
        "pdf_bytes": len(pdf),
    }


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    made = make()
    return made, time.perf_counter() - start


def evidence(folder: Path) -> Evidence:
    """Returns evidence with ten groups of five measures each, and judged groups of people."""
    values = [0.03 * (i % 7) - 0.09 for i in range(len(GROUPS))]
    given = factory.evidence(folder, GROUPS, values=values)
    judged = [
        measured(factory.finding(group, value), metric)
        for metric in METRICS
        for group, value in zip(GROUPS, values, strict=True)
    ]
    others = [f for f in given.findings if f.verdict is None or f.basis is Basis.GROUPS]
    given.results = replace(given.results, findings=(*judged, *others))
    return given


def measured(finding: Finding, metric: str) -> Finding:
    """Returns a judged finding as one of another measure."""
    criterion = Criterion(factory.DELTA, "in-house", metric=metric)
    return replace(finding, metric=metric, criterion=criterion)


if __name__ == "__main__":
    main()
