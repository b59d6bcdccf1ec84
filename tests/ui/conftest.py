"""The app on a real run, driven without a browser."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui.factory import Open, make_run

ROOT = Path(__file__).resolve().parents[2]
PAGES = "auditor/ui/pages"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; tests only read it."""
    return make_run(tmp_path_factory.mktemp("audits") / "run")


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Starts the app on run folders, on its first page or on `page`."""
    st.cache_resource.clear()

    def start(*runs: Path, page: str | None = None) -> AppTest:
        monkeypatch.setattr(sys, "argv", ["streamlit_app.py", *map(str, runs)])
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()
        return app.switch_page(f"{PAGES}/{page}.py").run() if page else app

    return start
