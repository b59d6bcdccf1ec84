"""The audit as a whole, on models with known answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import auditor
from auditor.errors import AuditError, ModelError, PlanError, RunError
from auditor.evidence.provenance import TIME_FIELDS
from auditor.metrics.verdicts import exit_code
from auditor.pipeline import Step, resolve
from auditor.plan_file import plan_from_options
from tests.fakes import LABELS, UNEXPLAINED, Biased, Counting, constant, failing

PLACES = [
    "shop", "clinic", "school", "court", "bank", "office", "library", "station", "museum", "hotel",
    "market", "harbour", "airport", "theatre", "garden", "factory", "kitchen", "studio", "archive",
    "stadium", "bakery", "workshop", "pharmacy", "laundry", "cinema", "gallery", "post", "depot",
    "tavern", "chapel", "nursery", "orchard", "quarry", "sawmill", "stable", "tannery", "vineyard",
    "wharf", "zoo", "abattoir", "brewery", "cannery", "dairy", "embassy", "foundry", "granary",
    "hostel", "inn", "jetty", "kiosk", "lodge", "mill", "nook", "oasis", "pier", "quay", "ranch",
    "shed", "tower", "villa", "yard", "atelier",
]  # fmt: skip
"""62 words: more clusters than the 59 that a constant model needs to meet +-.05."""


def frame(n: int = len(PLACES)) -> pd.DataFrame:
    """Returns n different sentences about a man, each its own cluster."""
    return pd.DataFrame({"t": [f"The man waited at the {place}." for place in PLACES[:n]]})


def audit(model: Any, out: Path, n: int = len(PLACES), **options: Any) -> auditor.Run:
    """Audits gender on `frame(n)` with a fake's labels."""
    given = {"text": "t", "attributes": ["gender"], "labels": LABELS, "favourable": "positive"}
    return auditor.audit(model, frame(n), out=out, **{**given, **options})


def finding(run: auditor.Run, metric: str) -> pd.Series[Any]:
    rows = run.findings.query("metric == @metric")
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_constant_model_meets_where_the_clusters_allow_it(tmp_path: Path) -> None:
    """Law 1: 59 clusters bound a rate of 0 at 4.9 %; 58 do not."""
    enough = audit(constant, tmp_path / "a", n=59)
    short = audit(constant, tmp_path / "b", n=58)
    assert str(enough.verdict) == "meets criterion"
    assert str(short.verdict) == "inconclusive"
    assert set(enough.pairs()["effect"]) == {0.0}
    assert not enough.findings["difference_detected"].fillna(False).any()


def test_a_planted_effect_is_found_with_its_size_inside_the_interval(tmp_path: Path) -> None:
    """Law 2: 0.3 lower for women, over texts that differ."""
    run = audit(Biased("woman", penalty=0.3, base=0.6, noise=0.05), tmp_path / "run")
    effect = finding(run, "mean_effect")
    assert effect["low"] <= -0.3 + 1e-9
    assert effect["high"] >= -0.3 - 1e-9
    assert str(run.verdict) == "does not meet criterion"
    assert run.findings["difference_detected"].fillna(False).any()


def test_the_sign_does_not_depend_on_which_side_the_text_had(tmp_path: Path) -> None:
    """Effects are of group B against A, whichever group the source text mentions."""
    model = Biased("woman", penalty=0.3)
    texts = frame()
    texts["t"] = [t.replace("man", "woman") if i % 2 else t for i, t in enumerate(texts["t"])]
    run = auditor.audit(
        model, texts, text="t", attributes=["gender"], labels=LABELS, favourable="positive",
        out=tmp_path / "run",
    )  # fmt: skip
    assert set(run.pairs()["group_from"]) == {"male", "female"}
    assert run.pairs()["effect"].round(9).unique().tolist() == [-0.3]


def test_each_distinct_text_is_scored_once(tmp_path: Path) -> None:
    """The same sentence in 30 rows costs two texts: itself and its counterfactual."""
    model = Counting()
    texts = pd.DataFrame({"t": ["The man waited."] * 30})
    auditor.audit(
        model, texts, text="t", attributes=["gender"], labels=LABELS, favourable="positive",
        out=tmp_path / "run", **UNEXPLAINED,
    )  # fmt: skip
    assert model.texts == 2


def test_a_run_that_broke_off_completes_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.pipeline.PART_TEXTS", 10)
    whole = audit(constant, tmp_path / "whole")

    def interrupt(step: Step) -> None:
        if step.stage.startswith("scoring") and step.done >= 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(constant, tmp_path / "broken", tell=interrupt)
    kept = len(list((tmp_path / "broken/evidence/pairs").glob("part-*")))
    resumed = audit(constant, tmp_path / "unused", resume=tmp_path / "broken")
    assert kept == 3
    assert evidence_bytes(resumed) == evidence_bytes(whole)


def test_a_second_run_gives_the_same_bytes(tmp_path: Path) -> None:
    model = Biased("woman", noise=0.1)
    first, second = (audit(model, tmp_path / name) for name in "ab")
    assert evidence_bytes(first) == evidence_bytes(second)


def evidence_bytes(run: auditor.Run) -> dict[str, bytes]:
    """Every file of the evidence, less the declared time fields and the manifest over them."""
    folder = run.folder / "evidence"
    files = {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "manifest.json"
    }
    record = run.evidence.record
    assert set(TIME_FIELDS) <= record.keys()
    files["run.json"] = repr(
        sorted((k, v) for k, v in record.items() if k not in TIME_FIELDS)
    ).encode()
    return files


def test_several_checkpoints_say_in_how_many_a_finding_holds(tmp_path: Path) -> None:
    biased, fine = Biased("woman", penalty=0.5, base=0.9), constant
    run = auditor.audit(
        None, frame(), models=[biased, biased, fine], text="t", attributes=["gender"],
        labels=LABELS, favourable="positive", out=tmp_path / "run",
    )  # fmt: skip
    judged = run.findings[run.findings["verdict"].notna()].iloc[0]
    assert judged["verdict"] == "does not meet criterion"
    assert (judged["holds_in"], judged["checkpoints"]) == (2, 3)
    assert run.pairs()["model_id"].nunique() == 3


class Flaky:
    """Answers `good` calls, then fails until it is mended."""

    def __init__(self, good: int) -> None:
        self.good = good

    def __call__(self, texts: list[str]) -> Any:
        self.good -= 1
        return constant(texts) if self.good >= 0 else failing(texts)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flaky:
    """A model that failed after one part of the run in `tmp_path / "run"`."""
    monkeypatch.setattr("auditor.pipeline.PART_TEXTS", 20)
    model = Flaky(good=1)
    with pytest.raises(ModelError, match="the scoring service is down"):
        audit(model, tmp_path / "run")
    return model


def test_a_run_whose_model_failed_goes_on_once_it_is_mended(broken: Flaky, tmp_path: Path) -> None:
    broken.good = 99
    resumed = audit(broken, tmp_path / "unused", resume=tmp_path / "run")
    assert str(resumed.verdict) == "meets criterion"


def test_resuming_with_another_model_is_refused(broken: Flaky, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="another plan"):
        audit(constant, tmp_path / "x", resume=tmp_path / "run")


def test_resuming_with_other_rows_is_refused(broken: Flaky, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="changed since"):
        audit(broken, tmp_path / "x", n=40, resume=tmp_path / "run")


def test_an_input_that_is_refused_leaves_no_folder(tmp_path: Path) -> None:
    """What a user mends and runs again finds its --out free."""
    with pytest.raises(AuditError):
        audit(constant, tmp_path / "run", favourable="great")
    assert not (tmp_path / "run").exists()


def test_labels_and_groups_give_group_metrics(tmp_path: Path) -> None:
    texts = frame()
    texts["y"] = ["positive", "negative"] * (len(texts) // 2)
    texts["sex"] = ["f", "f", "m", "m"] * (len(texts) // 4) + ["f"] * (len(texts) % 4)
    run = auditor.audit(
        constant, texts, text="t", label="y", protected=["sex"], attributes=["gender"],
        labels=LABELS, favourable="positive", out=tmp_path / "run",
    )  # fmt: skip
    rates = run.groups.query("metric == 'selection_rate'")
    assert dict(zip(rates["group"], rates["value"], strict=True)) == {"f": 1.0, "m": 1.0}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"text": "nope"}, "nope"),
        ({"favourable": "great"}, "great"),
        ({"attributes": ["hair"]}, "hair"),
        ({"label": "y"}, "y"),
        ({"protected": ["sex"]}, "sex"),
        ({"delta": -1}, "delta"),
        ({"colour": 1}, "colour"),
        ({"references": {"gender": "nobody"}}, "nobody"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(AuditError, match=words):
        audit(constant, tmp_path / "run", **options)


def test_a_label_that_the_model_does_not_know_is_named(tmp_path: Path) -> None:
    texts = frame().assign(y="wonderful")
    with pytest.raises(AuditError, match="wonderful"):
        auditor.audit(
            constant, texts, text="t", label="y", attributes=["gender"], labels=LABELS,
            favourable="positive", out=tmp_path / "run",
        )  # fmt: skip


def test_a_finished_run_opens_to_the_same_findings(tmp_path: Path) -> None:
    run = audit(Biased("woman"), tmp_path / "run [1]'s")
    again = auditor.open_run(run.folder)
    pd.testing.assert_frame_equal(again.findings, run.findings)
    assert len(again.pairs("flip", limit=5)) == 5
    assert len(again.pairs("attribute = 'religion'", limit=5)) == 0


def test_names_are_crossed_with_every_text_and_judged_by_their_own_law(tmp_path: Path) -> None:
    """A model that scores all alike finds nothing; the arms stand beside and do not count."""
    texts = pd.DataFrame({"t": [f"Emily waited at place {i}." for i in range(60)]})
    run = auditor.audit(
        constant, texts, text="t", attributes=["race_names"], labels=LABELS,
        favourable="positive", names_per_group=8, out=tmp_path / "run",
    )  # fmt: skip
    found = run.findings[run.findings["metric"] == "selection_rate_change"]
    assert set(found["verdict"]) == {"meets criterion"}
    assert found["n"].tolist() == [480] * 3
    pairs = run.pairs("arm = 'swap'")
    assert pairs.groupby("cluster").size().unique().tolist() == [24]
    assert pairs["frequency_from"].notna().all()
    assert run.evidence.coverage["attributes"]["race_names"]["by_arm"]["placebo"] > 0


def test_a_planted_effect_of_names_is_found(tmp_path: Path) -> None:
    """Every Black name costs .3: found, with -.3 inside the interval, and no other group is."""
    from auditor.plan import SwapPlan
    from auditor.swaps.attributes import open_attributes

    table = open_attributes(SwapPlan(attributes=("race_names",))).names
    assert table is not None
    black = [name.name for name in table.first.values() if name.race == "black"]
    texts = pd.DataFrame({"t": [f"Emily waited at place {i} ." for i in range(40)]})
    run = auditor.audit(
        Biased(*black, noise=0.05), texts, text="t", attributes=["race_names"], labels=LABELS,
        favourable="positive", names_per_group=12, governing="mean_effect", delta=0.05,
        out=tmp_path / "run",
    )  # fmt: skip
    found = {f.contrast.group_b: f for f in run.evidence.findings if f.verdict is not None}
    assert found["black"].verdict == "does not meet criterion"
    low, high = found["black"].estimate.low, found["black"].estimate.high
    assert low is not None
    assert high is not None
    assert low - 1e-9 <= -0.3 <= high + 1e-9
    assert found["asian"].estimate.value == found["hispanic"].estimate.value == 0


def test_what_looked_like_a_mention_is_counted_with_its_reason(tmp_path: Path) -> None:
    texts = pd.DataFrame({"t": ["A blind man sat in a blind alley.", "No one came."] * 20})
    run = auditor.audit(
        constant, texts, text="t", attributes=["disability"], labels=LABELS,
        favourable="positive", out=tmp_path / "run",
    )  # fmt: skip
    entry = run.evidence.coverage["attributes"]["disability"]
    assert entry["texts_with_mention"] == 20
    assert entry["skipped"] == {"in a phrase that is left alone": 20}
    assert entry["by_arm"] == {"unmentioned": 20}


@pytest.mark.parametrize("name", ["Gender", "gendr", "sex"])
def test_a_misspelt_guard_is_refused(name: str) -> None:
    with pytest.raises(PlanError, match=f"task_concerns names {name}.*there are age"):
        resolve(plan_from_options(templates="everyday", models=[{"id": "m"}], task_concerns=name))


def scored(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Writes pairs of gender, a text that says `i` each, as somebody scored them."""
    pair = {
        "attribute": "gender", "group_from": "male", "group_to": "female", "score_from": 0.7,
        "score_to": 0.7, "label_from": "ok", "label_to": "ok", "term_from": "he", "term_to": "she",
    }  # fmt: skip
    lines = [
        json.dumps(
            pair | {"text": f"he {i}", "counterfactual": f"she {i}", "cluster": f"c{i}"} | row
        )
        for i, row in enumerate(rows)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def denied(label: str | int) -> dict[str, Any]:
    return {"score_to": 0.3, "label_to": "bad", "label_true": label}


def test_the_labels_of_pairs_scored_elsewhere_decide(tmp_path: Path) -> None:
    """30 of 60 that deserve the label are denied it, 30 of 60 others gain it: net change 0."""
    good = [denied("ok") if i % 2 else {"label_true": "ok"} for i in range(60)]
    gains = {"score_from": 0.3, "label_from": "bad", "label_true": "bad"}
    bad = [gains if i % 2 else gains | {"score_to": 0.3, "label_to": "bad"} for i in range(60)]
    rows = [row | {"group_a": "male", "group_b": "female"} for row in good + bad]
    run = auditor.audit(
        pairs=str(scored(tmp_path / "p.jsonl", rows)), favourable="ok", cutoff=0.5,
        out=tmp_path / "run",
    )  # fmt: skip
    judged = run.findings[run.findings["verdict"].notna()]
    assert list(judged["metric"]) == ["false_negative_rate_change"]
    assert judged["value"].iloc[0] == pytest.approx(0.5)
    assert exit_code(run.verdict) == 1


def test_a_number_for_a_true_label_is_its_words(tmp_path: Path) -> None:
    rows = [denied(1) if i % 2 else {"label_true": 1} for i in range(60)]
    run = auditor.audit(
        pairs=str(scored(tmp_path / "p.jsonl", rows)), favourable="1", cutoff=0.5,
        out=tmp_path / "run",
    )  # fmt: skip
    assert "false_negative_rate_change" in set(run.findings["metric"])


def test_a_contrast_whose_pairs_were_all_kept_out_keeps_the_gate_shut(tmp_path: Path) -> None:
    out = {"validity": "ambiguous", "reason": "made up"}
    fair = [{"attribute": "age", "group_from": "young", "group_to": "old"} for _ in range(80)]
    run = auditor.audit(
        pairs=str(scored(tmp_path / "p.jsonl", fair + [out] * 60)), cutoff=0.5, out=tmp_path / "a"
    )
    assert exit_code(run.verdict) == 3
    placebo = {"arm": "placebo", "group_to": "male"}
    run = auditor.audit(
        pairs=str(scored(tmp_path / "q.jsonl", [out] * 30 + [placebo] * 30)), out=tmp_path / "b"
    )
    assert str(run.verdict) == "not tested"
    assert exit_code(run.verdict) == 3


def test_pairs_of_the_tasks_own_target_are_refused(tmp_path: Path) -> None:
    path = scored(tmp_path / "p.jsonl", [{} for _ in range(30)])
    with pytest.raises(PlanError, match="gender is both in the pairs and the task's own target"):
        auditor.audit(pairs=str(path), task_concerns="gender", out=tmp_path / "run")


def test_runs_in_a_folder_that_is_named_are_counted_too(tmp_path: Path) -> None:
    path = str(scored(tmp_path / "p.jsonl", [{} for _ in range(30)]))
    numbers = [
        auditor.audit(pairs=path, out=tmp_path / "gate" / str(i)).evidence.record["run_number"]
        for i in range(3)
    ]
    assert numbers == [1, 2, 3]
