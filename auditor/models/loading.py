"""From a name, a loaded pair or a function to a `Model`, checked when it is loaded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auditor.errors import ModelError
from auditor.evidence.files import sha256_file
from auditor.models.base import Model
from auditor.models.callables import CallableModel
from auditor.models.classifier import Classifier
from auditor.models.devices import pick_device, weights_dtype
from auditor.models.pieces import counter_of
from auditor.plan import ModelPlan, ScoringPlan

WEIGHTS = ("*.safetensors", "*.bin")
TOKENIZER = ("tokenizer*", "vocab*", "merges.txt", "spiece.model", "*.spm", "special_tokens*")


def load_model(spec: Any, plan: ScoringPlan, *, model_id: str) -> Model:
    """Returns a model ready to score.

    Args:
        spec: a `ModelPlan`, a loaded `(model, tokenizer)`, or a callable
            `list[str] -> array [text, label]`.
        model_id: what reports call it.

    Raises:
        ModelError: it cannot be loaded, or is not a sequence classifier.
    """
    if isinstance(spec, ModelPlan):
        return _from_hub_or_folder(spec, plan, model_id)
    if isinstance(spec, tuple):
        model, tokenizer = spec
        return Classifier(model, tokenizer, plan, model_id=model_id, provenance={"digests": {}})
    if isinstance(spec, str | Path):
        return _from_hub_or_folder(ModelPlan(id=str(spec)), plan, model_id)
    return CallableModel(spec, plan, model_id=model_id)


def load_counter(spec: Any, plan: ScoringPlan) -> Callable[[str], int] | None:
    """Returns how many pieces a model's tokenizer breaks a term into; None for a function.

    Args:
        spec: as of `load_model`. Only the tokenizer is loaded.

    Raises:
        ModelError: it cannot be loaded.
    """
    if isinstance(spec, tuple):
        return counter_of(spec[1])
    if isinstance(spec, str | Path):
        spec = ModelPlan(id=str(spec))
    if not isinstance(spec, ModelPlan):
        return None
    with quiet():
        return counter_of(ask(open_tokenizer, spec, options_of(spec, plan)))


def options_of(spec: ModelPlan, plan: ScoringPlan) -> dict[str, Any]:
    """Returns how whatever belongs to a model is loaded.

    Raises:
        ModelError: it is a folder that lacks something, or has pickled weights alone.
    """
    folder = Path(spec.id)
    if folder.exists():
        _check_folder(folder, spec)
    return {
        "revision": spec.revision,
        "trust_remote_code": spec.trust_remote_code is not None,
        "local_files_only": plan.offline or folder.exists(),
    }


def _from_hub_or_folder(spec: ModelPlan, plan: ScoringPlan, model_id: str) -> Model:
    options = options_of(spec, plan)
    device = pick_device(plan.device)
    with quiet():
        tokenizer = ask(open_tokenizer, spec, options)
    dtype = weights_dtype(plan, device)
    model = open_weights(spec, {**options, "dtype": dtype}, "AutoModelForSequenceClassification")
    return Classifier(
        model.to(device),
        tokenizer,
        plan,
        model_id=model_id,
        provenance=_provenance(spec, model, tokenizer),
    )


def _check_folder(folder: Path, spec: ModelPlan) -> None:
    if not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} has no config.json; give a folder written by save_pretrained, or a hub id"
        )
    if not any(folder.glob("*.safetensors")) and not spec.allow_pickle:
        found = sorted(p.name for p in folder.glob("*.bin")) or ["no weights at all"]
        raise ModelError(
            f"{folder} has {', '.join(found)} and no safetensors; pickle files can run any code. "
            "Convert it with save_pretrained(..., safe_serialization=True), or give the reason "
            "for trusting it as allow_pickle in the plan"
        )
    if not any(path for pattern in TOKENIZER for path in folder.glob(pattern)):
        raise ModelError(
            f"{folder} has no tokenizer; save it there with tokenizer.save_pretrained(folder)"
        )


def open_tokenizer(name: str, **options: Any) -> Any:
    """Returns the tokenizer of a hub id or folder."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(name, **options)


WORDS = {
    "AutoModelForSequenceClassification": "sequence classifier",
    "AutoModelForMaskedLM": "masked language model",
    "AutoModelForCausalLM": "causal language model",
}
"""What a model is called that was saved with a class of transformers."""


def open_weights(spec: ModelPlan, options: dict[str, Any], loader: str) -> Any:
    """Returns a model with its head.

    Args:
        loader: the class of transformers that loads it, one of `WORDS`.

    Raises:
        ModelError: it cannot be loaded, or has no weights for its head.
    """
    import transformers

    safe = None if spec.allow_pickle else True
    given = {**options, "use_safetensors": safe, "output_loading_info": True}
    with quiet():
        load = getattr(transformers, loader).from_pretrained
        model, info = ask(load, spec, given, WORDS[loader])
    missing = sorted(info["missing_keys"])
    if missing:
        raise ModelError(
            f"{spec.id} has no weights for {', '.join(missing[:4])}: it is not a fine-tuned "
            f"{WORDS[loader]}, and its answers would be random; give a model that was saved with "
            f"{loader}"
        )
    return model


def ask(
    load: Callable[..., Any],
    spec: ModelPlan,
    options: dict[str, Any],
    wanted: str = WORDS["AutoModelForSequenceClassification"],
) -> Any:
    """Calls a loader; whatever it raises becomes one sentence with the cause kept."""
    try:
        return load(spec.id, **options)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        first = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
        raise ModelError(
            f"model {spec.id} cannot be loaded: {first[:300]} Give a folder written by "
            f"save_pretrained or the id of a {wanted} on the hub (and be online, or have it in the "
            "cache)"
        ) from error


def _provenance(spec: ModelPlan, model: Any, tokenizer: Any) -> dict[str, Any]:
    """Returns what identifies the files that were loaded."""
    folder = Path(spec.id)
    if not folder.is_dir():
        folder = _snapshot(spec, model)
    patterns = (*WEIGHTS, *TOKENIZER, "config.json")
    files = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return {
        "revision": spec.revision,
        "commit": getattr(model.config, "_commit_hash", None),
        "digests": {path.name: sha256_file(path) for path in files if path.is_file()},
        "trust_remote_code": spec.trust_remote_code,
        "allow_pickle": spec.allow_pickle,
        "tokenizer": type(tokenizer).__name__,
    }


def _snapshot(spec: ModelPlan, model: Any) -> Path:
    """Returns the hub cache's folder of exactly the commit that was loaded."""
    from huggingface_hub import snapshot_download

    commit = getattr(model.config, "_commit_hash", None) or spec.revision
    return Path(snapshot_download(spec.id, revision=commit, local_files_only=True))


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers' bars and notices off the terminal; errors still raise."""
    from transformers.utils import logging as hf_logging

    level, hub = hf_logging.get_verbosity(), logging.getLogger("huggingface_hub")
    hub_level = hub.level
    hf_logging.set_verbosity(logging.ERROR)
    hub.setLevel(logging.ERROR)
    hf_logging.disable_progress_bar()
    try:
        yield
    finally:
        hf_logging.set_verbosity(level)
        hub.setLevel(hub_level)
        hf_logging.enable_progress_bar()
