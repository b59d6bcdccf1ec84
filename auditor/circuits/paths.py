"""The way from one version of a pair to the other, in everything in which they differ.

What enters the first block goes in a straight line. Where one version has more tokens, a filler
stands for them in the other: then it also comes into sight little by little (its weight in every
softmax goes from 0 to 1), and the tokens after it move to their new places. So both ends are the
model's own runs, and scores add up to the effect.
"""

from __future__ import annotations

import torch

from auditor.circuits.base import Aligned, Inputs
from auditor.circuits.engine import Engine


def even(pairs: Aligned) -> torch.Tensor:
    """Returns whether both versions of a pair show attention the same tokens. [pair]"""
    same = pairs.a["attention_mask"] == pairs.b["attention_mask"]
    return same.all(dim=1)


def path_inputs(engine: Engine, pairs: Aligned, points: int) -> Inputs:
    """Returns the inputs of every point, what enters the first block aside. [point x pair, ...]"""
    inputs = {name: each.repeat(points, 1) for name, each in pairs.a.items()}
    if bool(even(pairs).all()):
        return inputs
    inputs["attention_mask"] = _appearing(engine, pairs, points)
    if "position_ids" in inputs and engine.graph.rotary:
        a, b = (side["position_ids"].to(torch.float32) for side in (pairs.a, pairs.b))
        inputs["position_ids"] = line(a, b, points)
    return inputs


def line(a: torch.Tensor, b: torch.Tensor, points: int) -> torch.Tensor:
    """Returns points on the straight line from a to b. [point x pair, ...]"""
    share = torch.linspace(0, 1, points, dtype=a.dtype, device=a.device)
    return torch.lerp(a, b, share.reshape(-1, *[1] * a.dim())).flatten(0, 1)


def _appearing(engine: Engine, pairs: Aligned, points: int) -> torch.Tensor:
    """Returns what is added to attention's logits: the log of each token's weight.

    Shape [point x pair, 1, query, key].
    """
    dtype = engine.model.dtype
    a, b = (side["attention_mask"].to(dtype) for side in (pairs.a, pairs.b))
    lowest = torch.finfo(dtype).min
    bias = line(a, b, points).log().clamp(min=lowest)[:, None, None, :]
    bias = bias.expand(-1, 1, pairs.width, -1)
    if not engine.causal:
        return bias.contiguous()
    later = torch.ones(pairs.width, pairs.width, dtype=torch.bool, device=bias.device).triu(1)
    return bias.masked_fill(later, lowest)
