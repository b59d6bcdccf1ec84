"""Two small audits of people with known counts: a table of outcomes, and texts with groups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

import auditor
from auditor.evidence.reader import Evidence
from auditor.plan_report import DeclaredPlan
from auditor.report.edition import Choice, Edition
from auditor.report.html import pages
from auditor.report.parts import Summary
from auditor.report.render import render_json
from auditor.report.summarize import summarize
from auditor.run import Run
from tests.fakes import LABELS, UNEXPLAINED, Biased
from tests.report.test_report import Page, at, says

CELLS = {
    ("Male", "White"): (412, 215),
    ("Female", "White"): (385, 197),
    ("Male", "Black"): (226, 95),
    ("Female", "Black"): (164, 75),
    ("Male", "Asian"): (321, 167),
    ("Male", "N/A"): (80, 30),
    ("", "White"): (60, 31),
    ("Female", ""): (25, 10),
    ("Male", "Native American"): (24, 11),
}
"""(sex, race) -> people, and those who were selected. Nobody is female and Asian."""
UNDECIDED = 7
"""Men who are White, without an outcome."""


def outcomes(folder: Path, **options: Any) -> Run:
    """Returns an audit of a table of counts, with one line that has no count."""
    lines = [
        {"sex": sex, "race": race, "hired": word, "count": count}
        for (sex, race), (n, hired) in CELLS.items()
        for word, count in (("yes", hired), ("no", n - hired))
    ]
    lines.append({"sex": "Male", "race": "White", "hired": "", "count": UNDECIDED})
    lines.append({"sex": "Male", "race": "White", "hired": "yes", "count": None})
    table = folder / "table.csv"
    pd.DataFrame(lines).to_csv(table, index=False)
    given = {"protected": ["sex", "race"], "weight": "count", **options}
    return auditor.audit(predictions=str(table), outcome="hired", out=folder / "run", **given)


def texts(folder: Path, **options: Any) -> Run:
    """Returns an audit of 100 texts, of which 60 mention gender and 20 religion.

    A quarter of the authors are of unknown sex, and one group is called like markup. Three more
    rows have no text.
    """
    places = [f"place{i}" for i in range(100)]
    forms = ("The man waited", "A woman wrote", "It rained", "The Christian man spoke", "It was")
    frame = pd.DataFrame(
        {
            "t": [f"{forms[i % 5]} at {place}." for i, place in enumerate(places)],
            "y": [LABELS[i % 3 == 0] for i in range(100)],
            "author_sex": [("f", "m", "", "<script>x</script>")[i % 4] for i in range(100)],
        }
    )
    empty = pd.DataFrame({"t": ["", " ", None], "y": LABELS[0], "author_sex": "f"})
    frame = pd.concat([frame, empty], ignore_index=True)
    return auditor.audit(
        Biased("woman", noise=0.1), frame, text="t", label="y", protected=["author_sex"],
        attributes=["gender", "religion"], labels=LABELS, favourable="positive",
        out=folder / "run", **{**UNEXPLAINED, **options},
    )  # fmt: skip


def summary_of(evidence: Evidence, **facts: Any) -> Summary:
    """Returns the summary of a working copy with these facts declared."""
    choice = Choice(declared=DeclaredPlan.model_validate(facts))
    return summarize(evidence, Edition.working_copy(choice))


def section(summary: Summary, name: str) -> str:
    """Returns one section of the page: system, data or monitoring."""
    return pages().get_template(f"sections/{name}.html.j2").render(s=summary)


def text_of(html: str) -> str:
    """Returns what a page says, blanks put together."""
    return " ".join("".join(Page(html).text).split())


def wrong(html: str, summary: Summary, **planted: Any) -> list[str]:
    """Returns the pointers of a page whose value is not the record's.

    Args:
        planted: pointer -> what the record is to say in its place.
    """
    record = json.loads(render_json(summary))
    for pointer, value in planted.items():
        parent, _, key = pointer.rpartition("/")
        holder = at(record, parent)
        holder[int(key) if isinstance(holder, list) else key] = value
    return [ref for ref, shown in Page(html).refs if not says(shown, at(record, ref))]
