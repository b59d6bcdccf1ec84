"""Groups in the numbers of law: references, tests, zero cells, whole numbers, what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import fisher_exact, hypergeom
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_effectsize,
    proportions_ztest,
    score_test_proportions_2indep,
)

from auditor.metrics.groups import compare_groups
from auditor.metrics.groups.counts import CountPair, koopman, one_person_turns
from auditor.records import Comparison
from tests.metrics.factory import plan
from tests.metrics.groups.factory import counts, expanded, table


def compared(frame: Any, **options: Any) -> dict[str, Comparison]:
    return {each.group: each for each in compare_groups(frame, plan(**options))}


def test_every_number_is_that_of_scipy_and_statsmodels() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        n, n_a = (int(x) for x in rng.integers(40, 400, 2))
        s, s_a = int(rng.integers(1, n)), int(rng.integers(1, n_a))
        frame = counts({"B": (s, n), "A": (s_a, n_a)})
        found = compared(frame, references={"sex": "A"})["B"]
        z, p = proportions_ztest([s, s_a], [n, n_a])
        law = hypergeom(n + n_a, s + s_a, n)
        fisher = fisher_exact(np.array([[s, n - s], [s_a, n_a - s_a]])).pvalue
        ours = (found.z_pooled, found.p_z, found.z_hypergeometric, found.p_fisher, found.cohen_h)
        theirs = (
            float(z), float(p), float((s - law.mean()) / law.std()), float(fisher),
            float(proportion_effectsize(s / n, s_a / n_a)),
        )  # fmt: skip
        assert ours == pytest.approx(theirs, abs=1e-10)
        katz = confint_proportions_2indep(s, n, s_a, n_a, compare="ratio", method="log")
        newcombe = confint_proportions_2indep(s, n, s_a, n_a, compare="diff", method="newcomb")
        ratio, difference = found.impact_ratio, found.difference
        assert (ratio.low, ratio.high) == pytest.approx(katz, abs=1e-10)
        assert (difference.low, difference.high) == pytest.approx(newcombe, abs=1e-10)


def test_holm_is_over_the_groups_of_the_column() -> None:
    frame = counts({"A": (60, 100), "B": (40, 100), "C": (45, 100), "D": (58, 100)})
    found = compared(frame)
    raw = [found[g].p_fisher or 0.0 for g in "BCD"]
    adjusted = [found[g].p_fisher_adjusted for g in "BCD"]
    assert adjusted == pytest.approx(multipletests(raw, method="holm")[1])


@pytest.mark.parametrize(
    ("groups", "reference"),
    [
        ({"A": (30, 60), "B": (20, 60), "tiny": (5, 5)}, "A"),
        ({"A": (30, 60), "B": (20, 60), None: (60, 60)}, "A"),
        ({"A": (500, 2000), "B": (400, 2000), "C": (35, 39)}, "A"),  # under 2 % of the rows
        ({"A": (30, 60), "B": (40, 80)}, "B"),  # equal rates: the larger
        ({"A": (0, 60), "B": (0, 80)}, "B"),
    ],
)
def test_the_reference_is_the_highest_that_is_large_enough(
    groups: dict[str | None, tuple[int, int]], reference: str
) -> None:
    found = compared(counts(groups))
    assert {each.reference for each in found.values()} == {reference}
    assert set(found) == {g for g in groups if g not in (reference, None)}


def test_four_fifths_is_asked_of_the_highest_also_where_another_reference_is_named() -> None:
    frame = counts({"A": (50, 100), "B": (45, 100), "C": (39, 100)})
    found = compared(frame, references={"sex": "B"})["C"]
    assert found.reference == "B"
    assert found.impact_ratio.value == pytest.approx(39 / 45)
    assert found.rule_of_thumb == (
        "below four fifths of the highest rate, that of A (39 of 100 against 50 of 100)"
    )
    assert compared(frame, references={"sex": "B"})["A"].rule_of_thumb is None


@pytest.mark.parametrize(
    ("group", "reference", "words"),
    [
        ((12, 40), (15, 40), "not below four fifths"),  # .7999999999999999 in floats
        ((48, 100), (60, 100), "not below four fifths"),
        ((47, 100), (60, 100), "below four fifths"),
    ],
)
def test_four_fifths_compares_whole_numbers(
    group: tuple[int, int], reference: tuple[int, int], words: str
) -> None:
    found = compared(counts({"A": reference, "B": group}))["B"]
    assert str(found.rule_of_thumb).startswith(words)
    without = compared(counts({"A": reference, "B": group}), rules_of_thumb=[])["B"]
    assert (without.rule_of_thumb, without.one_person_turns) == (None, None)


def test_where_no_one_is_selected_four_fifths_has_no_answer() -> None:
    none = compared(counts({"A": (0, 100), "B": (0, 100)}))["B"]
    assert (none.rule_of_thumb, none.one_person_turns) == (None, None)
    every = compared(counts({"A": (100, 100), "B": (100, 100)}))["B"]
    assert str(every.rule_of_thumb).startswith("not below four fifths")


@pytest.mark.parametrize(
    ("pair", "turns"),
    [
        (CountPair(1, 10, 3, 20), True),  # 2/10 against 2/20
        (CountPair(12, 40, 48, 80), False),
        (CountPair(12, 40, 15, 40), True),
        (CountPair(0, 40, 0, 40), False),
        (CountPair(40, 40, 40, 40), False),
    ],
)
def test_one_person_moved_from_one_side_to_the_other(pair: CountPair, turns: bool) -> None:
    assert one_person_turns(pair) is turns


def test_zero_cells_have_koopmans_interval() -> None:
    found = compared(counts({"A": (30, 60), "B": (0, 40)}))["B"]
    assert found.impact_ratio.method == "Koopman score (a cell is zero)"
    assert (found.impact_ratio.value, found.impact_ratio.low) == (0, 0)
    high = found.impact_ratio.high
    with np.errstate(all="ignore"):  # of the odds ratio, which is not asked for
        edge = score_test_proportions_2indep(
            0, 40, 30, 60, value=high, compare="ratio", correction=False
        )
    assert float(edge.pvalue) == pytest.approx(0.05, abs=1e-8)
    assert found.difference.low is not None
    every = compared(counts({"A": (60, 60), "B": (40, 40)}))["B"]
    assert every.impact_ratio.low is not None
    assert every.impact_ratio.low < 1 < (every.impact_ratio.high or 0)
    assert (every.z_pooled, every.p_fisher) == (None, 1.0)


def test_koopmans_interval_is_that_of_the_score_test() -> None:
    """statsmodels' interval of Nam 1995, which it can give where no cell is zero."""
    low, high = confint_proportions_2indep(
        12, 40, 48, 80, compare="ratio", method="score", correction=False
    )
    assert koopman(CountPair(12, 40, 48, 80)) == pytest.approx((low, high), abs=1e-6)


def test_a_named_reference_without_a_selection_has_no_ratio_and_says_so() -> None:
    found = compared(counts({"A": (0, 60), "B": (9, 60)}), references={"sex": "A"})["B"]
    assert found.impact_ratio.reason == "no row of A was selected"
    assert found.difference.value == pytest.approx(0.15)
    assert found.p_fisher is not None


@pytest.mark.parametrize(
    ("groups", "small"),
    [
        ({"A": (30, 60), "B": (20, 60)}, False),
        ({"A": (30, 60), "B": (10, 29)}, True),
        ({"A": (4, 60), "B": (3, 60)}, True),  # 3.5 expected
    ],
)
def test_small_numbers_are_flagged(groups: dict[str | None, tuple[int, int]], small: bool) -> None:
    assert all(each.small_numbers is small for each in compared(counts(groups)).values())


def test_rows_that_share_clusters_have_counts_and_no_tests_of_counts() -> None:
    frame = expanded(counts({"A": (60, 120), "B": (40, 120)}))
    alone = compared(frame)["B"]
    frame["cluster"] = [f"author {i % 48}" for i in range(len(frame))]
    found = compared(frame)["B"]
    assert (found.selected, found.selected_reference) == (40, 60)
    assert str(found.rule_of_thumb).startswith("below four fifths")
    assert (found.z_pooled, found.p_fisher, found.shortfall) == (None, None, None)
    for estimate in (found.impact_ratio, found.difference):
        assert "no tests of counts" in estimate.method
        assert estimate.low is not None
    assert found.difference.value == pytest.approx(alone.difference.value)


def test_survey_weights_have_no_counts() -> None:
    frame = expanded(counts({"A": (60, 120), "B": (40, 120)}))
    frame["weight_kind"] = "sampling"
    frame["weight"] = 1.5
    found = compared(frame)["B"]
    assert (found.selected, found.p_fisher, found.rule_of_thumb) == (None, None, None)
    assert (found.n, found.n_reference) == (120, 120)
    assert found.impact_ratio.value == pytest.approx(2 / 3)
    low, high = found.impact_ratio.low, found.impact_ratio.high
    assert (low, high) == pytest.approx((0.49, 0.90), abs=0.02)  # Katz: .493 to .902


def test_crossed_columns_are_compared_too() -> None:
    rows = [{"sex": s, "race": r} for s in "mf" for r in "bw" for _ in range(60)]
    frame = table(rows, [i % 60 < 20 + 5 * (i // 60) for i in range(240)])
    found = [each for each in compare_groups(frame, plan()) if each.column == "sex*race"]
    assert {each.group for each in found} == {"m+b", "m+w", "f+b"}
    assert {each.reference for each in found} == {"f+w"}


@pytest.mark.parametrize("groups", [{"A": (30, 60)}, {None: (30, 60)}])
def test_fewer_than_two_groups_are_not_compared(groups: dict[str | None, tuple[int, int]]) -> None:
    assert compared(counts(groups)) == {}
