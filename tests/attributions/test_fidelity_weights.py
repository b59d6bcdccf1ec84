"""Fidelity on tiny transformers: other masks, and weights drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from auditor.attributions.base import Ask, Attribution, Refused
from auditor.attributions.fidelity import measure_fidelity
from auditor.attributions.fidelity.variants import COPIES, other_masks, random_copies
from auditor.attributions.masking import Masker, open_masker
from auditor.attributions.outputs import label_output
from auditor.attributions.owen import owen_values
from auditor.errors import ModelError
from auditor.models.base import Model
from auditor.models.classifier import Classifier
from auditor.plan import ScoringPlan
from tests.attributions.test_fidelity import known, one
from tests.models.conftest import CAUSAL, tiny, tokenizer

TEXTS = [
    f"the {who} {did} {place} with soup"
    for who, did, place in [
        ("man", "waited", "at court"), ("woman", "left early", "and came"),
        ("person", "came back", "at bank"), ("muslim", "waited", "early"),
        ("christian", "left", "a shop"), ("blind man", "came", "at court"),
        ("woman", "waited", "back"), ("man", "left the bank", "early"),
        ("person", "waited", "at a shop"), ("muslim woman", "came", "and left"),
    ]
]  # fmt: skip
CLUSTERS = [str(i) for i in range(len(TEXTS))]


def classifier(family: str = "bert", **scoring: Any) -> Classifier:
    words = tokenizer(pad=family not in CAUSAL)
    plan = ScoringPlan(device="cpu", **scoring)
    return Classifier(tiny(family), words, plan, model_id="tiny", provenance={"digests": {}})


def asked(model: Model) -> Ask:
    return Ask(label_output(model, labels=[1]))


def length_of_words(model: Model, texts: Sequence[str], ask: Ask) -> list[Attribution | Refused]:
    """A "method" that never asks the model."""
    masker = Masker(model)
    return [
        Attribution(
            tokens,
            np.array([[float(len(segment))] for segment in tokens.segments]),
            base=np.full(1, np.nan),
            score=np.zeros(1),
            method="length",
            unit="log-odds",
        )
        for text in texts
        if not isinstance(tokens := masker.cut(text), Refused)
    ]


METHODS = {"owen": known(), "length": known(length_of_words)}


def results(model: Classifier, *methods: str, clusters: Sequence[str] = CLUSTERS) -> Any:
    explained = {
        name: [
            each
            for each in METHODS[name].call(model, TEXTS, asked(model))
            if isinstance(each, Attribution)
        ]
        for name in methods
    }
    return measure_fidelity(model, explained, clusters, asked(model), seed=3, methods=METHODS)


def test_what_listens_to_the_model_passes_and_what_ignores_it_does_not() -> None:
    found = results(classifier(), "owen", "length")
    owen, length = (one(found, name, "randomised_weights") for name in ("owen", "length"))
    assert (owen.passed, length.passed) == (True, False)
    assert length.estimate.value == pytest.approx(1)


def test_a_method_that_takes_only_its_sign_from_the_model_does_not_pass() -> None:
    def turned(model: Model, texts: Sequence[str], ask: Ask) -> list[Attribution | Refused]:
        sign = -1 if "random" in model.model_id else 1
        return [
            replace(each, values=sign * each.values)
            for each in length_of_words(model, texts, ask)
            if isinstance(each, Attribution)
        ]

    model = classifier()
    own = [each for each in turned(model, TEXTS, asked(model)) if isinstance(each, Attribution)]
    methods = {"it": known(turned)}
    found = measure_fidelity(model, {"it": own}, CLUSTERS, asked(model), seed=3, methods=methods)
    assert one(found, "it", "randomised_weights").passed is False


def test_a_text_that_random_weights_cannot_explain_is_left_out_and_said() -> None:
    def refuses_one(model: Model, texts: Sequence[str], ask: Ask) -> list[Attribution | Refused]:
        found = owen_values(model, texts, ask)
        if TEXTS[6] in texts and "random" in model.model_id:
            found[texts.index(TEXTS[6])] = Refused(TEXTS[6], "planted")
        return found

    model = classifier()
    own = [
        each for each in owen_values(model, TEXTS, asked(model)) if isinstance(each, Attribution)
    ]
    methods = {"owen": known(refuses_one)}
    found = measure_fidelity(model, {"owen": own}, CLUSTERS, asked(model), seed=3, methods=methods)
    assert one(found, "owen", "randomised_weights").estimate.n == len(TEXTS) - 1
    assert any("randomised_weights of owen" in note and "1 of 10" in note for note in found.notes)


def test_nothing_of_the_users_model_or_generator_changes() -> None:
    model = classifier()
    before = {name: value.clone() for name, value in model.model.state_dict().items()}
    config = model.model.config.to_dict()
    state = torch.random.get_rng_state()
    results(model, "owen")
    after = model.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert model.model.config.to_dict() == config
    assert torch.equal(torch.random.get_rng_state(), state)


def test_copies_are_drawn_anew_from_the_seed_alone() -> None:
    model = classifier()
    copies = [c.model.state_dict() for c in random_copies(model, 5)]
    torch.manual_seed(99)
    again = [c.model.state_dict() for c in random_copies(model, 5)]
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert len(copies) == COPIES
    assert all(torch.equal(a[name], b[name]) for a, b in zip(copies, again, strict=True))
    drawn = [each[name] for each in (*copies, model.model.state_dict())]
    assert len({float(each.sum()) for each in drawn}) == COPIES + 1


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "modernbert", "gpt2", "llama"])
def test_copies_of_every_family_answer_for_the_same_labels(family: str) -> None:
    model = classifier(family)
    copy = next(random_copies(model, 0))
    assert (copy.labels, copy.kind, copy.window) == (model.labels, model.kind, model.window)
    assert not np.allclose(copy.score(TEXTS).values, model.score(TEXTS).values)


def test_a_class_that_needs_more_than_its_configuration_is_refused_with_the_reason() -> None:
    class Wrapped(torch.nn.Module):
        def __init__(self, config: Any, wrapped: Any) -> None:
            super().__init__()
            self.config, self.wrapped, self.device = config, wrapped, wrapped.device
            self.dtype = wrapped.dtype

        def forward(self, **inputs: Any) -> Any:
            return self.wrapped(**inputs)

    inner = tiny("bert")
    model = classifier()
    model.model = Wrapped(inner.config, inner)
    with pytest.raises(ModelError, match="no Wrapped can be made from the model's configuration"):
        next(random_copies(model, 0))
    found = one(results(model, "owen"), "owen", "randomised_weights")
    assert found.estimate.value is None
    assert found.estimate.reason is not None
    assert "no Wrapped can be made" in found.estimate.reason


def test_other_masks_cut_the_same_tokens_and_write_other_texts() -> None:
    model = classifier()
    used, others = Masker(model), other_masks(model, None)
    tokens = used.cut(TEXTS[0])
    assert not isinstance(tokens, Refused)
    hidden = ~np.isin(np.arange(len(tokens)), [2, 3])[None, :]
    written = {name: Masker(model, each).strings(tokens, hidden) for name, each in others.items()}
    assert used.strings(tokens, hidden) == ["the [MASK] [MASK]at court with soup"]
    assert written == {
        "[UNK]": ["the [UNK] [UNK]at court with soup"],
        "no mask: tokens left out": ["the at court with soup"],
    }


def test_the_mask_in_use_is_not_compared_with_itself() -> None:
    from shap.maskers import Text

    model = classifier()
    own = Text(model.tokenizer, mask_token="[UNK]")
    assert list(other_masks(model, own)) == ["...", "no mask: tokens left out"]
    left_out = Text(model.tokenizer, mask_token="")
    assert list(other_masks(model, left_out)) == ["[UNK]"]


def test_a_tokenizer_that_pads_with_its_unknown_token_has_no_such_mask() -> None:
    model = classifier()
    model.tokenizer.pad_token = model.tokenizer.unk_token
    assert "[UNK]" not in other_masks(model, open_masker(model))


def test_stability_over_masks_is_measured_for_owen_values_alone() -> None:
    found = results(classifier(), "owen", "length")
    rows = [
        each for each in found.fidelity if each.measure in ("mask_stability", "mask_difference")
    ]
    assert {each.method for each in rows} == {"owen"}
    assert {each.against for each in rows} == {"[UNK]", "no mask: tokens left out"}
    assert all(each.estimate.value is not None for each in rows)
    assert all(each.estimate.value < 1 for each in rows if each.measure == "mask_stability")


def test_a_model_in_bfloat16_is_held_against_float32() -> None:
    found = results(classifier(dtype="bfloat16"), "owen")
    errors = {e.against: e.estimate for e in found.fidelity if e.measure == "additivity_error"}
    own, exact = errors[None], errors["the output in float32"]
    assert own.value == pytest.approx(0, abs=1e-9)
    assert exact.value > 1e-4


def test_too_few_clusters_pass_nothing() -> None:
    found = results(classifier(), "owen", clusters=["a"] * len(TEXTS))
    check = one(found, "owen", "randomised_weights")
    assert check.estimate.value is not None
    assert check.passed is None
