"""The rows of the findings page's tables: the numbers of the report's summary, as a person reads
them. Nothing is computed here."""

from __future__ import annotations

from typing import Any

from auditor.records import (
    AttributeMetric,
    Basis,
    Comparison,
    Estimate,
    GroupMetric,
    SelfTest,
    SystematicEffect,
    TermEffect,
)
from auditor.report.charts import contrast_name
from auditor.report.criteria import threshold
from auditor.report.measures import is_signed, mark_of, title, unit_words
from auditor.report.numbers import bracket, decimal, number, p_value, percent
from auditor.report.parts import CriterionRow, FindingRow
from auditor.report.sentences import criterion_scope, criterion_sentence
from auditor.report.words import MARKS, contrast_words, isolated, listed

Row = dict[str, Any]


def criterion_text(row: CriterionRow) -> str:
    """Returns a criterion as a sentence, with its origin and who approved it."""
    asked = f"{criterion_sentence(row.metric, row.basis)} {threshold(row)}"
    approved = row.approved_by or "NOT PROVIDED"
    return (
        f"Criterion for {listed(row.of)}: {asked} {criterion_scope(row.basis)}. "
        f"Origin: {row.origin}. Approved by: {approved}."
    )


def judged_row(finding: FindingRow) -> Row:
    """Returns a finding with its verdict."""
    assert finding.verdict is not None
    verdict, criterion = finding.verdict.value, finding.criterion
    detectable, decides = finding.detectable, finding.interval_90
    return {
        "verdict": f"{MARKS[verdict]} {verdict}",
        **_measured(finding),
        "measure": title(finding.metric),
        "within": "" if criterion is None else f"±{criterion.delta:g}",
        "interval that decides": "" if decides is None else bracket(decides),
        "detectable": "" if detectable is None else decimal(detectable, signed=False),
        "harmful direction": {True: "yes", False: "no", None: ""}[finding.harmful],
        "holds in checkpoints": f"{finding.holds_in} of {len(finding.checkpoints)}",
        "why": finding.verdict_reason,
        "what would settle it": finding.settles or "",
        "rule of thumb": finding.rule_of_thumb or "",
    }


def _measured(finding: FindingRow) -> Row:
    """Intervals of people hold for all groups of a column together, so each has a level."""
    estimate = finding.estimate
    mark = finding.criterion.delta if finding.criterion else None
    effect = number(estimate, signed=is_signed(finding.metric), mark=mark)
    named = {"contrast": contrast_name(finding)}
    if finding.basis is Basis.SWAPS:
        head = f"effect [{estimate.level:.0%}]"
        return {**named, head: effect, "pairs": estimate.n, "clusters": estimate.clusters}
    return {**named, "difference": effect, "level": _level(estimate), "rows": estimate.n}


def described_row(finding: FindingRow) -> Row:
    """Returns a measure without a verdict."""
    estimate = finding.estimate
    return {
        "measure": title(finding.metric),
        "contrast": contrast_name(finding),
        "effect": number(estimate, signed=is_signed(finding.metric)),
        "unit": unit_words(estimate.unit),
        "level": _level(estimate),
        "on": estimate.n,
        "clusters": estimate.clusters,
    }


def systematic_row(effect: SystematicEffect) -> Row:
    """Returns what is left of a contrast's effects once the noise floor is taken off."""
    return {
        "contrast": contrast_words(effect.contrast),
        "across groups": number(effect.across, signed=False),
        "within groups": number(effect.within, signed=False),
        "systematic effect": _plain(effect.value),
        "p": "descriptive" if effect.p is None else p_value(effect.p),
        "what it rests on": effect.reason,
    }


def gap_row(metric: AttributeMetric) -> Row:
    """Returns an attribute's fairness gap on one model."""
    estimate = metric.estimate
    return {
        "model": metric.model_id,
        "attribute": isolated(metric.attribute),
        "fairness gap": number(estimate, signed=False),
        "pairs": estimate.n,
        "clusters": estimate.clusters,
    }


def term_row(term: TermEffect) -> Row:
    """Returns one term's effect; its interval holds for all terms of the contrast."""
    return {
        "contrast": contrast_words(term.contrast),
        "terms": f"{term.term_b} v {term.term_a}",
        "effect, all terms together": number(term.estimate),
        "pairs": term.estimate.n,
        "clusters": term.estimate.clusters,
    }


def group_row(group: GroupMetric) -> Row:
    """Returns one measure of one group of people."""
    estimate, metric = group.estimate, group.metric
    value = number(estimate, signed=is_signed(metric), mark=mark_of(metric))
    if estimate.unit == "rows" and estimate.value is not None:
        value = f"{estimate.value:,.0f}"
    return {
        "column": group.column,
        "group": group.group,
        "measure": title(metric),
        "value": value,
        "level": _level(estimate),
        "rows": estimate.n,
        "note": estimate.reason or "",
        "model": group.model_id,
    }


def comparison_row(each: Comparison) -> Row:
    """Returns a group of people against its reference."""
    return {
        "column": each.column,
        "compared": f"{isolated(each.group)} v {isolated(each.reference)}",
        "selected": _counts(each.selected, each.n),
        "reference": _counts(each.selected_reference, each.n_reference),
        "impact ratio": number(each.impact_ratio, signed=False, mark=mark_of("impact_ratio")),
        "difference": number(each.difference),
        "z": "" if each.z_pooled is None else decimal(each.z_pooled),
        "Fisher's p": "" if each.p_fisher is None else p_value(each.p_fisher),
        "Holm's p": "" if each.p_fisher_adjusted is None else p_value(each.p_fisher_adjusted),
        "shortfall": "" if each.shortfall is None else decimal(each.shortfall),
        "one person turns it": {True: "yes", False: "no", None: ""}[each.one_person_turns],
        "rule of thumb": each.rule_of_thumb or "",
        "model": each.model_id,
    }


def self_test_row(test: SelfTest) -> Row:
    """Returns how often an audit like this one claims something."""
    planted = f"{test.planted:g} × the threshold" if test.planted else "nothing"
    return {
        "planted": planted,
        "any difference detected": number(test.detected, signed=False),
        "any criterion not met": number(test.not_met, signed=False),
        "every criterion met": number(test.met, signed=False),
        "findings with a difference detected": number(test.found, signed=False),
        "relabellings": test.relabellings,
    }


def _counts(selected: int | None, n: int) -> str:
    return f"{n:,}" if selected is None else f"{selected:,} of {n:,}"


def _plain(value: float | None) -> str:
    return "not measured" if value is None else decimal(value, signed=False)


def _level(estimate: Estimate) -> str:
    return "" if estimate.low is None else percent(estimate.level)
