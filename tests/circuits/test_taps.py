"""Hooks come off whatever happens, and say so when what they saw is not what they were put for."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from auditor.circuits.contract import check
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.patching import EdgeName, Sides, edge_effects, node_effects
from auditor.circuits.scores import score_pairs
from auditor.circuits.subgraphs import edge_circuit, live_nodes, node_circuits
from auditor.circuits.taps import Tap, skipped, tapped
from auditor.errors import ModelError
from tests.circuits.cases import every_family
from tests.circuits.engines import opened


def hooks(model: Any) -> int:
    """Returns how many hooks all modules have."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def everything(engine: Engine, pairs: Any) -> None:
    """Runs every pass that there is."""
    graph, sides = engine.graph, Sides.of(engine, pairs)
    score_pairs(engine, pairs, "conductance", 1)
    node_effects(engine, sides, graph.nodes)
    edge_effects(engine, sides, [EdgeName("m0", "out"), EdgeName("embed", "a1.h0.k")])
    node_circuits(engine, sides, live_nodes(graph, [["m0"]]))
    edge_circuit(engine, sides, graph.edges)
    check(engine.model, graph)


@every_family
def test_a_model_is_left_as_it_was(family: str) -> None:
    with opened(family, dtype=torch.float32) as (engine, pairs):
        model = engine.model
        weights = {name: each.clone() for name, each in model.state_dict().items()}
        own = hooks(model)
        everything(engine, pairs)
        assert hooks(model) == own
        assert not [m for m in model.modules() if "forward" in vars(m)]
        after = model.state_dict()
        assert all(torch.equal(each, after[name]) for name, each in weights.items())
    assert all(parameter.requires_grad for parameter in model.parameters())


class Broken(Exception):  # noqa: N818
    """What a model raises in the middle of a pass."""


@pytest.mark.parametrize("call", range(1, 9))
def test_hooks_come_off_when_a_pass_fails(call: int) -> None:
    calls = 0

    def fail(*_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise Broken

    with opened("gpt2") as (engine, pairs):
        engine.model.transformer.h[1].mlp.act.register_forward_hook(fail)
        own = hooks(engine.model)
        with pytest.raises(Broken):
            everything(engine, pairs)
        assert hooks(engine.model) == own
        assert not [m for m in engine.model.modules() if "forward" in vars(m)]


def layer(seen: list[torch.Tensor] | None = None) -> tuple[torch.nn.Linear, Tap]:
    module = torch.nn.Linear(2, 2)
    return module, Tap(module, "the layer", (seen if seen is not None else []).append)


def test_a_tap_sees_what_passes_and_changes_nothing() -> None:
    seen: list[torch.Tensor] = []
    module, tap = layer(seen)
    x = torch.ones(1, 2)
    with tapped([tap, Tap(module, "its input", seen.append, entering=True)]):
        own = module(x)
    assert torch.equal(seen[0], x)
    assert torch.equal(seen[1], own)


@pytest.mark.parametrize("entering", [True, False])
def test_what_a_tap_returns_takes_the_place(entering: bool) -> None:
    module = torch.nn.Linear(2, 2)
    put = torch.full((1, 2), 7.0)
    with tapped([Tap(module, "the layer", lambda _: put, entering=entering)]):
        found = module(torch.ones(1, 2))
    expected = module(put) if entering else put
    assert torch.equal(found, expected)
    assert hooks(module) == 0


@pytest.mark.parametrize("times", [0, 2, 3])
def test_a_module_not_called_once_is_refused(times: int) -> None:
    module, tap = layer()

    def run() -> None:
        with tapped([tap]):
            for _ in range(times):
                module(torch.ones(1, 2))

    with pytest.raises(ModelError, match=f"the layer was called {times} times in one forward"):
        run()
    assert hooks(module) == 0


def test_of_a_module_called_more_often_the_first_call_alone_is_seen() -> None:
    module = torch.nn.Linear(2, 2)
    zero = torch.zeros(1, 2)
    with tapped([Tap(module, "the layer", lambda _: zero, first=True)]):
        first, second = module(torch.ones(1, 2)), module(torch.ones(1, 2))
    assert torch.equal(first, zero)
    assert not torch.equal(second, zero)


def test_a_tap_of_the_first_call_must_have_been_called() -> None:
    module = torch.nn.Linear(2, 2)
    with (
        pytest.raises(ModelError, match="called 0 times"),
        tapped([Tap(module, "the layer", lambda _: None, first=True)]),
    ):
        pass


def test_the_first_of_what_a_module_returns_is_seen_and_the_rest_kept() -> None:
    class Two(torch.nn.Module):
        def forward(self, *, hidden_states: torch.Tensor) -> tuple[torch.Tensor, str]:
            return hidden_states + 1, "kept"

    module = Two()
    one = torch.ones(2)
    double = [Tap(module, "two", lambda x: 2 * x), Tap(module, "two", lambda x: 3 * x, True)]
    with tapped(double):
        found, rest = module(hidden_states=one)
    assert torch.equal(found, 2 * (3 * one + 1))
    assert rest == "kept"


def test_an_error_in_the_pass_is_not_hidden_by_what_was_not_called() -> None:
    module, tap = layer()

    def run() -> None:
        with tapped([tap]):
            raise Broken

    with pytest.raises(Broken):
        run()
    assert hooks(module) == 0


@pytest.mark.parametrize(
    ("returned", "rest"),
    [(0, None), (1, ()), (2, (None,))],
)
def test_skipped_blocks_hand_on_their_input_and_are_themselves_again(
    returned: int, rest: tuple[None, ...] | None
) -> None:
    blocks = [torch.nn.Linear(2, 2) for _ in range(2)]
    x = torch.ones(1, 2)
    own = [block(x) for block in blocks]
    with skipped(blocks, returned):
        found = blocks[1](x, attention_mask=None)
    assert (found if rest is None else found[0]) is x
    assert rest is None or found[1:] == rest
    assert all(torch.equal(block(x), was) for block, was in zip(blocks, own, strict=True))

    def failing() -> None:
        with skipped(blocks, returned):
            raise Broken

    with pytest.raises(Broken):
        failing()
    assert not [block for block in blocks if "forward" in vars(block)]


def test_a_model_with_one_block_for_all_layers_is_refused() -> None:
    with opened("bert") as (engine, pairs):
        layers = engine.model.bert.encoder.layer
        layers[1] = layers[0]
        graph = Graph.of(engine.model)
        with (
            Engine.opened(engine.model, graph, engine.margin) as shared,
            pytest.raises(ModelError, match="was called 2 times in one forward pass"),
        ):
            shared.states(pairs.a, pairs.read)
