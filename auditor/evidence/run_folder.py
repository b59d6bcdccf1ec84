"""The run folder while a run is being made: parts, stages, resume, seal.

    evidence/   plan.json run.json pairs/part-*.parquet predictions.parquet cases.parquet
                attributions/part-*.parquet attributions.json circuits/ findings.json
                manifest.json
    .work/      parts of predictions.parquet until the scoring is done
    addenda/    001-circuits-<finding>/ circuit.json pairs.parquet manifest.json
    editions/   001/ report.json report.html manifest.json

A crash at any moment leaves whole files only. A stage is done when run.json says so.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from auditor.errors import AuditError, RunError
from auditor.evidence import manifest
from auditor.evidence.circuits import CircuitFiles, addendum_name
from auditor.evidence.files import (
    append_line,
    read_json,
    read_notes,
    whole_file,
    write_json,
    write_table,
)
from auditor.evidence.provenance import environment, now
from auditor.plan import AuditPlan
from auditor.plan_file import check_plan
from auditor.records_circuits import CircuitRecord
from auditor.schemas import ATTRIBUTIONS, PREDICTIONS

INDEX = "index.jsonl"
BESIDE = ".auditor-runs.jsonl"
"""The index of runs in a folder that somebody named: hidden, and no name that could be taken."""


class RunFolder:
    """Writes one run. Make it with `create` or `resume`."""

    def __init__(self, folder: Path, plan: AuditPlan, record: dict[str, Any]) -> None:
        self.folder = folder
        self.evidence = folder / "evidence"
        self.plan = plan
        self.record = record

    @classmethod
    def create(cls, folder: Path | None, plan: AuditPlan, inputs: Mapping[str, str]) -> Self:
        """Makes a new run folder. `inputs`: name -> SHA-256 of every data and content file.

        Args:
            folder: where; None: `audits/<run id>`. Runs are listed, and those of a plan counted,
                in `audits/index.jsonl`, or beside a folder that is named.

        Raises:
            RunError: the folder exists and is not empty, or cannot be written.
        """
        started = now()
        run_id = f"{started[:19].replace('-', '').replace(':', '')}-{plan.sha256[:8]}"
        index = Path("audits") / INDEX
        if folder is None:
            folder = _unused(Path("audits") / run_id)
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(
                f"{folder} exists and is not empty; name a new folder with --out, or complete "
                f"that run with: auditor run --resume {folder}"
            )
        else:
            index = folder.parent / BESIDE
        record = {
            "run_id": run_id,
            "run_number": _register(index, folder, plan, started),
            "started_at": started,
            "finished_at": None,
            "plan_sha256": plan.sha256,
            "inputs": dict(inputs),
            "models": [],
            "stages": {},
            "environment": environment(),
        }
        run = cls(folder, plan, record)
        write_json(run.evidence / "plan.json", {"plan": json.loads(plan.canonical())})
        run._save()
        return run

    @classmethod
    def resume(cls, folder: Path) -> Self:
        """Opens an unfinished run to complete it.

        Raises:
            RunError: not a run folder, already sealed, or its plan was changed.
        """
        evidence = folder / "evidence"
        if (evidence / manifest.MANIFEST).exists():
            raise RunError(
                f"{folder} is complete and sealed; open it with: auditor review {folder}"
            )
        record = read_json(evidence / "run.json")
        plan = check_plan(read_json(evidence / "plan.json")["plan"], f"{evidence / 'plan.json'}")
        if plan.sha256 != record["plan_sha256"]:
            raise RunError(f"{evidence / 'plan.json'} was changed after the run began; start anew")
        return cls(folder, plan, record)

    def check_inputs(self, inputs: Mapping[str, str]) -> None:
        """Refuses to go on with other data, lexicons or templates than the run began with."""
        before = self.record["inputs"]
        changed = sorted(k for k in before.keys() | inputs.keys() if before.get(k) != inputs.get(k))
        if changed:
            raise RunError(
                f"{', '.join(changed)} changed since {self.folder} began; restore it, or start a "
                "new run"
            )

    @contextmanager
    def discarded_if_empty(self) -> Iterator[None]:
        """Removes the folder again when an input is refused before any part is there: what a user
        mends and runs again should find its --out free."""
        try:
            yield
        except AuditError:
            if not self.pairs_files:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def note_model(self, index: int, record: Mapping[str, Any]) -> None:
        """Records the model of a checkpoint, or checks that it is still the same one."""
        models = self.record["models"]
        plain = json.loads(json.dumps(record, allow_nan=False))
        if index == len(models):
            models.append(plain)
            self._save()
        elif models[index].get("digests") != plain.get("digests"):
            raise RunError(
                f"the files of model {models[index].get('model_id')} changed since {self.folder} "
                "began; restore them, or start a new run"
            )

    def is_done(self, stage: str) -> bool:
        return stage in self.record["stages"]

    def finish(self, stage: str, **facts: Any) -> None:
        """Marks a stage as done, with facts to keep about it."""
        self.record["stages"][stage] = facts
        self._save()

    def has_part(self, model: int, part: int) -> bool:
        return self._part(model, part).exists()

    def write_part(
        self,
        model: int,
        part: int,
        *,
        pairs: pa.Table,
        predictions: pa.Table | None,
        notes: Mapping[str, Any],
    ) -> None:
        """Writes one part. The pairs come last: where they are, the part is whole."""
        if predictions is not None:
            write_table(self._work / self._part(model, part).name, predictions)
        write_table(self._part(model, part), pairs, notes=notes)

    def notes(self, model: int) -> list[dict[str, Any]]:
        """Returns the notes of a model's parts, in order."""
        return [read_notes(path) for path in sorted(self._pairs.glob(f"part-{model:02d}-*"))]

    def has_attributions(self, part: int) -> bool:
        return self._attributions(part).exists()

    def write_attributions(self, part: int, table: pa.Table, notes: Mapping[str, Any]) -> None:
        write_table(self._attributions(part), table, notes=notes)

    def attributions(self, parts: int) -> tuple[pa.Table, list[dict[str, Any]]]:
        """Returns the rows of all parts, and the notes of each."""
        files = [self._attributions(part) for part in range(parts)]
        tables = [pq.read_table(file).replace_schema_metadata(None) for file in files]
        return pa.concat_tables([ATTRIBUTIONS.empty_table(), *tables]), list(map(read_notes, files))

    def has_circuit(self, finding_id: str) -> bool:
        return CircuitFiles.in_evidence(self.evidence, finding_id).record.exists()

    def write_circuit(self, record: CircuitRecord, pairs: pa.Table | None = None) -> None:
        """Writes the circuit of a finding. `pairs`: None where nothing was traced."""
        CircuitFiles.in_evidence(self.evidence, str(record.finding_id)).write(record, pairs)

    @property
    def pairs_files(self) -> list[Path]:
        return sorted(self._pairs.glob("part-*.parquet"))

    def join_predictions(self) -> Path | None:
        """Joins the parts of the predictions into one file; None where there are none."""
        parts = sorted(self._work.glob("part-*.parquet"))
        target = self.evidence / "predictions.parquet"
        if parts:
            with (
                whole_file(target) as temporary,
                pq.ParquetWriter(temporary, PREDICTIONS, compression="zstd") as writer,
            ):
                for part in parts:
                    writer.write_table(pq.read_table(part).replace_schema_metadata(None))
        return target if target.exists() else None

    def predictions(self) -> pd.DataFrame:
        """Returns the joined predictions; no rows where there are none."""
        path = self.join_predictions()
        table = PREDICTIONS.empty_table() if path is None else pq.read_table(path)
        frame: pd.DataFrame = table.to_pandas()
        return frame

    def write_json(self, name: str, values: Mapping[str, Any]) -> None:
        write_json(self.evidence / name, values)

    def write_table(self, name: str, table: pa.Table) -> None:
        write_table(self.evidence / name, table)

    def seal(self) -> str:
        """Ends the run: no byte of evidence/ changes after this. Returns the root hash."""
        shutil.rmtree(self._work, ignore_errors=True)
        self.record["finished_at"] = now()
        self._save()
        return manifest.seal(self.evidence)

    @property
    def _pairs(self) -> Path:
        return self.evidence / "pairs"

    @property
    def _work(self) -> Path:
        return self.folder / ".work"

    def _part(self, model: int, part: int) -> Path:
        return self._pairs / f"part-{model:02d}-{part:05d}.parquet"

    def _attributions(self, part: int) -> Path:
        return self.evidence / "attributions" / f"part-{part:05d}.parquet"

    def _save(self) -> None:
        write_json(self.evidence / "run.json", self.record)


def write_edition(run: Path, write: Callable[[Path], Iterable[Path]]) -> list[Path]:
    """Writes a rendered report as the run's next edition, sealed and chained to the evidence.

    Args:
        write: puts the files into the folder that it is given, and returns their paths.
    """
    return _write_next(run, "editions", "", write)


def write_addendum(run: Path, name: str, write: Callable[[Path], Iterable[Path]]) -> list[Path]:
    """Writes later work as the run's next addendum, likewise; the evidence stays as it is.

    Args:
        name: what the folder is called after its number.
    """
    return _write_next(run, "addenda", f"-{name}", write)


def add_circuit(run: Path, record: CircuitRecord, pairs: pa.Table) -> Path:
    """Writes a circuit that was traced later as an addendum, and returns the addendum's folder."""

    def write(folder: Path) -> list[Path]:
        files = CircuitFiles.in_addendum(folder)
        files.write(record, pairs)
        return [files.record, files.pairs]

    return write_addendum(run, addendum_name(str(record.finding_id)), write)[0].parent


def _write_next(
    run: Path, kind: str, suffix: str, write: Callable[[Path], Iterable[Path]]
) -> list[Path]:
    numbers = (path.name.partition("-")[0] for path in (run / kind).glob("[0-9]*"))
    number = 1 + max((int(n) for n in numbers if n.isdigit()), default=0)
    folder = run / kind / f"{number:03d}{suffix}"
    folder.mkdir(parents=True)
    try:
        files = list(write(folder))
    except BaseException:
        # What was refused or interrupted leaves nothing that a reader could take for an edition.
        shutil.rmtree(folder)
        raise
    manifest.seal(folder, parent=manifest.root_hash(run / "evidence"))
    return files


def _unused(folder: Path) -> Path:
    """Two runs of one plan within a second get two folders."""
    candidates = (folder.with_name(f"{folder.name}-{i}") for i in range(2, 1000))
    return folder if not folder.exists() else next(c for c in candidates if not c.exists())


def _register(index: Path, folder: Path, plan: AuditPlan, started: str) -> int:
    """Adds a run to the index and returns which run of this plan it is, from 1.

    Counted at the start: a gate that is retried until it passes shows its number.
    """
    lines = index.read_text(encoding="utf-8").splitlines() if index.exists() else []
    same = [line for line in lines if json.loads(line)["plan_sha256"] == plan.sha256]
    entry = {"folder": folder.name, "plan_sha256": plan.sha256, "started_at": started}
    append_line(index, entry)
    return len(same) + 1
