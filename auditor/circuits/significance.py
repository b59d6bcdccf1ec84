"""Which components differ from 0, tested jointly: sign flips of whole clusters, max-T.

The test is exact when every cluster's scores are symmetric about 0 if there is no effect. Only
ANTISYMMETRIC scores are, those that change sign when the two versions change places: conductance,
(s(x, x') - s(x', x)) / 2 of any other score, and of exact patching (effect + necessity) / 2. Scores
of one side have a bias that flips cannot know: over 200 models without any difference they gave
14 % false discoveries at a target of 5 %.
"""

from __future__ import annotations

import numpy as np

from auditor.errors import ModelError
from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import NOISE

EXACT_UP_TO = 11
"""Clusters up to which all 2^(G - 1) sign vectors are tried."""
_BLOCK = 1_024
"""Components at a time: a block's flips stay in memory of a few megabytes."""
_TIE = 1e-9
"""Statistics that differ by less are equal: rounding must not make a flip miss what was seen."""


def sign_flip_p(scores: Floats, seed: int, *, flips: int = 2_000) -> Floats:
    """Returns two-sided p of every component, adjusted for all of them (max-T). [component]

    At a level a, the chance of any false discovery is at most a, however the components depend on
    each other: all scores of a cluster change sign together. The statistic is Student's t, so that
    a noisy component does not hide a quiet one. With up to 11 clusters all flips are tried; else
    `flips` are drawn and p is (1 + flips that reach what was seen) / (1 + flips). The least p is
    2^(1 - G), or 1 / (1 + flips): 6 clusters or more can reach 5 %.

    Args:
        scores: [cluster, component], antisymmetric (see above); means by cluster.
        seed: of the drawn flips.
        flips: 1,000 and more; fewer make p coarse, more cost time in proportion.

    Raises:
        ModelError: a score is not finite.
    """
    if not np.isfinite(scores).all():
        raise ModelError(
            "some scores of components are no finite numbers; load the model in float32 and look "
            "at its outputs on these texts"
        )
    # t is a rising function of |sum| / root of the sum of squares, and flips leave squares alone.
    moves = np.abs(scores).max(axis=0, initial=0) > NOISE
    p: Floats = np.ones(scores.shape[1])
    unit: Floats = scores[:, moves] / np.linalg.norm(scores[:, moves], axis=0)
    signs = _sign_vectors(len(scores), seed, flips)
    seen, largest = np.abs(unit.sum(axis=0)), np.sort(_largest(signs, unit))
    reached = len(largest) - np.searchsorted(largest, seen - _TIE)
    drawn = len(scores) > EXACT_UP_TO
    p[moves] = (reached + drawn) / (len(largest) + drawn)
    return p


def _sign_vectors(clusters: int, seed: int, flips: int) -> Floats:
    """[flip, cluster] of 1 and -1. All of them are one half of the cube: |sum| has no sign."""
    if clusters > EXACT_UP_TO:
        return np.random.default_rng(seed).choice([-1.0, 1.0], (flips, clusters))
    halves = np.arange(2 ** max(0, clusters - 1))[:, None] >> np.arange(clusters)
    return (1 - 2 * (halves & 1)).astype(np.float64)


def _largest(signs: Floats, unit: Floats) -> Floats:
    """The largest |sum| over components, of every flip. [flip]"""
    largest = np.zeros(len(signs))
    for start in range(0, unit.shape[1], _BLOCK):
        sums = signs @ unit[:, start : start + _BLOCK]  # [flip, component]
        np.maximum(largest, np.maximum(sums.max(axis=1), -sums.min(axis=1)), out=largest)
    return largest
