"""That a margin is the log-odds that its name says, in any head and tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from auditor.circuits.base import Margin
from auditor.circuits.margins import (
    continuation,
    favourable_margin,
    label_margin,
    resolve,
    token_contrast,
)
from auditor.errors import ModelError, PlanError
from auditor.models.outcomes import Outcome
from auditor.plan import ScoringPlan
from tests.attributions.cutters import masker
from tests.circuits.tiny import tiny
from tests.models.conftest import tokenizer

LOGITS = torch.tensor([[0.2, -1.0, 3.0], [1.5, 0.5, -2.0]])
BEFORE = "The girl was happy because"


def classifier(**config: Any) -> Any:
    return tiny("bert", head="classifier", **{"num_labels": 3, **config})


def log_odds(logits: torch.Tensor, label: int) -> torch.Tensor:
    p = torch.softmax(logits.double(), dim=1)[:, label]
    return torch.log(p) - torch.log1p(-p)


@pytest.mark.parametrize("label", [2, "LABEL_2"])
def test_a_labels_margin_is_the_log_odds_of_its_probability(label: str | int) -> None:
    margin = resolve(label_margin(label), classifier(), tokenizer())
    torch.testing.assert_close(margin.of(LOGITS).double(), log_odds(LOGITS, 2), atol=1e-6, rtol=0)
    assert (margin.name, margin.of_tokens) == ("log-odds of 'LABEL_2'", False)


def test_a_bare_label_is_its_margin() -> None:
    by_name, bare = (resolve(m, classifier(), None) for m in (label_margin(1), "LABEL_1"))
    assert torch.equal(by_name.of(LOGITS), bare.of(LOGITS))


def test_of_a_multi_label_model_it_is_its_own_logit() -> None:
    model = classifier(problem_type="multi_label_classification")
    assert torch.equal(resolve(label_margin(1), model, None).of(LOGITS), LOGITS[:, 1])


def test_of_a_regression_it_is_the_output() -> None:
    margin = resolve(label_margin(0), classifier(num_labels=1), None)
    assert torch.equal(margin.of(LOGITS[:, :1]), LOGITS[:, 0])
    assert margin.name == "the output 'LABEL_0'"


@pytest.mark.parametrize("kind", ["single_label", "multi_label"])
def test_the_favourable_margin_is_the_audits(kind: Any) -> None:
    labels = ("no", "maybe", "yes")
    outcome = Outcome.of(labels, kind, ScoringPlan(favourable=("yes", "maybe")))
    expected = outcome.read(LOGITS.double().numpy()).margin
    np.testing.assert_allclose(favourable_margin(outcome).of(LOGITS.double()), expected, rtol=1e-12)


def test_a_regression_where_lower_is_better_is_turned() -> None:
    outcome = Outcome.of(("score",), "regression", ScoringPlan(favourable=("lower",)))
    assert torch.equal(favourable_margin(outcome).of(LOGITS[:, :1]), -LOGITS[:, 0])


def test_he_against_she_is_positive_where_he_is_likelier() -> None:
    margin = resolve(token_contrast(" he", " she"), tiny("gpt2"), words := tokenizer())
    he, she = words.convert_tokens_to_ids(["he", "she"])
    logits = torch.zeros(1, 60, dtype=torch.float64)
    logits[0, he], logits[0, she] = 2.0, 0.5
    logs = torch.log_softmax(logits, dim=1)
    torch.testing.assert_close(margin.of(logits), logs[:, he] - logs[:, she])
    assert (margin.of(logits).item(), margin.of_tokens) == (1.5, True)


@pytest.mark.parametrize("metric", ["LABEL_0", token_contrast(" he", " she")])
def test_reduced_logits_are_read_in_float32_and_double_ones_as_they_are(metric: Any) -> None:
    model = classifier() if metric == "LABEL_0" else tiny("gpt2")
    margin: Margin = resolve(metric, model, tokenizer())
    for given, read in (
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ):
        assert margin.of(torch.ones(1, 60, dtype=given)).dtype == read


def test_gradients_flow_through_both_kinds() -> None:
    for metric, model in (("LABEL_0", classifier()), (token_contrast(" he", " she"), tiny("gpt2"))):
        logits = torch.randn(2, 60, requires_grad=True)
        margin = resolve(metric, model, tokenizer()).of(logits).sum()
        assert torch.autograd.grad(margin, logits)[0].abs().sum() > 0


@pytest.mark.parametrize("name", ["pieces", "bytes", "stories"])
def test_a_continuation_is_the_id_that_a_text_goes_on_with(name: str, shared: Path) -> None:
    cutter = _stories(shared) if name == "stories" else masker(name).model.tokenizer
    before, whole = (
        cutter(text, add_special_tokens=False)["input_ids"] for text in (BEFORE, f"{BEFORE} the")
    )
    assert whole == [*before, continuation(cutter, " the")]


def test_sentencepiece_terms_have_no_blank_of_their_own(shared: Path) -> None:
    cutter = _stories(shared)
    alone = cutter(" he", add_special_tokens=False)["input_ids"]
    assert len(alone) == 2
    assert cutter.convert_ids_to_tokens(continuation(cutter, " he")) == "▁he"


def test_a_real_language_models_known_contrasts(shared: Path) -> None:
    """log P(" he") - log P(" she"), as the weights' own notes give it."""
    from transformers import AutoModelForCausalLM

    folder, cutter = shared / "weights" / "stories260K", _stories(shared)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()
    margin = resolve(token_contrast(" he", " she"), model, cutter)
    for person, expected in {"girl": -2.99, "nurse": 0.00, "doctor": 0.51, "boy": 3.19}.items():
        cut = cutter(f"The {person} was very happy because", return_tensors="pt")
        logits = model(input_ids=cut["input_ids"]).logits[:, -1]
        assert margin.of(logits).item() == pytest.approx(expected, abs=0.006)


def _stories(shared: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(shared / "weights" / "stories260K", local_files_only=True)


@pytest.mark.parametrize(
    ("cutter", "term", "reason"),
    [
        ("words", " zebra", r"the tokenizer does not know it"),
        ("words", " blind man", r"it is 2 tokens, 'blind' \+ 'man'"),
        ("words", "", "it is 0 tokens, none at all"),
        ("pieces", "he", "it is '##he', which goes on within a word"),
        ("bytes", "!?", "it is 2 tokens"),
    ],
)
def test_what_is_not_one_token_is_refused_with_its_pieces(
    cutter: str, term: str, reason: str
) -> None:
    with pytest.raises(ModelError, match=rf"{reason}.*give a word that is one token"):
        continuation(masker(cutter).model.tokenizer, term)


@pytest.mark.parametrize(
    ("metric", "family", "reason"),
    [
        (label_margin("good"), "bert", r"names 'good'; the model has LABEL_0, LABEL_1, LABEL_2"),
        (label_margin(3), "bert", r"names 3; the model has LABEL_0"),
        (label_margin(-1), "bert", r"names -1; the model has LABEL_0"),
        (token_contrast(" he", " she"), "bert", r"answers with labels.*give label_margin"),
        (label_margin(0), "gpt2", r"answers with tokens.*give token_contrast"),
        (token_contrast(" he", " He"), "gpt2", r"both are the same token"),
        (3.5, "gpt2", r"metric is 3\.5; give label_margin"),
    ],
)
def test_what_is_no_metric_of_the_model_is_refused(metric: Any, family: str, reason: str) -> None:
    model = classifier() if family == "bert" else tiny(family)
    with pytest.raises(PlanError, match=reason):
        resolve(metric, model, tokenizer())
