"""Files are whole or absent, and refuse what they cannot hold."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pyarrow as pa
import pytest

from auditor.errors import RunError
from auditor.evidence.files import (
    append_line,
    read_json,
    read_notes,
    whole_file,
    write_json,
    write_table,
)
from auditor.records import SCHEMA_VERSION


def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ValueError, match="planted"), whole_file(target) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise ValueError("planted")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "permission is denied"),
    ],
)
def test_a_disk_that_refuses_is_said_in_words_with_the_way_on(
    tmp_path: Path, code: int, words: str
) -> None:
    with pytest.raises(RunError, match=words) as caught, whole_file(tmp_path / "a"):
        raise OSError(code, "planted")
    assert "--resume" in str(caught.value)


def test_nan_never_reaches_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert not (tmp_path / "a.json").exists()


def test_a_file_from_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"schema_version": SCHEMA_VERSION + 1}))
    with pytest.raises(RunError, match=f"run.json has schema version {SCHEMA_VERSION + 1}"):
        read_json(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "cannot be read"), ("{}", "no schema_version"), (None, "is missing")],
)
def test_an_unreadable_file_is_said_in_words(
    tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "evidence" / "run.json"
    path.parent.mkdir()
    if content is not None:
        path.write_text(content)
    with pytest.raises(RunError, match=words):
        read_json(path)


def test_notes_travel_inside_the_table_file(tmp_path: Path) -> None:
    write_table(tmp_path / "t.parquet", pa.table({"a": [1]}), notes={"texts": 3})
    assert read_notes(tmp_path / "t.parquet") == {"texts": 3}


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_table(tmp_path / name, pa.table({"a": ["x", "y"]}), notes={"n": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_lines_are_appended_whole(tmp_path: Path) -> None:
    for number in range(2):
        append_line(tmp_path / "index.jsonl", {"n": number})
    lines = (tmp_path / "index.jsonl").read_text().splitlines()
    assert [json.loads(line)["n"] for line in lines] == [0, 1]
