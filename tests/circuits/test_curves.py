"""Areas, k_80 and p against random circuits, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auditor.circuits.curves import SHARES, areas, k_80, random_p, sizes


def test_sizes_of_a_small_model_are_distinct_and_end_with_all() -> None:
    """78 components: .1 to 1 % are less than one, 2 % are 1.56."""
    assert sizes(78) == (1, 2, 4, 8, 16, 39, 78)
    assert sizes(1) == (1,)


def test_sizes_of_many_edges_are_those_of_the_benchmark() -> None:
    assert sizes(40_000) == (40, 80, 200, 400, 800, 2_000, 4_000, 8_000, 20_000, 40_000)


def test_areas_by_hand() -> None:
    """f = 0, .5, 1 at .01, .1, 1: linear (.09 * .25 + .9 * .75) / .99; log (.25 + .75) / 2."""
    found = areas([0.01, 0.1, 1.0], [0.0, 0.5, 1.0])
    assert found == pytest.approx(
        {
            "cpr_linear": 0.6975 / 0.99,
            "cpr_log": 0.5,
            "cmd_linear": 1 - 0.6975 / 0.99,
            "cmd_log": 0.5,
        }
    )


def test_a_circuit_that_carries_everything_has_areas_1_and_0() -> None:
    found = areas(SHARES, [1.0] * len(SHARES))
    assert found == pytest.approx({"cpr_linear": 1, "cpr_log": 1, "cmd_linear": 0, "cmd_log": 0})


def test_carrying_too_much_raises_cpr_and_cmd_alike() -> None:
    found = areas([0.1, 1.0], [1.5, 1.5])
    assert found == pytest.approx(
        {"cpr_linear": 1.5, "cpr_log": 1.5, "cmd_linear": 0.5, "cmd_log": 0.5}
    )


def test_small_circuits_count_on_the_log_axis_alone() -> None:
    late, early = [0.0] * 5 + [1.0] * 5, [1.0] * 10
    lost = {name: areas(SHARES, early)[name] - area for name, area in areas(SHARES, late).items()}
    assert lost["cpr_linear"] < 0.05
    assert lost["cpr_log"] > 0.45


def test_one_size_has_no_area() -> None:
    assert areas([1.0], [1.0]) == {}


@pytest.mark.parametrize(
    ("faithfulness", "k"),
    [
        ([0.1, 0.8, 1.2, 1.0], 2),  # both ends belong to it
        ([0.9, 0.7, 0.9, 1.0], 4),  # reached, not kept
        ([0.9, 1.3, 0.9, 1.0], 4),  # too much is not it either
        ([0.9, 1.0, 1.0, 1.0], 1),
        ([1.0, 1.0, 1.0, 0.79], None),
        ([math.nan, 1.0, math.nan, 1.0], 8),  # not measured is not kept
    ],
)
def test_k_80_is_reached_and_kept(faithfulness: list[float], k: int | None) -> None:
    assert k_80([1, 2, 4, 8], faithfulness) == k


@pytest.mark.parametrize(
    ("random", "p"),
    [
        ([0.1, 0.2, 0.3], 1 / 4),
        ([0.1, 0.9, 0.5], 3 / 4),
        ([0.1, 0.5 - 1e-8, 0.2], 2 / 4),  # the same circuit but for rounding
        ([], 1.0),
    ],
)
def test_p_against_random_circuits_by_hand(random: list[float], p: float) -> None:
    assert random_p(0.5, np.array(random)) == p
