"""Audits of names, from Parquet to findings: laws on tables with known answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditor.metrics.clusters import Floats
from auditor.metrics.crossed import crossed_law, crossed_proportion
from auditor.metrics.estimates import Interval
from auditor.plan import AuditPlan
from auditor.records import Contrast, Finding, Verdict
from tests.metrics.factory import (
    GENDER,
    NAMES,
    crossed_rows,
    design,
    draw,
    findings,
    plan,
    write_pairs,
)

UNIT: Interval = (-1.0, 1.0)


def audit(
    folder: Path,
    rows: list[dict[str, Any]],
    contrast: Contrast = NAMES,
    options: AuditPlan | None = None,
) -> dict[str, Finding]:
    chosen = options or plan(governing="mean_effect", delta=0.05)
    found = findings(write_pairs(folder, rows), chosen, [contrast])
    return {finding.metric: finding for finding in found}


@pytest.fixture(scope="module")
def scores() -> tuple[Floats, Floats]:
    """24 names x 40 templates of two groups that do not differ, though names do."""
    a, b = draw(np.random.default_rng(8), 24, 40, sd=(0.05, 0.01, 0.02))
    common = (a.mean(axis=0) + b.mean(axis=0)) / 2
    return 0.5 + a - common, 0.5 + b - common


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("effect", [-0.2, 0.2])
def test_a_planted_effect_is_found_with_its_sign_inside_the_interval(
    tmp_path: Path, scores: tuple[Floats, Floats], effect: float, reverse: bool
) -> None:
    a, b = scores
    b = b - b.mean() + a.mean() + effect
    finding = audit(tmp_path, crossed_rows(a, b, reverse=reverse))["mean_effect"]
    found = finding.estimate
    assert found.value == pytest.approx(effect)
    assert found.low is not None
    assert found.high is not None
    assert found.low < effect < found.high
    assert finding.verdict is Verdict.DOES_NOT_MEET
    assert (found.n, found.clusters) == (960, 40)
    assert found.method == "t on names x templates (24 names per group)"


def test_the_interval_from_the_file_is_that_of_the_matrices(
    tmp_path: Path, scores: tuple[Floats, Floats]
) -> None:
    found = audit(tmp_path, crossed_rows(*scores))["mean_effect"].estimate
    law = crossed_law(design(*scores), UNIT, 0)
    assert (found.low, found.high) == pytest.approx(law.interval(0.95), abs=1e-12)


def test_the_luck_of_the_names_is_a_difference_only_where_names_are_taken_as_given(
    tmp_path: Path, scores: tuple[Floats, Floats]
) -> None:
    a, b = scores
    crossed = audit(tmp_path / "crossed", crossed_rows(a, b))["mean_effect"]
    given = audit(tmp_path / "given", crossed_rows(a, b, contrast=GENDER), GENDER)["mean_effect"]
    assert crossed.difference_detected is False
    assert given.difference_detected
    assert crossed.estimate.value == pytest.approx(given.estimate.value)


@pytest.mark.parametrize(("templates", "verdict"), [(58, "inconclusive"), (59, "meets criterion")])
def test_a_constant_model_meets_only_from_59_templates_on(
    tmp_path: Path, templates: int, verdict: str
) -> None:
    same = np.full((24, templates), 0.7)
    found = audit(tmp_path, crossed_rows(same, same), options=plan())
    finding = found["selection_rate_change"]
    assert finding.verdict == verdict
    assert finding.difference_detected is False
    assert found.pop("standardised_effect").estimate.value is None  # no SD to measure it in
    assert all(each.estimate.value == 0 for each in found.values())
    assert found["flip_rate"].estimate.high == pytest.approx(1 - 0.025 ** (1 / templates))


def test_unsigned_metrics_are_of_the_pairs_of_names(
    tmp_path: Path, scores: tuple[Floats, Floats]
) -> None:
    a, b = scores
    found = audit(tmp_path, crossed_rows(a, b))
    size = crossed_law(design(abs(b - a)), (0.0, 1.0), 0)
    absolute = found["mean_absolute_effect"].estimate
    assert absolute.value == pytest.approx(abs(b - a).mean())
    assert (absolute.low, absolute.high) == pytest.approx(size.interval(0.95), abs=1e-12)
    flips = crossed_proportion(design((a >= 0.5) != (b >= 0.5)))
    rate = found["flip_rate"].estimate
    assert (rate.low, rate.high) == pytest.approx(flips.interval(0.95), abs=1e-12)
    assert rate.method == "Korn-Graubard on names x templates (24 names per group)"


def test_selections_are_those_of_each_side(tmp_path: Path, scores: tuple[Floats, Floats]) -> None:
    a, b = scores
    found = audit(tmp_path, crossed_rows(a, b, reverse=True))["selection_rate_change"].estimate
    law = crossed_law(design(a >= 0.5, b >= 0.5), UNIT, 0)
    assert found.value == pytest.approx((b >= 0.5).mean() - (a >= 0.5).mean())
    assert (found.low, found.high) == pytest.approx(law.interval(0.95), abs=1e-12)


def test_pairs_that_are_missing_leave_the_rest_and_are_counted(
    tmp_path: Path, scores: tuple[Floats, Floats]
) -> None:
    a, b = scores[0].copy(), scores[1]
    a[3, 5] = a[9, 5] = a[4, 30] = np.nan
    rows = crossed_rows(a, b)
    rows += crossed_rows(*scores, validity="ambiguous", reason="made up")
    found = audit(tmp_path, rows)["mean_effect"].estimate
    kept = np.delete(np.arange(40), [5, 30])
    assert found.value == pytest.approx((b - a)[:, kept].mean())
    assert (found.n, found.clusters) == (24 * 38, 38)
    assert "left out for gaps: names 0, templates 2" in found.method


def test_one_name_per_group_has_a_value_and_no_interval_and_says_why(
    tmp_path: Path, scores: tuple[Floats, Floats]
) -> None:
    a, b = (y[:1] for y in scores)
    found = audit(tmp_path, crossed_rows(a, b))
    assert found["mean_effect"].verdict is Verdict.NOT_TESTED
    assert "only 1 name per group" in str(found["mean_effect"].verdict_reason)
    assert "for the words tested" in found.pop("p95_absolute_effect").estimate.method
    for finding in found.values():
        assert finding.estimate.low is None
        assert finding.estimate.value is not None
        assert "at least 2 names in 8" in str(finding.estimate.reason)


@pytest.mark.parametrize(("templates", "has_interval"), [(7, False), (8, True), (19, True)])
def test_too_few_templates_are_not_tested(
    tmp_path: Path, scores: tuple[Floats, Floats], templates: int, has_interval: bool
) -> None:
    a, b = (y[:, :templates] for y in scores)
    finding = audit(tmp_path, crossed_rows(a, b))["mean_effect"]
    assert finding.verdict is Verdict.NOT_TESTED
    assert f"only {templates} clusters" in str(finding.verdict_reason)
    assert (finding.estimate.low is not None) is has_interval


def test_without_a_cutoff_selection_is_not_measured_but_the_effect_is(
    tmp_path: Path, scores: tuple[Floats, Floats]
) -> None:
    rows = crossed_rows(*scores, cutoff=None)
    found = audit(tmp_path, rows, options=plan(governing="selection_rate_change"))
    assert found["selection_rate_change"].verdict is Verdict.NOT_TESTED
    assert "need a `cutoff`" in str(found["selection_rate_change"].verdict_reason)
    assert found["mean_effect"].estimate.low is not None
