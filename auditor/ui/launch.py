"""Starts the review pages: on this machine only, without usage statistics."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from auditor.content import content_path
from auditor.errors import RunError

OPTIONS = {
    "server.address": "127.0.0.1",
    "server.enableXsrfProtection": "true",
    "server.showEmailPrompt": "false",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "type",
    "runner.magicEnabled": "false",
}
"""Given explicitly, so that no config.toml of the folder or the user can open the pages up."""


def launch(runs: Sequence[Path], *, port: int | None = None, headless: bool = False) -> int:
    """Serves the pages until interrupted, and returns Streamlit's exit code.

    Args:
        runs: run folders to show; none: those in `audits/`. One that is broken or unfinished is
            let through: its page says what is wrong with it.
        port: of this machine; None: 8501, or the next that is free.
        headless: do not open a browser.

    Raises:
        RunError: one of `runs` is not a run folder at all.
    """
    for run in runs:
        if not (run / "evidence").is_dir():
            raise RunError(
                f"{run} is not a run folder (it has no evidence/); give the folder that "
                "`auditor run` or `auditor demo` named"
            )
    try:
        return subprocess.run(command(runs, port, headless), check=False).returncode  # noqa: S603 - our own script
    except KeyboardInterrupt:
        return 0


def command(runs: Sequence[Path], port: int | None, headless: bool) -> list[str]:
    """Returns the command that serves the pages."""
    options = {**OPTIONS, "server.headless": str(headless).lower()}
    if port is not None:
        options["server.port"] = str(port)
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    script = str(content_path("streamlit_app.py"))
    paths = [str(run.resolve()) for run in runs]
    return [sys.executable, "-m", "streamlit", "run", script, *flags, "--", *paths]
