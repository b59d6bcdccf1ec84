"""A seal tells every changed, missing and added file, and a broken chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.errors import RunError
from auditor.evidence.manifest import MANIFEST, root_hash, seal, verify


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A sealed run with one edition."""
    evidence, edition = tmp_path / "evidence", tmp_path / "editions" / "001"
    for folder, names in ((evidence, ("run.json", "pairs/part-0")), (edition, ("report.html",))):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{{}} {name}")
    seal(edition, parent=seal(evidence))
    return tmp_path


def test_an_untouched_run_is_intact(run: Path) -> None:
    found = verify(run)
    assert found.intact
    assert found.files == 3
    assert found.root_hash == root_hash(run / "evidence")


@pytest.mark.parametrize(
    "name", ["evidence/run.json", "evidence/pairs/part-0", "editions/001/report.html"]
)
def test_a_changed_file_is_named(run: Path, name: str) -> None:
    (run / name).write_text("{} changed")
    assert verify(run).problems == (f"{name}: changed since it was sealed",)


def test_a_missing_and_an_added_file_are_named(run: Path) -> None:
    (run / "evidence/run.json").rename(run / "evidence/new.json")
    assert verify(run).problems == (
        "evidence/run.json: missing",
        "evidence/new.json: not sealed",
    )


def test_an_edition_of_other_evidence_is_named(run: Path) -> None:
    """Changing the evidence's manifest itself breaks the chain of every edition."""
    path = run / "evidence" / MANIFEST
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values))
    assert any("belongs to other evidence" in line for line in verify(run).problems)


def test_equal_folders_have_equal_root_hashes(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("same")
    assert seal(tmp_path / "a") == seal(tmp_path / "b")


@pytest.mark.parametrize(("make", "words"), [(True, "is not complete"), (False, "not a run")])
def test_a_folder_without_a_seal_is_refused(tmp_path: Path, make: bool, words: str) -> None:
    if make:
        (tmp_path / "evidence").mkdir()
    with pytest.raises(RunError, match=words):
        verify(tmp_path)
