"""Groups of people in two runs: the laws of judged differences, and the descriptive numbers."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.comparison.differences import PeopleLaws, joined
from auditor.comparison.records import GroupChange
from auditor.evidence.reader import Evidence
from auditor.metrics.groups import group_contrasts
from auditor.metrics.results import favourable_labels
from auditor.records import Estimate

_Key = tuple[str, str, str]
"""Column, group, metric."""


def people_laws(evidence: Evidence) -> PeopleLaws:
    """Returns the law of every difference between groups of people, of the judged checkpoint."""
    predictions = evidence.predictions()
    if predictions is None:
        return {}
    judged = predictions[predictions["model_id"] == next(iter(evidence.model_ids), "")]
    favourable = favourable_labels(evidence.plan, evidence.record["models"])
    return {
        (each.contrast.contrast_id, each.metric): each.law
        for each in group_contrasts(judged, evidence.plan, favourable)
    }


def group_changes(before: Evidence, after: Evidence) -> tuple[GroupChange, ...]:
    """Returns every number of a group that both runs have: rates, errors, scores, impact ratios.

    Intervals are joined as of two independent samples.
    """
    earlier, later = dict(_numbers(before)), dict(_numbers(after))
    return tuple(
        GroupChange(*key, earlier[key], later[key], joined(earlier[key], later[key]))
        for key in later
        if key in earlier
    )


def _numbers(evidence: Evidence) -> Iterator[tuple[_Key, Estimate]]:
    model = next(iter(evidence.model_ids), "")
    for metric in evidence.group_metrics:
        # A group's impact ratio has no interval there, but does where it is compared.
        if metric.model_id == model and metric.metric != "impact_ratio":
            yield (metric.column, metric.group, metric.metric), metric.estimate
    for each in evidence.results.comparisons:
        if each.model_id == model:
            against = f"against {each.reference}"
            yield (each.column, each.group, f"impact_ratio {against}"), each.impact_ratio
            yield (each.column, each.group, f"selection_rate_difference {against}"), each.difference
