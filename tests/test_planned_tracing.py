"""What a dry run says of tracing: passes that bound those of the run, from the model's files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import auditor
from auditor.circuits import stage
from auditor.plan import AuditPlan
from auditor.plan_circuits import CircuitPlan
from auditor.planned import Cost, dry_run, planned_lines
from auditor.planned.cost import read_files
from auditor.planned.tracing import COPY_POINTS, TracingCost, tracing_cost
from auditor.records import Finding, Results
from tests.fakes import UNEXPLAINED
from tests.models.conftest import FAMILIES, tiny, tokenizer
from tests.test_planned import frame, look, plan

TAILS = (
    "", "early", "and left", "with soup", "and came back", "and he left early", "with a christian",
    "and came back early", "with a muslim person", "and came back with soup",
)  # fmt: skip
"""Of words that the tiny models' tokenizer knows."""
TEXTS = pd.DataFrame(
    {"t": [f"The man waited at the {p} {t}." for p in ("shop", "bank", "court") for t in TAILS]}
)


def cost_of(model: Path, **options: Any) -> Cost:
    named = plan(models=[{"id": str(model)}], labels=[], **{**UNEXPLAINED, **options})
    cost = dry_run(named, TEXTS).cost
    assert cost is not None
    return cost


def passes_of_run(monkeypatch: pytest.MonkeyPatch, folder: Path, **options: Any) -> tuple[int, int]:
    """Returns the rows that reach a tiny model's last layer while its finding is traced, and how
    many of them have a gradient."""
    model, rows = tiny("bert"), list[bool]()

    def seen(_: Any, entering: tuple[Any, ...]) -> None:
        rows.extend([entering[0].requires_grad] * len(entering[0]))

    def wanted(results: Results, _: AuditPlan) -> list[Finding]:
        rows.clear()
        return [f for f in results.findings if f.verdict is not None]

    model.bert.encoder.layer[-1].attention.output.dense.register_forward_pre_hook(seen)
    monkeypatch.setattr(stage, "findings_to_trace", wanted)
    run = auditor.audit(
        (model, tokenizer()), TEXTS, text="t", favourable="LABEL_1", attributes=["gender"],
        device="cpu", out=folder / "r", **{**UNEXPLAINED, **options},
    )  # fmt: skip
    [circuit] = run.evidence.circuits
    assert circuit.members
    assert circuit.repair is not None
    return len(rows), sum(rows)


def test_a_run_takes_no_more_passes_than_forecast(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nor less than a fifth: so small a model has few random circuits. No path is fine enough for
    this tolerance, so that all steps are taken; those of the copy are not seen here."""
    options = {
        "trace_findings": 1, "circuit_pairs": 10, "random_circuits": 20, "max_steps": 8,
        "completeness_tolerance": 1e-12,
    }  # fmt: skip
    every, with_gradient = passes_of_run(monkeypatch, tmp_path, **options)
    tiny("bert").save_pretrained(tmp_path / "m")
    found = cost_of(tmp_path / "m", favourable="LABEL_1", **options).tracing
    assert found is not None
    assert found.findings == 1
    assert found.passes is not None
    assert found.passes / 5 < every < found.passes
    assert found.gradient_passes == with_gradient + 10 * COPY_POINTS


@pytest.mark.parametrize("family", FAMILIES)
def test_heads_and_mlps_are_read_from_the_config(family: str, tmp_path: Path) -> None:
    model = tiny(family)
    model.config.save_pretrained(tmp_path)
    found = read_files(plan(models=[{"id": str(tmp_path)}]).models[0])
    assert found.components == 2 * (4 + 1)


def test_paths_are_counted_as_often_as_steps_are_doubled() -> None:
    """4, 8 and 16 steps are 5 + 9 + 17 points; 9 more are the copy's. Of 3 findings and 7 pairs."""
    asked = CircuitPlan(trace_findings=3, circuit_pairs=7, max_steps=31)
    found = tracing_cost(asked, ["gender", "age", "age", "age"], 10)
    assert found is not None
    assert (found.findings, found.gradient_passes) == (3, 3 * 7 * (5 + 9 + 17 + 9))


def test_fewer_contrasts_or_no_repairs_cost_less() -> None:
    def passes(attributes: list[str], **options: Any) -> int:
        found = tracing_cost(CircuitPlan(trace_findings=2, **options), attributes, 78)
        assert found is not None
        assert found.passes is not None
        return found.passes

    both = passes(["gender", "gender"])
    assert passes(["gender"]) == both / 2
    assert passes(["gender", "gender"], repairs=False) < both < passes(["gender", "age"])


def test_a_model_whose_size_is_not_known_has_no_passes() -> None:
    assert tracing_cost(CircuitPlan(), ["age"], None) == TracingCost(1, None, None)
    planned = look(texts=frame())
    assert planned.cost is not None
    cost = replace(planned.cost, tracing=TracingCost(1, None, None))
    lines = planned_lines(replace(planned, cost=cost))
    assert any("1 of them, of a model whose heads and layers are not known" in x for x in lines)


@pytest.mark.parametrize("findings", [0, 2])
def test_what_traces_nothing_says_nothing(findings: int) -> None:
    """The plan asks for none; or the model is a function."""
    planned = look(texts=frame(), trace_findings=findings)
    assert planned.cost is not None
    assert planned.cost.tracing is None
    assert not any("tracing" in line for line in planned_lines(planned))


def test_the_forecast_is_said(tmp_path: Path) -> None:
    tiny("bert").config.save_pretrained(tmp_path)
    planned = dry_run(plan(models=[{"id": str(tmp_path)}], labels=[], favourable=()), TEXTS)
    [line] = [line for line in planned_lines(planned) if "tracing" in line]
    assert "up to 1 of them, in up to" in line
