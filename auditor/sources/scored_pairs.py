"""Pairs scored elsewhere: the lines of `auditor swap --json`, each with scores added.

Needed of each line: text, counterfactual, attribute, group_from, group_to, score_from, score_to.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from auditor.errors import DataError, Problems
from auditor.records import Arm, Contrast, Validity, digest, text_id
from auditor.schemas import PAIRS
from auditor.sources.tables import open_text

NEEDED = (
    "text", "counterfactual", "attribute", "group_from", "group_to", "score_from", "score_to",
)  # fmt: skip

MODEL_ID = "scored elsewhere"


def read_scored_pairs(path: Path, *, chunk: int, cutoff: float | None = None) -> Iterator[pa.Table]:
    """Yields tables of `schemas.PAIRS`, `chunk` lines at a time.

    Args:
        cutoff: select at this score. None: labels in the file decide flips; where it has none,
            flips and selections are not measured.

    Raises:
        DataError: no such file, no pair in it, or lines that cannot be used, each named.
    """
    if not path.is_file():
        raise DataError(f"no file at {path}; write one with: auditor swap --file F --text COLUMN")
    problems = Problems(str(path))
    rows = _rows(path, problems, cutoff)
    empty = True
    while batch := list(islice(rows, chunk)):
        empty = False
        yield pa.Table.from_pylist(batch, schema=PAIRS)
    if problems.count:
        raise DataError(problems.message())
    if empty:
        raise DataError(f"{path} has no pairs; give one JSON object per line")


def _rows(path: Path, problems: Problems, cutoff: float | None) -> Iterator[dict[str, Any]]:
    """Yields good rows until the first bad one; then only counts what else is bad."""
    with open_text(path, "utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            values, problem = _read(line)
            if problem:
                problems.add(f"line {number}: {problem}")
            elif not problems.count:
                yield _row(values, number, path.stem, cutoff)


def _read(line: str) -> tuple[dict[str, Any], str | None]:
    try:
        values = json.loads(line)
    except ValueError as error:
        return {}, f"is not JSON ({error})"
    if not isinstance(values, dict):
        return {}, "is not a JSON object"
    missing = [name for name in NEEDED if values.get(name) is None]
    if missing:
        return values, f"has no {', '.join(missing)}"
    return values, _wrong(values)


def _wrong(values: Mapping[str, Any]) -> str | None:
    for side in ("score_from", "score_to"):
        score = values[side]
        if (
            isinstance(score, bool)
            or not isinstance(score, int | float)
            or not math.isfinite(score)
        ):
            return f"{side} is {score!r}; it must be a finite number"
    groups = {str(values["group_from"]), str(values["group_to"])}
    named = {str(values.get(name, "")) for name in ("group_a", "group_b")} - {""}
    within = values.get("arm") in (Arm.PLACEBO.value, Arm.FRAGMENTATION.value)
    if (len(groups) != 2 and not within) or (named and named != groups):
        return "group_from and group_to must be two groups, the same as group_a and group_b"
    for name, kinds in (("arm", Arm), ("validity", Validity)):
        if values.get(name) not in (None, *(k.value for k in kinds)):
            return (
                f"{name} is {values[name]!r}; it must be one of {', '.join(k.value for k in kinds)}"
            )
    return None


def _row(values: Mapping[str, Any], number: int, stem: str, cutoff: float | None) -> dict[str, Any]:
    """Returns a row of PAIRS. Without group_a and group_b the groups are taken in alphabetical
    order, so that every line of a contrast has the same orientation."""
    group_from, group_to = str(values["group_from"]), str(values["group_to"])
    a, b = sorted((group_from, group_to))
    contrast = Contrast(
        str(values["attribute"]), str(values.get("group_a", a)), str(values.get("group_b", b))
    )
    row_id = str(values.get("row_id", f"{stem}-{number}"))
    change = float(values["score_to"]) - float(values["score_from"])
    known = {name: values[name] for name in PAIRS.names if values.get(name) is not None}
    row = {
        **known,
        **_decisions(values, cutoff),
        "row_id": row_id,
        "cluster": str(values.get("cluster", row_id)),
        "text_id": text_id(str(values["text"])),
        "contrast_id": contrast.contrast_id,
        "group_a": contrast.group_a,
        "group_b": contrast.group_b,
        "arm": str(values.get("arm", Arm.SWAP.value)),
        "validity": str(values.get("validity", Validity.VALID.value)),
        "model_id": MODEL_ID,
        "effect": change if group_from == contrast.group_a else -change,
        "unit": str(values.get("unit", "probability")),
        "weight": float(values.get("weight", 1.0)),
        "input_kind": "text",
    }
    if "label_true" in row:
        row["label_true"] = str(row["label_true"])
    row["spans_from"] = _spans(values.get("spans_from"))
    row["spans_to"] = _spans(values.get("spans_to"))
    row.setdefault(
        "pair_id", digest(row_id, contrast.contrast_id, group_from, group_to, str(number))
    )
    return row


def _decisions(values: Mapping[str, Any], cutoff: float | None) -> dict[str, Any]:
    if cutoff is not None:
        sides = {s: float(values[f"score_{s}"]) >= cutoff for s in ("from", "to")}
        return {
            **{f"selected_{side}": value for side, value in sides.items()},
            **{f"label_{s}": "selected" if v else "not selected" for s, v in sides.items()},
            "flip": sides["from"] != sides["to"],
        }
    labels = [values.get("label_from"), values.get("label_to")]
    return {} if None in labels else {"flip": labels[0] != labels[1]}


def _spans(spans: Any) -> list[dict[str, int]] | None:
    return None if spans is None else [{"start": int(s), "end": int(e)} for s, e in spans]
