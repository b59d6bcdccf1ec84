"""The pages and the sidebar around them. The pages compute nothing that the engine does not."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from auditor.errors import AuditError
from auditor.ui.state import known_runs, open_cached

PAGES = Path(__file__).parent / "pages"


def main() -> None:
    """Draws the app: which run, which page."""
    st.set_page_config(page_title="Bias audit", layout="wide")
    page = st.navigation(
        [
            st.Page(PAGES / "findings.py", title="Findings", icon=":material/fact_check:"),
            st.Page(PAGES / "pairs.py", title="Pairs", icon=":material/compare_arrows:"),
        ]
    )
    runs = known_runs()
    if not runs:
        st.title("No audits yet")
        st.write("Make one, then reload this page:")
        st.code("auditor demo", language=None)
        return
    names = {str(path): path.name for path in runs}
    chosen = st.sidebar.selectbox("Run", list(names), format_func=names.__getitem__, key="run")
    try:
        st.session_state["evidence"] = open_cached(Path(chosen))
    except AuditError as error:
        st.error("This run cannot be shown.")
        st.text(str(error))
        return
    page.run()
