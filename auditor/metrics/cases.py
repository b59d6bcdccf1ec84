"""Cases: the pairs that a person should look at, chosen by rule and never what an estimate uses."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from auditor.metrics.estimates import NOISE
from auditor.plan import AuditPlan
from auditor.records import Arm
from auditor.schemas import CASES

_UNITS = {
    "mean_effect": "score",
    "matched_mean_effect": "score",
    "standardised_effect": "SD",
    "mean_margin_effect": "log-odds",
}
"""Governing metric -> what its delta says of a single pair; else a rate, which is none of a
regression's, whose score has a unit of its own."""


def flag_cases(
    db: duckdb.DuckDBPyConnection, plan: AuditPlan, model_id: str, governs: Mapping[str, str]
) -> pa.Table:
    """Returns the flagged pairs of one model, most severe first (`schemas.CASES`).

    Per attribute: every flip (of the label, or of the selection at the cut-off in use) and the
    `largest_share` of largest absolute effects, in the order severity, size, pair_id, cut at
    `max_cases`. The rule is no lottery: a pair that it reaches is in with probability 1, and one
    beyond the cap with probability 0. So cases are for looking at, and a share or rate among them
    says nothing of the texts at large.

    Args:
        db: with the view `counted`.
        governs: attribute -> the metric that decides for it.
    """
    _write_marks(db, plan, governs)
    rows = db.execute(
        _FLAGGED.format(columns=", ".join(CASES.names)),
        {
            "model": model_id,
            "share": plan.cases.largest_share,
            "cap": plan.cases.max_cases,
            "worse": plan.harm.worse,
            "noise": NOISE,
        },
    ).fetchall()
    found = [dict(zip(CASES.names, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(found, schema=CASES)


def _write_marks(
    db: duckdb.DuckDBPyConnection, plan: AuditPlan, governs: Mapping[str, str]
) -> None:
    """Makes the table `marks`: from which size on the effect on one pair of an attribute is large,
    and in what unit."""
    db.execute("CREATE OR REPLACE TEMP TABLE marks (attribute VARCHAR, unit VARCHAR, delta DOUBLE)")
    for attribute, metric in governs.items():
        delta = plan.metrics.criterion(attribute, metric).delta
        unit = _UNITS.get(metric, "rate")
        db.execute("INSERT INTO marks VALUES (?, ?, ?)", [attribute, unit, delta])


_FLAGGED = f"""
WITH named AS (
    SELECT source.pair_id, source.row_id, source.model_id, source.attribute, source.contrast_id,
        source.group_b, abs(counted.effect) AS size,
        coalesce(counted.flip, false) OR coalesce(selected_a != selected_b, false) AS flips,
        coalesce(CASE $worse WHEN 'lower' THEN selected_a AND NOT selected_b
            WHEN 'higher' THEN selected_b AND NOT selected_a
            ELSE selected_a != selected_b END, false) AS harms,
        coalesce(CASE marks.unit WHEN 'score' THEN abs(counted.effect) > delta
            WHEN 'SD' THEN abs(counted.effect) > delta * sd
            WHEN 'log-odds' THEN abs(margin_b - margin_a) > delta
            ELSE counted.unit = 'probability' AND abs(counted.effect) > delta END, false) AS beyond
    FROM counted JOIN (
        SELECT DISTINCT ON (model_id, pair_id, arm) * FROM valid_pairs ORDER BY row_id
    ) source USING (model_id, pair_id, arm)
        JOIN marks ON marks.attribute = source.attribute
    WHERE model_id = $model AND arm = '{Arm.SWAP}'
),
ranked AS (
    SELECT *, size > $noise AND $share * count(*) OVER (PARTITION BY attribute)
            > row_number() OVER (PARTITION BY attribute ORDER BY size DESC NULLS LAST, pair_id) - 1
            AS large,
        CASE WHEN harms THEN 0 WHEN flips OR beyond THEN 1 ELSE 2 END AS rank
    FROM named
),
flagged AS (
    SELECT *, CASE
            WHEN harms AND $worse = 'lower'
                THEN 'the swap to "' || group_b || '" loses the favourable label'
            WHEN harms AND $worse = 'higher'
                THEN 'the swap to "' || group_b || '" gains the favourable label'
            WHEN flips THEN 'the predicted label flips'
            ELSE 'among the largest effects of ' || attribute END AS reason,
        ['high', 'medium', 'low'][rank + 1] AS severity,
        1.0::DOUBLE AS sampling_probability,
        row_number() OVER (
            PARTITION BY attribute ORDER BY rank, size DESC NULLS LAST, pair_id) AS place
    FROM ranked WHERE flips OR large
)
SELECT {{columns}} FROM flagged WHERE place <= $cap ORDER BY rank, size DESC NULLS LAST, pair_id
"""
