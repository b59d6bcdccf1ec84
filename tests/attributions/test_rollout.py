"""Attention rollout: shares known by hand, of the position that the head reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditor.attributions.inside import attending
from auditor.attributions.rollout import attention_rollout
from auditor.errors import ModelError
from auditor.models.callables import CallableModel
from auditor.plan import ScoringPlan
from tests.attributions.tiny_models import (
    TEXTS,
    Linear,
    Looking,
    every_output,
    family,
    found,
    opened,
)
from tests.fakes import LABELS, constant
from tests.models.conftest import CAUSAL, FAMILIES, tiny, tokenizer


def uniform(name: str, **options: Any) -> Any:
    """Returns a model whose keys are all 0, so that every token attends alike to all it sees."""
    model = tiny(name, **options)
    keys = [
        each for label, each in model.named_parameters() if ".key." in label or "k_proj" in label
    ]
    assert keys
    for key in keys:
        key.data.zero_()
    return opened(model, tokenizer(pad=name not in CAUSAL))


@pytest.mark.parametrize("name", FAMILIES)
def test_shares_of_every_family_are_not_negative_and_sum_to_1(name: str) -> None:
    model = family(name)
    ask = every_output(model)
    scores = ask.output.read(model.score(TEXTS).values)
    answers = found(attention_rollout(model, TEXTS, ask))
    for each in answers:
        assert each.values.shape == (len(each.tokens), 2)
        assert (each.values > 0).all()
        np.testing.assert_allclose(each.values.sum(axis=0), 1.0, atol=1e-6)
        assert np.isnan(each.base).all()
    np.testing.assert_allclose([each.score for each in answers], scores, atol=1e-5)
    assert {each.unit for each in answers} == {"share of attention"}


@pytest.mark.parametrize(("layers", "own"), [(1, 1 / 2), (2, 1 / 4), (3, 1 / 8)])
def test_uniform_attention_gives_the_uniform_rollout_and_the_residual(
    layers: int, own: float
) -> None:
    """Each layer leaves half where it was; all that ever moved is spread evenly."""
    model = uniform("bert", num_hidden_layers=layers)
    (each,) = found(attention_rollout(model, ["she left early"], every_output(model)))
    moved = (1 - own) / 5
    np.testing.assert_allclose(each.values[:, 0], [own + moved] + 4 * [moved], atol=1e-6)


def test_of_a_causal_model_it_is_the_last_token_that_is_read() -> None:
    """One layer of uniform attention: the last token keeps a half and shares out the other."""
    model = uniform("llama", num_hidden_layers=1)
    long, short = found(attention_rollout(model, ["she left early", "he"], every_output(model)))
    np.testing.assert_allclose(long.values[:, 0], [0.1, 0.1, 0.1, 0.1, 0.6], atol=1e-6)
    np.testing.assert_allclose(short.values[:, 0], [1 / 6, 1 / 6, 4 / 6], atol=1e-6)


@pytest.mark.parametrize(("pooling", "first"), [("mean", 1 / 5), ("cls", 3 / 5)])
def test_a_mean_over_tokens_is_told_from_the_first_token(pooling: str, first: float) -> None:
    model = tiny("modernbert", num_hidden_layers=1, classifier_pooling=pooling)
    for name, weight in model.named_parameters():
        if "Wqkv" in name:
            weight.data.zero_()  # queries, keys and values: attention is uniform
    engine = opened(model)
    (each,) = found(attention_rollout(engine, ["she left early"], every_output(engine)))
    rest = (1 - first) / 4
    np.testing.assert_allclose(each.values[:, 0], [first] + 4 * [rest], atol=1e-6)


@pytest.mark.parametrize("name", ["bert", "modernbert", "gpt2"])
def test_rows_are_those_of_the_product_of_whole_matrices(name: str) -> None:
    """The slow way: (A / 2 + I / 2) of every layer, multiplied from the last to the first."""
    model = family(name)
    (each,) = found(attention_rollout(model, TEXTS[:1], every_output(model)))
    ids = torch.tensor([model.tokenizer(TEXTS[0])["input_ids"]])
    rolled = np.eye(ids.shape[1])
    with attending(model.model, "eager"), torch.no_grad():
        for layer in model.model(input_ids=ids, output_attentions=True).attentions:
            rolled = (layer[0].mean(dim=0).numpy() / 2 + np.eye(len(rolled)) / 2) @ rolled
    row = -1 if name in CAUSAL else 0
    np.testing.assert_allclose(each.values[:, 0], rolled[row], atol=1e-6)


@pytest.mark.parametrize("name", ["bert", "deberta-v2", "modernbert", "gpt2", "llama"])
def test_a_batch_gives_what_each_text_gives_alone(name: str) -> None:
    model = family(name)
    ask = every_output(model)
    for text, each in zip(TEXTS, found(attention_rollout(model, TEXTS, ask)), strict=True):
        (alone,) = found(attention_rollout(model, [text], ask))
        np.testing.assert_allclose(each.values, alone.values, atol=1e-5)


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_the_attention_implementation_is_restored(name: str) -> None:
    model = family(name)
    assert model.model.config._attn_implementation == "sdpa"
    attention_rollout(model, TEXTS, every_output(model))
    assert model.model.config._attn_implementation == "sdpa"


def test_the_attention_implementation_is_restored_when_the_model_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = family("bert")

    def fail(*_: Any) -> Any:
        assert model.model.config._attn_implementation == "eager"
        raise RuntimeError("planted")

    monkeypatch.setattr(model.model.classifier, "forward", fail)
    with pytest.raises(RuntimeError, match="planted"):
        attention_rollout(model, TEXTS, every_output(model))
    assert model.model.config._attn_implementation == "sdpa"
    assert not any(module._forward_hooks for module in [model.model.get_input_embeddings()])


class Plain(Linear):
    """Takes no options, so it cannot be asked for attention."""

    def forward(self, input_ids: torch.Tensor, attention_mask: Any = None) -> Any:  # type: ignore[override]
        """Returns what `Linear` does."""
        return super().forward(input_ids, attention_mask)


def test_a_model_without_attention_is_refused() -> None:
    from transformers import FNetConfig, FNetForSequenceClassification

    config = FNetConfig(vocab_size=28, hidden_size=16, num_hidden_layers=1, intermediate_size=16)
    for model in (FNetForSequenceClassification(config).eval(), Linear(), Plain()):
        engine = opened(model)
        with pytest.raises(ModelError, match="gives no attention from every token"):
            attention_rollout(engine, TEXTS[:1], every_output(engine))


def test_attention_that_is_no_share_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink, or padding that is attended to, takes a part that no token has."""
    model = family("bert")
    softmax = torch.nn.functional.softmax
    monkeypatch.setattr(torch.nn.functional, "softmax", lambda *a, **k: softmax(*a, **k) * 0.9)
    with pytest.raises(ModelError, match="gives no attention"):
        attention_rollout(model, TEXTS, every_output(model))


def test_attention_to_padding_is_refused() -> None:
    model = opened(Looking(she=2.0))
    ask = every_output(model)
    (alone,) = found(attention_rollout(model, ["she"], ask))
    np.testing.assert_allclose(alone.values[:, 0], [4 / 6, 1 / 6, 1 / 6])
    with pytest.raises(ModelError, match="Looking gives no attention"):
        attention_rollout(model, ["she", "she left"], ask)


def test_a_function_has_no_attention() -> None:
    model = CallableModel(constant, ScoringPlan(labels=tuple(LABELS)), model_id="mine")
    with pytest.raises(ModelError, match="mine is a function"):
        attention_rollout(model, TEXTS, every_output(model))
