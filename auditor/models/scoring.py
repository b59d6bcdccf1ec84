"""Scores one part of an audit: each distinct text once, however many pairs it is in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from auditor.models.base import Model, RawScores
from auditor.models.outcomes import Outcome, Reading
from auditor.plan import AuditPlan
from auditor.records import Pair, SourceText, Validity, text_id
from auditor.schemas import PAIRS, PREDICTIONS
from auditor.swaps.names import like_frequency

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """The tables of one part, and what scoring them took."""

    pairs: pa.Table
    predictions: pa.Table | None
    counts: dict[str, int]
    """texts_scored (distinct), truncated, rescored in float32."""


def score_part(
    texts: Sequence[SourceText],
    pairs: Sequence[Pair],
    model: Model,
    outcome: Outcome,
    *,
    plan: AuditPlan,
) -> ScoredPart:
    """Returns pairs and predictions as tables of `schemas.PAIRS` and `schemas.PREDICTIONS`.

    Args:
        texts: source texts that need a prediction of their own; empty where no group or label
            stands beside them.
        pairs: every pair of the part.
    """
    true_pairs = outcome.true_labels([pair.label_true for pair in pairs])
    true_texts = outcome.true_labels([text.label for text in texts])
    index: dict[str, int] = {}
    rows_from = _rows(index, [pair.text for pair in pairs])
    rows_to = _rows(index, [pair.counterfactual for pair in pairs])
    rows_texts = _rows(index, [text.text for text in texts])
    raw = model.score(list(index))
    reading = outcome.read(raw.values)
    raw, reading, rescored = _settle(list(index), raw, reading, rows_from, rows_to, model, outcome)
    sides = _Sides(raw, reading, rows_from, rows_to)
    return ScoredPart(
        _pairs_table(pairs, true_pairs, sides, model, outcome, plan),
        _predictions_table(texts, true_texts, reading, rows_texts, model, plan) if texts else None,
        {
            "texts_scored": len(index),
            "truncated": int(raw.truncated.sum()),
            "rescored": rescored,
        },
    )


def _rows(index: dict[str, int], texts: Sequence[str]) -> Indices:
    """Returns each text's row among the distinct ones, adding those not seen before."""
    return np.array([index.setdefault(text, len(index)) for text in texts], dtype=np.int64)


def _settle(
    texts: list[str],
    raw: RawScores,
    reading: Reading,
    rows_from: Indices,
    rows_to: Indices,
    model: Model,
    outcome: Outcome,
) -> tuple[RawScores, Reading, int]:
    """Scores again, in float32, what a reduced dtype may have put on the wrong side.

    Where either side of a pair is near a decision both sides are scored again, so that a pair
    never mixes two precisions.
    """
    near = reading.slack <= model.tolerance
    if not model.tolerance or not near.any():
        return raw, reading, 0
    together = near[rows_from] | near[rows_to] if len(rows_from) else np.zeros(0, np.bool_)
    again = near.copy()
    again[rows_from[together]] = True
    again[rows_to[together]] = True
    chosen = np.flatnonzero(again)
    raw.values[chosen] = model.score([texts[i] for i in chosen], exact=True).values
    return raw, outcome.read(raw.values), len(chosen)


@dataclass(frozen=True, slots=True)
class _Sides:
    """What both sides of every pair received."""

    raw: RawScores
    reading: Reading
    rows_from: Indices
    rows_to: Indices

    def both(self, name: str, values: Any) -> dict[str, Any]:
        """Returns the two columns `name`_from and `name`_to of a value per distinct text."""
        if values is None:
            return {}
        return {
            f"{name}_from": _column(values[self.rows_from]),
            f"{name}_to": _column(values[self.rows_to]),
        }

    def indistinguishable(self) -> npt.NDArray[np.bool_]:
        """Pairs whose two sides are the same input to the model."""
        keys = self.raw.keys
        if keys is None:
            return np.zeros(len(self.rows_from), np.bool_)
        ids = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        numbers = np.array([ids[key] for key in keys])
        return np.asarray(numbers[self.rows_from] == numbers[self.rows_to])


def _column(values: npt.NDArray[Any]) -> Any:
    """NaN becomes null: not measured."""
    if values.ndim == 2:
        return list(values)
    return pa.array(values, from_pandas=True)


def _pairs_table(
    pairs: Sequence[Pair],
    true: Sequence[str | None],
    sides: _Sides,
    model: Model,
    outcome: Outcome,
    plan: AuditPlan,
) -> pa.Table:
    reading, raw = sides.reading, sides.raw
    forward = np.array([pair.group_from == pair.contrast.group_a for pair in pairs], np.bool_)
    change = reading.score[sides.rows_to] - reading.score[sides.rows_from]
    columns = {
        **_text_columns(pairs, plan.seed),
        **_validity(pairs, sides, model),
        "model_id": [model.model_id] * len(pairs),
        **sides.both("score", reading.score),
        **sides.both("margin", reading.margin),
        "effect": np.where(forward, change, -change),
        **sides.both("probs", reading.probs),
        **sides.both("label", reading.label),
        **sides.both("selected", reading.selected),
        **sides.both("pieces", raw.n_tokens),
        **_term_columns(pairs, model),
        "truncated": raw.truncated[sides.rows_from] | raw.truncated[sides.rows_to],
        "label_true": list(true),
        "unit": [outcome.unit] * len(pairs),
    }
    if reading.label is not None:
        columns["flip"] = reading.label[sides.rows_from] != reading.label[sides.rows_to]
    return _table(columns, PAIRS, len(pairs))


def _text_columns(pairs: Sequence[Pair], seed: int) -> dict[str, Any]:
    """Columns that need no model."""
    splits = {c: split_of(c, seed) for c in {pair.cluster for pair in pairs}}
    return {
        "pair_id": [pair.pair_id for pair in pairs],
        "row_id": [pair.row_id for pair in pairs],
        "text_id": [text_id(pair.text) for pair in pairs],
        "cluster": [pair.cluster for pair in pairs],
        "template_id": [pair.template_id for pair in pairs],
        "slots": [list(pair.slots.items()) for pair in pairs],
        "split": [splits[pair.cluster] for pair in pairs],
        "arm": [pair.arm.value for pair in pairs],
        "contrast_id": [pair.contrast.contrast_id for pair in pairs],
        "attribute": [pair.contrast.attribute for pair in pairs],
        "group_a": [pair.contrast.group_a for pair in pairs],
        "group_b": [pair.contrast.group_b for pair in pairs],
        "group_from": [pair.group_from for pair in pairs],
        "group_to": [pair.group_to for pair in pairs],
        "term_from": [pair.term_from for pair in pairs],
        "term_to": [pair.term_to for pair in pairs],
        "text": [pair.text for pair in pairs],
        "counterfactual": [pair.counterfactual for pair in pairs],
        "spans_from": [_spans(pair.spans_from) for pair in pairs],
        "spans_to": [_spans(pair.spans_to) for pair in pairs],
        "n_edits": [len(pair.spans_from) for pair in pairs],
        "weight": [pair.weight for pair in pairs],
        "input_kind": ["text"] * len(pairs),
    }


def _term_columns(pairs: Sequence[Pair], model: Model) -> dict[str, Any]:
    """What may differ between two terms besides the group: pieces, and of names frequency."""
    terms = sorted({term for pair in pairs for term in (pair.term_from, pair.term_to)})
    counted = model.pieces(terms)
    pieces = dict(zip(terms, counted, strict=True)) if counted is not None else {}
    return {
        "term_pieces_from": [pieces.get(pair.term_from) for pair in pairs],
        "term_pieces_to": [pieces.get(pair.term_to) for pair in pairs],
        "frequency_from": [pair.frequency_from for pair in pairs],
        "frequency_to": [pair.frequency_to for pair in pairs],
        "matched": [_matched(pair, pieces) for pair in pairs],
    }


def _matched(pair: Pair, pieces: Mapping[str, int]) -> bool | None:
    """Whether two names differ in neither pieces nor frequency; None for what is no name."""
    if pair.frequency_from is None or pair.frequency_to is None or not pieces:
        return None
    alike = like_frequency(pair.frequency_from, pair.frequency_to)
    return alike and pieces[pair.term_from] == pieces[pair.term_to]


def _spans(spans: Sequence[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"start": start, "end": end} for start, end in spans]


def _validity(pairs: Sequence[Pair], sides: _Sides, model: Model) -> dict[str, Any]:
    """A valid pair whose sides the model cannot tell apart says nothing about the model."""
    blind = sides.indistinguishable()
    reason = f"both sides are the same tokens to {model.model_id}, after its window or its casing"
    unseen = [
        bool(same) and pair.validity is Validity.VALID
        for pair, same in zip(pairs, blind, strict=True)
    ]
    return {
        "validity": [
            Validity.NOT_SEEN.value if hidden else pair.validity.value
            for pair, hidden in zip(pairs, unseen, strict=True)
        ],
        "reason": [
            reason if hidden else pair.reason for pair, hidden in zip(pairs, unseen, strict=True)
        ],
    }


def _predictions_table(
    texts: Sequence[SourceText],
    true: Sequence[str | None],
    reading: Reading,
    rows: Indices,
    model: Model,
    plan: AuditPlan,
) -> pa.Table:
    columns = {
        "row_id": [text.row_id for text in texts],
        "cluster": [text.cluster for text in texts],
        "model_id": [model.model_id] * len(texts),
        "label_true": list(true),
        "score": reading.score[rows],
        "probs": list(reading.probs[rows]),
        "protected": [list(text.protected.items()) for text in texts],
        "weight": [text.weight for text in texts],
        "weight_kind": [plan.data.weight_kind] * len(texts),
    }
    if reading.label is not None and reading.selected is not None:
        columns |= {"label_pred": reading.label[rows], "selected": reading.selected[rows]}
    return _table(columns, PREDICTIONS, len(texts))


def _table(columns: dict[str, Any], schema: pa.Schema, size: int) -> pa.Table:
    """Returns the columns in the schema's order and types; those not given are null."""
    arrays = [
        pa.nulls(size, field.type)
        if field.name not in columns
        else _typed(columns[field.name], field.type)
        for field in schema
    ]
    return pa.table(arrays, schema=schema)


def _typed(values: Any, kind: pa.DataType) -> pa.Array:
    array = values if isinstance(values, pa.Array) else pa.array(values, type=kind)
    return array.cast(kind)


def split_of(cluster: str, seed: int) -> str:
    """Returns the half that a cluster belongs to: by a hash, before anything is scored."""
    byte = hashlib.sha256(f"{seed}\x1f{cluster}".encode("utf-8", "surrogatepass")).digest()[0]
    return "held_out" if byte < 128 else "discovery"
