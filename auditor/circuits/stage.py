"""The audit's circuits: findings that do not meet their criterion, traced one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow as pa

from auditor.circuits.base import Aligned
from auditor.circuits.choosing import Chosen, choose, oriented
from auditor.circuits.engine import Engine
from auditor.circuits.margins import favourable_margin
from auditor.circuits.mending import Stakes, decisions, with_repair
from auditor.circuits.pair_rows import pair_rows
from auditor.circuits.subject import Subject
from auditor.circuits.trace import About, Tell, trace
from auditor.errors import ModelError
from auditor.models.base import Model
from auditor.models.classifier import Classifier
from auditor.models.outcomes import Outcome
from auditor.plan import AuditPlan
from auditor.records import Arm, Basis, Finding, Results, Verdict
from auditor.records_circuits import CircuitRecord
from auditor.sources.templates import domains_of

__all__ = ["Tracer", "findings_to_trace", "not_traced", "why_not"]


def why_not(plan: AuditPlan) -> str | None:
    """Returns why an audit of this plan traces nothing; None where it does."""
    if plan.circuits.trace_findings == 0:
        return "the plan traces no findings (trace_findings = 0)"
    if plan.data.predictions:
        return "a table of outcomes has no model to trace findings in"
    if plan.data.pairs:
        return "the pairs were scored elsewhere; a finding is traced in the model itself"
    return None


def findings_to_trace(results: Results, plan: AuditPlan) -> list[Finding]:
    """Returns as many findings as the plan asks for that do not meet their criterion, one per
    contrast: the worst of each attribute first, then the second of each, and so on."""
    beyond = [
        finding
        for finding in results.findings
        if finding.verdict is Verdict.DOES_NOT_MEET
        and finding.basis is Basis.SWAPS
        and finding.arm is Arm.SWAP
    ]
    # Of several findings of a contrast the last one stays, which is the furthest beyond.
    first = {finding.contrast: finding for finding in sorted(beyond, key=_times_delta)}
    worst = sorted(first.values(), key=_times_delta, reverse=True)
    seen: Counter[str] = Counter()
    turns: dict[str, int] = {}
    for finding in worst:
        turns[finding.finding_id] = seen[finding.contrast.attribute]
        seen[finding.contrast.attribute] += 1
    # Sorting keeps the order of those with the same turn.
    in_turn = sorted(worst, key=lambda finding: turns[finding.finding_id])
    return in_turn[: plan.circuits.trace_findings]


def _times_delta(finding: Finding) -> tuple[float, str]:
    value, criterion = finding.estimate.value or 0.0, finding.criterion
    delta = criterion.delta if criterion is not None else 0.0
    return abs(value) / delta if delta else abs(value), finding.finding_id


def not_traced(finding: Finding, model_id: str, reason: str) -> CircuitRecord:
    """Returns the record of a finding that could not be traced, and why."""
    return CircuitRecord(
        contrast=finding.contrast,
        finding_id=finding.finding_id,
        model_id=model_id,
        unit="log-odds",
        metric="",
        sentence=f"Not tested: {reason}.",
        not_tested=reason,
    )


@dataclass(frozen=True, slots=True)
class Tracer:
    """One checkpoint, with what is traced in it."""

    subject: Subject
    model: Classifier
    outcome: Outcome
    plan: AuditPlan

    @classmethod
    def of(cls, model: Model, outcome: Outcome, plan: AuditPlan) -> Tracer:
        """Returns the tracer of an audit's model.

        Raises:
            ModelError: a function, or a model whose circuits cannot be traced, and why.
        """
        subject = Subject.of(model)
        assert isinstance(model, Classifier)
        return cls(subject, model, outcome, plan)

    def trace(
        self,
        finding: Finding,
        pairs: pd.DataFrame,
        tell: Tell = lambda *_: None,
        *,
        others: Mapping[str, pd.DataFrame] = {},
    ) -> tuple[CircuitRecord, pa.Table]:
        """Returns a finding's circuit, and the table of its components on every pair.

        Args:
            pairs: valid swap pairs of the finding's contrast, as of `pairs_of.valid_pairs`.
            others: contrast -> pairs, of which a repair should not make new gaps.

        Raises:
            ModelError: too few clusters, no effect at all, or texts that cannot be aligned.
        """
        plan = self.plan
        with self.subject.engine(favourable_margin(self.outcome)) as engine:
            chosen = choose(self.subject, oriented(pairs), plan.circuits, engine.margins)
            about = About(self.model.model_id, finding.contrast, finding.finding_id)
            traced = trace(
                engine,
                chosen,
                plan.circuits,
                about,
                seed=plan.seed,
                domains=domains_of(plan.data.templates),
                tell=tell,
            )
            rows = pair_rows(engine, chosen, traced)
            record = traced.record
            if plan.circuits.repairs and record.members:
                tell("repairs", 0, 1)
                record = self._repaired(engine, chosen, record, others)
            return record, rows

    def _repaired(
        self,
        engine: Engine,
        chosen: Chosen,
        record: CircuitRecord,
        others: Mapping[str, pd.DataFrame],
    ) -> CircuitRecord:
        if self.model.kind == "regression":
            note = "No repair was tried: a number per text has no right and wrong to keep."
            return replace(record, notes=(*record.notes, note))
        quality = decisions(self.subject, chosen, self._predict, self.model.labels)
        usable, notes = self._others(engine, others)
        return with_repair(
            engine,
            self.subject,
            chosen,
            record,
            Stakes(quality, usable, notes=tuple(notes)),
            plan=self.plan.circuits,
            seed=self.plan.seed,
        )

    def _predict(self, _: Any, texts: Sequence[str]) -> list[int]:
        distinct = list(dict.fromkeys(texts))
        read = self.outcome.read(self.model.score(distinct, exact=True, cut=True).values)
        assert read.label is not None, "every kind but a regression has labels"
        said = dict(zip(distinct, read.label.tolist(), strict=True))
        return [self.model.labels.index(said[text]) for text in texts]

    def _others(
        self, engine: Engine, others: Mapping[str, pd.DataFrame]
    ) -> tuple[dict[str, Aligned], list[str]]:
        """Returns held-out pairs of other contrasts, and which have too few, in a sentence each."""
        found: dict[str, Aligned] = {}
        notes: list[str] = []
        for name, pairs in others.items():
            try:
                side = choose(self.subject, oriented(pairs), self.plan.circuits, engine.margins)
            except ModelError as error:
                notes.append(f"What repairs do to {name} was not measured: {error}.")
            else:
                found[name] = side.held_out.pairs
        return found, notes
