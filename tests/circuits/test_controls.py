"""A circuit's controls: random circuits of its kind, and the same search in random weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from auditor.circuits import controls
from auditor.circuits.base import Bools, Kind, Node
from auditor.circuits.controls import against_random, in_random_weights, random_shares
from auditor.circuits.judging import Judge
from auditor.circuits.stability import resample_circuits
from auditor.errors import ModelError
from tests.circuits.halves import HALF, Halves, names, searched
from tests.circuits.test_planted import every
from tests.circuits.wiring import Layout


@pytest.mark.parametrize("variant", ["plain", "both", "query_path"])
@every
def test_random_circuits_carry_nothing_of_a_planted_effect(
    variant: str, layout: Layout, seed: int
) -> None:
    with searched(variant, layout, seed) as halves:
        shares = random_shares(halves.judge, halves.members, 40)
        control = against_random(1.0, shares)
    assert control is not None
    assert control.high < 0.5
    assert control.count == len(control.faithfulness) >= 8
    assert control.p == 1 / (1 + control.count)


def shape(circuit: Sequence[str]) -> Counter[tuple[str, int]]:
    """Returns how many heads each layer has, and how many MLPs there are."""
    nodes = [Node.parse(name) for name in circuit]
    return Counter(("h", n.layer) if n.kind is Kind.HEAD else (n.kind, 0) for n in nodes)


def test_random_circuits_match_in_type_layer_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Sequence[str]] = []
    real = Judge.live

    def kept(judge: Judge, circuits: Sequence[Sequence[str]]) -> Bools:
        seen.extend(circuits)
        return real(judge, circuits)

    members = ("a0.h1", "a0.h2", "m1")
    with searched("both", "gpt2") as halves:
        monkeypatch.setattr(Judge, "live", kept)
        assert len(random_shares(halves.judge, members, 10)) == 10
    assert all(shape(each) == shape(members) for each in seen)
    assert len({frozenset(each) for each in seen}) == 10


def test_where_there_is_no_other_circuit_there_is_no_control() -> None:
    with searched("plain", "gpt2") as halves:
        every_mlp = ("m0", "m1", "m2")
        shares = random_shares(halves.judge, every_mlp, 10)
        none_asked = random_shares(halves.judge, halves.members, 0)
    assert len(shares) == len(none_asked) == 0
    assert against_random(0.9, shares) is None


def test_the_rank_among_random_circuits_is_p() -> None:
    shares = np.linspace(0, 1, 101)
    control = against_random(0.9, shares)
    assert control is not None
    assert control.p == pytest.approx((1 + 11) / (1 + 101))
    assert (control.mean, control.low, control.high) == pytest.approx((0.5, 0.025, 0.975))
    assert control.count == 101


def searched_in_random_weights(halves: Halves) -> Any:
    pairs = halves.planted.aligned
    discovery = (pairs.rows(np.arange(HALF)), tuple(names(HALF)))
    held_out = pairs.rows(np.arange(HALF, 2 * HALF))
    return in_random_weights(halves.judge, discovery, held_out, len(halves.members), 20)


def test_the_search_in_random_weights_leaves_the_model_as_it_is() -> None:
    with searched("plain", "gpt2") as halves:
        before = {k: v.clone() for k, v in halves.planted.model.state_dict().items()}
        first, again = (searched_in_random_weights(halves) for _ in range(2))
        after = halves.planted.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert first == again
    assert 0 < first.jaccard < 0.9


def test_a_planted_circuit_is_found_again_more_often_than_that_of_the_copy() -> None:
    with searched("plain", "bert") as halves:
        scores, size = halves.found.nodes.scores, len(halves.members)
        own = resample_circuits(scores, size, rng=np.random.default_rng(0), resamples=20)
        assert own.jaccard == 1
        assert searched_in_random_weights(halves).jaccard < 0.8


def test_a_model_that_cannot_be_copied_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise ModelError("no room for another one")

    with searched("plain", "gpt2") as halves:
        monkeypatch.setattr(controls, "drawn", refuse)
        found = searched_in_random_weights(halves)
    assert found.faithfulness.value is found.jaccard is None
    assert found.faithfulness.reason == "no room for another one"
