"""A repair is recommended only where nothing speaks against it, and else it is said what does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.circuits.repair.pareto import recommend, with_front
from auditor.records import Estimate
from auditor.records_circuits import RepairOption


def estimate(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    half = 0.05
    bounds = (value - half, value + half) if low is None else (low, high)
    return Estimate(value, *bounds, 40, 40, "share", "t")


BEFORE = estimate(0.90)
GOOD = RepairOption(
    kind="mean",
    strength=1.0,
    components=("a0.h1", "m2"),
    remaining_gap=estimate(0.3),
    quality=estimate(0.89, 0.85, 0.895),
    other_gaps=(),
    random=Estimate(0.9, 0.7, 1.1, 200, 200, "share", "random sets"),
    p=0.005,
)
MASKED = replace(GOOD, kind="mask_term", remaining_gap=estimate(0.0), quality=estimate(0.6),
                 random=None, p=None)  # fmt: skip


def test_a_good_edit_is_recommended_beside_a_baseline_that_costs_quality() -> None:
    options = with_front([MASKED, GOOD])
    index, reason = recommend(options, BEFORE)
    assert index == 1
    assert "0.30 [0.25, 0.35] of the gap are left" in reason
    assert "p 0.005" in reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"p": 0.2}, "random sets of the same kind leave as little: 0.90"),
        ({"p": 0.051}, "random sets of the same kind leave as little"),
        ({"random": replace(GOOD.random, n=11), "p": 1 / 12}, "only 11 other sets"),  # type: ignore[type-var]
        ({"random": None, "p": None}, "no random set"),
        ({"remaining_gap": estimate(0.9, 0.7, 1.1)}, "not below the whole gap"),
        ({"remaining_gap": estimate(-0.9, -1.1, -0.7)}, "not below the whole gap"),
        ({"remaining_gap": Estimate.missing("no effect", unit="share")}, "no effect"),
        ({"quality": estimate(0.85, 0.80, 0.899)}, "quality falls from 0.90"),
        ({"quality": None}, "quality could not be measured"),
    ],
)
def test_what_speaks_against_an_edit_is_said(change: dict[str, object], why: str) -> None:
    option = replace(GOOD, **change)  # type: ignore[arg-type]
    index, reason = recommend(with_front([option]), BEFORE)
    assert index is None
    assert why in reason
    assert "Mean of a0.h1, m2" in reason


def test_a_loss_within_two_points_or_within_the_interval_is_none() -> None:
    for quality in (estimate(0.881, 0.87, 0.89), estimate(0.80, 0.69, 0.91)):
        assert recommend(with_front([replace(GOOD, quality=quality)]), BEFORE)[0] == 0


def test_a_baseline_is_never_recommended_and_an_edit_that_it_beats_is_not() -> None:
    better = replace(MASKED, quality=GOOD.quality, remaining_gap=estimate(-0.001))
    index, reason = recommend(with_front([better, GOOD]), BEFORE)
    assert index is None
    assert "mask_term leaves 0.00" in reason
    tested = replace(better, random=GOOD.random, p=GOOD.p)
    assert recommend(with_front([tested]), BEFORE)[0] is None


def test_of_two_good_edits_the_one_that_leaves_less_is_recommended() -> None:
    less = replace(
        GOOD, strength=0.5, remaining_gap=estimate(-0.1), quality=estimate(0.885, 0.85, 0.894)
    )
    assert all(each.on_front for each in with_front([GOOD, less]))
    assert recommend(with_front([GOOD, less]), BEFORE)[0] == 1


def test_the_front_holds_what_no_other_beats() -> None:
    points = [(0.1, 0.6), (0.2, 0.8), (0.3, 0.8), (-0.2, 0.8), (0.5, 0.9), (0.05, 0.5), (0.9, 0.7)]
    options = [
        replace(GOOD, remaining_gap=estimate(gap), quality=estimate(quality))
        for gap, quality in points
    ]
    unmeasured = replace(GOOD, quality=None)
    flags = [each.on_front for each in with_front([*options, unmeasured])]
    assert flags == [True, True, False, True, True, True, False, False]
