"""Contrasts that may have a verdict: reference, sign, simultaneous intervals, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.metrics.groups import group_contrasts
from auditor.metrics.groups.rate_law import RateDifference
from tests.metrics.factory import confusion, plan
from tests.metrics.groups.factory import contrasts, counts, expanded, numbers, random_table, table


def test_the_difference_is_of_the_group_less_the_largest_and_signed() -> None:
    found = contrasts(counts({"A": (30, 60), "B": (60, 80), None: (0, 200)}))
    assert set(found) == {"A"}
    assert found["A"].contrast.group_a == "B"
    assert found["A"].estimate.value == pytest.approx(-0.25)
    assert found["A"].law == RateDifference(30.0, 60.0, 60.0, 80.0)


def test_a_named_reference_is_used_and_outcomes_never_choose_one() -> None:
    named = contrasts(counts({"A": (30, 60), "B": (60, 80)}), references={"sex": "A"})
    assert named["B"].estimate.value == pytest.approx(0.25)
    for hits in (0, 60):
        assert set(contrasts(counts({"A": (hits, 60), "B": (20, 80)}))) == {"A"}


def test_intervals_are_simultaneous_over_the_column() -> None:
    frame = counts({"A": (30, 90), "B": (30, 80), "C": (30, 80), "D": (30, 80)})
    found = contrasts(frame)["B"]
    assert found.estimate.level == pytest.approx(1 - 0.05 / 3)
    assert found.law is not None
    interval = (found.estimate.low, found.estimate.high)
    assert interval == pytest.approx(found.law.interval(1 - 0.05 / 3))
    assert found.estimate.method == (
        "score, corrected for skewness; never shorter than the hybrid of exact intervals, "
        "simultaneous over 3 contrasts (Bonferroni)"
    )


def test_error_rates_are_of_the_rows_that_they_are_about() -> None:
    frame = confusion({"A": (40, 10, 10, 40), "B": (24, 6, 16, 54)})
    tpr = contrasts(frame, "true_positive_rate_difference", min_rows=10)["B"]
    fpr = contrasts(frame, "false_positive_rate_difference", min_rows=10)["B"]
    assert (tpr.estimate.value, fpr.estimate.value) == pytest.approx((-0.2, -0.1))
    assert (tpr.estimate.n, fpr.estimate.n) == (90, 110)


@pytest.mark.parametrize(
    ("frame", "metric", "reason"),
    [
        (
            counts({"A": (30, 60), "B": (4, 12)}),
            "selection_rate_difference",
            "only 12 rows of B; at least 30 are needed",
        ),
        (
            counts({"A": (30, 60), "B": (30, 60)}),
            "true_positive_rate_difference",
            "the rows have no true label",
        ),
        (
            confusion({"A": (40, 10, 10, 40), "B": (0, 6, 0, 54)}),
            "true_positive_rate_difference",
            "no row of B has a favourable true label",
        ),
    ],
)
def test_what_cannot_be_tested_says_why(frame: pd.DataFrame, metric: str, reason: str) -> None:
    found = contrasts(frame, metric)["B"]
    assert found.law is None
    assert found.estimate.reason == reason


def test_a_small_group_still_has_its_value_and_interval() -> None:
    found = contrasts(counts({"A": (30, 60), "B": (4, 12)}))["B"].estimate
    assert found.value == pytest.approx(4 / 12 - 0.5)
    assert found.low is not None


@pytest.mark.parametrize(
    "groups",
    [
        {"A": (0, 40), "B": (40, 40)},
        {"A": (40, 40), "B": (40, 40)},
        {"A": (0, 40), "B": (0, 40)},
    ],
)
def test_zero_cells_never_break(groups: dict[str | None, tuple[int, int]]) -> None:
    (found,) = contrasts(counts(groups)).values()
    assert found.law is not None
    assert found.estimate.low is not None
    assert 0 <= (found.law.p_beyond(0.1) or 0) <= 1


def clustered(clusters: int, *, both: bool = True) -> pd.DataFrame:
    """240 rows of two groups; clusters hold rows of both, or of one."""
    groups = ["A", "B"] * 120 if both else ["A"] * 120 + ["B"] * 120
    chosen = [(i * 7) % 10 < 4 + (g == "A") for i, g in enumerate(groups)]
    size = 240 // clusters
    names = [f"author {i // size}" for i in range(240)]
    return table([{"sex": g} for g in groups], chosen, cluster=names)


@pytest.mark.parametrize("both", [True, False])
def test_clusters_give_an_effective_n_with_t(both: bool) -> None:
    found = contrasts(clustered(60, both=both))["B"]
    assert isinstance(found.law, RateDifference)
    assert np.isfinite(found.law.df)
    assert max(found.law.n_a, found.law.n_b) <= 120
    assert found.estimate.clusters == 60
    assert "on effective n" in found.estimate.method
    assert found.law.value == pytest.approx(found.estimate.value)


def test_correlated_rows_widen_the_interval() -> None:
    frame = expanded(counts({"A": (60, 120), "B": (60, 120)}))
    frame = frame.sort_values(["selected"], kind="stable").reset_index(drop=True)
    sex = frame["protected"].map(lambda row: row["sex"])
    order = sex.groupby(sex).cumcount()
    alone = contrasts(frame)["B"].estimate
    frame["cluster"] = [f"{s} {i // 4}" for s, i in zip(sex, order, strict=True)]
    shared = contrasts(frame)["B"].estimate
    width = [(e.high or 0) - (e.low or 0) for e in (alone, shared)]
    assert width[1] > 1.8 * width[0]  # four rows that are alike count as one


@pytest.mark.parametrize(("clusters", "law", "interval"), [(6, 0, 0), (12, 0, 1), (24, 1, 1)])
def test_few_clusters_are_not_tested(clusters: int, law: bool, interval: bool) -> None:
    found = contrasts(clustered(clusters))["B"]
    assert (found.law is not None) == law
    assert (found.estimate.low is not None) == interval
    if not law:
        assert f"only {clusters} clusters" in str(found.estimate.reason)


def test_the_clusters_of_the_smaller_group_decide_whether_there_are_enough() -> None:
    frame = expanded(counts({"A": (60, 120), "B": (20, 40)}))
    sex = frame["protected"].map(lambda row: row["sex"])
    order = sex.groupby(sex).cumcount()
    frame["cluster"] = [f"{s} {i // 4}" for s, i in zip(sex, order, strict=True)]
    assert "only 10 clusters" in str(contrasts(frame)["B"].estimate.reason)


@pytest.mark.parametrize("clustered_rows", [False, True])
def test_counts_give_the_same_contrasts_as_rows(clustered_rows: bool) -> None:
    frame = random_table(np.random.default_rng(3))
    if clustered_rows:
        frame["cluster"] = [f"author {i % 50}" for i in range(len(frame))]
    options: dict[str, Any] = {"min_rows": 10}
    pairs = zip(
        group_contrasts(frame, plan(**options), ["yes"]),
        group_contrasts(expanded(frame), plan(**options), ["yes"]),
        strict=True,
    )
    for ours, theirs in pairs:
        assert numbers(ours.estimate) == numbers(theirs.estimate)
        assert ours.law == theirs.law


def test_crossed_columns_are_contrasted_only_where_the_plan_names_them() -> None:
    frame = random_table(np.random.default_rng(3))
    by_column = {"sex*race": {"governing": "selection_rate_difference"}}
    table_of = {"predictions": "t.csv", "outcome": "hired", "protected": ["sex", "race"]}
    default, named = plan(), plan(by_column=by_column, **table_of)
    assert "sex*race" not in {c.contrast.attribute for c in group_contrasts(frame, default)}
    found = [c for c in group_contrasts(frame, named) if c.contrast.attribute == "sex*race"]
    assert len({c.contrast.group_b for c in found}) == 5


def test_where_all_clusters_of_a_group_are_equal_each_counts_once() -> None:
    frame = expanded(counts({"A": (60, 120), "B": (0, 120)}))
    sex = frame["protected"].map(lambda row: row["sex"])
    order = sex.groupby(sex).cumcount()
    frame["cluster"] = [f"{s} {i // 4}" for s, i in zip(sex, order, strict=True)]
    law = contrasts(frame)["B"].law
    assert isinstance(law, RateDifference)
    assert (law.hits_b, law.n_b) == (0, 30)
    assert law.df == 29
