"""Models with a head of any kind for what looks inside them, and what cannot be looked into.

The audit scores with classifiers alone. Circuits are found in language models as well: here is
how these are opened, and which models are refused because hooks on them would not tell the truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from auditor.errors import ModelError
from auditor.models.classifier import Classifier
from auditor.models.devices import pick_device, weights_dtype
from auditor.models.loading import ask, open_tokenizer, open_weights, options_of, quiet
from auditor.plan import ModelPlan, ScoringPlan

Head = Literal["classifier", "masked", "causal"]

LOADERS: dict[Head, str] = {
    "classifier": "AutoModelForSequenceClassification",
    "masked": "AutoModelForMaskedLM",
    "causal": "AutoModelForCausalLM",
}
_ENDINGS: dict[str, Head] = {
    "ForSequenceClassification": "classifier",
    "ForMaskedLM": "masked",
    "ForCausalLM": "causal",
    "LMHeadModel": "causal",
}
_QUANTISED = re.compile(
    r"bitsandbytes|gptq|awq|\bhqq|quanto|torchao|aqlm|eetq|spqr|vptq|higgs|nn\.quantized"
    r"|Quant(ized)?Linear|Linear(4bit|8bit)|FP8Linear|BitLinear",
    re.IGNORECASE,
)


class Opened(NamedTuple):
    """A model that can be looked into."""

    model: Any
    tokenizer: Any
    model_id: str
    head: Head


def load_with_head(spec: Any, *, device: str = "cpu", offline: bool = False) -> Opened:
    """Returns a model with its head, tokenizer, name and kind of head.

    Args:
        spec: a loaded `(model, tokenizer)`, a `Classifier`, or a hub id, folder or `ModelPlan` of a
            sequence classifier, masked or causal language model.
        device: where a model that is loaded here runs; one that is given stays where it is.
        offline: never ask the hub.

    Raises:
        ModelError: it cannot be loaded, has no such head or no weights for it, is a function, or
            is refused by `refuse_unready`.
    """
    opened = _opened(spec, ScoringPlan(device=device, offline=offline))
    refuse_unready(opened.model, opened.model_id)
    return opened


def _opened(spec: Any, plan: ScoringPlan) -> Opened:
    if isinstance(spec, Classifier):
        return Opened(spec.model, spec.tokenizer, spec.model_id, "classifier")
    if isinstance(spec, tuple) and len(spec) == 2:
        model, tokenizer = spec
        name = getattr(model.config, "_name_or_path", "") or type(model).__name__
        return Opened(model, tokenizer, name, head_of(model))
    if isinstance(spec, str | Path):
        spec = ModelPlan(id=str(spec))
    if isinstance(spec, ModelPlan):
        return _loaded(spec, plan)
    name = getattr(spec, "model_id", None) or getattr(spec, "__name__", type(spec).__name__)
    raise ModelError(
        f"{name} is a function, and a function has no weights to look into; give a loaded "
        "(model, tokenizer), a folder written by save_pretrained, or a hub id"
    )


def _loaded(spec: ModelPlan, plan: ScoringPlan) -> Opened:
    options = options_of(spec, plan)
    device = pick_device(plan.device)
    with quiet():
        config = ask(_config, spec, options, "model")
        tokenizer = ask(open_tokenizer, spec, options, "model")
    # Before its weights are asked for, which may need a package that is not here.
    _refuse(spec.id, _quantised_config(config))
    head = _head(config.architectures or [])
    dtype = weights_dtype(plan, device)
    model = open_weights(spec, {**options, "dtype": dtype}, LOADERS[head])
    return Opened(model.to(device), tokenizer, spec.id, head)


def _config(name: str, **options: Any) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(name, **options)


def head_of(model: Any) -> Head:
    """Returns the kind of a loaded model's head, by the name of its class or of one it inherits.

    Raises:
        ModelError: it is none of the three.
    """
    return _head([each.__name__ for each in type(model).__mro__])


def _head(classes: list[str]) -> Head:
    for name in classes:
        for ending, head in _ENDINGS.items():
            if name.endswith(ending):
                return head
    raise ModelError(
        f"the model's class is {classes[0] if classes else 'not named in its config'}, which has "
        f"no head that can be read; give a model saved with {', '.join(LOADERS.values())}"
    )


def refuse_unready(model: Any, name: str) -> None:
    """Refuses a model whose insides cannot be read or changed faithfully.

    Args:
        name: what the sentence calls it.

    Raises:
        ModelError: quantised layers, offloaded or missing weights, gradient checkpointing, or
            training mode; with what to do.
    """
    for reason in (_quantised(model), _elsewhere(model), _checkpointing(model), _training(model)):
        _refuse(name, reason)


def _refuse(name: str, reason: str | None) -> None:
    if reason is not None:
        raise ModelError(f"{name} cannot be looked into: {reason}")


def _quantised_config(config: Any) -> str | None:
    given = getattr(config, "quantization_config", None)
    if given is None:
        return None
    method = given.get("quant_method") if isinstance(given, dict) else given.quant_method
    return _of_quantised(f"its config is quantised ({getattr(method, 'value', method)})")


def _quantised(model: Any) -> str | None:
    found = next(_quantised_modules(model), None)
    if found is not None:
        return _of_quantised(f"{found} is quantised")
    if getattr(model, "is_quantized", False):
        return _of_quantised("it is quantised")
    return _quantised_config(model.config)


def _quantised_modules(model: Any) -> Iterator[str]:
    """Yields the modules whose weights are no plain numbers."""
    for name, module in model.named_modules():
        kind = type(module)
        whole = any(not weight.is_floating_point() for weight in module.parameters(recurse=False))
        if whole or _QUANTISED.search(f"{kind.__module__}.{kind.__name__}"):
            yield f"{name} ({kind.__name__})"


def _of_quantised(found: str) -> str:
    return (
        f"{found}, and gradients and edits of such weights are not exact; load the model in "
        "float32 or bfloat16, without a quantization_config, or call model.dequantize()"
    )


def _elsewhere(model: Any) -> str | None:
    """Returns why not all weights are on one device."""
    advice = "load it without device_map, on one device: model.to('cpu') or model.to('cuda')"
    empty = next((name for name, each in model.named_parameters() if each.is_meta), None)
    if empty is not None:
        return f"{empty} has no values (it is on the meta device, or offloaded); {advice}"
    places = {str(place) for place in (getattr(model, "hf_device_map", None) or {}).values()}
    if len(places) > 1 or "disk" in places:
        return f"its layers are spread over {', '.join(sorted(places))}; {advice}"
    hooked = next((name for name, each in model.named_modules() if hasattr(each, "_hf_hook")), None)
    if hooked is not None:
        return f"accelerate moves the weights of {hooked or 'the model'} about; {advice}"
    devices = {str(each.device) for each in model.parameters()}
    if len(devices) > 1:
        return f"its weights are on {', '.join(sorted(devices))}; {advice}"
    return None


def _checkpointing(model: Any) -> str | None:
    if not any(getattr(each, "gradient_checkpointing", False) for each in model.modules()):
        return None
    # Where transformers has the newer name, it warns of the older one.
    older, newer = "gradient_checkpointing_disable", "activation_checkpointing_disable"
    method = newer if hasattr(model, newer) else older
    return f"gradient checkpointing is on, so that hooks fire twice; call model.{method}()"


def _training(model: Any) -> str | None:
    found = next((name for name, each in model.named_modules() if each.training), None)
    if found is not None:
        return f"{found or 'it'} is in training mode, where dropout is random; call model.eval()"
    return None
