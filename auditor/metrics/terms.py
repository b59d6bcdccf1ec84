"""Single terms: the fairness gap of an attribute over all its swaps, and its worst terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from auditor.metrics.counted import mean_of, scales_of
from auditor.metrics.estimates import HARD_FLOOR, NOISE, estimate, mean_law, t_quantile
from auditor.records import AttributeMetric, Contrast, Estimate, TermEffect, digest

TERMS_SHOWN = 10
"""Per contrast: those with the largest effects."""
FAIRNESS_GAP = "counterfactual_token_fairness_gap"


def fairness_gaps(db: duckdb.DuckDBPyConnection, seed: int) -> list[AttributeMetric]:
    """Returns the counterfactual token fairness gap of every model and attribute.

    The mean over texts of the mean over a text's swaps of |score(text) - score(counterfactual)|
    (Garg et al., Counterfactual Fairness in Text Classification through Robustness, AIES 2019);
    texts are averaged within clusters first. 0 means that no swap changes any score. A large model
    of no bias can have a large gap: it is the placebo's gap that it is to be read against.

    Args:
        db: with the view `valid_pairs`.
    """
    scale = scales_of(db).score
    table: pd.DataFrame = db.execute(
        "WITH texts AS (SELECT model_id, attribute, cluster, row_id, min(unit) AS unit, "
        f"count(effect) AS n, {mean_of('abs(effect)', scale)} AS gap FROM valid_pairs "
        "WHERE arm = 'swap' AND effect IS NOT NULL GROUP BY model_id, attribute, cluster, row_id) "
        f"SELECT model_id, attribute, min(unit) AS unit, sum(n) AS n, {mean_of('gap', scale)} "
        "AS gap FROM texts GROUP BY model_id, attribute, cluster "
        "ORDER BY model_id, attribute, cluster"
    ).df()
    groups = table.groupby(["model_id", "attribute"], sort=True)
    return [_gap(str(model), str(attribute), rows, seed) for (model, attribute), rows in groups]


def _gap(model_id: str, attribute: str, rows: pd.DataFrame, seed: int) -> AttributeMetric:
    values, unit = rows["gap"].to_numpy(np.float64), str(rows["unit"].iloc[0])
    bounds = (0.0, 1.0 if unit == "probability" else np.inf)
    stream, n = int(digest(str(seed), attribute, FAIRNESS_GAP), 16), int(rows["n"].sum())
    if Contrast(attribute, "", "").crossed:
        value, reason = float(values.mean()), "names are drawn too: see mean_absolute_effect"
        method = "mean of cluster means"
        without = Estimate(value, None, None, n, len(values), unit, method, reason=reason)
        return AttributeMetric(attribute, FAIRNESS_GAP, model_id, without)
    law = mean_law(values, bounds, stream) if len(values) >= HARD_FLOOR else None
    found = estimate(float(values.mean()), law, n=n, clusters=len(values), unit=unit)
    return AttributeMetric(attribute, FAIRNESS_GAP, model_id, found)


def term_effects(
    db: duckdb.DuckDBPyConnection, contrasts: Mapping[str, Contrast]
) -> list[TermEffect]:
    """Returns each contrast's terms with the largest mean effects on the score, largest first.

    The largest of many is large by chance (the winner's curse). So the intervals hold for all terms
    of a contrast together: t on cluster means at a level of 1 - .05 / terms (Bonferroni). Terms in
    fewer than 8 clusters are not ranked.

    Args:
        db: with the view `counted`.
        contrasts: by id.
    """
    scales = scales_of(db)
    scale, squares = scales.score, scales.square
    table: pd.DataFrame = db.execute(
        "WITH cells AS (SELECT model_id, contrast_id, term_a, term_b, cluster, "
        f"min(unit) AS unit, count(effect) AS n, {mean_of('effect', scale)} AS mean FROM counted "
        "WHERE arm = 'swap' AND effect IS NOT NULL GROUP BY ALL), "
        "terms AS (SELECT model_id, contrast_id, term_a, term_b, min(unit) AS unit, sum(n) AS n, "
        f"count(*) AS clusters, {mean_of('mean', scale)} AS mean, "
        f"{mean_of('mean * mean', squares)} AS square FROM cells "
        f"GROUP BY model_id, contrast_id, term_a, term_b HAVING count(*) >= {HARD_FLOOR}) "
        "SELECT * FROM terms ORDER BY model_id, contrast_id, abs(mean) DESC, term_a, term_b"
    ).df()
    return [
        _term(row, contrasts[str(contrast)], len(rows))
        for (_, contrast), rows in table.groupby(["model_id", "contrast_id"], sort=True)
        if str(contrast) in contrasts and len(rows) > 1
        for row in rows.head(TERMS_SHOWN).to_dict("records")
    ]


def _term(row: Mapping[Any, Any], contrast: Contrast, terms: int) -> TermEffect:
    mean, square, clusters = (float(row[name]) for name in ("mean", "square", "clusters"))
    se = (max(0.0, square - mean * mean) / (clusters - 1)) ** 0.5
    n, size, unit = int(row["n"]), int(clusters), str(row["unit"])
    level = 1 - 0.05 / terms
    if se <= NOISE:
        reason = "all clusters show the same value: no interval"
        found = Estimate(mean, None, None, n, size, unit, "mean of cluster means", 0.95, reason)
    else:
        half = -t_quantile((1 - level) / 2, clusters - 1) * se
        method = f"t on cluster means, the 95 % shared by {terms} terms (Bonferroni)"
        found = Estimate(mean, mean - half, mean + half, n, size, unit, method, level)
    return TermEffect(contrast, str(row["model_id"]), str(row["term_a"]), str(row["term_b"]), found)
