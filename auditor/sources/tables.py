"""Tables of any accepted form, read in batches of strings; memory does not grow with rows.

Every value is read as the words in the file, so ids keep their zeros and labels their spelling.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from auditor.errors import DataError, collected
from auditor.evidence.files import sha256_file

if TYPE_CHECKING:
    import pandas as pd

BATCH = 4_096
"""Rows per batch."""

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be read again and again."""

    name: str
    """Stem of the file: the first part of every row's id."""
    columns: tuple[str, ...]
    read: Callable[[Sequence[str]], Iterator[list[dict[str, str | None]]]]
    """Chosen columns -> batches of rows."""
    digests: Mapping[str, str]
    """File name -> SHA-256."""


def open_table(path: Path, encoding: str = "utf-8") -> Table:
    """Returns the table in a file or dataset folder.

    Raises:
        DataError: no such file, a form that is not accepted, empty, or not readable.
    """
    if path.is_dir() or not path.exists():
        return _open_dataset(path)
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty; give a table with a header and rows")
    form = _form(path)
    if form == "parquet":
        return _open_parquet(path)
    if form == "jsonl":
        return _open_jsonl(path, encoding)
    return _open_csv(path, "\t" if form == "tsv" else ",", encoding)


def frame_table(frame: pd.DataFrame) -> Table:
    """Returns a DataFrame as a table; its digest is over values and column names."""
    columns = tuple(str(name) for name in frame.columns)
    if len(set(columns)) < len(columns):
        raise DataError("the DataFrame has two columns of one name; rename one")

    def read(chosen: Sequence[str]) -> Iterator[list[dict[str, str | None]]]:
        positions = [columns.index(name) for name in chosen]
        for start in range(0, len(frame), BATCH):
            part = frame.iloc[start : start + BATCH, positions]
            values = [[word(value) for value in part.iloc[:, i]] for i in range(len(chosen))]
            yield [dict(zip(chosen, row, strict=True)) for row in zip(*values, strict=True)]

    return Table("frame", columns, read, {"<DataFrame>": _frame_digest(frame, columns)})


def require_columns(table: Table, wanted: Mapping[str, Sequence[str]], subject: str) -> None:
    """Refuses a table that lacks a column. `wanted`: what it is for -> its columns."""
    with collected(subject) as problems:
        for purpose, names in wanted.items():
            for name in names:
                if name not in table.columns:
                    problems.add(_no_column(name, purpose, table.columns))


def _no_column(name: str, purpose: str, columns: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, columns, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"no column {name!r} ({purpose}); it has {', '.join(columns)}{hint}"


def word(value: Any) -> str | None:
    """Returns a value as its words: 1.0 and 1 as "1", True as "true", missing as None."""
    if value is None or value != value:  # NaN is the only value that differs from itself  # noqa: PLR0124
        return None
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return str(bool(value)).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _form(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    last = (suffixes[:-1] if zipped else suffixes)[-1:]
    form = {
        ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".parquet": "parquet", ".jsonl": "jsonl",
        ".ndjson": "jsonl",
    }.get(last[0] if last else "")  # fmt: skip
    if form is None or (zipped and form == "parquet"):
        raise DataError(
            f"{path} is of no form that is accepted; give .csv, .tsv, .jsonl (each also .gz), "
            ".parquet, or a Hugging Face dataset folder"
        )
    return form


def open_text(path: Path, encoding: str) -> IO[str]:
    """Opens a text file, unzipped where it ends in .gz, without a byte order mark."""
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _open_bytes(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _open_csv(path: Path, delimiter: str, encoding: str) -> Table:
    _check_encoding(path, encoding)
    parse = pacsv.ParseOptions(
        delimiter=delimiter,
        newlines_in_values=True,
        quote_char=_quote_char(path, delimiter, encoding),
    )
    header = _first_batch(path, parse, encoding)
    columns = tuple(header.schema.names)
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError(f"{path} has two columns named {', '.join(twice)}; rename one")

    def read(chosen: Sequence[str]) -> Iterator[list[dict[str, str | None]]]:
        for batch in _csv_batches(path, parse, encoding, columns, chosen):
            yield batch.to_pylist()

    return Table(_stem(path), columns, read, {path.name: sha256_file(path)})


def _csv_batches(
    path: Path,
    parse: pacsv.ParseOptions,
    encoding: str,
    columns: Sequence[str] | None,
    chosen: Sequence[str] | None,
) -> Iterator[pa.RecordBatch]:
    convert = pacsv.ConvertOptions(
        column_types=dict.fromkeys(columns or (), pa.string()),
        include_columns=list(chosen or ()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=[""],
    )
    options = pacsv.ReadOptions(encoding=_bom_free(encoding), block_size=1 << 20)
    try:
        with pa.input_stream(str(path)) as stream:
            yield from pacsv.open_csv(
                stream, read_options=options, parse_options=parse, convert_options=convert
            )
    except (pa.ArrowInvalid, UnicodeError) as error:
        raise DataError(f"{path} is not a table that can be read: {error}") from error


def _first_batch(path: Path, parse: pacsv.ParseOptions, encoding: str) -> pa.RecordBatch:
    for batch in _csv_batches(path, parse, encoding, None, None):
        return batch
    raise DataError(f"{path} has no rows; give a table with a header and rows")


def _bom_free(encoding: str) -> str:
    return "utf-8" if encoding.lower() in {"utf-8-sig", "utf8"} else encoding


def _quote_char(path: Path, delimiter: str, encoding: str) -> str | bool:
    """CSV quotes values. A TSV may, or may use quotation marks as plain characters: it quotes
    where every mark in it opens or closes a value."""
    if delimiter == ",":
        return '"'
    with open_text(path, encoding) as file:
        try:
            for _ in csv.reader(file, delimiter=delimiter, strict=True):
                continue
        except csv.Error:
            return False
    return '"'


def _check_encoding(path: Path, encoding: str) -> None:
    """Names the line of the first byte that is not text in this encoding."""
    try:
        with open_text(path, encoding) as file:
            for _ in file:
                continue
    except UnicodeError as error:
        raise DataError(
            f"{path}: line {_bad_line(path, encoding)} is not {encoding} text ({error}); "
            'save the file as UTF-8, or name its encoding (encoding = "latin-1")'
        ) from None
    except LookupError:
        raise DataError(
            f"no encoding {encoding!r}; common ones are utf-8, utf-16, latin-1"
        ) from None
    except (OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def _bad_line(path: Path, encoding: str) -> int:
    """Returns the number of the first line, from 1, that cannot be decoded by itself."""
    with _open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError:
                return number
    return number


def _open_parquet(path: Path) -> Table:
    try:
        columns = tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(f"{path} is not a Parquet file: {error}") from None

    def read(chosen: Sequence[str]) -> Iterator[list[dict[str, str | None]]]:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH, columns=list(chosen)):
                yield [{k: word(v) for k, v in row.items()} for row in batch.to_pylist()]

    return Table(_stem(path), columns, read, {path.name: sha256_file(path)})


def _open_jsonl(path: Path, encoding: str) -> Table:
    _check_encoding(path, encoding)
    columns: dict[str, None] = {}
    with collected(str(path)) as problems:
        for number, line in _json_lines(path, encoding):
            row = _json_row(line)
            if row is None:
                problems.add(f"line {number} is not a JSON object")
            else:
                columns.update(dict.fromkeys(row))

    def read(chosen: Sequence[str]) -> Iterator[list[dict[str, str | None]]]:
        batch: list[dict[str, str | None]] = []
        for _, line in _json_lines(path, encoding):
            row = json.loads(line)
            batch.append({name: word(row.get(name)) for name in chosen})
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    if not columns:
        raise DataError(f"{path} has no rows; give one JSON object per line")
    return Table(_stem(path), tuple(columns), read, {path.name: sha256_file(path)})


def _json_lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    with open_text(path, encoding) as file:
        yield from ((i, line) for i, line in enumerate(file, start=1) if line.strip())


def _json_row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _open_dataset(path: Path) -> Table:
    """A folder written by Hugging Face `save_to_disk`; `folder/split` chooses a split."""
    folder, split = (path, None) if path.is_dir() else (path.parent, path.name)
    named = (folder / "dataset_dict.json").is_file()
    if not named and (not path.is_dir() or not (folder / "dataset_info.json").is_file()):
        raise DataError(
            f"no table at {path}; give a file that exists (.csv, .tsv, .jsonl, .parquet) or a "
            "folder written by a Hugging Face dataset's save_to_disk"
        )
    from datasets import load_from_disk

    data = load_from_disk(str(folder))
    if named:
        splits = list(data)
        chosen = split or (splits[0] if len(splits) == 1 else None)
        if chosen not in splits:
            raise DataError(
                f"{folder} has the splits {', '.join(splits)}; name one: {folder / splits[0]}"
            )
        data = data[chosen]

    def read(chosen: Sequence[str]) -> Iterator[list[dict[str, str | None]]]:
        for batch in data.select_columns(list(chosen)).iter(BATCH):
            rows = zip(*(batch[name] for name in chosen), strict=True)
            yield [{k: word(v) for k, v in zip(chosen, row, strict=True)} for row in rows]

    files = sorted(p for p in folder.rglob("*.arrow"))
    digests = {p.relative_to(folder).as_posix(): sha256_file(p) for p in files}
    return Table(path.name, tuple(data.column_names), read, digests)


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


def _frame_digest(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    import hashlib

    whole = hashlib.sha256()
    for position, name in enumerate(columns):
        whole.update(f"{name}\x1f".encode())
        for value in frame.iloc[:, position]:
            whole.update(f"{word(value)!r}\x1e".encode("utf-8", "surrogatepass"))
    return whole.hexdigest()
