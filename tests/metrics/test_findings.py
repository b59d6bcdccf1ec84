"""Findings: laws of the audit on tables with known answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from auditor.metrics.verdicts import overall
from auditor.records import Finding, Verdict
from tests.metrics.factory import AGE, GENDER, findings, pair_row, plan, write_pairs


def governing(found: list[Finding]) -> Finding:
    return next(finding for finding in found if finding.verdict is not None)


def by_metric(found: list[Finding], metric: str) -> Finding:
    return next(finding for finding in found if finding.metric == metric)


@pytest.mark.parametrize(("clusters", "verdict"), [(58, "inconclusive"), (59, "meets criterion")])
@pytest.mark.parametrize("metric", ["selection_rate_change", "mean_effect"])
def test_a_constant_model_meets_only_from_59_clusters_on(
    tmp_path: Path, clusters: int, verdict: str, metric: str
) -> None:
    pairs = write_pairs(tmp_path, [pair_row(f"t{i}", 0.0) for i in range(clusters)])
    finding = governing(findings(pairs, plan(governing=metric, delta=0.05), [GENDER], ["m"]))
    assert finding.verdict == verdict
    assert finding.difference_detected is False
    assert finding.estimate.value == 0


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_planted_effect_is_found_with_its_sign_inside_the_interval(
    tmp_path: Path, noise: float, sign: int
) -> None:
    rows = [
        pair_row(f"t{i}", sign * 0.3 + noise * (-1) ** i, base=0.5, reverse=i % 3 == 0)
        for i in range(60)
    ]
    found = findings(
        write_pairs(tmp_path, rows), plan(governing="mean_effect", delta=0.05), [GENDER], ["m"]
    )
    finding = governing(found)
    assert finding.estimate.value == pytest.approx(sign * 0.3)
    assert finding.estimate.low is not None
    assert finding.estimate.high is not None
    assert finding.estimate.low < sign * 0.3 < finding.estimate.high
    assert finding.verdict == Verdict.DOES_NOT_MEET
    assert finding.difference_detected
    assert overall(found).verdict == Verdict.DOES_NOT_MEET


def test_a_contrast_without_pairs_is_not_tested_and_says_so(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path, [pair_row(f"t{i}", 0.0) for i in range(60)])
    found = findings(pairs, plan(), [GENDER, AGE], ["m"])
    untested = [f for f in found if f.contrast == AGE and f.verdict]
    assert [f.verdict for f in untested] == [Verdict.NOT_TESTED]
    assert untested[0].verdict_reason == (
        "no text mentions young or old in a way that can be swapped for the other; add such "
        "texts, or leave the group out with `groups`"
    )
    assert overall(found).verdict == Verdict.INCONCLUSIVE


def test_a_contrast_whose_pairs_were_all_kept_out_says_so(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", 0.0) for i in range(60)]
    rows += [pair_row(f"t{i}", 0.0, contrast=AGE, validity="ambiguous") for i in range(7)]
    found = findings(write_pairs(tmp_path, rows), plan(), [GENDER, AGE], ["m"])
    reason = next(f.verdict_reason for f in found if f.contrast == AGE and f.verdict)
    assert str(reason).startswith("all 7 pairs of old and young were kept out")


def test_without_a_cutoff_selection_is_not_measured_but_the_effect_is(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", 0.01 * i, cutoff=None) for i in range(30)]
    chosen = plan(governing="selection_rate_change")
    found = findings(write_pairs(tmp_path, rows), chosen, [GENDER], ["m"])
    finding = governing(found)
    assert finding.estimate.value is None
    assert "need a `cutoff`" in str(finding.verdict_reason)
    assert finding.verdict == Verdict.NOT_TESTED
    assert by_metric(found, "mean_effect").estimate.value == pytest.approx(0.145)
    assert "a predicted label" in str(by_metric(found, "flip_rate").estimate.reason)


@pytest.mark.parametrize(
    ("clusters", "has_interval"), [(1, False), (7, False), (8, True), (19, True)]
)
def test_too_few_clusters_are_not_tested(tmp_path: Path, clusters: int, has_interval: bool) -> None:
    rows = [pair_row(f"t{i}", 0.01 * i, base=0.7 - 0.01 * (i % 2)) for i in range(clusters)]
    found = findings(write_pairs(tmp_path, rows), plan(), [GENDER], ["m"])
    assert governing(found).verdict == Verdict.NOT_TESTED
    assert f"{clusters} cluster" in str(governing(found).verdict_reason)
    measured = [f for f in found if f.metric != "standardised_effect" or clusters > 1]
    for finding in measured:
        assert finding.estimate.value is not None
        assert (finding.estimate.low is not None) is has_interval
        assert has_interval or "at least 8 are needed" in str(finding.estimate.reason)


def test_each_checkpoint_is_judged_alone(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", 0.0) for i in range(60)]
    rows += [pair_row(f"t{i}", -0.3, model_id="other") for i in range(60)]
    finding = governing(findings(write_pairs(tmp_path, rows), plan(), [GENDER], ["m", "other"]))
    verdicts = {result.model_id: result.verdict for result in finding.checkpoints}
    assert verdicts == {"m": Verdict.MEETS, "other": Verdict.DOES_NOT_MEET}
    assert finding.model_id == "m"
    assert finding.holds_in == 1


def test_findings_come_governing_first_and_worst_first(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", 0.0, contrast=GENDER) for i in range(60)]
    rows += [pair_row(f"t{i}", -0.3, contrast=AGE) for i in range(60)]
    found = findings(write_pairs(tmp_path, rows), plan(), [GENDER, AGE], ["m"])
    assert [f.contrast for f in found[:2]] == [AGE, GENDER]
    assert [f.verdict for f in found[:2]] == [Verdict.DOES_NOT_MEET, Verdict.MEETS]
    assert all(f.verdict is None for f in found[2:])


def test_a_result_does_not_depend_on_what_else_is_in_the_audit(tmp_path: Path) -> None:
    """The bootstrap of each contrast draws from its own stream."""
    rows = [pair_row(f"t{i}", -0.001 * 1.15**i) for i in range(40)]
    options = plan(governing="mean_effect", delta=0.05)
    alone = findings(write_pairs(tmp_path / "a", rows), options, [GENDER], ["m"])
    others = [pair_row(f"t{i}", -0.001 * 1.14**i, contrast=AGE) for i in range(40)]
    both = findings(write_pairs(tmp_path / "b", rows + others), options, [GENDER, AGE], ["m"])
    assert {f.finding_id: f.estimate for f in alone}.items() <= {
        f.finding_id: f.estimate for f in both
    }.items()
    assert "bootstrap-t" in governing(alone).estimate.method


def test_an_unbounded_constant_output_is_inconclusive_without_an_interval(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", 0.0, cutoff=None, unit="output") for i in range(200)]
    found = findings(
        write_pairs(tmp_path, rows), plan(governing="mean_effect", delta=0.05), [GENDER], ["m"]
    )
    assert governing(found).verdict == Verdict.INCONCLUSIVE
    assert governing(found).estimate.low is None
    assert "no bounds" in str(governing(found).estimate.reason)


def test_each_checkpoint_is_a_family_of_its_own(tmp_path: Path) -> None:
    """Ten checkpoints do not take from each other's alpha."""
    rng = np.random.default_rng(4)
    values = rng.normal(-0.012, 0.03, 40)
    ids = [f"m{i}" for i in range(10)]
    rows = [
        pair_row(f"t{i}", float(v), base=0.6, model_id=m) for m in ids for i, v in enumerate(values)
    ]
    pairs, chosen = write_pairs(tmp_path, rows), plan(governing="mean_effect", delta=0.05)
    one = governing(findings(pairs, chosen, [GENDER], ids[:1]))
    ten = governing(findings(pairs, chosen, [GENDER], ids))
    assert one.difference_detected
    assert ten.difference_detected
    assert one.p_bad_adjusted == ten.p_bad_adjusted
