"""What the charts of a circuit show, in words: for those who do not see them."""

from __future__ import annotations

from collections.abc import Callable

from auditor.records_circuits import CircuitRecord, CurvePoint, NodeEffect
from auditor.report.measures import unit_words
from auditor.report.numbers import number
from auditor.report.parts_circuits import FigureName
from auditor.report.words_circuits import repair_kind

_UNMEASURED_BAND = "random circuits were not measured at this size"


def statements(record: CircuitRecord) -> dict[FigureName, str]:
    """Returns chart -> what it shows, for those charts that have something to draw."""
    said = {name: say(record) for name, say in _STATEMENTS.items()}
    return {name: words for name, words in said.items() if words is not None}


def curve_of(record: CircuitRecord, level: str) -> list[CurvePoint]:
    """Returns the measured points of one level that a logarithmic axis can show, smallest first."""
    points = [
        p for p in record.curve if p.level == level and p.size and p.faithfulness.value is not None
    ]
    return sorted(points, key=lambda point: point.size)


def heads_of(record: CircuitRecord) -> list[NodeEffect]:
    """Returns the components that are attention heads."""
    return [node for node in record.nodes if node.name.startswith("a")]


def _graph(record: CircuitRecord) -> str | None:
    if not record.nodes:
        return None
    members = [node for node in record.nodes if node.in_circuit]
    edges = sum(edge.in_circuit for edge in record.edges)
    if not members:
        return "No component is in the circuit."
    heads = sum(node.name.startswith("a") for node in members)
    mlps = sum(node.name.startswith("m") for node in members)
    return (
        f"Components of the model by layer. The circuit has {heads} of {record.heads} heads and "
        f"{mlps} of {record.mlps} MLPs, joined by {edges} edges. {_most(members, record)}"
    )


def _heads(record: CircuitRecord) -> str | None:
    heads = heads_of(record)
    if not heads:
        return None
    inside = sum(node.in_circuit for node in heads)
    return (
        f"Scores of all {len(heads)} heads, by layer and head; {inside} are in the circuit. "
        f"{_most(heads, record)}"
    )


def _most(nodes: list[NodeEffect], record: CircuitRecord) -> str:
    most = max(nodes, key=lambda node: abs(node.score.value or 0.0))
    return f"The largest score is that of {most.name}: {number(most.score)} {_unit(record)}."


def _unit(record: CircuitRecord) -> str:
    return unit_words(record.unit)


def _faithfulness(level: str, noun: str) -> Callable[[CircuitRecord], str | None]:
    def say(record: CircuitRecord) -> str | None:
        points = curve_of(record, level)
        if not points:
            return None
        size = len(record.members) if level == "node" else record.edge_members
        point = min(points, key=lambda each: abs(each.size - size))
        band = _UNMEASURED_BAND
        if point.random is not None:
            band = f"random circuits carry {number(point.random, signed=False)}"
        return (
            f"Share of the effect that circuits of growing size carry. The {point.size:,} {noun} "
            "that carry most: together they carry "
            f"{number(point.faithfulness, signed=False)}; {band}. "
            f"{_reach(record) if level == 'node' else ''}"
        ).rstrip()

    return say


def _reach(record: CircuitRecord) -> str:
    if record.k_80 is None:
        return "No size reaches four fifths of the effect and keeps it."
    return f"From {record.k_80} components on, four fifths of the effect are reached and kept."


def _ablation(record: CircuitRecord) -> str | None:
    left = [(p.size, p.ablation) for p in curve_of(record, "node") if p.ablation is not None]
    measured = [(size, each) for size, each in left if each.value is not None]
    if not measured:
        return None
    (first, most), (last, least) = measured[0], measured[-1]
    return (
        "Share of the effect that is left when components are held at the second group's version. "
        f"{first:,} held: {number(most, signed=False)} left; {last:,} held: "
        f"{number(least, signed=False)}."
    )


def _repair(record: CircuitRecord) -> str | None:
    options = record.repair.options if record.repair else ()
    measured = [o for o in options if o.remaining_gap.value is not None and o.quality is not None]
    if record.repair is None or not measured:
        return None
    best = min(measured, key=lambda option: abs(option.remaining_gap.value or 0.0))
    assert best.quality is not None
    advised = "none" if record.repair.recommended is None else "one"
    return (
        f"Share of the effect that is left against quality, of {len(measured)} repairs; {advised} "
        f"is recommended. The least is left by "
        f"{repair_kind(best.kind).lower()}: {number(best.remaining_gap, signed=False)} at a "
        f"quality of {number(best.quality, signed=False)}."
    )


_STATEMENTS: dict[FigureName, Callable[[CircuitRecord], str | None]] = {
    "graph": _graph,
    "heads": _heads,
    "components": _faithfulness("node", "components"),
    "edges": _faithfulness("edge", "edges"),
    "ablation": _ablation,
    "repair": _repair,
}
