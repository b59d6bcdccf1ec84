"""Single terms, and the fairness gap of an attribute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from auditor.metrics.counted import counted_pairs
from auditor.metrics.terms import fairness_gaps, term_effects
from auditor.records import AttributeMetric, TermEffect
from tests.metrics.factory import AGE, GENDER, pair_row, write_pairs


def gaps(folder: Path, rows: list[dict[str, Any]]) -> dict[str, AttributeMetric]:
    with counted_pairs(write_pairs(folder, rows)) as db:
        return {each.attribute: each for each in fairness_gaps(db, seed=0)}


def terms(folder: Path, rows: list[dict[str, Any]]) -> list[TermEffect]:
    with counted_pairs(write_pairs(folder, rows)) as db:
        return term_effects(db, {c.contrast_id: c for c in (GENDER, AGE)})


def test_the_fairness_gap_is_the_mean_over_texts_of_the_mean_over_swaps(tmp_path: Path) -> None:
    """By hand: a text with swaps of .1 and .3 has .2, another with one of .6 has .6."""
    rows = [pair_row("t", e, text=f"one {e}", row_id="one") for e in (0.1, -0.3)]
    rows += [pair_row("u", -0.6, text="two", row_id="two")]
    found = gaps(tmp_path, rows)["gender"].estimate
    assert found.value == pytest.approx(0.4)
    assert (found.n, found.clusters) == (3, 2)


def test_clusters_of_many_texts_weigh_no_more_than_others(tmp_path: Path) -> None:
    rows = [pair_row("small", 0.2)]
    rows += [pair_row("large", 0.0, text=f"large {i}", row_id=f"l{i}") for i in range(9)]
    assert gaps(tmp_path, rows)["gender"].estimate.value == pytest.approx(0.1)


def of_terms(effects: dict[str, np.ndarray[Any, Any]]) -> list[dict[str, Any]]:
    return [
        pair_row(f"t{i}", float(e), text=f"{term} {i}", base=0.5, term_to=term)
        for term, values in effects.items()
        for i, e in enumerate(values)
    ]


@pytest.fixture
def three() -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(3)
    means = {"lady": -0.2, "woman": 0.05, "girl": 0.0}
    return {term: rng.normal(mean, 0.03, 20) for term, mean in means.items()}


def test_terms_come_largest_first_with_intervals_for_all_together(
    tmp_path: Path, three: dict[str, np.ndarray[Any, Any]]
) -> None:
    found = terms(tmp_path, of_terms(three))
    assert [each.term_b for each in found] == ["lady", "woman", "girl"]
    worst, values = found[0].estimate, three["lady"]
    half = stats.t.isf(0.05 / 3 / 2, 19) * stats.sem(values)
    assert worst.value == pytest.approx(values.mean())
    assert (worst.low, worst.high) == pytest.approx((values.mean() - half, values.mean() + half))
    assert worst.level == pytest.approx(1 - 0.05 / 3)
    assert "3 terms" in worst.method


def test_a_rare_term_is_not_ranked_and_one_term_is_no_choice(
    tmp_path: Path, three: dict[str, np.ndarray[Any, Any]]
) -> None:
    rare = three | {"gal": np.full(7, -0.45)}
    assert "gal" not in {each.term_b for each in terms(tmp_path / "a", of_terms(rare))}
    assert terms(tmp_path / "b", of_terms({"lady": three["lady"]})) == []


def test_equal_effects_have_no_interval_and_say_why(
    tmp_path: Path, three: dict[str, np.ndarray[Any, Any]]
) -> None:
    found = terms(tmp_path, of_terms(three | {"gal": np.full(20, -0.45)}))
    assert found[0].term_b == "gal"
    assert found[0].estimate.low is None
    assert "the same value" in str(found[0].estimate.reason)
