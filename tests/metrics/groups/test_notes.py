"""What is odd in the data is named, nothing is guessed, and the rest is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.metrics.groups import compare_groups, data_notes, group_contrasts, group_metrics
from tests.metrics.factory import confusion, plan
from tests.metrics.groups.factory import counts, estimates, random_table, table

TWO: dict[str | None, tuple[int, int]] = {"A": (30, 60), "B": (30, 60)}


def notes(frame: pd.DataFrame, **options: Any) -> list[str]:
    return data_notes(frame, plan(**options), ["yes"])


def weighted(*first: float | None) -> pd.DataFrame:
    frame = table([{"sex": s} for s in "AB"] * 60, [i % 3 == 0 for i in range(120)])
    frame.loc[range(len(first)), "weight"] = pd.array(first, dtype="Float64").to_numpy(
        float, na_value=np.nan
    )
    return frame


def test_plain_data_have_no_note() -> None:
    assert notes(counts(TWO)) == []


CASES: dict[str, tuple[pd.DataFrame, dict[str, Any], str]] = {
    "one group": (counts({"A": (30, 60)}), {}, "Column sex has one group only (A)"),
    "no group": (counts({None: (30, 60)}), {}, "Column sex has one group only (none)"),
    "unknown": (counts({**TWO, None: (1, 5)}), {}, "Column sex: 5 rows of 125 are of unknown"),
    "small": (counts({**TWO, "C": (1, 5)}), {}, "Column sex: fewer than 30 rows of C (5)."),
    "missing weight": (weighted(None, 1.0, None), {}, "Left out: 2 rows with no weight."),
    "negative weight": (weighted(-2.0), {}, "Left out: 1 row with a negative weight."),
    "zero weight": (weighted(0.0), {}, "Left out: 1 row with weight 0."),
    "part weight": (weighted(2.5), {}, "Weights that are to count rows are not all whole"),
    "two spellings": (
        counts({"Male": (30, 60), "male ": (30, 60), "F": (30, 60)}),
        {},
        "values that differ in case or blanks only: 'Male', 'male '",
    ),
    "one class": (
        confusion({"A": (40, 10, 10, 40), "B": (0, 6, 0, 54)}),
        {},
        "every true label of B is unfavourable",
    ),
    "one cluster": (counts(TWO, cluster="a"), {}, "All rows are of one cluster"),
    "equal scores": (counts(TWO, score=0.5), {}, "All scores are equal (0.5)"),
    "ties": (
        counts(TWO, score=[0.1, 0.5, 0.5, 0.9]),
        {"outcome_is": "score"},
        "60 rows tie at the median score 0.5",
    ),
    "words for unknown": (
        counts({**TWO, "N/A": (1, 5), " Prefer not to say": (2, 7), "?": (0, 1)}),
        {},
        "Column sex: taken for unknown: ' Prefer not to say' (7 rows), '?' (1 row), 'N/A' (5 rows)",
    ),
    "a control unknown": (
        table([{"sex": "AB"[i % 2], "job": "NaN"} for i in range(120)], [True] * 120),
        {"control": ["job"]},
        "Column job: taken for unknown: 'NaN' (120 rows)",
    ),
    "no one selected": (
        counts({"A": (0, 60), "B": (0, 60)}),
        {},
        "Column sex: no one was selected in any group (of 120 rows)",
    ),
    "everyone selected": (
        counts({"A": (60, 60), "B": (60, 60)}),
        {},
        "Column sex: everyone was selected in every group (120 rows).",
    ),
    "the outcome itself": (
        counts({"A": (60, 60), "B": (0, 60), "C": (0, 60)}),
        {},
        "Column sex says the same as the outcome: every row of A was selected, and no other",
    ),
    "clusters": (
        counts(TWO, cluster=["a", "b", "c", "d"]),
        {},
        "Column sex: no tests of counts for B: rows share clusters.",
    ),
    "survey weights": (
        counts(TWO, weight_kind="sampling"),
        {"min_rows": 2},
        "Column sex: no tests of counts for B: rows carry survey weights.",
    ),
    "no such reference": (
        counts({"A": (30, 60), "B": (40, 70)}),
        {"references": {"sex": "C"}},
        "the plan's reference 'C' is no group of it; groups are compared with B, the largest",
    ),
    "many controls": (
        table([{"sex": "AB"[i % 2], "job": f"{i % 30}"} for i in range(120)], [True] * 120),
        {"control": ["job"]},
        "Column job has 30 values; groups are compared within the 20 that have most rows",
    ),
    "many crossed": (
        table([{"sex": "AB"[i % 2], "town": f"{i // 2}"} for i in range(120)], [True] * 120),
        {"min_rows": 2},
        "Columns sex and town have more than 60 groups together",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_odd_is_named_and_the_rest_is_computed(case: str) -> None:
    frame, options, words = CASES[case]
    found = notes(frame, **options)
    assert any(words in note for note in found), found
    chosen = plan(**options)
    measured = group_metrics(frame, chosen, ["yes"])
    assert any(m.estimate.value is not None for m in measured)
    compare_groups(frame, chosen, ["yes"])
    group_contrasts(frame, chosen, ["yes"])


@pytest.mark.parametrize("weight", [None, -2.0, 0.0])
def test_a_row_without_a_weight_counts_nowhere_and_is_never_filled_in(weight: float | None) -> None:
    found = estimates(weighted(weight))
    assert found["A", "count"].value == 59
    assert found["A", "selection_rate"].value == pytest.approx(19 / 59)


def test_spellings_are_kept_apart_as_they_are_given() -> None:
    found = estimates(counts({"Male": (30, 60), "male ": (20, 60)}))
    assert found["Male", "selection_rate"].value == 0.5
    assert found["male ", "selection_rate"].value == pytest.approx(1 / 3)


def test_blank_values_are_unknown() -> None:
    frame = counts({"A": (30, 60), "B": (30, 60), " ": (10, 20)})
    assert estimates(frame)["unknown", "count"].value == 20


@pytest.mark.parametrize("word", ["Unknown", " N/A ", "NONE", "nan", "Decline to answer", "-"])
def test_what_says_that_no_one_knows_is_no_group_and_never_a_reference(word: str) -> None:
    frame = counts({"A": (30, 60), "B": (30, 60), word: (90, 90)})
    found = estimates(frame)
    assert found["unknown", "count"].value == 90
    assert (word, "count") not in found
    chosen = plan(references={"sex": word})
    assert {c.contrast.group_a for c in group_contrasts(frame, chosen)} == {"A"}
    assert {c.reference for c in compare_groups(frame, chosen)} == {"A"}
    assert any("is no group of it" in note for note in notes(frame, references={"sex": word}))


def test_words_that_only_begin_like_unknown_are_groups() -> None:
    frame = counts({"none of these": (30, 60), "not known": (30, 60)})
    assert estimates(frame)["none of these", "count"].value == 60
    assert notes(frame) == []


@pytest.mark.parametrize("options", [{}, {"outcome_is": "score", "cutoff": 7}])
def test_ties_at_the_median_are_named_only_where_it_selects(options: dict[str, Any]) -> None:
    assert notes(counts(TWO, score=[1.0, 7.0, 7.0, 9.0]), **options) == []


def test_groups_of_one_row_do_not_say_the_same_as_the_outcome() -> None:
    frame = table([{"sex": f"g{i}"} for i in range(40)], [i % 2 == 0 for i in range(40)])
    assert not any("says the same" in note for note in notes(frame))


def test_every_model_has_notes_on_whom_it_selects() -> None:
    frame = pd.concat(
        [counts(TWO), counts({"A": (0, 60), "B": (0, 60)}, model_id="other")], ignore_index=True
    )
    (found,) = notes(frame)
    assert found.startswith("other: Column sex: no one was selected in any group")


def test_notes_on_scores_name_their_model_where_there_are_several() -> None:
    frame = random_table(np.random.default_rng(0), weight=1.0)
    frame = pd.concat([frame, frame.assign(model_id="other", score=0.5)], ignore_index=True)
    found = notes(frame, min_rows=2)
    assert "other: All scores are equal (0.5): ranking and spread are not measured." in found
    assert len(set(found)) == len(found)


def test_rows_without_a_selection_are_counted() -> None:
    frame = counts(TWO)
    frame.loc[0, "selected"] = None
    assert "Left out of every rate of selection: 1 row without a selection." in notes(frame)
    table_of = {"predictions": "t.csv", "outcome": "hired", "protected": ["sex"]}
    found = notes(frame, **table_of)
    assert "Left out of every rate of selection: 1 row without an outcome." in found


def test_no_rows_have_no_notes_and_no_metrics() -> None:
    empty = counts(TWO).iloc[:0]
    assert (notes(empty), group_metrics(empty, plan()), group_contrasts(empty, plan())) == (
        [], [], [],
    )  # fmt: skip


def test_rows_that_all_lack_a_weight_leave_groups_without_numbers() -> None:
    frame = counts(TWO).assign(weight=np.nan)
    assert estimates(frame)["A", "selection_rate"].value is None
    assert "Left out: 4 rows with no weight." in notes(frame)
    assert compare_groups(frame, plan()) == []
