"""One test of whether a column's groups have one selection rate, before any two are compared."""

from __future__ import annotations

import numpy as np

from auditor.metrics.groups.rates import counts_of
from auditor.metrics.groups.references import large_groups
from auditor.metrics.groups.rows import GroupRows
from auditor.records import Estimate

NO_COUNTS = "rows that share clusters or carry survey weights are no independent counts"


def omnibus(table: GroupRows, least: int) -> dict[str, Estimate]:
    """Returns Pearson's chi-square of group by selection, over the known groups, and its p.

    `omnibus_p` is the chance of rates at least as unequal where all groups have one rate. It says
    that some group differs, not which. Groups with fewer than `least` rows are left out, and
    `reason` names them.
    """
    units = {"omnibus_chi_square": "chi-square", "omnibus_p": "p"}
    groups = large_groups(table.only(table.decided), least)
    known = groups.table
    counts = _table_of_counts(known)
    missing = _why_none(known, counts)
    if missing:
        missing += groups.left_out
        return {name: Estimate.missing(missing, unit=unit) for name, unit in units.items()}
    from scipy.stats import chi2_contingency

    test = chi2_contingency(counts, correction=False)
    method = f"Pearson's chi-square, df {test.dof}"
    if test.expected_freq.min() < 5:
        method += "; an expected count is below 5, so p is rough"
    none = f"a test has no interval{groups.left_out}"
    values = (float(test.statistic), float(test.pvalue))
    return {
        name: Estimate(value, None, None, known.size, known.size, unit, method, reason=none)
        for (name, unit), value in zip(units.items(), values, strict=True)
    }


def _table_of_counts(table: GroupRows) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows = [table.of(group) for group in table.known]
    return np.array(
        [
            [table.weight[mask & chosen].sum() for chosen in (table.selected, ~table.selected)]
            for mask in rows
        ]
    ).reshape(-1, 2)


def _why_none(table: GroupRows, counts: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> str:
    if len(counts) < 2:
        return "fewer than two known groups"
    if not table.frequency or not table.independent or not counts_of(table.weight):
        return NO_COUNTS
    if not counts.sum(axis=0).all():
        return "all rows have one outcome"
    return ""
