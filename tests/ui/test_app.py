"""The app around the pages: which runs there are, and what it says of those it cannot show."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.conftest import ROOT
from tests.ui.factory import Open, html, make_run, words


def test_without_any_audit_the_page_says_what_to_do(
    open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = open_app()
    assert not app.exception
    assert app.title[0].value == "No audits yet"
    assert "auditor demo" in words(app)


def test_without_arguments_the_runs_in_audits_come_newest_first(
    open_app: Open, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for age, name in enumerate(["newest", "a-older", "z-oldest"]):
        copy = shutil.copytree(run_folder, tmp_path / "audits" / name)
        os.utime(copy / "evidence" / "run.json", (1e9 - age, 1e9 - age))
    app = open_app()
    assert app.selectbox(key="run").options == ["newest", "a-older", "z-oldest"]
    assert app.title[0].value == "▲ Does not meet criterion"


def test_two_runs_of_one_name_are_told_apart(
    open_app: Open, run_folder: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(run_folder, tmp_path / "elsewhere" / run_folder.name)
    app = open_app(run_folder, other)
    assert app.selectbox(key="run").options == [str(run_folder), str(other)]


def test_the_sidebar_names_the_run_as_plain_text(open_app: Open, run_folder: Path) -> None:
    facts = "".join(html(open_app(run_folder)))
    assert "**Audit** &lt;b&gt;of&lt;/b&gt; :smile:" in facts
    assert "unsigned" in facts


def _no_folder(run: Path) -> None:
    shutil.rmtree(run)


def _unfinished(run: Path) -> None:
    (run / "evidence" / "findings.json").unlink()


def _newer(run: Path) -> None:
    _change(run / "evidence" / "run.json", schema_version=99)


def _half_written(run: Path) -> None:
    (run / "evidence" / "findings.json").write_text('{"schema_version": 1, "find')


def _other_shape(run: Path) -> None:
    _change(run / "evidence" / "findings.json", findings=[{"metric": 1}])


def _without_verdict(run: Path) -> None:
    _change(run / "evidence" / "findings.json", overall={})


def _without_start(run: Path) -> None:
    _change(run / "evidence" / "run.json", started_at=...)


def _broken_table(run: Path) -> None:
    next((run / "evidence" / "pairs").glob("*.parquet")).write_bytes(b"PAR1 no more")


def _no_cases(run: Path) -> None:
    (run / "evidence" / "cases.parquet").unlink()


def _change(path: Path, **values: object) -> None:
    document = {**json.loads(path.read_text(encoding="utf-8")), **values}
    kept = {name: value for name, value in document.items() if value is not ...}
    path.write_text(json.dumps(kept), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_no_folder, "is not a run folder"),
        (_unfinished, "is not finished; complete it with: auditor run --resume"),
        (_newer, "has schema version 99; this auditor reads up to"),
        (_half_written, "findings.json cannot be read"),
        (_other_shape, "was changed since the auditor wrote it"),
        (_without_verdict, "was changed since the auditor wrote it"),
        (_without_start, "'started_at' is missing"),
        (_broken_table, "the query on"),
        (_no_cases, "the query on"),
    ],
)
@pytest.mark.parametrize("page", ["findings", "pairs", "attributions", "circuits"])
def test_a_run_that_cannot_be_shown_is_said_in_words(
    open_app: Open, run_folder: Path, tmp_path: Path,
    damage: Callable[[Path], None], said: str, page: str,
) -> None:  # fmt: skip
    broken = shutil.copytree(run_folder, tmp_path / "broken")
    damage(broken)
    app = open_app(broken, page=page)
    assert not app.exception
    assert app.error[0].value == "This run cannot be shown."
    assert said in words(app)


def test_a_broken_run_does_not_hide_the_others(
    open_app: Open, run_folder: Path, tmp_path: Path
) -> None:
    app = open_app(tmp_path / "nowhere", run_folder)
    assert app.error
    app.selectbox(key="run").select(str(run_folder)).run()
    assert app.title[0].value == "▲ Does not meet criterion"
    assert not app.error


def test_a_run_that_is_made_anew_is_read_anew(open_app: Open, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", places=40)
    app = open_app(folder)
    assert "48 texts" in words(app)
    shutil.rmtree(folder)
    make_run(folder, places=41)
    assert "49 texts" in words(app.run())


def test_the_pages_start_without_torch(run_folder: Path) -> None:
    script = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('streamlit_app.py', default_timeout=30).run()\n"
        "assert not app.exception\n"
        "app.switch_page('auditor/ui/pages/pairs.py').run()\n"
        "assert not app.exception and app.title[0].value == 'Pairs'\n"
        "app.switch_page('auditor/ui/pages/attributions.py').run()\n"
        "assert not app.exception and app.title[0].value == 'Attributions'\n"
        "app.switch_page('auditor/ui/pages/circuits.py').run()\n"
        "assert not app.exception and app.title[0].value == 'Circuits'\n"
        "print(sorted({'torch', 'transformers', 'fairlearn', 'shap'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(run_folder)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
