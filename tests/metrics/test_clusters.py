"""Cluster identity: what counts, and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditor.errors import DataError
from auditor.metrics.clusters import Floats, cluster_means
from auditor.metrics.counterfactual import METRICS
from tests.metrics.factory import GENDER, pair_row, write_pairs

OF_PAIR = {name: metric.of_pair for name, metric in METRICS.items()}
KEY = ("m", GENDER.contrast_id)


def effects(folder: Path, rows: list[dict[str, Any]], metric: str = "mean_effect") -> Floats:
    return cluster_means(write_pairs(folder, rows), OF_PAIR)[KEY].means[metric]


@pytest.mark.parametrize("reverse", [False, True])
def test_sign_and_orientation_do_not_depend_on_which_side_was_the_source(
    tmp_path: Path, reverse: bool
) -> None:
    """B loses .3 and the favourable label, whether the source text spoke of A or of B."""
    rows = [pair_row("t", -0.3, reverse=reverse)]
    assert effects(tmp_path, rows) == pytest.approx([-0.3])
    assert effects(tmp_path, rows, "selection_rate_change") == pytest.approx([-1.0])


def test_a_pair_and_its_reverse_count_once(tmp_path: Path) -> None:
    rows = [
        pair_row("t", -0.3, text="one"),
        pair_row("t", -0.3, text="one", reverse=True),
        pair_row("t", 0.1, text="two"),
    ]
    means = cluster_means(write_pairs(tmp_path, rows), OF_PAIR)[KEY]
    assert means.n["mean_effect"] == 2
    assert means.means["mean_effect"] == pytest.approx([-0.1])


def test_the_same_texts_in_two_clusters_count_in_both(tmp_path: Path) -> None:
    rows = [pair_row(cluster, -0.3, text="one") for cluster in ("s", "t")]
    assert effects(tmp_path, rows) == pytest.approx([-0.3, -0.3])


def test_every_cluster_has_equal_weight_however_many_pairs_it_has(tmp_path: Path) -> None:
    rows = [pair_row("small", 0.1)]
    rows += [pair_row("large", -0.1, text=f"large {i}") for i in range(9)]
    assert effects(tmp_path, rows).mean() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("change", [{"arm": "placebo"}, {"validity": "ambiguous"}])
def test_only_valid_swaps_count(tmp_path: Path, change: dict[str, Any]) -> None:
    rows = [pair_row("t", -0.3), pair_row("u", 0.9, base=0.1, **change)]
    assert effects(tmp_path, rows) == pytest.approx([-0.3])


def test_a_cluster_without_a_value_is_left_out_of_that_metric_alone(tmp_path: Path) -> None:
    rows = [pair_row("t", -0.3), pair_row("u", 0.1, cutoff=None)]
    means = cluster_means(write_pairs(tmp_path, rows), OF_PAIR)[KEY]
    assert {name: len(values) for name, values in means.means.items()} == {
        "mean_effect": 2,
        "mean_absolute_effect": 2,
        "flip_rate": 1,
        "selection_rate_change": 1,
    }


@pytest.fixture(scope="module")
def many() -> list[dict[str, Any]]:
    """Rows whose effects differ by orders of magnitude: a float sum would depend on the order."""
    draws = np.random.default_rng(0)
    sizes = draws.normal(size=600) * 10.0 ** draws.integers(-9, 0, 600)
    return [
        pair_row(f"t{i % 7}", float(np.clip(effect, -0.7, 0.3)), text=f"text {i}")
        for i, effect in enumerate(sizes)
    ]


def test_neither_threads_nor_the_order_of_parts_change_a_bit(
    tmp_path: Path, many: list[dict[str, Any]]
) -> None:
    forth = write_pairs(tmp_path / "forth", many, parts=5)
    back = write_pairs(tmp_path / "back", many[::-1], parts=3)
    results = [
        cluster_means(glob, OF_PAIR, threads=threads)[KEY].means["mean_effect"].tobytes()
        for glob in (forth, back)
        for threads in (1, 4)
    ]
    assert len(set(results)) == 1


def test_means_agree_with_numpy(tmp_path: Path, many: list[dict[str, Any]]) -> None:
    found = effects(tmp_path, many)
    for cluster in range(7):
        direct = np.mean([row["effect"] for row in many[cluster::7]])
        assert found[cluster] == pytest.approx(direct, abs=1e-15)


def test_large_and_small_outputs_keep_their_digits(tmp_path: Path) -> None:
    """A regression's outputs may be of any size."""
    rows = [pair_row("t", 3e12, cutoff=None), pair_row("u", 2.5, cutoff=None)]
    assert effects(tmp_path, rows) == pytest.approx([3e12, 2.5], rel=1e-12)


def test_an_effect_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path, [pair_row("t", float("nan"), cutoff=None)])
    with pytest.raises(DataError, match="1 pairs have an effect that is not finite"):
        cluster_means(pairs, OF_PAIR)


def test_no_pairs_at_all_give_no_means(tmp_path: Path) -> None:
    assert cluster_means(write_pairs(tmp_path, []), OF_PAIR) == {}
