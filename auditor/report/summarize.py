"""One typed summary of a run: everything that any rendering shows, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditor.evidence.reader import Evidence
from auditor.plan import AuditPlan
from auditor.records import SCHEMA_VERSION, Arm, Basis, Finding, TermEffect
from auditor.report.attributions import attributions_of
from auditor.report.circuits import circuits_of
from auditor.report.cover.cover import cover_of
from auditor.report.cover.edition import edition_of
from auditor.report.cover.evidence import evidence_of
from auditor.report.cover.executive import executive_of
from auditor.report.cover.parts import TextPart
from auditor.report.cover.planning import planning_of
from auditor.report.cover.register import register_of
from auditor.report.criteria import criteria_of
from auditor.report.declared.data import data_of
from auditor.report.declared.facts import declared_of
from auditor.report.declared.monitoring import monitoring_of
from auditor.report.edition import Choice, Edition
from auditor.report.figures.collect import measured
from auditor.report.gaps import largest_gaps
from auditor.report.limits import not_provided, not_tested
from auditor.report.packs.frameworks import frameworks_of
from auditor.report.panels import panels_of
from auditor.report.parts import (
    CheckpointRow,
    Coverage,
    FindingRow,
    HarmRow,
    ModelRow,
    PlanRow,
    Summary,
)
from auditor.report.people.collect import people_of
from auditor.report.public import public_version
from auditor.report.sentences import finding_sentence
from auditor.report.small_cells import seen_by
from auditor.report.words import DIRECTION, STANDING, clusters_are, in_units

TERMS_PER_CONTRAST = 3


def summarize(evidence: Evidence, edition: Edition | None = None) -> Summary:
    """Returns the summary of a finished run.

    Args:
        edition: None: a working copy, with the packs and facts of the plan.
    """
    edition = edition or Edition.working_copy(Choice.of(evidence.plan))
    every, evidence = evidence, seen_by(evidence, edition)
    facts = edition.choice.declared
    control, declared = edition_of(evidence, edition), declared_of(evidence.plan, edition.choice)
    frameworks, circuits = frameworks_of(evidence, edition), circuits_of(evidence)
    findings, missing = _findings(evidence), not_provided(evidence, declared)
    beside = measured(evidence)
    summary = Summary(
        edition=control,
        text=TextPart(disclaimers=list(STANDING)),
        cover=cover_of(evidence, edition, frameworks),
        executive=executive_of(
            evidence, facts, panels=findings["panels"], missing=missing, edition=control
        ),
        planning=planning_of(evidence),
        findings_register=register_of(evidence, circuits, frameworks),
        evidence=evidence_of(evidence, edition),
        declared=declared,
        data=data_of(every, facts),
        monitoring=monitoring_of(evidence),
        **_identity(evidence),
        **findings,
        **_beside(evidence),
        harm=_harm(evidence.plan),
        planned=_planned(evidence),
        not_provided=missing,
        plan=evidence.plan.model_dump(mode="json"),
        coverage=Coverage(**evidence.coverage),
        largest_gaps=largest_gaps(evidence),
        figures=beside.figures,
        measured=beside.tables,
        attributions=attributions_of(evidence),
        circuits=circuits,
        people=people_of(evidence, edition),
        frameworks=frameworks,
        not_tested=not_tested(evidence),
    )
    return public_version(summary)


def _identity(evidence: Evidence) -> dict[str, Any]:
    plan, record = evidence.plan, evidence.record
    return {
        "schema_version": SCHEMA_VERSION,
        "name": plan.name,
        "verdict": evidence.overall.verdict,
        "verdict_reason": evidence.overall.reason,
        "run_id": record["run_id"],
        "run_number": record["run_number"],
        "started_at": record["started_at"],
        "finished_at": record["finished_at"],
        "plan_sha256": record["plan_sha256"],
        "root_hash": evidence.root_hash,
        "counted": _counted(plan),
        "standing_for": _standing_for(evidence),
        "clusters_are": clusters_are(plan),
        "models": [_model(model) for model in record["models"]],
        "inputs": record["inputs"],
        "environment": record["environment"],
    }


def _findings(evidence: Evidence) -> dict[str, Any]:
    """Every finding once, in the list where it is shown."""
    judged = [f for f in evidence.findings if f.verdict is not None]
    others = [f for f in evidence.findings if f.verdict is None]
    swaps = [f for f in others if f.basis is Basis.SWAPS]
    clusters = clusters_are(evidence.plan)
    lists = {
        "judged": judged,
        "described": [f for f in swaps if f.arm is Arm.SWAP],
        "arms": [f for f in swaps if f.arm is not Arm.SWAP],
        "group_differences": [f for f in others if f.basis is Basis.GROUPS],
    }
    rows = {name: [_finding(f, clusters) for f in each] for name, each in lists.items()}
    panels = panels_of(judged, evidence.plan)
    return {**rows, "panels": panels, "criteria": criteria_of(evidence.findings)}


def _beside(evidence: Evidence) -> dict[str, Any]:
    """What stands beside the findings, as the audit recorded it."""
    results, first = evidence.results, evidence.model_ids[:1]
    return {
        "systematic": [each for each in results.systematic if each.model_id in first],
        "terms": _largest_terms([each for each in results.terms if each.model_id in first]),
        "attribute_metrics": list(results.attribute_metrics),
        "groups": list(results.group_metrics),
        "comparisons": list(results.comparisons),
        "self_test": list(results.self_test),
        "data_notes": list(results.data_notes),
    }


def _largest_terms(terms: Sequence[TermEffect]) -> list[TermEffect]:
    """Keeps the first of each contrast, which are its largest."""
    seen: dict[str, int] = {}
    kept = []
    for term in terms:
        place = seen[term.contrast.contrast_id] = seen.get(term.contrast.contrast_id, 0) + 1
        if place <= TERMS_PER_CONTRAST:
            kept.append(term)
    return kept


def _harm(plan: AuditPlan) -> HarmRow:
    harm = plan.harm
    return HarmRow(
        harmed=harm.harmed,
        kind=harm.harm_kind,
        worse=harm.worse,
        direction=DIRECTION[harm.worse],
    )


def _planned(evidence: Evidence) -> PlanRow:
    metrics = evidence.plan.metrics
    return PlanRow(
        tests=sum(f.p_bad_adjusted is not None for f in evidence.findings),
        decision_level=round(1 - 2 * metrics.alpha, 9),
        alpha=metrics.alpha,
        power=metrics.power,
        must_detect=metrics.must_detect,
        min_clusters=metrics.min_clusters,
        min_rows=metrics.min_rows,
        self_test=metrics.self_test,
        task_concerns=list(metrics.task_concerns),
        rules_of_thumb=list(metrics.rules_of_thumb),
    )


def _counted(plan: AuditPlan) -> str:
    if plan.data.predictions:
        return "rows"
    return "pairs" if plan.data.pairs else "texts"


def _standing_for(evidence: Evidence) -> int | None:
    """The sum of weights that are counts: a table of counts is as good as its rows."""
    data = evidence.plan.data
    predictions = evidence.predictions() if data.weight else None
    if predictions is None or not data.predictions or data.weight_kind != "frequency":
        return None
    first = predictions[predictions["model_id"] == evidence.model_ids[0]]
    total = float(first["weight"][first["weight"] > 0].sum())
    return round(total) if total == round(total) else None


def _finding(finding: Finding, clusters: str) -> FindingRow:
    contrast = finding.contrast
    return FindingRow(
        id=finding.finding_id,
        sentence=finding_sentence(finding, clusters=clusters),
        attribute=contrast.attribute,
        group_a=contrast.group_a,
        group_b=contrast.group_b,
        checkpoints=[
            CheckpointRow(model_id=c.model_id, estimate=c.estimate, verdict=c.verdict)
            for c in finding.checkpoints
        ],
        verdict_reason=_named(finding.verdict_reason, clusters),
        settles=_named(finding.settles, clusters),
        **{name: getattr(finding, name) for name in _AS_RECORDED},
    )


def _named(words: str | None, clusters: str) -> str | None:
    return None if words is None else in_units(words, clusters)


_AS_RECORDED = (
    "metric",
    "arm",
    "basis",
    "estimate",
    "criterion",
    "verdict",
    "interval_90",
    "p_bad_adjusted",
    "difference_detected",
    "detectable",
    "harmful",
    "rule_of_thumb",
    "holds_in",
)


def _model(record: dict[str, Any]) -> ModelRow:
    optional = ("device", "dtype", "window", "commit", "trust_remote_code", "allow_pickle")
    return ModelRow(
        model_id=record["model_id"],
        kind=record["kind"],
        class_name=record.get("class"),
        labels=record.get("labels", []),
        favourable=record.get("favourable", []),
        digests=record["digests"],
        **{name: record.get(name) for name in optional},
    )
