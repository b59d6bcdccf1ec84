"""Commands that look inside a finished run: one pair by token, one finding by component."""

from __future__ import annotations

from typing import Annotated

import typer

from auditor import terminal
from auditor.options import AsJson, Device, Quiet, RunPath


def explain(
    folder: RunPath,
    pair: Annotated[str, typer.Option(help="Id of a pair, or how it begins.")],
    method: Annotated[str, typer.Option(help="See `auditor list methods`.")] = "owen",
    device: Device = None,
    as_json: AsJson = False,
) -> None:
    """Show which tokens carry the difference between a pair's two texts."""
    from auditor.explanation import explain_pair
    from auditor.run import open_run

    shown = explain_pair(open_run(folder).evidence, pair, method, device=device)
    terminal.print_explanation(shown, as_json=as_json)


def circuits(
    folder: RunPath,
    finding: Annotated[str, typer.Option(help="Id of a finding, as in run.findings.")],
    again: Annotated[bool, typer.Option("--again", help="Even where it was traced.")] = False,
    device: Device = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Trace a finding to the heads and MLPs that carry it, and keep that beside the evidence."""
    from auditor.explanation import trace_finding
    from auditor.run import open_run

    evidence = open_run(folder).evidence
    with terminal.progress(quiet=quiet) as tell:
        traced = trace_finding(evidence, finding, device=device, again=again, tell=tell)
    terminal.print_circuit(traced, as_json=as_json)
