"""Records of a run as flat rows of plain values, for data frames."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from auditor.records import (
    Comparison,
    Contrast,
    Estimate,
    Finding,
    GroupMetric,
    SelfTest,
    TermEffect,
)
from auditor.records_attributions import AttributionMetric, Fidelity, WordEffect
from auditor.records_circuits import CircuitRecord


def finding_row(finding: Finding) -> dict[str, Any]:
    """Returns a finding as one flat row of plain values."""
    estimate, criterion = finding.estimate, finding.criterion
    low, high = finding.interval_90 or (None, None)
    return {
        "finding_id": finding.finding_id,
        **_contrast(finding.contrast),
        "metric": finding.metric,
        "basis": finding.basis.value,
        "arm": finding.arm.value,
        **_measured(estimate),
        "clusters": estimate.clusters,
        "unit": estimate.unit,
        "governing": criterion.metric if criterion else None,
        "delta": criterion.delta if criterion else None,
        "verdict": finding.verdict.value if finding.verdict else None,
        "reason": finding.verdict_reason or estimate.reason,
        "low_90": low,
        "high_90": high,
        "difference_detected": finding.difference_detected,
        "p_bad_adjusted": finding.p_bad_adjusted,
        "detectable": finding.detectable,
        "settles": finding.settles,
        "harmful": finding.harmful,
        "rule_of_thumb": finding.rule_of_thumb,
        "holds_in": finding.holds_in if finding.verdict else None,
        "checkpoints": len(finding.checkpoints),
        "model_id": finding.model_id,
    }


def _contrast(contrast: Contrast) -> dict[str, Any]:
    return {
        "attribute": contrast.attribute,
        "group_a": contrast.group_a,
        "group_b": contrast.group_b,
    }


def _measured(estimate: Estimate) -> dict[str, Any]:
    names = ("value", "low", "high", "level", "n", "method")
    return {name: getattr(estimate, name) for name in names}


def group_row(group: GroupMetric) -> dict[str, Any]:
    """Returns a metric of one group of people as one flat row."""
    return {
        "column": group.column,
        "group": group.group,
        "metric": group.metric,
        **_measured(group.estimate),
        "unit": group.estimate.unit,
        "reason": group.estimate.reason,
        "model_id": group.model_id,
    }


def term_row(term: TermEffect) -> dict[str, Any]:
    """Returns the effect of one term as one flat row."""
    return {
        **_contrast(term.contrast),
        "term_a": term.term_a,
        "term_b": term.term_b,
        **_measured(term.estimate),
        "clusters": term.estimate.clusters,
        "unit": term.estimate.unit,
        "model_id": term.model_id,
    }


def comparison_row(comparison: Comparison) -> dict[str, Any]:
    """Returns a group of people against its reference as one flat row."""
    return _flat({f.name: getattr(comparison, f.name) for f in fields(comparison)})


def self_test_row(test: SelfTest) -> dict[str, Any]:
    """Returns one planted difference as one flat row."""
    return _flat({f.name: getattr(test, f.name) for f in fields(test)})


def attribution_row(
    found: AttributionMetric | WordEffect, metric: str, group: str | None, word: str | None
) -> dict[str, Any]:
    """Returns one number about the explained pairs as one flat row."""
    return {
        **_contrast(found.contrast),
        "metric": metric,
        "group": group,
        "word": word,
        **_measured(found.estimate),
        "clusters": found.estimate.clusters,
        "unit": found.estimate.unit,
        "reason": found.estimate.reason,
    }


def fidelity_row(fidelity: Fidelity) -> dict[str, Any]:
    """Returns one measure of a method as one flat row."""
    return {
        "method": fidelity.method,
        "measure": fidelity.measure,
        "against": fidelity.against,
        **_measured(fidelity.estimate),
        "unit": fidelity.estimate.unit,
        "control": fidelity.control.value if fidelity.control else None,
        "passed": fidelity.passed,
        "reason": fidelity.estimate.reason,
    }


def circuit_row(record: CircuitRecord) -> dict[str, Any]:
    """Returns a finding's circuit as one flat row; None where something was not measured."""
    found = {"faithfulness": record.faithfulness, "necessity": record.necessity}
    contrast, random, stability = record.contrast, record.random, record.stability
    return {
        "finding_id": record.finding_id,
        **(_contrast(contrast) if contrast else {}),
        "model_id": record.model_id,
        "sentence": record.sentence,
        **_flat({name: _NOTHING if each is None else each for name, each in found.items()}),
        "members": ", ".join(record.members),
        "random_p": random.p if random else None,
        "found_again": stability.found_again if stability else None,
        "k_80": record.k_80,
        "not_tested": record.not_tested,
    }


_NOTHING = Estimate.missing("nothing was traced", unit="share")


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Puts each estimate's ends beside its value: met, met_low, met_high."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Estimate):
            ends = {"": value.value, "_low": value.low, "_high": value.high}
            row |= {f"{name}{end}": number for end, number in ends.items()}
        else:
            row[name] = value
    return row
