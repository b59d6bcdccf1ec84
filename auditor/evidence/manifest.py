"""Seals a folder with the SHA-256 of each of its files, and checks such a seal.

The root hash of a run is the SHA-256 of `evidence/manifest.json`. Addenda and editions are sealed
alike and name that root hash as their parent: one chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from auditor.errors import RunError
from auditor.evidence.files import TEMPORARY, read_json, sha256_file, write_json

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Check:
    """What `verify` found in one run folder."""

    root_hash: str
    files: int
    problems: tuple[str, ...]
    """One line each; empty: every byte is as sealed."""

    @property
    def intact(self) -> bool:
        return not self.problems


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


def verify(run: Path) -> Check:
    """Returns what differs between the files of a run and its manifests.

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
    root = root_hash(evidence)
    later = sorted(
        p.parent for kind in ("addenda", "editions") for p in run.glob(f"{kind}/*/{MANIFEST}")
    )
    problems = _differences(evidence, run, parent=None)
    for folder in later:
        problems += _differences(folder, run, parent=root)
    count = sum(len(list(_files(folder))) for folder in (evidence, *later))
    return Check(root, count, tuple(problems))


def _differences(folder: Path, run: Path, *, parent: str | None) -> list[str]:
    """One line per file that is changed, missing or new, and one for a broken chain."""
    manifest = read_json(folder / MANIFEST)
    sealed = {str(entry["path"]): str(entry["sha256"]) for entry in manifest["files"]}
    found = dict(_files(folder))
    where = folder.relative_to(run).as_posix()
    problems = [f"{where}/{name}: missing" for name in sorted(sealed.keys() - found.keys())]
    problems += [f"{where}/{name}: not sealed" for name in sorted(found.keys() - sealed.keys())]
    problems += [
        f"{where}/{name}: changed since it was sealed"
        for name in sorted(sealed.keys() & found.keys())
        if sha256_file(found[name]) != sealed[name]
    ]
    if manifest.get("parent") != parent:
        problems.append(f"{where}/{MANIFEST}: belongs to other evidence ({manifest.get('parent')})")
    return problems


def _files(folder: Path) -> list[tuple[str, Path]]:
    """Relative POSIX name -> path of every file but the manifest and temporary ones, sorted."""
    return sorted(
        (path.relative_to(folder).as_posix(), path)
        for path in folder.rglob("*")
        if path.is_file()
        and path.name != TEMPORARY
        and not path.name.endswith(TEMPORARY)
        and path != folder / MANIFEST
    )
