"""A run folder keeps what is finished, and completes to the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from auditor.errors import RunError
from auditor.evidence.run_folder import RunFolder, write_edition
from auditor.plan import AuditPlan
from auditor.plan_file import plan_from_options
from auditor.schemas import PAIRS, PREDICTIONS

INPUTS = {"data.csv": "00", "lexicon gender": "11"}


@pytest.fixture
def plan() -> AuditPlan:
    return plan_from_options(models=[{"id": "m"}], path="data.csv", text="t")


@pytest.fixture
def run(tmp_path: Path, plan: AuditPlan) -> RunFolder:
    return RunFolder.create(tmp_path / "run", plan, INPUTS)


def test_a_new_run_can_be_resumed_with_its_own_plan(run: RunFolder, plan: AuditPlan) -> None:
    assert RunFolder.resume(run.folder).plan == plan


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path, plan: AuditPlan) -> None:
    (tmp_path / "precious.txt").write_text("x")
    with pytest.raises(RunError, match="not empty; name a new folder"):
        RunFolder.create(tmp_path, plan, INPUTS)


def test_resuming_with_other_data_is_refused_by_name(run: RunFolder) -> None:
    with pytest.raises(RunError, match=r"data\.csv changed"):
        run.check_inputs({**INPUTS, "data.csv": "99"})


def test_resuming_with_other_weights_is_refused(run: RunFolder) -> None:
    run.note_model(0, {"model_id": "m", "digests": {"model.safetensors": "aa"}})
    run.note_model(0, {"model_id": "m", "digests": {"model.safetensors": "aa"}, "device": "cpu"})
    with pytest.raises(RunError, match="the files of model m changed"):
        run.note_model(0, {"model_id": "m", "digests": {"model.safetensors": "bb"}})


def test_a_changed_plan_is_refused(run: RunFolder) -> None:
    path = run.evidence / "plan.json"
    values = json.loads(path.read_text())
    values["plan"]["seed"] = 99
    path.write_text(json.dumps(values))
    with pytest.raises(RunError, match="changed after the run began"):
        RunFolder.resume(run.folder)


def test_a_part_is_there_only_with_its_pairs(run: RunFolder) -> None:
    """The pairs are written last, so a crash between the two files repeats the part."""
    run.write_part(
        0, 0, pairs=PAIRS.empty_table(), predictions=PREDICTIONS.empty_table(), notes={"texts": 5}
    )
    assert run.has_part(0, 0)
    assert not run.has_part(0, 1)
    assert run.notes(0) == [{"texts": 5}]


def test_predictions_are_joined_in_order_and_the_workshop_is_swept(run: RunFolder) -> None:
    for part in (1, 0):
        rows = pa.Table.from_pylist([{"row_id": f"r{part}"}], schema=PREDICTIONS)
        run.write_part(0, part, pairs=PAIRS.empty_table(), predictions=rows, notes={})
    path = run.join_predictions()
    assert path is not None
    run.seal()
    joined = pa.parquet.read_table(path)["row_id"].to_pylist()
    assert joined == ["r0", "r1"]
    assert not (run.folder / ".work").exists()


def test_a_sealed_run_is_not_resumed(run: RunFolder) -> None:
    run.seal()
    with pytest.raises(RunError, match="complete and sealed"):
        RunFolder.resume(run.folder)


def test_runs_of_one_plan_are_counted(
    tmp_path: Path, plan: AuditPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that is tried again until it passes shows its number."""
    monkeypatch.chdir(tmp_path)
    runs = [RunFolder.create(None, plan, INPUTS) for _ in range(2)]
    other = RunFolder.create(None, plan.model_copy(update={"seed": 1}), INPUTS)
    assert [r.record["run_number"] for r in (*runs, other)] == [1, 2, 1]
    assert len({r.folder for r in (*runs, other)}) == 3


def test_an_edition_is_numbered_and_chained(run: RunFolder) -> None:
    root = run.seal()

    def write(folder: Path) -> Iterator[Path]:
        (folder / "report.html").write_text("x")
        yield folder / "report.html"

    names = [write_edition(run.folder, write)[0].parent.name for _ in range(2)]
    manifest = json.loads((run.folder / "editions/002/manifest.json").read_text())
    assert names == ["001", "002"]
    assert manifest["parent"] == root
