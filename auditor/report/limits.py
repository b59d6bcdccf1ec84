"""What a report must say that it lacks: what a person did not provide, and what was not tested."""

from __future__ import annotations

from auditor.evidence.reader import Evidence
from auditor.plan import AuditPlan
from auditor.records import Finding, Verdict
from auditor.report.circuits import circuits_of
from auditor.report.criteria import criteria_of, threshold
from auditor.report.words import clusters_are, contrast_words, in_units, listed, shown, versus
from auditor.swaps.lexicons import available_lexicons


def not_provided(evidence: Evidence) -> list[str]:
    """Returns what a person must supply; nothing is made up in its place."""
    approvals = [
        f"approval of the threshold of {threshold(row)} (approved_by) for {listed(row.of)}"
        for row in criteria_of(evidence.findings)
        if row.approved_by is None
    ]
    harm = [] if evidence.plan.harm.harmed else ["who is harmed, and how (harmed)"]
    return [*approvals, *harm]


def not_tested(evidence: Evidence) -> list[str]:
    """Returns what this audit does not speak of, in sentences."""
    return [
        *_of_swaps(evidence),
        *_of_groups(evidence),
        *_own_targets(evidence.plan),
        *_of_attributions(evidence),
        *_of_circuits(evidence),
        _proxies(evidence),
        *(
            f"{versus(f.contrast)} ({shown(f.contrast.attribute)}): {_reason(f, evidence.plan)}."
            for f in evidence.findings
            if f.verdict is Verdict.NOT_TESTED
        ),
    ]


def _reason(finding: Finding, plan: AuditPlan) -> str:
    return in_units(finding.verdict_reason or "", clusters_are(plan))


def _of_swaps(evidence: Evidence) -> list[str]:
    plan = evidence.plan
    if plan.data.predictions:
        return ["Counterfactual swaps: this audit has outcomes only, no texts."]
    asked = list(evidence.coverage["attributes"] if plan.data.pairs else plan.swaps.attributes)
    known = available_lexicons(plan.swaps.language)
    left = [name for name in known if name not in asked and not known[name].is_placebo]
    lists = f" There are word lists for {_names(left)}, which were not asked for." if left else ""
    joint = any("*" in name for name in asked)
    return [
        f"Attributes other than {_names(asked)}.{lists}",
        *([] if joint else ["Two attributes at once, such as older women."]),
        *([] if plan.data.pairs else [f"Texts in languages other than {_language(plan)}."]),
    ]


def _of_attributions(evidence: Evidence) -> list[str]:
    found, others = evidence.explanations, len(evidence.model_ids) - 1
    what = "Which words carry a difference (token attributions)"
    if found.not_explained:
        return [f"{what}: {found.not_explained}."]
    elsewhere = "other checkpoint" if others == 1 else "other checkpoints"
    return [f"{what} on the {elsewhere}: the one that is judged is explained."] if others else []


def _of_circuits(evidence: Evidence) -> list[str]:
    found, what = circuits_of(evidence), "Which parts of the model carry a difference (circuits)"
    if found.not_traced:
        return [f"{what}: {found.not_traced}."]
    return [
        f"{what}, {contrast_words(row.contrast)}: {row.reason}."
        for row in found.untested
        if row.contrast is not None
    ]


def _language(plan: AuditPlan) -> str:
    return {"en": "English", "es": "Spanish"}.get(plan.swaps.language, plan.swaps.language)


def _proxies(evidence: Evidence) -> str:
    """A name is a proxy that this audit may have tested, and not of its group alone."""
    if not any(finding.contrast.crossed for finding in evidence.findings):
        return "Proxies such as names, schools, leave or dialect; how people were treated in fact."
    return (
        "Race or gender as such, where names stand for them: a name also signals class, age, "
        "religion and origin, and a rare one breaks into more pieces. Other proxies (schools, "
        "leave, dialect); how people were treated in fact."
    )


def _of_groups(evidence: Evidence) -> list[str]:
    if evidence.group_metrics:
        return []
    return ["Outcomes and error rates of groups of people: the data names no group."]


def _own_targets(plan: AuditPlan) -> list[str]:
    concerns = list(plan.metrics.task_concerns)
    if not concerns:
        return []
    return [
        f"{_names(concerns)}: the task's own target, so a swap should move the score and a verdict "
        "would be wrong."
    ]


def _names(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names)
