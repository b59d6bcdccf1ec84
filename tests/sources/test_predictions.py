"""Tables of outcomes: read with their groups and counts, refused with all problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.errors import DataError
from auditor.plan import DataPlan
from auditor.sources import read_predictions


def rows(path: Path, content: str, **options: Any) -> list[dict[str, Any]]:
    path.write_text(content, encoding="utf-8")
    given = {"outcome": "hired", "protected": ("sex",), **options}
    tables = read_predictions(DataPlan(predictions=str(path), **given))
    return [row for table in tables for row in table.to_pylist()]


def test_counts_outcomes_and_groups_are_read(tmp_path: Path) -> None:
    found = rows(tmp_path / "t.csv", "sex,hired,n\nf,yes,40\nm,0,2.5\n,1,1\n", weight="n")
    assert [row["selected"] for row in found] == [True, False, True]
    assert [row["weight"] for row in found] == [40.0, 2.5, 1.0]
    assert [dict(row["protected"])["sex"] for row in found] == ["f", "m", None]


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("sex,hired\nf,perhaps\n", {}, "row 0: outcome 'perhaps'"),
        ("sex,hired\nMale,1\nmale ,0\n", {}, "spells one group in several ways: 'Male', 'male '"),
        ("sex,hired,n\nf,1,-3\n", {"weight": "n"}, "row 0: weight '-3'"),
        ("sex,n\nf,1\n", {}, r"no column 'hired' \(outcome\)"),
        ("hired\n1\n", {}, r"no column 'sex' \(protected\)"),
        ("sex,hired\nf,x\nm,z\n", {}, "2 problems"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, content: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        rows(tmp_path / "t.csv", content, **options)
