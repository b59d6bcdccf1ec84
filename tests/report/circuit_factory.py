"""Circuits made from records: every part that one can have, and one that was not tested."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from auditor.evidence.circuits import CircuitFiles
from auditor.evidence.reader import Evidence
from auditor.records import Contrast, Estimate
from auditor.records_circuits import (
    AcrossTemplates,
    AttentionContext,
    CircuitPairs,
    CircuitRecord,
    CircuitSettings,
    CurvePoint,
    EdgeEffect,
    LensPoint,
    NodeEffect,
    RandomControl,
    Reinitialised,
    Repair,
    RepairOption,
    Stability,
)
from auditor.schemas import CIRCUIT_PAIRS
from tests.report import factory
from tests.report.beside import estimate

CONTRAST = Contrast("gender", "reference", factory.STRANGE[0])
"""The factory's first finding, which does not meet its criterion."""
UNTESTED = Contrast("gender", "reference", factory.STRANGE[3])
"""Another that does not."""
LAYERS, HEADS = 6, 12
MEMBERS = {"a3.h7": 0.412, "m4": 0.263, "a3.h8": 0.187, "a5.h0": -0.145, "m5": 0.121}
"""The circuit, with its scores: neighbours, both signs, heads and MLPs."""
EDGES = {
    ("embed", "a3.h7.v"): 0.39, ("a3.h7", "m4"): 0.24, ("m4", "out"): 0.21, ("m4", "m5"): 0.11,
    ("embed", "a3.h8.q"): 0.0871, ("embed", "a3.h8.v"): 0.08, ("a3.h8", "a5.h0.k"): -0.07,
    ("a5.h0", "out"): -0.12, ("m5", "out"): 0.1,
}  # fmt: skip
"""Of the circuit."""
PAIR_IDS = ("p1", "p2")
TOKENS = (["[CLS]", "the", "<b>man", "left", "[SEP]"], ["[CLS]", "the", "woman", "left", "[SEP]"])


def evidence(folder: Path, *records: CircuitRecord) -> Evidence:
    """Returns evidence with these circuits; by default a whole one and one not tested."""
    made = factory.evidence(folder)
    for each in records or (record(), not_tested()):
        pairs = None if each.not_tested else pairs_table(each)
        files = CircuitFiles.in_evidence(folder / "evidence", str(each.finding_id))
        files.record.parent.mkdir(exist_ok=True)
        files.write(each, pairs)
    return made


def not_tested() -> CircuitRecord:
    """Returns the record of a finding that could not be traced."""
    return CircuitRecord(
        contrast=UNTESTED,
        finding_id=_finding_id(UNTESTED),
        model_id=factory.MODELS[0],
        unit="log-odds",
        metric="log-odds of 'positive'",
        sentence="The circuit was not traced.",
        not_tested="it has pairs in 5 <clusters>, and 16 are asked for",
    )


def record(**changes: Any) -> CircuitRecord:
    """Returns a circuit of five components that carries most of the effect."""
    nodes = tuple(sorted(_nodes(), key=lambda node: -abs(node.score.value or 0.0)))
    made = CircuitRecord(
        contrast=CONTRAST,
        finding_id=_finding_id(CONTRAST),
        model_id=factory.MODELS[0],
        unit="log-odds",
        metric="log-odds of '<b>positive'",
        sentence="3 of 72 heads and 2 of 6 MLPs carry 84 % [78, 90] of the log-odds gap on 40 "
        "held-out pairs in 12 clusters; random circuits of that size carry 6 %.",
        pairs=CircuitPairs(40, 38, 13, 12, 2468, 0.7312, 9, 3, 0.0412),
        settings=CircuitSettings("conductance", 16, 0.01344, 0.05, 20251, 200, 200),
        total_effect=_odds(0.7133),
        layers=LAYERS,
        heads=LAYERS * HEADS,
        mlps=LAYERS,
        edge_count=9273,
        nodes=nodes,
        edges=tuple(_edges()),
        edge_members=8,
        faithfulness=_share(0.8417),
        necessity=_share(0.7722),
        completeness=_share(0.1284),
        minimality=tuple((name, _share(abs(score) / 2)) for name, score in MEMBERS.items()),
        embedding_only=_share(0.0413),
        curve=tuple(_curve()),
        areas=(("cpr_linear", 0.9321), ("cpr_log", 0.6234), ("cmd_log", 0.3812)),
        k_80=5,
        random=RandomControl(200, 0.0612, -0.1123, 0.2214, 0.004975, (0.05, 0.0612, 0.22)),
        reinitialised=Reinitialised(_share(0.4127), 0.2811),
        stability=Stability(200, 0.7133, 0.9124),
        across=(AcrossTemplates("housing & <care>", _share(0.8012)),
                AcrossTemplates("work", Estimate.missing("2 <clusters> only", unit="share"))),
        attention=AttentionContext(estimate(0.1213, "correlation"), tuple(_attention())),
        lens=tuple(LensPoint(name, _odds(0.05 + 0.11 * i)) for i, name in enumerate(BLOCKS)),
        repair=repair(),
        notes=("Edges were scored on 8 pairs of <long> texts.",),
    )  # fmt: skip
    return replace(made, **changes)


BLOCKS = ("embed", *map(str, range(LAYERS)))


def repair() -> Repair:
    """Returns three repairs and both baselines; random sets do as well as one of them."""
    options = [
        _option("mean", 1.0, 0.2113, 0.9012, p=0.0476, on_front=True),
        _option("scale", 0.5, 0.5441, 0.9314, p=0.1904, on_front=True),
        _option("direction", 1.0, -0.0331, 0.8121, p=0.0476, on_front=True),
        replace(_option("embedding", 1.0, 0.4718, 0.8814), components=(), random=None, p=None),
        replace(_option("mask_term", 1.0, 0.0, 0.8433), components=(), random=None, p=None),
    ]
    return Repair(
        quality_measure="accuracy on labelled texts",
        quality_before=_share(0.9417),
        options=tuple(options),
        recommended=0,
        reason="The mean of both versions leaves 21 % of the effect, less than all random sets.",
    )


def pairs_table(of: CircuitRecord) -> pa.Table:
    """Returns the values of every component on two pairs; heads of the circuit have maps."""
    rows = [
        _pair_row(of, node, pair_id, place)
        for place, pair_id in enumerate(PAIR_IDS)
        for node in of.nodes
    ]
    return pa.Table.from_pylist(rows, schema=CIRCUIT_PAIRS)


def _pair_row(of: CircuitRecord, node: NodeEffect, pair_id: str, place: int) -> dict[str, Any]:
    known: dict[str, Any] = {
        "finding_id": of.finding_id,
        "model_id": of.model_id,
        "pair_id": pair_id,
        "cluster": f"cluster <{place}>",
        "split": ("discovery", "held_out")[place],
        "component": node.name,
        "score": (node.score.value or 0.0) * (1 + place),
        "exact": node.exact.value,
    }
    if node.in_circuit and node.name.startswith("a"):
        weights = [[1 / len(row)] * len(row) for row in [TOKENS[0]] * len(TOKENS[0])]
        weights[2] = [0.6, 0.3, 0.06, 0.04, 0.0]
        maps = {"attention_a": weights, "attention_b": weights[::-1]}
        known |= {"tokens_a": TOKENS[0], "tokens_b": TOKENS[1], "attention_to_term_a": 0.2, **maps}
    return {**dict.fromkeys(CIRCUIT_PAIRS.names), **known}


def _nodes() -> Iterator[NodeEffect]:
    yield _node("embed", 0.7133)
    for layer in range(LAYERS):
        for head in range(HEADS):
            yield _node(f"a{layer}.h{head}", 0.05 * math.sin(7 * layer + 3 * head))
        yield _node(f"m{layer}", 0.03 * math.cos(layer))


def _node(name: str, score: float) -> NodeEffect:
    inside = name in MEMBERS
    score = MEMBERS.get(name, score)
    missing = Estimate.missing("not patched", unit="log-odds")
    return NodeEffect(
        name=name,
        score=_odds(score),
        exact=_odds(score * 0.9) if inside else missing,
        necessity=_odds(score * 0.8) if inside else missing,
        p=0.0123 if inside else None,
        inclusion=0.9124 if inside else 0.0312,
        in_circuit=inside,
    )


def _edges() -> Iterator[EdgeEffect]:
    for (writer, reader), score in EDGES.items():
        yield EdgeEffect(writer, reader, _odds(score), _odds(score * 0.9), 0.0213, 0.8712, True)
    for i in range(10):
        small = _odds(0.01 + i / 999)
        yield EdgeEffect("embed", f"m{i % LAYERS}", small, _odds(0.01), None, 0.1, False)


def _curve() -> Iterator[CurvePoint]:
    for level, of in (("node", 78), ("edge", 9273)):
        for size in (1, 2, 5, 8, 16, 39, of):
            carried = _share(1.03 - 0.8 / size)
            band = Estimate(0.9 * size / of, 0.9 * size / of - 0.15, 0.9 * size / of + 0.15, 38, 12,
                            "share", "matched draws")  # fmt: skip
            left = _share(0.6 / size) if level == "node" else None
            yield CurvePoint(level, size, size / of, carried, band if size < of else None, left)


def _attention() -> Iterator[tuple[str, float, float | None]]:
    for layer in range(LAYERS):
        for head in range(HEADS):
            name = f"a{layer}.h{head}"
            yield name, 0.1 + 0.005 * head, MEMBERS.get(name)


def _option(
    kind: str, strength: float, left: float, quality: float, p: float | None = None, **more: Any
) -> RepairOption:
    return RepairOption(
        kind=kind,
        strength=strength,
        components=tuple(MEMBERS),
        remaining_gap=_share(left),
        quality=_share(quality),
        other_gaps=(("race: black v white", 0.9713),),
        random=Estimate(0.8712, 0.6634, 1.0312, 20, 12, "share", "matched draws"),
        p=p,
        **more,
    )


def _odds(value: float) -> Estimate:
    return estimate(value, "log-odds", n=38, clusters=12)


def _share(value: float) -> Estimate:
    return estimate(value, "share", n=38, clusters=12)


def _finding_id(contrast: Contrast) -> str:
    return f"{contrast.contrast_id}.selection_rate_change"
