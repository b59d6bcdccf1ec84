"""Circuits in a run folder: whole, chained, found again, and never in the way of the evidence."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.errors import RunError
from auditor.evidence.circuits import stored_circuits
from auditor.evidence.files import file_name
from auditor.evidence.manifest import verify
from auditor.evidence.reader import Evidence
from auditor.evidence.run_folder import RunFolder, add_circuit
from auditor.plan_file import plan_from_options
from auditor.records import Overall, Results, Verdict, to_plain
from auditor.records_circuits import CircuitRecord
from auditor.schemas import PAIRS
from tests.tracing import circuit, rows

ONE, TWO = "gender.a.b.flip_rate", "gender_x_age.a.b.flip_rate"
UNTRACED = CircuitRecord(
    None, ONE, "m", "log-odds", "", "Not traced.", not_tested="it has no weights"
)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """An unfinished run with quotes and brackets in its name."""
    plan = plan_from_options(models=[{"id": "m"}], path="d.csv", text="t")
    run = RunFolder.create(tmp_path / "run [1]'s", plan, {})
    run.note_model(0, {"model_id": "m", "digests": {}})
    run.write_part(0, 0, pairs=PAIRS.empty_table(), predictions=None, notes={})
    return run


def finished(run: RunFolder) -> Evidence:
    run.write_json("findings.json", to_plain(Results(Overall(Verdict.NOT_TESTED, "none"))))
    run.seal()
    return Evidence.open(run.folder)


def test_a_circuit_reads_back_as_it_was_written(run: RunFolder) -> None:
    run.write_circuit(circuit(ONE), rows(ONE, ["p"]))
    run.write_circuit(replace(UNTRACED, finding_id=TWO))
    assert finished(run).circuits == (circuit(ONE), replace(UNTRACED, finding_id=TWO))


def test_a_run_without_circuits_has_none(run: RunFolder) -> None:
    evidence = finished(run)
    assert evidence.circuits == ()
    assert evidence.circuit_pairs().empty
    assert "attention_a" in evidence.circuit_pairs().columns


def test_a_circuit_is_there_only_once_its_record_is(run: RunFolder) -> None:
    """The record is written last, so a crash between the two files traces the finding again."""
    broken = replace(circuit(ONE), layers=math.nan)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.write_circuit(broken, rows(ONE, ["p"]))
    assert [path.name for path in (run.evidence / "circuits").iterdir()] == [f"{ONE}-pairs.parquet"]
    assert not run.has_circuit(ONE)
    run.write_circuit(circuit(ONE), rows(ONE, ["p"]))
    assert run.has_circuit(ONE)
    assert not run.has_circuit(TWO)


def test_values_per_pair_are_asked_for_by_query(run: RunFolder) -> None:
    run.write_circuit(circuit(TWO), rows(TWO, ["p", "q"]))
    run.write_circuit(circuit(ONE), rows(ONE, ["q", "p"]))
    evidence = finished(run)
    found = evidence.circuit_pairs("component = ?", ["m1"])
    assert found["finding_id"].tolist() == [ONE, ONE, TWO, TWO]
    assert found["pair_id"].tolist() == ["p", "q", "p", "q"]
    assert found["score"].tolist() == [1.0, 0.0, 0.0, 1.0]
    assert len(evidence.circuit_pairs(limit=3)) == 3


def test_what_was_traced_later_replaces_what_was_not_tested(run: RunFolder) -> None:
    run.write_circuit(UNTRACED)
    evidence = finished(run)
    assert evidence.circuits[0].not_tested == "it has no weights"
    folder = add_circuit(run.folder, circuit(ONE), rows(ONE, ["p"]))
    assert folder.name == f"001-circuits-{ONE}"
    assert evidence.circuits == (circuit(ONE),)
    assert evidence.stored_circuits[0].place == folder
    assert set(evidence.circuit_pairs()["pair_id"]) == {"p"}


def test_the_last_one_traced_is_shown_with_its_own_values(run: RunFolder) -> None:
    run.write_circuit(circuit(ONE), rows(ONE, ["p"]))
    evidence = finished(run)
    for number in range(1, 12):
        add_circuit(run.folder, circuit(ONE, k_80=number), rows(ONE, [f"p{number}"]))
    assert [record.k_80 for record in evidence.circuits] == [11]
    assert set(evidence.circuit_pairs()["pair_id"]) == {"p11"}


def test_the_thousandth_addendum_comes_after_the_999th(run: RunFolder) -> None:
    evidence = finished(run)
    (run.folder / f"addenda/999-circuits-{ONE}").mkdir(parents=True)
    folder = add_circuit(run.folder, circuit(ONE, k_80=1000), rows(ONE, ["p"]))
    assert folder.name.startswith("1000-")
    folder.rename(folder.with_name(f"998-circuits-{ONE}"))
    add_circuit(run.folder, circuit(ONE, k_80=1), rows(ONE, ["p"]))
    assert evidence.circuits[0].k_80 == 1


def test_an_addendum_without_its_seal_is_not_whole(run: RunFolder) -> None:
    finished(run)
    (add_circuit(run.folder, circuit(ONE), rows(ONE, ["p"])) / "manifest.json").unlink()
    assert stored_circuits(run.folder) == ()


def test_an_addendum_is_chained_and_leaves_the_evidence_as_it_is(run: RunFolder) -> None:
    def digests() -> dict[str, str]:
        files = [path for path in run.evidence.rglob("*") if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    evidence = finished(run)
    before = digests()
    folder = add_circuit(run.folder, circuit(ONE), rows(ONE, ["p"]))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parent"] == evidence.root_hash
    assert [entry["path"] for entry in manifest["files"]] == ["circuit.json", "pairs.parquet"]
    assert digests() == before
    assert verify(run.folder).intact


@pytest.mark.parametrize("name", ["circuit.json", "pairs.parquet"])
def test_a_changed_addendum_is_found_out(run: RunFolder, name: str) -> None:
    finished(run)
    folder = add_circuit(run.folder, circuit(ONE), rows(ONE, ["p"]))
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert verify(run.folder).problems == (
        f"addenda/{folder.name}/{name}: changed since it was sealed",
    )


def test_a_file_that_is_no_circuit_is_refused_by_name(run: RunFolder) -> None:
    evidence = finished(run)
    folder = add_circuit(run.folder, circuit(ONE), rows(ONE, ["p"]))
    values = json.loads((folder / "circuit.json").read_text(encoding="utf-8"))
    changed = json.dumps({**values, "heads": "many"})
    (folder / "circuit.json").write_text(changed, encoding="utf-8")
    with pytest.raises(RunError, match=r"heads: Input should be a valid integer.*auditor verify"):
        evidence.circuits  # noqa: B018 - asking is the point


@pytest.mark.parametrize("name", [ONE, "a", "gender_x_race_names.x-1.y.placebo.flip_rate"])
def test_a_plain_name_is_its_files_name(name: str) -> None:
    assert file_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["a*b:c.x", "Gender.x", "gender.é.x", "a/b\\c", "..", "a.", "x" * 81, 'a"<>|? b', "", "a\nb"],
)
def test_any_other_name_becomes_one_that_every_system_takes(name: str) -> None:
    made = file_name(name)
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
    assert len(made) <= 80
    assert made[-1] not in "."
    assert made[0] in "abcdefghijklmnopqrstuvwxyz0123456789"


def test_names_that_look_alike_stay_apart() -> None:
    alike = ["gender.A.b", "gender.a.b", "gender.a*b", "gender.a:b", "gender.a_b", "x" * 81]
    assert len({file_name(name).casefold() for name in [*alike, "x" * 82]}) == 7
