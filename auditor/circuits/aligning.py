"""From pairs of texts to tensors in which a position is the same in both versions.

Versions with as many tokens share a grid as they are. Where one has fewer, filler tokens that the
model does not see stand in its swapped span. What cannot be aligned is refused pair by pair, with
the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from auditor.attributions.pairs import TextPair, text_pairs
from auditor.circuits.base import Aligned, Bools, Inputs, Ints, Role
from auditor.circuits.filling import filler_id, is_causal, positions, takes, why_unfillable
from auditor.circuits.grid import Grid, Line, grid_of
from auditor.errors import ModelError
from auditor.models.classifier import window_of
from auditor.models.heads import Head


@dataclass(frozen=True, slots=True)
class AlignedPairs:
    """The pairs that can be aligned, and why the others cannot."""

    aligned: Aligned
    """Padded on the right, on the model's device."""
    kept: Ints  # [pair], index of each among the pairs given
    equal: Bools  # [pair], no filler stands in either version
    tokens: tuple[tuple[list[str], list[str]], ...]
    """[pair], what stands at each position of either version, as written; "": a filler."""
    refused: dict[int, str]
    """Index among the pairs given -> why it is left out, without a full stop."""
    equal_share: float
    """Share of all pairs given whose versions have as many tokens, refused ones among them."""

    def __len__(self) -> int:
        return len(self.kept)

    def without(self, refused: dict[int, str]) -> AlignedPairs:
        """Returns the pairs that are left; `refused` are indices among the pairs given."""
        left = [row for row, index in enumerate(self.kept.tolist()) if index not in refused]
        return replace(
            self,
            aligned=self.aligned.rows(np.array(left, np.int64)),
            kept=self.kept[left],
            equal=self.equal[left],
            tokens=tuple(self.tokens[row] for row in left),
            refused={**self.refused, **refused},
        )


def align_pairs(
    model: Any, tokenizer: Any, pairs: Sequence[TextPair], *, head: Head
) -> AlignedPairs:
    """Returns pairs laid on one grid: x is each `text`, x' its `counterfactual`.

    Where a swapped term has fewer tokens in one version, fillers with attention 0 stand before
    them, and `position_ids` keep the others where they are. `read` is the last token for a causal
    model, the mask for a masked one, and 0 for a classifier on an encoder.

    Args:
        head: "classifier", "masked" or "causal", as `load_with_head` finds it.

    Raises:
        ModelError: the tokenizer gives no character offsets, or ends a causal model's text with a
            token of its own.
        DataError: no pairs, or a pair's texts differ outside its spans.
    """
    given = text_pairs(pairs)
    _check_tokenizer(tokenizer, head)
    grids = [grid_of(tokenizer, each) for each in given]
    limits = _Limits(model, tokenizer, head)
    refused = {i: why for i, grid in enumerate(grids) if (why := limits.refusal(grid)) is not None}
    kept = [i for i in range(len(grids)) if i not in refused]
    chosen = [grids[i] for i in kept]
    used = np.concatenate([line.cut.ids for grid in grids for line in (grid.a, grid.b)])
    filler = filler_id(model, tokenizer, head, used)
    return AlignedPairs(
        limits.tensors(chosen, filler),
        np.array(kept, np.int64),
        np.array([grid.even for grid in chosen], np.bool_),
        tuple((grid.a.written(), grid.b.written()) for grid in chosen),
        refused,
        float(np.mean([len(grid.a.cut.ids) == len(grid.b.cut.ids) for grid in grids])),
    )


def _check_tokenizer(tokenizer: Any, head: Head) -> None:
    if not tokenizer.is_fast:
        raise ModelError(
            f"the tokenizer {type(tokenizer).__name__} does not say which characters its tokens "
            "stand for, so that versions cannot be aligned; load a fast one, which has a "
            "tokenizer.json"
        )
    ends = tokenizer("a", return_special_tokens_mask=True)
    if head == "causal" and ends["special_tokens_mask"][-1]:
        raise ModelError(
            f"the tokenizer puts {tokenizer.decode(ends['input_ids'][-1:])} behind every text, so "
            "that its continuation cannot be read; load it with add_eos_token=False"
        )


class _Limits:
    """What one model and tokenizer can align, and where the model's output is read."""

    def __init__(self, model: Any, tokenizer: Any, head: Head) -> None:
        self.model = model
        self.head = head
        self.window = window_of(model, tokenizer)
        self.mask_id = tokenizer.mask_token_id
        self.reads_last = head == "causal" or (head == "classifier" and is_causal(model))
        self.typed = "token_type_ids" in tokenizer("a") and takes(model, "token_type_ids")

    def refusal(self, grid: Grid) -> str | None:
        """Returns why a pair cannot be aligned; None: it can."""
        longest = max(len(line.cut.ids) for line in (grid.a, grid.b))
        if self.window and longest > self.window:
            return f"a version has {longest} tokens and the model reads {self.window}"
        if grid.same:
            return "the model sees the same tokens in both versions"
        unfillable = None if grid.even else why_unfillable(self.model, len(grid))
        return unfillable or self._unreadable(grid)

    def _unreadable(self, grid: Grid) -> str | None:
        if self.reads_last and not (grid.a.real[-1] and grid.b.real[-1]):
            return "one version ends where the other goes on, and the model reads the last token"
        if self.head != "masked":
            return None
        masks = [self._masks(line) for line in (grid.a, grid.b)]
        if any(len(each) != 1 for each in masks):
            counts = " and ".join(str(len(each)) for each in masks)
            return f"the versions have {counts} masks, and exactly one is read"
        return None if masks[0] == masks[1] else "the mask stands elsewhere in the other version"

    def _masks(self, line: Line) -> list[int]:
        ids = line.ids(filler=-1)
        return [position for position, each in enumerate(ids.tolist()) if each == self.mask_id]

    def _read(self, grid: Grid) -> int:
        if self.head == "masked":
            return self._masks(grid.a)[0]
        return len(grid) - 1 if self.reads_last else 0

    def _roles(self, grid: Grid) -> Ints:
        roles = grid.roles.copy()
        if self.head == "causal":
            roles[-1] = Role.FINAL
        return roles

    def tensors(self, grids: Sequence[Grid], filler: int) -> Aligned:
        """Returns pairs as the model takes them, with fillers and padding of one id."""
        width = max(map(len, grids), default=0)
        a, b = (
            self._inputs([(grid.a, grid.b)[side] for grid in grids], width, filler)
            for side in (0, 1)
        )
        read = torch.tensor([self._read(grid) for grid in grids], dtype=torch.long)
        roles = _padded([self._roles(grid) for grid in grids], width, Role.PADDING)
        return Aligned(a, b, read.to(self.model.device), roles)

    def _inputs(self, lines: Sequence[Line], width: int, filler: int) -> Inputs:
        arrays = {
            "input_ids": _padded([line.ids(filler) for line in lines], width, filler),
            "attention_mask": _padded([line.real for line in lines], width, 0),
        }
        if self.typed:
            arrays["token_type_ids"] = _padded([line.types() for line in lines], width, 0)
        inputs = {
            name: torch.from_numpy(each).to(self.model.device) for name, each in arrays.items()
        }
        pinned = positions(self.model, inputs["attention_mask"])
        return inputs if pinned is None else {**inputs, "position_ids": pinned}


def _padded(rows: Sequence[Ints | Bools], width: int, fill: int) -> Ints:
    padded = np.full((len(rows), width), fill, np.int64)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded
