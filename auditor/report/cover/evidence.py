"""What is sealed: every file of the evidence with its hash, and what was added later."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from auditor.evidence.files import read_json
from auditor.evidence.manifest import MANIFEST, root_hash
from auditor.evidence.reader import Evidence
from auditor.report.cover.parts import EvidencePart, FileRow, FolderRow, LaterRow
from auditor.report.cover.signature import signature_of
from auditor.report.edition import Edition


def evidence_of(evidence: Evidence, edition: Edition) -> EvidencePart:
    """Returns the manifest of a run; empty while it is not sealed."""
    files = [] if evidence.root_hash is None else _sealed(evidence.folder / "evidence")
    return EvidencePart(
        files=files,
        folders=_folders(files),
        later=[
            LaterRow(name=path.parent.name, manifest_sha256=root_hash(path.parent))
            for path in sorted(evidence.folder.glob(f"addenda/*/{MANIFEST}"))
        ],
        signature=signature_of(evidence, edition.choice.keys),
    )


def _sealed(folder: Path) -> list[FileRow]:
    entries = read_json(folder / MANIFEST)["files"]
    return [FileRow.model_validate(entry) for entry in entries]


def _folders(files: list[FileRow]) -> list[FolderRow]:
    """Files of the top folder alone, then those of each folder together."""
    places = sorted(range(len(files)), key=lambda i: (_folder(files[i]), files[i].path))
    return [
        FolderRow(folder=folder, files=each, bytes=sum(files[i].bytes for i in each))
        for folder, group in groupby(places, key=lambda i: _folder(files[i]))
        for each in [list(group)]
    ]


def _folder(row: FileRow) -> str:
    return row.path.rpartition("/")[0]
