"""Gradient attributions: cheap second opinions beside SHAP's values, and none of them SHAP.

A token's value is the product of its embedding, or of its distance from a masked one, with the
gradient of the output, summed over dimensions. Gradients are of the embeddings alone, one backward
pass per output, in float32 without autocast.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from auditor.attributions.base import Ask, Attribution, Refused
from auditor.attributions.inside import (
    Batch,
    Budget,
    Inputs,
    Read,
    by_batch,
    embed,
    embedded,
    outputs_of,
    weights_of,
)
from auditor.attributions.masking import Masker
from auditor.attributions.outputs import Output
from auditor.models.base import Floats, Model
from auditor.models.classifier import Classifier

INPUT_X_GRADIENT = "input_x_gradient"
INTEGRATED_GRADIENTS = "integrated_gradients"
FIRST_STEPS = 16
"""Of integrated gradients. Enough for about half of the demo's texts at the tolerance below; with
8 no text of 20 was within it."""
CANCELS = 10.0
"""An error of the sum within the tolerance can be chance: values must also have moved by no more
than so many tolerances since half as many steps. Where they have, the error of a single value was
at most 1.5 tolerances (demo model, 20 texts)."""


def input_x_gradient(model: Model, texts: Sequence[str], ask: Ask) -> list[Attribution | Refused]:
    """Returns each token's embedding times the gradient of the output, summed over dimensions.

    How fast the output would change if the token's embedding grew, times its size: a statement
    about the text as it is, not about masking it; 0 means no change to first order. Values add up
    to no score (`base` is NaN). Special tokens keep their values. Tokens beyond the model's window
    have 0. `evals` is 1.

    Source: Shrikumar et al. 2016, arXiv:1605.01713; for a linear model w the value is w.x.

    Raises:
        ModelError: the model is a function, or does not embed tokens one by one.
        PlanError: an output function without gradient.
    """
    weights = weights_of(model)
    slopes = _Slopes(weights, ask.output)

    def read(batch: Batch) -> Iterator[Read]:
        end = embed(weights.model, batch.inputs["input_ids"])
        line = _Line(batch.inputs, torch.zeros_like(end), end)
        scores, values = slopes.at(line, range(len(batch.tokens)), np.ones(1))
        for score, value in zip(scores[:, 0], values[:, 0], strict=True):
            yield Read(value, np.full_like(score, np.nan), score)

    return by_batch(
        weights, texts, ask, lambda b: list(read(b)), method=INPUT_X_GRADIENT, unit=ask.output.unit
    )


def integrated_gradients(
    model: Model,
    texts: Sequence[str],
    ask: Ask,
    *,
    relative: float = 0.01,
    absolute: float = 1e-3,
    most: int = 256,
) -> list[Attribution | Refused]:
    """Returns each token's share of what changes on the straight way from the masked text.

    The way leads from embeddings of the text with every token masked to its own; a token's value
    is the integral of the gradient along it, times the distance, summed over dimensions; 0 means
    that moving the token changes nothing. Values and `base`, the output of the masked text, add up
    to the score but for `residual`. The masked text is SHAP's empty coalition, token by token:
    fixed special tokens stay, so that their value is exactly 0; the others get the embedding of
    the masker's mask token. Where that is no single token of the model's, of its mask token; where
    it has none, of its unknown token; where it has none either, zeros. Tokens beyond the model's
    window have 0. `evals` counts gradients along the way.

    Steps are doubled, text by text, until values and base meet the score. Clenshaw-Curtis nodes:
    as exact as Gauss-Legendre with as many (measured on the demo), but half of each doubling's
    are at hand, and both ends, base and score, are among them. captum's IntegratedGradients, with
    the same values to 1e-5, takes one number of steps for all texts and a forward pass per output.

    Source: Sundararajan et al. 2017, arXiv:1703.01365.

    Args:
        relative: error of the sum that is accepted, as a share of |score - base|.
        absolute: the same in units of the output; the larger of the two holds.
        most: steps beyond which what is left stays in `residual`: 16 times a power of 2. A model
            that jumps on the way, such as one that routes tokens to experts, meets no tolerance.

    Raises:
        ModelError: the model is a function, or does not embed tokens one by one.
        PlanError: an output function without gradient.
    """
    weights = weights_of(model)
    slopes = _Slopes(weights, ask.output)
    mask = _mask_id(weights, Masker(model, ask.masker))

    def read(batch: Batch) -> list[Read]:
        line = _from_masked(weights, batch, mask)
        ways: list[_Way] = [_Way(relative, absolute) for _ in batch.tokens]
        steps = FIRST_STEPS
        fresh = _nodes(steps)
        pending = list(range(len(ways)))
        while pending:
            scores, found = slopes.at(line, pending, fresh)
            for row, score, slope in zip(pending, scores, found, strict=True):
                ways[row].refine(score, slope)
            steps *= 2
            fresh = _nodes(steps)[1::2]
            pending = [row for row in pending if steps <= most and not ways[row].arrived]
        return [way.read() for way in ways]

    return by_batch(weights, texts, ask, read, method=INTEGRATED_GRADIENTS, unit=ask.output.unit)


@dataclass(frozen=True, slots=True)
class _Line:
    """Embeddings on a straight way: start + share * delta."""

    inputs: Inputs
    start: torch.Tensor  # [text, position, dimension]
    delta: torch.Tensor  # [text, position, dimension]


class _Slopes:
    """Outputs and directional derivatives at points of lines."""

    def __init__(self, model: Classifier, output: Output) -> None:
        self.model, self.output = model.model, output
        self.budget = Budget(model)

    def at(self, line: _Line, rows: Sequence[int], shares: Floats) -> tuple[Floats, Floats]:
        """Returns outputs [row, share, output] and slopes [row, share, position, output]."""
        width = line.delta.shape[1]
        row = torch.tensor(list(rows)).repeat_interleave(len(shares))
        share = torch.from_numpy(np.tile(shares, len(rows)))
        found = self.budget.parts(
            len(row), width, lambda part: self._of(line, row[part], share[part])
        )
        outputs = torch.cat([each for each, _ in found]).numpy()
        slopes = torch.cat([each for _, each in found]).numpy()
        count = outputs.shape[1]
        return (
            outputs.reshape(len(rows), len(shares), count),
            slopes.reshape(len(rows), len(shares), width, count),
        )

    def _of(
        self, line: _Line, row: torch.Tensor, share: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        row = row.to(line.delta.device)
        delta = line.delta[row]
        inputs = {name: ids[row] for name, ids in line.inputs.items()}
        point = line.start[row] + share.to(delta.dtype).to(delta.device)[:, None, None] * delta
        point.requires_grad_()
        with embedded(self.model, inputs["input_ids"], point):
            logits = self.model(**inputs).logits
        outputs = outputs_of(self.output, logits)
        last = outputs.shape[1] - 1
        slopes = [
            (delta * torch.autograd.grad(outputs[:, k].sum(), point, retain_graph=k < last)[0])
            .sum(dim=-1)
            .cpu()
            for k in range(last + 1)
        ]
        return outputs.detach(), torch.stack(slopes, dim=-1).double()


class _Way:
    """One text's integral, with twice the steps each time."""

    def __init__(self, relative: float, absolute: float) -> None:
        self.relative, self.absolute = relative, absolute
        self.slopes: Floats | None = None  # [node, position, output]

    def refine(self, outputs: Floats, slopes: Floats) -> None:
        """Takes in outputs and slopes at the nodes that were not there yet."""
        if self.slopes is None:
            self.base, self.score = outputs[0], outputs[-1]
            self.slopes = slopes
            return
        merged = np.empty((2 * len(self.slopes) - 1, *slopes.shape[1:]))
        merged[::2], merged[1::2] = self.slopes, slopes
        self.slopes = merged

    def _values(self, every: int) -> Floats:
        assert self.slopes is not None
        nodes = self.slopes[::every]
        values: Floats = np.tensordot(_node_weights(len(nodes) - 1), nodes, axes=1)
        return values

    @property
    def arrived(self) -> bool:
        values = self._values(1)
        gap = self.score - self.base
        tolerance = np.maximum(self.relative * np.abs(gap), self.absolute)
        moved = np.abs(values - self._values(2)).max(axis=0)
        adds_up = np.abs(values.sum(axis=0) - gap) <= tolerance
        return bool((adds_up & (moved <= CANCELS * tolerance)).all())

    def read(self) -> Read:
        assert self.slopes is not None
        return Read(self._values(1), self.base, self.score, len(self.slopes))


def _nodes(steps: int) -> Floats:
    """Returns Clenshaw-Curtis nodes of [0, 1], both ends among them. [steps + 1]"""
    nodes: Floats = (1 - np.cos(np.pi * np.arange(steps + 1) / steps)) / 2
    return nodes


def _node_weights(steps: int) -> Floats:
    """Returns the weights of these nodes: the integrals of cosines, by an even number of steps."""
    at = np.arange(steps + 1)
    even = np.arange(1, steps // 2 + 1)
    share = np.where(even == steps // 2, 1, 2) / (4 * even**2 - 1)
    weights: Floats = 1 - np.cos(2 * np.pi * np.outer(at, even) / steps) @ share
    return weights * np.where((at == 0) | (at == steps), 1, 2) / (2 * steps)


def _mask_id(model: Classifier, masker: Masker) -> int | None:
    """Returns the token that stands for a masked one; None: none does."""
    for written in (masker.mask, masker.mask.strip()):
        ids = model.tokenizer(written, add_special_tokens=False)["input_ids"]
        if len(ids) == 1:
            return int(ids[0])
    own, unknown = model.tokenizer.mask_token_id, model.tokenizer.unk_token_id
    found = unknown if own is None else own
    return None if found is None else int(found)


def _from_masked(model: Classifier, batch: Batch, mask: int | None) -> _Line:
    """Returns the way from the masked texts to the texts; padding stays where it is."""
    ids = batch.inputs["input_ids"]
    masked = np.zeros(ids.shape, np.bool_)
    for row, (tokens, kept) in enumerate(zip(batch.tokens, batch.kept, strict=True)):
        masked[row, : len(kept)] = ~tokens.fixed[kept]
    hidden = torch.from_numpy(masked).to(ids.device)
    end = embed(model.model, ids)
    if mask is None:
        start = end.masked_fill(hidden[..., None], 0.0)
    else:
        start = embed(model.model, ids.masked_fill(hidden, mask))
    return _Line(batch.inputs, start, end - start)
