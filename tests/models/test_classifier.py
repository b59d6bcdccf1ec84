"""The scoring engine gives each text the value that it has alone, whatever the batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditor.errors import ModelError
from auditor.models.classifier import Classifier
from auditor.plan import ScoringPlan
from tests.models.conftest import CAUSAL, FAMILIES, tiny, tokenizer

TEXTS = [
    "the man waited at the shop .",
    "she left",
    "a blind person came back with soup and left early .",
    "the woman waited at the bank and the court and the shop and the bank .",
    "he",
    "the muslim came back",
]


def classifier(family: str = "bert", **options: Any) -> Classifier:
    scoring = {k: options.pop(k) for k in list(options) if k in ScoringPlan.model_fields}
    plan = ScoringPlan(device="cpu", **scoring)
    return Classifier(
        tiny(family, **options),
        tokenizer(pad=family not in CAUSAL),
        plan,
        model_id=family,
        provenance={"digests": {}},
    )


def alone(model: Classifier, text: str) -> Any:
    """The unmodified model on one text without padding: the slow, plain way."""
    ids = torch.tensor([model.tokenizer(text)["input_ids"]])
    with torch.inference_mode():
        return model.model(input_ids=ids).logits[0].double().numpy()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_gives_what_each_text_gives_alone(family: str) -> None:
    """Padding, order and packing change nothing, for models with and without a pad token."""
    model = classifier(family, token_budget=64)
    together = model.score(TEXTS).values
    expected = np.stack([alone(model, text) for text in TEXTS])
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(together, expected, atol=1e-5)


@pytest.mark.parametrize("configured", [None, 3])
def test_padding_follows_the_config_where_the_tokenizer_has_another(configured: int | None) -> None:
    """A causal model's head skips the config's pad token, or, without one, takes no batch at all;
    the tokenizer's is 0."""
    plan = ScoringPlan(device="cpu", token_budget=64)
    model = Classifier(
        tiny("gpt2", pad_token_id=configured), tokenizer(), plan,
        model_id="gpt2", provenance={"digests": {}},
    )  # fmt: skip
    texts = [text.replace(" .", "") for text in TEXTS]
    found = model.score(texts).values
    # The tokenizer ends texts with [SEP], 3: as the config's pad token it is no one's last token.
    np.testing.assert_allclose(found, np.stack([alone(model, t) for t in texts]), atol=1e-5)


@pytest.mark.parametrize("budget", [16, 40, 4096])
def test_the_budget_changes_no_score(budget: int) -> None:
    expected = classifier(token_budget=1024).score(TEXTS).values
    found = classifier(token_budget=budget).score(TEXTS).values
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_tokens_are_counted_without_special_ones() -> None:
    counted = classifier().score(["she left", "the man waited ."]).n_tokens
    assert counted is not None
    assert counted.tolist() == [2, 4]


def test_many_blocks_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokenising ahead in a thread does not mix texts up."""
    monkeypatch.setattr("auditor.models.classifier.BLOCK", 2)
    model = classifier()
    np.testing.assert_allclose(
        model.score(TEXTS).values, np.stack([alone(model, t) for t in TEXTS]), atol=1e-5
    )


def test_memory_that_runs_out_halves_the_batch_and_loses_nothing() -> None:
    model = classifier(token_budget=4096)
    expected = model.score(TEXTS).values
    forward = model.model.forward
    sizes: list[int] = []

    def small_memory(**inputs: Any) -> Any:
        sizes.append(inputs["input_ids"].numel())
        if sizes[-1] > 40:
            raise torch.OutOfMemoryError("planted: out of memory")
        return forward(**inputs)

    model.model.forward = small_memory
    np.testing.assert_allclose(model.score(TEXTS).values, expected, atol=1e-6)
    assert max(sizes) > 40
    assert model.budget < 4096


def test_one_text_that_does_not_fit_is_said_in_words() -> None:
    model = classifier()

    def no_memory(**inputs: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: planted")

    model.model.forward = no_memory
    with pytest.raises(ModelError, match="does not fit the memory of cpu"):
        model.score(["she left"])


def test_other_errors_of_the_model_are_not_taken_for_memory() -> None:
    model = classifier()

    def broken(**inputs: Any) -> Any:
        raise RuntimeError("planted")

    model.model.forward = broken
    with pytest.raises(RuntimeError, match="planted"):
        model.score(["she left"])


def test_a_long_text_is_cut_counted_and_scored_as_the_tokenizer_cuts_it() -> None:
    model = classifier()
    long = "the man waited at the shop . " * 20
    scored = model.score([long, "she left"])
    assert scored.truncated.tolist() == [True, False]
    assert scored.n_tokens is not None
    assert scored.n_tokens.tolist() == [140, 2]
    ids = model.tokenizer(long, truncation=True, max_length=64, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        expected = model.model(input_ids=ids).logits[0].numpy()
    np.testing.assert_allclose(scored.values[0], expected, atol=1e-5)


def test_a_long_text_can_be_refused() -> None:
    model = classifier(too_long="refuse")
    with pytest.raises(ModelError, match="1 texts are longer than the 64 tokens"):
        model.score(["the man waited . " * 30, "she left"])


def test_roberta_reads_two_positions_less_than_it_has() -> None:
    """Its positions begin after the padding index: here 1 of 66."""
    assert classifier("roberta").window == 64
    assert classifier("bert", max_position_embeddings=30).window == 30


def test_a_value_that_is_not_finite_is_refused_with_its_text() -> None:
    model = classifier()
    torch.nn.init.constant_(model.model.classifier.bias, float("nan"))
    with pytest.raises(ModelError, match=r"not a finite number, the first 'she left'"):
        model.score(["she left"])


def test_a_reduced_precision_can_be_asked_for_exactly() -> None:
    """bfloat16 differs from float32; `exact` gives float32's own values."""
    full = classifier().score(TEXTS).values
    reduced = classifier(dtype="bfloat16")
    assert np.abs(reduced.score(TEXTS).values - full).max() > 1e-5
    np.testing.assert_allclose(reduced.score(TEXTS, exact=True).values, full, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"num_labels": 2}, "single_label"),
        ({"num_labels": 3}, "single_label"),
        ({"num_labels": 1}, "regression"),
        ({"num_labels": 3, "problem_type": "multi_label_classification"}, "multi_label"),
    ],
)
def test_the_kind_is_read_from_the_configuration(options: dict[str, Any], kind: str) -> None:
    assert classifier(**options).kind == kind


def test_several_regression_outputs_are_refused() -> None:
    with pytest.raises(ModelError, match="regression with 2 outputs"):
        classifier(num_labels=2, problem_type="regression")
