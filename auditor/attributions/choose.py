"""Which pairs are explained: the flagged ones, a random sample of the others, and placebo pairs.

Drawn by a hash, so that the same pairs are explained on every machine and after every interruption.
Within a contrast each pair is as likely as any other. Contrasts share the draw: what is hashed is
the pair's cluster and its number there, so that of every contrast the same templates are explained,
which have most masked versions in common.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pandas as pd
import pyarrow as pa

from auditor.metrics.counted import counted_pairs
from auditor.plan import AuditPlan
from auditor.records import Arm
from auditor.records_attributions import Chosen, ExplainedCount

COLUMNS = (
    "pair_id", "cluster", "attribute", "contrast_id", "group_a", "group_b", "group_from",
    "group_to", "term_from", "term_to", "text", "counterfactual", "spans_from", "spans_to",
    "score_from", "score_to", "margin_from", "margin_to", "weight",
)  # fmt: skip
"""Of `schemas.PAIRS`: what explaining and summing up a pair needs."""


def choose_pairs(
    pairs: str, cases: pa.Table, plan: AuditPlan, model_id: str
) -> tuple[pd.DataFrame, list[ExplainedCount]]:
    """Returns the pairs to explain, and how many of how many they are.

    The rows have `COLUMNS`, `chosen`, `sampling_probability` (1 for flagged pairs; for the sample
    the share of the contrast's other pairs that was drawn: sums weighted by the inverse speak of
    all pairs that count) and `census`, which holds where every pair of a contrast is among them.
    Texts of a template stand together, which shares their masked versions.

    Args:
        pairs: DuckDB glob of the pairs, safe inside single quotes.
        cases: rows of `schemas.CASES`, most severe first.
    """
    asked, flagged = plan.attributions, _flagged(cases, plan)
    with counted_pairs(pairs) as db:
        db.register("flagged", flagged)
        drawn = db.execute(
            _DRAWN,
            {
                "model": model_id,
                "seed": str(plan.seed),
                "sample": asked.explain_sample,
                "placebo": asked.explain_placebo,
            },
        ).df()
        chosen = _rows(db, drawn[drawn["taken"]], model_id)
    left_out = drawn.loc[~drawn["taken"], "contrast_id"]
    chosen["census"] = ~chosen["contrast_id"].isin(left_out)
    chosen = chosen.sort_values(["cluster", "text", "pair_id"], ignore_index=True)
    return chosen, _counts(drawn, flagged)


def _flagged(cases: pa.Table, plan: AuditPlan) -> pd.DataFrame:
    """Returns the pair_id and attribute of the first cases of each attribute."""
    frame: pd.DataFrame = cases.select(["pair_id", "attribute"]).to_pandas()
    frame["rank"] = frame.groupby("attribute").cumcount()
    frame["taken"] = frame["rank"] < plan.attributions.explain_flagged
    return frame


_DRAWN = f"""
WITH population AS (
    SELECT counted.pair_id, counted.attribute, contrast_id, arm, cluster,
        coalesce(taken, false) AS flagged
    FROM counted LEFT JOIN flagged ON flagged.pair_id = counted.pair_id AND arm = '{Arm.SWAP}'
    WHERE model_id = $model AND arm IN ('{Arm.SWAP}', '{Arm.PLACEBO}')
),
others AS (
    SELECT *, row_number() OVER (PARTITION BY arm, contrast_id, cluster ORDER BY pair_id) AS number,
        CASE arm WHEN '{Arm.PLACEBO}' THEN attribute ELSE contrast_id END AS stratum,
        CASE arm WHEN '{Arm.PLACEBO}' THEN $placebo ELSE $sample END AS asked
    FROM population WHERE NOT flagged
),
placed AS (
    SELECT *, count(*) OVER (PARTITION BY arm, stratum) AS size, row_number() OVER (
        PARTITION BY arm, stratum ORDER BY md5(concat_ws(' ', $seed, number, cluster)), pair_id
        ) AS place
    FROM others
)
SELECT pair_id, attribute, contrast_id, arm, '{Chosen.FLAGGED}' AS chosen, true AS taken,
    1.0::DOUBLE AS sampling_probability
FROM population WHERE flagged
UNION ALL
SELECT pair_id, attribute, contrast_id, arm,
    CASE arm WHEN '{Arm.PLACEBO}' THEN '{Chosen.PLACEBO}' ELSE '{Chosen.SAMPLE}' END AS chosen,
    place <= asked AS taken, least(asked, size)::DOUBLE / size AS sampling_probability
FROM placed
"""


def _rows(db: duckdb.DuckDBPyConnection, taken: pd.DataFrame, model_id: str) -> pd.DataFrame:
    db.register("taken", taken[["pair_id", "arm", "chosen", "sampling_probability"]])
    columns = ", ".join(f"source.{name}" for name in COLUMNS)
    frame: pd.DataFrame = db.execute(
        f"SELECT {columns}, chosen, sampling_probability FROM ("
        "SELECT DISTINCT ON (pair_id, arm) * FROM valid_pairs WHERE model_id = $model "
        "AND pair_id IN (SELECT pair_id FROM taken) ORDER BY row_id"
        ") source JOIN taken USING (pair_id, arm)",
        {"model": model_id},
    ).df()
    return frame


def _counts(drawn: pd.DataFrame, flagged: pd.DataFrame) -> list[ExplainedCount]:
    counts = [
        ExplainedCount(str(attribute), Chosen(str(chosen)), int(rows["taken"].sum()), len(rows))
        for (attribute, chosen), rows in drawn.groupby(["attribute", "chosen"], sort=True)
        if chosen != Chosen.FLAGGED
    ]
    cases = flagged.groupby("attribute")["taken"]
    return [
        *(
            ExplainedCount(str(a), Chosen.FLAGGED, int(taken.sum()), len(taken))
            for a, taken in cases
        ),
        *counts,
    ]


def texts_to_check(chosen: pd.DataFrame, count: int) -> tuple[Sequence[str], Sequence[str]]:
    """Returns texts on which methods are checked, with their clusters: of the random sample, one
    of each cluster before a second of any.

    Where there is no sample the flagged pairs stand in.
    """
    drawn = chosen[chosen["chosen"] == Chosen.SAMPLE]
    if not len(drawn):
        drawn = chosen[chosen["chosen"] == Chosen.FLAGGED]
    texts = drawn.drop_duplicates("text").sort_values("pair_id", ignore_index=True)
    turn = texts.groupby("cluster").cumcount()
    first = texts.iloc[turn.sort_values(kind="stable").index].head(count)
    return first["text"].tolist(), first["cluster"].tolist()
