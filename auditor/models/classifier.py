"""The one scoring engine: distinct texts in, raw values out, on any sequence classifier.

Texts are sorted by length, packed under a token budget, and tokenised in a thread one block ahead
of the forward pass. What comes out does not depend on any of that beyond float32's last digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import torch

from auditor.errors import ModelError
from auditor.models.base import Floats, Kind, RawScores
from auditor.models.devices import REDUCED, token_budget
from auditor.models.pieces import pieces_of
from auditor.plan import ScoringPlan

BLOCK = 1024
"""Texts tokenised at once, one block ahead of the forward pass."""

TOLERANCE = {"bfloat16": 0.25, "float16": 0.05}
"""Log-odds within which a reduced dtype may have moved a text across a decision. Measured on the
demo's heads, 442 texts, CPU: at most .030 for bfloat16 and .003 for float16; these are eight and
sixteen times that, since larger models err more."""

_NO_LIMIT = 1_000_000
"""Tokenizers without a limit say a number larger than this."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one block of texts, cut at the model's window."""

    inputs: dict[str, list[list[int]]]  # model input name -> [text][token]
    n_tokens: list[int]  # before cutting, special tokens not counted
    truncated: list[bool]

    @property
    def lengths(self) -> list[int]:
        return [len(ids) for ids in self.inputs["input_ids"]]


class Classifier:
    """A Hugging Face sequence classifier with its tokenizer."""

    has_weights = True

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        plan: ScoringPlan,
        *,
        model_id: str,
        provenance: dict[str, Any],
    ) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.plan = plan
        self.model_id = model_id
        self.provenance = provenance
        self.device: torch.device = model.device
        self.budget = token_budget(plan, self.device)
        self.window = window_of(model, tokenizer)
        self.kind = kind_of(model, model_id)
        self.labels = labels_of(model)
        self.score(["A first text shows that the model answers."], cut=True)

    @property
    def refuses_long(self) -> bool:
        return self.plan.too_long == "refuse"

    @property
    def tolerance(self) -> float:
        return TOLERANCE.get(self.plan.dtype, 0.0)

    def record(self) -> dict[str, Any]:
        return {
            "model_id": self.model_id,
            "class": type(self.model).__name__,
            "kind": self.kind,
            "labels": list(self.labels),
            "window": self.window,
            "device": str(self.device),
            "device_name": _device_name(self.device),
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "autocast": self.plan.dtype if self.plan.dtype in REDUCED else None,
            "parameters": sum(p.numel() for p in self.model.parameters()),
            **self.provenance,
        }

    def score(self, texts: Sequence[str], *, exact: bool = False, cut: bool = False) -> RawScores:
        """Returns logits of texts, best given distinct.

        Args:
            exact: compute in float32 even where the plan's dtype is a reduced one.
            cut: cut texts beyond the window even where the plan refuses them.

        Raises:
            ModelError: a text is too long and the plan refuses it, one text alone does not fit
                the memory, or a logit is not finite.
        """
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        values = np.empty((len(texts), len(self.labels)))
        n_tokens = np.empty(len(texts), np.int32)
        truncated = np.empty(len(texts), np.bool_)
        keys = [b""] * len(texts)
        for block, encoded in self._encoded_ahead(texts, order, cut):
            n_tokens[block], truncated[block] = encoded.n_tokens, encoded.truncated
            for i, ids in zip(block, encoded.inputs["input_ids"], strict=True):
                keys[i] = np.asarray(ids, np.int32).tobytes()
            for rows in self._packed(encoded.lengths):
                values[[block[row] for row in rows]] = self._forward(encoded, rows, exact)
        self._check_finite(values, texts)
        return RawScores(values, n_tokens, truncated, keys)

    def batches(
        self, texts: Sequence[str], *, cut: bool = False
    ) -> Iterator[tuple[list[int], dict[str, torch.Tensor]]]:
        """Yields which texts, by index, and their inputs as the model takes them, on its device.

        Sorted by length and padded on the right; without padding there is no attention mask. Use
        one batch before the next is asked for: a model without a pad token pads each with another.

        Args:
            cut: cut texts beyond the window even where the plan refuses them.

        Raises:
            ModelError: a text is too long and the plan refuses it.
        """
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for block, encoded in self._encoded_ahead(texts, order, cut):
            for rows in self._packed(encoded.lengths):
                yield [block[row] for row in rows], self._tensors(encoded, rows)

    def pieces(self, terms: Sequence[str]) -> list[int] | None:
        """Returns into how many pieces each term breaks within a sentence. [term]"""
        return pieces_of(self.tokenizer, terms)

    def _encoded_ahead(
        self, texts: Sequence[str], order: list[int], cut: bool
    ) -> Iterator[tuple[list[int], Encoded]]:
        """Yields blocks of indices with their tokens; the next is made while one is used."""
        blocks = [order[i : i + BLOCK] for i in range(0, len(order), BLOCK)]
        with ThreadPoolExecutor(1, thread_name_prefix="tokenise") as pool:
            coming = [pool.submit(self._encode, [texts[i] for i in b], cut) for b in blocks[:1]]
            for number, block in enumerate(blocks):
                encoded = coming.pop().result()
                coming += [
                    pool.submit(self._encode, [texts[i] for i in later], cut)
                    for later in blocks[number + 1 : number + 2]
                ]
                yield block, encoded

    def _encode(self, texts: list[str], cut: bool = False) -> Encoded:
        # verbose=False: the tokenizer's own notice of long texts; ours is counted and reported.
        whole = self.tokenizer(texts, return_attention_mask=False, verbose=False)
        inputs = {name: whole[name] for name in ("input_ids", "token_type_ids") if name in whole}
        full = [len(ids) for ids in inputs["input_ids"]]
        special = self.tokenizer.num_special_tokens_to_add()
        too_long = [i for i, n in enumerate(full) if self.window and n > self.window]
        if too_long and self.refuses_long and not cut:
            self._refuse(texts, full, too_long)
        if too_long:
            self._cut(texts, inputs, too_long)
        truncated = np.zeros(len(texts), np.bool_)
        truncated[too_long] = True
        return Encoded(inputs, [n - special for n in full], truncated.tolist())

    def _refuse(self, texts: list[str], full: list[int], too_long: list[int]) -> NoReturn:
        raise ModelError(
            f"{len(too_long)} texts are longer than the {self.window} tokens that "
            f"{self.model_id} reads (up to {max(full)}; {texts[too_long[0]][:60]!r}); "
            'shorten them, or let the plan cut them with too_long = "truncate"'
        )

    def _cut(
        self, texts: list[str], inputs: dict[str, list[list[int]]], too_long: list[int]
    ) -> None:
        cut = self.tokenizer(
            [texts[i] for i in too_long],
            truncation=True,
            max_length=self.window,
            return_attention_mask=False,
        )
        for name, rows in inputs.items():
            for i, ids in zip(too_long, cut[name], strict=True):
                rows[i] = ids

    def _packed(self, lengths: list[int]) -> Iterator[list[int]]:
        """Yields rows of batches whose padded size stays under the budget, longest last."""
        batch: list[int] = []
        for row in sorted(range(len(lengths)), key=lengths.__getitem__):
            if batch and (len(batch) + 1) * lengths[row] > self.budget:
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch

    def _forward(self, encoded: Encoded, rows: list[int], exact: bool) -> Floats:
        """Returns [row, label]; a batch that does not fit the memory is halved, and so is the
        budget from there on."""
        try:
            return self._logits(encoded, rows, exact)
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            if not out_of_memory(error):
                raise
            if len(rows) == 1:
                raise ModelError(
                    f"one text of {encoded.lengths[rows[0]]} tokens does not fit the memory of "
                    f"{self.device}; use a device with more, a smaller dtype, or shorter texts"
                ) from error
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.budget = max(self.budget // 2, 16)
        half = len(rows) // 2
        return np.concatenate(
            [self._forward(encoded, part, exact) for part in (rows[:half], rows[half:])]
        )

    def _logits(self, encoded: Encoded, rows: list[int], exact: bool) -> Floats:
        inputs = self._tensors(encoded, rows)
        with torch.inference_mode(), self._precision(exact):
            logits: torch.Tensor = self.model(**inputs).logits
        values: Floats = logits.cpu().double().numpy()  # MPS has no float64
        return values

    def _tensors(self, encoded: Encoded, rows: list[int]) -> dict[str, torch.Tensor]:
        """Returns right-padded inputs. Without padding no mask is needed, which is faster."""
        lengths = np.array([len(encoded.inputs["input_ids"][row]) for row in rows])
        width = int(lengths.max())
        real = np.arange(width) < lengths[:, None]
        tensors = {}
        for name, ids in encoded.inputs.items():
            flat = np.concatenate([ids[row] for row in rows])
            fill = (
                pad_id(self.model, self.tokenizer, flat)
                if name == "input_ids"
                else self.tokenizer.pad_token_type_id
            )
            padded = np.full(real.shape, fill, np.int64)
            padded[real] = flat
            tensors[name] = torch.from_numpy(padded).to(self.device)
        if not real.all():
            tensors["attention_mask"] = torch.from_numpy(real.astype(np.int64)).to(self.device)
        return tensors

    def _precision(self, exact: bool) -> AbstractContextManager[Any]:
        reduced = REDUCED.get(self.plan.dtype)
        if exact or reduced is None:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=reduced)

    def _check_finite(self, values: Floats, texts: Sequence[str]) -> None:
        broken = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(broken):
            raise ModelError(
                f"{self.model_id} gives {len(broken)} texts a value that is not a finite number, "
                f"the first {texts[broken[0]][:60]!r}; try --dtype float32, or check its weights"
            )


def pad_id(model: Any, tokenizer: Any, used: Any) -> int:
    """Returns the id to pad with, which the model's config has from then on.

    Heads on causal models read the last token that is not the config's pad token, found by its id,
    whichever one the tokenizer has. A tokenizer without a pad token gets an id that no text of the
    batch has, so that padding never moves the token that is read.

    Args:
        used: every id of the batch.
    """
    config = model.config
    if tokenizer.pad_token_id is not None:
        if getattr(config, "pad_token_id", None) is None:
            config.pad_token_id = tokenizer.pad_token_id
        return int(config.pad_token_id)
    free = np.setdiff1d(np.arange(min(config.vocab_size, len(used) + 1)), used)
    config.pad_token_id = int(free[0])
    return int(free[0])


def out_of_memory(error: RuntimeError) -> bool:
    """Returns whether it was the memory of the device, or of the machine, that did not suffice."""
    words = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or (
        "out of memory" in words or "allocate memory" in words
    )


def window_of(model: Any, tokenizer: Any) -> int | None:
    """Returns how many tokens the model reads, special ones included; None: no limit known."""
    limits = [tokenizer.model_max_length] if tokenizer.model_max_length < _NO_LIMIT else []
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and positions > 0:
        limits.append(positions - position_offset(model))
    return min(limits) if limits else None


def position_offset(model: Any) -> int:
    """Returns where positions begin: RoBERTa's after its padding index; two of 514 are never
    used."""
    for name, module in model.named_modules():
        if name.endswith("embeddings.position_embeddings"):
            padding = getattr(module, "padding_idx", None)
            return 0 if padding is None else padding + 1
    return 0


def kind_of(model: Any, model_id: str) -> Kind:
    """Returns what a classifier's outputs are.

    A single output that is not declared otherwise is a regression, as transformers trains it.

    Raises:
        ModelError: a regression with several outputs.
    """
    declared = getattr(model.config, "problem_type", None)
    size = model.config.num_labels
    if declared == "multi_label_classification":
        return "multi_label"
    if declared == "regression" or size == 1:
        if size > 1:
            raise ModelError(
                f"{model_id} is a regression with {size} outputs; one is audited at a time, so "
                "wrap the one that matters in a callable"
            )
        return "regression"
    return "single_label"


def labels_of(model: Any) -> tuple[str, ...]:
    """Returns the model's labels, in the order of its outputs."""
    names = model.config.id2label
    return tuple(str(names[i]) for i in range(model.config.num_labels))


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
