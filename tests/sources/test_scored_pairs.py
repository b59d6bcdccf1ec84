"""Pairs scored elsewhere come in with a fixed orientation, or are refused line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import DataError
from auditor.schemas import PAIRS
from auditor.sources import read_scored_pairs

LINE = {
    "text": "He left.", "counterfactual": "She left.", "attribute": "gender",
    "group_from": "male", "group_to": "female", "score_from": 0.7, "score_to": 0.4,
}  # fmt: skip


def rows(path: Path, *lines: Any, cutoff: float | None = None) -> list[dict[str, Any]]:
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    tables = list(read_scored_pairs(path, chunk=2, cutoff=cutoff))
    assert all(table.schema.equals(PAIRS) for table in tables)
    return [row for table in tables for row in table.to_pylist()]


def test_both_directions_have_one_orientation(tmp_path: Path) -> None:
    """Without group_a and group_b the alphabetical first is the reference: female."""
    back = {**LINE, "group_from": "female", "group_to": "male", "score_from": 0.4, "score_to": 0.7}
    found = rows(tmp_path / "p.jsonl", LINE, back)
    assert [round(row["effect"], 9) for row in found] == [0.3, 0.3]
    assert {row["contrast_id"] for row in found} == {"gender.female.male"}


def test_the_orientation_of_the_file_is_kept(tmp_path: Path) -> None:
    found = rows(tmp_path / "p.jsonl", {**LINE, "group_a": "male", "group_b": "female"})
    assert round(found[0]["effect"], 9) == -0.3


def test_a_cutoff_gives_selections_and_flips(tmp_path: Path) -> None:
    row = rows(tmp_path / "p.jsonl", LINE, cutoff=0.5)[0]
    assert (row["selected_from"], row["selected_to"], row["flip"]) == (True, False, True)
    assert rows(tmp_path / "q.jsonl", LINE)[0]["flip"] is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2: is not JSON"),
        ("[1]", "line 2: is not a JSON object"),
        ({**LINE, "score_to": None}, "line 2: has no score_to"),
        ({**LINE, "score_to": "high"}, "line 2: score_to is 'high'"),
        ({**LINE, "score_to": True}, "line 2: score_to is True"),
        ({**LINE, "group_to": "male"}, "line 2: group_from and group_to must be two groups"),
        ({**LINE, "group_a": "young"}, "line 2: group_from and group_to"),
        ({**LINE, "arm": "leg"}, "line 2: arm is 'leg'"),
        ('{"score_from": NaN}', "line 2: has no text"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        rows(tmp_path / "p.jsonl", LINE, line)


def test_all_lines_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="3 problems"):
        rows(tmp_path / "p.jsonl", "{", LINE, "{", LINE, "[]")


def test_a_file_without_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no pairs"):
        rows(tmp_path / "p.jsonl", "")


def test_an_arm_within_one_group_comes_back(tmp_path: Path) -> None:
    row = {
        "text": "Anne left.", "counterfactual": "Jill left.", "attribute": "race_names",
        "group_from": "white", "group_to": "white", "arm": "placebo",
        "score_from": 0.5, "score_to": 0.6,
    }  # fmt: skip
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(row))
    [table] = read_scored_pairs(path, chunk=10, cutoff=None)
    assert table["arm"].to_pylist() == ["placebo"]
    path.write_text(json.dumps({**row, "arm": "swap"}))
    with pytest.raises(DataError, match="must be two groups"):
        list(read_scored_pairs(path, chunk=10, cutoff=None))
