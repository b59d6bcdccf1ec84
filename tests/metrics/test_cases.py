"""Cases: which pairs a person is asked to look at, and in which order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.metrics.cases import flag_cases
from auditor.metrics.counted import counted_pairs
from auditor.metrics.measurements import governing
from auditor.plan import AuditPlan
from auditor.schemas import CASES
from tests.metrics.factory import AGE, pair_row, plan, write_pairs


def cases(
    folder: Path, rows: list[dict[str, Any]], options: AuditPlan | None = None
) -> list[dict[str, Any]]:
    chosen = options or plan()
    pairs = write_pairs(folder, rows)
    governs = {name: governing(chosen, name) for name in ("gender", "age")}
    with counted_pairs(pairs) as db:
        table = flag_cases(db, chosen, "m", governs)
    assert table.schema == CASES
    found: list[dict[str, Any]] = table.to_pylist()
    return found


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("base", "effect", "severity"),
    [(0.6, -0.2, "high"), (0.4, 0.2, "medium"), (0.9, -0.2, "medium"), (0.9, -0.04, "low")],
)
def test_severity(tmp_path: Path, base: float, effect: float, severity: str, reverse: bool) -> None:
    """High: B loses the label that A gets. Medium: other flips, effects over delta. Else low."""
    found = cases(tmp_path, [pair_row("t", effect, base=base, reverse=reverse)])
    assert [case["severity"] for case in found] == [severity]
    assert found[0]["size"] == pytest.approx(abs(effect))


def test_flips_and_the_largest_share_are_flagged_most_severe_first(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i:02}", 0.001 * i, base=0.9) for i in range(60)]
    rows += [pair_row("flip", -0.03, base=0.52), pair_row("gain", 0.03, base=0.48)]
    found = cases(tmp_path, rows)
    names = [case["row_id"].removeprefix("row-").removesuffix("-man") for case in found]
    assert names == ["flip", "t59", "t58", "t57", "t56", "gain"]


def test_the_largest_effects_are_those_of_each_attribute(tmp_path: Path) -> None:
    """An attribute with small effects is looked at too."""
    rows = [pair_row(f"t{i}", 0.001 * i, base=0.6) for i in range(40)]
    rows += [pair_row(f"t{i}", 0.005 * i, base=0.6, contrast=AGE) for i in range(40)]
    attributes = [case["attribute"] for case in cases(tmp_path, rows)]
    assert sorted(attributes) == ["age", "age", "gender", "gender"]


def test_the_cap_holds_for_each_attribute_and_keeps_the_worst(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", -0.01 * i, base=0.5 + 0.005 * i) for i in range(1, 40)]
    rows += [pair_row(f"t{i}", -0.3, contrast=AGE) for i in range(5)]
    found = cases(tmp_path, rows, plan(max_cases=3))
    assert [case["attribute"] for case in found].count("age") == 3
    gender = [case for case in found if case["attribute"] == "gender"]
    assert [case["size"] for case in gender] == pytest.approx([0.39, 0.38, 0.37])
    assert {case["sampling_probability"] for case in found} == {1.0}


def test_a_model_that_changes_nothing_has_no_cases(tmp_path: Path) -> None:
    assert cases(tmp_path, [pair_row(f"t{i}", 1e-8 * i) for i in range(40)]) == []


def test_only_valid_swaps_of_the_first_checkpoint_are_flagged(tmp_path: Path) -> None:
    rows = [
        pair_row("t", -0.3),
        pair_row("u", -0.3, validity="ambiguous"),
        pair_row("v", -0.3, arm="placebo"),
        pair_row("t", -0.3, model_id="other"),
    ]
    assert [case["row_id"] for case in cases(tmp_path, rows)] == ["row-t-man"]


def test_a_pair_and_its_reverse_are_one_case(tmp_path: Path) -> None:
    assert len(cases(tmp_path, [pair_row("t", -0.3), pair_row("t", -0.3, reverse=True)])) == 1


def test_ties_are_broken_by_pair_id_whatever_the_order_of_rows(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", -0.3) for i in range(40)]
    forth = cases(tmp_path / "a", rows, plan(max_cases=7))
    assert forth == cases(tmp_path / "b", rows[::-1], plan(max_cases=7))
    assert [c["pair_id"] for c in forth] == sorted(row["pair_id"] for row in rows)[:7]


def test_a_selection_that_changes_without_the_label_is_a_flip(tmp_path: Path) -> None:
    """A cut-off in use may lie elsewhere than where the most probable label changes."""
    row = pair_row("t", -0.01, flip=False, selected_from=True, selected_to=False)
    found = cases(tmp_path, [row, *(pair_row(f"t{i}", 0.02, base=0.9) for i in range(40))])
    assert found[0]["severity"] == "high"
    assert found[0]["reason"] == 'the swap to "woman" loses the favourable label'


def test_no_pairs_give_no_cases(tmp_path: Path) -> None:
    assert cases(tmp_path, []) == []


@pytest.mark.parametrize(
    ("worse", "effect", "severity"),
    [("lower", -0.2, "high"), ("lower", 0.2, "medium"), ("higher", 0.2, "high"),
     ("higher", -0.2, "medium"), ("either", 0.2, "high"), ("either", -0.2, "high")],
)  # fmt: skip
def test_the_plan_says_which_flip_is_the_harm(
    tmp_path: Path, worse: str, effect: float, severity: str
) -> None:
    row = pair_row("t", effect, base=0.5 - effect / 2)
    assert [c["severity"] for c in cases(tmp_path, [row], plan(worse=worse))] == [severity]


def test_a_large_effect_is_large_in_the_unit_of_its_attributes_criterion(tmp_path: Path) -> None:
    """.03 is below .05 as a probability, and more than a tenth of the SD of these scores."""
    rows = [pair_row(f"t{i}", 0.03, base=0.7 + 0.001 * i) for i in range(40)]
    alike = cases(tmp_path / "a", rows)
    own = plan(by_attribute={"gender": {"governing": "standardised_effect"}})
    assert {case["severity"] for case in alike} == {"low"}
    assert {case["severity"] for case in cases(tmp_path / "b", rows, own)} == {"medium"}


def test_rows_that_share_an_id_are_one_case(tmp_path: Path) -> None:
    rows = [pair_row(f"t{i}", -0.3, pair_id="same") for i in range(9)]
    assert len(cases(tmp_path, rows)) <= 9
