"""Which findings an audit traces, and what comes of one."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from auditor.circuits.repair.quality import ACCURACY, AGREEMENT
from auditor.circuits.stage import Tracer, findings_to_trace, not_traced, why_not
from auditor.errors import ModelError
from auditor.models.callables import CallableModel
from auditor.models.outcomes import Outcome
from auditor.plan import AuditPlan, ScoringPlan
from auditor.records import Arm, Basis, Criterion, Overall, Results, Verdict
from auditor.records_circuits import CircuitRecord
from tests.circuits.spoken import spoken
from tests.circuits.traced import CONTRAST, audited, finding, plan, traced, tracer
from tests.fakes import constant


def wanted(*findings: Any, count: int = 9) -> list[str]:
    """Returns what is traced of findings, as attribute.group.metric."""
    results = Results(Overall(Verdict.DOES_NOT_MEET, ""), findings)
    chosen = findings_to_trace(results, plan(trace_findings=count))
    return [f"{f.contrast.attribute}.{f.contrast.group_b}.{f.metric}" for f in chosen]


def test_the_worst_of_each_attribute_comes_first() -> None:
    found = wanted(
        finding("age", "old", 0.2), finding("age", "young", 0.9), finding("race", "b", 0.3),
        finding("age", "child", 0.5), finding("race", "c", 0.8), finding("faith", "d", 0.1),
    )  # fmt: skip
    assert [each.removesuffix(".flip_rate") for each in found] == [
        "age.young", "race.c", "faith.d", "age.child", "race.b", "age.old",
    ]  # fmt: skip


def test_as_many_as_the_plan_asks_for_are_traced() -> None:
    findings = [finding("age", group, 0.1 * i) for i, group in enumerate("abcd", 1)]
    assert wanted(*findings, count=2) == ["age.d.flip_rate", "age.c.flip_rate"]
    assert wanted(*findings, count=0) == []


def test_of_a_contrasts_findings_the_furthest_beyond_its_criterion_is_traced() -> None:
    narrow, wide = (Criterion(delta, "ours") for delta in (0.01, 0.5))
    found = wanted(
        finding(value=0.1, metric="mean_effect", criterion=narrow),
        finding(value=0.6, metric="flip_rate", criterion=wide),
        finding("age", "old", value=-0.09, criterion=narrow),
    )
    assert found == ["gender.woman.mean_effect", "age.old.flip_rate"]


@pytest.mark.parametrize(
    "changed",
    [
        {"verdict": Verdict.MEETS},
        {"verdict": Verdict.INCONCLUSIVE},
        {"verdict": None},
        {"arm": Arm.PLACEBO},
        {"basis": Basis.GROUPS},
    ],
)
def test_only_swaps_that_do_not_meet_are_traced(changed: dict[str, Any]) -> None:
    assert wanted(finding()) == ["gender.woman.flip_rate"]
    assert wanted(finding(**changed)) == []


def data(**changes: Any) -> AuditPlan:
    given = plan()
    return given.model_copy(update={"data": given.data.model_copy(update=changes)})


def test_a_plan_that_traces_nothing_says_why() -> None:
    assert why_not(plan()) is None
    assert why_not(plan(trace_findings=0)) == "the plan traces no findings (trace_findings = 0)"
    assert "a table of outcomes has no model" in str(why_not(data(predictions="p.csv")))
    assert "the pairs were scored elsewhere" in str(why_not(data(pairs="p.jsonl")))


def test_what_was_not_traced_keeps_its_finding_and_says_why() -> None:
    record = not_traced(finding(), "m", "layers are quantised")
    assert record.finding_id == "gender.man.woman.flip_rate"
    assert (record.not_tested, record.model_id) == ("layers are quantised", "m")
    assert record.sentence == "Not tested: layers are quantised."
    assert (record.nodes, record.faithfulness) == ((), None)


def test_a_function_has_no_tracer() -> None:
    scoring = ScoringPlan(labels=("negative", "positive"), favourable=("positive",))
    model = CallableModel(constant, scoring, model_id="ours")
    outcome = Outcome.of(model.labels, model.kind, scoring)
    with pytest.raises(ModelError, match=r"ours is a function.*no weights to look into"):
        Tracer.of(model, outcome, plan())


def test_the_planted_circuit_of_a_finding_is_found() -> None:
    record, _ = traced()
    assert set(record.members) == set(spoken("bert").members)
    assert (record.contrast, record.finding_id) == (CONTRAST, "gender.man.woman.flip_rate")
    assert (record.model_id, record.metric) == ("planted", "log-odds of 'LABEL_1'")
    assert record.total_effect is not None
    assert (record.total_effect.value or 0) > 1
    assert record.pairs is not None
    assert (record.pairs.of, record.pairs.discovery, record.pairs.held_out) == (32, 12, 12)


def test_whichever_version_was_the_source_does_not_matter() -> None:
    turned, _ = tracer().trace(finding(), audited(turned=True))
    assert turned == traced()[0]


def test_the_unfavourable_label_turns_the_sign() -> None:
    record, _ = tracer(favourable=("LABEL_0",), repairs=False).trace(finding(), audited())
    assert record.total_effect is not None
    assert (record.total_effect.value or 0) < -1
    assert set(record.members) == set(spoken("bert").members)


def test_without_labels_quality_is_agreement_with_the_model() -> None:
    repair = traced()[0].repair
    assert repair is not None
    assert repair.quality_measure == AGREEMENT
    assert repair.quality_before.value == 1


def labelled(*labels: str | None) -> CircuitRecord:
    pairs = audited(label_true=[labels[i % len(labels)] for i in range(32)])
    record, _ = tracer().trace(finding(), pairs)
    assert record.repair is not None
    return record


def test_with_labels_quality_is_accuracy_on_both_versions() -> None:
    repair = labelled("LABEL_1").repair
    assert repair is not None
    assert repair.quality_measure == ACCURACY
    # The model says LABEL_1 of B's versions alone.
    assert repair.quality_before.value == 0.5
    assert repair.quality_before.n == 24


@pytest.mark.parametrize("labels", [("good",), ("LABEL_1", "LABEL_1", None)])
def test_labels_that_are_not_the_models_are_no_measure(labels: tuple[str | None, ...]) -> None:
    repair = labelled(*labels).repair
    assert repair is not None
    assert repair.quality_measure == AGREEMENT


def test_repairs_are_watched_on_other_contrasts() -> None:
    few = audited()[:6]
    others = {"age: old v young": audited(), "race: b v a": few, "faith: b v a": few[:0]}
    record, _ = tracer().trace(finding(), audited(), others=others)
    assert record.repair is not None
    for option in record.repair.options:
        assert [name for name, _ in option.other_gaps] == ["age: old v young"]
    notes = [each for each in record.repair.notes if "was not measured" in each]
    assert [each.split(" was")[0] for each in notes] == [
        "What repairs do to race: b v a",
        "What repairs do to faith: b v a",
    ]
    assert "clusters are left on the smaller side" in notes[0]


def test_where_no_repair_is_asked_for_none_is_tried() -> None:
    record, _ = tracer(repairs=False).trace(finding(), audited())
    assert record.members
    assert record.repair is None


def regression() -> Any:
    """Returns the planted classifier as a regression: the second label's logit less the first's."""
    from transformers import BertConfig, BertForSequenceClassification

    planted = spoken("bert").model
    config = BertConfig.from_dict({**planted.config.to_dict(), "num_labels": 1})
    model = BertForSequenceClassification(config).double().eval()
    model.bert.load_state_dict(planted.bert.state_dict())
    head = planted.classifier
    with torch.no_grad():
        model.classifier.weight.copy_(head.weight[1:] - head.weight[:1])
        model.classifier.bias.copy_(head.bias[1:] - head.bias[:1])
    return model


def test_a_regression_has_no_repair_and_says_so() -> None:
    record, _ = tracer(model=regression(), favourable=("higher",)).trace(finding(), audited())
    assert set(record.members) == set(spoken("bert").members)
    assert record.repair is None
    assert "No repair was tried" in record.notes[-1]


@pytest.mark.parametrize("count", [0, 6])
def test_too_few_clusters_are_refused(count: int) -> None:
    with pytest.raises(ModelError, match=rf"{count // 2} clusters are left"):
        tracer().trace(finding(), audited()[:count])


def test_progress_is_told() -> None:
    told: list[str] = []
    tracer().trace(finding(), audited(), lambda what, _, __: told.append(what))
    assert list(dict.fromkeys(told)) == ["scoring pairs", "patching", "controls", "repairs"]


def test_template_domains_are_judged_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.circuits import stage

    domains = {"t0": "work", "t1": "home", "t2": None}
    monkeypatch.setattr(stage, "domains_of", lambda _: domains)
    pairs = audited(template_id=["t0"] * 22 + ["t1"] * 4 + ["t2"] * 4 + [None] * 2)
    record, _ = tracer(circuit_pairs=16, repairs=False).trace(finding(), pairs)
    assert [each.domain for each in record.across] == ["work"]
    assert record.across[0].faithfulness.value == pytest.approx(1)
