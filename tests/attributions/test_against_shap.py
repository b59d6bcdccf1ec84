"""Our values are those of shap's own Partition explainer, and cost less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import shap
import torch

from auditor.attributions.base import Attribution
from auditor.attributions.masking import Masker, open_masker
from auditor.models.base import Floats, Model
from auditor.models.classifier import Classifier
from auditor.models.demo import weights_folder
from auditor.plan import ScoringPlan
from tests.attributions.factory import (
    TOKENIZERS,
    asked,
    classifier,
    explained,
    function_model,
    pieces,
)

TEXTS = {
    "words": ["she left early.", "The man, (blind) and back", "a muslim came to the court"],
    "pieces": ["She's unhappily there.", "Rebekah waited", "tokenisation, and so on"],
    "byte_pairs": ["The man can't wait", "soup? no", "she left"],
    "unigrams": ["the man left.", "she left the bank", "left, left"],
    "maskless": ["The man can't wait", "she left the bank", "a b"],
}
SHAPS_BUDGET = 60_000


def by_shap(
    model: Model, texts: Sequence[str], masker: Any = None, budget: int = SHAPS_BUDGET
) -> Any:
    """shap's own explanation, of the same outputs."""
    output = asked(model).output

    def read(asked_for: Any) -> Floats:
        raw = model.score([str(text) for text in asked_for], cut=True)
        outputs: Floats = output.read(raw.values)
        return outputs

    explainer = shap.explainers.Partition(
        read, open_masker(model, masker), output_names=list(output.names)
    )
    return explainer(list(texts), max_evals=budget, silent=True)


def assert_equal(found: Sequence[Attribution], theirs: Any, atol: float) -> None:
    assert max(np.abs(each.values).max() for each in found) > 0.01
    for i, each in enumerate(found):
        np.testing.assert_allclose(each.values, theirs.values[i], atol=atol)
        np.testing.assert_allclose(each.base, theirs.base_values[i], atol=atol)
        assert each.hierarchical is not None
        np.testing.assert_allclose(each.hierarchical, theirs.hierarchical_values[i], atol=atol)
        np.testing.assert_array_equal(each.tokens.clustering, theirs.clustering[i])
        assert list(each.tokens.segments) == list(theirs.data[i])


@pytest.mark.parametrize(("double", "atol"), [(True, 1e-9), (False, 1e-4)])
@pytest.mark.parametrize("name", TOKENIZERS)
def test_values_tokens_and_hierarchy_are_shaps(name: str, double: bool, atol: float) -> None:
    model = classifier(TOKENIZERS[name](), double=double)
    assert_equal(explained(model, TEXTS[name]), by_shap(model, TEXTS[name]), atol)


def test_a_function_is_explained_as_shap_does_with_its_own_words() -> None:
    """On texts that end in a word: of the others shap leaves out the end."""
    model = function_model(lambda texts: [float(np.sin(sum(map(ord, t)))) for t in texts])
    texts = ["It isn't (quite) so, is it", "one two-three", "'no'  sooner   said"]
    theirs = by_shap(model, texts, shap.maskers.Text(r"\W+"))
    assert_equal(explained(model, texts), theirs, 1e-9)


def test_a_masker_of_the_users_is_masked_with_as_shap_does() -> None:
    model = classifier()
    masker = shap.maskers.Text(model.tokenizer, mask_token="the", collapse_mask_token=True)
    found = explained(model, TEXTS["words"], masker=masker)
    assert_equal(found, by_shap(model, TEXTS["words"], masker), 1e-9)


def test_special_tokens_cost_shap_evaluations_and_us_none() -> None:
    model = classifier()
    explainer = shap.explainers.Partition(
        lambda t: model.score(list(map(str, t))).values, Masker(model).shap
    )
    explainer(["the man waited at the bank"], max_evals=SHAPS_BUDGET, silent=True)
    (found,) = explained(model, ["the man waited at the bank"])
    assert found.evals == 2 + 2 + 2 * 4 + 2 * 8
    assert 2 + explainer.last_eval_count == 44


def test_with_the_same_budget_no_more_is_left_unresolved_than_by_shap() -> None:
    model = classifier()
    text = "the blind man waited at the shop and the woman left early and came back with the soup."
    size = len(explained(model, [text], 2)[0].tokens)
    (found,) = explained(model, [text], 300)
    theirs = by_shap(model, [text], budget=300).hierarchical_values[0]
    assert (found.unresolved < np.abs(theirs[size:]).sum(axis=0)).all()
    np.testing.assert_allclose(found.base + found.values.sum(axis=0), found.score)


def test_the_plots_of_shap_take_what_a_pipeline_would_have_given() -> None:
    """shap's own pipeline wrapper on the same model: probabilities of every label."""
    from transformers import pipeline

    model = classifier(double=False)
    texts = TEXTS["words"]
    made = pipeline("text-classification", model=model.model, tokenizer=model.tokenizer, top_k=None)
    theirs = shap.Explainer(made)(texts, max_evals=SHAPS_BUDGET, silent=True)
    found = explained(model, texts, scale="probability")
    assert theirs.output_names == list(model.labels)
    assert_equal(found, theirs, 1e-4)


@pytest.mark.slow
def test_values_of_a_real_encoder_are_those_of_shap_on_its_pipeline() -> None:
    """MiniLM with a head drawn at random; shap takes seconds per sentence."""
    from transformers import AutoModelForSequenceClassification, pipeline

    torch.manual_seed(0)
    real = AutoModelForSequenceClassification.from_pretrained(weights_folder(), num_labels=3)
    real.classifier.weight.data.mul_(30)
    plan = ScoringPlan(device="cpu")
    model = Classifier(real, pieces(), plan, model_id="MiniLM", provenance={"digests": {}})
    texts = [
        "Muslims aren't unwelcome here, he said.",
        "I've never met a (kinder) nurse!",
        "That's antidisestablishmentarianism…",
    ]
    made = pipeline("text-classification", model=real, tokenizer=pieces(), top_k=None)
    theirs = shap.Explainer(made)(texts, max_evals=SHAPS_BUDGET, silent=True)
    assert_equal(explained(model, texts, scale="probability"), theirs, 1e-4)
