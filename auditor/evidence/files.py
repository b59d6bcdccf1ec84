"""Files that are either whole or absent: temporary name, then rename."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from auditor.errors import RunError
from auditor.records import SCHEMA_VERSION, digest

TEMPORARY = ".tmp"
_PLAIN = re.compile(r"[a-z0-9]([a-z0-9._-]{0,78}[a-z0-9])?")


def file_name(name: str) -> str:
    """Returns how a file of this name is called on any system, differently for each name.

    Small letters, digits, ".", "_" and "-" stay as they are. Of a name with others, or one that
    is too long, the plain part is kept and a digest tells it apart: to some systems "A" is "a".
    """
    if _PLAIN.fullmatch(name):
        return name
    plain = re.sub(r"[^a-z0-9._-]+", "_", name.lower())[:60].strip("._-")
    return f"{plain}-{digest(name)}".lstrip("-")


def sha256_file(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`, renamed to it only when the block succeeds.

    Raises:
        RunError: the disk is full or read-only; the temporary file is gone, `path` is untouched.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise _storage_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _storage_error(path: Path, error: OSError) -> RunError:
    reason = {
        errno.ENOSPC: "the disk is full; free some space",
        errno.EDQUOT: "the disk quota is used up; free some space",
        errno.EROFS: "the disk is read-only; make it writable",
        errno.EACCES: "permission is denied; make the folder writable",
    }.get(error.errno or 0, f"{error.strerror or error}; mend that")
    return RunError(
        f"cannot write {path}: {reason}, then go on with `auditor run --resume RUN`; "
        "nothing that was finished is lost"
    )


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Writes `values` with `schema_version`, sorted and indented; NaN is refused."""
    document = {"schema_version": SCHEMA_VERSION, **values}
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with whole_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_json(path: Path) -> dict[str, Any]:
    """Returns a JSON file's values.

    Raises:
        RunError: missing, not JSON, or written by a newer version of the auditor.
    """
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path} is missing; is {path.parents[1]} the folder of a run?") from None
    except (ValueError, OSError) as error:
        raise RunError(f"{path} cannot be read: {error}; restore it from a copy") from error
    version = values.get("schema_version")
    if not isinstance(version, int):
        raise RunError(f"{path} has no schema_version; it was not written by the auditor")
    if version > SCHEMA_VERSION:
        raise RunError(
            f"{path} has schema version {version}; this auditor reads up to {SCHEMA_VERSION}. "
            "Open it with the newer bias-auditor that wrote it"
        )
    return values


def write_table(path: Path, table: pa.Table, *, notes: Mapping[str, Any] | None = None) -> None:
    """Writes a Parquet file; `notes` travel inside it, so that both are there or neither is."""
    with whole_file(path) as temporary:
        pq.write_table(with_notes(table, notes or {}), temporary, compression="zstd")


def with_notes(table: pa.Table, notes: Mapping[str, Any]) -> pa.Table:
    return table.replace_schema_metadata({b"auditor": json.dumps(notes, sort_keys=True).encode()})


def read_notes(path: Path) -> dict[str, Any]:
    """Returns the notes inside a Parquet file, without reading its rows."""
    metadata = pq.read_schema(path).metadata or {}
    notes: dict[str, Any] = json.loads(metadata.get(b"auditor", b"{}"))
    return notes


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Appends one JSON line in one write, so that two processes do not mix their lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(values, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, line.encode("utf-8"))
    finally:
        os.close(handle)
