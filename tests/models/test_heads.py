"""Which models can be looked into, whatever their head, and which are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from auditor.errors import ModelError
from auditor.models import load_model
from auditor.models.heads import load_with_head, refuse_unready
from auditor.plan import ScoringPlan
from tests.models.conftest import tiny, tokenizer

Saved = Callable[..., Path]


def headed(loader: str, family: str = "bert", **options: Any) -> Any:
    """Returns a tiny model of a family with the head of a class of transformers."""
    import transformers

    config = tiny(family, **options).config
    return getattr(transformers, loader).from_config(config).eval()


HEADS = [
    ("AutoModelForSequenceClassification", "bert", "classifier"),
    ("AutoModelForMaskedLM", "bert", "masked"),
    ("AutoModelForMaskedLM", "electra", "masked"),
    ("AutoModelForCausalLM", "gpt2", "causal"),
    ("AutoModelForCausalLM", "llama", "causal"),
]


@pytest.mark.parametrize(("loader", "family", "head"), HEADS)
def test_a_folder_is_opened_with_the_head_that_it_was_saved_with(
    tmp_path: Path, loader: str, family: str, head: str
) -> None:
    made = headed(loader, family)
    made.save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    model, words, name, kind = load_with_head(str(tmp_path), offline=True)
    assert (kind, name, type(model)) == (head, str(tmp_path), type(made))
    ids = words("she left", return_tensors="pt")["input_ids"]
    torch.testing.assert_close(model(ids).logits, made(ids).logits)


@pytest.mark.parametrize(("loader", "family", "head"), HEADS)
def test_a_loaded_pair_is_itself(loader: str, family: str, head: str) -> None:
    model, words = headed(loader, family), tokenizer()
    opened = load_with_head((model, words))
    assert opened.model is model
    assert opened.tokenizer is words
    assert opened.head == head


def test_an_audits_classifier_is_looked_into_as_it_is() -> None:
    given = load_model((tiny("bert"), tokenizer()), ScoringPlan(device="cpu"), model_id="ours")
    opened = load_with_head(given)
    assert (opened.model, opened.model_id, opened.head) == (given.model, "ours", "classifier")  # type: ignore[attr-defined]


def test_a_function_is_refused() -> None:
    with pytest.raises(ModelError, match=r"a function has no weights.*give a loaded"):
        load_with_head(lambda texts: [[0.5, 0.5] for _ in texts])


@pytest.mark.parametrize("loaded", [True, False])
def test_a_model_without_a_head_is_refused(tmp_path: Path, *, loaded: bool) -> None:
    from transformers import BertModel

    model = BertModel(tiny("bert").config).eval()
    model.save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"class is BertModel, which has no head.*CausalLM"):
        load_with_head((model, tokenizer()) if loaded else tmp_path, offline=True)


def test_a_head_without_weights_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    headed("AutoModelForMaskedLM").save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    kept = {name: each for name, each in weights.items() if "transform.dense" not in name}
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"no weights for cls.*saved with AutoModelForMaskedLM"):
        load_with_head(tmp_path, offline=True)


def test_what_is_nowhere_is_refused_in_one_sentence() -> None:
    with pytest.raises(ModelError, match="model no-such-folder cannot be loaded") as caught:
        load_with_head("no-such-folder", offline=True)
    assert "\n" not in str(caught.value)


def test_a_quantised_folder_is_refused_before_its_weights_are_asked_for(saved: Saved) -> None:
    import json

    folder = saved()
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"its config is quantised \(gptq\).*dequantize"):
        load_with_head(folder, offline=True)


def quantised_config(model: Any) -> None:
    model.config.quantization_config = SimpleNamespace(quant_method="bitsandbytes")


def quantised_flag(model: Any) -> None:
    model.is_quantized = True


def integer_weights(model: Any) -> None:
    weight = torch.zeros(2, 2, dtype=torch.uint8)
    model.classifier.weight = torch.nn.Parameter(weight, requires_grad=False)


def foreign_layer(model: Any) -> None:
    class Linear8bitLt(torch.nn.Linear):
        pass

    model.classifier = Linear8bitLt(32, 2).eval()


def on_meta(model: Any) -> None:
    model.classifier.to("meta")


def spread(model: Any) -> None:
    model.hf_device_map = {"bert": 0, "classifier": "cpu"}


def on_disk(model: Any) -> None:
    model.hf_device_map = {"": "disk"}


def hooked(model: Any) -> None:
    model.bert.encoder._hf_hook = object()


def checkpointing(model: Any) -> None:
    older = model.gradient_checkpointing_enable
    getattr(model, "activation_checkpointing_enable", older)()


def training(model: Any) -> None:
    model.train()


def one_dropout(model: Any) -> None:
    model.bert.embeddings.dropout.train()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (quantised_config, r"its config is quantised \(bitsandbytes\).*float32"),
        (quantised_flag, r"it is quantised.*float32"),
        (integer_weights, r"classifier \(Linear\) is quantised.*float32"),
        (foreign_layer, r"classifier \(Linear8bitLt\) is quantised.*float32"),
        (on_meta, r"classifier\.weight has no values.*on one device"),
        (spread, r"layers are spread over 0, cpu.*on one device"),
        (on_disk, r"layers are spread over disk.*on one device"),
        (hooked, r"accelerate moves the weights of bert\.encoder about.*on one device"),
        (checkpointing, r"gradient checkpointing is on.*checkpointing_disable"),
        (training, r"it is in training mode.*model\.eval\(\)"),
        (one_dropout, r"bert\.embeddings\.dropout is in training mode.*model\.eval\(\)"),
    ],
)
def test_what_hooks_would_not_tell_the_truth_of_is_refused(
    change: Callable[[Any], None], reason: str
) -> None:
    model = tiny("bert")
    refuse_unready(model, "ours")
    change(model)
    with pytest.raises(ModelError, match=rf"ours cannot be looked into: .*{reason}"):
        refuse_unready(model, "ours")


def test_torchs_own_quantised_layers_are_refused() -> None:
    class Linear(torch.nn.Linear):
        pass

    Linear.__module__ = "torch.ao.nn.quantized.dynamic.modules.linear"
    model = tiny("bert")
    model.classifier = Linear(32, 2).eval()
    with pytest.raises(ModelError, match=r"classifier \(Linear\) is quantised"):
        load_with_head((model, tokenizer()))


def test_a_model_on_one_device_by_map_is_ready() -> None:
    model = tiny("bert")
    model.hf_device_map = {"": "cpu"}
    refuse_unready(model, "ours")
