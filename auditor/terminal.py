"""What the commands print: results on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from auditor.explanation import PairExplanation, Traced
    from auditor.pipeline import Step
    from auditor.planned import Planned
    from auditor.records import Finding, Pair, Span
    from auditor.run import Run

stderr = Console(stderr=True, highlight=False)
stdout = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
"""A pipe or a log has no width of its own, and eighty columns would break every row."""

LEVEL = 0.95
"""Of the intervals, where a row does not say otherwise."""
MOST_LINES = 5
"""Lines of one kind below the table of findings."""
ADJUSTED = {
    "swaps": "Each interval is its finding's own; verdicts of not meeting, and what is detected, "
    "allow for all findings together (Holm).",
    "groups": "Intervals hold for all groups of a column; verdicts of not meeting, and what is "
    "detected, allow for all findings together (Holm).",
}
"""Basis -> why an interval and a verdict can seem to contradict each other."""
STYLES = {
    "meets criterion": "green",
    "does not meet criterion": "bold red",
    "inconclusive": "yellow",
    "not tested": "dim",
}


def say(message: object) -> None:
    """Prints a line on stderr; text of the user's is never read as markup."""
    stderr.print(str(message), markup=False, soft_wrap=True)


def emit(values: Any) -> None:
    """Prints one JSON document on one line of stdout."""
    print(json.dumps(values, ensure_ascii=False, allow_nan=False))  # noqa: T201 - the output


def save_trace() -> Path:
    """Writes the current exception's trace to a file and returns its path."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="auditor-error-", suffix=".txt", delete=False
    ) as file:
        file.write(traceback.format_exc())
    return Path(file.name)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[Step], None]]:
    """Yields what the pipeline tells its steps to: bars on a terminal, lines elsewhere."""
    if quiet:
        yield lambda _: None
    elif stderr.is_terminal:
        with _bars() as tell:
            yield tell
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[Callable[[Step], None]]:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:,.0f} {task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(step: Step) -> None:
            unit = step.unit if step.total is None else f"of {step.total:,} {step.unit}"
            if step.stage not in tasks:
                tasks[step.stage] = bars.add_task(escape(step.stage), total=step.total, unit=unit)
            bars.update(tasks[step.stage], completed=step.done, total=step.total, unit=unit)

        yield tell


def _lines() -> Callable[[Step], None]:
    seen: set[str] = set()

    def tell(step: Step) -> None:
        if step.stage not in seen:
            seen.add(step.stage)
            say(f"{step.stage} ...")

    return tell


def print_run(run: Run, reports: Sequence[Path]) -> None:
    """Prints an audit's answer, its judged findings, and where everything is."""
    from auditor.explanation.words import counts_words
    from auditor.report.reasons import unlabelled, untested

    judged = [f for f in run.evidence.findings if f.verdict is not None]
    # Swaps and groups of people apart: they are other measures, with other counts.
    for basis in dict.fromkeys(finding.basis for finding in judged):
        stdout.print(_findings_table([f for f in judged if f.basis == basis]))
        stdout.print(ADJUSTED[basis.value], style="dim", soft_wrap=True)
    for criterion in criteria_lines(run):
        stdout.print(criterion, markup=False, soft_wrap=True)
    verdict = str(run.verdict)
    line = Text.assemble("Verdict: ", (verdict, STYLES.get(verdict, "")), f". {run.verdict.reason}")
    stdout.print(line, soft_wrap=True)
    notes = [
        *_few(untested(run.evidence), "reasons"),
        *_few(unlabelled(run.evidence), "reasons"),
        *_few(open_questions(run), "open findings"),
        *_few(run.evidence.results.data_notes, "notes on the data"),
        *truncation_notes(run),
    ]
    for note in notes:
        stdout.print(note, markup=False, soft_wrap=True)
    explained = counts_words(run.evidence.explanations)
    stdout.print(f"Explained: {explained}", markup=False, soft_wrap=True)
    for record in run.evidence.circuits:
        said = f"not tested: {record.not_tested}" if record.not_tested else record.sentence
        stdout.print(f"Circuit ({record.finding_id}): {said}", markup=False, soft_wrap=True)
    for label, value in (("Run", run.folder), *(("Report", r) for r in reports)):
        stdout.print(f"{label + ':':<8} {value}", markup=False, soft_wrap=True)
    stdout.print(f"{'Review:':<8} auditor review {run.folder}", markup=False, soft_wrap=True)


def print_planned(planned: Planned, *, as_json: bool) -> None:
    """Prints what an audit could find and what it costs, as a table or as one JSON document."""
    from auditor.planned import planned_json, planned_lines, planned_rows

    if as_json:
        emit(planned_json(planned))
        return
    print_rows(planned_rows(planned), as_json=False)
    for line in planned_lines(planned):
        stdout.print(line, markup=False, soft_wrap=True)


def print_explanation(explanation: PairExplanation, *, as_json: bool) -> None:
    """Prints which tokens carry a pair's gap, as a table or as one JSON document."""
    from auditor.explanation.words import (
        NUMBERS,
        explanation_json,
        explanation_lines,
        explanation_rows,
    )

    if as_json:
        emit(explanation_json(explanation))
        return
    stdout.print(Text(f"pair {explanation.pair_id}, {explanation.model_id}", "dim"))
    for side in (explanation.text, explanation.counterfactual):
        stdout.print(_marked(side.text, side.spans), soft_wrap=True)
    print_rows(explanation_rows(explanation), as_json=False, numbers=NUMBERS)
    for line in explanation_lines(explanation):
        stdout.print(line, markup=False, soft_wrap=True)


def print_circuit(traced: Traced, *, as_json: bool) -> None:
    """Prints which components carry a finding, as a table or as one JSON document."""
    from auditor.explanation import circuit_words as words

    if as_json:
        emit(words.circuit_json(traced))
        return
    record = traced.record
    stdout.print(Text(f"finding {record.finding_id}, {record.model_id}", "dim"), soft_wrap=True)
    stdout.print(record.sentence, markup=False, soft_wrap=True)
    if record.members:
        print_rows(words.member_rows(record), as_json=False, numbers=words.NUMBERS)
    for line in (*words.circuit_lines(record), words.place_line(traced)):
        stdout.print(line, markup=False, soft_wrap=True)


def truncation_notes(run: Run) -> list[str]:
    """Returns one sentence per model that did not see the end of some texts."""
    return [
        f"{model}: {counts['truncated']:,} of {counts['texts_scored']:,} texts are longer than "
        "the model's window and were cut off; see the report's coverage"
        for model, counts in run.evidence.coverage["models"].items()
        if counts.get("truncated")
    ]


def _findings_table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    rows = [_finding_row(finding) for finding in findings]
    if len({finding.metric for finding in findings}) == 1:  # the criterion's line names it
        rows = [{k: v for k, v in row.items() if k != "measure"} for row in rows]
    for name in rows[0]:
        right = name in {"n", "clusters", "detects", "delta"}
        table.add_column(name, justify="right" if right else "left")
    for row in rows:
        table.add_row(*row.values())
    return table


def _finding_row(finding: Finding) -> dict[str, str | Text]:
    estimate, contrast, criterion = finding.estimate, finding.contrast, finding.criterion
    verdict = finding.verdict.value if finding.verdict else ""
    detectable, checkpoints = finding.detectable, len(finding.checkpoints)
    return {
        "attribute": escape(contrast.attribute),
        "contrast": escape(f"{contrast.group_b} v {contrast.group_a}"),
        "measure": finding.metric.replace("_", " "),
        "effect [95 %]": _interval(finding),
        "delta": "" if criterion is None else f"±{criterion.delta:g}",
        "detects": "" if detectable is None else f"{detectable:.3f}",
        "n": f"{estimate.n:,}",
        "clusters": f"{estimate.clusters:,}",
        **({"holds in": f"{finding.holds_in} of {checkpoints}"} if checkpoints > 1 else {}),
        "verdict": Text(verdict, STYLES.get(verdict, "")),
    }


def _interval(finding: Finding) -> str:
    """Where several groups are compared their intervals hold together, at a level of their own."""
    from auditor.report.measures import is_signed
    from auditor.report.numbers import number, percent

    estimate = finding.estimate
    mark = finding.criterion.delta if finding.criterion else None
    shown = number(estimate, signed=is_signed(finding.metric), mark=mark)
    own = estimate.low is not None and abs(estimate.level - LEVEL) > 1e-9
    return escape(f"{shown} {percent(estimate.level)}" if own else shown)


def criteria_lines(run: Run) -> list[str]:
    """Returns one sentence per criterion: what it holds for, its threshold and who approved it."""
    from auditor.report.criteria import criteria_of, threshold
    from auditor.report.sentences import criterion_scope, criterion_sentence

    return [
        f"Criterion for {', '.join(row.of)}: {criterion_sentence(row.metric, row.basis)} "
        f"{threshold(row)} {criterion_scope(row.basis)} (approved by "
        f"{row.approved_by or 'NOT PROVIDED'})."
        for row in criteria_of(run.evidence.findings)
    ]


def open_questions(run: Run) -> list[str]:
    """Returns a sentence for each inconclusive finding that says what would settle it, if any."""
    from auditor.report.words import clusters_are, contrast_words, in_units

    called = clusters_are(run.plan)
    return [
        f"Open ({contrast_words(f.contrast)}): {in_units(f.settles, called)}."
        for f in run.evidence.findings
        if f.settles
    ]


def _few(lines: Sequence[str], what: str) -> list[str]:
    """Returns the first lines, and how many more there are."""
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"{more} more {what}: see the report."] if more > 0 else [])]


def run_json(run: Run, reports: Sequence[Path]) -> dict[str, Any]:
    """Returns an audit's answer as one JSON document, for `--json`: all of its `Results`."""
    from auditor.records import to_plain
    from auditor.run_rows import circuit_row

    results, explained = to_plain(run.evidence.results), to_plain(run.evidence.explanations)
    results.pop("overall")
    ids = [f.finding_id for f in run.evidence.findings]
    found = zip(ids, results.pop("findings"), strict=True)
    return {
        "run": str(run.folder),
        "root_hash": run.evidence.root_hash,
        "verdict": str(run.verdict),
        "reason": run.verdict.reason,
        "findings": [{"finding_id": name, **values} for name, values in found],
        **results,
        "explained": {name: explained[name] for name in ("not_explained", "counts", "refused")},
        "circuits": [circuit_row(record) for record in run.evidence.circuits],
        "reports": [str(path) for path in reports],
    }


def emit_pair(pair: Pair) -> None:
    """Prints a pair as one line of JSON, for scoring elsewhere."""
    from auditor.preview import pair_json

    emit(pair_json(pair))


def print_pair(pair: Pair) -> None:
    """Prints both sides of a pair with the changed words marked."""
    note = "" if pair.reason is None else f"  {pair.validity.value}: {pair.reason}"
    stdout.print(
        Text(f"{pair.contrast.attribute}: {pair.group_from} -> {pair.group_to}{note}", "dim")
    )
    stdout.print(_marked(pair.text, pair.spans_from), soft_wrap=True)
    stdout.print(_marked(pair.counterfactual, pair.spans_to), soft_wrap=True)


def _marked(text: str, spans: Sequence[Span]) -> Text:
    """Marks with brackets where there is no colour, so that a pipe shows the change too."""
    if stdout.is_terminal:
        marked = Text(f"  {text}")
        for start, end in spans:
            marked.stylize("bold reverse", start + 2, end + 2)
        return marked
    for start, end in reversed(spans):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return Text(f"  {text}")


def print_rows(
    rows: Sequence[dict[str, Any]], *, as_json: bool, numbers: Collection[str] = ()
) -> None:
    """Prints rows of plain values as a table, or as one JSON list. `numbers`: columns set right."""
    if as_json:
        emit(list(rows))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "), justify="right" if name in numbers else "left")
    for row in rows:
        table.add_row(*(escape(_shown(value)) for value in row.values()))
    stdout.print(table)


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
