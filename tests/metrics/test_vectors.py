"""The project's table of worked examples, to the printed digits, through the real paths.

The tables of 6 RCNY 5-301 are read as counts from a file, as a user would give them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from auditor.metrics.counted import counted_pairs
from auditor.metrics.groups import ALL_GROUPS, compare_groups, group_metrics
from auditor.metrics.groups.calibration import calibration_bins, expected_calibration_error
from auditor.metrics.groups.rates import wilson
from auditor.metrics.groups.scores import Sd, standardised_mean_difference
from auditor.metrics.groups.unknown import Counts, unknown_bounds
from auditor.metrics.power import people_per_group
from auditor.metrics.terms import fairness_gaps
from auditor.plan import DataPlan
from auditor.records import Comparison, Estimate
from auditor.sources import read_predictions
from tests.metrics.factory import confusion, pair_row, plan, write_pairs
from tests.metrics.groups.factory import counts, group_table, table

Rows = list[dict[str, Any]]
Found = dict[tuple[str, str], Estimate]
LL144 = [
    (kind, table)
    for kind in ("selection", "scoring")
    for table in ("sex", "race_ethnicity", "intersectional")
]
PAIRWISE = (
    "eeoc_qa_48of80_vs_12of40", "eeoc_qa_small_1of10_vs_3of20", "one_moved_2of10_vs_2of20",
    "large_n_small_gap", "ll144_black_vs_white", "ll144_female_vs_male",
    "ll144_male_black_vs_male_white", "ll144_female_native_vs_male_white", "morris_2of10_vs_15of25",
    "air_060", "scoring_female_vs_male", "scoring_asianF_vs_hispM",
)  # fmt: skip


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, Any]:
    path = shared / "rules" / "test-vectors.json"
    if not path.is_file():
        pytest.skip("no test-vectors.json beside the checkout")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def hits(row: dict[str, Any]) -> int:
    return int(row["selected"] if "selected" in row else row["above_median"])


def as_predictions(folder: Path, rows: Rows, unknown: tuple[int, int] = (0, 0)) -> pd.DataFrame:
    """Writes a table of counts and reads it; an intersection as two columns."""
    crossed = "|" in rows[0]["category"]
    columns = ["race", "sex"] if crossed else ["group"]
    cells = [(row["category"], hits(row), row["n"] - hits(row)) for row in rows]
    cells += [("|" if crossed else "", *unknown)] if any(unknown) else []
    lines = [
        [*(category.split("|") if crossed else [category]), word, str(count)]
        for category, *both in cells
        for word, count in zip(("yes", "no"), both, strict=True)
    ]
    table = pd.DataFrame(lines, columns=[*columns, "selected", "n"])
    table.to_csv(folder / "counts.csv", index=False)
    data = DataPlan(
        predictions=str(folder / "counts.csv"),
        protected=tuple(columns),
        outcome="selected",
        weight="n",
    )
    read: pd.DataFrame = pd.concat([t.to_pandas() for t in read_predictions(data)])
    return read


def measured(frame: pd.DataFrame, column: str, **options: Any) -> Found:
    found = group_metrics(frame, plan(min_rows=2, **options), favourable=["yes"])
    return {(m.group, m.metric): m.estimate for m in found if m.column == column}


def number(estimate: Estimate) -> float:
    assert estimate.value is not None
    return estimate.value


def printed(text: str) -> tuple[float, float]:
    """A printed number, and one unit of its last digit."""
    digits = text.removesuffix("%")
    unit = 10.0 ** -len(digits.partition(".")[2])
    scale = 0.01 if text.endswith("%") else 1.0
    return float(digits) * scale, unit * scale


@pytest.mark.parametrize(("kind", "name"), LL144)
def test_the_tables_of_the_new_york_rule(
    vectors: dict[str, Any], tmp_path: Path, kind: str, name: str
) -> None:
    table = vectors[f"ll144_{kind}"]["tables"][name]
    unknown = vectors[f"ll144_{kind}"]["unknown_count"]
    frame = as_predictions(tmp_path, table["rows"], (unknown, 0))
    column = "race*sex" if name == "intersectional" else "group"
    found = measured(frame, column)
    assert found["unknown", "count"].value == unknown
    known = {group for group, _ in found} - {"unknown", ALL_GROUPS}
    assert len(known) == len(table["rows"])
    assert sum(number(found[g, "count"]) for g in known) == table["n_total"]
    for row in table["rows"]:
        group = row["category"].replace("|", "+")
        assert found[group, "count"].value == row["n"]
        assert number(found[group, "selection_rate"]) == pytest.approx(row["rate"], abs=5e-7)
        assert number(found[group, "impact_ratio"]) == pytest.approx(row["impact_ratio"], abs=5e-7)
        ratio, unit = printed(row["printed_ir"])
        assert number(found[group, "impact_ratio"]) == pytest.approx(ratio, abs=unit / 2 + 1e-9)
        # 18/28 is printed as 64.2 %: cut, not rounded.
        rate, unit = printed(row["printed_rate"])
        assert number(found[group, "selection_rate"]) == pytest.approx(rate, abs=unit)
        if "share" in row:
            assert number(found[group, "share"]) == pytest.approx(row["share"], abs=5e-7)
            assert (number(found[group, "share"]) < 0.02) == row["below_2pct"]


def compared(case: dict[str, Any]) -> Comparison:
    groups = {name: (case[name]["selected"], case[name]["n"]) for name in ("focal", "reference")}
    chosen = plan(references={"sex": "reference"})
    (found,) = compare_groups(counts(groups), chosen)
    return found


@pytest.mark.parametrize("name", PAIRWISE)
def test_two_groups_in_the_numbers_of_law(vectors: dict[str, Any], name: str) -> None:
    case = vectors["pairwise"][name]
    found = compared(case)
    assert number(found.impact_ratio) == pytest.approx(case["impact_ratio"], abs=5e-7)
    assert number(found.difference) == pytest.approx(case["difference"], abs=5e-7)
    assert found.z_pooled == pytest.approx(case["z_pooled"], abs=5e-7)
    assert found.p_z == pytest.approx(case["p_z_two_sided"], rel=5e-6)
    assert found.z_hypergeometric == pytest.approx(case["z_hypergeometric"], abs=5e-7)
    assert found.p_fisher == pytest.approx(case["fisher_two_sided_p"], rel=5e-6)
    assert found.shortfall == pytest.approx(case["shortfall"], abs=5e-5)
    assert found.cohen_h == pytest.approx(case["cohen_h"], abs=5e-6)
    for estimate, key in (
        (found.impact_ratio, "ir_ci95_katz_log"),
        (found.difference, "diff_ci95_newcombe"),
    ):
        assert (estimate.low, estimate.high) == pytest.approx(case[key], abs=5e-7)


def test_every_pair_is_tested(vectors: dict[str, Any]) -> None:
    assert set(vectors["pairwise"]) == set(PAIRWISE)


@pytest.mark.parametrize("name", ["race_ethnicity", "intersectional"])
def test_holm_and_the_omnibus_test(vectors: dict[str, Any], tmp_path: Path, name: str) -> None:
    case = vectors["multiplicity"][f"ll144_selection_{name}"]
    frame = as_predictions(tmp_path, vectors["ll144_selection"]["tables"][name]["rows"])
    column = "race*sex" if name == "intersectional" else "group"
    by_group = {c.group: c for c in compare_groups(frame, plan()) if c.column == column}
    for test in case["tests"]:
        found = by_group[test["category"].replace("|", "+")]
        assert found.reference == case["reference"].replace("|", "+")
        assert found.p_fisher == pytest.approx(test["fisher_p"], rel=5e-6)
        assert found.p_fisher_adjusted == pytest.approx(test["holm_p"], rel=5e-6)
    omnibus = measured(frame, column)
    chi_square = omnibus[ALL_GROUPS, "omnibus_chi_square"]
    assert chi_square.value == pytest.approx(case["omnibus_chi2"], abs=5e-5)
    assert f"df {case['df']}" in chi_square.method
    assert omnibus[ALL_GROUPS, "omnibus_p"].value == pytest.approx(case["omnibus_p"], abs=5e-7)


def test_wilson(vectors: dict[str, Any]) -> None:
    for share, interval in vectors["wilson95"].items():
        selected, n = (int(part) for part in share.split("/"))
        assert wilson(selected, n) == pytest.approx(interval, abs=5e-7)


def test_people_needed_to_find_four_fifths(vectors: dict[str, Any]) -> None:
    for rate, n in vectors["power_n_per_group_ir080_80pct_5pct_two_sided"].items():
        assert people_per_group(float(rate), 0.8) == n


def test_bounds_of_unknown_groups(vectors: dict[str, Any], tmp_path: Path) -> None:
    """By the whole path where the decisions of the unknown are given, else by both extremes."""
    rows = vectors["ll144_selection"]["tables"]["sex"]["rows"]
    unknown = vectors["ll144_selection"]["unknown_count"]
    male, female = (Counts(row["selected"], row["n"]) for row in rows)
    expected = vectors["unknown_bounds_sex"]
    none = unknown_bounds(female, male, Counts(0, unknown)) or (0, 0)
    every = unknown_bounds(female, male, Counts(unknown, unknown)) or (0, 0)
    assert none[0] == pytest.approx(expected["all_unknown_unselected_women"], abs=5e-7)
    assert every[0] == pytest.approx(expected["all_unknown_selected_men"], abs=5e-7)
    known = vectors["unknown_bounds_sex_decisions_known"]
    split = (known["hypothetical_unknown_selected"], known["hypothetical_unknown_not_selected"])
    found = measured(as_predictions(tmp_path, rows, split), "group")
    bounds = found["Female", "impact_ratio_bounds"]
    assert bounds.value == pytest.approx(expected["base"], abs=5e-7)
    assert bounds.low == pytest.approx(known["female_ir_min"], abs=5e-7)
    assert bounds.high == pytest.approx(known["female_to_male_ratio_max"], abs=5e-7)


SHORT = {
    "n": "count", "selection_rate": "selection_rate", "base_rate": "base_rate",
    "tpr": "true_positive_rate", "fnr": "false_negative_rate", "fpr": "false_positive_rate",
    "tnr": "true_negative_rate", "ppv": "precision", "npv": "negative_predictive_value",
    "for": "false_omission_rate", "accuracy": "accuracy",
}  # fmt: skip


def test_confusion_tables(vectors: dict[str, Any]) -> None:
    case = vectors["confusion"]
    cells = {g: tuple(case[g]["counts"][k] for k in ("TP", "FP", "FN", "TN")) for g in "AB"}
    found = measured(confusion(cells), "sex", references={"sex": "A"})
    for group in "AB":
        expected = case[group]["metrics"]
        values = {key: number(found[group, name]) for key, name in SHORT.items()}
        values["fdr"] = 1 - values["ppv"]
        assert values == pytest.approx(expected, abs=5e-7)
    fairness = dict(case["fairness"])
    for name, short in (("fnr", "fnr"), ("fpr", "fpr"), ("for", "for")):
        a, b = (number(found[group, SHORT[short]]) for group in "AB")
        assert b / a == pytest.approx(fairness.pop(f"{name}_ratio_B_over_A"), abs=5e-7)
    renamed: dict[str, str] = {
        "equalized_odds_difference_worst_case": "equalized_odds_difference",
        "average_odds_difference_B_minus_A": "average_odds_difference",
    }
    for name, value in fairness.items():
        ours = found[ALL_GROUPS, renamed.get(str(name), str(name))]
        assert ours.value == pytest.approx(value, abs=5e-7)


def test_equal_error_rates_and_unequal_base_rates_exclude_predictive_parity(
    vectors: dict[str, Any],
) -> None:
    case = vectors["impossibility"]
    cells = {}
    for group in "AB":
        positives = round(case["n"] * case[f"base_rate_{group}"])
        negatives = case["n"] - positives
        tp, fp = round(positives * case["tpr"]), round(negatives * case["fpr"])
        cells[group] = (tp, fp, positives - tp, negatives - fp)
    found = measured(confusion(cells), "sex")
    for group in "AB":
        assert found[group, "true_positive_rate"].value == case["tpr"]
        assert found[group, "false_positive_rate"].value == case["fpr"]
        precision = number(found[group, "precision"])
        assert precision == pytest.approx(case[f"ppv_{group}"], abs=5e-7)


def test_standardised_mean_difference_under_each_sd(vectors: dict[str, Any]) -> None:
    case = vectors["smd"]
    protected, reference = case["protected"], case["reference"]
    names = ["protected"] * len(protected) + ["reference"] * len(reference)
    frame = table([{"sex": n} for n in names], [True] * len(names), score=protected + reference)
    rows = group_table(frame)
    parts = [rows.only(rows.of(name)) for name in ("protected", "reference")]
    keys: dict[Sd, str] = {
        "pooled": "pooled_sample_sd",
        "all": "all_sample_sd",
        "all_population": "all_population_sd",
    }
    for sd, key in keys.items():
        value = standardised_mean_difference(parts[0], parts[1], rows, sd)
        assert value == pytest.approx(case[key], abs=5e-7)
    found = measured(frame, "sex", references={"sex": "reference"})
    for sd in ("pooled", "all"):
        value = found["protected", f"standardised_mean_difference_{sd}"].value
        assert value == pytest.approx(case[keys[sd]], abs=5e-7)
    means = [number(found[name, "mean_score"]) for name in ("protected", "reference")]
    assert means[0] - means[1] == case["mean_difference"]


def test_counterfactual_gap(vectors: dict[str, Any], tmp_path: Path) -> None:
    """One text and its three swaps: the gap of Garg et al. through the scored pairs."""
    case = vectors["counterfactual_gap"]
    base, scores = case["f_original"], np.array(case["f_counterfactuals"])
    rows = [
        pair_row("c", float(score - base), base=base, row_id="r", text=f"text {i}")
        for i, score in enumerate(scores)
    ]
    rows = [{**row, "row_id": "one text"} for row in rows]
    with counted_pairs(write_pairs(tmp_path, rows)) as db:
        (found,) = fairness_gaps(db, 0)
    assert number(found.estimate) == pytest.approx(case["mean_abs_gap"], abs=5e-7)
    assert np.abs(scores - base).max() == pytest.approx(case["max_abs_gap"])
    assert (scores - base).mean() == pytest.approx(case["signed_mean_cf_minus_orig"])
    assert np.mean((scores >= 0.5) != (base >= 0.5)) == pytest.approx(
        case["flip_rate_at_0_5"], abs=5e-7
    )


def test_calibration_error(vectors: dict[str, Any]) -> None:
    case = vectors["calibration"]
    rows = [
        (group, score, truth, float(positives if truth else n - positives))
        for group, bins in case["bins_mean_score_n_positives"].items()
        for score, n, positives in bins
        for truth in (True, False)
    ]
    frame = table(
        [{"sex": group} for group, *_ in rows],
        [score > 0.5 for _, score, _, _ in rows],
        score=[score for _, score, _, _ in rows],
        label_true=["yes" if truth else "no" for _, _, truth, _ in rows],
        weight=[weight for *_, weight in rows],
    )
    found = measured(frame, "sex")
    for group, value in case["ece"].items():
        estimate = found[group, "expected_calibration_error"]
        assert estimate.value == pytest.approx(value, abs=5e-7)
        assert estimate.method == "10 equal-width bins of the score"
        mine = [row for row in rows if row[0] == group]
        bins = calibration_bins(
            np.array([row[1] for row in mine]),
            np.array([row[2] for row in mine]),
            np.array([row[3] for row in mine]),
        )
        assert expected_calibration_error(bins) == pytest.approx(value, abs=5e-7)
        assert group == "A" or all(each.rate > each.mean_score for each in bins)


def test_four_rates_and_who_is_below_four_fifths(vectors: dict[str, Any]) -> None:
    case = vectors["eeoc_qa_four_rates"]
    frame = counts({name: (round(rate * 100), 100) for name, rate in case["rates"].items()})
    found = compare_groups(frame, plan())
    assert {c.group: number(c.impact_ratio) for c in found} == pytest.approx(
        {name: ratio for name, ratio in case["impact_ratios"].items() if ratio < 1}
    )
    flagged = [c.group for c in found if str(c.rule_of_thumb).startswith("below four fifths")]
    assert flagged == case["flagged"]


def test_the_float_trap(vectors: dict[str, Any]) -> None:
    case = vectors["float_trap"]
    found = compared(case)
    focal, reference = case["focal"], case["reference"]
    ratio = (focal["selected"] / focal["n"]) / (reference["selected"] / reference["n"])
    assert str(ratio) == case["float_ratio"]
    assert (ratio < 0.8) is case["naive_float_below_0_8"]
    assert found.rule_of_thumb is not None
    below = found.rule_of_thumb.startswith("below")
    assert below is case["correct_below_four_fifths"]
    assert found.impact_ratio.value == 0.8


def test_no_vector_is_forgotten(vectors: dict[str, Any]) -> None:
    assert set(vectors) == {
        "_about", "ll144_selection", "ll144_scoring", "pairwise", "multiplicity", "wilson95",
        "power_n_per_group_ir080_80pct_5pct_two_sided", "unknown_bounds_sex",
        "unknown_bounds_sex_decisions_known", "confusion", "impossibility", "smd",
        "counterfactual_gap", "calibration", "eeoc_qa_four_rates", "float_trap",
    }  # fmt: skip
