"""Seals a folder with the SHA-256 of each of its files, and checks such a seal.

The root hash of a run is the SHA-256 of `evidence/manifest.json`. Addenda and editions are sealed
alike and name that root hash as their parent: one chain. Whether the records agree and who signed
them is checked in `verification.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ValidationError

from auditor.errors import RunError
from auditor.evidence.checked import Check
from auditor.evidence.files import TEMPORARY, sha256_file, write_json
from auditor.records import SCHEMA_VERSION

MANIFEST = "manifest.json"
EVIDENCE = f"evidence/{MANIFEST}"
"""Its SHA-256 is the root hash."""
LATER = ("addenda", "editions")
"""Folders of what is sealed after the evidence."""


class _Entry(BaseModel):
    """One sealed file."""

    path: str
    sha256: str


class _Manifest(BaseModel):
    """What a manifest says."""

    schema_version: int
    parent: str | None
    files: list[_Entry]


def seal(folder: Path, *, parent: str | None = None) -> str:
    """Writes `folder`'s manifest and returns its SHA-256. `parent`: the evidence's root hash."""
    entries = [
        {"path": name, "bytes": path.stat().st_size, "sha256": sha256_file(path)}
        for name, path in _files(folder)
    ]
    write_json(folder / MANIFEST, {"files": entries, "parent": parent})
    return root_hash(folder)


def root_hash(folder: Path) -> str:
    """Returns the SHA-256 of `folder`'s manifest."""
    return sha256_file(folder / MANIFEST)


def sealed_folders(run: Path) -> list[Path]:
    """Returns the evidence, then every addendum and edition that has a manifest.

    Raises:
        RunError: `run` is not a run folder, or was never sealed.
    """
    evidence = run / "evidence"
    if not (evidence / MANIFEST).is_file():
        state = "is not complete" if evidence.is_dir() else "is not a run folder"
        raise RunError(
            f"{run} {state}: it has no evidence/{MANIFEST}; give the folder that `auditor run` "
            "named, or complete it with `auditor run --resume RUN`"
        )
    return [evidence, *sorted(p.parent for kind in LATER for p in run.glob(f"{kind}/*/{MANIFEST}"))]


def manifests(run: Path) -> dict[str, str]:
    """Returns the SHA-256 of every manifest of a run, by its name within the run.

    Raises:
        RunError: as of `sealed_folders`.
    """
    return {
        f"{folder.relative_to(run).as_posix()}/{MANIFEST}": root_hash(folder)
        for folder in sealed_folders(run)
    }


def verify(run: Path) -> Check:
    """Returns what differs between the files of a run and its manifests.

    Raises:
        RunError: `run` is not a run folder, was never sealed, or by a newer auditor.
    """
    evidence, *later = sealed_folders(run)
    root = root_hash(evidence)
    problems = _differences(evidence, run, parent=None)
    for folder in later:
        problems += _differences(folder, run, parent=root)
    problems += [*_unsealed(run), *_loose(run)]
    count = sum(len(_files(folder)) for folder in (evidence, *later))
    return Check(root, count, tuple(problems))


def _differences(folder: Path, run: Path, *, parent: str | None) -> list[str]:
    """One line per file that is changed, missing or new, and one for a broken chain."""
    where = folder.relative_to(run).as_posix()
    manifest = _read(folder / MANIFEST)
    if manifest is None:
        return [f"{where}/{MANIFEST}: changed since it was written; it is no manifest any more"]
    sealed = {entry.path: entry.sha256 for entry in manifest.files}
    found = dict(_files(folder))
    problems = [f"{where}/{name}: missing" for name in sorted(sealed.keys() - found.keys())]
    problems += [f"{where}/{name}: not sealed" for name in sorted(found.keys() - sealed.keys())]
    problems += [
        f"{where}/{name}: changed since it was sealed"
        for name in sorted(sealed.keys() & found.keys())
        if not found[name].is_file() or sha256_file(found[name]) != sealed[name]
    ]
    if manifest.parent != parent:
        problems.append(f"{where}/{MANIFEST}: belongs to other evidence ({manifest.parent})")
    return problems


def _read(path: Path) -> _Manifest | None:
    """Returns a manifest; None: its bytes are none."""
    try:
        manifest = _Manifest.model_validate_json(path.read_bytes())
    except ValidationError:
        return None
    if manifest.schema_version > SCHEMA_VERSION:
        raise RunError(
            f"{path} has schema version {manifest.schema_version}; this auditor reads up to "
            f"{SCHEMA_VERSION}. Open it with the newer bias-auditor that wrote it"
        )
    return manifest


def _unsealed(run: Path) -> list[str]:
    """Without its manifest, an edition could be changed at will and nothing would say so."""
    folders = (p for kind in LATER for p in sorted(run.glob(f"{kind}/*")) if p.is_dir())
    return [
        f"{folder.relative_to(run).as_posix()}/{MANIFEST}: missing; the folder was never finished, "
        "or its seal was taken off: do not rely on it, and delete it if it is a leftover"
        for folder in folders
        if not (folder / MANIFEST).is_file() and _files(folder)
    ]


def _loose(run: Path) -> list[str]:
    """What lies among addenda and editions without being one: no manifest speaks of it."""
    entries = [path for kind in LATER for path in sorted(run.glob(f"{kind}/*"))]
    return [
        f"{path.relative_to(run).as_posix()}: not sealed"
        for path in entries
        if path.is_symlink() or not path.is_dir()
    ]


def _files(folder: Path) -> list[tuple[str, Path]]:
    """Relative POSIX name -> path of every file but the manifest and temporary ones, sorted.

    A link to a folder counts as a file: what it leads to is read like the rest, and not sealed.
    """
    found = []
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found += [Path(place) / name for name in (*files, *links) if not name.endswith(TEMPORARY)]
    return sorted(
        (path.relative_to(folder).as_posix(), path) for path in found if path != folder / MANIFEST
    )
