"""Names x templates: the variance by hand, gaps, false alarms, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from auditor.metrics.clusters import Floats
from auditor.metrics.crossed import (
    crossed_law,
    crossed_proportion,
    spread,
)
from auditor.metrics.estimates import Interval, OneTrial, StudentMean, clopper_pearson, mean_law
from auditor.metrics.power import detectable
from auditor.records import Contrast
from tests.metrics.factory import design, draw

UNIT: Interval = (-1.0, 1.0)
NO_BOUNDS: Interval = (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("attribute", "crossed"),
    [
        ("race_names", True),
        ("gender*race_names", True),
        ("race_names*gender", True),
        ("gender", False),
        ("gender*age", False),
        ("names", False),
        ("race_names_old", False),
    ],
)
def test_an_attribute_of_names_is_crossed(attribute: str, crossed: bool) -> None:
    assert Contrast(attribute, "a", "b").crossed is crossed


def test_names_and_templates_add_up_by_hand() -> None:
    """No residuals: C = 0. A = 14/6 from one group, B = s^2(8, 12)/2 = 4."""
    names, template = np.array([[-5, -3, -1, 1, 3, 5]]).T, np.array([[-1, 1]])
    found = spread(design(names + template, 0 * names + 10 + 3 * template))
    assert found.mean == pytest.approx(10)
    assert found.variance == pytest.approx(14 / 6 + 4)
    assert found.df == pytest.approx(1805 / 769)  # (19/3)^2 / ((14/6)^2/5 + 4^2/1)


def test_residuals_alone_by_hand() -> None:
    """All means are 1, so A = B = 0; residuals are 5 and -1: C = 180/25/36 and its df is 25."""
    found = spread(design(6 * np.eye(6)))
    assert found.mean == pytest.approx(1)
    assert found.variance == pytest.approx(0.2)
    assert found.df == pytest.approx(25)


def test_all_three_parts_by_hand() -> None:
    """6 eye(6) + 2 for three names: a = 1.2/6 = .2 equals C; B = s^2(2t)/6 = 14/6."""
    y = 6 * np.eye(6) + 2 * np.array([[0, 0, 0, 1, 1, 1]]).T + 2 * np.arange(6)
    found = spread(design(y))
    assert found.variance == pytest.approx(0.2 + 14 / 6 - 0.2)
    assert found.df == pytest.approx((14 / 6) ** 2 / (0.2**2 / 5 + (14 / 6) ** 2 / 5))


def test_groups_of_unequal_size_by_hand() -> None:
    """Each group's part is divided by its own N: 3.5/6 and 14/7, with 5 and 6 df."""
    y = [np.arange(6.0)[:, None] + np.zeros(4), 3**0.5 * np.arange(7.0)[:, None] + np.zeros(4)]
    found = spread(design(*y))
    assert found.variance == pytest.approx(3.5 / 6 + 2)
    assert found.df == pytest.approx((3.5 / 6 + 2) ** 2 / ((3.5 / 6) ** 2 / 5 + 2**2 / 6))


def test_a_proportion_counts_as_many_trials_as_its_spread_allows_by_hand() -> None:
    """Flips of each name in one template of six: p = 1/6, V = .2/36 with 25 df, n_eff = 22.6."""
    n_eff = (1 / 6 * 5 / 6) / (0.2 / 36) * (stats.norm.isf(0.025) / stats.t.isf(0.025, 25)) ** 2
    low, high = crossed_proportion(design(np.eye(6))).interval(0.95)
    assert (low, high) == pytest.approx(clopper_pearson(n_eff / 6, n_eff, 0.95))


def test_few_terms_speak_for_themselves_alone_by_hand() -> None:
    """A would be s^2(2, 4)/2 = 1 and is 0; B = s^2(2.5, 3.5)/2, residuals +-.5: C = .25."""
    few = design([[0, 0], [0, 0]], [[1, 3], [4, 4]])
    assert spread(few).variance == pytest.approx(0.25)
    assert spread(few).df == pytest.approx(1)


@pytest.mark.parametrize(("names", "few"), [(5, True), (6, False)])
def test_under_six_terms_the_method_says_for_the_words_tested(names: int, few: bool) -> None:
    y = np.random.default_rng(0).normal(0, 0.1, (2, names, 12))
    method = crossed_law(design(*y), UNIT, 0).method
    assert ("for the words tested" in method) is few
    assert f"names x templates ({names} names per group" in method


def test_tiny_values_do_not_divide_by_zero() -> None:
    assert np.isfinite(spread(design(1e-150 * np.eye(8))).df)
    assert spread(design(np.ones((8, 8)), np.ones((8, 8)))).variance == 0


@pytest.mark.parametrize("effect", [0.0, 0.3])
@pytest.mark.parametrize("noise", [0.0, 6e-8])
def test_a_model_blind_to_names_is_one_trial_per_template(effect: float, noise: float) -> None:
    """Templates differ, names do not: not a V of 0, and an interval that is no point."""
    rng = np.random.default_rng(0)
    y = rng.random(60) + noise * rng.normal(size=(24, 60))
    law = crossed_law(design(y, y + effect), UNIT, 0)
    assert isinstance(law, OneTrial)
    interval = law.interval(0.95)
    assert interval is not None
    assert interval[0] < effect - 0.01 < effect + 0.01 < interval[1]
    assert law.method.endswith("for the words tested")


def test_a_template_that_no_name_fits_costs_no_name() -> None:
    y = np.zeros((2, 8, 10))
    y[:, :, 3] = np.nan
    y[:, 2, 7] = np.nan
    found = design(*y)
    assert (found.sizes, found.templates) == ([8, 8], 8)
    assert (found.terms_left_out, found.templates_left_out) == (0, 2)


def test_a_name_that_fits_few_templates_goes_with_its_partner_and_costs_no_template() -> None:
    """Name 5 has four gaps and goes; the gap of name 1 costs its one template."""
    y = np.zeros((2, 8, 10))
    y[:, 5, 2:6] = np.nan
    y[:, 1, 9] = np.nan
    found = design(*y)
    assert (found.sizes, found.templates) == ([7, 7], 9)
    assert str(found) == (
        "names x templates (7 names per group, left out for gaps: names 2, templates 1)"
    )


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.9, 1.0])
def test_whatever_is_missing_what_is_left_has_no_gaps(share: float) -> None:
    y = np.zeros((2, 12, 30))
    y[:, np.random.default_rng(1).random((12, 30)) < share] = np.nan
    found = design(*y)
    assert not np.isnan(found.cells.values).any()
    assert share > 0.02 or found.templates * min(found.sizes) > 0.5 * 12 * 30
    assert (found.too_small is None) == (share <= 0.02)


def test_the_effect_that_names_can_not_beat() -> None:
    """The floors of two groups of names with an SD of 1, however many templates there are."""
    floors = {6: 1.79, 9: 1.41, 18: 0.96, 24: 0.83}
    for names, floor in floors.items():
        law = StudentMean(0.0, (2 / names) ** 0.5, 2 * (names - 1), NO_BOUNDS)
        assert detectable(law) == pytest.approx(floor, abs=0.005)
    assert (detectable(law, power=0.9) or 0) > (detectable(law) or 1)


def false_alarms(names: int, templates: int, runs: int, sd: tuple[float, float, float]) -> Floats:
    """Returns how often p <= 5 % where nothing differs: names x templates, and the t on clusters
    that takes names as given."""
    rng, alarms = np.random.default_rng(3), np.zeros(2)
    for run in range(runs):
        a, b = draw(rng, names, templates, sd=sd)
        laws = (
            crossed_law(design(a, b), NO_BOUNDS, run),
            mean_law((b - a).mean(axis=0), NO_BOUNDS, run),
        )
        alarms += [(law.p_beyond(0.0) or 0.0) <= 0.05 for law in laws]
    return alarms / runs


def test_name_effects_are_no_false_alarms() -> None:
    """20 names x 30 templates, 400 audits: 5 %, where t on cluster means has more than 30."""
    crossed, naive = false_alarms(20, 30, 400, (1.0, 0.5, 1.0))
    assert crossed < 0.08
    assert naive > 0.30


@pytest.mark.slow
@pytest.mark.parametrize(("names", "templates"), [(6, 8), (20, 8), (20, 30), (24, 60)])
@pytest.mark.parametrize("sd", [(1.0, 0.5, 1.0), (0.3, 0.3, 1.0), (0.0, 1.0, 1.0), (0.0, 0.0, 1.0)])
def test_false_alarms_as_stated(names: int, templates: int, sd: tuple[float, float, float]) -> None:
    """At most 6.5 %, the worst of the published cells, and two standard errors of 2,000 audits."""
    assert false_alarms(names, templates, 2_000, sd)[0] <= 0.065 + 0.011


def rare_coverage(runs: int) -> float:
    """Returns the coverage where names of B lose in a few templates only: 2 % of cells."""
    rng, hits = np.random.default_rng(4), 0
    for run in range(runs):
        lost = rng.random((24, 30)) < rng.beta(0.04, 1.96, 30)
        interval = crossed_law(design(np.ones((24, 30)), 1.0 - lost), UNIT, run).interval(0.95)
        hits += interval is not None and interval[0] <= -0.02 <= interval[1]
    return hits / runs


def test_few_templates_that_react_strongly_are_covered() -> None:
    """V alone has 77 %: the templates that would react are mostly not in the sample."""
    assert rare_coverage(200) >= 0.92


def flip_coverage(runs: int) -> float:
    """Returns the coverage of a flip rate that varies with names and with templates."""
    rng, hits = np.random.default_rng(5), 0
    odds = np.random.default_rng(0).normal(-3, 2**0.5, 200_000)
    rate = float((1 / (1 + np.exp(-odds))).mean())
    for _ in range(runs):
        logits = -3 + rng.normal(size=(24, 1)) + rng.normal(size=30)
        flips = rng.random((24, 30)) < 1 / (1 + np.exp(-logits))
        low, high = crossed_proportion(design(flips)).interval(0.95)
        hits += low <= rate <= high
    return hits / runs


@pytest.mark.parametrize("runs", [200, pytest.param(2_000, marks=pytest.mark.slow)])
def test_flip_rates_of_names_are_covered(runs: int) -> None:
    assert flip_coverage(runs) >= (0.92 if runs == 200 else 0.93)
