"""What the report says of attributions: what was explained, what carries each contrast's gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.evidence.reader import Evidence
from auditor.records import Contrast, Estimate
from auditor.records_attributions import Chosen, ExplainedCount, Explanations
from auditor.report.explained import explained_pairs
from auditor.report.fidelity import agreement_of, checks_of, methods_of, shortfalls
from auditor.report.parts_attributions import (
    AttributionsPart,
    ContrastRow,
    ExplainedRow,
    WordRow,
)
from auditor.report.words import clusters_are, in_units
from auditor.report.words_attributions import without_ids, worded

WORDS_PER_CONTRAST = 3
OF_A_SIDE = ("term_attribution", "term_share")
"""Metrics of one group's texts: a contrast has two of each, called _a and _b."""


def attributions_of(evidence: Evidence) -> AttributionsPart:
    """Returns what carries the differences of a run; where nothing was explained, why."""
    found, clusters = evidence.explanations, clusters_are(evidence.plan)
    methods = methods_of(found.fidelity)
    contrasts = _contrasts(found, clusters)
    return AttributionsPart(
        not_explained=found.not_explained,
        model_id=found.model_id,
        method=found.method,
        output=found.output,
        unit=found.unit,
        max_evals=found.max_evals,
        explained=_explained(found),
        refused=found.refused,
        contrasts=contrasts,
        on_terms=_without_zero([row.gap_on_term for row in contrasts]),
        on_context=_without_zero([row.gap_on_context for row in contrasts]),
        pairs=explained_pairs(evidence),
        methods=methods,
        checks=checks_of(found.fidelity, methods, clusters),
        agreement=agreement_of(found.fidelity, methods),
        shortfalls=shortfalls(found.fidelity, methods),
        notes=[in_units(without_ids(note), clusters) for note in found.notes],
    )


def _without_zero(parts: Sequence[Estimate]) -> int | None:
    ends = [(e.low, e.high) for e in parts if e.low is not None and e.high is not None]
    return sum(low > 0 or high < 0 for low, high in ends) if ends else None


def _explained(found: Explanations) -> list[ExplainedRow]:
    by_attribute: dict[str, dict[Chosen, ExplainedCount]] = {}
    for count in found.counts:
        by_attribute.setdefault(count.attribute, {})[count.chosen] = count
    return [_counts(name, counts) for name, counts in by_attribute.items()]


def _counts(attribute: str, counts: Mapping[Chosen, ExplainedCount]) -> ExplainedRow:
    numbers: dict[str, int] = {}
    for chosen in Chosen:
        count = counts.get(chosen)
        numbers[chosen.value] = count.explained if count else 0
        numbers[f"{chosen.value}_of"] = count.of if count else 0
    return ExplainedRow(attribute=attribute, **numbers)


def _contrasts(found: Explanations, clusters: str) -> list[ContrastRow]:
    measured: dict[Contrast, dict[str, Estimate]] = {}
    for each in found.metrics:
        name = each.metric
        if name in OF_A_SIDE:
            name += "_a" if each.group == each.contrast.group_a else "_b"
        measured.setdefault(each.contrast, {})[name] = worded(each.estimate, clusters)
    return [_contrast(contrast, own, found) for contrast, own in measured.items()]


def _contrast(
    contrast: Contrast, measured: Mapping[str, Estimate], found: Explanations
) -> ContrastRow:
    missing = Estimate.missing("the run does not say", unit=found.unit)
    words = [
        WordRow(word=each.word, pairs=each.pairs, change=each.estimate)
        for each in found.words
        if each.contrast == contrast
    ]
    return ContrastRow(
        attribute=contrast.attribute,
        group_a=contrast.group_a,
        group_b=contrast.group_b,
        words=words[:WORDS_PER_CONTRAST],
        **{name: measured.get(name, missing) for name in ESTIMATES},
    )


ESTIMATES = tuple(
    name for name, field in ContrastRow.model_fields.items() if field.annotation is Estimate
)
"""The numbers of a contrast, by the names of its keys."""
