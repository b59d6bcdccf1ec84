"""How far alignment moves what it aligns: the margin with fillers against the margin without."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from auditor.circuits.aligning import AlignedPairs
from auditor.circuits.base import Aligned, Floats, Inputs

Margins = Callable[[Inputs, torch.Tensor], torch.Tensor]
"""(inputs, position read [row]) -> the margin of each row, natural log-odds. [row]"""


def alignment_errors(margins: Margins, pairs: AlignedPairs) -> Floats:
    """Returns |M(filled) - M(x)| / |M(x') - M(x)| of each pair, the worse of its versions. [pair]

    M(x) is of the text's tokens alone, one text at a time, as a model takes them from its
    tokenizer: no padding, no positions given. 0: nothing moved; so are pairs without fillers.
    Infinite where the versions do not differ, but the filled ones do.
    """
    errors = np.zeros(len(pairs))
    filled = np.flatnonzero(~pairs.equal)
    if len(filled):
        errors[filled] = _errors(margins, pairs.aligned.rows(filled))
    return errors


@torch.no_grad()
def _errors(margins: Margins, aligned: Aligned) -> Floats:
    found = [_double(margins(side, aligned.read)) for side in (aligned.a, aligned.b)]
    plain = [_plain(margins, side, aligned.read) for side in (aligned.a, aligned.b)]
    moved = np.abs(np.array(found) - np.array(plain)).max(axis=0)
    effect = np.abs(plain[1] - plain[0])
    with np.errstate(divide="ignore"):
        errors: Floats = np.divide(moved, effect, out=np.zeros_like(moved), where=moved > 0)
    return errors


def _plain(margins: Margins, side: Inputs, read: torch.Tensor) -> Floats:
    return np.concatenate(
        [_double(margins(*_unfilled(side, row, int(at)))) for row, at in enumerate(read)]
    )


def _unfilled(side: Inputs, row: int, read: int) -> tuple[Inputs, torch.Tensor]:
    """Returns one text's tokens alone, and where it is read in them."""
    real = side["attention_mask"][row] == 1
    inputs = {name: each[row, real][None] for name, each in side.items() if name != "position_ids"}
    return inputs, real[:read].sum()[None]


def _double(values: torch.Tensor) -> Floats:
    array: Floats = values.detach().cpu().double().numpy()
    return array


def drop_misaligned(pairs: AlignedPairs, errors: Floats, *, limit: float = 0.05) -> AlignedPairs:
    """Returns the pairs whose alignment moves the margin by `limit` of the effect at most.

    Args:
        errors: [pair], of `alignment_errors`.
        limit: smaller drops more pairs; what is left is more exact. .01 to .1.
    """
    worse = np.flatnonzero(errors > limit)
    return pairs.without(
        {
            int(pairs.kept[row]): f"its alignment moves the margin by {errors[row]:.0%} of the "
            f"effect, and {limit:.0%} is allowed"
            for row in worse
        }
    )
