"""Which metrics are measured, which one governs, and what the other arms say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditor.metrics.measurements import governing, governing_groups
from auditor.records import Arm, Contrast, Finding, Verdict
from tests.metrics.factory import AGE, GENDER, NAMES, crossed_rows, findings, pair_row, plan
from tests.metrics.factory import write_pairs as write


def by_metric(found: list[Finding], arm: Arm = Arm.SWAP) -> dict[str, Finding]:
    return {f.metric: f for f in found if f.arm is arm}


def labelled(denied: int, granted: int, size: int = 60) -> list[dict[str, Any]]:
    """Rows of `size` favourable and `size` unfavourable texts: B is denied the label in `denied` of
    the first, and granted it in `granted` of the second."""
    rows = [
        pair_row(f"good {i}", -0.4 if i < denied else 0.0, base=0.7, label_true="no")
        for i in range(size)
    ]
    rows += [
        pair_row(f"bad {i}", 0.4 if i < granted else 0.0, base=0.3, label_true="yes")
        for i in range(size)
    ]
    return rows


def test_interventional_rates_fix_the_label_and_swap_the_group(tmp_path: Path) -> None:
    """By hand: 6 of 60 that deserve the label are denied it, 15 of 60 others are granted it."""
    found = findings(write(tmp_path, labelled(6, 15)), plan(), [GENDER], favourable=["no"])
    rates = by_metric(found)
    assert rates["false_negative_rate_change"].estimate.value == pytest.approx(6 / 60)
    assert rates["false_positive_rate_change"].estimate.value == pytest.approx(15 / 60)
    assert rates["selection_rate_change"].estimate.value == pytest.approx(9 / 120)
    assert rates["false_negative_rate_change"].estimate.n == 60


def test_without_true_labels_no_one_speaks_of_error_rates(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", 0.0) for i in range(60)]
    found = by_metric(findings(write(tmp_path, rows), plan(), [GENDER], favourable=["no"]))
    assert not {"false_negative_rate_change", "false_positive_rate_change"} & found.keys()


def test_with_true_labels_the_verdict_rests_on_those_who_deserve_the_label(tmp_path: Path) -> None:
    """The gains of texts that do not deserve it would cancel the losses."""
    pairs = write(tmp_path, labelled(30, 30))
    other = plan(governing="selection_rate_change")
    unlabelled = findings(pairs, other, [GENDER], favourable=["no"])
    chosen = findings(pairs, plan(), [GENDER], favourable=["no"])
    assert by_metric(unlabelled)["selection_rate_change"].verdict is Verdict.INCONCLUSIVE
    finding = by_metric(chosen)["false_negative_rate_change"]
    assert finding.verdict is Verdict.DOES_NOT_MEET
    assert finding.harmful
    assert by_metric(chosen)["selection_rate_change"].verdict is None


def test_a_few_labels_decide_nothing(tmp_path: Path) -> None:
    """Three texts with a label would leave the audit untested, and eighty have a selection."""
    rows = [pair_row(f"t{i}", -0.4 if i < 30 else 0.0) for i in range(80)]
    rows = [row | {"label_true": "no" if i < 3 else None} for i, row in enumerate(rows)]
    found = by_metric(findings(write(tmp_path, rows), plan(label="y"), [GENDER], favourable=["no"]))
    assert found["selection_rate_change"].verdict is Verdict.DOES_NOT_MEET
    assert found["false_negative_rate_change"].verdict is None


def test_a_second_checkpoint_does_not_change_what_governs_the_first(tmp_path: Path) -> None:
    rows = [
        pair_row(f"t{i}", 0.5, base=float(i), cutoff=None, unit="output", model_id="number")
        for i in range(40)
    ]
    rows += [pair_row(f"t{i}", 0.0, model_id="label") for i in range(40)]
    found = findings(write(tmp_path, rows), plan(), [GENDER], ["number", "label"])
    assert [f.metric for f in found if f.verdict] == ["standardised_effect"]


def test_the_power_of_a_finding_does_not_depend_on_what_checkpoints_lack(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", 0.02 * (i % 5), contrast=c) for c in (GENDER, AGE) for i in range(40)]
    pairs, chosen = write(tmp_path, rows), plan(governing="mean_effect", delta=0.05)
    one, two = (findings(pairs, chosen, [GENDER, AGE], ids) for ids in (["m"], ["m", "empty"]))
    assert [f.detectable for f in one if f.verdict] == [f.detectable for f in two if f.verdict]
    alone = findings(pairs, chosen, [GENDER], ["m"])
    assert (alone[0].detectable or 0) < (one[0].detectable or 0)


@pytest.mark.parametrize("arm", ["unmentioned", "fragmentation"])
def test_no_other_arm_ever_decides(tmp_path: Path, arm: str) -> None:
    rows = [pair_row(f"t{i}", -0.5, arm=arm) for i in range(60)]
    rows += [pair_row(f"t{i}", 0.0, text=f"swap {i}") for i in range(60)]
    found = findings(write(tmp_path, rows), plan(), [GENDER])
    assert [f.arm for f in found if f.verdict] == [Arm.SWAP]
    beside = by_metric(found, Arm(arm))["selection_rate_change"]
    assert beside.estimate.value == -1
    assert beside.verdict is None


def test_two_rows_that_disagree_on_the_label_have_none(tmp_path: Path) -> None:
    rows = labelled(6, 0)
    rows += [row | {"label_true": "yes", "row_id": f"{row['row_id']} again"} for row in rows[:60]]
    rows = rows[:60] + rows[120:] + rows[60:120]
    found = by_metric(findings(write(tmp_path, rows), plan(), [GENDER], favourable=["no"]))
    assert "false_negative_rate_change" not in found
    assert found["false_positive_rate_change"].estimate.n == 60


@pytest.mark.parametrize(
    ("options", "selects", "metric"),
    [
        ({}, True, "selection_rate_change"),
        ({}, False, "standardised_effect"),
        ({"label": "y"}, True, "false_negative_rate_change"),
        ({"label": "y"}, False, "standardised_effect"),
        ({"governing": "mean_margin_effect", "delta": 0.2}, True, "mean_margin_effect"),
        ({"attributes": ["gender", "age"],
          "by_attribute": {"age": {"governing": "mean_effect", "delta": 0.1}}}, True,
         "selection_rate_change"),
        ({"by_attribute": {"gender": {"governing": "mean_effect", "delta": 0.1}}}, True,
         "mean_effect"),
    ],
)  # fmt: skip
def test_what_governs(options: dict[str, Any], selects: bool, metric: str) -> None:
    assert governing(plan(**options), "gender", selects=selects) == metric


def test_groups_of_people_are_judged_where_there_are_no_texts() -> None:
    outcomes = plan(predictions="t.csv", outcome="hired", protected="sex")
    assert governing_groups(outcomes, "sex") == "selection_rate_difference"
    assert governing_groups(plan(), "sex") == "none"
    named = plan(governing_groups="true_positive_rate_difference")
    assert governing_groups(named, "sex") == "true_positive_rate_difference"


def test_a_criterion_of_its_own_decides_for_its_attribute_alone(tmp_path: Path) -> None:
    rows = [
        pair_row(f"t{i}", -0.3 if i < 12 else 0.0, contrast=c)
        for c in (GENDER, AGE)
        for i in range(120)
    ]
    own = {"age": {"delta": 0.3, "delta_origin": "made up", "approved_by": "the board"}}
    chosen = plan(attributes=["gender", "age"], by_attribute=own)
    found = findings(write(tmp_path, rows), chosen, [GENDER, AGE])
    judged = {f.contrast: f for f in found if f.verdict}
    assert judged[GENDER].verdict is not Verdict.MEETS
    assert judged[AGE].verdict is Verdict.MEETS
    criterion = judged[AGE].criterion
    assert criterion is not None
    assert (criterion.delta, criterion.origin, criterion.approved_by) == (
        0.3, "made up", "the board",
    )  # fmt: skip


def test_a_standardised_effect_is_in_sds_of_the_scores_of_the_texts(tmp_path: Path) -> None:
    bases = np.linspace(2, 40, 60)
    rows = [
        pair_row(f"t{i}", 1.5, base=float(base), cutoff=None, unit="output")
        for i, base in enumerate(bases)
    ]
    finding = by_metric(findings(write(tmp_path, rows), plan(), [GENDER]))["standardised_effect"]
    assert finding.estimate.value == pytest.approx(1.5 / bases.std(ddof=1))
    assert finding.estimate.unit == "SD"
    assert finding.criterion is not None
    assert finding.criterion.delta == 0.1


def test_log_odds_see_what_a_probability_near_one_hides(tmp_path: Path) -> None:
    rows = [
        pair_row(f"t{i}", -0.001, base=0.999, margin_from=7.0, margin_to=6.0) for i in range(60)
    ]
    chosen = plan(governing="mean_margin_effect", delta=0.2, delta_origin="made up")
    finding = by_metric(findings(write(tmp_path, rows), chosen, [GENDER]))["mean_margin_effect"]
    assert finding.estimate.value == pytest.approx(-1.0)
    assert finding.estimate.unit == "log-odds"


def test_total_variation_sees_what_the_favourable_label_does_not(tmp_path: Path) -> None:
    """By hand: .3 moves from the second label to the third."""
    probs: dict[str, Any] = {"probs_from": [0.4, 0.5, 0.1], "probs_to": [0.4, 0.2, 0.4]}
    rows = [pair_row(f"t{i}", 0.0, **probs) for i in range(60)]
    found = by_metric(findings(write(tmp_path, rows), plan(), [GENDER]))
    assert found["total_variation"].estimate.value == pytest.approx(0.3, abs=1e-6)
    assert found["mean_effect"].estimate.value == 0


@pytest.mark.parametrize("probs", [[0.4, 0.6], [0.9, 0.8, 0.7]])
def test_two_labels_and_labels_that_do_not_exclude_each_other_have_none(
    tmp_path: Path, probs: list[float]
) -> None:
    rows = [pair_row(f"t{i}", 0.0, probs_from=probs, probs_to=probs) for i in range(20)]
    assert "total_variation" not in by_metric(findings(write(tmp_path, rows), plan(), [GENDER]))


def test_gains_and_losses_are_the_two_directions_of_a_flip(tmp_path: Path) -> None:
    rows = [pair_row(f"lose {i}", -0.4) for i in range(9)]
    rows += [pair_row(f"gain {i}", 0.4, base=0.3) for i in range(3)]
    rows += [pair_row(f"stay {i}", 0.0) for i in range(48)]
    found = by_metric(findings(write(tmp_path, rows), plan(), [GENDER]))
    values = {name: each.estimate.value for name, each in found.items()}
    assert values["loss_rate"] == pytest.approx(9 / 60)
    assert values["gain_rate"] == pytest.approx(3 / 60)
    assert values["flip_rate"] == pytest.approx(12 / 60)
    assert values["selection_rate_change"] == pytest.approx(-6 / 60)


def test_other_arms_are_findings_without_a_verdict(tmp_path: Path) -> None:
    """Arbitrariness: the placebo flips a decision in 6 of 60 texts."""
    within = Contrast("gender", "man", "man")
    rows = [pair_row(f"t{i}", 0.0) for i in range(60)]
    for i in range(60):
        row = pair_row(f"t{i}", -0.3 if i < 6 else 0.0, text=f"placebo {i}")
        names = {"contrast_id": within.contrast_id, "group_b": "man", "group_to": "man"}
        rows.append(row | names | {"arm": "placebo", "pair_id": f"p{i}"})
    found = findings(write(tmp_path, rows), plan(), [GENDER])
    placebo = by_metric(found, Arm.PLACEBO)
    assert placebo["flip_rate"].estimate.value == pytest.approx(0.1)
    assert placebo["flip_rate"].verdict is None
    assert placebo["flip_rate"].finding_id == "gender.man.man.placebo.flip_rate"
    assert "selection_rate_change" not in placebo
    assert by_metric(found)["flip_rate"].estimate.value == 0


def test_matched_names_are_measured_beside_all_names(tmp_path: Path) -> None:
    """Half of the names are matched, and only the others differ."""
    a = np.full((12, 30), 0.5) + 0.01 * np.arange(12)[:, None]
    b = a - 0.1 * (np.arange(12) >= 6)[:, None]
    rows = [row | {"matched": int(row["term_from"][1:]) < 6} for row in crossed_rows(a, b)]
    found = by_metric(findings(write(tmp_path, rows), plan(), [NAMES]))
    assert found["mean_effect"].estimate.value == pytest.approx(-0.05)
    matched = found["matched_mean_effect"].estimate
    assert matched.value == pytest.approx(0.0, abs=1e-12)
    assert "6 names per group" in matched.method


def test_the_harm_of_the_plan_orders_findings_of_one_verdict(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", -0.3, contrast=GENDER) for i in range(60)]
    rows += [pair_row(f"t{i}", 0.4, base=0.3, contrast=AGE) for i in range(60)]
    pairs = write(tmp_path, rows)
    orders = {
        worse: [f.contrast for f in findings(pairs, plan(worse=worse), [GENDER, AGE])[:2]]
        for worse in ("lower", "higher")
    }
    assert orders == {"lower": [GENDER, AGE], "higher": [AGE, GENDER]}
