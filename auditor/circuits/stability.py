"""Whether other texts would have given the same circuit: clusters resampled, components ranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from auditor.metrics.clusters import Floats

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Resampled:
    """The k largest components, found again and again on other clusters."""

    inclusion: Floats  # [component], share of resamples in which it is among the k largest
    jaccard: float | None
    """Mean overlap of the k largest between resamples: 1 always the same ones. None: k is 0."""
    split_half: float | None
    """The same between two halves of the clusters, which share none. Lower, since each half has
    half the clusters; resamples share most of theirs. None: one cluster has no halves."""
    resamples: int


def resample_circuits(
    scores: Floats, k: int, *, rng: np.random.Generator, resamples: int = 200
) -> Resampled:
    """Returns how stable the k components of the largest |mean score| are.

    Jaccard: members that two circuits share, over members of either. Chance alone gives about
    k / (2 * components - k), and all components together always 1.

    Args:
        scores: [cluster, component], means by cluster of discovery pairs.
        k: size of the circuit.
        rng: of the resamples and the halves.
        resamples: and as many splits into halves.
    """
    clusters = len(scores)
    drawn = rng.multinomial(clusters, np.full(clusters, 1 / clusters), resamples)
    found = top(np.abs(drawn @ scores), k)
    first = _halves(clusters, resamples, rng)
    one, other = (top(np.abs(half @ scores), k) for half in (first, 1 - first))
    return Resampled(
        inclusion=found.mean(axis=0),
        jaccard=mean_jaccard(found),
        split_half=_mean(_overlap(one, other)) if clusters > 1 else None,
        resamples=resamples,
    )


def top(strength: Floats, k: int) -> Bools:
    """Returns which components of each row are its k strongest; one of strength 0 never is.

    Args:
        strength: [row, component], 0 or more.
    """
    chosen = np.zeros(strength.shape, bool)
    if k > 0:
        kept = np.argpartition(strength, -min(k, strength.shape[1]), axis=1)[:, -k:]
        np.put_along_axis(chosen, kept, True, axis=1)
    return chosen & (strength > 0)


def mean_jaccard(sets: Bools) -> float | None:
    """Returns the mean overlap of all pairs of rows; None where no pair has a member.

    Args:
        sets: [row, component], members of each row's set.
    """
    used = sets[:, sets.any(axis=0)].astype(np.float32)
    shared = (used @ used.T).astype(np.float64)  # [row, row]
    sizes = np.diag(shared)
    pairs = np.triu_indices(len(sets), 1)
    return _mean((shared[pairs], (sizes[:, None] + sizes - shared)[pairs]))


def _halves(clusters: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """[split, cluster]: 1 in the first half, 0 in the second, which has the odd one."""
    places = rng.permuted(np.tile(np.arange(clusters), (count, 1)), axis=1)
    return (places < clusters // 2).astype(np.int64)


def _overlap(one: Bools, other: Bools) -> tuple[Floats, Floats]:
    """Members in both and in either, by row. 2 x [row]"""
    both, either = ((one & other).sum(axis=1), (one | other).sum(axis=1))
    return both.astype(np.float64), either.astype(np.float64)


def _mean(overlap: tuple[Floats, Floats]) -> float | None:
    """The mean of shared over all members, where there is any."""
    both, either = overlap
    some = either > 0
    return float((both[some] / either[some]).mean()) if some.any() else None
