"""Commands that hand a finished run on: its report as a new edition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor import terminal
from auditor.options import Declared, Pack, Public, RunPath

if TYPE_CHECKING:
    from auditor.report.edition import Choice
    from auditor.run import Run

Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="html, json, pdf, md, csv, cards; html and json if not given."),
]
DEFAULT_FORMATS = ("html", "json")


def report(
    folder: RunPath,
    formats: Formats = None,
    pack: Pack = None,
    declared: Declared = None,
    public: Public = False,
) -> None:
    """Write the report of a finished run as its next edition."""
    from auditor.report.edition import Choice
    from auditor.run import open_run

    run = open_run(folder)
    choice = Choice.of(run.plan, packs=pack or (), declared=declared, public=public)
    for path in write_next(run, tuple(formats or DEFAULT_FORMATS), choice):
        terminal.stdout.print(str(path), markup=False, soft_wrap=True)


def write_next(run: Run, formats: tuple[str, ...], choice: Choice) -> list[Path]:
    """Writes the next edition of a run's report and returns its files."""
    from auditor.evidence.run_folder import write_edition
    from auditor.report import write_report

    return write_edition(
        run.folder, lambda folder: write_report(run.evidence, folder, formats, choice=choice)
    )
