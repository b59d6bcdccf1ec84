"""Sealed run folders made from records, for gates and comparisons of runs that no quick audit
gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from auditor.evidence import manifest
from auditor.evidence.files import write_json
from auditor.metrics import verdicts
from auditor.records import Finding, Overall, Results, Verdict, to_plain
from tests.report import factory

VALUES = {
    Verdict.MEETS: 0.0,
    Verdict.DOES_NOT_MEET: -0.6,
    Verdict.INCONCLUSIVE: 0.04961,
    Verdict.NOT_TESTED: None,
}
"""Verdict -> the effect of a finding that gets it from the factory."""


def sealed(
    folder: Path,
    groups: Sequence[str] = ("women",),
    *,
    values: Sequence[float | None] = (0.0,),
    overall: Overall | None = None,
    findings: Sequence[Finding] | None = None,
    **sections: Any,
) -> Path:
    """Returns the folder of a sealed run with one judged finding of swaps per group.

    Args:
        overall: in place of what follows from the findings.
        findings: in place of the factory's.
    """
    made = factory.evidence(folder, groups, values=values, **sections)
    held = tuple(findings or _of_swaps(made.results))
    results = replace(made.results, findings=held, overall=overall or verdicts.overall(held))
    record = {**made.record, "plan_sha256": made.plan.sha256, "stages": {}}
    values_of = {
        "plan": {"plan": json.loads(made.plan.canonical())},
        "run": record,
        "findings": to_plain(results),
    }
    for name, each in values_of.items():
        write_json(folder / "evidence" / f"{name}.json", each)
    manifest.seal(folder / "evidence")
    return folder


def with_verdict(folder: Path, verdict: Verdict) -> Path:
    """Returns the folder of a sealed run that has this verdict as a whole."""
    if verdict is Verdict.NOT_APPLICABLE:
        nothing = Overall(verdict, "No finding of this audit makes a claim.")
        described = [factory.finding("women", -0.1, "flip_rate")]
        return sealed(folder, overall=nothing, findings=described)
    return sealed(folder, values=[VALUES[verdict]])


def _of_swaps(results: Results) -> list[Finding]:
    return [f for f in results.findings if f.basis.value == "swaps"]
