"""Cluster identity: what counts, and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from auditor.errors import DataError
from auditor.metrics.clusters import (
    Cells,
    ClusterMeans,
    Floats,
    Key,
    cluster_means,
    crossed_cells,
)
from auditor.metrics.counted import counted_pairs, scales_of
from auditor.metrics.counterfactual import METRICS
from auditor.records import Arm
from tests.metrics.factory import GENDER, NAMES, crossed_rows, pair_row, write_pairs

OF_PAIR = {name: metric.of_pair for name, metric in METRICS.items()}
OF_SIDE = {name: metric.of_side for name, metric in METRICS.items() if metric.of_side}
KEY = Key("m", GENDER.contrast_id)


def scales(db: duckdb.DuckDBPyConnection) -> dict[str, float]:
    found = scales_of(db)
    return {name: metric.scale(found) for name, metric in METRICS.items()}


def means_of(pairs: str, *, threads: int | None = None) -> dict[Key, ClusterMeans]:
    with counted_pairs(pairs, threads=threads) as db:
        return cluster_means(db, OF_PAIR, scales(db))


def cells_of(
    pairs: str, ids: tuple[str, ...] = (NAMES.contrast_id,), *, threads: int | None = None
) -> dict[Key, dict[str, Cells]]:
    with counted_pairs(pairs, threads=threads) as db:
        return crossed_cells(db, OF_PAIR, OF_SIDE, ids, scales(db))


def effects(folder: Path, rows: list[dict[str, Any]], metric: str = "mean_effect") -> Floats:
    return means_of(write_pairs(folder, rows))[KEY].means[metric]


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
    means = means_of(write_pairs(tmp_path, rows))[KEY]
    assert means.n["mean_effect"] == 2
    assert means.means["mean_effect"] == pytest.approx([-0.1])


def test_the_same_texts_in_two_clusters_count_in_both(tmp_path: Path) -> None:
    rows = [pair_row(cluster, -0.3, text="one") for cluster in ("s", "t")]
    assert effects(tmp_path, rows) == pytest.approx([-0.3, -0.3])


def test_every_cluster_has_equal_weight_however_many_pairs_it_has(tmp_path: Path) -> None:
    rows = [pair_row("small", 0.1)]
    rows += [pair_row("large", -0.1, text=f"large {i}") for i in range(9)]
    assert effects(tmp_path, rows).mean() == pytest.approx(0.0, abs=1e-12)


def test_only_valid_pairs_count(tmp_path: Path) -> None:
    rows = [pair_row("t", -0.3), pair_row("u", 0.9, base=0.1, validity="ambiguous")]
    assert effects(tmp_path, rows) == pytest.approx([-0.3])


def test_each_arm_is_counted_alone(tmp_path: Path) -> None:
    rows = [pair_row("t", -0.3), pair_row("u", 0.9, base=0.1, arm="placebo")]
    found = means_of(write_pairs(tmp_path, rows))
    assert found[KEY].means["mean_effect"] == pytest.approx([-0.3])
    placebo = KEY._replace(arm=Arm.PLACEBO)
    assert found[placebo].means["mean_effect"] == pytest.approx([0.9])


def test_a_cluster_without_a_value_is_left_out_of_that_metric_alone(tmp_path: Path) -> None:
    rows = [pair_row("t", -0.3), pair_row("u", 0.1, cutoff=None)]
    means = means_of(write_pairs(tmp_path, rows))[KEY]
    sizes = {name: len(values) for name, values in means.means.items()}
    assert (sizes["mean_effect"], sizes["mean_absolute_effect"]) == (2, 2)
    assert (sizes["flip_rate"], sizes["selection_rate_change"]) == (1, 1)


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
        means_of(glob, threads=threads)[KEY].means["mean_effect"].tobytes()
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
    with pytest.raises(DataError, match="1 pairs have a score or an effect that is not finite"):
        means_of(pairs)


@pytest.mark.parametrize("size", [1e13, 1e20, 1e60])
def test_huge_outputs_take_no_digit_of_rates(tmp_path: Path, size: float) -> None:
    rows = [pair_row(f"t{i}", size * i, base=size, cutoff=0.0) for i in range(60)]
    rows[0] |= {"flip": True}
    found = means_of(write_pairs(tmp_path, rows))[KEY].means
    assert found["flip_rate"].sum() == 1
    assert found["mean_effect"] == pytest.approx(
        [row["effect"] for row in sorted(rows, key=lambda row: str(row["cluster"]))], rel=1e-12
    )


def test_log_odds_that_are_no_number_are_not_measured(tmp_path: Path) -> None:
    rows = [
        pair_row(f"t{i}", 0.0, margin_from=m, margin_to=1.0)
        for i, m in enumerate([0.5, float("nan"), float("inf"), None])
    ]
    found = means_of(write_pairs(tmp_path, rows))[KEY]
    assert found.means["mean_margin_effect"] == pytest.approx([0.5])
    assert found.n["mean_effect"] == 4


def test_a_score_beyond_any_square_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 pairs have a score or an effect that is not finite, or"):
        means_of(write_pairs(tmp_path, [pair_row("t", 1e160, cutoff=None)]))


def test_labels_in_other_words_are_no_labels(tmp_path: Path) -> None:
    """Else every "Clean" would count as a text that does not deserve "clean"."""
    rows = [pair_row(f"t{i}", 0.0, label_true="Clean") for i in range(9)]
    with counted_pairs(write_pairs(tmp_path, rows), ["clean"]) as db:
        found = cluster_means(db, OF_PAIR, scales(db))[KEY]
    assert found.n["false_positive_rate_change"] == 0


def test_labels_that_add_up_to_one_by_chance_exclude_nothing(tmp_path: Path) -> None:
    odd = {"probs_from": [0.5, 0.3, 0.2], "probs_to": [0.2, 0.3, 0.5]}
    rows = [pair_row("t", 0.0, **odd)]  # type: ignore[arg-type]
    rows += [pair_row(f"t{i}", 0.0, probs_from=[0.9] * 3, probs_to=[0.9] * 3) for i in range(9)]
    assert means_of(write_pairs(tmp_path, rows))[KEY].n["total_variation"] == 0


def test_no_pairs_at_all_give_no_means(tmp_path: Path) -> None:
    assert means_of(write_pairs(tmp_path, [])) == {}


def cells(
    pairs: str, metric: str, *, contrasts: tuple[str, ...] = (), threads: int | None = None
) -> Cells:
    found = cells_of(pairs, contrasts or (NAMES.contrast_id,), threads=threads)
    return found[Key("m", NAMES.contrast_id)][metric]


@pytest.fixture(scope="module")
def scores() -> tuple[Floats, Floats]:
    """Of groups A and B: [name, template]."""
    a, b = np.random.default_rng(0).random((2, 5, 9))
    return a, b


@pytest.mark.parametrize("reversed_each", [1, 2, 100])
def test_cells_of_each_side_are_the_scores_of_its_names(
    tmp_path: Path, scores: tuple[Floats, Floats], reversed_each: int
) -> None:
    """Whichever of the two groups the source text spoke of: B in all, half, or one of the pairs."""
    a, b = scores
    forth, back = crossed_rows(a, b), crossed_rows(a, b, reverse=True)
    forth[::reversed_each] = back[::reversed_each]
    pairs = write_pairs(tmp_path, forth)
    found = cells(pairs, "mean_effect")
    assert found.values == pytest.approx(np.concatenate([a, b]), abs=1e-15)
    assert found.signs.tolist() == [-1] * 5 + [1] * 5
    assert (found.n == 1).all()
    chosen = cells(pairs, "selection_rate_change").values
    assert (chosen == (np.concatenate([a, b]) >= 0.5)).all()


def test_cells_of_unsigned_metrics_are_of_pairs_of_names(
    tmp_path: Path, scores: tuple[Floats, Floats]
) -> None:
    a, b = scores
    found = cells(write_pairs(tmp_path, crossed_rows(a, b)), "mean_absolute_effect")
    assert found.values == pytest.approx(abs(b - a), abs=1e-15)
    assert found.signs.tolist() == [1] * 5


def test_a_cell_is_the_mean_of_the_texts_of_its_template_and_knows_no_case(tmp_path: Path) -> None:
    names: dict[str, Any] = {"contrast": NAMES, "base": 0.5}
    rows = [
        pair_row("t", 0.2, text="one", term_from="Emily", term_to="Lakisha", **names),
        pair_row("t", 0.4, text="TWO", term_from="EMILY", term_to="LAKISHA", **names),
        pair_row("t", None, text="no", term_from="Emily", term_to="Lakisha", **names | {"base": 1}),
    ]
    found = cells(write_pairs(tmp_path, rows), "mean_effect")
    assert found.values.ravel() == pytest.approx([0.5, 0.8])
    assert found.n.ravel().tolist() == [2, 2]


def test_a_cell_without_a_pair_is_no_zero(tmp_path: Path, scores: tuple[Floats, Floats]) -> None:
    a, b = scores[0].copy(), scores[1]
    a[1, 4] = np.nan
    found = cells(write_pairs(tmp_path, crossed_rows(a, b)), "mean_effect")
    gaps = np.argwhere(np.isnan(found.values)).tolist()
    assert gaps == [[1, 4], [6, 4]]
    assert found.n[1, 4] == 0


def test_a_template_without_any_value_is_no_template_of_that_metric(
    tmp_path: Path, scores: tuple[Floats, Floats]
) -> None:
    a, b = scores
    rows = crossed_rows(a, b)
    rows += [row | {"cluster": "u"} for row in crossed_rows(a[:, :1], b[:, :1], cutoff=None)]
    pairs = write_pairs(tmp_path, rows)
    assert cells(pairs, "mean_effect").values.shape == (10, 10)
    assert cells(pairs, "selection_rate_change").values.shape == (10, 9)


def test_only_crossed_contrasts_have_cells(tmp_path: Path, scores: tuple[Floats, Floats]) -> None:
    rows = crossed_rows(*scores) + crossed_rows(*scores, contrast=GENDER)
    found = cells_of(write_pairs(tmp_path, rows))
    assert list(found) == [Key("m", NAMES.contrast_id)]


def test_neither_threads_nor_the_order_of_parts_change_a_bit_of_a_cell(
    tmp_path: Path, many: list[dict[str, Any]]
) -> None:
    rows = [
        row | {"contrast_id": NAMES.contrast_id, "term_from": f"A{i % 3}", "term_to": f"B{i % 3}"}
        for i, row in enumerate(many)
    ]
    forth = write_pairs(tmp_path / "forth", rows, parts=5)
    back = write_pairs(tmp_path / "back", rows[::-1], parts=3)
    results = [
        cells(glob, "mean_effect", threads=threads).values.tobytes()
        for glob in (forth, back)
        for threads in (1, 4)
    ]
    assert len(set(results)) == 1


def test_scores_far_larger_than_effects_fit_the_sum(tmp_path: Path) -> None:
    """A regression may say 3e15 on both sides."""
    rows = crossed_rows(np.full((2, 3), 3e15), np.full((2, 3), 3e15), cutoff=None)
    found = cells(write_pairs(tmp_path, rows), "mean_effect")
    assert found.values == pytest.approx(np.full((4, 3), 3e15))
