"""What scoring would cost, from a model's files and its tokenizer: no weights are loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from auditor.errors import ModelError, PlanError
from auditor.models.base import Kind
from auditor.models.loading import load_counter
from auditor.models.outcomes import Outcome
from auditor.plan import AuditPlan, ModelPlan, ScoringPlan
from auditor.planned.counts import Counted
from auditor.swaps.names import CountTokens


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What a model's own files say of it; nothing is known of one that is not on this machine."""

    labels: tuple[str, ...] = ()
    regression: bool = False
    parameters: int | None = None
    multi_label: bool = False
    components: int | None = None
    """Heads and MLPs."""


def read_files(model: ModelPlan) -> ModelFiles:
    """Returns what the files of a folder, or of the hub's cache, say of a model."""
    folder = _folder(model)
    config = folder / "config.json" if folder else None
    if folder is None or config is None or not config.is_file():
        return ModelFiles()
    values: dict[str, Any] = json.loads(config.read_text(encoding="utf-8"))
    names = values.get("id2label") or {}
    labels = tuple(str(names[key]) for key in sorted(names, key=int))
    declared = values.get("problem_type")
    several = declared == "multi_label_classification"
    regression = declared == "regression" or (not several and len(labels) == 1)
    return ModelFiles(labels, regression, _parameters(folder), several, _components(values))


def _components(config: Mapping[str, Any]) -> int | None:
    """Heads and MLPs by a model's config; families name their number in three ways."""
    layers, heads = (
        next((int(config[name]) for name in names if config.get(name)), None)
        for names in (
            ("num_hidden_layers", "n_layer", "n_layers"),
            ("num_attention_heads", "n_head", "n_heads"),
        )
    )
    return None if layers is None or heads is None else layers * (heads + 1)


def _folder(model: ModelPlan) -> Path | None:
    if Path(model.id).is_dir():
        return Path(model.id)
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(model.id, "config.json", revision=model.revision)
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def _parameters(folder: Path) -> int | None:
    """The numbers in the safetensors files, from their headers; None where there are none."""
    sizes = [_in_header(path) for path in sorted(folder.glob("*.safetensors"))]
    return sum(sizes) or None


def _in_header(path: Path) -> int:
    """A header is its length in 8 bytes, little end first, then JSON: name -> dtype, shape."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(prod(each["shape"]) for name, each in header.items() if name != "__metadata__")


def tokenizer_of(spec: Any, plan: ScoringPlan) -> tuple[CountTokens | None, str | None]:
    """Returns a model's counter of pieces, and why there is none.

    Args:
        spec: as of `load_model`; None: no model is named.
    """
    if spec is None:
        return None, "no model is named: words are counted in place of tokens"
    try:
        counter = load_counter(spec, plan)
    except ModelError as error:
        return None, f"words are counted in place of tokens, since {error}"
    return counter, None if counter else "a function has no tokenizer: words are counted"


def token_count(counted: Counted, count: Callable[[str], int] | None) -> int:
    """Returns the tokens of all texts to score: the words, times the sample's tokens per word."""
    words = sum(len(text.split()) for text in counted.sample)
    if count is None or not words:
        return counted.words
    return round(counted.words * sum(count(text) for text in counted.sample) / words)


def favourable_words(plan: ScoringPlan, labels: tuple[str, ...]) -> frozenset[str]:
    """Returns every way to write a favourable label in the data, casefolded: its name or index."""
    names = [name.casefold() for name in labels]
    found: set[str] = set()
    for given in plan.favourable:
        word = str(given).casefold()
        index = names.index(word) if word in names else int(word) if word.isdecimal() else None
        found.add(word)
        if index is not None and index < len(names):
            found |= {names[index], str(index)}
    return frozenset(found)


def refuse_unnamed(plan: AuditPlan, files: ModelFiles) -> None:
    """Refuses an audit by true labels that does not say which of them is good to receive."""
    if plan.data.label and not plan.scoring.favourable and not files.regression:
        known = f" The model has {', '.join(files.labels)};" if files.labels else ""
        raise PlanError(
            f"which label is good to receive?{known} name one or more as favourable (--favourable "
            "LABEL): which texts count depends on it"
        )


def refuse_unknown(plan: ScoringPlan, files: ModelFiles, *, function: bool = False) -> None:
    """Refuses favourable labels that a model does not have, as the run does; nothing is known of a
    model whose labels are not on this machine.

    Args:
        function: the model is one, whose labels are the plan's.
    """
    labels = plan.labels if function else files.labels
    if not labels or not plan.favourable:
        return
    kind: Kind = "probabilities" if function else "single_label"
    if files.regression:
        kind = "regression"
    elif files.multi_label:
        kind = "multi_label"
    Outcome.of(labels, kind, plan)
