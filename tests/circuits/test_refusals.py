"""What cannot be traced is refused by name, with what to do; a finding stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import auditor
from auditor.errors import DataError, ModelError, PlanError
from tests.circuits.spoken import FAST
from tests.circuits.worded import model_of, pairs_of, set_apart
from tests.fakes import UNEXPLAINED
from tests.models.conftest import FAMILIES, tiny, tokenizer

PAIRS = pairs_of((("the man", "the woman"),))
HE_SHE = auditor.token_contrast(" he", " she")

Change = Callable[[Any], Any]


def quantised(model: Any) -> None:
    weight = torch.zeros(2, 2, dtype=torch.uint8)
    model.classifier.weight = torch.nn.Parameter(weight, requires_grad=False)


def offloaded(model: Any) -> None:
    model.hf_device_map = {"bert": "cpu", "classifier": "disk"}


def checkpointing(model: Any) -> None:
    older = model.gradient_checkpointing_enable
    getattr(model, "activation_checkpointing_enable", older)()


def training(model: Any) -> None:
    model.train()


def scaled_stream(model: Any) -> None:
    """Adds to the stream what no writer of the family wrote."""
    model.bert.encoder.layer[1].register_forward_pre_hook(
        lambda _, args: (1.5 * args[0], *args[1:])
    )


def adapted(model: Any) -> None:
    """Adds to what a projection's weight makes of its input, as adapters do."""
    value = model.bert.encoder.layer[0].attention.self.value
    value.register_forward_hook(lambda _, args, out: out + 0.1 * args[0])


def mixed_heads(model: Any) -> None:
    """Lets every head's output move all heads."""
    out = model.bert.encoder.layer[0].attention.output.dense
    out.register_forward_pre_hook(lambda _, args: (args[0] + args[0].mean(-1, keepdim=True),))


UNREADY: list[tuple[Change, str]] = [
    (quantised, r"classifier \(Linear\) is quantised.*load the model in float32"),
    (offloaded, r"layers are spread over cpu, disk.*load it without device_map"),
    (checkpointing, r"gradient checkpointing is on.*checkpointing_disable\(\)"),
    (training, r"it is in training mode.*call model\.eval\(\)"),
    (scaled_stream, r"what enters block 1 is not what.*circuits cannot be traced"),
    (adapted, r"value makes something else.*an adapter, which merge_and_unload\(\)"),
    (mixed_heads, r"moving q of one head in .* does not move that head's output alone"),
]


@pytest.mark.parametrize(("change", "reason"), UNREADY)
def test_a_model_that_hooks_cannot_tell_the_truth_of_is_refused(
    change: Change, reason: str
) -> None:
    model, words = model_of("bert", "classifier")
    texts = list(PAIRS["text"]), list(PAIRS["counterfactual"])
    auditor.edge_scores((model, words), *texts, 1, method="eap")
    change(model)
    with pytest.raises(ModelError, match=reason):
        auditor.find_circuit((model, words), PAIRS, 1, **FAST)
    with pytest.raises(ModelError, match=reason):
        auditor.edge_scores((model, words), *texts, 1)


def test_a_function_is_refused() -> None:
    def scores(texts: list[str]) -> list[list[float]]:
        return [[0.5, 0.5]] * len(texts)

    for refused in (
        lambda: auditor.find_circuit(scores, PAIRS, 1),
        lambda: auditor.edge_scores(scores, ["he left"], ["she left"], 1),
    ):
        with pytest.raises(ModelError, match=r"scores is a function.*give a loaded"):
            refused()


@pytest.fixture
def albert(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """A classifier of a family whose circuits are not known, which prefers one group."""
    monkeypatch.setitem(FAMILIES, "albert", {"embedding_size": 16, "pad_token_id": 0})
    model, words = tiny("albert"), tokenizer()
    set_apart(model, words, PAIRS)
    return model, words


UNKNOWN = r"circuits of the family 'albert' cannot be traced"


def test_an_unknown_family_is_refused_by_name(albert: Any) -> None:
    with pytest.raises(ModelError, match=UNKNOWN) as no:
        auditor.find_circuit(albert, PAIRS, 1)
    assert "bert" in str(no.value).replace("albert", "")
    with pytest.raises(ModelError, match=UNKNOWN):
        auditor.edge_scores(albert, ["he left"], ["she left"], 1)


def audited(model: Any, out: Path, texts: pd.DataFrame = PAIRS, **options: Any) -> auditor.Run:
    return auditor.audit(
        model, texts[["text"]], text="text", attributes=["gender"], favourable="LABEL_1",
        device="cpu", out=out / "run",
        **{**UNEXPLAINED, "trace_findings": 1, "circuit_clusters": 4, **options},
    )  # fmt: skip


def test_in_an_audit_the_finding_stays_and_its_circuit_is_not_tested(
    albert: Any, tmp_path: Path
) -> None:
    run = audited(albert, tmp_path)
    assert str(run.verdict) == "does not meet criterion"
    [record] = run.evidence.circuits
    assert record.not_tested is not None
    assert "circuits of the family 'albert' cannot be traced" in record.not_tested
    assert record.sentence.startswith("Not tested: ")
    assert not record.nodes
    assert not record.curve
    [finding] = run.findings[run.findings["verdict"].notna()]["finding_id"]
    assert record.finding_id == finding
    assert run.circuits["not_tested"].notna().all()


def test_an_audit_with_too_few_clusters_keeps_its_finding(tmp_path: Path) -> None:
    model, words = tiny("bert"), tokenizer()
    set_apart(model, words, PAIRS)
    run = audited((model, words), tmp_path, circuit_clusters=20)
    assert str(run.verdict) == "does not meet criterion"
    [record] = run.evidence.circuits
    assert record.not_tested is not None
    assert "the plan asks for 20 (circuit_clusters)" in record.not_tested


@pytest.mark.parametrize("count", [1, 7])
def test_fewer_clusters_than_the_plan_asks_for_are_refused(count: int) -> None:
    few = PAIRS[["text", "counterfactual"]][: 2 * count]
    spec = model_of("bert", "classifier")
    with pytest.raises(ModelError, match=rf"{count} clusters are left.*asks for 8.*Give more"):
        auditor.find_circuit(spec, few, 1)


def test_an_effect_of_zero_is_refused() -> None:
    model, words = model_of("bert", "classifier")
    with torch.no_grad():
        model.classifier.weight[1] = model.classifier.weight[0]
    for refused in (
        lambda: auditor.find_circuit((model, words), PAIRS, 1, **FAST),
        lambda: auditor.edge_scores((model, words), ["he left"], ["she left"], 1),
    ):
        with pytest.raises(ModelError, match="there is no effect that a circuit could carry"):
            refused()


def test_texts_beyond_the_window_are_refused() -> None:
    spec, rest = model_of("bert", "classifier"), "soup " * 70
    long = [(f"he {rest}{i}", f"she {rest}{i}") for i in range(30)]
    with pytest.raises(ModelError, match="a version has 74 tokens and the model reads 64"):
        auditor.find_circuit(spec, long, 1)
    with pytest.raises(ModelError, match=r"1 pairs cannot be aligned, the first at place 1.*64"):
        auditor.edge_scores(spec, ["he left", long[0][0]], ["she left", long[0][1]], 1)


@pytest.mark.parametrize(
    ("head", "metric", "reason"),
    [
        ("classifier", HE_SHE, "answers with labels, and the metric reads tokens; give label_m"),
        ("causal", "LABEL_1", "answers with tokens, and the metric reads labels; give token_c"),
        ("classifier", "LABEL_7", "names 'LABEL_7'; the model has LABEL_0, LABEL_1"),
        ("classifier", 2, "names 2; the model has LABEL_0, LABEL_1"),
        ("classifier", 0.5, "metric is 0.5; give label_margin"),
    ],
)
def test_a_metric_that_the_model_does_not_have_is_refused(
    head: str, metric: Any, reason: str
) -> None:
    spec = model_of("bert" if head == "classifier" else "gpt2", head)
    with pytest.raises(PlanError, match=reason):
        auditor.find_circuit(spec, PAIRS, metric)
    with pytest.raises(PlanError, match=reason):
        auditor.edge_scores(spec, ["he left"], ["she left"], metric)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"cluster": 9}, r"circuit option cluster: .*the options are .*circuit_clusters"),
        ({"random_circuits": -1}, r"circuit option random_circuits: .*greater than or equal"),
        ({"circuit_pairs": "many"}, r"circuit option circuit_pairs: .*integer"),
    ],
)
def test_an_option_that_there_is_not_is_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(PlanError, match=reason):
        auditor.find_circuit(model_of("bert", "classifier"), PAIRS, 1, **options)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"method": "attention"}, "method is 'attention'; it is one of conductance, eap"),
        ({"steps": 0}, "steps is 0; give 1 or more"),
    ],
)
def test_a_method_or_steps_that_there_are_not_are_refused(
    options: dict[str, Any], reason: str
) -> None:
    spec = model_of("bert", "classifier")
    with pytest.raises(PlanError, match=reason):
        auditor.edge_scores(spec, ["he left"], ["she left"], 1, **options)


@pytest.mark.parametrize(
    ("texts", "others"),
    [(["he left"], []), (["he left"], ["she left", "she came"]), ("he left", "he came")],
)
def test_lists_of_unequal_length_are_refused(texts: Any, others: Any) -> None:
    with pytest.raises(DataError, match="are two lists of the same length"):
        auditor.edge_scores(model_of("bert", "classifier"), texts, others, 1)


@pytest.mark.parametrize(
    ("pairs", "reason"),
    [
        ([], "give a list with at least one pair"),
        ([("he left",)], "is no pair; give"),
        (pd.DataFrame({"text": ["he left"]}), "is no pair; give"),
        (PAIRS.assign(split="train"), "split is 'train' in some pairs"),
    ],
)
def test_what_is_no_pair_is_refused(pairs: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        auditor.find_circuit(model_of("bert", "classifier"), pairs, 1)


def test_a_refused_model_is_left_as_it_was() -> None:
    model, words = model_of("bert", "classifier")
    mixed_heads(model)
    before = [len(m._forward_hooks) for m in model.modules()]
    with pytest.raises(ModelError, match="moving q"):
        auditor.find_circuit((model, words), PAIRS, 1)
    assert [len(m._forward_hooks) for m in model.modules()] == before
    assert all(parameter.requires_grad for parameter in model.parameters())
