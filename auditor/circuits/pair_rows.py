"""The table beside a circuit's record: components on every pair, attention maps of its heads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from auditor.circuits.attention import attention_maps
from auditor.circuits.base import Inputs, Kind, Node
from auditor.circuits.choosing import DISCOVERY, HELD_OUT, Chosen, Side
from auditor.circuits.engine import Engine
from auditor.circuits.trace import Traced
from auditor.schemas import CIRCUIT_PAIRS

Row = dict[str, Any]


def pair_rows(engine: Engine, chosen: Chosen, traced: Traced) -> pa.Table:
    """Returns rows of `schemas.CIRCUIT_PAIRS`.

    Scores are of discovery pairs, exact effects and attention of held-out ones: no pair has both.
    """
    rows = [*_scored(engine, chosen.discovery, traced), *_patched(engine, chosen.held_out, traced)]
    record = traced.record
    named = [{"finding_id": record.finding_id, "model_id": record.model_id, **row} for row in rows]
    return pa.Table.from_pylist(named, schema=CIRCUIT_PAIRS)


def _scored(engine: Engine, side: Side, traced: Traced) -> Iterator[Row]:
    scores = traced.found.pairs.nodes
    for i, pair in enumerate(_pairs(side, DISCOVERY)):
        for name, score in zip(engine.graph.writers, scores[i].tolist(), strict=True):
            yield {**pair, "component": name, "score": score}


def _patched(engine: Engine, side: Side, traced: Traced) -> Iterator[Row]:
    heads = [node.name for node in engine.graph.nodes if node.kind is Kind.HEAD]
    at = {name: i for i, name in enumerate(traced.patched.names)}
    shown = [Node.parse(n) for n in traced.record.members if Node.parse(n).kind is Kind.HEAD]
    for i, pair in enumerate(_pairs(side, HELD_OUT)):
        maps = _maps(engine, side, i, shown)
        for name, column in at.items():
            head = heads.index(name) if name in heads else None
            yield {
                **pair,
                "component": name,
                "exact": float(traced.patched.exact[i, column]),
                "necessity": float(traced.patched.necessity[i, column]),
                "attention_to_term_a": _of_head(traced.attention[0][i], head),
                "attention_to_term_b": _of_head(traced.attention[1][i], head),
                **maps.get(name, {}),
            }


def _pairs(side: Side, split: str) -> Iterator[Row]:
    for pair_id, cluster in zip(side.rows["pair_id"], side.clusters, strict=True):
        yield {"pair_id": str(pair_id), "cluster": cluster, "split": split}


def _of_head(values: Any, head: int | None) -> float | None:
    return None if head is None else float(values[head])


def _maps(engine: Engine, side: Side, i: int, heads: Sequence[Node]) -> dict[str, Row]:
    """Returns name -> tokens and attention maps of both versions, of a pair's heads."""
    if not heads:
        return {}
    one = side.pairs.rows(np.array([i]))
    tokens_a, tokens_b = side.tokens[i]
    a, b = (_real(attention_maps(engine, inputs), inputs) for inputs in (one.a, one.b))
    return {
        head.name: {
            "tokens_a": [token for token in tokens_a if token],
            "tokens_b": [token for token in tokens_b if token],
            "attention_a": a[head.layer][head.head].tolist(),
            "attention_b": b[head.layer][head.head].tolist(),
        }
        for head in heads
    }


def _real(maps: Sequence[torch.Tensor], inputs: Inputs) -> list[torch.Tensor]:
    """Returns the maps of a single row without filler. [layer] of [head, query, key]"""
    real = inputs["attention_mask"][0].bool()
    return [each[0][:, real][:, :, real].float().cpu() for each in maps]
