"""A circuit rests on the pairs that an estimate counts, each once, in one order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from auditor.circuits.pairs_of import COLUMNS, other_pairs, valid_pairs
from auditor.evidence.files import write_table
from auditor.evidence.reader import pairs_glob
from auditor.records import Arm, Basis, Contrast, Estimate, Finding, Verdict
from auditor.schemas import PAIRS

CONTRAST = Contrast("gender*age", "man.old", "woman's")
PAIR: dict[str, Any] = {
    "arm": "swap", "validity": "valid", "contrast_id": CONTRAST.contrast_id, "model_id": "m",
    "cluster": "c", "group_a": "man.old", "group_from": "man.old", "text": "he",
    "counterfactual": "she", "spans_from": [{"start": 0, "end": 2}],
}  # fmt: skip


def found(tmp_path: Path, *rows: dict[str, Any]) -> list[str]:
    """Returns the ids of the pairs that are taken, of rows in two parts."""
    for part in range(2):
        own = [{**PAIR, "row_id": "r", **row} for row in rows[part::2]]
        table = pa.Table.from_pylist(own, schema=PAIRS)
        write_table(tmp_path / f"e [1]'s/pairs/part-{part}.parquet", table)
    frame = valid_pairs(pairs_glob(tmp_path / "e [1]'s"), CONTRAST, "m")
    assert list(frame.columns) == list(COLUMNS)
    ids: list[str] = frame["pair_id"].tolist()
    return ids


@pytest.mark.parametrize(
    "changed",
    [
        {"arm": "placebo"},
        {"validity": "ambiguous"},
        {"contrast_id": "gender.man.woman"},
        {"model_id": "second"},
    ],
)
def test_only_valid_swaps_of_the_contrast_and_model_count(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    assert found(tmp_path, {"pair_id": "b"}, {"pair_id": "a", "text": "him", **changed}) == ["b"]


def test_pairs_stand_in_the_order_of_their_ids(tmp_path: Path) -> None:
    rows = [{"pair_id": str(7 * i % 10), "cluster": str(i)} for i in range(10)]
    assert found(tmp_path, *rows) == [str(i) for i in range(10)]


def test_a_pair_counts_once_per_cluster_whichever_side_was_the_source(tmp_path: Path) -> None:
    back = {"group_from": "woman's", "text": "she", "counterfactual": "he"}
    rows = [{"pair_id": "b"}, {"pair_id": "c", **back}, {"pair_id": "a", "cluster": "d"}]
    assert found(tmp_path, *rows) == ["a", "b"]


def test_texts_that_change_sides_are_another_pair(tmp_path: Path) -> None:
    other = {"group_from": "woman's"}
    assert found(tmp_path, {"pair_id": "a"}, {"pair_id": "b", **other}) == ["a", "b"]


def finding(attribute: str, group: str, value: float, **changes: Any) -> Finding:
    estimate = Estimate(value, None, None, 9, 9, "share", "none")
    made = Finding(Contrast(attribute, "a", group), "m", "m", estimate, Verdict.MEETS)
    return replace(made, **changes)


def test_repairs_are_watched_on_the_largest_judged_contrast_of_each_other_attribute(
    tmp_path: Path,
) -> None:
    findings = [
        finding("age", "b", 0.1), finding("age", "c", -0.3), finding("age", "d", 0.2),
        finding("age", "e", 0.9, verdict=None), finding("age", "f", 0.9, basis=Basis.GROUPS),
        finding("age", "g", 0.9, arm=Arm.PLACEBO), finding("race", "h", 0.5),
        finding("faith", "b", 0.0),
    ]  # fmt: skip
    ids = ["age.a.b", "age.a.c", "race.a.h", "faith.a.b", "age.a.c"]
    rows = [{"pair_id": str(i), "contrast_id": c, "cluster": str(i)} for i, c in enumerate(ids)]
    found(tmp_path, *rows)
    others = other_pairs(pairs_glob(tmp_path / "e [1]'s"), findings[-2], findings)
    assert {name: pairs["pair_id"].tolist() for name, pairs in others.items()} == {
        "age: c v a": ["1", "4"],
        "faith: b v a": ["3"],
    }
