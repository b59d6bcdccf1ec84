"""What is installed from the wheel does the main job, from an empty folder."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def run(*command: object, cwd: Path, timeout: int = 1_200) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True,
        timeout=timeout, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout[-2_000:]}\n{done.stderr[-2_000:]}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    return next(folder.glob("bias_auditor-*.whl"))


def test_the_wheel_carries_its_content(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "datasets/lexicons/en/gender.toml", "datasets/templates/everyday.toml",
        "datasets/demo/feedback.csv", "reports/templates/report.html.j2",
        "reports/packs/us-nyc-ll144.toml", "reports/glossary.toml", "reports/schema/report-1.json",
        "reports/fonts/AuditorSans-Regular.ttf", "streamlit_app.py", ".streamlit/config.toml",
    ):  # fmt: skip
        assert f"auditor/_content/{name}" in names
    assert not [name for name in names if name.split("/")[0] in {"datasets", "reports", "tests"}]


@pytest.mark.timeout(2_400)
def test_the_installed_wheel_does_the_main_job(wheel: Path, tmp_path: Path) -> None:
    """A fresh environment of 2.4 GB, nothing of the checkout in reach."""
    home, work = tmp_path / "environment", tmp_path / "empty"
    work.mkdir()
    run(sys.executable, "-m", "venv", home, cwd=work)
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    pins = ROOT / "constraints.txt"
    run(scripts / "python", "-m", "pip", "install", "-q", "-c", pins, f"{wheel}[demo]", cwd=work)
    auditor = scripts / "auditor"
    assert "demo" in run(auditor, "--help", cwd=work).stdout
    answer = json.loads(run(auditor, "demo", "--out", "run", "--json", "--quiet", cwd=work).stdout)
    assert answer["verdict"] == "does not meet criterion"
    assert all((work / path).is_file() for path in answer["reports"])
    assert "intact" in run(auditor, "verify", "run", cwd=work).stdout
    forms = ("--format", "md", "--format", "csv", "--format", "cards", "--pack", "eu-ai-act")
    assert "report.md" in run(auditor, "report", "run", *forms, cwd=work).stdout
    found = run(
        scripts / "python", "-c", "import datasets; print(datasets.__file__)", cwd=work
    ).stdout
    assert "site-packages" in found
