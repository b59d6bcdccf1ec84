"""Neurons of MLPs: an MLP's score, taken apart by what enters its down projection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import torch

from auditor.circuits.base import Aligned, Node
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Mlp, weight_of
from auditor.circuits.means import cluster_means, mean_intervals
from auditor.circuits.scores import Method, Walk, walk
from auditor.circuits.taps import Tap


def neuron_scores(
    engine: Engine, pairs: Aligned, method: Method, steps: int, *, layers: Sequence[int]
) -> torch.Tensor:
    """Returns the score of every neuron of some MLPs, pair by pair. [pair, MLP, neuron]

    A neuron's activation is what the down projection multiplies with its row of weights, after
    gates. Its score is its change times the margin's gradient at it, along the same path as
    `scores.score_pairs`: the neurons of an MLP add up to the MLP's node score.

    Args:
        pairs: so few that all points of their paths pass the model at once: see
            `converging.by_size`. Where fillers stand, walk both ways as `converging.score_all`
            does: half of (scores less those of `pairs.exchanged()`).
        layers: of the MLPs, from 0.

    Raises:
        ModelError: a layer that the model does not have.
    """
    mlps = [_mlp(engine, layer) for layer in layers]
    seen: list[list[torch.Tensor]] = [[] for _ in mlps]
    taps = [
        Tap(mlp.down, mlp.name, _kept_in(passes), entering=True)
        for mlp, passes in zip(mlps, seen, strict=True)
    ]
    way = walk(engine, pairs, method, steps, taps)
    products = [_products(way, mlp, passes) for mlp, passes in zip(mlps, seen, strict=True)]
    return torch.stack([way.total(each) for each in products], dim=1)


def neuron_frame(
    scores: torch.Tensor, layers: Sequence[int], clusters: Sequence[str], *, seed: int = 0
) -> pd.DataFrame:
    """Returns one row per neuron, the largest first: layer, neuron, score, low, high.

    Scores are means over clusters of equal weight, log-odds, with t intervals of 95 %; these are
    NaN with fewer than 8 clusters, or where all clusters show the same. They are of each neuron
    alone: the largest of thousands are large by chance too.

    Args:
        scores: [pair, MLP, neuron], of all batches.
        layers: [MLP].
        clusters: [pair].
        seed: of the bootstrap, which is drawn only where scores are skewed.
    """
    means = cluster_means(scores.flatten(1).double().cpu().numpy(), clusters).means
    found = mean_intervals(means, seed=seed)
    neurons = pd.MultiIndex.from_product(
        [layers, range(scores.shape[2])], names=["layer", "neuron"]
    )
    frame = neurons.to_frame(index=False).assign(score=found.value, low=found.low, high=found.high)
    return frame.sort_values("score", key=abs, ascending=False, ignore_index=True)


def _mlp(engine: Engine, layer: int) -> Mlp:
    found = engine.graph.sublayer_of(Node.of_mlp(layer))
    assert isinstance(found, Mlp)
    return found


def _kept_in(passes: list[torch.Tensor]) -> Callable[[torch.Tensor], None]:
    return lambda activations: passes.append(activations.detach())


def _products(way: Walk, mlp: Mlp, passes: Sequence[torch.Tensor]) -> torch.Tensor:
    """[row, neuron]"""
    written = way.slopes.mlp[mlp.layer]  # [row, position, dimension]
    slope = written @ weight_of(mlp.down).T
    # OPT's MLPs see tokens of all rows in one line.
    change = way.changed(*(each.reshape(slope.shape) for each in passes))
    return (slope * change).sum(1)
