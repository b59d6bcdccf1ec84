"""The command that lets a release through, or stops it.

Exit 0: open. 1: a criterion is not met. 3: inconclusive or not tested. These come from
`verdicts.exit_code` alone. 2: the run cannot be judged, changed evidence included: 1 would say
something of the model, and of that nothing is known then. The files are written all the same, and
say so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor import terminal
from auditor.commands import gate_words
from auditor.errors import AuditError
from auditor.options import AsJson, RunPath

Junit = Annotated[Path | None, typer.Option(help="Write JUnit XML here; closed is a failed test.")]
Sarif = Annotated[Path | None, typer.Option(help="Write SARIF 2.1.0 here, for code scanning.")]
Summary = Annotated[Path | None, typer.Option(help="Write a summary here (Markdown of GitHub).")]


def gate(
    folder: RunPath,
    junit: Junit = None,
    sarif: Sarif = None,
    summary: Summary = None,
    as_json: AsJson = False,
) -> None:
    """Stop a release whose audit does not meet its criteria: by exit code, and in files for CI."""
    from auditor.report.gate.outputs import Outputs, write_outputs, write_refused
    from auditor.run import open_run

    outputs = Outputs(junit, sarif, summary)
    outputs.refuse_bad(folder)
    try:
        run = open_run(folder)
        decided = run.gate()
    except AuditError as error:
        write_refused(outputs, folder, error)
        raise
    files = write_outputs(outputs, decided, run.evidence)
    if as_json:
        terminal.emit(gate_words.gate_json(decided, files))
    else:
        gate_words.print_gate(decided, files)
    raise typer.Exit(decided.exit_code)
