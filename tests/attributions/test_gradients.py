"""Gradient attributions: known by hand, complete, the same in any batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditor.attributions.base import Ask, Refused
from auditor.attributions.gradients import _node_weights, _nodes, input_x_gradient
from auditor.attributions.gradients import integrated_gradients as integrated
from auditor.attributions.inside import embedded, steady
from auditor.attributions.masking import Masker
from auditor.attributions.outputs import label_output
from auditor.errors import ModelError, PlanError
from auditor.models.callables import CallableModel
from auditor.plan import ScoringPlan
from tests.attributions.tiny_models import (
    TEXTS,
    Linear,
    Opposed,
    every_output,
    family,
    found,
    opened,
)
from tests.fakes import LABELS, constant
from tests.models.conftest import FAMILIES, tiny, tokenizer

BOTH = [input_x_gradient, integrated]


def test_of_a_linear_model_input_x_gradient_is_weight_times_input() -> None:
    model = opened(Linear(she=2.0, left=-1.0, MASK=0.5))
    (she_left,) = found(input_x_gradient(model, ["she left early"], every_output(model)))
    np.testing.assert_allclose(she_left.values[:, 0], [0, 6, -3, 0, 0])
    assert she_left.score.tolist() == [4.0]
    assert np.isnan(she_left.base).all()
    assert (she_left.method, she_left.unit, she_left.evals) == ("input_x_gradient", "output", 1)


def test_of_a_linear_model_integrated_gradients_are_weight_times_distance_from_the_mask() -> None:
    model = opened(Linear(she=2.0, left=-1.0, MASK=0.5))
    (she_left,) = found(integrated(model, ["she left early"], every_output(model)))
    np.testing.assert_allclose(she_left.values[:, 0], [0, 4.5, -4.5, -1.5, 0], atol=1e-6)
    np.testing.assert_allclose(she_left.base, [5.5], atol=1e-6)
    np.testing.assert_allclose(she_left.residual, [0.0], atol=1e-6)
    assert (she_left.method, she_left.evals) == ("integrated_gradients", 17)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_both_with_the_engines_scores(name: str) -> None:
    model = family(name)
    ask = every_output(model)
    scores = ask.output.read(model.score(TEXTS).values)
    for method in BOTH:
        answers = found(method(model, TEXTS, ask))
        np.testing.assert_allclose([each.score for each in answers], scores, atol=1e-5)
        assert all(np.abs(each.values).max() > 1e-5 for each in answers)
        assert [each.values.shape for each in answers] == [(len(a.tokens), 2) for a in answers]
    for each in answers:
        allowed = np.maximum(0.01 * np.abs(each.score - each.base), 1e-3)
        assert (np.abs(each.residual) <= allowed).all()
        assert (each.values[each.tokens.fixed] == 0).all()


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("name", ["bert", "roberta", "modernbert", "gpt2", "llama"])
def test_a_batch_gives_what_each_text_gives_alone(name: str, method: Any) -> None:
    model = family(name, scoring={"token_budget": 64})
    ask = every_output(model)
    together = found(method(model, TEXTS, ask))
    for text, each in zip(TEXTS, together, strict=True):
        (alone,) = found(method(model, [text], ask))
        assert each.tokens.text == text
        np.testing.assert_allclose(each.values, alone.values, atol=1e-5)
        np.testing.assert_allclose(each.base, alone.base, atol=1e-5)


def test_in_float64_integrated_gradients_add_up_to_1e_6() -> None:
    model = opened(tiny("bert").double())
    ask = every_output(model)
    for each in found(integrated(model, TEXTS, ask, relative=0.0, absolute=1e-6)):
        assert np.abs(each.residual).max() <= 1e-6
        assert np.abs(each.values).max() > 1e-3


def test_steps_are_doubled_where_they_must_be_and_what_is_left_is_told() -> None:
    model = opened(Opposed(man=1.0))
    ask = every_output(model)
    (few,) = found(integrated(model, ["man left"], ask, most=16))
    (enough,) = found(integrated(model, ["man left"], ask))
    assert few.evals == 17
    assert np.abs(few.residual).max() > 0.05
    assert enough.evals > 17
    assert np.abs(enough.residual).max() <= 0.02


def test_a_sum_that_is_right_by_chance_does_not_end_the_doubling() -> None:
    """Both words have the same wrong value with opposite sign until the steps suffice."""
    model = opened(Opposed(man=1.0))
    (each,) = found(integrated(model, ["man man"], every_output(model)))
    whole = np.tanh(30 * 0.63) - np.tanh(-30 * 0.37)
    np.testing.assert_allclose(each.values[1:3, 0], [whole, -whole], atol=0.01)


def test_they_equal_the_plain_sum_of_many_small_steps() -> None:
    """The slow way: one text, 2,000 midpoints, the masked ids written by hand."""
    model = opened(tiny("bert"))
    (ours,) = found(integrated(model, TEXTS[:1], every_output(model, labels=[1])))
    ids = torch.tensor(model.tokenizer(TEXTS[0])["input_ids"])
    masked = torch.tensor([2, *[4] * (len(ids) - 2), 3])
    end, start = (model.model.get_input_embeddings()(each).detach() for each in (ids, masked))
    shares = ((torch.arange(2_000) + 0.5) / 2_000)[:, None, None]
    points = (start + shares * (end - start)).requires_grad_()
    logits = model.model(inputs_embeds=points).logits
    (slopes,) = torch.autograd.grad((logits[:, 1] - logits[:, 0]).sum(), points)
    expected = (slopes.mean(dim=0) * (end - start)).sum(dim=-1)
    np.testing.assert_allclose(ours.values[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize("name", ["bert", "roberta", "electra"])
def test_the_base_is_the_output_of_shaps_empty_coalition(name: str) -> None:
    model = family(name)
    ask = every_output(model)
    masker = Masker(model)
    for each in found(integrated(model, TEXTS, ask)):
        empty = masker.strings(each.tokens, each.tokens.fixed[None])
        np.testing.assert_allclose(
            each.base, ask.output.read(model.score(empty).values)[0], atol=1e-5
        )


@pytest.mark.parametrize(("unknown", "base"), [("[UNK]", 1.75), (None, 1.0)])
def test_without_a_mask_token_the_unknown_token_stands_for_it_else_zeros(
    unknown: str | None, base: float
) -> None:
    words = tokenizer()
    words.mask_token, words.unk_token = None, unknown
    linear = Linear(she=2.0, MASK=9.0)
    linear.embedding.weight.data[1] = 0.25  # [UNK]
    (each,) = found(integrated(opened(linear, words), ["she"], every_output(opened(linear, words))))
    np.testing.assert_allclose(each.base, [base])
    np.testing.assert_allclose(each.values[:, 0], [0, 7 - base, 0], atol=1e-6)


def test_another_maskers_mask_token_is_the_baseline() -> None:
    from shap.maskers import Text

    model = opened(Linear(she=2.0, soup=0.5, MASK=9.0))
    masker = Text(model.tokenizer, mask_token="soup", collapse_mask_token=False)
    output = label_output(model)
    (each,) = found(integrated(model, ["she left"], Ask(output, masker=masker)))
    np.testing.assert_allclose(each.base, [4.0])


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        ({"num_labels": 3}, "log-odds"),
        ({"num_labels": 3, "problem_type": "multi_label_classification"}, "log-odds"),
        ({"num_labels": 1}, "output"),
    ],
)
def test_every_kind_of_classifier_adds_up(options: dict[str, Any], unit: str) -> None:
    model = family("bert", **options)
    ask = every_output(model)
    answers = found(integrated(model, TEXTS, ask, absolute=1e-5, relative=0))
    assert {each.unit for each in answers} == {unit}
    assert {each.values.shape[1] for each in answers} == {options["num_labels"]}
    assert max(np.abs(each.residual).max() for each in answers) < 1e-5


@pytest.mark.parametrize("method", BOTH)
def test_reduced_precision_of_the_plan_changes_nothing(method: Any) -> None:
    exact, reduced = family("bert"), family("bert", scoring={"dtype": "bfloat16"})
    for a, b in zip(
        found(method(exact, TEXTS, every_output(exact))),
        found(method(reduced, TEXTS, every_output(reduced))),
        strict=True,
    ):
        np.testing.assert_array_equal(a.values, b.values)
        np.testing.assert_array_equal(a.score, b.score)


@pytest.mark.parametrize("method", BOTH)
def test_what_the_caller_has_switched_on_changes_nothing(method: Any) -> None:
    model = family("bert")
    (plain,) = found(method(model, TEXTS[:1], every_output(model)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (reduced,) = found(method(model, TEXTS[:1], every_output(model)))
    with torch.inference_mode():
        (inferred,) = found(method(model, TEXTS[:1], every_output(model)))
    np.testing.assert_array_equal(reduced.values, plain.values)
    np.testing.assert_array_equal(inferred.values, plain.values)


def test_kernels_that_know_only_reduced_numbers_give_way_for_the_while() -> None:
    model = family("bert")
    config = model.model.config
    (plain,) = found(input_x_gradient(model, TEXTS[:1], every_output(model)))
    config._attn_implementation = "flash_attention_2"
    (other,) = found(input_x_gradient(model, TEXTS[:1], every_output(model)))
    np.testing.assert_array_equal(other.values, plain.values)
    assert config._attn_implementation == "flash_attention_2"


def test_parameters_stay_out_of_the_graph() -> None:
    """Their gradients are not wanted, and what they would be made of takes memory."""
    model = tiny("bert")
    with steady(model):
        assert not any(parameter.requires_grad for parameter in model.parameters())
        assert not model(input_ids=torch.tensor([[2, 5, 3]])).logits.requires_grad
    assert all(parameter.requires_grad for parameter in model.parameters())


def _state(model: torch.nn.Module) -> list[Any]:
    return [
        [(p.requires_grad, p.dtype, p.grad, p.float().sum().item()) for p in model.parameters()],
        [module.training for module in model.modules()],
        [len(module._forward_hooks) for module in model.modules()],
    ]


@pytest.mark.parametrize("method", BOTH)
def test_the_model_is_left_as_it_was(method: Any) -> None:
    """Half of the parameters frozen, bfloat16 weights, a module in training mode."""
    model = opened(tiny("bert").to(torch.bfloat16))
    for parameter in list(model.model.parameters())[::2]:
        parameter.requires_grad_(False)
    next(model.model.children()).train()
    before = _state(model.model)
    answers = found(method(model, TEXTS, every_output(model)))
    assert _state(model.model) == before
    model.model.float().eval()
    for each, wide in zip(answers, method(model, TEXTS, every_output(model)), strict=True):
        np.testing.assert_array_equal(each.values, wide.values)


@pytest.mark.parametrize("method", BOTH)
def test_the_model_is_left_as_it_was_when_it_fails(
    method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened(tiny("bert"))
    before = _state(model.model)

    def fail(*_: Any) -> Any:
        raise RuntimeError("planted")

    monkeypatch.setattr(model.model.classifier, "forward", fail)
    with pytest.raises(RuntimeError, match="planted"):
        method(model, TEXTS, every_output(model))
    assert _state(model.model) == before


def test_embeddings_that_the_model_does_not_ask_for_are_an_error() -> None:
    model = tiny("bert")
    ids = torch.tensor([[2, 5, 3]])
    given = torch.zeros(1, 3, 32)
    wrong = pytest.raises(ModelError, match="does not embed each token")
    with steady(model), wrong, embedded(model, ids, given):
        model(input_ids=ids + 1)


@pytest.mark.parametrize("method", BOTH)
def test_a_model_that_embeds_more_than_the_text_is_refused(method: Any) -> None:
    """An encoder-decoder embeds the text twice, the second time shifted."""
    from transformers import T5Config, T5ForSequenceClassification

    config = T5Config(
        vocab_size=28, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2,
        pad_token_id=0, eos_token_id=3, decoder_start_token_id=0,
    )  # fmt: skip
    model = opened(T5ForSequenceClassification(config).eval())
    with pytest.raises(ModelError, match="T5ForSequenceClassification does not embed each token"):
        method(model, TEXTS[:1], every_output(model))


@pytest.mark.parametrize("method", BOTH)
def test_a_function_has_no_gradients(method: Any) -> None:
    model = CallableModel(constant, ScoringPlan(labels=tuple(LABELS)), model_id="mine")
    with pytest.raises(ModelError, match=r"mine is a function.* use method='owen'"):
        method(model, TEXTS, every_output(model))


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("method", BOTH)
def test_tokens_beyond_the_window_have_0_and_the_others_what_the_cut_text_gives(
    method: Any, side: str
) -> None:
    words = tokenizer(limit=5)
    words.truncation_side = side
    model = opened(tiny("bert"), words)
    ask = every_output(model)
    rest = {"right": "she left early", "left": "early and came"}[side]
    whole, cut = found(method(model, ["she left early and came", rest], ask))
    read = {"right": [0, 1, 2, 3, 6], "left": [0, 3, 4, 5, 6]}[side]
    assert len(whole.tokens) == 7
    np.testing.assert_allclose(whole.values[read], cut.values, atol=1e-6)
    assert (np.delete(whole.values, read, axis=0) == 0).all()
    np.testing.assert_allclose(whole.base, cut.base, atol=1e-6)


def test_texts_that_cannot_be_explained_do_not_stop_the_others() -> None:
    words = tokenizer(limit=6)
    model = opened(tiny("bert"), words, too_long="refuse")
    told: list[tuple[int, int]] = []
    ask = Ask(label_output(model), tell=lambda done, total: told.append((done, total)))
    texts = ["she left", "she left early and came back with soup", "", "she left"]
    first, long, empty, again = integrated(model, texts, ask)
    assert isinstance(long, Refused)
    assert "the model reads 6" in long.reason
    assert first is again
    assert (found([empty])[0].values == 0).all()
    assert told[-1] == (4, 4)


def test_a_text_without_any_token_is_refused() -> None:
    words = tokenizer()
    words._tokenizer.post_processor = None
    model = opened(tiny("bert"), words)
    she, blank = input_x_gradient(model, ["she", " "], every_output(model))
    assert found([she])[0].values.shape == (1, 2)
    assert blank == Refused(" ", "it has no tokens")


def test_a_masker_of_other_tokens_is_refused_text_by_text() -> None:
    from shap.maskers import Text

    model = family("bert")
    (each,) = integrated(model, ["she left"], Ask(label_output(model), masker=Text(r"\W+")))
    assert isinstance(each, Refused)
    assert "other tokens than the model reads" in each.reason


def test_values_that_are_no_numbers_are_refused() -> None:
    model = opened(Linear(she=2.0, left=float("inf")))
    she, left = input_x_gradient(model, ["she", "left"], every_output(model))
    assert found([she])[0].values.max() == 6
    assert left == Refused("left", "its input_x_gradient are not finite numbers; check the weights")


def test_an_output_function_is_followed_when_it_is_written_with_torch() -> None:
    model = family("bert")
    ask = every_output(model, scale=lambda logits: logits[:, 1] ** 2)
    (each,) = found(integrated(model, TEXTS[:1], ask, absolute=1e-5, relative=0))
    assert np.abs(each.residual).max() < 1e-5
    for numpy_only in (lambda v: np.asarray(v)[:, 1], lambda v: v.detach()[:, 1]):
        with pytest.raises(PlanError, match="write it with torch"):
            integrated(model, TEXTS[:1], every_output(model, scale=numpy_only))


class Small(Linear):
    """Has memory for so many tokens at once."""

    memory = 1_000

    def read(self, sizes: torch.Tensor) -> torch.Tensor:
        """Returns what `Linear` does, where it fits."""
        if sizes.requires_grad and sizes.numel() > self.memory:
            raise torch.OutOfMemoryError("planted")
        return super().read(sizes)


def test_what_does_not_fit_the_memory_is_halved() -> None:
    model = opened(Small(she=2.0, left=-1.0))
    expected = found(integrated(model, TEXTS, every_output(model)))
    Small.memory = 24
    for a, b in zip(expected, found(integrated(model, TEXTS, every_output(model))), strict=True):
        np.testing.assert_allclose(a.values, b.values, atol=1e-6)
    Small.memory = 3
    with pytest.raises(ModelError, match="do not fit the memory"):
        integrated(model, TEXTS, every_output(model))


@pytest.mark.parametrize("steps", [2, 8, 16, 64])
def test_the_nodes_integrate_polynomials_exactly_and_each_has_the_one_before(steps: int) -> None:
    nodes, weights = _nodes(steps), _node_weights(steps)
    for power in range(steps + 1):
        assert weights @ nodes**power == pytest.approx(1 / (power + 1), abs=1e-12)
    np.testing.assert_allclose(_nodes(2 * steps)[::2], nodes, atol=1e-15)
    assert (nodes[0], nodes[-1]) == (0.0, 1.0)
