"""Reaches inside a model with weights, batch by batch, and leaves it as it was found.

What gradients and attention have in common: which tokens stand at which positions, the embeddings
of a batch, float32 and evaluation mode for the while, batches that fit the memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

from auditor.attributions.base import Ask, Attribution, Ints, Refused, Tokens
from auditor.attributions.masking import Masker
from auditor.attributions.outputs import Output
from auditor.errors import ModelError, PlanError
from auditor.models.base import Floats, Model
from auditor.models.classifier import Classifier, out_of_memory
from auditor.models.devices import REDUCED

Inputs = dict[str, torch.Tensor]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts as the model reads them at once."""

    tokens: tuple[Tokens, ...]  # [text]
    kept: tuple[Ints, ...]  # [text][position], the token at each position; others were cut off
    inputs: Inputs  # name -> [text, position], padded on the right

    @property
    def width(self) -> int:
        return self.inputs["input_ids"].shape[1]


@dataclass(frozen=True, slots=True)
class Read:
    """What was found inside the model for one text."""

    values: Floats  # [position, output]; positions beyond the text's own are padding
    base: Floats  # [output]
    score: Floats  # [output]
    evals: int = 1


def weights_of(model: Model) -> Classifier:
    """Returns the model as one with weights.

    Raises:
        ModelError: it is a function.
    """
    if isinstance(model, Classifier):
        return model
    raise ModelError(
        f"{model.model_id} is a function, which has no weights to take gradients or attention of; "
        "use method='owen', or give the Hugging Face model itself"
    )


def by_batch(
    model: Classifier,
    texts: Sequence[str],
    ask: Ask,
    read: Callable[[Batch], Sequence[Read]],
    *,
    method: str,
    unit: str,
) -> list[Attribution | Refused]:
    """Returns what `read` finds in each text, as values of the text's tokens, in their order.

    A text that comes twice is read once. Tokens beyond the model's window have the value 0.
    """
    plain = Masker(model)
    found = _cut(model, texts, ask.masker, plain)
    whole = [tokens for tokens in found.values() if isinstance(tokens, Tokens)]
    answers: dict[str, Attribution | Refused] = {
        text: each for text, each in found.items() if isinstance(each, Refused)
    }
    times = Counter(texts)
    done = sum(times[text] for text in answers)
    with steady(model.model):
        for rows, inputs in model.batches([tokens.text for tokens in whole], cut=True):
            batch = _batch(plain, [whole[row] for row in rows], inputs)
            for i, each in enumerate(read(batch)):
                answers[batch.tokens[i].text] = _attribution(batch, i, each, method, unit)
            done += sum(times[tokens.text] for tokens in batch.tokens)
            ask.tell(done, len(texts))
    return [answers[text] for text in texts]


def _cut(
    model: Classifier, texts: Sequence[str], own: Any, plain: Masker
) -> dict[str, Tokens | Refused]:
    masker = plain if own is None else Masker(model, own)
    return {
        text: _as_model_reads(masker.cut(text), None if own is None else plain)
        for text in dict.fromkeys(texts)
    }


def _as_model_reads(tokens: Tokens | Refused, plain: Masker | None) -> Tokens | Refused:
    if isinstance(tokens, Refused):
        return tokens
    if plain and getattr(plain.cut(tokens.text), "segments", None) != tokens.segments:
        return Refused(
            tokens.text,
            "the masker cuts it into other tokens than the model reads, and only those have "
            "gradients and attention; leave the masker out, or use method='owen'",
        )
    return tokens


def _batch(plain: Masker, tokens: Sequence[Tokens], inputs: Inputs) -> Batch:
    mask = inputs.get("attention_mask")
    width = inputs["input_ids"].shape[1]
    lengths = [width] * len(tokens) if mask is None else mask.sum(dim=1).tolist()
    sizes = zip(tokens, lengths, strict=True)
    return Batch(
        tuple(tokens), tuple(_kept(plain.shap, len(each), size) for each, size in sizes), inputs
    )


def _kept(masker: Any, size: int, read: int) -> Ints:
    """Returns which of a text's tokens the model reads: those that are cut off stand before the
    special tokens at the end, or after those at the beginning where the tokenizer cuts there."""
    left = masker.tokenizer.truncation_side == "left"
    start = masker.keep_prefix if left else read - masker.keep_suffix
    return np.delete(np.arange(size), np.arange(start, start + size - read))


def _attribution(batch: Batch, i: int, read: Read, method: str, unit: str) -> Attribution | Refused:
    tokens, kept = batch.tokens[i], batch.kept[i]
    values = np.zeros((len(tokens), len(read.score)))
    values[kept] = read.values[: len(kept)]
    if not (np.isfinite(values).all() and np.isfinite(read.score).all()):
        return Refused(tokens.text, f"its {method} are not finite numbers; check the weights")
    return Attribution(tokens, values, read.base, read.score, method, unit, evals=read.evals)


@contextmanager
def steady(model: Any) -> Iterator[None]:
    """Keeps a model in evaluation mode and float32, and its parameters out of the graph.

    Reduced weights become float32 for the while, and exactly what they were afterwards. Attention
    kernels that know only reduced numbers give way to torch's own.
    """
    training = [(module, module.training) for module in model.modules()]
    wanted = [(each, each.requires_grad) for each in model.parameters()]
    weights = [*model.parameters(), *model.buffers()]
    reduced = [(each, each.dtype) for each in weights if each.dtype in REDUCED.values()]
    try:
        model.eval()
        for parameter, _ in wanted:
            parameter.requires_grad_(False)
        for tensor, _ in reduced:
            tensor.data = tensor.data.float()
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
            stack.enter_context(torch.autocast(model.device.type, enabled=False))
            if "flash" in str(getattr(model.config, "_attn_implementation", "")):
                stack.enter_context(attending(model, "sdpa"))
            yield
    finally:
        for module, was in training:
            module.training = was
        for tensor, dtype in reduced:
            tensor.data = tensor.data.to(dtype)
        for parameter, did in wanted:
            parameter.requires_grad_(did)


@contextmanager
def attending(model: Any, implementation: str) -> Iterator[None]:
    """Computes a model's attention in another way, as far as it can, and restores its own."""
    configs = {id(each.config): each.config for each in model.modules() if hasattr(each, "config")}
    # Parents first: setting one sets those within it too.
    own = [(each, getattr(each, "_attn_implementation", None)) for each in configs.values()]
    try:
        if hasattr(model, "set_attn_implementation"):
            model.set_attn_implementation(implementation)
        yield
    finally:
        for config, was in own:
            if was is not None:
                config._attn_implementation = was


def embed(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Returns what the model's embedding module makes of ids. [text, position, dimension]

    Raises:
        ModelError: it has none, or one that gives no vector per token.
    """
    try:
        with torch.no_grad():
            made = model.get_input_embeddings()(ids)
    except NotImplementedError as error:
        raise _no_embeddings(model) from error
    if not isinstance(made, torch.Tensor) or made.shape[:-1] != ids.shape:
        raise _no_embeddings(model)
    return made


@contextmanager
def embedded(model: Any, ids: torch.Tensor, given: torch.Tensor) -> Iterator[None]:
    """Puts embeddings in the place of those of ids, while the model still sees the ids.

    Position ids, and the token that a causal head reads, are made from the ids; so they stay.

    Raises:
        ModelError: the model did not embed exactly these ids, once.
    """
    as_passed: list[bool] = []

    def put(_: Any, args: tuple[Any, ...], own: torch.Tensor) -> torch.Tensor:
        as_passed.append(
            own.shape == given.shape
            and len(args) == 1
            and args[0].shape == ids.shape
            and torch.equal(args[0], ids)
        )
        return given if as_passed[-1] else own

    handle = model.get_input_embeddings().register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()
    if as_passed != [True]:
        raise _no_embeddings(model)


def _no_embeddings(model: Any) -> ModelError:
    return ModelError(
        f"{type(model).__name__} does not embed each token of a text once and in order, as an "
        "encoder or decoder alone does, so its gradients and attention cannot be told apart by "
        "token; use method='owen'"
    )


def outputs_of(output: Output, logits: torch.Tensor) -> torch.Tensor:
    """Returns outputs [text, output] with their gradient, in float64.

    Raises:
        PlanError: an output function of the user's that does not work on tensors.
    """
    why = "its result has no gradient"
    try:
        outputs = output.of(logits.cpu().double())  # in this order: MPS has no float64
    except (RuntimeError, TypeError) as error:
        if not callable(output.scale):
            raise
        outputs, why = logits.detach(), str(error)
    if not outputs.requires_grad:
        raise PlanError(
            f"the output function cannot be followed by gradients ({why}); write it with torch, "
            "such as `lambda logits: logits[:, 1] - logits[:, 0]`, or use method='owen'"
        )
    return outputs


class Budget:
    """Rows that are read at once; halved for good where the memory does not suffice."""

    def __init__(self, model: Classifier) -> None:
        self.tokens = model.budget
        self.device = model.device

    def parts(self, rows: int, width: int, run: Callable[[slice], T]) -> list[T]:
        """Returns what `run` makes of all rows, slice by slice.

        Raises:
            ModelError: one row alone does not fit.
        """
        done: list[T] = []
        at = 0
        while at < rows:
            size = min(max(1, self.tokens // width), rows - at)
            try:
                done.append(run(slice(at, at + size)))
                at += size
                continue
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                if size == 1:
                    raise ModelError(
                        f"the gradients of one text of {width} tokens do not fit the memory of "
                        f"{self.device}; use a device with more, or shorter texts"
                    ) from error
            self.tokens = size // 2 * width
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
        return done
