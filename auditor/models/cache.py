"""The auditor's own cache folder, and what lies in it: the demo's trained checkpoints.

It is the user's cache folder, or the folder named by the environment variable AUDITOR_CACHE. A
checkpoint's folder is either whole or absent: it is written under a temporary name, then renamed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from auditor.errors import ModelError

_TEMPORARY = ".tmp-"


def cache_root() -> Path:
    """Returns the cache folder; it need not exist yet."""
    named = os.environ.get("AUDITOR_CACHE")
    if named:
        return Path(named).expanduser()
    return platformdirs.user_cache_path("bias-auditor", appauthor=False)


def cached_checkpoints() -> list[tuple[Path, int]]:
    """Returns (folder, bytes) of every cached demo checkpoint, in the order of their paths."""
    return [(folder, _size(folder)) for folder in sorted(_demo_folder().glob("*/seed-*"))]


def clear_cache() -> int:
    """Deletes the cached demo checkpoints, and what a crash left behind; returns how many.

    Only folders that the auditor itself made are touched, since AUDITOR_CACHE may name any folder.

    Raises:
        ModelError: a folder cannot be deleted.
    """
    found = cached_checkpoints()
    left_behind = sorted(_demo_folder().glob(f"*/{_TEMPORARY}*"))
    for folder in [*(path for path, _ in found), *left_behind]:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise ModelError(
                f"cannot delete {folder}: {error.strerror or error}; close what still uses it, "
                "then run `auditor cache clear` again"
            ) from error
    _remove_empty(_demo_folder())
    return len(found)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yields a temporary folder beside `path`, renamed to it only when the block succeeds.

    Where another process has made `path` meanwhile, its folder stays and ours is dropped.

    Raises:
        ModelError: the disk is full or read-only; nothing is left at `path`.
    """
    from safetensors import SafetensorError

    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=path.parent))
        yield temporary
        _rename(temporary, path)
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"cannot write {path}: {error}; free some space or make the folder writable, or name "
            "another cache folder in the environment variable AUDITOR_CACHE"
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _rename(temporary: Path, path: Path) -> None:
    """A rename never replaces a folder with files in it, so the first process to finish wins."""
    try:
        temporary.rename(path)
    except OSError:
        if not path.is_dir():
            raise


def _demo_folder() -> Path:
    return cache_root() / "demo"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _remove_empty(folder: Path) -> None:
    for path in [*folder.glob("*"), folder]:
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
