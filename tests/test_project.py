"""Laws of the project: who imports whom, what stays light, what the words promise."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import auditor
from auditor.content import content_path
from auditor.errors import DataError
from tests.conftest import ROOT

ORDER = [
    "errors", "records", "records_attributions", "records_circuits", "schemas", "content",
    "grammar", "plan_metrics", "plan_attributions", "plan_circuits", "plan_report", "plan",
    "plan_file", "evidence", "sources", "swaps", "models", "metrics", "benchmarks", "attributions",
    "circuits", "decisions", "report", "review", "pipeline", "planned", "explanation",
    "comparison", "run_rows", "run", "preview", "terminal", "options", "pytest_plugin",
    "commands", "cli", "ui",
]  # fmt: skip
"""A module imports only what stands above it, or in its own folder."""

ABOVE_ALL = {("cli", "ui")}
"""`auditor review` starts the pages."""

MODULES = sorted((ROOT / "auditor").rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(ROOT / "auditor").parts[0].removesuffix(".py")


def imported(tree: ast.Module) -> Iterator[str]:
    """Parts of the auditor that a module imports, also inside functions."""
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{a.name}" for a in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "auditor" and len(parts) > 1 and parts[1] in ORDER:
                yield parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    assert part in ORDER, f"{part} has no place in the order"
    below = ORDER[ORDER.index(part) + 1 :]
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        name for node in ast.walk(tree) if _is_type_checking(node) for name in imported_in(node)
    }
    wrong = [
        name
        for name in imported(tree)
        if name in below and (part, name) not in ABOVE_ALL and name not in typing_only
    ]
    assert wrong == []


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported_in(node: ast.AST) -> Iterator[str]:
    assert isinstance(node, ast.If)
    yield from imported(ast.Module(body=node.body, type_ignores=[]))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_everything_public_is_described(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the module"
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    allowed = {"with_notes"}  # says itself
    assert set(silent) - allowed == set()


def python(code: str, *, cwd: Path = ROOT) -> str:
    """Runs code in a fresh interpreter that finds the project, and returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_command_line_starts_light() -> None:
    """`auditor --help` in under half a second: nothing heavy is imported."""
    heavy = "torch pandas transformers streamlit fairlearn pyarrow numpy pydantic duckdb altair"
    loaded = python(
        "import sys, auditor, auditor.cli\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    assert loaded == "[]"


def test_the_engine_imports_on_a_bare_gpu_machine() -> None:
    """Without streamlit, typer, rich, fairlearn, shap, altair or vl-convert."""
    code = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"streamlit", "typer", "rich", "fairlearn", "shap", "altair",
                                  "vl_convert"}:
            raise ModuleNotFoundError(f"planted: no {name}")
sys.meta_path.insert(0, Missing())
import auditor.pipeline, auditor.models, auditor.run, auditor.preview
try:
    import streamlit
except ModuleNotFoundError:
    print("blocked, and the engine imports")
"""
    assert python(code) == "blocked, and the engine imports"


def test_the_hub_gets_no_telemetry() -> None:
    code = "import auditor, huggingface_hub.constants as c; print(c.HF_HUB_DISABLE_TELEMETRY)"
    assert python(code) == "True"


def test_our_folder_does_not_pass_for_hugging_face_datasets() -> None:
    """A folder `datasets/` imports as an empty package where the real one is missing."""
    code = "import importlib.util as u; print(u.find_spec('datasets').origin)"
    origin = Path(python(code))
    assert origin.name == "__init__.py"
    assert not origin.is_relative_to(ROOT / "datasets")


@pytest.mark.parametrize("folder", ["datasets", "reports"])
def test_content_has_no_python(folder: str) -> None:
    assert list((ROOT / folder).rglob("*.py")) == []


def test_content_is_found_and_what_is_missing_is_said() -> None:
    assert content_path("datasets", "lexicons").is_dir()
    with pytest.raises(DataError, match="is missing from this installation"):
        content_path("datasets", "nowhere")


def test_the_version_stands_in_one_place_and_in_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == auditor.__version__
    assert f"## {auditor.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_what_the_package_offers_is_there() -> None:
    for name in auditor.__all__:
        assert getattr(auditor, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        auditor.nothing  # noqa: B018 - asking is the point


def test_the_readmes_tree_and_commands_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    tree = text.split("## What is where", 1)[1].split("```")[1]
    names = [match[1] for line in tree.splitlines() if (match := re.match(r" *([\w./-]+)", line))]
    assert len(names) > 15
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_every_command_is_in_the_readmes_table() -> None:
    import typer

    from auditor.cli import app

    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert {"run", "cache", "circuits"} < commands
    text = (ROOT / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `auditor (\w+)", text, re.MULTILINE)) == commands


def test_the_auditors_readme_names_the_order_of_imports() -> None:
    text = (ROOT / "auditor" / "README.md").read_text("utf-8")
    named = text.split("imports only what stands above it:", 1)[1].split(".\n", 1)[0]
    parts = {part_of(path) for path in MODULES}
    assert re.split(r",\s+", named.strip()) == [name for name in ORDER if name in parts]


@pytest.mark.parametrize("stage", ["circuits"])
def test_a_stages_readme_names_every_file(stage: str) -> None:
    folder = ROOT / "auditor" / stage
    text = (folder / "README.md").read_text("utf-8")
    listed = " ".join(re.findall(r"^ {4}.*$", text, re.MULTILINE))
    files = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"\w+\.py", listed)) == files


def test_pins_are_exact_and_hold_for_what_the_project_needs() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert "torch==2.13.0" in pins
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[\w.!]+", pin) for pin in pins)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [x for group in project["optional-dependencies"].values() for x in group]
    names = {re.match(r"[\w-]+", need)[0].lower() for need in [*project["dependencies"], *extras]}  # type: ignore[index]
    pinned = {pin.split("==")[0].lower().replace("_", "-") for pin in pins}
    assert names - pinned == set()
