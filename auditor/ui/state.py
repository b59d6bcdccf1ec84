"""Which runs there are, the one that is open, and what a person has chosen in the pages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from auditor.evidence.manifest import MANIFEST
from auditor.evidence.reader import Evidence
from auditor.report.parts import Summary
from auditor.report.summarize import summarize

DEFAULT = Path("audits")
RUN = "run"
"""The key of the run switcher in the session."""

ANY = ""
"""The choice that sets no condition. (None would show as "nothing chosen yet".)"""


def known_runs() -> list[Path]:
    """Returns the run folders given after `--`, else those in `audits/`, newest first."""
    given = [Path(argument) for argument in sys.argv[1:]]
    found = (folder.parent for folder in DEFAULT.glob("*/evidence") if folder.is_dir())
    return given or sorted(found, key=_written, reverse=True)


def evidence() -> Evidence:
    """Returns the run that is chosen, read once until its folder changes.

    Raises:
        RunError: not a run folder, not finished, or written by a newer auditor.
    """
    return _open(*_identity())


def summary() -> Summary:
    """Returns the summary of the run that is chosen: what the report says of it.

    Raises:
        RunError: as `evidence`.
    """
    return _summary(*_identity())


def choice(label: str, options: Sequence[str], key: str, shown: Callable[[str], str]) -> str:
    """Draws a select box in the sidebar; a kept value that is no option any more is dropped."""
    before = st.session_state.get(key)
    st.session_state[key] = before if before in options else options[0]
    chosen: str = st.sidebar.selectbox(label, options, format_func=shown, key=key)
    return chosen


def keep(prefix: str) -> None:
    """Keeps the choices under `prefix` while a page is looked at that does not draw them.

    Streamlit forgets a widget that a page does not draw, unless its value is set anew.
    """
    for key in [key for key in st.session_state if str(key).startswith(prefix)]:
        st.session_state[key] = st.session_state[key]


def _identity() -> tuple[str, int, int, int]:
    """Folder, when its seal and its findings were written, and how many addenda it has: a new run
    is read anew, and so is one that later work was added to."""
    folder = Path(st.session_state[RUN])
    files = (folder / "evidence" / name for name in (MANIFEST, "findings.json"))
    sealed, found = (file.stat().st_mtime_ns if file.exists() else 0 for file in files)
    return str(folder), sealed, found, len([*folder.glob(f"addenda/*/{MANIFEST}")])


def _written(run: Path) -> float:
    record = run / "evidence" / "run.json"
    return record.stat().st_mtime if record.exists() else 0.0


@st.cache_resource(max_entries=8, show_spinner=False)
def _open(folder: str, *version: int) -> Evidence:  # noqa: ARG001 - part of the key
    return Evidence.open(Path(folder))


@st.cache_resource(max_entries=8, show_spinner=False)
def _summary(folder: str, *version: int) -> Summary:
    return summarize(_open(folder, *version))
