"""What `auditor gate` prints: criteria, what holds the gate closed, the gate's line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.report.gate.decision import Gate


def print_gate(gate: Gate, files: Sequence[Path]) -> None:
    """Prints the gate's sentences; those of findings that hold it closed come one by one."""
    from auditor.report.gate.text import writable

    closing = [case for case in gate.cases[1:] if case.exit_code]
    # The worst first, as the findings are; the rest are in the report.
    more = len(closing) - terminal.MOST_LINES
    lines = [
        *gate.sentences,
        *(case.text for case in closing[: terminal.MOST_LINES]),
        *([f"{more} more findings hold it closed: see the report."] if more > 0 else []),
        *(f"Written: {path}" for path in files),
        gate.line,
    ]
    for line in lines:
        terminal.stdout.print(writable(line), markup=False, soft_wrap=True)


def gate_json(gate: Gate, files: Sequence[Path]) -> dict[str, Any]:
    """Returns the gate as one JSON document, for `--json`."""
    from auditor.report.gate.text import writable

    return {
        "run": gate.run_id,
        "root_hash": gate.root_hash,
        "model": writable(gate.model_id),
        "open": gate.open,
        "exit_code": gate.exit_code,
        "verdict": gate.overall.verdict.value,
        "reason": gate.overall.reason,
        "criteria": [writable(line) for line in gate.criteria],
        "note": gate.note and writable(gate.note),
        "findings": [
            {
                "finding_id": writable(case.name),
                "attribute": writable(case.subject),
                "metric": case.rule,
                "verdict": case.verdict.value if case.verdict else None,
                "sentence": writable(case.text),
            }
            for case in gate.cases[1:]
        ],
        "files": [str(path) for path in files],
    }
