"""The self-test: error rates of the audit on its own scores, relabelled."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.metrics.clusters import Floats
from auditor.metrics.counterfactual import Measured
from auditor.metrics.crossed import Design
from auditor.metrics.measurements import Measurement
from auditor.metrics.self_test import self_test
from auditor.plan import AuditPlan
from auditor.records import Basis, Contrast, Estimate, SelfTest
from tests.metrics.factory import design, draw, plan

PLAN = plan(self_test=200)


def judged(sample: Floats | Design, group: str = "woman", **changes: object) -> Measurement:
    clusters = sample.templates if isinstance(sample, Design) else len(sample)
    estimate = Estimate(0.0, -1.0, 1.0, clusters, clusters, "difference of rates", "t")
    contrast = Contrast("gender", "man", group)
    measured = Measured(estimate, None, sample, (-1.0, 1.0))
    values: dict[str, object] = {"governs": True} | changes
    return Measurement(contrast, "selection_rate_change", "m", measured, **values)  # type: ignore[arg-type]


def rates(measurements: list[Measurement], chosen: AuditPlan = PLAN) -> dict[float, SelfTest]:
    return {each.planted: each for each in self_test(measurements, chosen)}


def words(seed: int, clusters: int, sd: float = 0.1) -> Floats:
    values: Floats = np.random.default_rng(seed).normal(-0.4, sd, clusters)
    return values


def test_relabelling_takes_a_true_effect_away() -> None:
    """Every score says -.4, and still audits of the relabelled scores rarely claim anything."""
    found = rates([judged(words(i, 60), f"g{i}") for i in range(4)])
    assert found[0.0].detected.value is not None
    assert found[0.0].detected.value <= 0.09  # 5 %, and two standard errors of 200
    assert found[0.0].not_met.value is not None
    assert found[0.0].not_met.value <= 0.02
    assert (found[0.0].relabellings, found[0.0].findings) == (200, 4)


def test_what_is_planted_is_found_by_a_sample_that_is_large_enough() -> None:
    """Spread .4 after relabelling: se .02 in 400 clusters; delta .05 and twice delta stand out."""
    found = rates([judged(words(0, 400))])
    assert found[2.0].not_met.value is not None
    assert found[2.0].not_met.value > 0.6
    assert found[1.0].not_met.value is not None
    assert found[1.0].not_met.value <= 0.09
    assert found[2.0].found.value is not None
    assert found[2.0].found.value > 0.95


def test_a_sample_that_is_too_small_says_so_by_its_power() -> None:
    found = rates([judged(words(0, 20))])
    assert found[2.0].found.value is not None
    assert found[2.0].found.value < 0.3
    assert found[0.0].met.value == 0


def test_names_are_relabelled_whole() -> None:
    a, b = draw(np.random.default_rng(1), 12, 30, sd=(0.05, 0.0, 0.02))
    found = rates([judged(design(a, b + 0.5))])
    assert found[0.0].detected.value is not None
    assert found[0.0].detected.value <= 0.09


def test_the_same_seed_gives_the_same_rates_and_none_are_asked_for_with_zero() -> None:
    measurements = [judged(words(0, 40))]
    assert self_test(measurements, PLAN) == self_test(measurements, PLAN)
    assert self_test(measurements, plan(self_test=0)) == []


@pytest.mark.parametrize(
    "left_out",
    [
        judged(words(0, 40), governs=False),
        judged(words(0, 40), basis=Basis.GROUPS),
        judged(words(0, 19)),
    ],
    ids=["descriptive", "groups of people", "too few clusters"],
)
def test_only_judged_swaps_take_part(left_out: Measurement) -> None:
    assert self_test([left_out], PLAN) == []
    both = rates([judged(words(1, 40), "g1"), left_out])
    assert both[0.0].findings == 1
