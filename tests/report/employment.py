"""Counts of people for tests of employment law: as rows of predictions, and as audited tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from auditor.evidence.reader import Evidence
from auditor.pipeline import run_audit
from auditor.plan_file import check_plan
from auditor.plan_report import DeclaredPlan
from auditor.report.edition import Choice, Edition
from auditor.report.parts import Summary
from auditor.report.people.categories import Named, category_table
from auditor.report.people.counting import census
from auditor.report.people.parts import CategoryRow, CategoryTable
from auditor.report.render import render_json
from auditor.report.summarize import summarize

Cells = Mapping[Any, tuple[int, int]]
"""Words of the columns, a tuple -> selected, people."""
LL144, UGESP = "us-nyc-ll144", "us-ugesp-title-vii"


def vectors(shared: Path, name: str) -> dict[str, Any]:
    """Returns the test vectors of that name."""
    found: dict[str, Any] = json.loads((shared / "rules" / "test-vectors.json").read_text())[name]
    return found


def frame(columns: Sequence[str], cells: Cells) -> pd.DataFrame:
    """Returns counts as one model's rows of predictions."""
    lines = [
        {"protected": list(zip(columns, words, strict=True)), "selected": chosen, "weight": count}
        for words, (hits, n) in cells.items()
        for chosen, count in ((True, float(hits)), (False, float(n - hits)))
    ]
    return pd.DataFrame(lines).assign(weight_kind="frequency")


def table(columns: Sequence[str], cells: Cells, *, exclude_small: bool = False) -> CategoryTable:
    """Returns the table of Local Law 144 of some counts."""
    named = Named("sex" if len(columns) == 1 else "intersections", tuple(columns))
    return category_table(census(frame(columns, cells)), named, exclude_small=exclude_small)


def by_name(found: CategoryTable) -> dict[str, CategoryRow]:
    """Returns the rows of a table by their names, joined."""
    return {", ".join(row.names): row for row in found.rows}


def audited(
    folder: Path, cells: Cells, columns: Sequence[str] = ("sex", "race"), **sections: Any
) -> Evidence:
    """Returns the evidence of an audit of a table of counts.

    Args:
        sections: of the plan; `data` adds to what the table needs.
    """
    lines = [
        [*words, chosen, count]
        for words, (hits, n) in cells.items()
        for chosen, count in ((1, hits), (0, n - hits))
    ]
    path = folder / "t.csv"
    pd.DataFrame(lines, columns=[*columns, "selected", "count"]).to_csv(path, index=False)
    data = {
        "predictions": str(path),
        "protected": list(columns),
        "outcome": "selected",
        "weight": "count",
        **sections.pop("data", {}),
    }
    return run_audit(check_plan({"name": "People", "data": data, **sections}, "plan"), folder / "r")


def edition(*packs: str, public: bool = False, issued: str | None = None, **facts: Any) -> Edition:
    """Returns an edition with packs and declared facts."""
    choice = Choice(packs, DeclaredPlan.model_validate(facts), public)
    return Edition(None, issued or "2026-11-25T00:00:00+00:00", None, choice)


def summary(evidence: Evidence, *packs: str, **given: Any) -> Summary:
    """Returns the summary of such an edition."""
    return summarize(evidence, edition(*packs, **given))


def record(of: Summary) -> Any:
    """Returns what report.json holds."""
    return json.loads(render_json(of))
