"""A small audited table of outcomes by sex and race, for tests of what employment law asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from auditor.evidence.reader import Evidence
from auditor.pipeline import run_audit
from auditor.plan_file import check_plan

CELLS = {
    ("female", "black"): (24, 60), ("female", "white"): (40, 80),
    ("male", "black"): (30, 60), ("male", "white"): (50, 80),
}  # fmt: skip
"""(sex, race) -> (selected, people)."""


def table(folder: Path, names: tuple[str, str] = ("sex", "race")) -> Path:
    """Writes the table of counts under `names` of its protected columns, and returns its path."""
    rows = [
        (*cell, word, count)
        for cell, (selected, n) in CELLS.items()
        for word, count in (("yes", selected), ("no", n - selected))
    ]
    path = folder / "outcomes.csv"
    pd.DataFrame(rows, columns=[*names, "selected", "n"]).to_csv(path, index=False)
    return path


def run(folder: Path, names: tuple[str, str] = ("sex", "race"), **sections: Any) -> Evidence:
    """Returns the evidence of an audit of that table."""
    data = {
        "predictions": str(table(folder, names)),
        "protected": list(names),
        "outcome": "selected",
        "weight": "n",
    }
    plan = check_plan({"name": "People", "data": data, **sections}, "plan")
    return run_audit(plan, folder / "run")
