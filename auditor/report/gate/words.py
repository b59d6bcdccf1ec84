"""What a gate says: open or closed and why, each finding, and where each threshold is from."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.plan import AuditPlan
from auditor.plan_metrics import DEFAULTS
from auditor.records import Finding, Overall
from auditor.report.criteria import criteria_of, threshold
from auditor.report.parts import CriterionRow
from auditor.report.sentences import criterion_scope, criterion_sentence, finding_sentence
from auditor.report.words import clusters_are, in_units, listed

_NOTHING_JUDGED = (
    "No criterion applies to this run, so there is nothing that the gate could stop, and nothing "
    "was judged."
)
_BY_DEFAULT = (
    "The plan sets no threshold for {}: the auditor's default decides. Set delta, delta_origin and "
    "approved_by in the plan to decide by a threshold of your own."
)


def gate_line(overall: Overall, exit_code: int) -> str:
    """Returns one sentence: whether the gate is open, the verdict and its reason."""
    state = "open" if exit_code == 0 else "closed"
    return f"Gate {state} (exit code {exit_code}). Verdict: {overall.verdict}. {overall.reason}"


def case_text(finding: Finding, plan: AuditPlan) -> str:
    """Returns a judged finding as sentences: effect, verdict with its reason, what would settle."""
    called = clusters_are(plan)
    reason = finding.verdict_reason or finding.estimate.reason or "no reason was recorded"
    parts = [
        finding_sentence(finding, clusters=called),
        f"Verdict: {finding.verdict}; {in_units(reason, called)}.",
    ]
    if finding.settles:
        parts.append(f"To settle it: {in_units(finding.settles, called)}.")
    return " ".join(parts)


def criteria_lines(findings: Sequence[Finding]) -> list[str]:
    """Returns a sentence for every threshold that decides: value, scope, origin, approval."""
    return [_criterion_line(row) for row in criteria_of(findings)]


def thresholds_note(findings: Sequence[Finding]) -> str | None:
    """Returns what to know where the plan sets no threshold: the default decides, or nothing."""
    rows = criteria_of(findings)
    if not rows:
        return _NOTHING_JUDGED
    unset = [row for row in rows if DEFAULTS.get(row.metric) == (row.delta, row.origin)]
    attributes = list(dict.fromkeys(name for row in unset for name in row.of))
    return _BY_DEFAULT.format(listed(attributes)) if attributes else None


def _criterion_line(row: CriterionRow) -> str:
    return (
        f"Criterion for {listed(row.of)}: {criterion_sentence(row.metric, row.basis)} "
        f"{threshold(row)} {criterion_scope(row.basis)}. Origin: {row.origin}. Approved by: "
        f"{row.approved_by or 'NOT PROVIDED'}."
    )
