"""Tables of errors that no finding has: four counts of each group, and ratios of error rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.counts import CountPair, ratio_interval
from auditor.metrics.groups.references import largest_group
from auditor.metrics.groups.rows import GroupRows
from auditor.plan import AuditPlan
from auditor.records import Estimate
from auditor.report.figures.parts import ConfusionRow, ErrorRatioRow
from auditor.report.figures.tables_of_people import PeopleTables

NO_COUNTS = "the weights are no counts of people"
_UNBOUNDED = "nothing bounds the ratio from above: no interval"
_CLUSTERED = "rows share clusters: descriptive, no interval"
Counts = tuple[int, int]
"""Hits, and the rows that they are a share of."""


def confusion_of(tables: PeopleTables | None) -> list[ConfusionRow]:
    """Returns the counts of every group with labelled rows; none where weights are no counts."""
    return [
        row
        for column, table in (tables.columns if tables else {}).items()
        for group in table.names
        if (row := _confusion(tables, column, table, group)) is not None
    ]


def why_no_confusion(evidence: Evidence, tables: PeopleTables | None) -> str | None:
    """Returns why groups have no counts though the rows have true labels."""
    labelled = tables and any(table.labelled.any() for table in tables.columns.values())
    if not labelled or evidence.plan.data.weight_kind == "frequency":
        return None
    return NO_COUNTS


def error_ratios(tables: PeopleTables | None, plan: AuditPlan) -> list[ErrorRatioRow]:
    """Returns the error rates of each group over those of the plan's reference, else the largest
    group's; independent rows have intervals."""
    found: list[ErrorRatioRow] = []
    for column, table in (tables.columns if tables else {}).items():
        own = _labelled(table)
        reference = largest_group(own, plan)
        if tables is not None and reference is not None and own.frequency:
            found += [
                ErrorRatioRow(
                    model_id=tables.model_id,
                    column=column,
                    group=group,
                    reference=reference,
                    metric=metric,
                    estimate=estimate,
                )
                for group in own.known
                if group != reference
                for metric, estimate in _ratios(own, group, reference).items()
            ]
    return found


def _labelled(table: GroupRows) -> GroupRows:
    return table.only(table.decided & table.labelled).without_scores()


def _confusion(
    tables: PeopleTables | None, column: str, table: GroupRows, group: str
) -> ConfusionRow | None:
    own = _labelled(table)
    rows = own.only(own.of(group))
    if tables is None or not table.frequency or not len(rows.codes):
        return None
    truth, chosen = rows.truth, rows.selected
    counts = (truth & chosen, truth & ~chosen, ~truth & chosen, ~truth & ~chosen)
    tp, fn, fp, tn = (round(float(rows.weight[cell].sum())) for cell in counts)
    return ConfusionRow(
        model_id=tables.model_id,
        column=column,
        group=group,
        true_positives=tp,
        false_negatives=fn,
        false_positives=fp,
        true_negatives=tn,
    )


def _ratios(table: GroupRows, group: str, reference: str) -> Mapping[str, Estimate]:
    both = [list(_errors(table.only(table.of(name)))) for name in (group, reference)]
    return {
        name: _ratio(own, other, reference, independent=table.independent)
        for (name, own), (_, other) in zip(*both, strict=True)
    }


def _errors(rows: GroupRows) -> Iterator[tuple[str, Counts]]:
    for name, hits, base in (
        ("false_negative_rate", rows.truth & ~rows.selected, rows.truth),
        ("false_positive_rate", ~rows.truth & rows.selected, ~rows.truth),
        ("false_omission_rate", rows.truth & ~rows.selected, ~rows.selected),
    ):
        weights = rows.weight[hits].sum(), rows.weight[base].sum()
        yield name, (round(float(weights[0])), round(float(weights[1])))


def _ratio(own: Counts, other: Counts, reference: str, *, independent: bool) -> Estimate:
    if not own[1]:
        return Estimate.missing("no row of this group can have this error", unit="ratio")
    if not other[0]:
        return Estimate.missing(f"no row of {reference} has this error", unit="ratio", n=own[1])
    pair = CountPair(*own, *other)
    interval, method = ratio_interval(pair) if independent else (None, "counts")
    low, high = interval or (None, None)
    bare = _UNBOUNDED if independent else _CLUSTERED
    reason = None if interval else bare
    return Estimate(pair.ratio, low, high, own[1], own[1], "ratio", method, reason=reason)
