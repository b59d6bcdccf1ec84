"""The systematic effect: what is left once placebo pairs are taken off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from auditor.metrics.clusters import Floats
from auditor.metrics.counted import counted_pairs
from auditor.metrics.measurements import contrasts_by_arm, read_values, systematic_effects
from auditor.metrics.systematic import systematic_of_names
from auditor.records import Arm, Contrast, SystematicEffect
from tests.metrics.factory import GENDER, NAMES, cells, draw, pair_row, plan, write_pairs


def of_names(a: Floats, b: Floats, seed: int = 0) -> SystematicEffect:
    found = systematic_of_names(NAMES, "m", cells(a, b), "probability", seed)
    assert found is not None
    return found


def test_both_arms_are_the_mean_squares_over_all_pairs_of_names() -> None:
    """The closed form against every pair of names, one by one."""
    a, b = draw(np.random.default_rng(1), 5, 9, sd=(0.3, 0.2, 0.4))
    across = np.mean([(y - x) ** 2 for x in a for y in b])
    within = np.mean(
        [(group[i] - group[j]) ** 2 for group in (a, b) for i in range(5) for j in range(i)]
    )
    found = of_names(a, b + 0.5)
    across = np.mean([(y + 0.5 - x) ** 2 for x in a for y in b])
    assert found.across.value == pytest.approx(across**0.5)
    assert found.within.value == pytest.approx(within**0.5)
    assert found.value == pytest.approx(max(0, across - within) ** 0.5)


def test_a_shift_is_found_in_full_where_a_difference_of_mean_sizes_hides_it() -> None:
    """A shift of a quarter of the noise, whose sign differs by template, over 400 templates."""
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 24, 400))
    shift = 0.25 * rng.choice([-1, 1], 400)
    found = of_names(a, b + shift)
    assert found.value == pytest.approx(0.25, abs=0.04)
    naive = abs(b + shift - a).mean() - abs(b[1:] - b[:-1]).mean()
    assert naive < 0.06
    assert found.p is not None
    assert found.p < 0.05


def test_names_without_a_difference_have_a_p_that_is_no_alarm() -> None:
    """Permuted whole, names that differ among themselves give no false alarm."""
    rng = np.random.default_rng(3)
    p = [of_names(*draw(rng, 12, 20, sd=(0.5, 0.0, 1)), seed).p for seed in range(40)]
    alarms = sum(each is not None and each <= 0.05 for each in p)
    assert alarms <= 6  # 5 % of 40; more than 6 once in 100 such tests


def placebo(i: int, effect: float) -> dict[str, object]:
    contrast = Contrast("placebo", "one", "other")
    return pair_row(f"t{i}", effect, contrast=contrast, text=f"placebo {i}", arm="placebo")


def of_words(folder: Path, swap: float, within: float) -> list[SystematicEffect]:
    rows = [pair_row(f"t{i}", swap) for i in range(30)]
    rows += [placebo(i, within * (-1) ** i) for i in range(30)]
    with counted_pairs(write_pairs(folder, rows)) as db:
        arms = contrasts_by_arm(db) | {Arm.SWAP: [GENDER]}
        return systematic_effects(read_values(db, arms), plan(), arms, ["m"])


def test_of_words_it_is_descriptive_against_the_placebo_words(tmp_path: Path) -> None:
    """By hand: 5-4-3."""
    (found,) = of_words(tmp_path, -0.25, 0.2)
    assert found.value == pytest.approx(0.15)
    assert found.within.value == pytest.approx(0.2)
    assert found.p is None
    assert "descriptive" in found.reason


def test_less_than_the_placebo_is_nothing_and_no_negative_root(tmp_path: Path) -> None:
    (found,) = of_words(tmp_path, -0.1, 0.2)
    assert found.value == 0


def test_without_placebo_pairs_nothing_is_said(tmp_path: Path) -> None:
    with counted_pairs(write_pairs(tmp_path, [pair_row(f"t{i}", 0.1) for i in range(9)])) as db:
        arms = contrasts_by_arm(db)
        assert systematic_effects(read_values(db, arms), plan(), arms, ["m"]) == []
