"""The published schema is the types', and refuses what no report is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor.content import content_path
from auditor.report.render import render_json
from auditor.report.schema import FILE, schema_text
from auditor.report.summarize import summarize
from tests.report import circuit_factory, explained, factory


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(content_path("reports", "schema", FILE).read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_published_file_is_what_the_types_say() -> None:
    """After a change of the types: python -m auditor.report.schema."""
    assert content_path("reports", "schema", FILE).read_text("utf-8") == schema_text()


@pytest.mark.parametrize("make", [factory, circuit_factory, explained])
def test_a_report_is_as_its_schema_says(
    validator: Draft202012Validator, make: Any, tmp_path: Path
) -> None:
    record = json.loads(render_json(summarize(make.evidence(tmp_path))))
    assert [error.message for error in validator.iter_errors(record)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "passed"),
        (("judged", 0, "estimate", "value"), "0.5"),
        (("judged", 0, "estimate", "n"), None),
        (("surprise",), 1),
        (("schema_version",), "one"),
    ],
)
def test_what_no_report_is_is_refused(
    validator: Draft202012Validator, tmp_path: Path, path: tuple[Any, ...], value: Any
) -> None:
    record = json.loads(render_json(summarize(factory.evidence(tmp_path))))
    inner = record
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    assert not validator.is_valid(record)


def test_every_key_of_a_report_is_always_there(validator: Draft202012Validator) -> None:
    """None is said, not left out."""
    for name, part in {**validator.schema["$defs"], "Summary": validator.schema}.items():
        properties = set(part.get("properties", {}))
        assert set(part.get("required", [])) == properties, name
        assert not properties or part.get("additionalProperties") is False, name
