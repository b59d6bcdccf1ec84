"""Power: by hand, against statsmodels, and true in simulated audits."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from scipy import stats

from auditor.metrics.clusters import Floats
from auditor.metrics.crossed import Parts, crossed_law, parts_of, spread
from auditor.metrics.estimates import (
    Interval,
    KornGraubard,
    Law,
    OneTrial,
    StudentMean,
    mean_law,
)
from auditor.metrics.groups.score_law import ScoreDifference
from auditor.metrics.power import (
    detectable,
    detectable_flips,
    least,
    power_to_exceed,
    power_to_meet,
    settles,
    two_digits,
)
from tests.metrics.factory import design, draw

UNIT: Interval = (-1.0, 1.0)
FREE: Interval = (-inf, inf)


def student(mean: float, se: float, clusters: int = 77) -> StudentMean:
    return StudentMean(mean, se, clusters - 1, UNIT)


def expected(names: int, templates: int, sd: tuple[float, float, float]) -> Parts:
    """Returns the parts of `factory.draw`'s world, by their expectations."""
    of_name, of_template, rest = (x**2 for x in sd)
    c = rest / (names * templates)
    a = of_name / names + c
    return Parts((a, a), 2 * of_template / templates + 2 * c, (c, c), (names, names), templates)


@pytest.mark.parametrize(("names", "floor"), [(6, 1.79), (9, 1.41), (18, 0.96), (24, 0.83)])
def test_what_so_few_names_can_never_beat(names: int, floor: float) -> None:
    """SD of names 1: more templates bring the detectable effect down to this and no further."""
    parts = expected(names, 60, (1.0, 0.5, 1.0))
    found = [detectable(parts.at(clusters=t).law()) or 0.0 for t in (60, 600, 10**9)]
    assert found == sorted(found, reverse=True)
    assert found[0] > floor
    assert found[-1] == pytest.approx(floor, abs=0.005)


@pytest.mark.parametrize("names", [3, 6, 24])
@pytest.mark.parametrize("sd", [(1.0, 0.5, 1.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)])
def test_parts_are_those_of_the_spread(names: int, sd: tuple[float, float, float]) -> None:
    made = design(*draw(np.random.default_rng(1), names, 12, sd=sd))
    parts, found = parts_of(made), spread(made)
    assert parts.variance == pytest.approx(found.variance, rel=1e-9)
    assert parts.df == pytest.approx(found.df, rel=1e-9)
    assert parts.at().variance >= parts.variance * (1 - 1e-9)  # more where chance left less than 0


def test_more_names_and_templates_by_hand() -> None:
    """Names 1, templates .5, rest 1, for 24 x 60: V = 2/24 + .5/60 + 2/1440."""
    parts = expected(24, 60, (1.0, 0.5, 1.0))
    assert parts.variance == pytest.approx(2 / 24 + 0.5 / 60 + 2 / 1440)
    twice = parts.at(clusters=120, names=48)
    assert twice.variance == pytest.approx(2 / 48 + 0.5 / 120 + 2 / 5760)
    assert twice.sizes == (48, 48)


def test_the_detectable_effect_by_hand() -> None:
    found = detectable(student(0.2, 0.03), power=0.9, alpha=0.01)
    assert found == pytest.approx(0.03 * (stats.t.ppf(0.995, 76) + stats.t.ppf(0.9, 76)))


def test_skewed_clusters_ask_for_more() -> None:
    values = np.where(np.arange(60) < 3, 1.0, 0.0)
    law = mean_law(values, UNIT, 0)
    assert isinstance(law, StudentMean)
    plain = StudentMean(law.mean, law.se, law.df, UNIT)
    assert (detectable(law) or 0) > 1.2 * (detectable(plain) or 1)


def test_the_wider_side_counts_up_to_the_hardest_case() -> None:
    """At a small alpha ten flips in 60 clusters would ask for more than any flips can."""
    law = mean_law(np.where(np.arange(60) < 10, 1.0, 0.0), UNIT, 0)
    hardest = detectable(OneTrial(0.0, 60, UNIT), alpha=0.001)
    assert detectable(law, alpha=0.001) == hardest
    unbounded = mean_law(np.where(np.arange(60) < 3, 1.0, 0.0), FREE, 0)
    assert (detectable(unbounded, alpha=0.001) or 0) > 1.5 * (hardest or 1)


def test_flips_that_an_effect_brings_make_it_harder_to_see_by_hand() -> None:
    """e = 2.85 sqrt(.3^2 / 77 + e (1 - e) / 77)."""
    e = detectable_flips(0.3 / 77**0.5, 77)
    t = stats.t.ppf(0.975, 76) + stats.t.ppf(0.8, 76)
    assert e == pytest.approx(t * (0.3**2 / 77 + e * (1 - e) / 77) ** 0.5)
    assert detectable_flips(0.0, 60) >= (detectable(OneTrial(0.0, 60, UNIT)) or 1)


def test_what_has_no_bounds_has_no_detectable_effect_where_all_is_equal() -> None:
    assert detectable(OneTrial(0.0, 60, FREE)) is None
    assert detectable(OneTrial(0.0, 60, UNIT)) == pytest.approx(0.109, abs=0.002)


def test_any_law_with_intervals_has_a_detectable_effect() -> None:
    """A difference of rates: 2.8 standard errors, its score interval being nearly symmetric."""
    law = ScoreDifference(300, 1000, 300, 1000)
    assert detectable(law) == pytest.approx(2.8 * (2 * 0.3 * 0.7 / 1000) ** 0.5, rel=0.02)


@pytest.mark.parametrize(("se", "df"), [(0.01, 20), (0.0171, 76), (0.02, 10), (0.03, 200)])
def test_power_to_meet_is_that_of_simulated_intervals(se: float, df: float) -> None:
    rng = np.random.default_rng(2)
    mean, error = rng.normal(0, se, 200_000), se * np.sqrt(rng.chisquare(df, 200_000) / df)
    half = stats.t.ppf(0.95, df) * error
    assert power_to_meet(se, df, 0.05) == pytest.approx(
        ((mean - half > -0.05) & (mean + half < 0.05)).mean(), abs=0.004
    )


def test_at_the_threshold_the_criterion_is_met_in_alpha_of_audits() -> None:
    assert power_to_meet(0.001, 76, 0.05, theta=0.05) == pytest.approx(0.05, abs=1e-3)
    assert power_to_exceed(0.001, 76, 0.05, theta=0.05) == pytest.approx(0.05, abs=1e-3)
    assert power_to_meet(0.0, 76, 0.05) == 1
    assert power_to_exceed(0.0, 76, 0.05, theta=0.05) == 0


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (None, None),
        (student(0.0, 0.005), None),  # meets already
        (student(0.2, 0.01), None),  # beyond already
        (student(0.01, 0.03), "about 290 clusters that spread as these do would settle it"),
        (student(-0.01, 0.03), "about 290 clusters that spread as these do would settle it"),
        (student(0.09, 0.03), "about 270 clusters"),
        (student(0.05, 0.03), "not practically settled: the effect seen (+0.05) lies near the"),
        (student(0.0519, 0.0323), "the effect seen (+0.052) lies near the threshold, so it takes"),
        (student(0.0, 0.4), "effects spread too widely, so it takes more than 10 times the data"),
        (OneTrial(0.0, 40, UNIT), "about 59 clusters with this same effect would settle it"),
        (OneTrial(0.0, 59, UNIT), None),
        (OneTrial(0.06, 40, UNIT), "about 390 clusters with this same effect"),
        (OneTrial(0.01, 40, FREE), "none: all clusters show the same effect, and the output has"),
        (OneTrial(0.05, 40, UNIT), "not practically settled: the effect seen"),
        (KornGraubard(0.03, 0.02**2, 60, 100), "about 380 clusters"),
        (KornGraubard(0.0, 0.0, 30, 60), "about 59 clusters"),
        (ScoreDifference(320, 1000, 300, 1000), " times as many rows would settle it"),
        (ScoreDifference(32, 100, 35, 100), "not practically settled: the effect seen"),
    ],
)
def test_what_would_settle_it(law: Law | None, words: str | None) -> None:
    found = settles(law, 0.05)
    assert found is None if words is None else words in str(found)


def test_so_many_clusters_settle_it_and_one_fewer_does_not() -> None:
    """282 clusters: a chance of 80 % to lie inside +-.05 at the effect seen, .01."""

    def chance(n: int) -> float:
        return power_to_meet(0.03 * (77 / n) ** 0.5, n - 1, 0.05, theta=0.01)

    assert chance(282) >= 0.8 > chance(276)


@pytest.mark.parametrize(
    ("names", "sd", "words"),
    [
        (24, (0.02, 0.2, 0.1), "templates that spread as these do would settle it"),
        (24, (0.1, 0.01, 0.1), "none: with 24 names per group no number of templates settles it"),
        (3, (0.1, 0.2, 0.1), "templates that spread as these do would settle it"),
        (3, (0.1, 2.0, 0.1), "not practically settled: effects spread too widely"),
    ],
)
def test_what_would_settle_names(names: int, sd: tuple[float, float, float], words: str) -> None:
    parts = expected(names, 40, sd)
    found = str(settles(parts.law(0.01), 0.05, parts=parts))
    assert words in found
    assert ("names per group would" in found) == found.startswith("none")


def test_names_at_the_threshold_are_settled_by_nothing() -> None:
    parts = expected(24, 40, (0.1, 0.1, 0.1))
    assert "lies near the threshold" in str(settles(parts.law(0.05), 0.05, parts=parts))


def test_what_there_is_is_never_proposed() -> None:
    """A skewed sample: its interval is twice as wide as its spread says, which is what is planned
    with, and by which as much data settles such an effect in 80 % of cases."""
    skewed = StudentMean(0.0, 0.016, 159, UNIT, np.linspace(-5, 5, 9_999))
    assert settles(replace(skewed, draws=None), 0.05) is None
    assert str(settles(skewed, 0.05)).startswith("close: as much data settles such an effect")


@pytest.mark.parametrize(
    ("number", "words"),
    [(3.0636, "3.1"), (282, "290"), (300, "300"), (11_091, "12,000"), (7, "7"), (99.5, "100")],
)
def test_what_is_needed_is_rounded_up(number: float, words: str) -> None:
    assert two_digits(number) == words


def test_the_least_number_that_is_enough() -> None:
    found = [least((1).__le__, 3), least((4).__le__, 3), least((1000).__le__, 3)]
    assert found == [3, 4, 1000]
    assert least((10**7).__le__, 3) is None


SD_AT_0 = {"normal": 0.2, "flips": (0.3 * 0.75) ** 0.5, "added flips": 0.1**0.5}


def word_power(kind: str, clusters: int, runs: int) -> tuple[float, float]:
    """Returns how often a stated effect was found, and how often "meets" at 0 where 80 % was
    stated: two pairs per cluster, which share a part."""
    rng = np.random.default_rng(6)
    stated = StudentMean(0.0, SD_AT_0[kind] / clusters**0.5, clusters - 1, UNIT)
    effect, found, met = detectable(stated) or 0.0, 0, 0
    if kind == "added flips":
        effect = detectable_flips(stated.se, clusters)
    delta = _delta_of(stated.se, stated.df)
    for run in range(runs):
        there = mean_law(_effects(kind, clusters, effect, rng), FREE, run)
        found += (there.p_beyond(0.0) or 0.0) <= 0.05
        interval = mean_law(_effects(kind, clusters, 0.0, rng), FREE, run).interval(0.9)
        met += interval is not None and -delta < interval[0] and interval[1] < delta
    return found / runs, met / runs


def _delta_of(se: float, df: float) -> float:
    """The threshold that is met with 80 % at 0."""
    return 1e-5 * (least(lambda n: power_to_meet(se, df, n * 1e-5) >= 0.8, 1) or 0)


def _effects(kind: str, clusters: int, effect: float, rng: np.random.Generator) -> Floats:
    """Cluster means. Flips: +1 and -1 in 30 % of pairs, half of the clusters' pairs alike; added:
    in 10 % of clusters, and in a share of them that is the effect all lose."""
    if kind == "normal":
        return rng.normal(effect, 0.2, clusters)
    if kind == "added flips":
        draw = rng.random(clusters)
        return (draw < 0.05).astype(float) - (draw > 0.95 - effect)
    draws = rng.random((2, clusters))
    flips = (draws < 0.15 + effect / 2).astype(float) - (draws > 0.85 + effect / 2)
    alike = rng.random(clusters) < 0.5
    means: Floats = np.where(alike, flips[0], flips.mean(axis=0))
    return means


def name_power(
    names: int, templates: int, sd: tuple[float, float, float], runs: int
) -> tuple[float, float]:
    """Returns the same for names x templates."""
    rng, stated = np.random.default_rng(7), expected(names, templates, sd)
    effect, found, met = detectable(stated.law()) or 0.0, 0, 0
    delta = _delta_of(stated.se, stated.df)
    for run in range(runs):
        a, b = draw(rng, names, templates, sd=sd)
        found += (crossed_law(design(a, b + effect), FREE, run).p_beyond(0.0) or 0.0) <= 0.05
        interval = crossed_law(design(a, b), FREE, run).interval(0.9)
        met += interval is not None and -delta < interval[0] and interval[1] < delta
    return found / runs, met / runs


def rare_power(clusters: int, runs: int) -> float:
    """Returns how often the effect stated for a model that never flipped is found: all of it from
    a share of clusters that lose."""
    rng, found = np.random.default_rng(8), 0
    effect = detectable(OneTrial(0.0, clusters, UNIT)) or 0.0
    for run in range(runs):
        lost = -(rng.random(clusters) < effect).astype(float)
        found += (mean_law(lost, UNIT, run).p_beyond(0.0) or 0.0) <= 0.05
    return found / runs


def test_rare_flips_in_few_clusters_are_found_as_stated_and_meet_less_often() -> None:
    """Flips in 10 % of 60 clusters: "meets" in 64 % of audits where 80 % are stated."""
    found, met = word_power("added flips", 60, 400)
    assert found == pytest.approx(0.8, abs=0.08)
    assert met == pytest.approx(0.64, abs=0.08)


RUNS = pytest.mark.parametrize(
    ("runs", "off"), [(400, 0.08), pytest.param(2_000, 0.05, marks=pytest.mark.slow)]
)


@RUNS
@pytest.mark.parametrize(
    ("kind", "clusters"),
    [("normal", 60), ("normal", 200), ("flips", 60), ("flips", 200), ("added flips", 200)],
)
def test_stated_power_of_word_pairs_is_true(
    kind: str, clusters: int, runs: int, off: float
) -> None:
    found, met = word_power(kind, clusters, runs)
    assert found == pytest.approx(0.8, abs=off)
    assert met == pytest.approx(0.8, abs=off)


@RUNS
@pytest.mark.parametrize("names", [9, 24])
@pytest.mark.parametrize("sd", [(1.0, 0.5, 1.0), (0.1, 0.04, 0.22)])
def test_stated_power_of_names_is_true(
    names: int, sd: tuple[float, float, float], runs: int, off: float
) -> None:
    found, met = name_power(names, 40, sd, runs)
    assert found == pytest.approx(0.8, abs=off)
    assert met == pytest.approx(0.8, abs=off)


@RUNS
@pytest.mark.parametrize("clusters", [60, 200])
def test_the_effect_stated_where_nothing_differed_is_found(
    clusters: int, runs: int, off: float
) -> None:
    """A floor: the t test of rare one-sided flips may find it oftener."""
    assert rare_power(clusters, runs) >= 0.8 - off


def test_what_would_settle_an_effect_beyond_the_criterion_does_so_as_often_as_stated() -> None:
    """At the clusters that are named, the finding is shown beyond +-delta in 80 % of audits."""
    rng, theta, sd, delta = np.random.default_rng(2), 0.09, 0.03 * 77**0.5, 0.05
    words = str(settles(student(theta, sd / 77**0.5), delta))
    clusters = int(words.split()[1])
    values = rng.normal(theta, sd, (1_000, clusters))
    shown = [(mean_law(v, FREE, 0).p_beyond(delta) or 0) <= 0.05 for v in values]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.05)
