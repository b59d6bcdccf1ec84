"""What stands beside the findings, made from records: arms, terms, groups of people, self-test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from auditor.records import (
    Arm,
    AttributeMetric,
    Basis,
    Comparison,
    Contrast,
    Criterion,
    Estimate,
    Finding,
    GroupMetric,
    SelfTest,
    SystematicEffect,
    TermEffect,
    Verdict,
    to_plain,
)

RATE = "difference of rates"
CRITERION = Criterion(0.1, "toolkit convention", "A. Person", "selection_rate_difference")


def estimate(value: float, unit: str = "probability", **changes: Any) -> Estimate:
    """Returns an estimate with an interval of +-.02."""
    made = Estimate(value, value - 0.02, value + 0.02, 640, 32, unit, "t on cluster means")
    return replace(made, **changes)


def beside(groups: Sequence[str], models: Sequence[str]) -> dict[str, Any]:
    """Returns the parts of `Results` that are no findings, as findings.json holds them."""
    contrast = Contrast("gender", "reference", groups[0])
    names = Contrast("race_names", "white", "black")
    parts: dict[str, Any] = {
        "attribute_metrics": [
            AttributeMetric("gender", "counterfactual_token_fairness_gap", m, estimate(0.0313))
            for m in models
        ],
        "terms": [
            TermEffect(contrast, m, f"he{i}", f"<b>she{i}", estimate(-0.21 - i / 100, level=0.9875))
            for m in models
            for i in range(4)
        ],
        "systematic": [
            SystematicEffect(
                c, m, value, estimate(0.211), estimate(0.107), p, "by permuting <names>"
            )
            for m in models
            for c, value, p in ((contrast, 0.1818, None), (names, 0.0313, 0.0496))
        ],
        "self_test": [self_test(planted) for planted in (0.0, 1.0, 2.0)],
        "group_metrics": group_metrics(groups, models),
        "comparisons": [comparison(g, m) for m in models for g in groups[1:3]],
        "data_notes": ["2 rows have <no> weight and count nowhere.", "sex is spelt 'm' and 'M'."],
    }
    return {name: [_plain(each) for each in each_list] for name, each_list in parts.items()}


def findings(groups: Sequence[str], model_id: str) -> list[Finding]:
    """Returns findings of other arms, of matched names, and of groups of people."""
    placebo, mention = Contrast("gender", "a", "a"), Contrast("gender", "unmentioned", groups[0])
    rare, names = Contrast("names", "b", "b"), Contrast("race_names", "white", "black")
    people = Contrast("co<l>umn", "reference", groups[0])
    words = Contrast("placebo", "first", "second")
    return [
        Finding(words, "flip_rate", model_id, estimate(0.0213, "rate"), None, arm=Arm.PLACEBO),
        Finding(placebo, "flip_rate", model_id, estimate(0.0833, "rate"), None, arm=Arm.PLACEBO),
        Finding(mention, "mean_effect", model_id, estimate(-0.0417), None, arm=Arm.UNMENTIONED),
        Finding(rare, "mean_effect", model_id, estimate(-0.0671), None, arm=Arm.FRAGMENTATION),
        Finding(names, "matched_mean_effect", model_id, estimate(-0.0189), None),
        Finding(
            people,
            "true_positive_rate_difference",
            model_id,
            estimate(-0.0741, RATE, level=0.983, n=409, clusters=409),
            None,
            basis=Basis.GROUPS,
        ),
    ]


def judged_groups(groups: Sequence[str], model_id: str) -> list[Finding]:
    """Returns findings of groups of people that have a verdict, each with all that one can have."""
    return [
        Finding(
            Contrast("co<l>umn", "reference", group),
            "selection_rate_difference",
            model_id,
            estimate(-0.08 - i / 100, RATE, level=0.9875, n=333, clusters=333),
            Verdict.INCONCLUSIVE,
            verdict_reason="the 90 % interval [-0.11, -0.05] is not inside ±0.1",
            p_bad=0.2,
            p_bad_adjusted=0.4,
            difference_detected=True,
            interval_90=(-0.1117, -0.0561),
            criterion=CRITERION,
            rule_of_thumb="below four fifths of the highest rate, that of <b> (12 of 40)",
            detectable=0.0913,
            settles="about 2.5 times as many rows would settle it",
            harmful=True,
            basis=Basis.GROUPS,
        )
        for i, group in enumerate(groups)
    ]


def group_metrics(groups: Sequence[str], models: Sequence[str]) -> list[GroupMetric]:
    """Returns rates, errors, scores and gaps; no row has a score for the AUC."""
    column = "co<l>umn"
    bare = {"low": None, "high": None, "reason": "against <b>: descriptive, no interval"}
    per_group = {
        "count": estimate(40.0, "rows", low=None, high=None, reason="a count has no interval"),
        "selection_rate": estimate(0.5123, "rate"),
        "impact_ratio": estimate(0.7996, "ratio", **bare),
        "true_positive_rate": estimate(0.6211, "rate", n=20),
        "standardised_mean_difference_all": estimate(-0.1341, "SD", **bare),
        "subgroup_auc": Estimate.missing("no row has a <score>", unit="AUC"),
    }
    over_all = {
        "demographic_parity_difference": estimate(0.0931, RATE, **bare),
        "average_odds_difference": estimate(-0.0313, RATE, **bare),
        "omnibus_p": estimate(0.0496, "p", **bare),
    }
    return [
        GroupMetric(column, group, metric, each, m)
        for m in models
        for group, metrics in [*((g, per_group) for g in groups), ("all groups", over_all)]
        for metric, each in metrics.items()
    ]


def comparison(group: str, model_id: str) -> Comparison:
    """Returns a group against a reference, in counts."""
    return Comparison(
        column="co<l>umn",
        group=group,
        reference="ref<e>rence",
        model_id=model_id,
        selected=12,
        n=40,
        selected_reference=1015,
        n_reference=2040,
        impact_ratio=estimate(0.79996, "ratio"),
        difference=estimate(-0.1976, RATE),
        z_pooled=-2.4683,
        p_z=0.01357,
        z_hypergeometric=-2.4677,
        p_fisher=0.0004,
        p_fisher_adjusted=0.0496,
        shortfall=7.7481,
        cohen_h=-0.4061,
        one_person_turns=True,
        small_numbers=False,
        rule_of_thumb="below four fifths of the highest rate, that of ref<e>rence (12 of 40)",
    )


def self_test(planted: float) -> SelfTest:
    """Returns the rates of 500 relabelled audits."""
    rates = [estimate(x, "rate of audits", n=500) for x in (0.031, 0.027, 0.413, 0.0117)]
    return SelfTest(planted, 500, 5, *rates)


def _plain(record: Any) -> Any:
    return record if isinstance(record, str) else to_plain(record)
