"""Verdicts: Holm, the words, the exit codes, and false alarms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from auditor.metrics.clusters import Floats
from auditor.metrics.estimates import mean_law
from auditor.metrics.verdicts import Claim, Ruling, exit_code, holm, judge, make_claim, overall
from auditor.plan_metrics import MetricPlan
from auditor.records import Basis, Estimate, Finding, Overall, Verdict
from tests.metrics.factory import GENDER

PLAN = MetricPlan()
MARK = PLAN.criterion("gender", "selection_rate_change")


def finding(verdict: Verdict | None) -> Finding:
    estimate = Estimate.missing("made up", unit="rate")
    return Finding(GENDER, "selection_rate_change", "m", estimate, verdict)


def test_holm_by_hand() -> None:
    """Sorted .01, .02, .03, .04: times 4, 3, 2, 1, and never falling."""
    adjusted = holm([0.04, 0.01, None, 0.03, 0.02])
    assert adjusted == [
        pytest.approx(0.06),
        pytest.approx(0.04),
        None,
        pytest.approx(0.06),
        pytest.approx(0.06),
    ]


def test_holm_is_that_of_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    for size in (1, 2, 9, 40):
        p = np.random.default_rng(size).random(size) ** 3
        assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


def test_holm_of_nothing_tested_is_nothing() -> None:
    assert holm([None, None]) == [None, None]


@pytest.mark.parametrize(
    ("interval", "p_bad", "verdict"),
    [
        ((-0.04, 0.04), 1.0, Verdict.MEETS),
        ((-0.04, 0.05), 1.0, Verdict.INCONCLUSIVE),
        ((-0.06, 0.01), 0.4, Verdict.INCONCLUSIVE),
        ((0.06, 0.30), 0.04, Verdict.DOES_NOT_MEET),
        ((-0.30, -0.06), 0.04, Verdict.DOES_NOT_MEET),
    ],
)
def test_verdict_of_one_finding(
    interval: tuple[float, float], p_bad: float, verdict: Verdict
) -> None:
    assert judge([Claim(MARK, interval, p_bad, 0.5)], PLAN)[0].verdict is verdict


def test_holm_runs_over_all_findings_of_the_audit() -> None:
    """The same p = .03 fails alone and settles nothing beside another."""
    claim = Claim(MARK, (0.06, 0.3), p_bad=0.03, p_zero=0.001)
    other = Claim(MARK, (-0.01, 0.01), p_bad=1.0, p_zero=0.9)
    assert judge([claim], PLAN)[0].verdict is Verdict.DOES_NOT_MEET
    ruling = judge([claim, other], PLAN)[0]
    assert ruling.p_bad_adjusted == pytest.approx(0.06)
    assert ruling.verdict is Verdict.INCONCLUSIVE
    assert ruling.difference_detected


def test_a_finding_that_was_not_tested_is_no_test_in_the_family() -> None:
    claim = Claim(MARK, (0.06, 0.3), p_bad=0.03, p_zero=0.001)
    rulings = judge([claim, Claim(MARK, untested="too few")], PLAN)
    assert rulings[0].verdict is Verdict.DOES_NOT_MEET
    assert rulings[1] == Ruling(Verdict.NOT_TESTED, "too few")


def test_a_difference_can_be_detected_and_yet_meet_the_criterion() -> None:
    ruling = judge([Claim(MARK, (0.01, 0.03), 1.0, 0.001)], PLAN)[0]
    assert ruling.verdict is Verdict.MEETS
    assert ruling.difference_detected


M, D, I, N = Verdict.MEETS, Verdict.DOES_NOT_MEET, Verdict.INCONCLUSIVE, Verdict.NOT_TESTED  # noqa: E741 - a table reads better with letters


@pytest.mark.parametrize(
    ("verdicts", "expected", "code"),
    [
        ([M, M, None], M, 0),
        ([M, D, I, N], D, 1),
        ([M, I], I, 3),
        ([M, N], I, 3),
        ([N, I], I, 3),
        ([N, N], N, 3),
        ([], N, 3),
        ([None], N, 3),
    ],
)
def test_overall_and_exit_code(
    verdicts: list[Verdict | None], expected: Verdict, code: int
) -> None:
    result = overall([finding(verdict) for verdict in verdicts])
    assert result.verdict is expected
    assert exit_code(result) == code


def test_only_an_audit_of_people_that_asks_for_no_verdict_has_none_to_give() -> None:
    """A gate must not open because every pair was kept out."""
    people = replace(finding(None), basis=Basis.GROUPS)
    assert overall([people]).verdict is Verdict.NOT_APPLICABLE
    assert overall([people, finding(None)]).verdict is N


def test_overall_says_in_one_sentence_how_many() -> None:
    result = overall([finding(verdict) for verdict in (M, M, D, None)])
    assert result.reason == ("Of 3 confirmatory findings: 2 met the criterion, 1 did not meet it.")


def test_every_verdict_has_an_exit_code() -> None:
    assert {exit_code(Overall(verdict, "")) for verdict in Verdict} == {0, 1, 3}


def audits(shift: float, clusters: int, runs: int, findings: int = 6) -> dict[str, float]:
    """Returns how often an audit of `findings` contrasts of true effect `shift` says what.

    The pairs of a cluster flip together; net flips: `shift` more lose the label than gain it.
    """
    rng = np.random.default_rng(5)
    counts = {"any difference": 0, "any bad": 0, "meets": 0}
    for run in range(runs):
        claims = [
            make_claim(
                mean_law(_net(rng, shift, clusters), (-1, 1), run), MARK, PLAN, clusters=clusters
            )
            for _ in range(findings)
        ]
        rulings = judge(claims, PLAN)
        counts["any difference"] += any(r.difference_detected for r in rulings)
        counts["any bad"] += any(r.verdict is Verdict.DOES_NOT_MEET for r in rulings)
        counts["meets"] += all(r.verdict is Verdict.MEETS for r in rulings)
    return {name: count / runs for name, count in counts.items()}


def _net(rng: np.random.Generator, shift: float, clusters: int) -> Floats:
    """Means of 6 pairs, each -1, 0 or 1, with a rate of its own in each cluster."""
    lose = rng.beta(2, 18, clusters) + shift
    gain = rng.beta(2, 18, clusters)
    trials = rng.random((clusters, 6))
    net = (trials > 1 - gain[:, None]).astype(float) - (trials < lose[:, None])
    means: Floats = net.mean(axis=1)
    return means


@pytest.mark.parametrize("runs", [150, pytest.param(2_000, marks=pytest.mark.slow)])
def test_false_alarms_at_no_effect_are_rare(runs: int) -> None:
    """At theta = 0: any difference detected in at most 5 % of audits (and two standard errors)."""
    rates = audits(0.0, 40, runs)
    assert rates["any difference"] <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5
    assert rates["any bad"] == 0


@pytest.mark.parametrize("findings", [1, 6])
@pytest.mark.parametrize("runs", [150, pytest.param(2_000, marks=pytest.mark.slow)])
def test_claims_at_the_very_edge_of_the_criterion_are_rare(runs: int, findings: int) -> None:
    """At theta = delta: "does not meet" and "meets" each in at most 5 % (and two errors)."""
    rates = audits(MARK.delta, 80, runs, findings)
    most = 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5
    assert rates["any bad"] <= most
    assert rates["meets"] <= most


@pytest.mark.parametrize("runs", [150, pytest.param(2_000, marks=pytest.mark.slow)])
def test_a_clear_effect_is_found_and_never_passes(runs: int) -> None:
    """The positive control of the false alarms."""
    rates = audits(0.3, 40, runs)
    assert rates["any bad"] > 0.99
    assert rates["meets"] == 0
