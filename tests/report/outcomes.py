"""Audits of counts of people: a group, how many it has, how many were selected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.evidence.reader import Evidence
from auditor.pipeline import run_audit
from auditor.plan_file import check_plan

BLACK_AND_OTHERS = {
    "Hispanic": (204, 408), "White": (412, 797), "Black": (170, 390), "Pacific": (52, 119),
    "Asian": (302, 616), "Native": (18, 41), "Two or more": (96, 213),
}  # fmt: skip
"""Sample table of 6 RCNY 5-301: group -> (selected, people)."""


def outcomes(folder: Path, counts: Mapping[str, tuple[int, int]], **sections: Any) -> Evidence:
    """Returns the evidence of an audit of these counts; the group "" is unknown."""
    rows = [
        (group, word, count)
        for group, (selected, people) in counts.items()
        for word, count in (("yes", selected), ("no", people - selected))
        if count
    ]
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "outcomes.csv"
    pd.DataFrame(rows, columns=["race", "selected", "n"]).to_csv(table, index=False)
    data = {
        "predictions": str(table),
        "protected": ["race"],
        "outcome": "selected",
        "weight": "n",
    }
    plan = check_plan({"name": "Counts", "data": data, **sections}, "plan")
    return run_audit(plan, folder / "run")
