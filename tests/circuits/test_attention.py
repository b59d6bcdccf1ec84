"""Attention is read off the heads themselves, and its correlation with effects counts clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from auditor.circuits.attention import attention_context, attention_maps, attention_to_term
from auditor.circuits.base import Floats, Role
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.taps import Tap, tapped
from auditor.errors import ModelError

from .engines import ends, opened
from .tiny import FAMILIES, tiny


@pytest.mark.parametrize("family", FAMILIES)
def test_maps_are_what_heads_mix_values_with(family: str) -> None:
    values: list[torch.Tensor] = []
    with opened(family) as (engine, pairs):
        maps = attention_maps(engine, pairs.a)
        taps = [
            Tap(each.projections[2].module, each.name, values.append)
            for each in engine.graph.attentions
        ]
        with tapped(taps):
            states = engine.states(pairs.a, pairs.read)
    real = pairs.a["attention_mask"].bool()
    for attention, weights, output, z in zip(
        engine.graph.attentions, maps, values, states.z, strict=True
    ):
        v = attention.projections[2].of(output)
        v = v.repeat_interleave(attention.heads // v.shape[2], dim=2)
        mixed = torch.einsum("rhqk,rkhd->rqhd", weights, v)
        torch.testing.assert_close(mixed[real], z[real], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", ["bert", "deberta-v2", "gpt2", "gemma2"])
def test_padding_and_filler_neither_look_nor_are_looked_at(family: str) -> None:
    with opened(family) as (engine, pairs):
        mask = pairs.a["attention_mask"]
        mask[:, 1] = 0
        maps = attention_maps(engine, pairs.a)
    real = mask.bool()
    for each in maps:
        assert (each.sum(3).transpose(1, 2)[real] - 1).abs().max() < 1e-5
        assert each.transpose(1, 2)[~real].abs().max() == 0
        assert each.permute(0, 3, 1, 2)[~real].abs().max() == 0


def test_a_model_computes_attention_in_its_own_way_again_afterwards() -> None:
    with opened("bert") as (engine, pairs):
        before = engine.model.config._attn_implementation
        attention_maps(engine, pairs.a)
        assert engine.model.config._attn_implementation == before == "sdpa"


def test_maps_of_other_layers_than_the_graphs_are_refused() -> None:
    with opened("gpt2") as (engine, pairs):
        deeper = Engine(engine.model, Graph.of(tiny("gpt2", n_layer=4)), engine.margin)
        with pytest.raises(ModelError, match="traced without"):
            attention_maps(deeper, pairs.a)


def test_weights_that_are_no_shares_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened("gpt2") as (engine, pairs):
        attention = engine.graph.blocks[1].attn
        own = attention.forward

        def doubled(*args: Any, **kwargs: Any) -> Any:
            output, weights = own(*args, **kwargs)
            return output, 2 * weights

        monkeypatch.setattr(attention, "forward", doubled)
        with pytest.raises(ModelError, match="sum to 1"):
            attention_maps(engine, pairs.a)


def test_attention_to_the_term_is_the_mean_over_real_queries() -> None:
    pad, term, rest = Role.PADDING, Role.TERM, Role.SUFFIX
    one = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 0.0]])
    other = torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 0.0]])
    maps = (torch.stack([one, other])[None], torch.stack([other, one])[None])
    found = attention_to_term(maps, np.array([[rest, term, pad]]))
    np.testing.assert_allclose(found, [[0.375, 0.75, 0.75, 0.375]])


NAMES = tuple(f"a0.h{head}" for head in range(8))
CLUSTERS = tuple(f"t{cluster}" for cluster in range(12))


def _drawn(seed: int = 0) -> tuple[Floats, Floats]:
    """Attention and effects of 12 pairs and 8 heads: the more of one, the larger the other."""
    rng = np.random.default_rng(seed)
    shares = np.linspace(0.1, 0.8, 8)
    signs = np.where(np.arange(8) % 2, 1, -1)
    return (
        shares + 0.05 * rng.normal(size=(12, 8)),
        signs * shares + 0.2 * rng.normal(size=(12, 8)),
    )


def test_attention_goes_with_the_size_of_effects_whatever_their_sign() -> None:
    attention, exact = _drawn()
    found = attention_context(attention, exact, clusters=CLUSTERS, names=NAMES)
    expected = np.corrcoef(attention.mean(0), np.abs(exact.mean(0)))[0, 1]
    estimate = found.correlation
    assert estimate.value == pytest.approx(expected)
    low, high = ends(estimate)
    assert 0.5 < low < expected < high < 1
    assert (estimate.n, estimate.clusters) == (8, 12)
    assert found.heads[3][0] == "a0.h3"
    assert found.heads[3][1:] == pytest.approx((attention.mean(0)[3], exact.mean(0)[3]))


def test_pairs_of_one_cluster_are_no_further_evidence() -> None:
    attention, exact = _drawn()
    once = attention_context(attention, exact, clusters=CLUSTERS, names=NAMES).correlation
    again = attention_context(
        np.tile(attention, (5, 1)), np.tile(exact, (5, 1)), clusters=CLUSTERS * 5, names=NAMES
    ).correlation
    assert ends(again) == pytest.approx(ends(once))


def test_the_interval_covers_the_correlation_of_all_texts() -> None:
    shares = np.linspace(0.1, 0.8, 8)
    sizes = np.array([0.3, 0.9, 0.2, 1.1, 0.8, 0.6, 1.4, 0.7])
    truth = np.corrcoef(shares, sizes)[0, 1]
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(300):
        attention = shares * (1 + 0.3 * rng.normal(size=(12, 8)))
        exact = sizes + 0.5 * rng.normal(size=(12, 8))
        found = attention_context(attention, exact, clusters=CLUSTERS, names=NAMES).correlation
        low, high = ends(found)
        covered.append(low <= truth <= high)
    assert 0.92 < np.mean(covered) < 0.995


def test_heads_that_were_not_patched_are_listed_and_left_out() -> None:
    attention, exact = _drawn()
    exact[3, 5] = np.nan
    found = attention_context(attention, exact, clusters=CLUSTERS, names=NAMES)
    others = np.delete(np.arange(8), 5)
    fewer = attention_context(
        attention[:, others], exact[:, others], clusters=CLUSTERS, names=NAMES[:7]
    )
    assert ends(found.correlation) == pytest.approx(ends(fewer.correlation))
    assert found.correlation.n == 7
    assert found.heads[5][1] == pytest.approx(attention.mean(0)[5])
    assert found.heads[5][2] is None


def test_effects_known_only_as_means_are_held_fixed() -> None:
    attention, exact = _drawn()
    found = attention_context(attention, exact.mean(0), clusters=CLUSTERS, names=NAMES)
    paired = attention_context(attention, exact, clusters=CLUSTERS, names=NAMES).correlation
    estimate = found.correlation
    assert estimate.value == pytest.approx(paired.value)
    assert np.ptp(ends(estimate)) < np.ptp(ends(paired))


@pytest.mark.parametrize(
    ("attention", "exact", "reason"),
    [
        (_drawn()[0][:, :3], _drawn()[1][:, :3], "only 3 heads"),
        (np.full((12, 8), 0.2), _drawn()[1], "the same attention"),
        (_drawn()[0], np.array([0.5, -0.5] * 4), "the same size"),
        (_drawn()[0], np.full(8, np.nan), "only 0 heads"),
    ],
)
def test_without_spread_over_heads_there_is_no_correlation(
    attention: Floats, exact: Floats, reason: str
) -> None:
    names = NAMES[: attention.shape[1]]
    found = attention_context(attention, exact, clusters=CLUSTERS, names=names).correlation
    assert found.value is None
    assert reason in str(found.reason)


@pytest.mark.parametrize(
    ("clusters", "reason"), [(CLUSTERS[:4] * 3, "only 4 clusters"), (CLUSTERS, "shows the same")]
)
def test_without_spread_over_clusters_there_is_no_interval(
    clusters: tuple[str, ...], reason: str
) -> None:
    attention, exact = (np.tile(each[:1], (12, 1)) for each in _drawn())
    found = attention_context(attention, exact, clusters=clusters, names=NAMES).correlation
    assert found.value is not None
    assert (found.low, found.high) == (None, None)
    assert reason in str(found.reason)
