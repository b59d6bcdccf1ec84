"""Tables of outcomes: read with their groups and counts, refused with all problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.errors import DataError
from auditor.plan import DataPlan
from auditor.sources import read_predictions


def rows(
    path: Path, content: str, *, cutoff: float | None = None, **options: Any
) -> list[dict[str, Any]]:
    path.write_text(content, encoding="utf-8")
    given = {"outcome": "hired", "protected": ("sex",), **options}
    tables = read_predictions(DataPlan(predictions=str(path), **given), cutoff)
    return [row for table in tables for row in table.to_pylist()]


def test_counts_outcomes_and_groups_are_read(tmp_path: Path) -> None:
    found = rows(tmp_path / "t.csv", "sex,hired,n\nf,yes,40\nm,0,2.5\n,1,1\n", weight="n")
    assert [row["selected"] for row in found] == [True, False, True]
    assert [row["weight"] for row in found] == [40.0, 2.5, 1.0]
    assert [dict(row["protected"])["sex"] for row in found] == ["f", "m", None]


def test_controls_stand_beside_the_protected_columns(tmp_path: Path) -> None:
    found = rows(tmp_path / "t.csv", "sex,hired,job\nf,1,clerk\nm,0,\n", control=("job",))
    assert [dict(row["protected"]) for row in found] == [
        {"sex": "f", "job": "clerk"},
        {"sex": "m", "job": None},
    ]


def test_a_score_may_stand_beside_the_outcome(tmp_path: Path) -> None:
    found = rows(tmp_path / "t.csv", "sex,hired,p\nf,1,.75\nm,0,\n", score="p")
    assert [row["score"] for row in found] == [0.75, None]


def test_scores_are_selected_above_the_median_and_ties_are_not_above(tmp_path: Path) -> None:
    content = "sex,hired\nf,1\nm,2\nf,2\nm,3\nf,2\n"
    found = rows(tmp_path / "t.csv", content, outcome_is="score")
    assert [row["selected"] for row in found] == [False, False, False, True, False]
    assert [row["score"] for row in found] == [1, 2, 2, 3, 2]
    assert [row["label_pred"] for row in found][2:4] == ["not selected", "selected"]


def test_the_median_is_of_the_rows_counted(tmp_path: Path) -> None:
    content = "sex,hired,n\nf,1,1\nm,2,1\nf,3,5\nm,4,1\nf,9,-50\nf,9,\n"
    found = rows(tmp_path / "t.csv", content, outcome_is="score", weight="n")
    assert [row["selected"] for row in found] == [False, False, False, True, True, True]


def test_scores_are_selected_at_the_cutoff_in_use(tmp_path: Path) -> None:
    content = "sex,hired\nf,1.5\nm,2\nf,3\n"
    found = rows(tmp_path / "t.csv", content, outcome_is="score", cutoff=2)
    assert [row["selected"] for row in found] == [False, True, True]


def test_without_any_weight_no_score_is_selected(tmp_path: Path) -> None:
    content = "sex,hired,n\nf,1.5,0\nm,2,-1\n"
    found = rows(tmp_path / "t.csv", content, outcome_is="score", weight="n")
    assert [row["selected"] for row in found] == [None, None]


def test_what_is_odd_but_not_false_is_kept_as_it_is_given(tmp_path: Path) -> None:
    content = "sex,hired,n\nMale,1,-3\nmale ,0,\nFemale,1,2\n"
    found = rows(tmp_path / "t.csv", content, weight="n")
    assert [row["weight"] for row in found] == [-3.0, None, 2.0]
    assert [dict(row["protected"])["sex"] for row in found] == ["Male", "male ", "Female"]


def test_numbers_with_a_decimal_point_are_outcomes(tmp_path: Path) -> None:
    """As pandas writes a column of 1 and 0 that had a gap."""
    found = rows(tmp_path / "t.csv", "sex,hired\nf,1.0\nm,0.0\nf,\n")
    assert [row["selected"] for row in found] == [True, False, None]
    assert [row["label_pred"] for row in found] == ["1.0", "0.0", None]


@pytest.mark.parametrize("gap", ["", " ", "NA", "nan", "null"])
def test_a_row_without_an_outcome_is_kept_undecided(tmp_path: Path, gap: str) -> None:
    content = f"sex,hired\nf,1\nm,{gap}\nf,3\nm,2\n"
    selected = rows(tmp_path / "t.csv", content.replace("3", "0").replace("2", "0"))
    assert [row["selected"] for row in selected] == [True, None, False, False]
    scored = rows(tmp_path / "t.csv", content, outcome_is="score")
    assert [row["selected"] for row in scored] == [False, None, True, False]  # the median is 2
    cut = rows(tmp_path / "t.csv", content, outcome_is="score", cutoff=-1)
    assert [row["selected"] for row in cut] == [True, None, True, True]
    assert cut[1]["score"] is None


def test_problems_that_are_alike_are_one(tmp_path: Path) -> None:
    content = "sex,hired\n" + "f,1\n" * 3 + "m,2\n" * 74 + "f,maybe\n"
    with pytest.raises(DataError) as caught:
        rows(tmp_path / "t.csv", content)
    head, many, one = str(caught.value).splitlines()
    assert head.endswith(": 2 problems")
    advice = (
        'recode as 1/0 or yes/no or, if these are scores, say outcome_is = "score" with a cutoff'
    )
    assert many == f"  - 74 rows have outcome '2', the first is row 3; {advice}"
    assert one == f"  - row 77 has outcome 'maybe'; {advice}"


def test_a_column_of_scores_taken_for_outcomes_is_refused_in_a_few_lines(tmp_path: Path) -> None:
    content = "sex,hired\n" + "".join(f"f,{i + 2}\n" for i in range(1_500))
    with pytest.raises(DataError, match="1001 problems") as caught:
        rows(tmp_path / "t.csv", content)
    assert len(str(caught.value).splitlines()) == 22


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("sex,hired\nf,perhaps\n", {}, "row 0 has outcome 'perhaps'; recode as 1/0 or yes/no"),
        ("sex,hired\nf,\nm,\n", {}, "no row has an outcome in column 'hired'"),
        ("sex,hired,n\nf,1,many\n", {"weight": "n"}, "row 0 has weight 'many'; this is not a num"),
        ("sex,hired,p\nf,1,high\n", {"score": "p"}, "row 0 has score 'high'; this is not a num"),
        ("sex,hired\nf,yes\n", {"outcome_is": "score"}, "row 0 has outcome 'yes'; this is not"),
        ("sex,hired\nf,inf\n", {"outcome_is": "score"}, "row 0 has outcome 'inf'; this is not"),
        ("sex,n\nf,1\n", {}, r"no column 'hired' \(outcome\)"),
        ("hired\n1\n", {}, r"no column 'sex' \(protected\)"),
        ("sex,hired\nf,1\n", {"control": ("job",)}, r"no column 'job' \(control\)"),
        ("sex,hired\nf,x\nm,z\n", {}, "2 problems"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, content: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        rows(tmp_path / "t.csv", content, **options)
