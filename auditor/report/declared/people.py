"""Groups of people in the data: how many, against which population, and whose group is unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from auditor.evidence.reader import Evidence
from auditor.metrics.groups.columns import CROSSED, JOINT
from auditor.metrics.groups.rows import ALL_GROUPS, UNKNOWN
from auditor.plan_report import DeclaredPlan
from auditor.records import GroupMetric
from auditor.report.declared.checks import check_groups
from auditor.report.declared.parts import EmptyRow, RepresentedRow, UnknownRow

Columns = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Column -> group -> metric -> place in the group metrics, of the first checkpoint."""


def columns_of(evidence: Evidence) -> Columns:
    """Returns the protected columns, and two of them crossed; not within control values.

    A crossed group without a row has no count, though it may have a reason why a number of it could
    not be measured.
    """
    found: dict[str, dict[str, dict[str, int]]] = {}
    first = evidence.model_ids[:1]
    for place, each in enumerate(evidence.group_metrics):
        if each.model_id in first and each.group != ALL_GROUPS:
            found.setdefault(each.column, {}).setdefault(each.group, {})[each.metric] = place
    known = evidence.plan.data.protected
    wanted = {*known, *(f"{a}{CROSSED}{b}" for a in known for b in known)}
    return {
        name: {group: places for group, places in groups.items() if "count" in places}
        for name, groups in found.items()
        if name in wanted
    }


def represented(
    evidence: Evidence, columns: Columns, declared: DeclaredPlan
) -> list[RepresentedRow]:
    """Returns every known group of every column, and groups of the population without a row.

    Raises:
        PlanError: the shares of the population name groups that the data spells otherwise.
    """
    rows = []
    for column, groups in columns.items():
        shares = declared.reference_shares.get(column, {})
        known = [group for group in groups if group != UNKNOWN]
        check_groups(column, shares, known)
        absent = [group for group in shares if group not in known]
        rows += [_represented(evidence, column, g, groups.get(g), shares) for g in known + absent]
    return rows


def _represented(
    evidence: Evidence,
    column: str,
    group: str,
    places: Mapping[str, int] | None,
    shares: Mapping[str, float],
) -> RepresentedRow:
    n, share = 0, 0.0 if places is None else None
    if places is not None:
        n = _metric(evidence, places["count"]).estimate.n
        share = _metric(evidence, places["share"]).estimate.value
    reference = shares.get(group)
    ratio = share / reference if share is not None and reference else None
    gap = share - reference if share is not None and reference is not None else None
    return RepresentedRow(
        column=column,
        crossed=column not in evidence.plan.data.protected,
        group=group,
        n=n,
        share=share,
        reference=reference,
        ratio=ratio,
        gap=gap,
        small=n < evidence.plan.metrics.min_rows,
    )


def empty(columns: Columns) -> list[EmptyRow]:
    """Returns the groups of two columns together that no row is of."""
    found = []
    for first, second in product(columns, columns):
        crossed = columns.get(f"{first}{CROSSED}{second}")
        if crossed is not None:
            pairs = product(_known(columns[first]), _known(columns[second]))
            names = [JOINT.join(pair) for pair in pairs]
            bare = [name for name in names if name not in crossed]
            found += [EmptyRow(column=f"{first}{CROSSED}{second}", groups=bare)] if bare else []
    return found


def _known(groups: Mapping[str, object]) -> list[str]:
    return [group for group in groups if group != UNKNOWN]


def unknown(evidence: Evidence, columns: Columns) -> list[UnknownRow]:
    """Returns the rows of unknown group of each protected column, by outcome where one is known."""
    return [
        _unknown(evidence, column, columns[column])
        for column in evidence.plan.data.protected
        if column in columns
    ]


def _unknown(
    evidence: Evidence, column: str, groups: Mapping[str, Mapping[str, int]]
) -> UnknownRow:
    counts = {name: _metric(evidence, g["count"]).estimate.n for name, g in groups.items()}
    n = counts.get(UNKNOWN, 0)
    rate = _metric(evidence, groups[UNKNOWN]["selection_rate"]).estimate if n else None
    selected = None
    if rate is not None and evidence.plan.data.weight_kind == "frequency":
        hits = (rate.value or 0.0) * rate.n
        whole = rate.value is not None and abs(hits - round(hits)) < 1e-6 * max(1.0, hits)
        selected = round(hits) if whole else None
    return UnknownRow(
        column=column,
        n=n,
        of=sum(counts.values()),
        selected=selected,
        refused=None if selected is None or rate is None else rate.n - selected,
    )


def places_of(evidence: Evidence, metric: str) -> list[int]:
    """Returns where a metric of the groups of the protected columns stands, of every checkpoint."""
    return list(_places(evidence, metric))


def _places(evidence: Evidence, metric: str) -> Iterator[int]:
    for place, each in enumerate(evidence.group_metrics):
        measured = each.estimate.value is not None
        if each.metric == metric and each.column in evidence.plan.data.protected and measured:
            yield place


def _metric(evidence: Evidence, place: int) -> GroupMetric:
    return evidence.group_metrics[place]
