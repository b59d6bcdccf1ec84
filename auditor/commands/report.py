"""Commands that hand a finished run on: its report as a new edition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor import terminal
from auditor.errors import PlanError
from auditor.options import Declared, Pack, Public, RunPath

if TYPE_CHECKING:
    from auditor.report.edition import Choice
    from auditor.run import Run

Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help="html, json, pdf, md, csv, cards; json is always written, html if none is given.",
    ),
]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", help="Public key (PEM) of a signer: the cover then says SIGNED."),
]
DEFAULT_FORMATS = ("html",)
"""Beside report.json, which every edition has."""


def report(
    folder: RunPath,
    formats: Formats = None,
    pack: Pack = None,
    declared: Declared = None,
    public: Public = False,
    keys: Keys = None,
) -> None:
    """Write the report of a finished run as its next edition."""
    from auditor.report.edition import Choice
    from auditor.run import open_run

    run = open_run(folder)
    choice = Choice.of(
        run.plan, packs=pack or (), declared=declared, public=public, keys=keys or ()
    )
    for path in write_next(run, tuple(formats or DEFAULT_FORMATS), choice):
        terminal.stdout.print(str(path), markup=False, soft_wrap=True)


def write_next(run: Run, formats: tuple[str, ...], choice: Choice) -> list[Path]:
    """Writes the next edition of a run's report, sealed, and returns its files.

    Raises:
        PlanError: a form that there is not, and nothing is written; or a PDF that cannot be made
            on this machine: the edition has the rest of what was asked for, and the page.
    """
    from auditor.evidence.run_folder import write_edition
    from auditor.report.pdf import refusal
    from auditor.report.render import check_formats, write_report

    wanted = check_formats(formats)
    refused = refusal() if "pdf" in wanted else None
    able = ["html", *(form for form in wanted if form != "pdf")] if refused else wanted
    paths = write_edition(
        run.folder, lambda folder: write_report(run.evidence, folder, able, choice=choice)
    )
    if refused:
        written = ", ".join(path.name for path in paths)
        raise PlanError(f"{refused}\nWritten and sealed without it: {written} in {paths[0].parent}")
    return paths
