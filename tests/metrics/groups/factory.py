"""Tables of people with known answers, as rows and as counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from auditor.metrics.groups import GroupContrast, group_contrasts, group_metrics
from auditor.metrics.groups.columns import model_columns
from auditor.metrics.groups.rows import GroupRows
from auditor.records import Estimate
from tests.metrics.factory import plan

Groups = Mapping[Any, tuple[int, int]]


def table(
    protected: Sequence[Mapping[str, str | None]], selected: Sequence[bool] | Any, **columns: Any
) -> pd.DataFrame:
    """Returns PREDICTIONS rows; other columns are given whole or as one value for all rows."""
    size = len(protected)
    ids = [f"row-{i}" for i in range(size)]
    fixed = {
        "row_id": ids,
        "cluster": ids,
        "model_id": "m",
        "label_true": None,
        "selected": pd.array([bool(s) for s in selected], dtype="boolean"),
        "score": np.nan,
        "protected": pd.Series([dict(row) for row in protected], dtype=object),
        "weight": 1.0,
        "weight_kind": "frequency",
    }
    return pd.DataFrame({**fixed, **columns})


def counts(groups: Groups, *, column: str = "sex", **columns: Any) -> pd.DataFrame:
    """Returns a table of counts: group -> (selected, rows); two rows per group."""
    cells = [
        (group, chosen, selected if chosen else total - selected)
        for group, (selected, total) in groups.items()
        for chosen in (True, False)
    ]
    return table(
        [{column: group} for group, _, _ in cells],
        [chosen for _, chosen, _ in cells],
        weight=[float(count) for _, _, count in cells],
        **columns,
    )


def random_table(rng: np.random.Generator, rows: int = 400, **columns: Any) -> pd.DataFrame:
    """Returns labelled, scored rows of two columns, with ties and whole weights."""
    sex = rng.choice(["man", "woman"], rows, p=[0.6, 0.4])
    race = rng.choice(["black", "white", "asian"], rows)
    truth = rng.random(rows) < 0.4 + 0.1 * (sex == "man")
    score = np.round(np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0, 1), 2)
    given = {
        "label_true": np.where(truth, "yes", "no"),
        "score": score,
        "weight": rng.integers(1, 5, rows).astype(float),
    }
    protected = [{"sex": s, "race": r} for s, r in zip(sex, race, strict=True)]
    return table(protected, score > 0.5, **{**given, **columns})


def with_values(frame: pd.DataFrame, column: str, values: Sequence[str | None]) -> pd.DataFrame:
    """Returns the rows with one more protected or control column."""
    rows = [{**row, column: v} for row, v in zip(frame["protected"], values, strict=True)]
    return frame.assign(protected=pd.Series(rows, index=frame.index, dtype=object))


def expanded(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows that a table of counts stands for, in another order."""
    times = frame["weight"].astype(int)
    named = (frame["cluster"] != frame["row_id"]).any()
    rows = frame.loc[frame.index.repeat(times)].sample(frac=1, random_state=1)
    ids = [f"person-{i}" for i in range(len(rows))]
    clusters = rows["cluster"].to_numpy() if named else ids
    return rows.assign(row_id=ids, cluster=clusters, weight=1.0).reset_index(drop=True)


def estimates(
    frame: pd.DataFrame, column: str = "sex", **options: Any
) -> dict[tuple[str, str], Estimate]:
    """Returns (group, metric) -> estimate of one column; "yes" is the favourable truth."""
    found = group_metrics(frame, plan(**options), favourable=["yes"])
    return {(m.group, m.metric): m.estimate for m in found if m.column == column}


def contrasts(
    frame: pd.DataFrame, metric: str = "selection_rate_difference", **options: Any
) -> dict[str, GroupContrast]:
    """Returns group B -> its contrast with the reference."""
    found = group_contrasts(frame, plan(**options), favourable=["yes"])
    return {each.contrast.group_b: each for each in found if each.metric == metric}


def group_table(frame: pd.DataFrame, column: str = "sex", **options: Any) -> GroupRows:
    """Returns one column's rows."""
    (model,) = model_columns(frame, plan(**options), ["yes"], strata=True)
    return {**model.columns, **model.strata}[column]


def numbers(estimate: Estimate) -> tuple[float | None, ...]:
    """Returns all numbers of an estimate."""
    return (
        estimate.value,
        estimate.low,
        estimate.high,
        float(estimate.n),
        float(estimate.clusters),
        estimate.level,
    )


def within_error(rate: float, audits: int, limit: float = 0.05) -> bool:
    """Returns whether a rate seen in so many audits can be that of a level of `limit`: not above
    it by more than two standard errors."""
    return bool(rate <= limit + 2 * (limit * (1 - limit) / audits) ** 0.5)
