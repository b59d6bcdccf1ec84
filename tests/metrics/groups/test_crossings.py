"""Two columns at once, control values, and rows of unknown group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from auditor.metrics.groups import ALL_GROUPS, group_metrics
from auditor.metrics.groups.crossings import METRIC, recovered
from auditor.metrics.groups.unknown import Counts, unknown_bounds
from tests.metrics.factory import plan
from tests.metrics.groups.factory import (
    counts,
    estimates,
    expanded,
    table,
    with_values,
    within_error,
)

CELLS = {("m", "w"): (60, 100), ("f", "w"): (50, 90), ("m", "b"): (40, 80), ("f", "b"): (15, 60)}


def crossed(cells: dict[tuple[str, str], tuple[int, int]] | None = None) -> pd.DataFrame:
    rows = [
        (pair, chosen, float(hits if chosen else n - hits))
        for pair, (hits, n) in (cells or CELLS).items()
        for chosen in (True, False)
    ]
    return table(
        [dict(zip(("sex", "race"), pair, strict=True)) for pair, _, _ in rows],
        [chosen for _, chosen, _ in rows],
        weight=[weight for _, _, weight in rows],
    )


def test_crossed_groups_are_joined_as_swaps_join_them() -> None:
    found = estimates(crossed(), "sex*race")
    assert found["f+b", "selection_rate"].value == 0.25
    assert found["m+w", "count"].value == 100


def test_the_difference_in_differences_is_the_signed_sum_of_four_rates() -> None:
    found = estimates(crossed(), "sex*race")["f+b", METRIC]
    assert found.value == pytest.approx((15 / 60 - 40 / 80) - (50 / 90 - 60 / 100))
    assert None not in (found.low, found.value, found.high)
    assert found.low < found.value < found.high  # type: ignore[operator]
    assert found.n == 330
    assert found.method == "recovered from four Wilson intervals, against m+w"


def test_its_interval_covers() -> None:
    """Zero differences in differences at small rates and unequal sizes."""
    rng, audits, missed = np.random.default_rng(6), 400, 0
    for _ in range(audits):
        rates = {("m", "w"): 0.5, ("f", "w"): 0.3, ("m", "b"): 0.25, ("f", "b"): 0.05}
        drawn = {
            key: Counts(rng.binomial(CELLS[key][1], p), CELLS[key][1]) for key, p in rates.items()
        }
        _, (low, high) = recovered(
            [drawn[k] for k in (("f", "b"), ("m", "b"), ("f", "w"), ("m", "w"))]
        )
        missed += not low <= 0 <= high
    assert within_error(missed / audits, audits)


def test_a_table_of_counts_equals_rows_and_clusters_widen() -> None:
    rows = expanded(crossed())
    assert estimates(rows, "sex*race") == estimates(crossed(), "sex*race")
    rows = rows.sort_values("selected", kind="stable").reset_index(drop=True)
    rows["cluster"] = [f"author {i // 3}" for i in range(len(rows))]
    alone, shared = (estimates(f, "sex*race")["f+b", METRIC] for f in (crossed(), rows))
    assert shared.value == pytest.approx(alone.value)
    assert shared.method == "t on the linearised number, against m+w"
    assert shared.clusters == 110


def test_an_empty_cell_is_named() -> None:
    cells = {key: value for key, value in CELLS.items() if key != ("f", "b")}
    found = estimates(crossed(cells), "sex*race")["f+b", METRIC]
    assert found.reason == "no row of f+b"


def test_a_row_unknown_in_one_column_is_unknown_in_the_crossing() -> None:
    frame = with_values(crossed(), "race", [None, *"wwwbbbb"])
    found = estimates(frame, "sex*race")
    assert found["unknown", "selection_rate"].n == 60


def test_three_columns_are_crossed_two_by_two() -> None:
    frame = with_values(crossed(), "age", ["old"] * 8)
    columns = {m.column for m in group_metrics(frame, plan())}
    assert columns == {"sex", "race", "age", "sex*race", "sex*age", "race*age"}


def test_controls_are_no_protected_columns_and_are_named_with_their_value() -> None:
    frame = crossed()
    found = group_metrics(frame, plan(control=["race"]))
    assert {m.column for m in found} == {"sex", "sex within race=w", "sex within race=b"}
    within = estimates(frame, "sex within race=b", control=["race"])
    assert within["f", "impact_ratio"].value == pytest.approx(0.5)
    assert within[ALL_GROUPS, "demographic_parity_difference"].value == pytest.approx(0.25)


def test_two_controls_are_taken_together() -> None:
    frame = with_values(crossed(), "site", ["x"] * 8)
    columns = {m.column for m in group_metrics(frame, plan(control=["race", "site"]))}
    assert "sex within race=b, site=x" in columns


def test_bounds_hold_whatever_the_groups_of_unknown_rows_are() -> None:
    """Every way to deal four unknown rows out to two groups."""
    group, reference = Counts(3, 10), Counts(6, 12)
    low, high = unknown_bounds(group, reference, Counts(2, 4)) or (0, 0)
    ratios = [
        ((3 + s) / (10 + s + u)) / ((6 + 2 - s) / (12 + 2 - s + 2 - u))
        for s in range(3)
        for u in range(3)
    ]
    assert (low, high) == pytest.approx((min(ratios), max(ratios)))


def test_bounds_are_shown_where_rows_are_unknown_only() -> None:
    known: dict[str | None, tuple[int, int]] = {"A": (50, 100), "B": (40, 100)}
    assert ("B", "impact_ratio_bounds") not in estimates(counts(known))
    found = estimates(counts({**known, None: (5, 20)}))
    bounds = found["B", "impact_ratio_bounds"]
    assert bounds.value == pytest.approx(0.8)
    assert bounds.level == 1.0
    assert bounds.low == pytest.approx((40 / 115) / (55 / 105))
    assert ("A", "impact_ratio_bounds") not in found
