"""A CycloneDX bill of materials with a model card for each audited model.

Schema: https://cyclonedx.org/docs/1.6/json/. Its metrics are strings; the group is the slice.
"""

from __future__ import annotations

import json
from typing import Any

from auditor.report.cards.pages import facts_of
from auditor.report.cards.results import NOT_PROVIDED, Result, results_of, standing_of, subject_of
from auditor.report.parts import FindingRow, ModelRow, Summary
from auditor.report.words import isolated

Values = dict[str, Any]


def bill_of_materials(summary: Summary) -> str:
    """Returns the bill as JSON: equal summaries give equal bytes, and no letter is hidden."""
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{summary.edition.id}",
        "version": 1,
        "metadata": _metadata(summary),
        "components": [_component(i, summary) for i in range(len(summary.models))],
    }
    return json.dumps(bill, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _metadata(summary: Summary) -> Values:
    tool = {
        "type": "application",
        "name": summary.cover.tool,
        "version": summary.cover.tool_version,
    }
    about = {
        "report": summary.edition.id,
        "edition": summary.edition.kind,
        "valid_until": summary.edition.valid_until,
        "plan_sha256": summary.plan_sha256,
        "root_hash": summary.root_hash,
        "verdict": summary.verdict.value,
        "verdict_reason": summary.verdict_reason,
    }
    return {
        "timestamp": summary.edition.issued_at,
        "tools": {"components": [_given(tool)]},
        "component": _given(
            {
                "type": "application",
                "name": summary.cover.system or NOT_PROVIDED,
                "version": summary.cover.system_version,
            }
        ),
        "properties": _properties(about),
    }


def _component(place: int, summary: Summary) -> Values:
    model = summary.models[place]
    component = {
        "type": "machine-learning-model",
        "bom-ref": f"model-{place}",
        "name": subject_of(model, summary),
        "version": model.commit,
        "components": [
            {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
            for name, digest in sorted(model.digests.items())
        ]
        or None,
        "modelCard": {
            "modelParameters": _parameters(model, summary),
            "quantitativeAnalysis": {
                "performanceMetrics": [_metric(r) for r in results_of(summary, model.model_id)]
            },
            "considerations": _considerations(summary, judged=place == 0),
        },
    }
    return _given(component)


def _parameters(model: ModelRow, summary: Summary) -> Values:
    data = [
        {"type": "dataset", "name": name, "description": f"Read by the audit; SHA-256 {digest}."}
        for name, digest in sorted(summary.inputs.items())
    ]
    parameters = {"task": model.kind, "modelArchitecture": model.class_name, "datasets": data}
    return _given(parameters)


def _metric(result: Result) -> Values:
    e = result.estimate
    return {
        "type": result.metric,
        "value": repr(e.value),
        "slice": f"{result.slice} ({result.basis})",
        "confidenceInterval": {"lowerBound": repr(e.low), "upperBound": repr(e.high)},
    }


def _considerations(summary: Summary, *, judged: bool) -> Values:
    """Of the judged model with an assessment per finding; of the others, what holds for all."""
    facts = {row.key: row.value for row in facts_of(summary)}
    harm = summary.harm
    considerations = {
        "users": [facts.get("deployer") or NOT_PROVIDED],
        "useCases": [facts.get("purpose") or NOT_PROVIDED],
        "technicalLimitations": [
            *standing_of(summary),
            *(f"Not tested: {line}" for line in summary.not_tested),
        ],
        "ethicalConsiderations": [
            {
                "name": f"{harm.harmed or NOT_PROVIDED} {harm.direction}",
                "mitigationStrategy": NOT_PROVIDED,
            }
        ],
        "fairnessAssessments": [_assessment(row) for row in summary.judged] if judged else None,
    }
    return _given(considerations)


def _assessment(row: FindingRow) -> Values:
    """What was found for a group; who benefits, and what is done about it, only people know."""
    verdict = f"Verdict: {row.verdict.value if row.verdict else NOT_PROVIDED}"
    why = f" ({row.verdict_reason})" if row.verdict_reason else ""
    return {
        "groupAtRisk": f"{isolated(row.attribute)}: {isolated(row.group_b)}, "
        f"compared with {isolated(row.group_a)}",
        "benefits": NOT_PROVIDED,
        "harms": f"{row.sentence} {verdict}{why}.",
        "mitigationStrategy": NOT_PROVIDED,
    }


def _properties(values: Values) -> list[Values]:
    given = ((name, value) for name, value in values.items() if value is not None)
    return [{"name": f"bias-auditor:{name}", "value": str(value)} for name, value in given]


def _given(values: Values) -> Values:
    """Returns what there is; the schema knows no null."""
    return {name: value for name, value in values.items() if value is not None}
