"""Tiny models show what they are built to show, and their pairs are what `Aligned` promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from auditor.circuits.base import Role
from tests.circuits.oracle import margins
from tests.circuits.tiny import FAMILIES, HEADS_OF, Padding, aligned, tiny

CASES = [
    (family, head, padding)
    for family in FAMILIES
    for head in HEADS_OF[family]
    for padding in ("right", "left")
    if padding == "right" or head != "classifier" or "masked" not in HEADS_OF[family]
]


def first(logits: torch.Tensor) -> torch.Tensor:
    return logits[:, 1] - logits[:, 0]


@pytest.mark.parametrize(("family", "head", "padding"), CASES)
def test_padding_changes_no_output(family: str, head: str, padding: Padding) -> None:
    # Attention of Gemma 2 is not a number in float64 where a padded position sees no other.
    model = tiny(family, head=head, dtype=torch.float32)
    padded, cut = (aligned(model, 3, 8, padding=padding) for _ in range(2))
    with torch.no_grad():
        logits = model(**padded.a).logits
    got = first(logits[range(3), padded.read] if logits.ndim == 3 else logits)
    # The oracle sees one pair at a time, cut to its own length.
    expected, other = margins(model, cut, first)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)
    assert (other - expected).abs().max() > 0.05


@pytest.mark.parametrize("family", FAMILIES)
def test_no_norm_is_the_identity_nor_plain(family: str) -> None:
    model = tiny(family)
    gains = [p for n, p in model.named_parameters() if "norm" in n.lower() or "ln_" in n]
    assert len(gains) > 2
    assert all(gain.std() > 0.1 for gain in gains)
    assert not model.training


def test_versions_differ_at_terms_alone() -> None:
    pairs = aligned(tiny("gpt2"), 20, 9, padding="right")
    differs = (pairs.a["input_ids"] != pairs.b["input_ids"]).numpy()
    assert np.array_equal(differs, pairs.roles == Role.TERM)
    assert set(differs.sum(axis=1)) == {1, 2}
    assert set(pairs.lengths) == {7, 8, 9}
    last = pairs.roles[np.arange(20), pairs.read.numpy()]
    assert (last == Role.FINAL).all()


def test_seeds_give_other_models_and_pairs() -> None:
    one, same, other = tiny("bert"), tiny("bert"), tiny("bert", seed=1)
    weights = [next(iter(model.parameters())) for model in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    ids = [aligned(one, seed=seed).a["input_ids"] for seed in (0, 0, 1)]
    assert torch.equal(ids[0], ids[1])
    assert not torch.equal(ids[0], ids[2])
