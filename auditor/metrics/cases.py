"""Cases: the pairs that a person should look at, chosen by rule and never what an estimate uses."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from auditor.metrics.clusters import COUNTED, connect
from auditor.metrics.estimates import NOISE
from auditor.plan import AuditPlan
from auditor.records import CASES, Finding


def flag_cases(pairs: str, plan: AuditPlan, findings: Sequence[Finding]) -> pa.Table:
    """Returns the flagged pairs of the first checkpoint, most severe first (`records.CASES`).

    Per attribute: every flip (of the label, or of the selection at the cut-off in use) and the
    `largest_share` of largest absolute effects, in the order severity, size, pair_id, cut at
    `max_cases`. The rule is no lottery: a pair that it reaches is in with probability 1, and one
    beyond the cap with probability 0. So cases are for looking at, and a share or rate among them
    says nothing of the texts at large.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.
    """
    if not findings:
        return CASES.empty_table()
    with connect() as db:
        rows = db.execute(
            _FLAGGED.format(
                counted=COUNTED.format(pairs=pairs), pairs=pairs, columns=", ".join(CASES.names)
            ),
            {
                "model": findings[0].model_id,
                "share": plan.cases.largest_share,
                "cap": plan.cases.max_cases,
                "delta": plan.metrics.delta,
                "in_score": plan.metrics.governing == "mean_effect",
                "noise": NOISE,
            },
        ).fetchall()
    found = [dict(zip(CASES.names, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(found, schema=CASES)


_FLAGGED = """
WITH counted AS ({counted}),
named AS (
    SELECT source.pair_id, row_id, source.model_id, attribute, source.contrast_id, group_b,
        abs(counted.effect) AS size,
        coalesce(counted.flip, false) OR coalesce(selected_a != selected_b, false) AS flips,
        coalesce(selected_a AND NOT selected_b, false) AS harms,
        -- A delta in rates says nothing of the effects of a regression, which has units of its own.
        coalesce(abs(counted.effect) > $delta, false)
            AND ($in_score OR counted.unit = 'probability') AS beyond
    FROM counted JOIN read_parquet('{pairs}') source USING (model_id, pair_id)
    WHERE model_id = $model AND source.arm = 'swap' AND source.validity = 'valid'
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
            WHEN harms THEN 'the swap to "' || group_b || '" loses the favourable label'
            WHEN flips THEN 'the predicted label flips'
            ELSE 'among the largest effects of ' || attribute END AS reason,
        ['high', 'medium', 'low'][rank + 1] AS severity,
        1.0::DOUBLE AS sampling_probability,
        row_number() OVER (
            PARTITION BY attribute ORDER BY rank, size DESC NULLS LAST, pair_id) AS place
    FROM ranked WHERE flips OR large
)
SELECT {columns} FROM flagged WHERE place <= $cap ORDER BY rank, size DESC NULLS LAST, pair_id
"""
