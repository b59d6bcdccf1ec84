"""Texts for a clause, made of this run's findings: what a person may take over and answer for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from auditor.records import Basis, Finding, GroupMetric
from auditor.report.numbers import number
from auditor.report.packs.pack import Elaboration
from auditor.report.packs.subject import Subject
from auditor.report.sentences import finding_sentence
from auditor.report.words import clusters_are, isolated, listed

MOST_GROUPS = 12
"""Of a column whose groups are named one by one."""


def elaborate(kind: Elaboration | None, run: Subject) -> str | None:
    """Returns the text of a kind, or None where the run has nothing to make it of."""
    return ELABORATIONS[kind](run) if kind else None


def _findings(run: Subject) -> str | None:
    return _judged([f for f in run.evidence.findings if f.verdict is not None], run)


def _swaps(run: Subject) -> str | None:
    attributes, clusters = run.attributes_swapped(), clusters_are(run.evidence.plan)
    if not attributes:
        return None
    coverage, counted = run.evidence.coverage, "pairs" if run.evidence.plan.data.pairs else "texts"
    head = (
        f"Counterfactual swaps of {listed(attributes)} in {coverage['texts']:,} {counted} "
        f"({coverage['clusters']:,} {clusters}): each text was compared with itself, the group "
        "exchanged."
    )
    swaps = [f for f in run.evidence.findings if f.basis is Basis.SWAPS and f.verdict is not None]
    return " ".join([head, *filter(None, [_judged(swaps, run)])])


def _groups(run: Subject) -> str | None:
    columns = [c for c in run.columns_measured("selection_rate") if "*" not in c]
    sentences = [_rates(column, run) for column in columns]
    return " ".join(filter(None, sentences)) or None


def _rates(column: str, run: Subject) -> str | None:
    rates = [
        each
        for each in run.evidence.group_metrics
        if (each.column, each.metric, each.model_id)
        == (column, "selection_rate", run.evidence.model_ids[0])
        and each.estimate.value is not None
        and each.estimate.n >= run.least
    ]
    if not 0 < len(rates) <= MOST_GROUPS:
        return None
    return f"Rates of selection by {isolated(column)}: {'; '.join(map(_rate, rates))}."


def _rate(rate: GroupMetric) -> str:
    size = f"{rate.estimate.n:,} rows"
    return f"{isolated(rate.group)} {number(rate.estimate, signed=False)} on {size}"


def _attributions(run: Subject) -> str | None:
    found = run.evidence.explanations
    pairs = sum(count.explained for count in found.counts)
    if found.not_explained is not None or not pairs:
        return None
    return (
        f"Values per token were computed for {pairs:,} pairs of texts (method: {found.method}), "
        "with checks of how far the method can be trusted. They say what moves the output of this "
        "model, and are no reason for a decision."
    )


def _judged(findings: Sequence[Finding], run: Subject) -> str | None:
    if not findings:
        return None
    verdicts = Counter(f.verdict.value for f in findings if f.verdict)
    tally = "; ".join(f"{verdict}: {n}" for verdict, n in sorted(verdicts.items()))
    sized = [f for f in findings if f.estimate.value is not None and f.estimate.n >= run.least]
    noun = "finding has" if len(findings) == 1 else "findings have"
    head = f"{len(findings)} {noun} a criterion ({tally})."
    if not sized:
        return head
    largest = max(sized, key=lambda f: abs(f.estimate.value or 0.0))
    sentence = finding_sentence(largest, clusters=clusters_are(run.evidence.plan))
    return f"{head} The largest difference: {sentence}"


ELABORATIONS: dict[Elaboration, Callable[[Subject], str | None]] = {
    "findings": _findings,
    "swaps": _swaps,
    "groups": _groups,
    "attributions": _attributions,
}
