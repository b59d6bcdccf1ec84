"""The pages and the sidebar around them. The pages compute nothing that the engine does not."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from auditor.errors import AuditError
from auditor.ui.filters import KEPT
from auditor.ui.marking import small_html
from auditor.ui.state import RUN, choice, evidence, keep, known_runs

PAGES = Path(__file__).parent / "pages"
DENSE = "<style>.stMainBlockContainer{padding:2.75rem 2.25rem 3rem}</style>"
"""Streamlit leaves 6 rem free above a page; people work here for hours on small screens."""


def main() -> None:
    """Draws the app: which run, which page. What cannot be shown is said, without a traceback."""
    st.set_page_config(page_title="Bias audit", layout="wide")
    st.html(DENSE)
    # No icons: a page's icon is also the tab's, which browsers would fetch from a font host.
    page = st.navigation(
        [
            st.Page(PAGES / "findings.py", title="Findings"),
            st.Page(PAGES / "pairs.py", title="Pairs"),
            st.Page(PAGES / "attributions.py", title="Attributions"),
            st.Page(PAGES / "circuits.py", title="Circuits"),
        ]
    )
    runs = known_runs()
    if not runs:
        _nothing_yet()
        return
    _choose(runs)
    keep(KEPT)
    try:
        _about()
        page.run()
    except AuditError as error:
        st.error("This run cannot be shown.", icon=":material/error:")
        st.text(str(error))


def _nothing_yet() -> None:
    st.title("No audits yet")
    st.text("There is no run in audits/. Make one, then reload this page:")
    st.code("auditor demo", language=None)
    st.text("Or open a run that lies elsewhere:")
    st.code("auditor review path/to/run", language=None)


def _choose(runs: list[Path]) -> None:
    """The folder's name says which run; two of one name are told apart by their whole path."""
    names = [run.name for run in runs]
    labels = {str(run): run.name if names.count(run.name) == 1 else str(run) for run in runs}
    choice("Run", list(labels), RUN, labels.__getitem__)


def _about() -> None:
    """Says what the run is: the same identity that its report prints."""
    run = evidence()
    seal = f"root hash {run.root_hash[:16]}…" if run.root_hash else "not sealed"
    facts = (run.plan.name, ", ".join(run.model_ids), run.record["started_at"], f"{seal}, unsigned")
    st.sidebar.html(small_html("\n".join(facts)))
