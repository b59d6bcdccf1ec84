"""Every measure of every method, over the same texts, each with its interval.

A check that cannot be made on a model (no weights, no room for a second one) is not measured, with
its reason; any other failure of the model ends the measuring.

Where an output has several columns, orders and correlations are of the first: an audit has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from auditor.attributions.base import Ask, Attribution
from auditor.attributions.fidelity.agreement import NOT_COUNTED, correlations, differences
from auditor.attributions.fidelity.erasure import ERASURE, RANDOM, Ranking, erase
from auditor.attributions.fidelity.means import AT_LEAST_0, CORRELATION, OverClusters
from auditor.attributions.fidelity.measures import MEASURES, UNRELATED_BELOW
from auditor.attributions.fidelity.variants import COPIES, other_masks, random_copies
from auditor.attributions.methods import MethodInfo
from auditor.attributions.owen import METHOD as OWEN
from auditor.errors import DataError, ModelError
from auditor.metrics.estimates import Interval
from auditor.models.base import Floats, Model
from auditor.records import Estimate
from auditor.records_attributions import Fidelity

IN_FLOAT32 = "the output in float32"
RANDOM_WEIGHTS = "weights drawn at random"
_NO_TOKENS = "in which no token can be masked, or which could not be explained again"


@dataclass(frozen=True, slots=True)
class FidelityResults:
    """What was measured of all methods."""

    fidelity: tuple[Fidelity, ...]
    """By method and measure."""
    notes: tuple[str, ...]
    """Which texts a measure does not count, and why."""


def measure_fidelity(
    model: Model,
    explained: Mapping[str, Sequence[Attribution]],
    clusters: Sequence[str],
    ask: Ask,
    *,
    seed: int,
    methods: Mapping[str, MethodInfo],
) -> FidelityResults:
    """Returns every measure of `MEASURES` for every method, as means over cluster means.

    Costs about as much as explaining the same texts once more with each method and twice more with
    Owen values, and 2 n masked versions of a text of n tokens per method and random order.

    Args:
        explained: method -> attributions of the same texts in the same order.
        clusters: [text], the template or document of each.
        ask: as the texts were explained.
        seed: of random orders, random weights and intervals.
        methods: by name, at least those explained.

    Raises:
        DataError: the methods did not explain the same texts.
        ModelError: the model fails.
    """
    _refuse_unequal(explained, clusters)
    quiet = replace(ask, tell=_tell_nobody)
    tests = _Tests(model, explained, quiet, methods, OverClusters(clusters, seed), [])
    found = [
        *tests.additivity(),
        *tests.erasure(),
        *tests.agreement(),
        *tests.masks(),
        *tests.random_weights(),
    ]
    order = sorted(found, key=lambda each: (each.method, each.measure, each.against or ""))
    return FidelityResults(tuple(order), tuple(tests.notes))


def _tell_nobody(done: int, total: int) -> None:
    """Texts are explained several times over: their counts would be no progress."""


def _refuse_unequal(
    explained: Mapping[str, Sequence[Attribution]], clusters: Sequence[str]
) -> None:
    first: list[tuple[str, ...]] | None = None
    for name, attributions in explained.items():
        segments = [each.tokens.segments for each in attributions]
        first = segments if first is None else first
        if len(segments) != len(clusters) or segments != first:
            raise DataError(
                f"{name} explained {len(segments)} texts, for {len(clusters)} clusters; fidelity "
                f"compares methods on the same texts and tokens, in the order of "
                f"{next(iter(explained))}: leave out texts that a method refused, with their "
                "clusters"
            )


@dataclass(frozen=True, slots=True)
class _Tests:
    model: Model
    explained: Mapping[str, Sequence[Attribution]]
    ask: Ask
    methods: Mapping[str, MethodInfo]
    over: OverClusters
    notes: list[str]

    def additivity(self) -> Iterator[Fidelity]:
        exact = self._exact() if self.model.tolerance else None
        for name, attributions in self.explained.items():
            nothing = f"{name} has no base value, so nothing says what its values should add up to"
            sums = [each.base + each.values.sum(axis=0) for each in attributions]
            own = _largest([each.score for each in attributions], sums)
            yield self._fidelity(name, "additivity_error", own, nothing, bounds=AT_LEAST_0)
            if exact is not None:
                error = _largest(exact, sums)
                yield self._fidelity(
                    name, "additivity_error", error, nothing, IN_FLOAT32, bounds=AT_LEAST_0
                )

    def _exact(self) -> Floats:
        raw = self.model.score(self._texts(), exact=True, cut=True)
        scores: Floats = self.ask.output.read(raw.values)
        return scores

    def _texts(self) -> list[str]:
        return [each.tokens.text for each in next(iter(self.explained.values()), ())]

    def erasure(self) -> Iterator[Fidelity]:
        if not self.explained:
            return
        rankings = {
            name: Ranking([each.values[:, 0] for each in own], self.methods[name].signed)
            for name, own in self.explained.items()
        }
        tokens = [each.tokens for each in next(iter(self.explained.values()))]
        found = erase(self.model, tokens, rankings, self.ask, self.over.seed)
        random = found.pop(RANDOM)
        # Said once: every order of every method leaves out the same texts.
        self._note(" and ".join(ERASURE), random[:, 0], _NO_TOKENS)
        for name, values in found.items():
            for column, measure in enumerate(ERASURE):
                own, chance = values[:, column], random[:, column]
                yield Fidelity(
                    name,
                    measure,
                    self._estimate(measure, own, _NO_TOKENS),
                    control=self._estimate(measure, chance, _NO_TOKENS),
                    passed=self._beats(measure, own - chance),
                )

    def _beats(self, measure: str, difference: Floats) -> bool | None:
        interval = self.over.interval(difference)
        if interval is None:
            return None
        return interval[0] > 0 if MEASURES[measure].better == "higher" else interval[1] < 0

    def agreement(self) -> Iterator[Fidelity]:
        for one, other in combinations(self.explained, 2):
            absolute = not (self.methods[one].signed and self.methods[other].signed)
            values = correlations(self.explained[one], self.explained[other], absolute=absolute)
            yield self._correlation(one, "agreement", values, other)

    def masks(self) -> Iterator[Fidelity]:
        """Owen values alone mask tokens."""
        if OWEN not in self.explained:
            return
        own = self.explained[OWEN]
        for name, masker in other_masks(self.model, self.ask.masker).items():
            asked = replace(self.ask, masker=masker)
            again = self.methods[OWEN].call(self.model, self._texts(), asked)
            yield self._correlation(OWEN, "mask_stability", correlations(own, again), name)
            yield self._fidelity(
                OWEN, "mask_difference", differences(own, again), _NO_TOKENS, name, AT_LEAST_0
            )

    def random_weights(self) -> Iterator[Fidelity]:
        try:
            found = self._beside_random_weights()
        except ModelError as error:
            unit = MEASURES["randomised_weights"].unit
            missing = Estimate.missing(str(error), unit=unit)
            for name in self.explained:
                yield Fidelity(name, "randomised_weights", missing, RANDOM_WEIGHTS)
            return
        for name, values in found.items():
            record = self._correlation(name, "randomised_weights", values, RANDOM_WEIGHTS)
            high = record.estimate.high
            yield replace(record, passed=None if high is None else high < UNRELATED_BELOW)

    def _beside_random_weights(self) -> dict[str, Floats]:
        """Returns method -> rank correlations [text], each text against one of the copies."""
        texts = self._texts()
        found = {name: np.full(len(texts), np.nan) for name in self.explained}
        copies = random_copies(self.model, self.over.seed, min(COPIES, len(texts)))
        for number, drawn in enumerate(copies):
            at = range(number, len(texts), COPIES)
            for name, own in self.explained.items():
                again = self.methods[name].call(drawn, [texts[i] for i in at], self.ask)
                beside = correlations([own[i] for i in at], again, absolute=True)
                found[name][number::COPIES] = beside
        return found

    def _correlation(self, method: str, measure: str, values: Floats, against: str) -> Fidelity:
        return self._fidelity(method, measure, values, NOT_COUNTED, against, CORRELATION)

    def _fidelity(
        self,
        method: str,
        measure: str,
        values: Floats,
        missing: str,
        against: str | None = None,
        bounds: Interval | None = None,
    ) -> Fidelity:
        beside = f" against {against}" if against else ""
        self._note(f"{measure} of {method}{beside}", values, missing)
        return Fidelity(method, measure, self._estimate(measure, values, missing, bounds), against)

    def _note(self, what: str, values: Floats, missing: str) -> None:
        """Notes texts without a value where others have one; `missing` says why."""
        left_out = int(np.isnan(values).sum())
        if 0 < left_out < len(values):
            self.notes.append(f"{what}: {left_out} of {len(values)} texts left out, {missing}")

    def _estimate(
        self, measure: str, values: Floats, missing: str, bounds: Interval | None = None
    ) -> Estimate:
        unit = MEASURES[measure].unit_in(self.ask.output.unit)
        given = {} if bounds is None else {"bounds": bounds}
        return self.over.estimate(values, unit=unit, missing=missing, **given)


def _largest(scores: Sequence[Floats] | Floats, sums: Sequence[Floats]) -> Floats:
    """Returns the largest difference over the outputs; NaN without a base. [text]"""
    gaps = [np.abs(a - b).max() for a, b in zip(scores, sums, strict=True)]
    return np.array(gaps, np.float64)
