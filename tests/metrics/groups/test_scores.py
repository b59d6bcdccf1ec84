"""Scores per group: ranking with intervals, calibration, medians, standardised differences."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from auditor.metrics.groups import ALL_GROUPS
from auditor.metrics.groups.aucs import placements, rank
from auditor.metrics.groups.calibration import calibration_bins, expected_calibration_error
from auditor.sources.predictions import weighted_median
from tests.metrics.groups.factory import (
    estimates,
    expanded,
    group_table,
    random_table,
    table,
    within_error,
)


def delong_by_pairs(bad: Any, good: Any) -> tuple[float, float]:
    """AUC and DeLong's variance from the matrix of all pairs: slow, and as it is written down."""
    wins = np.array([[(g > b) + 0.5 * (g == b) for b in bad] for g in good])
    up, down = wins.mean(axis=1), wins.mean(axis=0)
    return float(wins.mean()), float(up.var(ddof=1) / len(good) + down.var(ddof=1) / len(bad))


def test_delongs_interval_is_that_of_all_pairs_on_the_log_odds_scale() -> None:
    frame = expanded(random_table(np.random.default_rng(4), 120))
    women = np.array([row["sex"] == "woman" for row in frame["protected"]])
    truth = (frame["label_true"] == "yes").to_numpy()
    value, variance = delong_by_pairs(frame["score"][women & ~truth], frame["score"][women & truth])
    ours = estimates(frame)["woman", "subgroup_auc"]
    half = 1.959963984540054 * variance**0.5 / (value * (1 - value))
    expected = tuple(float(expit(logit(value) + side * half)) for side in (-1, 1))
    assert ours.value == pytest.approx(value, abs=1e-10)
    assert (ours.low, ours.high) == pytest.approx(expected, abs=1e-10)
    assert ours.method == "DeLong, log-odds scale"


def test_placements_count_ties_as_half() -> None:
    found = placements(np.array([0.1, 0.5, 0.9]), np.array([0.5, 0.5, 0.2]), np.ones(3))
    assert list(found) == pytest.approx([0, 2 / 3, 1])


def test_ranking_of_clusters_of_one_row_is_about_that_of_rows() -> None:
    frame = expanded(random_table(np.random.default_rng(4), 300))
    alone = group_table(frame)
    frame["weight_kind"] = "sampling"
    rows = group_table(frame)
    one, other = (rank(t, ~t.truth, t.truth) for t in (alone, rows))
    assert other.value == pytest.approx(one.value)
    assert other.variance == pytest.approx(one.variance, rel=0.02)


def test_repeated_rows_of_one_author_are_no_new_evidence() -> None:
    frame = random_table(np.random.default_rng(4), 200, weight=1.0)
    frame["cluster"] = [f"author {i}" for i in range(200)]
    four = expanded(frame.assign(weight=4.0))
    one, other = (estimates(f)["woman", "subgroup_auc"] for f in (expanded(frame), four))
    assert (other.n, other.clusters) == (4 * one.n, one.n)
    assert other.method == "Obuchowski, log-odds scale"
    assert other.low == pytest.approx(one.low, abs=0.01)


@pytest.mark.parametrize("shared", [1, 5])
def test_auc_intervals_cover(shared: int) -> None:
    """Positives and negatives normal, 1 SD apart: the AUC is Phi(1 / sqrt 2)."""
    rng, audits, missed, true = np.random.default_rng(5), 150, 0, 0.7602499389065233
    for _ in range(audits):
        truth = rng.random(200) < 0.5
        effect = np.repeat(rng.normal(size=200 // shared), shared) * (shared > 1)
        noise = (effect + rng.normal(size=200)) / (2**0.5 if shared > 1 else 1)
        given = {"label_true": np.where(truth, "yes", "no"), "score": truth + noise}
        clusters = {"cluster": [f"c{i // shared}" for i in range(200)]} if shared > 1 else {}
        t = group_table(table([{"sex": "w"}] * 200, truth, **given, **clusters))
        low, high = rank(t, ~t.truth, t.truth).interval() or (0, 1)
        missed += not low <= true <= high
    assert within_error(missed / audits, audits)


def test_complete_separation_has_a_value_and_no_interval() -> None:
    truth = [i % 2 == 0 for i in range(80)]
    frame = table(
        [{"sex": "w"}] * 80, truth, label_true=np.where(truth, "yes", "no"), score=truth
    ).astype({"score": float})
    found = estimates(frame)["w", "subgroup_auc"]
    assert (found.value, found.low) == (1.0, None)
    assert "completely" in str(found.reason)


def test_equal_scores_rank_nothing_and_are_named() -> None:
    truth = [i % 2 == 0 for i in range(80)]
    frame = table(
        [{"sex": s} for s in "wm"] * 40,
        truth,
        label_true=np.where(np.arange(80) % 4 < 2, "yes", "no"),
        score=0.5,
    )
    found = estimates(frame)
    assert found["w", "subgroup_auc"].value == 0.5
    assert found["w", "mean_score"].reason == "all scores are equal: no interval"
    assert found["w", "standardised_mean_difference_pooled"].reason == "all scores are equal: no SD"
    assert found["w", "share_above_median"].value == 0


def test_bins_are_of_equal_width_and_the_last_has_its_upper_end() -> None:
    score = np.array([0.0, 0.05, 0.1, 0.95, 1.0])
    truth = np.array([False, True, True, True, False])
    bins = calibration_bins(score, truth, np.array([1.0, 3.0, 1.0, 1.0, 1.0]))
    assert [(b.low, b.high, b.n) for b in bins] == [(0, 0.1, 4), (0.1, 0.2, 1), (0.9, 1, 2)]
    assert bins[0].mean_score == pytest.approx(0.0375)
    assert bins[0].rate == pytest.approx(0.75)
    expected = (4 * 0.7125 + 0.9 + 2 * 0.475) / 7
    assert expected_calibration_error(bins) == pytest.approx(expected)


def test_scores_that_are_no_probabilities_are_not_calibrated() -> None:
    frame = random_table(np.random.default_rng(0))
    frame["score"] *= 10
    found = estimates(frame)
    assert found["man", "expected_calibration_error"].reason == (
        "scores beyond 0 to 1 are no probabilities"
    )
    assert found["man", "subgroup_auc"].value is not None


def test_share_above_the_median_counts_ties_as_not_above() -> None:
    frame = table([{"sex": s} for s in "mmmmff"], [True] * 6, score=[1, 2, 2, 3, 2, 4])
    found = estimates(frame)
    shares = [found[g, "share_above_median"].value for g in "mf"]
    assert shares == [0.25, 0.5]
    assert "median 2 of all rows, 3 equal to it" in found["m", "share_above_median"].method


@pytest.mark.parametrize("values", list(product([1.0, 2.0, 3.0], repeat=4)))
def test_the_weighted_median_is_that_of_the_rows_counted(values: tuple[float, ...]) -> None:
    weights = np.array([1, 2, 3, 2])
    counted = np.repeat(values, weights)
    assert weighted_median(np.array(values), weights.astype(float)) == np.median(counted)


def test_without_scores_nothing_is_said_of_scores() -> None:
    found = estimates(random_table(np.random.default_rng(0), score=np.nan))
    assert not {name for _, name in found} & {"mean_score", "subgroup_auc", "share_above_median"}


def test_a_regression_without_a_cutoff_has_scores_and_no_rates() -> None:
    frame = random_table(np.random.default_rng(0))
    frame["selected"] = pd.array([None] * len(frame), dtype="boolean")
    found = estimates(frame)
    assert found["man", "mean_score"].value is not None
    assert found["man", "selection_rate"].value is None
    assert found[ALL_GROUPS, "demographic_parity_difference"].value is None
    assert found["man", "count"].value
