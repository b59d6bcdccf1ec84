"""What to watch follows from the plan and from what this much data could find."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.evidence.reader import Evidence
from auditor.metrics.power import people_per_group
from auditor.records import Basis, Results, Verdict
from auditor.report.declared.monitoring import NO_TREND, monitoring_of
from tests.report import counted, factory
from tests.report.counted import text_of
from tests.report.test_report import Page


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return counted.outcomes(tmp_path_factory.mktemp("outcomes")).evidence


def test_each_criterion_is_watched_with_its_threshold(tmp_path: Path) -> None:
    swaps, people = monitoring_of(factory.evidence(tmp_path)).watch
    assert (swaps.metric, swaps.delta, swaps.of) == ("selection_rate_change", 0.05, ["gender"])
    assert (people.metric, people.basis) == ("selection_rate_difference", Basis.GROUPS)
    assert (swaps.findings, swaps.within_reach, swaps.detectable) == (4, 4, 0.0213)
    assert (swaps.smallest, people.smallest) == (77, 333)
    assert (swaps.people, swaps.rate) == (None, None)


def test_a_finding_that_could_not_see_the_threshold_is_not_counted(tmp_path: Path) -> None:
    given = factory.evidence(tmp_path)
    first, *rest = given.findings
    given.results = replace(given.results, findings=(replace(first, detectable=0.0713), *rest))
    swaps = monitoring_of(given).watch[0]
    assert (swaps.within_reach, swaps.findings, swaps.detectable) == (3, 4, 0.0713)


def test_the_rows_a_window_needs_are_those_of_the_power_rule(outcomes: Evidence) -> None:
    """Of the hardest reference, at the error rate that Holm leaves each test."""
    [watch] = monitoring_of(outcomes).watch
    tested = [f for f in outcomes.findings if f.verdict not in (None, Verdict.NOT_TESTED)]
    rate = 443 / 857
    assert watch.findings == len(tested)
    assert watch.rate == pytest.approx(rate)
    assert watch.people == people_per_group(rate, 1 - 0.1 / rate, alpha=0.05 / len(tested))
    assert people_per_group(0.5, 0.8) == 388


def test_a_drop_that_no_rate_allows_asks_for_no_number(tmp_path: Path) -> None:
    watch = monitoring_of(counted.outcomes(tmp_path, delta_groups=0.6).evidence).watch[0]
    assert (watch.people, watch.rate) == (None, None)


def test_a_plan_without_criteria_names_nothing_to_watch(outcomes: Evidence) -> None:
    given = Evidence.open(outcomes.folder)
    given.results = Results(given.overall, coverage=given.coverage)
    assert monitoring_of(given).watch == []
    text = text_of(counted.section(counted.summary_of(given), "monitoring"))
    assert "the plan names nothing to watch" in text


def test_one_run_has_no_trend(outcomes: Evidence) -> None:
    text = text_of(counted.section(counted.summary_of(outcomes), "monitoring"))
    assert f"not tested: {NO_TREND}." in text


def test_the_day_of_expiry_and_what_calls_for_a_new_audit_are_said(outcomes: Evidence) -> None:
    summary = counted.summary_of(outcomes)
    text = text_of(counted.section(summary, "monitoring"))
    assert f"From {summary.edition.valid_until} on, 365 days after the audit" in text
    assert all(trigger in text for trigger in summary.monitoring.triggers)


def test_every_number_of_the_section_is_the_records(outcomes: Evidence) -> None:
    summary = counted.summary_of(outcomes)
    html = counted.section(summary, "monitoring")
    assert counted.wrong(html, summary) == []
    planted = counted.wrong(html, summary, **{"/monitoring/watch/0/people": 1})
    assert planted == ["/monitoring/watch/0/people"]
    loose = "".join(Page(html.replace('class="no"', 'class="id"')).loose)
    assert re.findall(r".{0,20}\d.{0,20}", loose) == []
