"""Agreement with fairlearn, scikit-learn, scipy and statsmodels on whatever they compute too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as fairlearn
from scipy.stats import chi2_contingency
from sklearn.metrics import accuracy_score, precision_score, roc_auc_score
from statsmodels.stats.weightstats import DescrStatsW

from auditor.metrics.groups import ALL_GROUPS, group_metrics
from auditor.records import Estimate
from tests.metrics.factory import plan
from tests.metrics.groups.factory import expanded, numbers, random_table, with_values

NEAR = pytest.approx


@dataclass(frozen=True)
class Audited:
    """A random table, and all that is measured of it."""

    frame: pd.DataFrame
    found: dict[tuple[str, str, str], Estimate]

    def of(self, column: str) -> dict[tuple[str, str], Estimate]:
        return {key[1:]: value for key, value in self.found.items() if key[0] == column}


@pytest.fixture(scope="module", params=range(2))
def audited(request: pytest.FixtureRequest) -> Audited:
    rng = np.random.default_rng(request.param)
    frame = random_table(rng)
    job = rng.choice(["clerk", "cook"], len(frame))
    frame = with_values(frame, "job", list(job))
    found = group_metrics(frame, plan(control=["job"]), favourable=["yes"])
    return Audited(frame, {(m.column, m.group, m.metric): m.estimate for m in found})


def theirs(frame: pd.DataFrame, features: str | list[str] = "sex") -> dict[str, Any]:
    """What fairlearn's functions are given."""
    known = pd.DataFrame(list(frame["protected"]))
    return {
        "y_true": (frame["label_true"] == "yes").astype(int),
        "y_pred": frame["selected"].astype(int),
        "sensitive_features": known[features],
        "sample_weight": frame["weight"],
    }


BY_GROUP: dict[str, Callable[..., Any]] = {
    "selection_rate": fairlearn.selection_rate,
    "true_positive_rate": fairlearn.true_positive_rate,
    "false_positive_rate": fairlearn.false_positive_rate,
    "false_negative_rate": fairlearn.false_negative_rate,
    "true_negative_rate": fairlearn.true_negative_rate,
    "accuracy": accuracy_score,
    "precision": precision_score,
}


def metric_frame(given: dict[str, Any], name: str, **more: Any) -> Any:
    return fairlearn.MetricFrame(
        metrics=BY_GROUP[name],
        y_true=given["y_true"],
        y_pred=given["y_pred"],
        sensitive_features=given["sensitive_features"],
        sample_params={"sample_weight": given["sample_weight"]},
        **more,
    )


@pytest.mark.parametrize("name", BY_GROUP)
def test_rates_are_those_of_a_metric_frame(audited: Audited, name: str) -> None:
    found = audited.of("sex")
    for group, value in metric_frame(theirs(audited.frame), name).by_group.items():
        assert found[group, name].value == NEAR(value, abs=1e-10)


def test_the_rates_that_fairlearn_lacks_are_what_they_say(audited: Audited) -> None:
    found, given = audited.of("sex"), theirs(audited.frame)
    women = given["sensitive_features"] == "woman"
    truth, chosen, weight = (given[k][women] for k in ("y_true", "y_pred", "sample_weight"))
    omitted = np.average(truth[chosen == 0], weights=weight[chosen == 0])
    assert found["woman", "false_omission_rate"].value == NEAR(omitted, abs=1e-10)
    assert found["woman", "negative_predictive_value"].value == NEAR(1 - omitted, abs=1e-10)
    base = np.average(truth, weights=weight)
    assert found["woman", "base_rate"].value == NEAR(base, abs=1e-10)


OVER_ALL: dict[str, Callable[..., float]] = {
    "demographic_parity_difference": fairlearn.demographic_parity_difference,
    "demographic_parity_ratio": fairlearn.demographic_parity_ratio,
    "equalized_odds_difference": fairlearn.equalized_odds_difference,
    "equalized_odds_difference_mean": lambda *args, **kwargs: fairlearn.equalized_odds_difference(
        *args, agg="mean", **kwargs
    ),
    "equalized_odds_ratio": fairlearn.equalized_odds_ratio,
    "equal_opportunity_difference": fairlearn.equal_opportunity_difference,
    "equal_opportunity_ratio": fairlearn.equal_opportunity_ratio,
}


@pytest.mark.parametrize("column", ["sex", "race", "sex*race"])
@pytest.mark.parametrize("name", OVER_ALL)
def test_gaps_and_ratios_are_fairlearns(audited: Audited, name: str, column: str) -> None:
    ours = audited.of(column)[ALL_GROUPS, name]
    given = theirs(audited.frame, column.split("*"))
    assert ours.value == NEAR(OVER_ALL[name](**given), abs=1e-10)
    assert ours.low is None
    assert "by chance alone" in str(ours.reason)


def test_predictive_parity_is_the_gap_of_precision(audited: Audited) -> None:
    ours = audited.of("sex")[ALL_GROUPS, "predictive_parity_difference"]
    assert ours.value == NEAR(
        metric_frame(theirs(audited.frame), "precision").difference(), abs=1e-10
    )


def test_average_odds_are_of_two_groups_and_signed(audited: Audited) -> None:
    """AIF360: the unprivileged group less the privileged, here the larger one."""
    found = audited.of("sex")
    rates = ("true_positive_rate", "false_positive_rate")
    woman, man = ([found[g, r].value or 0.0 for r in rates] for g in ("woman", "man"))
    expected = np.mean(np.subtract(woman, man))
    assert found[ALL_GROUPS, "average_odds_difference"].value == NEAR(expected, abs=1e-10)
    assert (ALL_GROUPS, "average_odds_difference") not in audited.of("race")


def test_control_features_are_fairlearns(audited: Audited) -> None:
    job = pd.Series([row["job"] for row in audited.frame["protected"]], name="job")
    table = metric_frame(theirs(audited.frame), "true_positive_rate", control_features=job)
    for (control, group), value in table.by_group.items():
        ours = audited.of(f"sex within job={control}")
        assert ours[group, "true_positive_rate"].value == NEAR(value, abs=1e-10)
    for control, gap in table.difference().items():
        ours = audited.of(f"sex within job={control}")
        assert ours[ALL_GROUPS, "equal_opportunity_difference"].value == NEAR(gap, abs=1e-10)


def test_subgroup_auc_is_scikit_learns_with_weights(audited: Audited) -> None:
    given = theirs(audited.frame)
    for group in ("man", "woman"):
        rows = given["sensitive_features"] == group
        expected = roc_auc_score(
            given["y_true"][rows],
            audited.frame["score"][rows],
            sample_weight=audited.frame["weight"][rows],
        )
        assert audited.of("sex")[group, "subgroup_auc"].value == NEAR(expected, abs=1e-10)


def test_bpsn_and_bnsp_rank_the_background_with_the_unfavourable_label_as_positive(
    audited: Audited,
) -> None:
    given, found = theirs(audited.frame), audited.of("sex")
    inside, bad = given["sensitive_features"] == "woman", given["y_true"] == 0
    for name, rows in (
        ("bpsn_auc", (~inside & bad) | (inside & ~bad)),
        ("bnsp_auc", (inside & bad) | (~inside & ~bad)),
    ):
        expected = roc_auc_score(
            bad[rows], 1 - audited.frame["score"][rows], sample_weight=audited.frame["weight"][rows]
        )
        assert found["woman", name].value == NEAR(expected, abs=1e-10)


def test_mean_scores_have_the_interval_of_statsmodels(audited: Audited) -> None:
    women = np.array([row["sex"] == "woman" for row in audited.frame["protected"]])
    stats = DescrStatsW(audited.frame["score"][women], weights=audited.frame["weight"][women])
    ours = audited.of("sex")["woman", "mean_score"]
    assert ours.value == NEAR(float(stats.mean), abs=1e-10)
    assert (ours.low, ours.high) == NEAR(stats.tconfint_mean(), abs=1e-10)


def test_the_omnibus_test_is_scipys(audited: Audited) -> None:
    known = pd.DataFrame(list(audited.frame["protected"]))
    chosen = audited.frame["selected"].astype(bool)
    counted = audited.frame["weight"].groupby([known["race"], chosen]).sum()
    test = chi2_contingency(counted.unstack(), correction=False)
    found = audited.of("race")
    assert found[ALL_GROUPS, "omnibus_chi_square"].value == NEAR(test.statistic, abs=1e-10)
    assert found[ALL_GROUPS, "omnibus_p"].value == NEAR(test.pvalue, abs=1e-10)


@pytest.mark.parametrize("clustered", [False, True])
def test_a_table_of_counts_equals_the_table_of_rows_in_every_number(
    audited: Audited, clustered: bool
) -> None:
    frame = audited.frame.copy()
    if clustered:
        frame["cluster"] = [f"author {i % 40}" for i in range(len(frame))]
    counted, rows = (
        {
            (m.column, m.group, m.metric): (numbers(m.estimate), m.estimate.method)
            for m in group_metrics(each, plan(), favourable=["yes"])
        }
        for each in (frame, expanded(frame))
    )
    assert counted == rows
    assert sum(value[0] is not None for value, _ in counted.values()) > 200
