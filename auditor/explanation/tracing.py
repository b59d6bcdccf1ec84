"""A finding of a finished run traced now, and written beside the evidence as an addendum."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from auditor.errors import ModelError, RunError
from auditor.evidence.circuits import StoredCircuit
from auditor.evidence.reader import Evidence, pairs_glob
from auditor.evidence.run_folder import add_circuit
from auditor.explanation.judged import can_load, how_later, load_judged, refuse_another
from auditor.pipeline import Step, Tell, tracing
from auditor.records import Arm, Basis, Finding
from auditor.records_circuits import CircuitRecord

MOST_LISTED = 20
"""Findings named to somebody who gave one that there is not."""


@dataclass(frozen=True, slots=True)
class Traced:
    """The circuit of a finding."""

    record: CircuitRecord
    place: Path
    """Where it lies: an addendum's folder, or a file of the evidence."""
    now: bool
    """Whether it was traced by this call."""


def circuit_of(evidence: Evidence, finding_id: str) -> StoredCircuit:
    """Returns the circuit that the run has of a finding, or why it could not be traced.

    Raises:
        RunError: no such finding, or nothing tried to trace it.
    """
    if (stored := _stored(evidence, finding_id)) is not None:
        return stored
    words, code = how_to_trace(evidence, _finding(evidence, finding_id).finding_id)
    raise RunError(f"finding {finding_id} was not traced. {words} {code or ''}".strip())


def how_to_trace(evidence: Evidence, finding_id: str) -> tuple[str, str | None]:
    """Returns how a finding can be traced later: in words, and what to type, if anything."""
    return how_later(
        evidence,
        "To trace it now:",
        command=f"auditor circuits {evidence.folder} --finding {finding_id}",
        code=f"run.trace({finding_id!r}, model=(model, tokenizer))",
    )


def trace_finding(
    evidence: Evidence,
    finding_id: str,
    *,
    model: Any = None,
    device: str | None = None,
    again: bool = False,
    tell: Tell = lambda _: None,
) -> Traced:
    """Returns the circuit of a finding: as the run has it, else traced now.

    What is traced now becomes an addendum, sealed and chained to the evidence.

    Args:
        model: as of `models.load_model`, where the run's own cannot be loaded again.
        device: in place of the plan's.
        again: trace it anew even where the run has its circuit.

    Raises:
        RunError: no finding of swaps has this id, the run is not sealed, or its model changed.
        ModelError: the model cannot be loaded or not be traced, or the finding has too few pairs.
    """
    stored = _stored(evidence, finding_id)
    if stored is not None and stored.traced and not again:
        return Traced(stored.record, stored.place, now=False)
    finding = _finding(evidence, finding_id)
    if evidence.root_hash is None:
        raise RunError(
            f"{evidence.folder} is not sealed; complete it with: auditor run --resume "
            f"{evidence.folder}"
        )
    record, rows = _trace(evidence, finding, model, device, tell)
    if record.not_tested is not None:
        raise ModelError(f"finding {finding_id} cannot be traced: {record.not_tested}")
    return Traced(record, add_circuit(evidence.folder, record, rows), now=True)


def _trace(
    evidence: Evidence, finding: Finding, given: Any, device: str | None, tell: Tell
) -> tuple[CircuitRecord, pa.Table]:
    from auditor.circuits.pairs_of import trace_in_run
    from auditor.circuits.stage import Tracer
    from auditor.models import Outcome

    if given is None and not can_load(evidence):
        words, code = how_to_trace(evidence, finding.finding_id)
        reason = f"finding {finding.finding_id} cannot be traced. {words} {code or ''}"
        raise ModelError(reason.strip())
    tell(Step(evidence.folder, f"loading {finding.model_id}", 0))
    model = load_judged(evidence, given=given, device=device)
    outcome = Outcome.of(model.labels, model.kind, evidence.plan.scoring)
    if given is not None:
        refuse_another(evidence, model, outcome)
    tracer = Tracer.of(model, outcome, evidence.plan)
    pairs, told = pairs_glob(evidence.folder / "evidence"), tracing(evidence.folder, finding, tell)
    return trace_in_run(tracer, finding, evidence.results, pairs, told)


def _stored(evidence: Evidence, finding_id: str) -> StoredCircuit | None:
    known = (each for each in evidence.stored_circuits if each.record.finding_id == finding_id)
    return next(known, None)


def _finding(evidence: Evidence, finding_id: str) -> Finding:
    """Returns a finding that can be traced: of texts in which a group was swapped for another."""
    swaps = {
        f.finding_id: f for f in evidence.findings if f.basis is Basis.SWAPS and f.arm is Arm.SWAP
    }
    if finding_id in swaps:
        return swaps[finding_id]
    judged = [name for name, finding in swaps.items() if finding.verdict is not None]
    names = judged or list(swaps)
    more = [f"... and {len(names) - MOST_LISTED} more"] if len(names) > MOST_LISTED else []
    lines = [f"  - {line}" for line in [*names[:MOST_LISTED], *more]]
    known = any(f.finding_id == finding_id for f in evidence.findings)
    what = "compares no texts with a group swapped" if known else f"is not in {evidence.folder}"
    can = "those that can be traced are:" if lines else "none of its findings can be traced"
    raise RunError("\n".join([f"finding {finding_id!r} {what}; {can}", *lines]))
