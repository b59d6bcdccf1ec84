"""The null models have no difference between the groups, and pairs that move with their cluster."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.circuits.null import Null, null_model


def effects(null: Null) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Returns M(x') - M(x) of each pair."""
    sides = []
    with torch.no_grad():
        for side in (null.aligned.a, null.aligned.b):
            logits = null.model(**side).logits[range(len(null.aligned)), null.aligned.read]
            sides.append(null.margin.of(logits).numpy().astype(np.float64))
    found: np.ndarray[tuple[int], np.dtype[np.float64]] = sides[1] - sides[0]
    return found


@pytest.fixture(scope="module")
def ratios() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Means over their standard error, by cluster and by pair. [model, 2]"""
    rows = []
    for seed in range(100):
        by_cluster = (found := effects(null_model(seed))).reshape(24, 3).mean(axis=1)
        rows.append([x.mean() / (x.std(ddof=1) / len(x) ** 0.5) for x in (by_cluster, found)])
    return np.array(rows)


def test_clusters_reject_about_one_model_in_twenty(
    ratios: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    # t of 23 degrees of freedom; 11 of 100 or more would have a chance of 1 %.
    assert (np.abs(ratios[:, 0]) > 2.069).sum() < 11


def test_counting_pairs_rejects_too_often(
    ratios: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    assert (np.abs(ratios[:, 1]) > 1.994).sum() > 15


def test_terms_come_from_one_list() -> None:
    null = null_model(3, clusters=200)
    a, b = (side["input_ids"][:, -3] for side in (null.aligned.a, null.aligned.b))
    assert (a != b).all()
    assert set(a.tolist()) == set(b.tolist())
    others = [side["input_ids"].clone() for side in (null.aligned.a, null.aligned.b)]
    for side in others:
        side[:, -3] = 0
    assert torch.equal(*others)
