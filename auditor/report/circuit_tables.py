"""How circuits are laid out: which rows of a record stand in which table."""

from __future__ import annotations

from auditor.records import Estimate
from auditor.records_circuits import CircuitRecord, CircuitSettings

SETTINGS = ("method", "steps", "tolerance", "completeness_error", "seed", "dtype", "attention")
"""In the order in which they are printed."""
CONTROLS = ("faithfulness", "necessity", "completeness", "embedding_only")
"""Estimates of the circuit itself."""


def settings_of(settings: CircuitSettings) -> list[tuple[str, str]]:
    """Returns settings with their names in words."""
    return [(name, name.replace("_", " ")) for name in SETTINGS if getattr(settings, name) != ""]


def level_of(record: CircuitRecord) -> tuple[float, str] | None:
    """Returns the level of the first interval of a component, and where in the record it stands;
    None: there is no interval."""
    for place, node in enumerate(record.nodes):
        for name in ("score", "exact", "necessity"):
            estimate: Estimate = getattr(node, name)
            if estimate.low is not None:
                return estimate.level, f"/nodes/{place}/{name}/level"
    return None


def loss_of(record: CircuitRecord, name: str) -> int | None:
    """Returns the place of what the circuit loses without a component; None: not measured."""
    names = [each for each, _ in record.minimality]
    return names.index(name) if name in names else None


def curve_places(record: CircuitRecord, level: str) -> list[int]:
    """Returns the places of a curve's points, the smallest circuit first."""
    places = [i for i, point in enumerate(record.curve) if point.level == level]
    return sorted(places, key=lambda i: record.curve[i].size)


def attended(record: CircuitRecord) -> list[int]:
    """Returns the places of the circuit's heads in what is said of attention, those that look most
    at the term first."""
    heads = record.attention.heads if record.attention else ()
    places = [i for i, (name, _, _) in enumerate(heads) if name in record.members]
    return sorted(places, key=lambda i: -heads[i][1])


def has_ablation(record: CircuitRecord, level: str) -> bool:
    """Whether any point of a curve says what is left without its components."""
    return any(p.ablation is not None for p in record.curve if p.level == level)
