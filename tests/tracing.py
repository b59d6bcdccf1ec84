"""A tracer with known answers, in the place of the engine that traces findings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from auditor.errors import ModelError
from auditor.plan import AuditPlan
from auditor.records import Contrast, Estimate, Finding, Results
from auditor.records_circuits import (
    CircuitPairs,
    CircuitRecord,
    NodeEffect,
    RandomControl,
    Stability,
)
from auditor.schemas import CIRCUIT_PAIRS

COMPONENTS = ("a0.h1", "m1")


def share(value: float) -> Estimate:
    return Estimate(value, value - 0.06, value + 0.06, 60, 12, "share", "bootstrap")


def effect(value: float) -> Estimate:
    return Estimate(value, value - 0.1, value + 0.1, 60, 12, "log-odds", "bootstrap")


def node(name: str, score: float, *, in_circuit: bool = True) -> NodeEffect:
    return NodeEffect(name, effect(score), effect(score), effect(score), 0.01, 0.91, in_circuit)


def circuit(finding_id: str = "gender.male.female.flip_rate", **changes: Any) -> CircuitRecord:
    """Returns a circuit of two components of three, which carry 84 % of the effect."""
    given: dict[str, Any] = {
        "contrast": Contrast("gender", "male", "female"),
        "finding_id": finding_id,
        "model_id": "m",
        "unit": "log-odds",
        "metric": "log-odds of 'ok'",
        "sentence": "1 of 8 heads and 1 of 2 MLPs carry 84 % [78, 90] of the log-odds gap.",
        "pairs": CircuitPairs(20, 60, 10, 12, 80, 1.0, 0, 0, 0.0),
        "total_effect": effect(-1.5),
        "nodes": (node("a0.h1", -1.0), node("m1", -0.5), node("m0", 0.1, in_circuit=False)),
        "faithfulness": share(0.84),
        "necessity": share(0.7),
        "k_80": 2,
        "random": RandomControl(200, 0.06, -0.02, 0.14, 0.005, (0.05, 0.07)),
        "stability": Stability(200, 0.8, 0.91),
        "notes": ("2 pairs were left out.",),
    }
    return CircuitRecord(**{**given, **changes})


def not_traced(finding: Finding, model_id: str, reason: str) -> CircuitRecord:
    sentence = f"Not traced: {reason}."
    names = (finding.contrast, finding.finding_id, model_id, "log-odds", "", sentence)
    return CircuitRecord(*names, not_tested=reason)


def rows(finding_id: str, pair_ids: Sequence[str]) -> pa.Table:
    """Returns a row per component and pair; a score counts the pairs before it."""
    return pa.Table.from_pylist(
        [
            {"finding_id": finding_id, "pair_id": pair, "component": name, "score": float(i)}
            for i, pair in enumerate(pair_ids)
            for name in COMPONENTS
        ],
        schema=CIRCUIT_PAIRS,
    )


@dataclass
class Traces:
    """What was asked of the tracer, and what it answers."""

    refuse: str | None = None
    """Why it refuses the model."""
    findings: list[str] = field(default_factory=list)
    """Traced, in order."""
    pairs: list[pd.DataFrame] = field(default_factory=list)
    others: list[Mapping[str, pd.DataFrame]] = field(default_factory=list)
    models: list[Any] = field(default_factory=list)

    def of(self, model: Any, _outcome: Any, _plan: AuditPlan) -> Traces:
        self.models.append(model)
        if self.refuse is not None:
            raise ModelError(self.refuse)
        return self

    def trace(
        self,
        finding: Finding,
        pairs: pd.DataFrame,
        tell: Callable[[str, int, int], None],
        *,
        others: Mapping[str, pd.DataFrame],
    ) -> tuple[CircuitRecord, pa.Table]:
        tell("scoring components", 1, 2)
        self.others.append(others)
        self.findings.append(finding.finding_id)
        self.pairs.append(pairs)
        made = circuit(finding.finding_id, contrast=finding.contrast, model_id=finding.model_id)
        return made, rows(finding.finding_id, pairs["pair_id"].tolist())


def _why_not(plan: AuditPlan) -> str | None:
    if plan.data.pairs or plan.data.predictions:
        return "the pairs were scored elsewhere"
    return None if plan.circuits.trace_findings else "the plan asks for none"


def _findings(results: Results, plan: AuditPlan) -> list[Finding]:
    """Whatever their verdict is: that of a tiny model is chance."""
    judged = [f for f in results.findings if f.verdict is not None]
    return judged[: plan.circuits.trace_findings]


def put_in_place(monkeypatch: pytest.MonkeyPatch) -> Traces:
    """Returns the tracer, put in the place of the engine."""
    made = Traces()
    stage: Any = ModuleType("auditor.circuits.stage")
    stage.Tracer, stage.not_traced = made, not_traced
    stage.why_not, stage.findings_to_trace = _why_not, _findings
    monkeypatch.setitem(sys.modules, "auditor.circuits.stage", stage)
    return made
