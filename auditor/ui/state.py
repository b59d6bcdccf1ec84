"""Which runs there are, and the one that is open."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

from auditor.evidence.reader import Evidence

DEFAULT = Path("audits")


def known_runs(arguments: list[str] | None = None) -> list[Path]:
    """Returns the run folders given after `--`, else those in `audits/`, newest first."""
    given = [Path(a) for a in (sys.argv[1:] if arguments is None else arguments)]
    if given:
        return given
    found = [p.parent for p in DEFAULT.glob("*/evidence") if p.is_dir()]
    return sorted(found, key=lambda run: run.name, reverse=True)


def open_cached(folder: Path) -> Evidence:
    """Returns the evidence of a run, read once until its folder changes.

    Raises:
        RunError: not a run folder, not finished, or written by a newer auditor.
    """
    findings = folder / "evidence" / "findings.json"
    changed = findings.stat().st_mtime_ns if findings.exists() else 0
    return _open(str(folder), changed)


@st.cache_resource(max_entries=8, show_spinner=False)
def _open(folder: str, changed: int) -> Evidence:  # noqa: ARG001 - part of the cache's key
    return Evidence.open(Path(folder))


def evidence() -> Evidence:
    """Returns the run that the sidebar has chosen."""
    opened: Evidence = st.session_state["evidence"]
    return opened
