"""Numbers keep their side of a threshold; sentences say direction, interval and counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.metrics.counterfactual import METRICS
from auditor.plan_metrics import DEFAULTS
from auditor.records import Arm, Basis, Contrast, Estimate, Finding
from auditor.report.measures import FAMILIES, QUANTITY, READING, is_signed
from auditor.report.numbers import counts, decimal, p_value, percent
from auditor.report.sentences import checkpoints_statement, criterion_sentence, finding_sentence
from auditor.report.words import contrast_words, in_units, isolated, shown
from tests.report.beside import estimate
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


@pytest.mark.parametrize(
    ("detected", "verb", "end"),
    [
        (True, "is lower:", "templates."),
        (False, "was lower in this sample:", "templates; not shown to differ."),
        (None, "was lower in this sample:", "templates."),
    ],
)
def test_a_direction_is_claimed_only_of_what_is_shown(
    detected: bool | None, verb: str, end: str
) -> None:
    given = replace(finding("b", -0.3), difference_detected=detected)
    said = finding_sentence(given, clusters="templates")
    assert f"the favourable label {verb} -0.300" in said
    assert said.endswith(end)


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


def test_every_metric_has_words_and_a_place() -> None:
    """Of swaps, and of groups of people where one may govern."""
    known = {*METRICS, *DEFAULTS}
    placed = {name for names in FAMILIES.values() for name in names}
    assert known - QUANTITY.keys() == set()
    assert known - placed == set()
    assert {name for name in known if is_signed(name)} >= READING.keys() >= DEFAULTS.keys()


def test_only_what_has_a_direction_is_signed() -> None:
    assert is_signed("average_odds_difference")
    assert is_signed("selection_rate_difference")
    assert not is_signed("equalized_odds_difference")
    assert not is_signed("flip_rate")


@pytest.mark.parametrize(
    ("metric", "found", "said"),
    [
        (
            "false_negative_rate_change",
            estimate(0.08, "difference of rates"),
            "When a text speaks of b instead of a, the share denied the favourable label, of "
            "texts that deserve it, was higher in this sample: +0.080 [+0.060, +0.100] on 640 "
            "pairs in 32 clusters.",
        ),
        (
            "standardised_effect",
            estimate(-0.2, "SD"),
            "When a text speaks of b instead of a, the mean score was lower in this sample: "
            "-0.200 [-0.220, -0.180] SD on 640 pairs in 32 clusters.",
        ),
        (
            "flip_rate",
            estimate(0.1, "rate"),
            "Between b and a, the share of texts whose predicted label changes is 0.100 [0.080, "
            "0.120] on 640 pairs in 32 clusters.",
        ),
    ],
)
def test_a_sentence_says_what_its_metric_means(metric: str, found: Estimate, said: str) -> None:
    given = Finding(Contrast("x", "a", "b"), metric, "m", found, None)
    assert finding_sentence(given) == said


def test_a_sentence_of_people_speaks_of_rows() -> None:
    found = estimate(-0.1, "difference of rates", n=300, clusters=300)
    given = Finding(
        Contrast("sex", "m", "f"), "selection_rate_difference", "m", found, None,
        basis=Basis.GROUPS,
    )  # fmt: skip
    assert finding_sentence(given) == (
        "Among rows of f, against those of m, the share given the favourable outcome was lower in "
        "this sample: -0.100 [-0.120, -0.080] on 300 rows."
    )


@pytest.mark.parametrize(
    ("arm", "contrast", "start"),
    [
        (Arm.UNMENTIONED, Contrast("x", "unmentioned", "b"), "When a text speaks of b instead of"),
        (Arm.FRAGMENTATION, Contrast("x", "b", "b"), "When a name of b is rare and in many pieces"),
    ],
)
def test_a_sentence_of_another_arm_says_what_was_changed(
    arm: Arm, contrast: Contrast, start: str
) -> None:
    given = Finding(contrast, "mean_effect", "m", estimate(-0.1), None, arm=arm)
    assert finding_sentence(given).startswith(start)


def test_a_name_stands_for_a_group_and_is_not_one() -> None:
    given = Finding(Contrast("race_names", "w", "b"), "mean_effect", "m", estimate(-0.1), None)
    assert finding_sentence(given).startswith("When a text has names of b instead of w, the mean")


def test_the_placebos_groups_are_called_what_they_are() -> None:
    contrast = Contrast("placebo", "first", "second")
    said = "placebo: words that should make no difference"
    assert contrast_words(contrast) == said
    given = Finding(contrast, "flip_rate", "m", estimate(0.1), None, arm=Arm.PLACEBO)
    assert finding_sentence(given).startswith("Between words that should make no difference, the")
    given = Finding(contrast, "mean_effect", "m", estimate(0.1), None, arm=Arm.PLACEBO)
    assert finding_sentence(given).startswith("When words that should make no difference change")
    assert contrast_words(Contrast("race", "first", "second")) == "race: second v first"


def test_clusters_are_called_templates_where_they_are() -> None:
    assert in_units("only 5 clusters; at least 20", "templates") == "only 5 templates; at least 20"
    assert in_units("every cluster", "templates") == "every cluster"
    assert in_units("5 clusters", "clusters") == "5 clusters"


def test_a_placebo_stays_within_a_group() -> None:
    given = Finding(Contrast("x", "b", "b"), "flip_rate", "m", estimate(0.1), None, arm=Arm.PLACEBO)
    assert finding_sentence(given).startswith("Within b, the share of texts")


def test_a_criterion_says_whether_texts_or_people_are_compared() -> None:
    swaps = criterion_sentence("selection_rate_change", Basis.SWAPS)
    people = criterion_sentence("selection_rate_difference", Basis.GROUPS)
    assert swaps == "the share of texts given the favourable label changes by at most"
    assert people == "the share given the favourable outcome differs by at most"


@pytest.mark.parametrize(
    ("p", "mark", "shown"),
    [
        (0.0496, 0.05, "0.0496"),
        (0.0496, None, "0.050"),
        (0.00099, None, "< 0.001"),
        (1.0, 0.05, "1.000"),
    ],
)
def test_a_p_value_keeps_its_side_of_the_error_rate(
    p: float, mark: float | None, shown: str
) -> None:
    assert p_value(p, mark=mark) == shown


def test_levels_are_in_percent() -> None:
    assert [percent(share) for share in (0.95, 1 - 0.05 / 3, 1.0)] == ["95 %", "98.33 %", "100 %"]


def test_rows_that_share_clusters_are_counted_with_them() -> None:
    assert counts(estimate(0.1), units="rows") == "640 rows in 32 clusters"
