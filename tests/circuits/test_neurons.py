"""Neurons take an MLP's score apart: they add up to it, and each is a derivative of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from auditor.circuits.base import Aligned
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Mlp
from auditor.circuits.neurons import neuron_frame, neuron_scores
from auditor.circuits.scores import METHODS, Method, score_pairs
from auditor.circuits.taps import Tap, tapped
from auditor.errors import ModelError

from .engines import opened
from .tiny import FAMILIES

STEPS = 3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", FAMILIES)
def test_neurons_add_up_to_their_mlp(family: str, method: Method) -> None:
    with opened(family) as (engine, pairs):
        layers = range(engine.graph.layers)
        neurons = neuron_scores(engine, pairs, method, STEPS, layers=layers)
        nodes = score_pairs(engine, pairs, method, STEPS).nodes
    mlps = torch.stack([nodes[:, mlp.writers.start] for mlp in engine.graph.mlps], dim=1)
    assert mlps.abs().max() > 1e-3
    torch.testing.assert_close(neurons.sum(2), mlps)


def _entering(engine: Engine, pairs: Aligned, mlp: Mlp) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for side in (pairs.a, pairs.b):
        with tapped([Tap(mlp.down, mlp.name, found.append, entering=True)]):
            engine.margins(side, pairs.read)
    return found


@pytest.mark.parametrize("family", ["bert", "llama", "modernbert"])
def test_a_neurons_eap_is_the_derivative_of_the_margin_in_it(family: str) -> None:
    step = 1e-2  # norms of some families compute in float32
    with opened(family) as (engine, pairs), torch.no_grad():
        mlp = engine.graph.mlps[1]
        a, b = _entering(engine, pairs, mlp)

        def moved(neuron: int, by: float) -> torch.Tensor:
            change = torch.zeros_like(a)
            change[..., neuron] = by * (b - a)[..., neuron]
            tap = Tap(mlp.down, mlp.name, lambda own: own + change, entering=True)
            return engine.margins(pairs.a, pairs.read, [tap])

        slopes = [(moved(n, step) - moved(n, -step)) / (2 * step) for n in range(5)]
    with opened(family) as (engine, pairs):
        found = neuron_scores(engine, pairs, "eap", 0, layers=[1])[:, 0, :5]
    torch.testing.assert_close(found, torch.stack(slopes, 1), rtol=1e-2, atol=1e-5)


def test_only_the_layers_asked_for_are_scored_in_their_order() -> None:
    with opened("gpt2") as (engine, pairs):
        every = neuron_scores(engine, pairs, "conductance", STEPS, layers=range(3))
        some = neuron_scores(engine, pairs, "conductance", STEPS, layers=[2, 0])
    assert every.shape == (3, 3, 128)
    assert torch.equal(some, every[:, [2, 0]])


def test_conductance_of_neurons_changes_its_sign_with_the_versions() -> None:
    with opened("bert") as (engine, pairs):
        there = neuron_scores(engine, pairs, "conductance", STEPS, layers=[0, 1])
        back = neuron_scores(engine, pairs.exchanged(), "conductance", STEPS, layers=[0, 1])
    torch.testing.assert_close(there, -back)


def test_a_layer_that_the_model_does_not_have_is_refused() -> None:
    with opened("gpt2") as (engine, pairs), pytest.raises(ModelError, match="m9 is no component"):
        neuron_scores(engine, pairs, "eap", 0, layers=[9])


def test_the_frame_has_the_largest_first_and_clusters_of_equal_weight() -> None:
    scores = torch.zeros(10, 2, 3)
    scores[:, 1, 2] = torch.tensor([-8.0, -4.0, *[-2.0] * 4, *[-1.0] * 4])
    scores[:, 0, 1] = torch.linspace(0.5, 1.5, 10)
    clusters = ["t0", "t0", *(f"t{pair}" for pair in range(2, 10))]
    frame = neuron_frame(scores, [4, 7], clusters)
    assert list(frame.columns) == ["layer", "neuron", "score", "low", "high"]
    assert frame[["layer", "neuron"]].to_numpy()[:2].tolist() == [[7, 2], [4, 1]]
    assert frame["score"][0] == pytest.approx(-(6 + 4 * 2 + 4 * 1) / 9)
    assert (frame["low"] < frame["score"])[:2].all()
    assert (frame["score"] < frame["high"])[:2].all()
    assert np.isnan(frame["low"][2:]).all()
