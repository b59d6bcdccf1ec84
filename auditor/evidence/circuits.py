"""Circuits in a run folder: where they lie, written whole and found again.

evidence/circuits/<finding>.json, <finding>-pairs.parquet                  traced in the audit
addenda/001-circuits-<finding>/circuit.json, pairs.parquet, manifest.json  traced later
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
from pydantic import TypeAdapter

from auditor.evidence.files import file_name, read_json, write_json, write_table
from auditor.evidence.manifest import MANIFEST
from auditor.records import to_plain
from auditor.records_circuits import CircuitRecord

_RECORD = TypeAdapter(CircuitRecord)
_KIND = "circuits"


@dataclass(frozen=True, slots=True)
class CircuitFiles:
    """The two files of one circuit."""

    record: Path
    pairs: Path
    """Rows of `schemas.CIRCUIT_PAIRS`; absent where nothing was traced."""

    @classmethod
    def in_evidence(cls, evidence: Path, finding_id: str) -> Self:
        name = file_name(finding_id)
        return cls(evidence / _KIND / f"{name}.json", evidence / _KIND / f"{name}-pairs.parquet")

    @classmethod
    def in_addendum(cls, folder: Path) -> Self:
        return cls(folder / "circuit.json", folder / "pairs.parquet")

    def write(self, record: CircuitRecord, pairs: pa.Table | None = None) -> None:
        """Writes both. The record comes last: where it is, the circuit is whole."""
        if pairs is not None:
            write_table(self.pairs, pairs)
        write_json(self.record, to_plain(record))

    def read(self) -> CircuitRecord:
        """Returns the record.

        Raises:
            RunError: not JSON, or written by a newer version of the auditor.
            ValidationError: no circuit.
        """
        values = {k: v for k, v in read_json(self.record).items() if k != "schema_version"}
        return _RECORD.validate_python(values)


@dataclass(frozen=True, slots=True)
class StoredCircuit:
    """A circuit as a run folder has it."""

    record: CircuitRecord
    files: CircuitFiles

    @property
    def traced(self) -> bool:
        return self.record.not_tested is None

    @property
    def place(self) -> Path:
        """What to show of where it lies: an addendum's folder, or the file in the evidence."""
        own = self.files.record
        return own if own.parent.name == _KIND else own.parent


def stored_circuits(run: Path) -> tuple[StoredCircuit, ...]:
    """Returns a circuit per finding, ordered by finding: the one that was traced last.

    What says "not tested" is replaced by what was traced, never the other way round. Addenda
    without a manifest are not whole and are left out.

    Raises:
        RunError, ValidationError: as of `CircuitFiles.read`.
    """
    found: dict[str, StoredCircuit] = {}
    for files in _in_order(run):
        stored = StoredCircuit(files.read(), files)
        finding_id = str(stored.record.finding_id)
        if stored.traced or finding_id not in found:
            found[finding_id] = stored
    return tuple(found[finding_id] for finding_id in sorted(found))


def addendum_name(finding_id: str) -> str:
    """Returns what an addendum with the circuit of a finding is called after its number."""
    return f"{_KIND}-{file_name(finding_id)}"


def _in_order(run: Path) -> Iterator[CircuitFiles]:
    """Yields the evidence's circuits, then those of addenda in the order of their numbers."""
    for path in sorted((run / "evidence" / _KIND).glob("*.json")):
        yield CircuitFiles(path, path.with_name(f"{path.stem}-pairs.parquet"))
    sealed = [path.parent for path in run.glob(f"addenda/*/{MANIFEST}")]
    for folder in sorted(sealed, key=_number):
        if (files := CircuitFiles.in_addendum(folder)).record.exists():
            yield files


def _number(addendum: Path) -> tuple[int, str]:
    """Orders 999 before 1000."""
    number = addendum.name.partition("-")[0]
    return len(number), number
