"""Every form of table gives the same texts; what cannot be read is said in words."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from auditor.errors import DataError
from auditor.plan import DataPlan
from auditor.records import SourceText
from auditor.sources import open_texts

ROWS: list[dict[str, Any]] = [
    {"id": "007", "text": "The man left.", "y": "1", "sex": "f", "doc": "a"},
    {"id": "008", "text": 'She said "no", twice,\nand left.', "y": "0", "sex": "m", "doc": "a"},
    {"id": "009", "text": "Ünïcödé 🙂 — it’s", "y": "1", "sex": None, "doc": None},
]
PLAN = {"text": ("text",), "label": "y", "protected": ("sex",), "cluster": "doc"}


def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS)


def jsonl() -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)


def write_dataset(path: Path) -> None:
    from datasets import Dataset

    Dataset.from_list(ROWS).save_to_disk(str(path))


FORMS: dict[str, Callable[[Path], object]] = {
    "t.csv": lambda p: frame().to_csv(p, index=False),
    "t.csv.gz": lambda p: frame().to_csv(p, index=False),
    "t.tsv": lambda p: frame().to_csv(p, index=False, sep="\t"),
    "t.parquet": lambda p: frame().to_parquet(p),
    "t.jsonl": lambda p: p.write_text(jsonl(), encoding="utf-8"),
    "t.jsonl.gz": lambda p: p.write_bytes(gzip.compress(jsonl().encode())),
    "t": write_dataset,
}


def read(path: Path | None = None, **options: object) -> list[SourceText]:
    plan = DataPlan(**{**PLAN, "path": None if path is None else str(path), **options})
    source = open_texts(plan, frame=frame() if path is None else None)
    return [text for chunk in source.chunks(2) for text in chunk]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_texts(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    FORMS[name](path)
    found = read(path)
    assert [t.text for t in found] == [row["text"] for row in ROWS]
    assert [t.label for t in found] == ["1", "0", "1"]
    assert [t.protected["sex"] for t in found] == ["f", "m", None]
    assert [t.cluster for t in found] == ["a", "a", "t-2"]
    assert [t.row_id for t in found] == ["t-0", "t-1", "t-2"]


def test_a_frame_gives_the_same_texts() -> None:
    assert [t.text for t in read()] == [row["text"] for row in ROWS]


def test_a_source_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    frame().to_csv(path, index=False)
    source = open_texts(DataPlan(path=str(path), text=("text",)))
    assert list(source.chunks(2)) == list(source.chunks(2))


def test_ids_keep_their_zeros_and_labels_their_words(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "t.csv", index=False)
    assert [t.label for t in read(tmp_path / "t.csv", label="id")] == ["007", "008", "009"]


def test_several_text_columns_are_joined_and_rows_without_text_left_out() -> None:
    table = pd.DataFrame({"a": ["x", None, " "], "b": ["y", "z", None]})
    source = open_texts(DataPlan(text=("a", "b")), frame=table)
    assert [t.text for chunk in source.chunks(9) for t in chunk] == ["x y", "z"]
    assert source.skipped == 1


def test_limit_reads_the_first_rows(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "t.csv", index=False)
    assert len(read(tmp_path / "t.csv", limit=2)) == 2


def test_a_byte_order_mark_and_another_encoding_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbftext\nfirst\n")
    (tmp_path / "u.csv").write_bytes("text\ncafé\n".encode("latin-1"))
    assert only_text(tmp_path / "t.csv") == ["first"]
    assert only_text(tmp_path / "u.csv", encoding="latin-1") == ["café"]


def only_text(path: Path, **options: object) -> list[str]:
    return [t.text for t in read(path, label=None, protected=(), cluster=None, **options)]


def test_a_tsv_with_a_lone_quotation_mark_keeps_its_rows(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text('text\tn\n"Well, he said\t1\nshe left\t2\n', encoding="utf-8")
    assert only_text(tmp_path / "t.tsv") == ['"Well, he said', "she left"]


BAD: list[tuple[str, bytes | None, dict[str, object], str]] = [
    ("no.csv", None, {}, "no table at"),
    ("t.xlsx", b"x", {}, "no form that is accepted; give .csv"),
    ("t.csv", b"", {}, "is empty"),
    ("t.csv", b"text\n", {}, "no row has a text|has no rows"),
    ("t.csv", b"text,n\n,1\n ,2\n", {}, "no row has a text in text"),
    ("t.csv", b"txet,n\nx,1\n", {}, "no column 'text'.*it has txet, n; did you mean 'txet'"),
    ("t.csv", b"text,n\nx,1\n", {"protected": ("sex",), "label": "y"}, "2 problems"),
    ("t.csv", b"text\ngood\ncaf\xe9\n", {}, r"line 3 is not utf-8.*latin-1"),
    ("t.csv", b"text,n\nx,1\ny,1,2\n", {}, "not a table that can be read"),
    ("t.csv", b"text,text\nx,1\n", {}, "two columns named text"),
    ("t.csv", b"text,w\nx,many\n", {"weight": "w"}, "row 0: weight 'many' is not a number"),
    ("t.csv", b"text,w\nx,inf\n", {"weight": "w"}, "row 0: weight 'inf' is not a number"),
    ("t.csv", b"text\nx\n", {"encoding": "utf-99"}, "no encoding 'utf-99'"),
    ("t.csv", b"text\nx\n", {"text": ()}, "which column has the text"),
    ("t.jsonl", b'{"text": "x"}\n{"text": \n[1]\n', {}, "(?s)line 2 is not.*line 3 is not"),
    ("t.parquet", b"PAR?", {}, "not a Parquet file"),
]


@pytest.mark.parametrize(("name", "content", "options", "words"), BAD)
def test_what_cannot_be_read_is_said_in_words(
    tmp_path: Path, name: str, content: bytes | None, options: dict[str, object], words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read(path, **{"label": None, "protected": (), "cluster": None, **options})


def test_a_dataset_of_several_splits_asks_for_one(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict

    data = Dataset.from_list(ROWS)
    DatasetDict(train=data, test=data).save_to_disk(str(tmp_path / "d"))
    with pytest.raises(DataError, match="splits train, test; name one"):
        only_text(tmp_path / "d")
    assert len(only_text(tmp_path / "d" / "test")) == 3


def test_edos_and_hatecheck_are_read_whole(shared: Path) -> None:
    """Real tables: gzipped, with quotes and line breaks inside values."""
    edos = shared / "benchmarks/edos/edos_labelled_aggregated.csv.gz"
    hate = shared / "benchmarks/hatecheck/test_suite_cases.csv"
    for path, column, expected in ((edos, "text", 20_000), (hate, "test_case", 3_728)):
        source = open_texts(DataPlan(path=str(path), text=(column,)))
        assert sum(len(chunk) for chunk in source.chunks(5_000)) == expected


def test_odd_weights_stay_as_they_are_given_and_controls_stand_beside_groups(
    tmp_path: Path,
) -> None:
    """What cannot count is left out, and named, by the group metrics."""
    (tmp_path / "t.csv").write_text("text,w,sex,job\na,-1,f,x\nb,,m,y\nc,2,f,y\n")
    data = DataPlan(
        path=str(tmp_path / "t.csv"), text=("text",), weight="w", protected=("sex",),
        control=("job",),
    )  # fmt: skip
    (chunk,) = open_texts(data, template_terms=[]).chunks(10)
    assert [text.weight for text in chunk] == [-1.0, None, 2.0]
    assert chunk[1].protected == {"sex": "m", "job": "y"}
