"""Why findings have no verdict, and why true labels told nothing: each reason once."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.evidence.reader import Evidence
from auditor.metrics.counterfactual import METRICS
from auditor.records import Basis, Finding, Verdict
from auditor.report.words import clusters_are, contrast_words, in_units

NAMED = 3
"""Contrasts named with one reason; more are counted."""
_OF_FAVOURABLE = "false_negative_rate_change"
OF_LABELS = (
    _OF_FAVOURABLE,
    "false_positive_rate_change",
    "true_positive_rate_difference",
    "false_positive_rate_difference",
)
"""Measures that rest on true labels."""


def untested(evidence: Evidence) -> list[str]:
    """Returns a sentence for each reason why judged findings were not tested, those with most
    findings first."""
    by_reason: dict[str, list[Finding]] = {}
    for finding in evidence.findings:
        if finding.verdict is Verdict.NOT_TESTED:
            reason = finding.verdict_reason or finding.estimate.reason or "no reason was recorded"
            by_reason.setdefault(reason, []).append(finding)
    called = clusters_are(evidence.plan)
    return [
        f"Not tested ({_named(each)}): {in_units(reason, called)}."
        for reason, each in sorted(by_reason.items(), key=lambda item: -len(item[1]))
    ]


def unlabelled(evidence: Evidence) -> list[str]:
    """Returns why the true labels that the plan names told nothing; what was judged by them is
    among the untested."""
    if not evidence.plan.data.label:
        return []
    descriptive = [f for f in evidence.findings if f.metric in OF_LABELS and f.verdict is None]
    people = [g for g in evidence.group_metrics if g.metric == "base_rate"]
    estimates = [f.estimate for f in descriptive] + [g.estimate for g in people]
    reasons = [each.reason for each in estimates if each.value is None]
    swaps = [f.metric for f in evidence.findings if f.basis is Basis.SWAPS]
    if swaps and _OF_FAVOURABLE not in swaps:
        reasons.append(METRICS[_OF_FAVOURABLE].missing)
    return [f"True labels: {reason}." for reason in dict.fromkeys(reasons) if reason]


def _named(findings: Sequence[Finding]) -> str:
    names = [contrast_words(finding.contrast) for finding in findings]
    more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return "; ".join(names[:NAMED]) + more
