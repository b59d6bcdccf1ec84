"""How the pages are started: on this machine only, whatever config lies about."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

from auditor.content import content_path
from auditor.errors import RunError
from auditor.ui.launch import OPTIONS, command, launch


def test_the_command_binds_to_this_machine_and_sends_nothing(tmp_path: Path) -> None:
    parts = command([tmp_path / "run"], 8600, headless=True)
    options = dict(zip(parts[5:-2:2], parts[6:-2:2], strict=True))
    assert options["--server.address"] == "127.0.0.1"
    assert options["--server.enableXsrfProtection"] == "true"
    assert options["--browser.gatherUsageStats"] == "false"
    assert (options["--server.port"], options["--server.headless"]) == ("8600", "true")
    assert parts[-2:] == ["--", str((tmp_path / "run").resolve())]
    assert Path(parts[4]) == content_path("streamlit_app.py")


def test_the_config_beside_the_app_says_the_same() -> None:
    """`streamlit run streamlit_app.py` is as closed as `auditor review`."""
    config = tomllib.loads(content_path(".streamlit", "config.toml").read_text(encoding="utf-8"))
    for name in ("server.address", "server.enableXsrfProtection", "browser.gatherUsageStats"):
        section, key = name.split(".")
        assert str(config[section][key]).lower() == OPTIONS[name]


def test_a_path_that_is_no_run_folder_is_refused_before_a_browser_opens(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        launch([tmp_path], headless=True)


@pytest.mark.slow
def test_the_pages_listen_on_this_machine_only(run_folder: Path, tmp_path: Path) -> None:
    """A config.toml in the folder it is started from cannot open the pages to the network."""
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\n')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "PYTHONPATH": str(content_path("streamlit_app.py").parent)}
    with subprocess.Popen(command([run_folder], port, headless=True), cwd=tmp_path, env=env) as app:
        try:
            assert _answers(f"http://127.0.0.1:{port}/_stcore/health") == b"ok"
            with pytest.raises(OSError, match="refused"):
                socket.create_connection(("127.0.0.2", port), timeout=2)
        finally:
            app.terminate()


def _answers(url: str) -> bytes:
    for _ in range(60):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own
                body: bytes = answer.read()
                return body
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{url} never answered")
