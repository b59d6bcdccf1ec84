"""What the report says of circuits: the records of the audit, and which of their rows are listed.

Nothing is measured here: every number of the section is one of the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from auditor.evidence.reader import Evidence
from auditor.records import Arm, Basis, Contrast, Verdict
from auditor.records_circuits import CircuitRecord, EdgeEffect, NodeEffect
from auditor.report.circuit_statements import statements
from auditor.report.parts_circuits import CircuitsPart, FigureRow, TracedRow, UntestedRow
from auditor.report.words import clusters_are, in_units
from auditor.report.words_circuits import NO_WEIGHTS, NONE_FAILS, NOT_AMONG, NOT_ASKED, NOT_MADE

BESIDE = 5
"""Components outside the circuit that are listed."""
EDGES = 15
"""Edges that are listed."""
EMBED = "embed"
"""Always in a circuit, and so no member of it."""
_SENTENCES = ("sentence", "not_tested", "reason", "notes")
"""Fields that speak of clusters; the others are names and numbers."""


def circuits_of(evidence: Evidence) -> CircuitsPart:
    """Returns the circuits of a run; where nothing was traced, why."""
    clusters = clusters_are(evidence.plan)
    records = [_renamed(record, clusters) for record in evidence.circuits]
    return CircuitsPart(
        not_traced=None if records else _why_none(evidence),
        traced=[_traced(record) for record in records if record.not_tested is None],
        untested=[
            UntestedRow(contrast=r.contrast, model_id=r.model_id, reason=r.not_tested)
            for r in records
            if r.not_tested is not None
        ]
        + (_left(evidence) if records else []),
    )


def _why_none(evidence: Evidence) -> str:
    kinds = [model["kind"] for model in evidence.record["models"]]
    blind = next((NO_WEIGHTS[kind] for kind in kinds if kind in NO_WEIGHTS), None)
    if blind is not None:
        return blind
    if not evidence.plan.circuits.trace_findings:
        return NOT_ASKED
    return NOT_MADE if _failing(evidence) else NONE_FAILS


def _failing(evidence: Evidence) -> dict[Contrast, str]:
    """Contrasts of swaps that do not meet a criterion -> the model that they were judged on."""
    return {
        each.contrast: each.model_id
        for each in evidence.findings
        if each.verdict is Verdict.DOES_NOT_MEET
        and each.basis is Basis.SWAPS
        and each.arm is Arm.SWAP
    }


def _left(evidence: Evidence) -> list[UntestedRow]:
    """Findings that the audit did not come to."""
    known = {record.contrast for record in evidence.circuits}
    return [
        UntestedRow(contrast=contrast, model_id=model_id, reason=NOT_AMONG)
        for contrast, model_id in _failing(evidence).items()
        if contrast not in known
    ]


def _traced(record: CircuitRecord) -> TracedRow:
    nodes = [i for i in _largest(record.nodes) if record.nodes[i].name != EMBED]
    return TracedRow(
        record=record,
        members=[i for i in nodes if record.nodes[i].in_circuit],
        beside=[i for i in nodes if not record.nodes[i].in_circuit][:BESIDE],
        edges=_largest(record.edges)[:EDGES],
        figures=[FigureRow(name=name, statement=said) for name, said in statements(record).items()],
    )


def _largest(rows: Sequence[NodeEffect] | Sequence[EdgeEffect]) -> list[int]:
    """Returns places, the largest score first."""
    return sorted(range(len(rows)), key=lambda i: -abs(rows[i].score.value or 0.0))


def _renamed(value: Any, clusters: str, name: str = "") -> Any:
    """Returns a record whose sentences call clusters as this report does."""
    if isinstance(value, str):
        return in_units(value, clusters) if name in _SENTENCES else value
    if isinstance(value, tuple):
        return tuple(_renamed(each, clusters, name) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        own = {f.name: _renamed(getattr(value, f.name), clusters, f.name) for f in fields(value)}
        return replace(value, **own)
    return value
