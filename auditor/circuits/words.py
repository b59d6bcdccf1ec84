"""What a circuit says, in one sentence with its uncertainty."""

from __future__ import annotations

from auditor.circuits.base import Kind, Node
from auditor.circuits.discovery import LEVEL
from auditor.metrics.estimates import NOISE
from auditor.records import Estimate
from auditor.records_circuits import CircuitRecord, RandomControl


def sentence(record: CircuitRecord) -> str:
    """Returns the record's result in plain words.

    A circuit that random ones equal, or that carries an effect which is not told from 0, is never
    claimed.
    """
    assert record.pairs is not None
    where = f"on {record.pairs.held_out} held-out pairs"
    if not record.members:
        return (
            "No head or MLP is shown to carry the gap: none has both a score and an exact effect "
            f"that are told from 0 on {record.pairs.discovery} discovery pairs."
        )
    carried = record.faithfulness
    if carried is None or carried.value is None:
        reason = carried.reason if carried is not None else "not measured"
        return f"{_parts(record)} were found, and what they carry is not known {where}: {reason}."
    clauses = [f"{_parts(record)} carry {share(carried)} of the {record.unit} gap {where}"]
    if record.random is None:
        clauses.append("no random circuits of that size were compared")
    else:
        clauses.append(f"random circuits of that size carry {percent(record.random.mean)}")
    if record.stability is not None and record.stability.found_again is not None:
        clauses.append(f"found again in {percent(record.stability.found_again)} of resamples")
    return "; ".join(clauses) + "." + _doubt(record.random, carried.value)


def _doubt(random: RandomControl | None, carried: float) -> str:
    """Returns why random circuits leave nothing to claim; nothing where they do not."""
    if random is None or random.p <= LEVEL:
        return ""
    hits = sum(each >= carried - NOISE for each in random.faithfulness)
    found = (
        f"{hits} of {random.count} random circuits carry as much"
        if hits
        else f"Only {random.count} other circuits of that kind could be compared"
    )
    return (
        f" {found} (p = {random.p:.2f}), so this is no evidence that these components matter more "
        "than others."
    )


def share(estimate: Estimate) -> str:
    """Returns a share with its interval, in percent: 84 % [78, 90]."""
    if estimate.value is None:
        return "an unknown share"
    if estimate.low is None or estimate.high is None:
        return percent(estimate.value)
    return f"{percent(estimate.value)} [{round(100 * estimate.low)}, {round(100 * estimate.high)}]"


def percent(value: float) -> str:
    """Returns a share in whole percent: 84 %."""
    # Rounded first: a share just below 0 is 0, not -0.
    return f"{round(100 * value) or 0} %"


def _parts(record: CircuitRecord) -> str:
    kinds = [Node.parse(name).kind for name in record.members]
    heads, mlps = kinds.count(Kind.HEAD), kinds.count(Kind.MLP)
    parts = [
        f"{count} of {of} {word}s"
        for count, of, word in ((heads, record.heads, "head"), (mlps, record.mlps, "MLP"))
        if count
    ]
    return " and ".join(parts)
