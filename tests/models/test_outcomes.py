"""Scores, margins, labels and selections of every kind of model, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auditor.errors import DataError, PlanError
from auditor.models import Outcome
from auditor.plan import ScoringPlan


def outcome(labels: str, kind: Any, **options: Any) -> Outcome:
    return Outcome.of(labels.split(), kind, ScoringPlan(**options))


def test_a_binary_classifier() -> None:
    """Logits 0 and log 3: probability 3/4, margin log 3."""
    read = outcome("no yes", "single_label", favourable=("yes",)).read(
        np.array([[0.0, np.log(3)], [1.0, 0.0]])
    )
    np.testing.assert_allclose(read.score, [0.75, 1 / (1 + np.e)])
    np.testing.assert_allclose(read.margin, [np.log(3), -1.0])
    assert read.label is not None
    assert read.selected is not None
    assert (read.label.tolist(), read.selected.tolist()) == (["yes", "no"], [True, False])


def test_several_favourable_labels_of_three() -> None:
    """Probabilities 1/6, 2/6, 3/6: the favourable two have 2/3, log-odds log 2."""
    read = outcome("a b c", "single_label", favourable=("a", 2)).read(np.log([[1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(read.score, [4 / 6])
    np.testing.assert_allclose(read.margin, [np.log(2)])


def test_probabilities_of_a_function_are_read_as_they_are() -> None:
    """At 0 and 1 log-odds are not defined: not measured."""
    read = outcome("no yes", "probabilities", favourable=("yes",)).read(
        np.array([[0.2, 0.8], [0.0, 1.0]])
    )
    np.testing.assert_allclose(read.score, [0.8, 1.0])
    np.testing.assert_allclose(read.margin, [np.log(4), np.nan])


def test_a_cutoff_decides_in_place_of_the_largest() -> None:
    read = outcome("no yes", "single_label", favourable=("yes",), cutoff=0.9).read(
        np.array([[0.0, np.log(3)], [0.0, np.log(19)]])
    )
    assert read.selected is not None
    assert read.label is not None
    assert (read.selected.tolist(), read.label.tolist()) == ([False, True], ["no", "yes"])
    np.testing.assert_allclose(read.slack[0], np.log(9) - np.log(3))


def test_a_multi_label_classifier() -> None:
    read = outcome("x y", "multi_label", favourable=("y",)).read(
        np.array([[2.0, -1.0], [2.0, 1.0]])
    )
    np.testing.assert_allclose(read.margin, [-1.0, 1.0])
    assert read.label is not None
    assert read.label.tolist() == ["x", "x + y"]


def test_a_regression_has_no_labels_without_a_cutoff() -> None:
    read = outcome("score", "regression").read(np.array([[2.5], [1.0]]))
    assert read.score.tolist() == [2.5, 1.0]
    assert np.isnan(read.margin).all()
    assert read.label is None
    assert read.selected is None


def test_a_regression_where_lower_is_better_is_turned() -> None:
    read = outcome("risk", "regression", favourable=("lower",), cutoff=2.0).read(
        np.array([[2.5], [1.0]])
    )
    assert read.score.tolist() == [-2.5, -1.0]
    assert read.selected is not None
    assert read.selected.tolist() == [False, True]


@pytest.mark.parametrize(
    ("labels", "kind", "favourable", "words"),
    [
        ("no yes", "single_label", (), "which label is good.*no, yes"),
        ("no yes", "single_label", ("maybe",), "no label 'maybe'; it has no, yes"),
        ("no yes", "single_label", (7,), "no label 7"),
        ("no yes", "single_label", ("no", "yes"), "every label is favourable"),
        ("score", "regression", ("yes",), "give higher or lower"),
    ],
)
def test_a_favourable_label_is_never_guessed(
    labels: str, kind: Any, favourable: Any, words: str
) -> None:
    with pytest.raises(PlanError, match=words):
        outcome(labels, kind, favourable=favourable)


def test_labels_of_the_data_are_matched_by_name_case_or_index() -> None:
    assert outcome("No Yes", "single_label", favourable=("yes",)).true_labels(
        ["Yes", "no", "1", None]
    ) == ["Yes", "No", "Yes", None]


def test_labels_that_the_model_does_not_know_are_all_named() -> None:
    with pytest.raises(DataError, match="fine, great"):
        outcome("no yes", "single_label", favourable=("yes",)).true_labels(["great", "fine", "no"])
