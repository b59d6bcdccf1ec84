"""What is explained is what the audit speaks of, from arrays as from tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditor.attributions.outputs import Output, favourable_output, label_output
from auditor.errors import PlanError
from auditor.models.base import Floats, Kind
from auditor.models.outcomes import Outcome
from tests.attributions.factory import classifier, explained, function_model

LABELS = ("bad", "poor", "fine", "good")
KINDS: list[Kind] = ["single_label", "multi_label", "probabilities"]


def raw(kind: Kind, texts: int = 50) -> Floats:
    values = np.random.default_rng(1).normal(size=(texts, len(LABELS)), scale=3)
    if kind == "probabilities":
        values = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    return values


def named(kind: Kind) -> Any:
    return type("Named", (), {"labels": LABELS, "kind": kind})


def outcome(kind: Kind, favourable: tuple[int, ...], sign: float = 1.0) -> Outcome:
    return Outcome(LABELS if kind != "regression" else ("score",), kind, favourable, sign)


@pytest.mark.parametrize("favourable", [(3,), (0, 2), (1, 2, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_favourable_output_is_the_audits_margin_and_score(
    kind: Kind, favourable: tuple[int, ...]
) -> None:
    reading = outcome(kind, favourable).read(raw(kind))
    margin = favourable_output(outcome(kind, favourable)).read(raw(kind))
    score = favourable_output(outcome(kind, favourable), "probability").read(raw(kind))
    np.testing.assert_allclose(margin[:, 0], reading.margin, atol=1e-10)
    np.testing.assert_allclose(score[:, 0], reading.score, atol=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_regression_is_its_output_turned_so_that_higher_is_better(sign: float) -> None:
    values = np.array([[1.5], [-2.0]])
    found = favourable_output(outcome("regression", (), sign))
    np.testing.assert_array_equal(
        found.read(values)[:, 0], outcome("regression", (), sign).read(values).score
    )
    assert (found.names, found.unit) == (("score",), "output")


def test_probabilities_that_sum_to_almost_one_have_the_audits_margin_too() -> None:
    values = np.array([[0.2, 0.1, 0.3, 0.4005]])
    expected = outcome("probabilities", (3,)).read(values).margin
    found = favourable_output(outcome("probabilities", (3,))).read(values)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_certain_probabilities_have_large_log_odds_and_no_infinite_ones() -> None:
    values = np.array([[1.0, 0, 0, 0], [0, 0, 0, 1.0]])
    found = favourable_output(outcome("probabilities", (3,))).read(values)[:, 0]
    np.testing.assert_allclose(found, [np.log(1e-12), -np.log(1e-12)])


@pytest.mark.parametrize("scale", ["logit", "probability"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_label_is_an_output_of_its_own(kind: Kind, scale: str) -> None:
    together = label_output(named(kind), scale).read(raw(kind))
    for i in range(len(LABELS)):
        alone = favourable_output(outcome(kind, (i,)), scale).read(raw(kind))
        np.testing.assert_array_equal(together[:, i], alone[:, 0])


def every_output() -> list[Output]:
    made = [
        label_output(named(kind), scale) for kind in KINDS for scale in ("logit", "probability")
    ]
    made += [favourable_output(outcome(kind, (1, 2))) for kind in KINDS]
    return [*made, label_output(named("single_label"), lambda values: values[:, 1] - values[:, 0])]


@pytest.mark.parametrize("output", every_output())
def test_arrays_and_tensors_are_read_alike_and_tensors_have_gradients(output: Output) -> None:
    values = raw(output.kind)
    tensor = torch.from_numpy(values).requires_grad_()
    read = output.of(tensor)
    np.testing.assert_allclose(read.detach().numpy(), output.read(values), rtol=0, atol=0)
    read.sum(dim=0)[0].backward()  # type: ignore[no-untyped-call]
    assert tensor.grad is not None
    assert tensor.grad.abs().sum() > 0
    assert read.shape == (len(values), len(output.names))


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        (None, [0, 1, 2, 3]),
        (["good", "bad"], [3, 0]),
        ([1], [1]),
        ("fine", [2]),
        (np.array([3, 2]), [3, 2]),
    ],
)
def test_labels_are_chosen_by_name_or_index_in_their_order(labels: Any, chosen: list[int]) -> None:
    found = label_output(named("single_label"), labels=labels)
    assert found.names == tuple(LABELS[i] for i in chosen)
    every = label_output(named("single_label")).read(raw("single_label"))
    np.testing.assert_array_equal(found.read(raw("single_label")), every[:, chosen])


REFUSED: list[tuple[Kind, dict[str, Any], str]] = [
    (
        "single_label",
        {"labels": ["god"]},
        "labels names 'god'; the model has bad, poor, fine, good",
    ),
    ("single_label", {"labels": [4]}, "labels names 4"),
    ("single_label", {"labels": [-1]}, "labels names -1"),
    ("single_label", {"labels": []}, "labels names none"),
    ("single_label", {"scale": "output"}, "output is 'output'; for this model it is logit or"),
    ("regression", {"scale": "logit"}, "for this model it is output, or a function"),
    ("single_label", {"scale": len, "labels": [0]}, "labels and a function as output are both"),
    ("single_label", {"scale": lambda v: v.sum()}, r"array of shape \(\) for 1 texts"),
    ("single_label", {"scale": lambda v: v[:, :, None]}, r"array of shape \(1, 4, 1\)"),
    ("single_label", {"scale": lambda v: v[:, 0] * np.inf}, "values that are not finite"),
]


@pytest.mark.parametrize(("kind", "options", "message"), REFUSED)
def test_outputs_that_a_model_does_not_have_are_refused(
    kind: Kind, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(PlanError, match=message):
        label_output(named(kind), **options)


def test_a_function_of_the_users_may_be_written_with_torch() -> None:
    found = label_output(named("single_label"), lambda values: torch.log_softmax(values, dim=1))
    expected = torch.log_softmax(torch.from_numpy(raw("single_label")), dim=1)
    np.testing.assert_array_equal(found.read(raw("single_label")), expected.numpy())


def test_a_function_of_the_users_may_give_several_outputs() -> None:
    def gaps(values: Any) -> Any:
        return values[:, 1:] - values[:, :1]

    found = label_output(named("single_label"), gaps)
    assert found.names == ("gaps 0", "gaps 1", "gaps 2")
    np.testing.assert_array_equal(found.read(raw("single_label")), gaps(raw("single_label")))


@pytest.mark.parametrize(
    ("scale", "unit"), [(None, "log-odds"), ("probability", "probability"), (np.tanh, "output")]
)
def test_attributions_say_their_unit(scale: Any, unit: str) -> None:
    (found,) = explained(classifier(), ["she left"], scale=scale)
    assert found.unit == unit


def test_probabilities_of_independent_labels_are_explained_in_log_odds_each() -> None:
    model = function_model(
        lambda texts: [[0.9, 0.2 + 0.3 * ("she" in t)] for t in texts],
        labels=("a", "b"),
        gives="multi_label",
    )
    (found,) = explained(model, ["she"])
    np.testing.assert_allclose(found.values, [[0, np.log(4)]], atol=1e-12)
