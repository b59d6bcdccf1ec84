"""Commands that say whether a run is as it was sealed, and by whom."""

from __future__ import annotations

import typer

from auditor import terminal
from auditor.options import AsJson, RunPath


def verify(folder: RunPath, as_json: AsJson = False) -> None:
    """Check every file of a run against its manifests. Exit 1 where one was changed."""
    from auditor.evidence.manifest import verify as check_manifests

    found = check_manifests(folder)
    if as_json:
        terminal.emit(
            {
                "root_hash": found.root_hash,
                "files": found.files,
                "intact": found.intact,
                "signature": "unsigned",
                "problems": list(found.problems),
            }
        )
    else:
        state = "intact" if found.intact else "broken"
        lines = [
            f"{state}: {found.files} files, root hash {found.root_hash}, unsigned",
            *found.problems,
        ]
        for line in lines:
            terminal.stdout.print(line, markup=False, soft_wrap=True)
    raise typer.Exit(0 if found.intact else 1)
