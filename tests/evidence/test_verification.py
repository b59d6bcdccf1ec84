"""A run's plan and reports agree with it, or the file that does not is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.evidence.manifest import MANIFEST, seal
from auditor.evidence.verification import plan_sha256, verify
from auditor.plan_file import check_plan
from tests.evidence.signed import add_edition, sealed_run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed_run(tmp_path_factory.mktemp("made") / "run")


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


def edit(path: Path, change: Callable[[str], str]) -> None:
    """Changes a file, which must differ then."""
    before = path.read_text(encoding="utf-8")
    path.write_text(change(before), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != before


def reseal(run: Path) -> None:
    """Seals all folders anew, as one would who wants to hide a change."""
    root = seal(run / "evidence")
    for edition in run.glob("editions/*"):
        edit_report(edition / "report.json", root_hash=root)
        seal(edition, parent=root)


def edit_report(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_an_untouched_run_is_intact_and_unsigned(run: Path) -> None:
    found = verify(run)
    assert (found.problems, found.signature) == ((), "unsigned")


def test_one_digit_of_the_report_is_found_and_named(run: Path) -> None:
    edit(run / "editions/001/report.json", lambda text: text.replace("0.25", "0.26"))
    assert verify(run).problems == ("editions/001/report.json: changed since it was sealed",)


def test_a_change_of_the_page_alone_is_found(run: Path) -> None:
    edit(run / "editions/001/report.html", lambda text: text.replace("0.25", "0.26"))
    assert verify(run).problems == ("editions/001/report.html: changed since it was sealed",)


def test_a_removed_and_a_new_file_are_found(run: Path) -> None:
    (run / "editions/001/report.html").rename(run / "editions/001/other.html")
    assert verify(run).problems == (
        "editions/001/report.html: missing",
        "editions/001/other.html: not sealed",
    )


def test_a_plan_that_was_changed_and_sealed_again_is_found(run: Path) -> None:
    edit(run / "evidence/plan.json", lambda text: text.replace('"seed": 0', '"seed": 1'))
    reseal(run)
    (problem,) = verify(run).problems
    assert problem.startswith("evidence/plan.json: is not the plan that was fixed before the run")


def test_a_plan_hash_that_was_changed_with_the_plan_contradicts_the_report(run: Path) -> None:
    edit(run / "evidence/plan.json", lambda text: text.replace('"seed": 0', '"seed": 1'))
    changed = plan_sha256(json.loads((run / "evidence/plan.json").read_text())["plan"])
    edit_report(run / "evidence/run.json", plan_sha256=changed)
    reseal(run)
    (problem,) = verify(run).problems
    assert problem.startswith("editions/001/report.json: reports another plan")


def test_a_report_of_other_evidence_is_found(run: Path) -> None:
    edit_report(run / "editions/001/report.json", root_hash="0" * 64)
    seal(
        run / "editions/001",
        parent=json.loads((run / "editions/001" / MANIFEST).read_text())["parent"],
    )
    (problem,) = verify(run).problems
    assert problem.startswith("editions/001/report.json: reports other evidence (root hash 000")


def test_an_edition_chained_to_other_evidence_is_found(run: Path) -> None:
    seal(run / "editions/001", parent="0" * 64)
    assert verify(run).problems == (
        f"editions/001/{MANIFEST}: belongs to other evidence ({'0' * 64})",
    )


def test_an_edition_without_its_seal_is_found(run: Path) -> None:
    """Else a report could be changed at will once its manifest is gone."""
    (run / "editions/001" / MANIFEST).unlink()
    (problem,) = verify(run).problems
    assert problem.startswith(f"editions/001/{MANIFEST}: missing")


@pytest.mark.parametrize("content", ["{", "[]", '{"schema_version": 1}', '{"files": 1}', "\x00"])
@pytest.mark.parametrize("folder", ["evidence", "editions/001"])
def test_a_manifest_that_is_none_any_more_is_named(run: Path, folder: str, content: str) -> None:
    (run / folder / MANIFEST).write_text(content)
    assert f"{folder}/{MANIFEST}: changed since it was written" in verify(run).problems[0]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"plan": 1}', '{"root_hash": []}'])
@pytest.mark.parametrize(
    "name", ["evidence/plan.json", "evidence/run.json", "editions/001/report.json"]
)
def test_json_that_is_broken_is_named_and_nothing_fails(run: Path, name: str, content: str) -> None:
    (run / name).write_text(content)
    assert verify(run).problems[0] == f"{name}: changed since it was sealed"


def test_a_link_to_a_folder_does_not_slip_in(run: Path, tmp_path: Path) -> None:
    """Readers follow it: evidence/circuits would be read from elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (run / "evidence/circuits").symlink_to(tmp_path / "elsewhere")
    assert verify(run).problems == ("evidence/circuits: not sealed",)


def test_a_sealed_folder_that_became_a_link_is_found(run: Path, tmp_path: Path) -> None:
    (run / "evidence/pairs").rename(tmp_path / "pairs")
    (run / "evidence/pairs").symlink_to(tmp_path / "pairs")
    assert "evidence/pairs: not sealed" in verify(run).problems


def test_the_hash_of_a_stored_plan_is_the_plans_own(run: Path) -> None:
    """Facts that people declare do not change it; everything else does."""
    stored = json.loads((run / "evidence/plan.json").read_text())["plan"]
    plan = check_plan(stored, "plan")
    assert stored["declared"]["system"] == "Sorter"
    assert plan_sha256(stored) == plan.sha256
    assert plan_sha256({**stored, "declared": {}, "report": {}}) == plan.sha256
    assert all(
        plan_sha256({**stored, name: "other"}) != plan.sha256
        for name in stored.keys() - {"declared", "report"}
    )


def test_every_edition_is_checked(run: Path) -> None:
    later = add_edition(run)
    assert verify(run).intact
    edit(later / "report.html", lambda text: text + " ")
    assert verify(run).problems == ("editions/002/report.html: changed since it was sealed",)
