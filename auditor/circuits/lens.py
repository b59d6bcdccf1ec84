"""The logit lens for the gap: how the output would read the residual stream halfway.

After the embedding and after each block, what the model's own final norm and head say of what is
there, as if no block came after. It shows where a gap becomes readable, not what made it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from auditor.circuits.base import Aligned, Inputs
from auditor.circuits.converging import by_size
from auditor.circuits.engine import Engine
from auditor.circuits.means import cluster_means, mean_estimates
from auditor.circuits.patching import TOKENS
from auditor.circuits.taps import Tap
from auditor.records_circuits import LensPoint


def logit_lens(
    engine: Engine, pairs: Aligned, clusters: Sequence[str], *, seed: int = 0
) -> tuple[LensPoint, ...]:
    """Returns the mean gap M(x') - M(x) after the embedding and after each block, log-odds.

    The last is the model's own gap. Means are over clusters of equal weight, with t intervals.

    Args:
        clusters: [pair].
        seed: of the bootstrap, which is drawn only where gaps are skewed.
    """
    after = ("embed", *map(str, range(engine.graph.layers)))
    gaps = np.empty((len(pairs), len(after)))
    for rows in by_size(pairs, np.arange(len(pairs)), TOKENS):
        gaps[rows] = lens_gaps(engine, pairs.rows(rows)).double().cpu().numpy()
    means = cluster_means(gaps, clusters).means
    return tuple(map(LensPoint, after, mean_estimates(means, len(pairs), seed=seed)))


def lens_gaps(engine: Engine, pairs: Aligned) -> torch.Tensor:
    """Returns M(x') - M(x) as read after the embedding and after each block. [pair, 1 + layer]

    Args:
        pairs: so few that all pass the model at once.
    """
    return _readings(engine, pairs.b, pairs.read) - _readings(engine, pairs.a, pairs.read)


@torch.no_grad()
def _readings(engine: Engine, inputs: Inputs, read: torch.Tensor) -> torch.Tensor:
    graph = engine.graph
    streams: list[torch.Tensor] = []
    taps = [
        Tap(block, f"block {layer}", streams.append, entering=True)
        for layer, block in enumerate(graph.blocks)
    ]
    own = engine.margins(inputs, read, taps)
    halfway = [
        engine.resumed(inputs, read, layer=graph.layers, entering=stream) for stream in streams
    ]
    return torch.stack([*halfway, own], dim=1)
