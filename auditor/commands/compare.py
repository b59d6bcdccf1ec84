"""The command that says what changed between two runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from auditor import terminal
from auditor.commands import compare_words
from auditor.options import AsJson


class Form(StrEnum):
    """How a comparison is printed."""

    TEXT = "text"
    MD = "md"


def compare(
    before: Annotated[Path, typer.Argument(metavar="RUN_A", help="Folder of the earlier run.")],
    after: Annotated[Path, typer.Argument(metavar="RUN_B", help="Folder of the later run.")],
    held_out: Annotated[
        bool,
        typer.Option("--held-out", help="On held-out clusters alone: after a repair or a tuning."),
    ] = False,
    form: Annotated[Form, typer.Option("--format", help="text, md.")] = Form.TEXT,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two runs. Exit code: the later run's verdict, as of its gate."""
    from auditor.comparison import compare as compare_runs

    found = compare_runs(before, after, held_out=held_out)
    if as_json:
        terminal.emit(compare_words.comparison_json(found))
    elif form is Form.MD:
        print(compare_words.comparison_markdown(found))  # noqa: T201 - the output
    else:
        compare_words.print_comparison(found)
    raise typer.Exit(found.exit_code)
