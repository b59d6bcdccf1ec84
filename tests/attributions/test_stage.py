"""The audit's attributions: which pairs, part by part, resumable, and never in a verdict's way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import auditor
from auditor.pipeline import Step
from auditor.records_attributions import Chosen
from tests.fakes import LABELS, UNEXPLAINED, Biased, Counting, constant
from tests.test_pipeline import audit, evidence_bytes

SHE = Biased("woman", noise=0.05)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> auditor.Run:
    """62 sentences about a man, of which the model likes none about a woman; 5 cases, 12 more."""
    folder = tmp_path_factory.mktemp("explained") / "run"
    return audit(SHE, folder, explain_flagged=5, explain_sample=12, largest_share=0.1)


def owen(run: auditor.Run) -> pd.DataFrame:
    return run.attributions("method = 'owen'")


def test_flagged_and_drawn_pairs_are_explained_as_many_as_the_plan_says(run: auditor.Run) -> None:
    pairs = owen(run).drop_duplicates("pair_id")
    assert pairs["chosen"].value_counts().to_dict() == {"sample": 12, "flagged": 5}
    cases = run.cases(limit=5)["pair_id"]
    assert set(pairs.loc[pairs["chosen"] == "flagged", "pair_id"]) == set(cases)


def test_the_probability_of_being_drawn_is_the_share_of_the_contrasts_other_pairs(
    run: auditor.Run,
) -> None:
    rows = owen(run).drop_duplicates("pair_id").groupby("chosen")["sampling_probability"].unique()
    assert rows["flagged"].tolist() == [1.0]
    assert rows["sample"].tolist() == [12 / (62 - 5)]


def test_values_base_and_residual_add_up_to_the_margin_of_either_side(run: auditor.Run) -> None:
    rows = owen(run).groupby(["pair_id", "side"])
    sums = rows["value"].sum() + rows["base"].first() + rows["residual"].first()
    pairs = run.pairs().set_index("pair_id")
    for side in ("from", "to"):
        own = sums.xs(side, level="side")
        margins = pairs.loc[own.index, f"margin_{side}"]
        np.testing.assert_allclose(own, margins, atol=1e-9)


def test_the_gap_of_a_planted_word_lies_on_that_word(run: auditor.Run) -> None:
    """The model looks at nothing but "woman" and the last word, which both sides share."""
    rows = owen(run)
    signed = rows["value"] * rows["side"].map({"from": -1, "to": 1})
    gaps = signed.groupby([rows["pair_id"], rows["role"]]).sum().unstack()
    sign = (
        run.pairs().set_index("pair_id").loc[gaps.index, "group_to"].map({"female": -1, "male": 1})
    )
    assert (gaps["term"] * sign > 0.5).all()
    assert gaps["context"].abs().max() < gaps["term"].abs().min() / 2


def test_what_is_explained_is_counted(run: auditor.Run) -> None:
    found = run.evidence.explanations
    counts = {(c.attribute, c.chosen): (c.explained, c.of) for c in found.counts}
    assert counts["gender", Chosen.SAMPLE] == (12, 57)
    assert counts["gender", Chosen.FLAGGED][0] == 5
    assert (found.not_explained, found.refused, found.unit) == (None, 0, "log-odds")
    assert set(run.attribution_metrics["metric"]) >= {"gap_on_term", "context_share"}
    assert run.fidelity["measure"].nunique() > 5


def test_an_interrupted_explanation_completes_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditor.attributions.stage.PART_PAIRS", 4)
    options: dict[str, Any] = {"explain_sample": 8, "explain_flagged": 3, "fidelity_texts": 4}
    whole = audit(SHE, tmp_path / "whole", **options)

    def interrupt(step: Step) -> None:
        if step.stage.startswith("explaining") and step.done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(SHE, tmp_path / "broken", tell=interrupt, **options)
    parts = tmp_path / "broken/evidence/attributions"
    kept = {path.name: path.stat().st_mtime_ns for path in parts.iterdir()}
    resumed = audit(SHE, tmp_path / "unused", resume=tmp_path / "broken", **options)
    assert len(kept) == 2
    assert all((parts / name).stat().st_mtime_ns == time for name, time in kept.items())
    assert evidence_bytes(resumed) == evidence_bytes(whole)


def test_a_model_that_fails_on_masked_texts_keeps_its_verdict(tmp_path: Path) -> None:
    def picky(texts: list[str]) -> Any:
        if any("..." in text for text in texts):
            raise ValueError("no dots, please")
        return constant(texts)

    run = audit(picky, tmp_path / "run")
    assert str(run.verdict) == "meets criterion"
    assert "no dots, please" in str(run.evidence.explanations.not_explained)
    assert run.attributions().empty


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"pairs": "pairs.jsonl"}, "scored elsewhere"),
        ({"predictions": "people.csv", "outcome": "o", "protected": "g"}, "no texts"),
    ],
)
def test_without_a_model_nothing_is_explained_and_the_reason_stands(
    tmp_path: Path, options: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pair = {
        "text": "He left.", "counterfactual": "She left.", "attribute": "gender",
        "group_from": "male", "group_to": "female", "score_from": 0.5, "score_to": 0.4,
    }  # fmt: skip
    Path("pairs.jsonl").write_text(json.dumps(pair), "utf-8")
    Path("people.csv").write_text("o,g\n1,a\n0,b\n", "utf-8")
    run = auditor.audit(out=tmp_path / "run", **options)
    assert reason in str(run.evidence.explanations.not_explained)


def test_a_plan_that_asks_for_none_asks_the_model_for_none(tmp_path: Path) -> None:
    model = Counting(SHE)
    run = audit(model, tmp_path / "run", n=20, **UNEXPLAINED)
    assert model.texts == 40
    assert "asks for no explanations" in str(run.evidence.explanations.not_explained)


def test_explanations_do_not_move_a_finding(tmp_path: Path, run: auditor.Run) -> None:
    bare = audit(SHE, tmp_path / "run", largest_share=0.1, **UNEXPLAINED)
    pd.testing.assert_frame_equal(bare.findings, run.findings)


def test_a_regression_is_explained_in_its_own_unit(tmp_path: Path) -> None:
    run = auditor.audit(
        lambda texts: [len(text) / 10 - ("woman" in text) for text in texts],
        pd.DataFrame({"t": [f"The man saw {n} ships." for n in range(12)]}),
        text="t", attributes=["gender"], gives="regression", favourable="lower",
        out=tmp_path / "run",
    )  # fmt: skip
    found = run.evidence.explanations
    assert (found.unit, found.not_explained) == ("output", None)
    rows = owen(run).groupby(["pair_id", "side"])
    total = rows["value"].sum() + rows["base"].first()
    pairs = run.pairs().set_index("pair_id")
    assert total.xs("to", level="side").to_dict() == pytest.approx(
        pairs.loc[total.index.unique("pair_id"), "score_to"].to_dict()
    )


def test_contrasts_share_the_templates_that_are_drawn(tmp_path: Path) -> None:
    """Of every contrast the same ones, where flagged pairs leave them; each reference text once."""
    run = auditor.audit(
        SHE, templates=("everyday",), attributes=["religion"], labels=LABELS, out=tmp_path / "run",
        favourable="positive", explain_sample=6, explain_flagged=0, arms=(), fidelity_texts=0,
    )  # fmt: skip
    pairs = run.pairs().set_index("pair_id")
    drawn = pairs.loc[owen(run)["pair_id"].unique()].groupby("contrast_id")["cluster"].unique()
    assert len(drawn) == 7
    assert {frozenset(clusters) for clusters in drawn} == {frozenset(drawn.iloc[0])}
    assert len(drawn.iloc[0]) == 6


def test_another_seed_draws_other_pairs(tmp_path: Path, run: auditor.Run) -> None:
    other = audit(SHE, tmp_path / "run", explain_sample=12, explain_flagged=0, seed=1)
    assert set(owen(other)["pair_id"]) != set(owen(run).query("chosen == 'sample'")["pair_id"])
