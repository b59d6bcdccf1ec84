"""Models and pairs without any difference between the groups, to calibrate significance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from auditor.circuits.base import Aligned, Inputs, Ints, Role
from tests.circuits.difference import Difference
from tests.circuits.tiny import VOCABULARY, tiny

WIDTH = 6
_TERM, _CONTEXT = 5, 20  # ids from 5 are terms of either group, from 20 words of texts


@dataclass(frozen=True)
class Null:
    """Pairs whose two versions could as well stand the other way round."""

    model: Any
    aligned: Aligned
    margin: Difference
    clusters: Ints  # [pair]


def null_model(
    seed: int, *, clusters: int = 24, per_cluster: int = 3, dtype: torch.dtype = torch.float32
) -> Null:
    """Returns a random language model and pairs whose terms are drawn from one list for both sides.

    Pairs of a cluster have the same two terms in the same place and differ in one word, so that
    they move together: counting pairs instead of clusters finds differences where none is.
    """
    rng = np.random.default_rng(seed)
    model = tiny("gpt2", n_layer=2, seed=seed, dtype=dtype)
    count = clusters * per_cluster
    ids = np.repeat(rng.integers(_CONTEXT, VOCABULARY, (clusters, WIDTH)), per_cluster, axis=0)
    ids[:, 0] = rng.integers(_CONTEXT, VOCABULARY, count)
    terms = np.array(
        [rng.choice(np.arange(_TERM, _CONTEXT), 2, replace=False) for _ in range(clusters)]
    )
    roles = np.full((count, WIDTH), int(Role.PREFIX))
    roles[:, -3:] = Role.TERM, Role.SUFFIX, Role.FINAL
    a, b = (_side(ids, terms[:, side], per_cluster) for side in (0, 1))
    answers = rng.choice(VOCABULARY, 2, replace=False)
    margin = Difference(int(answers[0]), int(answers[1]), of_tokens=True)
    aligned = Aligned(a, b, torch.full((count,), WIDTH - 1), roles)
    return Null(model, aligned, margin, np.repeat(np.arange(clusters), per_cluster))


def _side(ids: Ints, terms: Ints, per_cluster: int) -> Inputs:
    side = ids.copy()
    side[:, -3] = np.repeat(terms, per_cluster)
    return {"input_ids": torch.as_tensor(side), "attention_mask": torch.ones(side.shape).long()}
