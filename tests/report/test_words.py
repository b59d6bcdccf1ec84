"""Numbers keep their side of a threshold; sentences say direction, interval and counts."""

from __future__ import annotations

import pytest

from auditor.report.words import checkpoints_statement, decimal, finding_sentence, isolated, shown
from tests.report.factory import finding


@pytest.mark.parametrize(
    ("value", "mark", "shown"),
    [
        (-0.3, None, "-0.300"),
        (0.0496, 0.05, "+0.0496"),
        (-0.04999, 0.05, "-0.04999"),
        (0.0504, 0.05, "+0.0504"),
        (0.05, 0.05, "+0.050"),
        (0.05 + 1e-12, 0.05, "+0.050"),
        (0.0496, None, "+0.050"),
        (-0.0004, None, "-0.0004"),
        (-1e-12, None, "0.000"),
        (0.0, 0.05, "0.000"),
    ],
)
def test_rounding_never_crosses_zero_or_a_threshold(
    value: float, mark: float | None, shown: str
) -> None:
    assert decimal(value, mark=mark) == shown


def test_a_number_without_direction_has_no_plus() -> None:
    assert decimal(0.25, signed=False) == "0.250"


def test_a_sentence_has_direction_interval_and_counts() -> None:
    assert finding_sentence(finding("b", -0.3), clusters="templates") == (
        "When a text speaks of b instead of reference, the share of texts given the favourable "
        "label is lower: -0.300 [-0.310, -0.290] on 1,540 pairs in 77 templates."
    )


def test_a_sentence_without_a_number_says_why() -> None:
    assert finding_sentence(finding("b", None)).endswith("was not measured: no text <mentions> it.")


def test_a_sentence_does_not_round_onto_its_criterion() -> None:
    assert "+0.0496 [" in finding_sentence(finding("b", 0.0496))


def test_the_direction_of_a_name_stays_inside_it() -> None:
    assert isolated("עברית") == "\u2068עברית\u2069"
    assert isolated("middle_aged") == "middle aged"


def test_the_plot_over_checkpoints_names_what_moves_most() -> None:
    said = checkpoints_statement([finding("small", 0.02), finding("large", -0.3)])
    assert said.endswith("is large v reference, from -0.300 to -0.150.")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gender_identity", "gender identity"),
        ("age*religion", "age and religion"),
        ("middle_aged+muslim", "middle aged muslim"),
    ],
)
def test_ids_are_shown_as_words(name: str, words: str) -> None:
    assert shown(name) == words
