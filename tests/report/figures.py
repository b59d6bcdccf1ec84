"""Runs with figures: a table of people with scores and labels, and texts whose group is swapped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import auditor
from auditor.evidence.reader import Evidence
from tests.fakes import LABELS, UNEXPLAINED, Biased

STRANGE = ("<script>alert(1)</script>", "a \"b\", 'c' & =1+1", "עברית, עברית", "long " * 60)
"""Groups of one column; "long" is of 300 characters."""


def people(folder: Path, rows: int = 600, **options: Any) -> Evidence:
    """Returns an audit of outcomes with scores, labels, two columns and rows of unknown group."""
    rng = np.random.default_rng(3)
    deserving = rng.random(rows) < 0.5
    score = np.clip(rng.normal(0.35 + 0.3 * deserving, 0.18), 0.001, 0.999).round(3)
    table = pd.DataFrame(
        {
            "sex": rng.choice(["f", "m", ""], rows, p=[0.45, 0.5, 0.05]),
            "race": rng.choice(list(STRANGE), rows, p=[0.4, 0.4, 0.17, 0.03]),
            "hired": (score >= 0.5).astype(int),
            "score": score,
            "good": np.where(deserving, "yes", "no"),
        }
    )
    return outcomes(folder, table, score="score", label="good", favourable="yes", **options)


def outcomes(folder: Path, table: pd.DataFrame, **options: Any) -> Evidence:
    """Returns an audit of the column "hired" of a table, by every column that is named sex or race.

    Args:
        options: of the plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "people.csv", index=False)
    protected = [name for name in ("sex", "race") if name in table]
    return auditor.audit(
        predictions=str(folder / "people.csv"), outcome="hired", protected=protected,
        out=folder / "run", **options,
    ).evidence  # fmt: skip


def swaps(folder: Path, **options: Any) -> Evidence:
    """Returns an audit of templates with a model that is .3 lower where a woman is named."""
    return auditor.audit(
        Biased("woman", "mother", "daughter", noise=0.2), templates=["everyday"],
        attributes=["gender", "age"], labels=LABELS, favourable="positive", self_test=0,
        out=folder / "run", **UNEXPLAINED, **options,
    ).evidence  # fmt: skip
