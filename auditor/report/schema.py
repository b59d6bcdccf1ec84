"""The published JSON schema of report.json: `reports/schema/report-1.json`.

A test keeps the file equal to the types. After a change of the types, write it anew in a checkout
with `python -m auditor.report.schema`; a change that old readers cannot take needs a new version.
"""

from __future__ import annotations

import json
from typing import Any

from auditor.content import content_path
from auditor.records import SCHEMA_VERSION
from auditor.report.parts import Summary

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = f"report-{SCHEMA_VERSION}.json"


def report_schema() -> dict[str, Any]:
    """Returns the JSON schema of what `render_json` writes: every key is there, and no other."""
    schema = Summary.model_json_schema(mode="serialization")
    for part in (schema, *schema["$defs"].values()):
        if "properties" in part:
            part |= {"required": sorted(part["properties"]), "additionalProperties": False}
    return {**schema, "$schema": DIALECT, "$id": FILE, "title": "bias-auditor report"}


def schema_text() -> str:
    """Returns the schema as the published file has it: keys sorted, so that versions compare."""
    return json.dumps(report_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    path = content_path("reports", "schema") / FILE
    path.write_text(schema_text(), encoding="utf-8", newline="\n")
