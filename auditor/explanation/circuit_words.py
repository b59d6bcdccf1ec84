"""Circuits in words and tables, for the command line."""

from __future__ import annotations

from typing import Any

from auditor.explanation.tracing import Traced
from auditor.records import Estimate, to_plain
from auditor.records_circuits import CircuitRecord, NodeEffect
from auditor.report.numbers import number, p_value

NUMBERS = ("score", "exact", "necessity", "p", "found again")
"""Columns of `member_rows` that are numbers."""
NO_MEMBERS = "No head and no MLP is in the circuit."
ADDENDUM = "Traced now and sealed beside the evidence, which stays as it was; written to {place}"
KNOWN = "Traced already, and read from {place}; --again traces it anew."


def member_rows(record: CircuitRecord) -> list[dict[str, str]]:
    """Returns a table for people: the components of the circuit, the largest score first."""
    return [_row(node) for node in record.nodes if node.in_circuit]


def circuit_lines(record: CircuitRecord) -> list[str]:
    """Returns what stands below the table: how far the circuit holds, and what speaks against."""
    lines = [] if record.members else [NO_MEMBERS]
    lines += [
        f"{name}: {shares(found)} of the effect{note}"
        for name, found, note in (
            ("Faithfulness", record.faithfulness, " is carried by the circuit alone"),
            ("Necessity", record.necessity, " goes without it"),
        )
        if found is not None
    ]
    if (random := record.random) is not None:
        between = f"[{percent(random.low)}, {percent(random.high)}]"
        lines.append(
            f"Random control: {random.count} circuits of the same type, layer and size carry "
            f"{percent(random.mean)} {between} of the effect; p = {p_value(random.p)}"
        )
    else:
        lines.append("Random control: not measured")
    if (stability := record.stability) is not None and stability.found_again is not None:
        again = percent(stability.found_again)
        lines.append(f"Found again: {again} of {stability.resamples} resamples of clusters")
    contrast = record.contrast
    of = f", of {contrast.group_b} against {contrast.group_a}" if contrast else ""
    lines.append(
        f"Scores are means per pair, {record.unit}{of}; exact and necessity: of patching the "
        "component alone, on held-out pairs."
    )
    return [*lines, *record.notes]


def circuit_json(traced: Traced) -> dict[str, Any]:
    """Returns a circuit as one JSON document. `traced_now`: by this call, else by an earlier."""
    return {
        **to_plain(traced.record),
        "members": list(traced.record.members),
        "place": str(traced.place),
        "traced_now": traced.now,
    }


def place_line(traced: Traced) -> str:
    """Returns where a circuit lies, and who put it there."""
    return (ADDENDUM if traced.now else KNOWN).format(place=traced.place)


def shares(estimate: Estimate) -> str:
    """Returns a share and its interval in percent: "84 % [78 %, 90 %]"."""
    if estimate.value is None:
        return f"not measured ({estimate.reason})"
    if estimate.low is None or estimate.high is None:
        return percent(estimate.value)
    return f"{percent(estimate.value)} [{percent(estimate.low)}, {percent(estimate.high)}]"


def percent(share: float) -> str:
    """Returns a share in whole percent: a hundred pairs say no more of it."""
    return f"{100 * share:.0f} %".replace("-0 %", "0 %")


def _row(node: NodeEffect) -> dict[str, str]:
    return {
        "component": node.name,
        "score": number(node.score),
        "exact": number(node.exact),
        "necessity": number(node.necessity),
        "p": "" if node.p is None else p_value(node.p),
        "found again": "" if node.inclusion is None else percent(node.inclusion),
    }
