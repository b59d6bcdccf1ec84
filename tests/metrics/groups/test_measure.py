"""Group metrics: fairlearn's values, our counts, honest gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference
from statsmodels.stats.proportion import proportion_confint

from auditor.metrics.groups import ALL_GROUPS, group_metrics
from auditor.records import Estimate
from tests.metrics.factory import confusion, plan, predictions

# Invented confusion tables of two groups: TP, FP, FN, TN.
A, B = (40, 10, 10, 40), (24, 6, 16, 54)


def estimates(frame: pd.DataFrame, **options: Any) -> dict[tuple[str, str], Estimate]:
    found = group_metrics(frame, plan(), favourable=["yes"], **options)
    return {(metric.group, metric.metric): metric.estimate for metric in found}


def test_published_vector_to_the_printed_digits() -> None:
    found = estimates(confusion({"A": A, "B": B}))
    expected = {
        "selection_rate": (0.5, 0.3),
        "true_positive_rate": (0.8, 0.6),
        "false_positive_rate": (0.2, 0.1),
        "accuracy": (0.8, 0.78),
        "precision": (0.8, 0.8),
        "impact_ratio": (1.0, 0.6),
        "count": (100, 100),
    }
    for name, values in expected.items():
        assert (found["A", name].value, found["B", name].value) == pytest.approx(values, abs=1e-10)
    assert found[ALL_GROUPS, "demographic_parity_difference"].value == pytest.approx(0.2)
    assert found[ALL_GROUPS, "equalized_odds_difference"].value == pytest.approx(0.2)


def test_gaps_are_fairlearns_with_weights() -> None:
    rng = np.random.default_rng(0)
    frame = confusion({"A": A, "B": B, "C": (5, 9, 7, 30)})
    frame["weight"] = rng.integers(1, 5, len(frame)).astype(float)
    found = estimates(frame)
    args = (frame["label_true"] == "yes", frame["selected"].astype(bool))
    groups = [dict(value)["sex"] for value in frame["protected"]]
    options = {"sensitive_features": groups, "sample_weight": frame["weight"]}
    theirs = demographic_parity_difference(*args, **options)
    ours = found[ALL_GROUPS, "demographic_parity_difference"]
    assert ours.value == pytest.approx(theirs, abs=1e-10)
    theirs = equalized_odds_difference(*args, **options)
    ours = found[ALL_GROUPS, "equalized_odds_difference"]
    assert ours.value == pytest.approx(theirs, abs=1e-10)
    assert ours.low is None
    assert "by chance alone" in str(ours.reason)


def test_independent_rows_have_wilsons_interval_and_small_counts_the_exact_one() -> None:
    found = estimates(predictions({"A": (12, 40), "B": (2, 40)}))
    wilson, exact = found["A", "selection_rate"], found["B", "selection_rate"]
    assert (wilson.low, wilson.high) == pytest.approx(
        proportion_confint(12, 40, method="wilson"), abs=1e-10
    )
    assert (exact.low, exact.high) == pytest.approx(
        proportion_confint(2, 40, method="beta"), abs=1e-10
    )
    assert (wilson.method, exact.method) == ("Wilson", "Clopper-Pearson")


def test_rows_that_share_a_cluster_widen_the_interval() -> None:
    frame = predictions({"A": (40, 80)})
    alone = estimates(frame)["A", "selection_rate"]
    frame["cluster"] = [f"author {i // 4}" for i in range(80)]
    shared = estimates(frame)["A", "selection_rate"]
    assert shared.clusters == 20
    assert shared.method.startswith("Korn-Graubard")
    assert shared.value == alone.value
    assert None not in (shared.low, shared.high, alone.low, alone.high)
    assert shared.high - shared.low > 1.5 * (alone.high - alone.low)  # type: ignore[operator]


def test_a_table_of_counts_is_as_good_as_rows() -> None:
    rows = estimates(confusion({"A": A, "B": B}))
    cells = confusion({"A": (1, 1, 1, 1), "B": (1, 1, 1, 1)})
    cells["weight"] = [float(count) for group in (A, B) for count in group]
    counts = estimates(cells)
    assert counts.keys() == rows.keys()
    for key, estimate in counts.items():
        ours = (estimate.value, estimate.low, estimate.high)
        theirs = (rows[key].value, rows[key].low, rows[key].high)
        assert ours == pytest.approx(theirs, abs=1e-10)
        assert estimate.n == rows[key].n


def test_sampling_weights_shrink_the_effective_n_and_not_the_rows() -> None:
    frame = predictions({"A": (40, 80)}, weight_kind="sampling")
    frame["weight"] = [10.0 if i % 4 == 0 else 1.0 for i in range(80)]
    found = estimates(frame)["A", "selection_rate"]
    assert found.n == 80
    assert found.value == pytest.approx(0.5)
    assert "effective n 32.8" in found.method  # 260^2 / 2060


def test_a_row_without_a_group_is_shown_as_unknown_and_is_in_no_gap() -> None:
    found = estimates(predictions({"A": (20, 40), "B": (20, 40), None: (0, 40)}))
    assert found["unknown", "selection_rate"].value == 0
    assert found["unknown", "selection_rate"].n == 40
    assert found[ALL_GROUPS, "demographic_parity_difference"].value == 0
    assert found["unknown", "impact_ratio"].value is None


def test_a_group_in_one_class_only_is_not_measured_there_and_says_why() -> None:
    found = estimates(confusion({"A": A, "B": (0, 6, 0, 54)}))
    missing = found["B", "true_positive_rate"]
    assert missing.value is None
    assert missing.reason == "no row of this group has a favourable true label"
    assert found["B", "false_positive_rate"].value == pytest.approx(0.1)
    gap = found[ALL_GROUPS, "equalized_odds_difference"]
    assert gap.value is None
    assert gap.reason == "no row of B has a true label that is favourable"


def test_a_tiny_group_is_never_what_others_are_divided_by() -> None:
    """One person selected of one would make every other group look bad."""
    found = estimates(predictions({"A": (15, 40), "B": (12, 40), "tiny": (1, 1)}))
    assert found["B", "impact_ratio"].value == 0.8
    assert str(found["B", "impact_ratio"].reason).startswith("against A,")


def test_a_group_under_the_floor_is_in_no_gap_and_is_named_with_its_rows() -> None:
    """Three of three selected would make a gap of .7 between groups that differ by .075."""
    large: dict[str | None, tuple[int, int]] = {"A": (15, 40), "B": (12, 40)}
    found = estimates(predictions({**large, "tiny": (3, 3)}))
    without = estimates(predictions(large))
    for name in ("demographic_parity_difference", "demographic_parity_ratio", "omnibus_p"):
        ours = found[ALL_GROUPS, name]
        assert ours.value == without[ALL_GROUPS, name].value
        assert ours.n == 80
        assert str(ours.reason).endswith("; left out, with fewer than 30 rows: tiny (3)")
        assert "left out" not in str(without[ALL_GROUPS, name].reason)
    assert found["tiny", "selection_rate"].value == 1


def test_gaps_of_error_rates_leave_out_groups_with_few_labelled_rows() -> None:
    frame = confusion({"A": A, "B": B, "C": (5, 1, 0, 4)})
    found = estimates(frame)
    gap = found[ALL_GROUPS, "equalized_odds_difference"]
    assert gap.value == pytest.approx(0.2)
    assert str(gap.reason).endswith("; left out, with fewer than 30 rows: C (10)")
    assert found[ALL_GROUPS, "average_odds_difference"].value == pytest.approx(-0.15)


def test_where_one_group_is_large_enough_there_is_no_gap_and_the_others_are_named() -> None:
    found = estimates(predictions({"A": (15, 40), "B": (2, 12)}))
    left_out = "left out, with fewer than 30 rows: B (12)"
    gap = found[ALL_GROUPS, "demographic_parity_difference"]
    assert gap.reason == f"1 known group (A); a gap needs two; {left_out}"
    assert found[ALL_GROUPS, "omnibus_p"].reason == f"fewer than two known groups; {left_out}"


def test_12_of_40_against_15_of_40_is_not_below_four_fifths() -> None:
    """In floats .3 / .375 may come out below .8; whole numbers are multiplied first."""
    found = estimates(predictions({"A": (15, 40), "B": (12, 40)}))
    ratio = found["B", "impact_ratio"].value
    assert ratio is not None
    assert not ratio < 0.8


def test_one_group_only_has_rates_and_no_gap() -> None:
    found = estimates(predictions({"A": (15, 40)}))
    assert found["A", "selection_rate"].value == pytest.approx(0.375)
    gap = found[ALL_GROUPS, "demographic_parity_difference"]
    assert gap.reason == "1 known group (A); a gap needs two"


def test_without_labels_the_rates_of_truth_say_why_they_are_missing() -> None:
    found = estimates(predictions({"A": (15, 40), "B": (12, 40)}))
    assert found["A", "true_positive_rate"].reason == "the rows have no true label"
    assert found[ALL_GROUPS, "equalized_odds_difference"].value is None


def test_labels_in_other_words_than_the_favourable_are_named_and_not_guessed() -> None:
    frame = confusion({"A": A, "B": B})
    found = group_metrics(frame, plan(), favourable=["positive"])
    reasons = {m.estimate.reason for m in found if m.metric == "accuracy"}
    assert reasons == {
        "the true labels are no, yes, the favourable label is positive: no row has it"
    }


def test_rows_without_a_selection_are_left_out_and_the_rest_is_computed() -> None:
    known = predictions({"A": (15, 40), "B": (12, 40)})
    frame = pd.concat([known, predictions({"C": (0, 3)}, selected=None)], ignore_index=True)
    found = estimates(frame)
    assert found["C", "selection_rate"].value is None
    assert found["C", "count"].value == 0
    assert found["B", "selection_rate"].n == 40


def test_models_and_columns_are_kept_apart() -> None:
    one = predictions({"A": (15, 40), "B": (12, 40)})
    two = predictions({"x": (10, 40), "y": (30, 40)}, column="age", model_id="other")
    found = group_metrics(pd.concat([one, two], ignore_index=True), plan())
    assert {(m.model_id, m.column) for m in found} == {("m", "sex"), ("other", "age")}


@pytest.mark.parametrize(
    ("options", "measured"),
    [
        ({"favourable": "yes"}, True),
        ({"favourable": (1,), "labels": ("no", "yes")}, True),
        ({"favourable": (1,)}, False),
    ],
)
def test_favourable_labels_come_from_the_plan(options: dict[str, Any], measured: bool) -> None:
    found = group_metrics(confusion({"A": A, "B": B}), plan(**options))
    accuracy = [m.estimate.value for m in found if m.metric == "accuracy"]
    assert all((value is not None) is measured for value in accuracy)
