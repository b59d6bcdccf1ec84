"""Findings traced to components: in the audit, resumed, and later as an addendum."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import auditor
from auditor.errors import ModelError, PlanError, RunError
from auditor.evidence.manifest import verify
from auditor.explanation import circuit_of, how_to_trace
from auditor.explanation.circuit_words import circuit_lines, member_rows, percent, shares
from auditor.pipeline import Step
from auditor.records import Arm, Basis, Estimate
from tests.fakes import LABELS, UNEXPLAINED, Biased
from tests.models.conftest import tiny, tokenizer
from tests.test_pipeline import PLACES, audit, evidence_bytes
from tests.tracing import Traces, circuit, put_in_place

SHE = Biased("woman", noise=0.05)
TRACED = {**UNEXPLAINED, "trace_findings": 1}


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Traces:
    return put_in_place(monkeypatch)


def of_model(out: Path, **options: Any) -> auditor.Run:
    """Audits a saved model on twelve texts."""
    tiny("bert").save_pretrained(out / "model")
    tokenizer().save_pretrained(out / "model")
    texts = pd.DataFrame({"t": [f"The man waited at the {place}." for place in PLACES[:12]]})
    given = {"text": "t", "attributes": ["gender"], "favourable": "LABEL_1", "device": "cpu"}
    return auditor.audit(str(out / "model"), texts, out=out / "run", **{**given, **options})


def judged(run: auditor.Run) -> str:
    """Returns the finding that has a verdict."""
    found = run.findings[run.findings["verdict"].notna()]["finding_id"]
    assert len(found) == 1
    return str(found.iloc[0])


def test_the_audit_traces_a_finding_and_seals_its_circuit(tmp_path: Path, traces: Traces) -> None:
    run = audit(SHE, tmp_path / "run", **TRACED)
    row = run.circuits.iloc[0]
    assert traces.findings == [judged(run)]
    assert (row["finding_id"], row["members"], row["k_80"]) == (judged(run), "a0.h1, m1", 2)
    assert (row["faithfulness_low"], row["faithfulness"]) == pytest.approx((0.78, 0.84))
    assert (row["attribute"], row["group_b"], row["random_p"]) == ("gender", "female", 0.005)
    assert row["not_tested"] is None
    assert run.circuit(judged(run)) == run.evidence.circuits[0]
    names = {path.name for path in (run.folder / "evidence/circuits").iterdir()}
    assert names == {f"{judged(run)}.json", f"{judged(run)}-pairs.parquet"}
    assert verify(run.folder).intact


def test_every_valid_pair_of_the_contrast_is_handed_over(tmp_path: Path, traces: Traces) -> None:
    run = audit(SHE, tmp_path / "run", **TRACED)
    pairs = traces.pairs[0]
    own = run.pairs("arm = 'swap'")
    assert pairs["pair_id"].tolist() == sorted(own["pair_id"])
    assert set(run.evidence.circuit_pairs()["pair_id"]) == set(own["pair_id"])
    assert {"margin_from", "spans_to", "split", "label_true"} <= set(pairs.columns)
    assert traces.others == [{}]


def test_a_model_that_cannot_be_traced_keeps_its_verdict(tmp_path: Path, traces: Traces) -> None:
    traces.refuse = "a function has no weights to look into"
    run = audit(SHE, tmp_path / "run", **TRACED)
    assert str(run.verdict) == "does not meet criterion"
    assert run.circuits["not_tested"].tolist() == ["a function has no weights to look into"]
    assert run.circuits["faithfulness"].isna().all()
    assert run.evidence.circuit_pairs().empty
    assert verify(run.folder).intact


def test_a_function_is_not_tested_and_says_why(tmp_path: Path) -> None:
    """By the engine itself."""
    run = audit(SHE, tmp_path / "run", **TRACED)
    assert str(run.verdict) == "does not meet criterion"
    assert "a function has no weights" in run.circuits["not_tested"].iloc[0]
    assert run.circuits["finding_id"].tolist() == [judged(run)]


def test_where_nothing_is_asked_for_nothing_is_traced(tmp_path: Path, traces: Traces) -> None:
    run = audit(SHE, tmp_path / "run", n=20, **UNEXPLAINED)
    assert run.circuits.empty
    assert traces.models == []
    assert not (run.folder / "evidence/circuits").exists()


def test_one_model_is_loaded_for_explanations_and_circuits(
    tmp_path: Path, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditor.models import loading

    loaded: list[str] = []
    real = loading._from_hub_or_folder

    def counted(*given: Any) -> Any:
        loaded.append(given[2])
        return real(*given)

    monkeypatch.setattr(loading, "_from_hub_or_folder", counted)
    run = of_model(tmp_path, **{**TRACED, "explain_sample": 2, "fidelity_texts": 0})
    assert run.evidence.explanations.not_explained is None
    assert traces.findings == [judged(run)]
    assert loaded == ["model", "model"]  # to score, then to look inside


def test_an_interrupted_trace_goes_on_to_the_same_bytes(tmp_path: Path, traces: Traces) -> None:
    options: dict[str, Any] = {"attributes": ["gender", "age"], **TRACED, "trace_findings": 2}
    texts = pd.DataFrame({"t": [f"The young man waited at the {place}." for place in PLACES]})
    options |= {"text": "t", "labels": LABELS, "favourable": "positive"}
    whole = auditor.audit(SHE, texts, out=tmp_path / "whole", **options)
    steps: list[str] = []

    def interrupt(step: Step) -> None:
        steps.append(step.stage)
        if len({stage for stage in steps if stage.startswith("tracing")}) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        auditor.audit(SHE, texts, out=tmp_path / "broken", tell=interrupt, **options)
    kept = sorted(path.name for path in (tmp_path / "broken/evidence/circuits").iterdir())
    assert {name: len(pairs) for name, pairs in traces.others[0].items()} == {
        "age: old v young": 62
    }
    traces.findings.clear()
    resumed = auditor.audit(SHE, texts, resume=tmp_path / "broken", **options)
    assert len(kept) == 2
    assert len(traces.findings) == 1
    assert len(resumed.circuits) == 2
    assert evidence_bytes(resumed) == evidence_bytes(whole)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a saved model, and a run of it that traced nothing."""
    folder = tmp_path_factory.mktemp("untraced")
    with pytest.MonkeyPatch.context() as patch:
        put_in_place(patch)
        of_model(folder, **UNEXPLAINED)
    return folder


@pytest.fixture
def untraced(made: Path, tmp_path: Path, traces: Traces) -> auditor.Run:
    """A copy of that run."""
    return auditor.open_run(shutil.copytree(made / "run", tmp_path / "run"))


def test_a_finding_is_traced_later_beside_the_evidence(
    untraced: auditor.Run, traces: Traces
) -> None:
    before = {p: p.read_bytes() for p in (untraced.folder / "evidence").rglob("*") if p.is_file()}
    found = untraced.trace(judged(untraced))
    assert found.members == ("a0.h1", "m1")
    assert untraced.circuit(judged(untraced)) == found
    assert untraced.circuits["finding_id"].tolist() == [judged(untraced)]
    assert auditor.open_run(untraced.folder).evidence.circuits == (found,)
    assert len(untraced.evidence.circuit_pairs("component = 'm1'")) == len(traces.pairs[0]) == 12
    assert all(path.read_bytes() == content for path, content in before.items())
    check = verify(untraced.folder)
    assert check.intact
    assert check.files == len(before) - 1 + 2


def test_what_is_there_is_not_traced_twice_unless_asked(
    untraced: auditor.Run, traces: Traces
) -> None:
    finding = judged(untraced)
    for again in (False, False, True):
        untraced.trace(finding, again=again)
    assert traces.findings == [finding] * 2
    names = sorted(path.name for path in (untraced.folder / "addenda").iterdir())
    assert names == [f"001-circuits-{finding}", f"002-circuits-{finding}"]


def test_any_finding_of_swaps_can_be_traced(untraced: auditor.Run, traces: Traces) -> None:
    assert untraced.trace("gender.male.female.mean_effect").finding_id in traces.findings


def test_an_unknown_finding_is_refused_with_those_that_there_are(
    untraced: auditor.Run, traces: Traces
) -> None:
    for ask in (untraced.trace, untraced.circuit):
        with pytest.raises(RunError, match=r"'gendr' is not in .*that can be traced") as no:
            ask("gendr")
        assert judged(untraced) in str(no.value)
    assert traces.models == []


@pytest.mark.parametrize("other", [{"arm": Arm.PLACEBO}, {"basis": Basis.GROUPS}])
def test_only_findings_of_swaps_are_traced(untraced: auditor.Run, other: dict[str, Any]) -> None:
    results = untraced.evidence.results
    one = replace(results.findings[0], **other)
    untraced.evidence.results = replace(results, findings=(*results.findings, one))
    with pytest.raises(RunError, match="compares no texts with a group swapped"):
        untraced.trace(one.finding_id)


def test_what_was_not_traced_says_how(untraced: auditor.Run) -> None:
    finding = judged(untraced)
    with pytest.raises(RunError, match=f"To trace it now: auditor circuits .*{finding}"):
        untraced.circuit(finding)


def test_a_refusal_on_request_writes_nothing(
    untraced: auditor.Run, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(*_: Any, **__: Any) -> Any:
        return circuit(judged(untraced), not_tested="3 clusters; 4 are needed"), None

    monkeypatch.setattr(traces, "trace", few)
    with pytest.raises(ModelError, match="cannot be traced: 3 clusters"):
        untraced.trace(judged(untraced))
    traces.refuse = "layers are quantised"
    with pytest.raises(ModelError, match="layers are quantised"):
        untraced.trace(judged(untraced))
    assert not (untraced.folder / "addenda").exists()


def test_a_model_that_changed_since_is_refused(made: Path, untraced: auditor.Run) -> None:
    config = made / "model/config.json"
    before = config.read_text(encoding="utf-8")
    config.write_text(before + " ", encoding="utf-8")
    try:
        with pytest.raises(RunError, match="the files of model model changed since"):
            untraced.trace(judged(untraced))
    finally:
        config.write_text(before, encoding="utf-8")
    assert not (untraced.folder / "addenda").exists()


def test_an_object_is_traced_when_it_is_handed_in_again(tmp_path: Path, traces: Traces) -> None:
    texts = pd.DataFrame({"t": [f"The man waited at the {place}." for place in PLACES[:12]]})
    model = (tiny("bert"), tokenizer())
    run = auditor.audit(
        model, texts, text="t", attributes=["gender"], favourable="LABEL_1", device="cpu",
        out=tmp_path / "run", **UNEXPLAINED,
    )  # fmt: skip
    with pytest.raises(ModelError, match=r"run\.trace\(.*, model=\(model, tokenizer\)\)"):
        run.trace(judged(run))
    other = tiny("bert")
    other.classifier.bias.data[1] += 3.0
    with pytest.raises(ModelError, match="is not the one that was audited"):
        run.trace(judged(run), model=(other, tokenizer()))
    assert run.trace(judged(run), model=model).not_tested is None
    assert traces.findings == [judged(run)]


def test_pairs_scored_elsewhere_have_no_model_to_trace(tmp_path: Path, traces: Traces) -> None:
    run = audit(SHE, tmp_path / "run", n=20, **UNEXPLAINED)
    rows = run.pairs("arm = 'swap'")
    path = tmp_path / "scored.jsonl"
    names = ["text", "counterfactual", "attribute", "group_from", "group_to", "group_a", "group_b"]
    rows[[*names, "cluster", "score_from", "score_to"]].to_json(path, orient="records", lines=True)
    own = auditor.audit(pairs=str(path), cutoff=0.5, out=tmp_path / "own")
    assert own.circuits.empty
    assert how_to_trace(own.evidence, "x")[1] is None
    with pytest.raises(ModelError, match="scored elsewhere, so the run knows no model"):
        own.trace(judged(own))
    assert traces.models == []


def test_a_plan_that_is_not_accepted_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="trace_findings"):
        audit(SHE, tmp_path / "run", trace_findings=-1)


def test_the_words_have_the_numbers_and_what_speaks_against_them() -> None:
    said = circuit_lines(circuit())
    assert said[0] == (
        "Faithfulness: 84 % [78 %, 90 %] of the effect is carried by the circuit alone"
    )
    assert said[1].startswith("Necessity: 70 %")
    assert said[2] == (
        "Random control: 200 circuits of the same type, layer and size carry 6 % [-2 %, 14 %] of "
        "the effect; p = 0.005"
    )
    assert said[3] == "Found again: 91 % of 200 resamples of clusters"
    assert said[-1] == "2 pairs were left out."
    assert [row["component"] for row in member_rows(circuit())] == ["a0.h1", "m1"]
    assert member_rows(circuit())[0]["exact"] == "-1.000 [-1.100, -0.900]"


def test_what_was_not_measured_says_so() -> None:
    bare = replace(circuit(), random=None, stability=None, nodes=())
    said = circuit_lines(bare)
    assert said[0] == "No head and no MLP is in the circuit."
    assert "Random control: not measured" in said
    assert shares(Estimate.missing("no effect", unit="share")) == "not measured (no effect)"
    assert percent(-0.001) == "0 %"


def test_circuit_of_gives_what_was_not_tested_too(tmp_path: Path, traces: Traces) -> None:
    traces.refuse = "a function has no weights to look into"
    run = audit(SHE, tmp_path / "run", **TRACED)
    assert circuit_of(run.evidence, judged(run)).record.not_tested == traces.refuse
