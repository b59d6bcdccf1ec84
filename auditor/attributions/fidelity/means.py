"""Means over texts: each cluster of texts counts once, as everywhere in an audit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from auditor.metrics.estimates import HARD_FLOOR, Interval, OneTrial, StudentMean, mean_law
from auditor.metrics.estimates import estimate as estimated
from auditor.models.base import Floats
from auditor.records import Estimate

ANY = (-math.inf, math.inf)
CORRELATION = (-1.0, 1.0)
AT_LEAST_0 = (0.0, math.inf)


@dataclass(frozen=True, slots=True)
class OverClusters:
    """Turns numbers per text into estimates."""

    clusters: Sequence[str]  # [text]
    seed: int

    def estimate(
        self, values: Floats, *, unit: str, missing: str, bounds: Interval = ANY
    ) -> Estimate:
        """Returns the mean of cluster means with its interval.

        Args:
            values: [text]; NaN: the text does not have it, and is not counted.
            unit: of the values.
            missing: why no text has it, should that be so.
            bounds: what a value can be at least and at most.
        """
        means, n = self._means(values)
        if not len(means):
            return Estimate.missing(missing, unit=unit)
        law = self._law(means, bounds)
        return estimated(float(means.mean()), law, n=n, clusters=len(means), unit=unit)

    def interval(self, values: Floats) -> Interval | None:
        """Returns the 95 % interval of that mean; None where there are too few clusters."""
        law = self._law(self._means(values)[0], ANY)
        return None if law is None else law.interval(0.95)

    def _means(self, values: Floats) -> tuple[Floats, int]:
        own: dict[str, list[float]] = {}
        for cluster, value in zip(self.clusters, values.tolist(), strict=True):
            if not math.isnan(value):
                own.setdefault(cluster, []).append(value)
        return np.array([np.mean(each) for each in own.values()]), sum(map(len, own.values()))

    def _law(self, means: Floats, bounds: Interval) -> StudentMean | OneTrial | None:
        """Bounds are put in afterwards: those of +-1 would call for the rule of few clusters that
        differ from 0, which is for rates of flips; correlations always differ from 0."""
        if len(means) < HARD_FLOOR:
            return None
        return replace(mean_law(means, ANY, self.seed), bounds=bounds)
