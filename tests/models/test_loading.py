"""What can be loaded, what is refused, and what the record says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from auditor.errors import ModelError, PlanError
from auditor.evidence.files import sha256_file
from auditor.models import load_model
from auditor.plan import ModelPlan, ScoringPlan
from tests.models.conftest import tiny, tokenizer

CPU = ScoringPlan(device="cpu", offline=True)

Saved = Callable[..., Path]


def test_a_saved_folder_loads_and_is_identified_by_its_bytes(saved: Saved) -> None:
    folder = saved()
    model = load_model(ModelPlan(id=str(folder)), CPU, model_id="m")
    record = model.record()
    assert record["digests"]["model.safetensors"] == sha256_file(folder / "model.safetensors")
    assert (record["device"], record["dtype"], record["class"]) == (
        "cpu", "float32", "BertForSequenceClassification",
    )  # fmt: skip
    assert model.score(["she left"]).values.shape == (1, 2)


def test_a_loaded_pair_gives_the_same_scores_as_its_folder(saved: Saved) -> None:
    text = ["the man waited ."]
    from_folder = load_model(ModelPlan(id=str(saved())), CPU, model_id="m").score(text)
    from_pair = load_model((tiny("bert"), tokenizer()), CPU, model_id="m").score(text)
    np.testing.assert_allclose(from_pair.values, from_folder.values, atol=1e-6)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    tiny("bert").save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="has no tokenizer; save it there"):
        load_model(ModelPlan(id=str(tmp_path)), CPU, model_id="m")


def as_pickle(folder: Path) -> None:
    """Turns a saved folder into one that has pickled weights only."""
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def test_pickled_weights_are_refused_unless_the_plan_says_why(saved: Saved) -> None:
    folder = saved()
    as_pickle(folder)
    with pytest.raises(ModelError, match=r"pytorch_model\.bin and no safetensors"):
        load_model(ModelPlan(id=str(folder)), CPU, model_id="m")
    trusted = ModelPlan(id=str(folder), allow_pickle="made in this test")
    record = load_model(trusted, CPU, model_id="m").record()
    assert record["allow_pickle"] == "made in this test"


def test_a_model_without_a_trained_head_is_refused(tmp_path: Path) -> None:
    """The commonest mistake: a base model, whose head would be random."""
    from transformers import BertModel

    BertModel(tiny("bert").config).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"has no weights for classifier.*not a fine-tuned"):
        load_model(ModelPlan(id=str(tmp_path)), CPU, model_id="m")


@pytest.mark.parametrize("name", ["no-such-folder", "nobody/no-such-model"])
def test_what_is_nowhere_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(ModelError, match=f"model {name} cannot be loaded") as caught:
        load_model(ModelPlan(id=name), CPU, model_id="m")
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no config\.json"):
        load_model(ModelPlan(id=str(tmp_path)), CPU, model_id="m")


def test_a_device_that_is_not_there_is_refused(saved: Saved) -> None:
    with pytest.raises(PlanError, match="device 'abacus' cannot be used here"):
        load_model(ModelPlan(id=str(saved())), ScoringPlan(device="abacus"), model_id="m")
