"""Starts the review pages: on this machine only, without usage statistics."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from auditor.content import content_path
from auditor.evidence.reader import Evidence

OPTIONS = {
    "server.address": "127.0.0.1",
    "server.enableXsrfProtection": "true",
    "browser.gatherUsageStats": "false",
    "runner.magicEnabled": "false",
}
"""Given explicitly: Streamlit reads config.toml from the folder it is started in."""


def launch(runs: Sequence[Path], *, port: int | None = None, headless: bool = False) -> int:
    """Serves the pages until interrupted, and returns Streamlit's exit code.

    Args:
        runs: run folders to show; none: those in `audits/`.

    Raises:
        RunError: one of `runs` is not a finished run folder.
    """
    for run in runs:
        Evidence.open(run)
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
