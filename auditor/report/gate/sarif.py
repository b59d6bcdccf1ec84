"""A gate as SARIF 2.1.0 (OASIS), which GitHub's code scanning and editors read.

    does not meet criterion     level error
    inconclusive, not tested    level warning
    a run that cannot be judged level error
    meets, not applicable       no result: the log's properties count them

GitHub shows every result as a problem, those of `kind: pass` too. So a log has results exactly
where the gate is closed. Results lie at the finding's lines in `evidence/findings.json` of the
run, whose own place is left open: the folders of whoever ran the audit are nobody's business.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import auditor
from auditor.metrics.counterfactual import METRICS
from auditor.records import digest
from auditor.report.gate.decision import Case
from auditor.report.gate.text import writable
from auditor.report.measures import quantity, title

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {1: "error", 2: "error", 3: "warning"}
_FILE = "evidence/findings.json"
_WHOLE = {
    "audit": "The audit as a whole meets its criteria: every finding with a verdict does.",
    "evidence": "The run is complete, and every file is as it was sealed.",
}
"""Rule -> what it asks, where it is no metric."""


def sarif_json(cases: Sequence[Case], facts: Mapping[str, str], lines: Sequence[int] = ()) -> str:
    """Returns the log as JSON.

    Args:
        facts: what identifies the run; `model` names what was judged.
        lines: of findings.json, where each finding begins; see `finding_lines`.
    """
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(cases, facts, lines)]}
    return json.dumps(log, indent=1, sort_keys=True, allow_nan=False) + "\n"


def finding_lines(findings_json: str) -> list[int]:
    """Returns the line at which each finding begins, from 1, in a file of `files.write_json`."""
    lines = findings_json.splitlines()
    start = lines.index(' "findings": [') if ' "findings": [' in lines else len(lines)
    end = next((i for i in range(start, len(lines)) if lines[i].startswith(" ]")), len(lines))
    return [i + 1 for i in range(start, end) if lines[i] == "  {"]


def _run(cases: Sequence[Case], facts: Mapping[str, str], lines: Sequence[int]) -> dict[str, Any]:
    rules = list(dict.fromkeys(case.rule for case in cases))
    counts = Counter(case.verdict.value for case in cases[1:] if case.verdict)
    return {
        "tool": {
            "driver": {
                "name": "auditor",
                "version": auditor.__version__,
                "rules": [_rule(name) for name in rules],
            }
        },
        "automationDetails": {"id": writable(f"auditor/{facts.get('model', '')}/")},
        "originalUriBaseIds": {"RUN": {"description": {"text": "The folder of the run."}}},
        "artifacts": [{"location": _location(_FILE)}],
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "exitCode": cases[0].exit_code}],
        "results": [
            _result(case, rules.index(case.rule), facts, lines)
            for case in cases
            if case.exit_code in _LEVELS and (case.place is not None or _alone(case, cases))
        ],
        "properties": {**{k: writable(v) for k, v in facts.items()}, "findings": dict(counts)},
    }


def _alone(case: Case, cases: Sequence[Case]) -> bool:
    """The audit as a whole repeats what its findings say, unless none of them says it."""
    return not any(other.exit_code in _LEVELS for other in cases if other is not case)


def _rule(name: str) -> dict[str, Any]:
    metric = METRICS.get(name)
    about = metric.description if metric else _WHOLE.get(name, f"{quantity(name)}.")
    return {
        "id": name,
        "name": title(name),
        "shortDescription": {"text": title(name)},
        "fullDescription": {"text": about},
        "defaultConfiguration": {"level": "error"},
        "help": {"text": f"{about} The threshold and its origin are the plan's."},
    }


def _result(
    case: Case, rule: int, facts: Mapping[str, str], lines: Sequence[int]
) -> dict[str, Any]:
    line = lines[case.place] if case.place is not None and case.place < len(lines) else 1
    name, model = writable(case.name), writable(facts.get("model", ""))
    logical = [
        {"name": model, "kind": "model"},
        {"name": name, "fullyQualifiedName": f"{model}::{name}", "kind": "contrast"},
    ]
    return {
        "ruleId": case.rule,
        "ruleIndex": rule,
        "kind": "fail",
        "level": _LEVELS[case.exit_code],
        "message": {"text": writable(case.text)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _location(_FILE),
                    "region": {"startLine": line},
                },
                "logicalLocations": logical,
            }
        ],
        "fingerprints": {"finding/v1": name},
        "partialFingerprints": {"primaryLocationLineHash": f"{digest(case.name)}:1"},
        "properties": {"verdict": case.verdict.value if case.verdict else "not judged"},
    }


def _location(uri: str) -> dict[str, Any]:
    return {"uri": uri, "uriBaseId": "RUN"}
