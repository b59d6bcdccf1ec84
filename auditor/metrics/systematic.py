"""What is systematic in effects of any sign: those of the swap, less those of placebo pairs.

Every change of a token moves a score a little, so the mean size of effects is never 0. A difference
of mean sizes hides most of a real shift (a tenth of a shift of .25 SD shows); squares add up, so
their difference does not: systematic effect = root of max(0, mean g^2 across - mean g^2 within).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from auditor.metrics.clusters import Cells, ClusterMeans, Floats, Key
from auditor.metrics.counterfactual import METRICS, measure
from auditor.metrics.crossed import Design, complete
from auditor.records import Arm, Contrast, Estimate, SystematicEffect, digest

PERMUTATIONS = 1_999
SQUARES = "root_mean_square_effect"
_OF_NAMES = (
    "across: every name of one group against every name of the other; within: every two names of "
    "one group, in the same texts. p by permuting whole names: of a difference in any of these "
    "templates, in whichever direction"
)
_OF_WORDS = (
    "within: the placebo words, which are of another kind than these, so the difference is "
    "descriptive and has no p"
)


def systematic_of_names(
    contrast: Contrast, model_id: str, cells: Cells, unit: str, seed: int
) -> SystematicEffect | None:
    """Returns the systematic effect of a contrast of names; None where the design is too small.

    Within group g and template t the names' scores have variance s^2_gt. Over all pairs of names
    the mean square across is delta_t^2 + sum of (N_g - 1) / N_g s^2_gt, within it is the sum of
    s^2_gt, and so their difference is delta_t^2 - sum of s^2_gt / N_g: unbiased for the square of
    the true difference in each template, averaged over templates.

    Args:
        cells: of `mean_effect`: the scores of each group's names by template.
    """
    design = complete(cells)
    if design.too_small or len(design.groups) != 2:
        return None
    groups = [y for _, y in design.groups]
    within = float(np.sum([y.var(axis=0, ddof=1) for y in groups], axis=0).mean())
    observed = _squared(*groups)
    across = observed + within
    rng = np.random.default_rng(int(digest(str(seed), contrast.contrast_id, SQUARES), 16))
    beyond = sum(
        _squared(*_relabelled(design, rng)) >= observed - 1e-12 * abs(observed)
        for _ in range(PERMUTATIONS)
    )
    return SystematicEffect(
        contrast,
        model_id,
        max(0.0, observed) ** 0.5,
        _root(across, design, unit),
        _root(within, design, unit),
        (1 + beyond) / (1 + PERMUTATIONS),
        _OF_NAMES,
    )


def _squared(first: Floats, second: Floats) -> float:
    """The mean square across groups less that within them, over templates."""
    delta = second.mean(axis=0) - first.mean(axis=0)
    noise = first.var(axis=0, ddof=1) / len(first) + second.var(axis=0, ddof=1) / len(second)
    return float((delta**2 - noise).mean())


def _relabelled(design: Design, rng: np.random.Generator) -> tuple[Floats, Floats]:
    order = rng.permutation(design.cells.values)
    first = int((design.cells.signs < 0).sum())
    return order[:first], order[first:]


def _root(square: float, design: Design, unit: str) -> Estimate:
    reason = "its interval is that of root_mean_square_effect"
    n, clusters = design.pairs, design.templates
    return Estimate(
        max(0.0, square) ** 0.5, None, None, n, clusters, unit, "all pairs of names", 0.95, reason
    )


def systematic_of_words(
    contrast: Contrast,
    model_id: str,
    means: Mapping[Key, ClusterMeans],
    placebos: Collection[str],
    seed: int,
) -> SystematicEffect | None:
    """Returns the systematic effect of a contrast of words; None where there are no placebo pairs.

    Args:
        placebos: ids of the contrasts of the placebo words.
    """
    own = means.get(Key(model_id, contrast.contrast_id))
    pooled = _pooled([means[key] for key in sorted(means) if _is_placebo(key, model_id, placebos)])
    if own is None or pooled is None:
        return None
    across, within = (
        measure(METRICS[SQUARES], contrast.contrast_id, each, seed=seed).estimate
        for each in (own, pooled)
    )
    if across.value is None or within.value is None:
        return None
    value = max(0.0, across.value**2 - within.value**2) ** 0.5
    return SystematicEffect(contrast, model_id, value, across, within, None, _OF_WORDS)


def _is_placebo(key: Key, model_id: str, placebos: Collection[str]) -> bool:
    return key.model_id == model_id and key.arm is Arm.PLACEBO and key.contrast_id in placebos


def _pooled(each: list[ClusterMeans]) -> ClusterMeans | None:
    """Returns several contrasts of placebo words as one, a cluster of each standing for itself."""
    if not each:
        return None
    names = each[0].means
    return ClusterMeans(
        each[0].unit,
        {name: np.concatenate([one.means[name] for one in each]) for name in names},
        {name: sum(one.n[name] for one in each) for name in names},
    )
