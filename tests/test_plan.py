"""A plan is checked whole, keeps every default in one place, and hashes what it says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import PlanError
from auditor.plan import AuditPlan
from auditor.plan_file import (
    check_plan,
    option_sections,
    plan_from_options,
    plan_template,
    read_plan,
)

SECTIONS = ("data", "swaps", "scoring", "metrics", "harm", "cases", "attributions", "circuits")


def test_all_problems_are_said_at_once_one_line_each() -> None:
    with pytest.raises(PlanError) as caught:
        check_plan({"seed": -1, "scoring": {"devise": "cpu"}, "metrics": {"delta": "x"}}, "p.toml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "p.toml: 3 problems"
    assert any("seed" in x and "-1" in x for x in lines)
    assert any("scoring.devise: no such option" in x for x in lines)
    assert any("metrics.delta" in x and "'x'" in x for x in lines)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": "a", "pairs": "b"}, "path and pairs are given; give one of"),
        ({"predictions": "p"}, "predictions need an outcome"),
        ({"predictions": "p", "outcome": "o"}, "at least one protected column"),
        ({"attributes": ["gender"], "task_concerns": ["gender"]}, "the task's own target"),
        ({"attributes": ["gender*age"], "task_concerns": ["gender"]}, "the task's own target"),
        ({"governing": "mean_effect"}, "mean_effect is in units of the score.*give delta"),
        ({"by_attribute": {"gender": {"governing": "mean_margin_effect"}}}, "by_attribute.gender"),
        ({"by_attribute": {"gendr": {"delta": 0.1}}}, "names gendr, which this audit does not"),
        (
            {"by_attribute": {"gender": {"governing": "selection_rate_difference"}}},
            "by_attribute.gender.governing",
        ),
        ({"by_column": {"sex": {"delta": 0.1}}}, "by_column names sex, which this audit does not"),
        ({"attributes": ["gender_names"], "task_concerns": ["gender"]}, "the task's own target"),
        ({"predictions": "p", "outcome": "o", "protected": "s", "text": "t"}, "drop text"),
        ({"governing": "flip_rate"}, "governing"),
        ({"delta": 5}, "a delta of 5 accepts any difference of rates"),
        ({"protected": "sex", "by_column": {"sex": {"delta": 1.0}}}, "a delta of 1 accepts any"),
        ({"models": [{"id": "m"}, {"id": "m"}]}, "named twice: m"),
        ({"models": [{"id": ""}]}, "models.0.id"),
        ({"min_clusters": 7}, "min_clusters"),
        ({"dtype": "int8"}, "dtype"),
        ({"trust_remote_code": "yes"}, "unknown option trust_remote_code"),
    ],
)
def test_what_is_not_accepted_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        plan_from_options(**options)


def test_an_options_name_has_one_home() -> None:
    """Python and the command line give flat options; two of a name would collide."""
    fields = [
        name for section in SECTIONS for name in type(getattr(AuditPlan(), section)).model_fields
    ]
    assert len(fields) == len(set(fields))
    assert set(fields) <= option_sections().keys()


@pytest.mark.parametrize("section", SECTIONS)
def test_every_option_is_described(section: str) -> None:
    for name, info in type(getattr(AuditPlan(), section)).model_fields.items():
        assert info.description, name
        assert len(info.description) > 20, name


def test_the_template_reads_back_to_the_same_plan() -> None:
    plan = plan_from_options(
        models=[{"id": 'a "quoted" \\ model'}], path="d.csv", text="tëxt\n2", favourable=["ok", 1],
        references={"gender": "female"}, cutoff=0.25, offline=True, name="näme",
        by_attribute={"religion": {"governing": "mean_effect", "delta": 0.2}},
        harmed="applicants", worse="either",
    )  # fmt: skip
    assert check_plan(tomllib.loads(plan_template(plan)), "template") == plan


def test_the_hash_depends_on_what_is_said_and_on_nothing_else() -> None:
    one = plan_from_options(seed=1, delta=0.03)
    assert one.sha256 == plan_from_options(delta=0.03, seed=1).sha256
    assert one.sha256 != plan_from_options(seed=1, delta=0.031).sha256


@pytest.mark.parametrize(
    ("options", "delta", "origin"),
    [
        ({}, 0.05, "in-house: half of"),
        ({"delta": 0.02}, 0.02, "the plan, which gives no origin"),
        ({"delta": 0.02, "delta_origin": "board, May"}, 0.02, "board, May"),
        ({"by_attribute": {"gender": {"delta": 0.01}}}, 0.01, "the plan"),
        ({"delta": 0.3, "by_attribute": {"gender": {"governing": "standardised_effect"}}}, 0.1,
         "a tenth of the SD"),
    ],
)  # fmt: skip
def test_a_threshold_comes_with_its_origin(
    options: dict[str, Any], delta: float, origin: str
) -> None:
    """A delta of the plan at large is not in the unit of an attribute's own metric."""
    metrics = plan_from_options(**options).metrics
    metric = metrics.governs("gender").replace("auto", "selection_rate_change")
    found = metrics.criterion("gender", metric)
    assert found.delta == delta
    assert origin in found.origin
    assert found.approved_by is None
    assert found.metric == metric


def test_an_attribute_and_a_column_of_one_name_have_a_metric_each() -> None:
    own = {"gender": {"governing": "true_positive_rate_difference", "delta": 0.2}}
    metrics = plan_from_options(protected="gender", by_column=own).metrics
    assert metrics.governs("gender") == "auto"
    assert metrics.governs_groups("gender") == "true_positive_rate_difference"
    assert metrics.criterion("gender", "selection_rate_change").delta == 0.05
    assert metrics.criterion("gender", "true_positive_rate_difference").delta == 0.2


def test_a_threshold_of_swaps_never_decides_on_people() -> None:
    """Half an SD of a score is no difference of rates."""
    options = {"governing": "standardised_effect", "delta": 0.5, "delta_origin": "ours"}
    found = plan_from_options(**options).metrics.criterion("sex", "selection_rate_difference")
    assert found.delta == 0.1
    assert found.origin.startswith("convention: ")
    own = plan_from_options(delta_groups=0.02).metrics
    assert own.criterion("sex", "selection_rate_difference").delta == 0.02
    assert own.criterion("gender", "selection_rate_change").delta == 0.05


def test_a_plan_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        AuditPlan().seed = 2  # type: ignore[misc]


def test_paths_of_a_plan_are_relative_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "plan.toml").write_text(
        '[[models]]\nid = "model"\n[[models]]\nid = "org/hub-name"\n[data]\npath = "d.csv"\n'
    )
    plan = read_plan(tmp_path / "plan.toml")
    assert plan.data.path == str(tmp_path / "d.csv")
    assert [m.id for m in plan.models] == [str(tmp_path / "model"), "org/hub-name"]


@pytest.mark.parametrize("content", [b"a = ", b"\xff\xfe\x00"])
def test_a_file_that_is_not_toml_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plan.toml").write_bytes(content)
    with pytest.raises(PlanError, match="is not a TOML file"):
        read_plan(tmp_path / "plan.toml")


def test_the_demos_plan_is_one() -> None:
    from auditor.content import content_path

    assert len(read_plan(content_path("datasets", "demo", "plan.toml")).swaps.attributes) == 6


def test_the_plan_of_a_run_can_be_run_again(tmp_path: Path) -> None:
    plan = plan_from_options(delta=0.03, seed=1)
    stored = tmp_path / "plan.json"
    stored.write_text(json.dumps({"schema_version": 1, "plan": json.loads(plan.canonical())}))
    assert read_plan(stored) == plan
    stored.write_text("[]")
    with pytest.raises(PlanError, match=r"is not the plan\.json of a run"):
        read_plan(stored)
