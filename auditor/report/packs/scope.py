"""Scope tests: whether a pack, or a chapter of it, applies to what a run has.

A test returns why it refuses, or None. It refuses where something is there, or lacking, in what
was measured or declared; it never guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from auditor.evidence.reader import Evidence
from auditor.report.edition import Edition
from auditor.report.packs.grounds import columns_of
from auditor.report.packs.pack import Pack, ScopeTest, load_pack
from auditor.report.packs.subject import Subject
from auditor.report.words import listed


@dataclass(frozen=True, slots=True)
class Case:
    """A pack, and the run that it may apply to."""

    pack: Pack
    run: Subject

    def columns_needed(self) -> list[str]:
        """Returns the protected columns that are read as a category which the pack needs."""
        columns = self.run.evidence.plan.data.protected
        needed = [ground for ground in self.pack.grounds if ground.column_needed]
        return [name for ground in needed for name in columns_of(ground, columns)]


Test = Callable[[Case], str | None]


def refusal(tests: Iterable[ScopeTest], pack: Pack, run: Subject) -> str | None:
    """Returns every reason for which tests refuse a pack or chapter, or None: it applies."""
    reasons = [TESTS[name](Case(pack, run)) for name in tests]
    return "; ".join(reason for reason in reasons if reason) or None


def why_not(name: str, evidence: Evidence, edition: Edition) -> str | None:
    """Returns why a pack does not apply to a run and an edition of its report; None: it does."""
    pack = load_pack(name)
    return refusal(pack.tests, pack, Subject.of(evidence, edition))


def _outcomes_of_people(case: Case) -> str | None:
    if case.run.columns_measured("selection_rate"):
        return None
    if case.run.least and case.run.evidence.predictions() is not None:
        return (
            f"every group has fewer than {case.run.least} people, which a public edition hides; "
            "an internal edition has the tables"
        )
    return (
        "this run has no outcomes of groups of people; audit a table of outcomes with protected "
        "columns"
    )


def _column_for_each_category(case: Case) -> str | None:
    columns = case.run.evidence.plan.data.protected
    lacking = [g for g in case.pack.grounds if g.column_needed and not columns_of(g, columns)]
    if not lacking:
        return None
    needs = "; ".join(f"{g.ground} (a column named {' or '.join(g.columns)})" for g in lacking)
    given = f"; protected columns are {listed(list(columns))}" if columns else ""
    return f"no protected column was found for {needs}{given}"


def _no_inferred_attributes(case: Case) -> str | None:
    how = case.run.declared.obtained_by
    inferred = [name for name in case.columns_needed() if how.get(name) == "inferred"]
    if not inferred:
        return None
    return f"the attribute in {listed(inferred)} is declared as inferred, and people's own is asked"


def _not_generative(case: Case) -> str | None:
    return "the system is declared as generative" if case.run.declared.generative else None


def _generative(case: Case) -> str | None:
    return None if case.run.declared.generative else "the system is not declared as generative"


TESTS: dict[ScopeTest, Test] = {
    "outcomes_of_people": _outcomes_of_people,
    "column_for_each_category": _column_for_each_category,
    "no_inferred_attributes": _no_inferred_attributes,
    "not_generative": _not_generative,
    "generative": _generative,
}
