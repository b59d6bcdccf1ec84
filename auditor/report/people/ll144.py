"""What New York City's Local Law 144 asks a bias audit to publish, made of a run's outcomes.

Protected columns are read as sex or as race or ethnicity by their names, which the law's pack
lists; any other column has a table under its own name. Intersections are of the first column of
sex with each of race or ethnicity. The tables are of the first checkpoint, the one that is judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product

import numpy as np
import pandas as pd

from auditor.evidence.reader import Evidence
from auditor.plan import AuditPlan
from auditor.report.declared.facts import declared_of, is_missing
from auditor.report.declared.parts import FactRow
from auditor.report.edition import Edition
from auditor.report.packs.grounds import columns_of
from auditor.report.packs.pack import load_pack
from auditor.report.packs.scope import why_not
from auditor.report.people.categories import Named, absent_table, category_table
from auditor.report.people.counting import Census, census, uncountable
from auditor.report.people.parts import CategoryTable, Ll144Part, TableKind
from auditor.sources.predictions import weighted_median

PACK = "us-nyc-ll144"
YEAR = 365
"""Days after which an audit is too old to use the tool on (6 RCNY 5-301(a))."""
POSTING = "6 RCNY §5-303"
"""Clause of the pack that says what is published, and for how long."""
FACTS = (
    "system", "system_version", "distribution_date", "data_source", "data_from", "data_to",
    "data_kind", "data_reason", "employers", "independent_auditor",
)  # fmt: skip
_GROUNDS: dict[str, TableKind] = {"sex": "sex", "race or ethnicity": "race_ethnicity"}
"""Ground of the pack -> the table that is made of its columns."""
_NO_COLUMN = "no protected column is read as this category by its name"
_NOT_CROSSED = "a column of sex and one of race or ethnicity are needed"


def ll144_of(evidence: Evidence, edition: Edition) -> Ll144Part:
    """Returns the tables and facts of the page, or why there are none."""
    rows = _rows(evidence)
    refused = why_not(PACK, evidence, edition) or (
        "the run holds no outcomes of people" if rows is None else uncountable(rows)
    )
    people = None if refused or rows is None else census(rows)
    excluding, facts = edition.choice.declared.exclude_small, _facts(evidence, edition)
    return Ll144Part(
        refused=refused,
        model_id=evidence.model_ids[0] if people else None,
        other_models=len(evidence.model_ids) - 1,
        classes=_classes(evidence),
        **_scoring(evidence.plan, rows),
        **_in_all(people, evidence.plan),
        tables=_tables(people, evidence.plan, exclude_small=bool(excluding)) if people else [],
        excluded_because=excluding,
        audited_on=_day(evidence.record["finished_at"]),
        too_old=_too_old(evidence.record["finished_at"], edition.issued_at),
        facts=facts,
        missing=sum(is_missing(fact) for fact in facts),
        statement=list(load_pack(PACK).sentences),
        posting=_duty(POSTING),
    )


def columns_read(plan: AuditPlan) -> dict[TableKind, list[str]]:
    """Returns which protected columns are read as sex, as race or ethnicity, and as neither."""
    columns = plan.data.protected
    read: dict[TableKind, list[str]] = {
        _GROUNDS[ground.ground]: columns_of(ground, columns)
        for ground in load_pack(PACK).grounds
        if ground.ground in _GROUNDS
    }
    known = {name for names in read.values() for name in names}
    return {**read, "other": [name for name in columns if name not in known]}


def _rows(evidence: Evidence) -> pd.DataFrame | None:
    predictions = evidence.predictions()
    if predictions is None:
        return None
    return predictions[predictions["model_id"] == evidence.model_ids[0]]


def _tables(people: Census, plan: AuditPlan, *, exclude_small: bool) -> list[CategoryTable]:
    read, found = columns_read(plan), list[CategoryTable]()
    for kind in ("sex", "race_ethnicity", "intersections", "other"):
        named = list(_named(kind, read, people))
        found += [category_table(people, each, exclude_small=exclude_small) for each in named]
        if not named and kind != "other":
            why = _NOT_CROSSED if kind == "intersections" else _NO_COLUMN
            found.append(absent_table(kind, why))
    return found


def _named(kind: TableKind, read: dict[TableKind, list[str]], people: Census) -> Iterator[Named]:
    """Yields the tables of a kind. A column without any row here has none."""
    of = {name: [c for c in columns if c in people.categories] for name, columns in read.items()}
    if kind == "intersections":
        for columns in product(of["sex"][:1], of["race_ethnicity"]):
            yield Named(kind, columns)
    else:
        for column in of[kind]:
            yield Named(kind, (column,))


def _in_all(people: Census | None, plan: AuditPlan) -> dict[str, int]:
    """How many people there are, and of how many any category that the law names is not known."""
    if people is None:
        return {"assessed": 0, "unknown": 0, "undecided": 0}
    read = columns_read(plan)
    asked = [*read["sex"], *read["race_ethnicity"]] or read["other"]
    every = people.everyone()
    unknown = people.unknown([name for name in asked if name in people.categories])
    return {
        "assessed": every.n,
        "unknown": unknown.n + unknown.undecided,
        "undecided": every.undecided - unknown.undecided,
    }


def _scoring(plan: AuditPlan, rows: pd.DataFrame | None) -> dict[str, object]:
    """The median of all that have a score and a weight, and how many have just that score."""
    is_scoring = plan.data.outcome_is == "score" and plan.scoring.cutoff is None
    named = {"rate": "scoring" if is_scoring else "selection"}
    scored = None if rows is None else rows[rows["score"].notna() & (rows["weight"] > 0)]
    if not is_scoring or scored is None or scored.empty:
        return {**named, "median": None, "tied": None, "tied_share": None}
    score, weight = (scored[name].to_numpy(dtype=np.float64) for name in ("score", "weight"))
    median = weighted_median(score, weight)
    tied = float(weight[score == median].sum())
    return {
        **named, "median": median, "tied": round(tied), "tied_share": tied / float(weight.sum()),
    }  # fmt: skip


def _classes(evidence: Evidence) -> list[str]:
    """The labels of a model that sorts into more than two."""
    labels = evidence.record["models"][0].get("labels", [])
    return list(labels) if len(labels) > 2 else []


def _facts(evidence: Evidence, edition: Edition) -> list[FactRow]:
    """What the page needs of people, as the report has it elsewhere, in the order of the page and
    in the words of the pack."""
    declared, labels = declared_of(evidence.plan, edition.choice), _labels()
    rows = {row.key: row for row in (*declared.system, *declared.data, *declared.people)}
    read = columns_read(evidence.plan)
    how = [f"obtained_by.{name}" for name in (*read["sex"], *read["race_ethnicity"])]
    return [
        rows[key].model_copy(update={"label": labels.get(key, rows[key].label)})
        for key in (*FACTS, *how)
        if key in rows and _applies(rows[key])
    ]


def _labels() -> dict[str, str]:
    return {asked.key: asked.label for asked in load_pack(PACK).asks}


def _duty(clause_id: str) -> str:
    clauses = (clause for chapter in load_pack(PACK).chapters for clause in chapter.clauses)
    return next(clause.duty for clause in clauses if clause.id == clause_id)


def _applies(row: FactRow) -> bool:
    return row.value is not None or row.otherwise is None


def _day(moment: str | None) -> str | None:
    return moment[:10] if moment else None


def _too_old(audited: str | None, issued: str) -> bool:
    if audited is None:
        return False
    return (date.fromisoformat(issued[:10]) - date.fromisoformat(audited[:10])).days > YEAR
