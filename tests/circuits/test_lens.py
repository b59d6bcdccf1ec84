"""The logit lens reads the residual stream as the model's own head would, and ends at the gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from auditor.circuits import lens
from auditor.circuits.engine import Engine
from auditor.circuits.lens import lens_gaps, logit_lens

from .engines import ends, opened
from .tiny import FAMILIES, HEADS_OF

CASES = [(family, head) for family in FAMILIES for head in HEADS_OF[family]]


@pytest.mark.parametrize(("family", "head"), CASES)
def test_the_last_point_is_the_models_own_gap_exactly(family: str, head: str) -> None:
    with opened(family, head=head) as (engine, pairs), torch.no_grad():
        gaps = lens_gaps(engine, pairs)
        own = engine.margins(pairs.b, pairs.read) - engine.margins(pairs.a, pairs.read)
    assert gaps.shape == (len(pairs), engine.graph.layers + 1)
    assert torch.equal(gaps[:, -1], own)


def _gpt2(model: Any, stream: torch.Tensor) -> Any:
    return model.lm_head(model.transformer.ln_f(stream[:, -1]))


def _llama(model: Any, stream: torch.Tensor) -> Any:
    return model.lm_head(model.model.norm(stream[:, -1]))


def _bert(model: Any, stream: torch.Tensor) -> Any:
    return model.classifier(model.bert.pooler(stream))


def _distilbert(model: Any, stream: torch.Tensor) -> Any:
    return model.classifier(model.pre_classifier(stream[:, 0]).relu())


@pytest.mark.parametrize(
    ("family", "read"),
    [("gpt2", _gpt2), ("llama", _llama), ("bert", _bert), ("distilbert", _distilbert)],
)
def test_each_point_is_what_norm_and_head_say_of_the_stream(
    family: str, read: Callable[[Any, torch.Tensor], Any]
) -> None:
    with opened(family, padding="none") as (engine, pairs), torch.no_grad():
        gaps = lens_gaps(engine, pairs)
        a, b = (
            engine.model(**side, output_hidden_states=True).hidden_states
            for side in (pairs.a, pairs.b)
        )
        # The last hidden state of decoders is behind the final norm.
        for point in range(engine.graph.layers):
            one, other = (engine.margin.of(read(engine.model, side[point])) for side in (a, b))
            torch.testing.assert_close(gaps[:, point], other - one)


@torch.no_grad()
def _silence(engine: Engine, layer: int) -> None:
    for module in (engine.graph.attentions[layer].out, engine.graph.mlps[layer].down):
        module.weight.zero_()
        module.bias.zero_()


@pytest.mark.parametrize("family", ["gpt2", "opt", "gpt_neox"])
def test_a_block_that_writes_nothing_changes_nothing(family: str) -> None:
    with opened(family) as (engine, pairs):
        _silence(engine, engine.graph.layers - 1)
        gaps = lens_gaps(engine, pairs)
    torch.testing.assert_close(gaps[:, -1], gaps[:, -2])
    assert gaps[:, -1].abs().min() > 1e-3


def test_nothing_is_readable_at_a_word_that_is_the_same_before_any_block() -> None:
    with opened("gpt2", pairs=8) as (engine, pairs):
        points = logit_lens(engine, pairs, [f"t{pair}" for pair in range(8)])
    assert [point.after for point in points] == ["embed", "0", "1", "2"]
    first, last = points[0].gap, points[-1].gap
    assert (first.value, first.low) == (0, None)
    assert "same value" in str(first.reason)
    low, high = ends(last)
    assert last.value is not None
    assert low < last.value < high


def test_clusters_count_and_have_equal_weight() -> None:
    with opened("bert", pairs=9) as (engine, pairs):
        gaps = lens_gaps(engine, pairs)
        points = logit_lens(engine, pairs, ["t0", "t0", *(f"t{pair}" for pair in range(2, 9))])
    expected = torch.cat([gaps[:2].mean(0, keepdim=True), gaps[2:]]).mean(0)
    assert [point.gap.value for point in points] == pytest.approx(expected.tolist())
    assert [(point.gap.n, point.gap.clusters) for point in points] == [(9, 8)] * 3


def test_batches_do_not_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clusters = [f"t{pair}" for pair in range(8)]
    with opened("deberta-v2", pairs=8) as (engine, pairs):
        whole = logit_lens(engine, pairs, clusters)
        monkeypatch.setattr(lens, "TOKENS", 3 * pairs.width)
        parts = logit_lens(engine, pairs, clusters)
    for one, other in zip(whole, parts, strict=True):
        assert one.gap.value == pytest.approx(other.gap.value, abs=1e-9)
        assert one.gap.low == pytest.approx(other.gap.low, abs=1e-9)
