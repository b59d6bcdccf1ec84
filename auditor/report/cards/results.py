"""Which numbers a card carries: those with an interval, each with groups and count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.records import Estimate
from auditor.report.measures import title
from auditor.report.numbers import percent
from auditor.report.parts import FindingRow, ModelRow, Summary
from auditor.report.words import PLACEBO_WORDS, SCOPE, isolated, of_placebo

NOT_PROVIDED = "NOT PROVIDED"


@dataclass(frozen=True, slots=True)
class Result:
    """One measured number of one model."""

    metric: str
    estimate: Estimate
    """With a value and both ends."""
    attribute: str
    """Or the protected column."""
    group: str
    reference: str | None
    """None: the number is of one group alone."""
    finding_id: str | None = None
    verdict: str | None = None

    @property
    def slice(self) -> str:
        """The groups in words: "gender: female v male"."""
        return f"{isolated(self.attribute)}: {_groups(self)}"

    @property
    def basis(self) -> str:
        """What stands behind the number: "77 in 77 clusters, 95 % interval"."""
        e = self.estimate
        return f"n = {e.n}, clusters = {e.clusters}, {percent(e.level)} interval"

    @property
    def name(self) -> str:
        """What was measured and of whom."""
        return f"{title(self.metric)}, {self.slice}"


def results_of(summary: Summary, model_id: str) -> list[Result]:
    """Returns the numbers of one model: findings with a verdict, groups of people, impact ratios.

    What was not measured has no number, and what has no interval does not stand alone.
    """
    found = [*_findings(summary, model_id), *_groups_of(summary, model_id)]
    return [result for result in found if _stands(result.estimate)]


def subject_of(model: ModelRow, summary: Summary) -> str:
    """Returns what a model is called; where outcomes or scores came without one, the system is."""
    given = model.kind in _WITHOUT_A_MODEL
    return summary.cover.system or NOT_PROVIDED if given else model.model_id


def standing_of(summary: Summary) -> list[str]:
    """Returns the fixed sentences that every card carries."""
    return [*summary.text.disclaimers, *([] if summary.data.kind == "outcomes" else [SCOPE])]


def crossed(attribute: str) -> bool:
    """Whether two attributes, or columns, meet in one: an intersection."""
    return "*" in attribute


_WITHOUT_A_MODEL = ("predictions", "pairs")
"""Kinds of a `ModelRow` whose model was not there."""


def _findings(summary: Summary, model_id: str) -> Iterator[Result]:
    for row in summary.judged:
        if model_id == summary.models[0].model_id:
            yield _result(row, row.estimate, row.verdict)
        else:
            others = (each for each in row.checkpoints if each.model_id == model_id)
            yield from (_result(row, each.estimate, each.verdict) for each in others)


def _result(row: FindingRow, estimate: Estimate, verdict: str | None) -> Result:
    groups = (row.attribute, row.group_b, row.group_a)
    return Result(row.metric, estimate, *groups, finding_id=row.id, verdict=verdict)


def _groups_of(summary: Summary, model_id: str) -> Iterator[Result]:
    for each in summary.groups:
        if each.model_id == model_id:
            yield Result(each.metric, each.estimate, each.column, each.group, None)
    for row in summary.comparisons:
        if row.model_id == model_id:
            yield Result("impact_ratio", row.impact_ratio, row.column, row.group, row.reference)


def _stands(estimate: Estimate) -> bool:
    return None not in (estimate.value, estimate.low, estimate.high)


def _groups(result: Result) -> str:
    if result.reference is None:
        return isolated(result.group)
    if of_placebo(result.attribute, result.reference, result.group):
        return PLACEBO_WORDS
    return f"{isolated(result.group)} v {isolated(result.reference)}"
