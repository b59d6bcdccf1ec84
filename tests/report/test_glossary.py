"""The glossary has every metric, and each of its numbers is what the auditor computes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from auditor.metrics.counted import counted_pairs
from auditor.metrics.counterfactual import METRICS
from auditor.metrics.groups import ALL_GROUPS, compare_groups, group_metrics
from auditor.metrics.terms import fairness_gaps
from auditor.metrics.verdicts import holm
from auditor.records import Arm, Comparison, Contrast
from auditor.report.measures import GROUP_FAMILIES
from auditor.report.packs.glossary import glossary
from tests.metrics.factory import (
    AGE,
    GENDER,
    NAMES,
    confusion,
    findings,
    pair_row,
    plan,
    write_pairs,
)
from tests.metrics.groups.factory import contrasts, counts, estimates, table

EFFECTS = (0.08, -0.04, -0.22)
"""Of three texts that score .62 when they speak of the reference."""
CONFUSION = {"A": (40, 10, 10, 40), "B": (24, 6, 16, 54)}
LAW = {"group": (170, 390), "reference": (412, 797)}

Values = Mapping[str, float | None]


def pair(i: int, reverse: bool, contrast: Contrast, true_label: str) -> dict[str, Any]:
    """One of the three texts and its swap, from either side."""
    margins, probs = [0.4, (0.9, 0.3, -0.4)[i]], [[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]]
    sides = [1, 0] if reverse else [0, 1]
    return pair_row(
        f"c{i}",
        EFFECTS[i],
        base=0.62,
        contrast=contrast,
        reverse=reverse,
        label_true=true_label,
        margin_from=margins[sides[0]],
        margin_to=margins[sides[1]],
        probs_from=probs[sides[0]],
        probs_to=probs[sides[1]],
        matched=i != 1,
    )


def pairs(folder: Path, *more: dict[str, Any], label: str = "no", of: Contrast = GENDER) -> Values:
    """Metric -> its value on the three texts; "no" is the label that is good to receive."""
    rows = [pair(i, reverse, of, label) for i in range(3) for reverse in (False, True)]
    found = findings(write_pairs(folder, [*rows, *more]), plan(), [of], favourable=["no"])
    return {f.metric: f.estimate.value for f in found if f.arm is Arm.SWAP}


def fairness_gap(folder: Path) -> float | None:
    rows = [
        {**pair_row("c", effect, base=0.62, text=f"text {i}"), "row_id": "one text"}
        for i, effect in enumerate(EFFECTS)
    ]
    with counted_pairs(write_pairs(folder, rows)) as db:
        (found,) = fairness_gaps(db, 0)
    return found.estimate.value


def swaps(folder: Path) -> Values:
    found, names = pairs(folder / "found"), pairs(folder / "names", of=NAMES)
    # A deserving text of another contrast says which labels are favourable.
    other = pair_row("c9", 0.0, contrast=AGE, label_true="no")
    undeserving = pairs(folder / "undeserving", other, label="yes")
    return {
        **found,
        **{name: value for name, value in names.items() if name.startswith("matched_")},
        "false_positive_rate_change": undeserving["false_positive_rate_change"],
        "counterfactual_token_fairness_gap": fairness_gap(folder / "gap"),
        "systematic_effect": math.sqrt((found["root_mean_square_effect"] or 0) ** 2 - 0.05**2),
    }


def of_people() -> Values:
    found = estimates(confusion(CONFUSION), references={"sex": "A"}, min_rows=2)
    own = {metric: e.value for (group, metric), e in found.items() if group == "B"}
    both = {metric: e.value for (group, metric), e in found.items() if group == ALL_GROUPS}
    return {**own, **both}


def of_law() -> Values:
    (found,) = compare_groups(counts(LAW), plan(references={"sex": "reference"}))
    unknown = {"Female": (555, 1181), "Male": (667, 1390), None: (120, 250)}
    bounds = estimates(counts(unknown), min_rows=2)["Female", "impact_ratio_bounds"]
    assert (round(bounds.low or 0, 3), round(bounds.high or 0, 3)) == (0.812, 1.182)
    numbers = {f.name: getattr(found, f.name) for f in fields(Comparison)}
    return {
        **{name: value for name, value in numbers.items() if isinstance(value, float)},
        "impact_ratio": found.impact_ratio.value,
        "impact_ratio_bounds": bounds.value,
        "p_fisher_adjusted": holm([found.p_fisher, *[1.0] * 5])[0],
    }


def of_scores() -> Values:
    scores = [600.0, 620.0, 640.0, 660.0, 640.0, 660.0, 680.0, 700.0]
    names = ["four"] * 4 + ["reference"] * 4
    frame = table([{"sex": n} for n in names], [True] * 8, score=scores)
    found = estimates(frame, references={"sex": "reference"}, min_rows=2)
    return {metric: e.value for (group, metric), e in found.items() if group == "four"}


def of_bins() -> float | None:
    bins = [(0.1, 20), (0.5, 60), (0.9, 94)]
    cells = [(s, t, hits if t else 100 - hits) for s, hits in bins for t in (True, False)]
    frame = table(
        [{"sex": "B"}] * 6,
        [True] * 6,
        score=[s for s, _, _ in cells],
        label_true=["yes" if t else "no" for _, t, _ in cells],
        weight=[float(n) for _, _, n in cells],
    )
    return estimates(frame, min_rows=2)["B", "expected_calibration_error"].value


def ranking() -> Values:
    rows = [
        ("own", 0.4, "yes"), ("own", 0.8, "yes"), ("own", 0.2, "no"), ("own", 0.6, "no"),
        ("other", 0.3, "no"), ("other", 0.9, "no"), ("other", 0.5, "yes"), ("other", 0.7, "yes"),
    ]  # fmt: skip
    frame = table(
        [{"sex": group} for group, _, _ in rows],
        [True] * len(rows),
        score=[score for _, score, _ in rows],
        label_true=[label for *_, label in rows],
    )
    found = estimates(frame, min_rows=2)
    return {name: found["own", name].value for name in ("subgroup_auc", "bpsn_auc", "bnsp_auc")}


def signed() -> Values:
    frame = confusion(CONFUSION)
    names = [f"{name}_rate_difference" for name in ("selection", "true_positive", "false_positive")]
    return {
        name: contrasts(frame, name, references={"sex": "A"}, governing_groups=name)[
            "B"
        ].estimate.value
        for name in names
    }


def crossed() -> float | None:
    cells = {("woman", "one"): 20, ("man", "one"): 50, ("woman", "two"): 40, ("man", "two"): 50}
    rows = [
        (sex, team, chosen, float(n if chosen else 100 - n))
        for (sex, team), n in cells.items()
        for chosen in (True, False)
    ]
    frame = table(
        [{"sex": sex, "team": team} for sex, team, _, _ in rows],
        [chosen for _, _, chosen, _ in rows],
        weight=[n for *_, n in rows],
    )
    chosen = plan(references={"sex": "man", "team": "two"}, min_rows=2)
    (found,) = [
        m.estimate.value
        for m in group_metrics(frame, chosen, favourable=["yes"])
        if m.metric == "selection_rate_difference_in_differences"
    ]
    return found


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Values:
    scores = of_scores()
    of_score = ("mean_score", "share_above_median", "standardised_mean_difference_pooled",
                "standardised_mean_difference_all")  # fmt: skip
    return {
        **swaps(tmp_path_factory.mktemp("glossary")),
        **of_people(),
        **of_law(),
        **{name: scores[name] for name in of_score},
        "expected_calibration_error": of_bins(),
        **ranking(),
        **signed(),
        "selection_rate_difference_in_differences": crossed(),
    }


@pytest.mark.parametrize("entry", glossary(), ids=lambda e: e.id)
def test_an_example_is_what_the_auditor_computes(entry: Any, computed: Values) -> None:
    digits = 4 if entry.id in {"shortfall"} else 5 if entry.id == "cohen_h" else 6
    assert computed[entry.id] == pytest.approx(entry.value, abs=0.5000001 * 10**-digits)


def test_every_metric_of_the_report_is_explained() -> None:
    known = {entry.id for entry in glossary()}
    people = group_metrics(confusion(CONFUSION), plan(), favourable=["yes"])
    shown = {*METRICS, *(name for each in GROUP_FAMILIES.values() for name in each)}
    assert (shown | {m.metric for m in people}) - known == set()


def test_no_entry_is_there_twice() -> None:
    names = pd.Series([entry.id for entry in glossary()])
    assert not names.duplicated().any()
