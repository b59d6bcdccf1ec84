"""What a signature says: which bytes, and what the audit found, as an in-toto statement.

Statement: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, with the
predicate https://in-toto.io/attestation/test-result/v0.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from auditor.evidence.manifest import manifests
from auditor.evidence.reader import Evidence
from auditor.records import Verdict

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"

RESULT = {
    Verdict.MEETS: "PASSED",
    Verdict.DOES_NOT_MEET: "FAILED",
    Verdict.INCONCLUSIVE: "WARNED",
    Verdict.NOT_TESTED: "WARNED",
    Verdict.NOT_APPLICABLE: "WARNED",
}
"""The predicate's words; what was not settled is never called passed."""
_LISTS = {"PASSED": "passedTests", "WARNED": "warnedTests", "FAILED": "failedTests"}


class Digest(BaseModel):
    """Of a signed file."""

    sha256: str


class Subject(BaseModel):
    """One signed file, by its name within the run folder."""

    name: str
    digest: Digest


class Statement(BaseModel):
    """What of a statement is checked."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: list[Subject] = Field(min_length=1)
    predicate_type: Literal["https://in-toto.io/attestation/test-result/v0.1"] = Field(
        alias="predicateType"
    )
    predicate: dict[str, Any]


def statement_of(run: Path) -> bytes:
    """Returns the statement of a run as it is now. Equal runs give equal bytes."""
    statement = {
        "_type": STATEMENT,
        "subject": [
            {"name": name, "digest": {"sha256": digest}} for name, digest in manifests(run).items()
        ],
        "predicateType": TEST_RESULT,
        "predicate": predicate_of(Evidence.open(run)),
    }
    return json.dumps(statement, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()


def predicate_of(evidence: Evidence) -> dict[str, Any]:
    """Returns the audit's answer, what it was of, and the finding ids by their verdicts."""
    found: dict[str, list[str]] = {name: [] for name in _LISTS.values()}
    for finding in evidence.findings:
        if finding.verdict not in (None, Verdict.NOT_APPLICABLE):
            found[_LISTS[RESULT[finding.verdict]]].append(finding.finding_id)
    return {
        "result": RESULT[evidence.overall.verdict],
        "configuration": list(_configuration(evidence.record)),
        **found,
    }


def _configuration(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields what the audit was of: plan and files of the models, each with its digest."""
    yield {"name": "plan", "digest": {"sha256": record["plan_sha256"]}}
    for model in record["models"]:
        for name, sha256 in sorted((model.get("digests") or {}).items()):
            yield {"name": f"{model['model_id']}/{name}", "digest": {"sha256": sha256}}


def misstated(statement: Statement, evidence: Evidence) -> str | None:
    """Returns which part of a statement the evidence contradicts; None: it says what was found."""
    found = predicate_of(evidence)
    for name in ("result", *_LISTS.values()):
        if statement.predicate.get(name) != found[name]:
            return f"it says {name} {statement.predicate.get(name)}, the evidence {found[name]}"
    return None
