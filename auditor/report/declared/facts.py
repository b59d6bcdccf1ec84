"""Which facts a person declares, what asks for each, and which were given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from auditor.plan import AuditPlan
from auditor.report.declared.asked import Situation, why_not_asked
from auditor.report.declared.catalogue import FACTS, Fact
from auditor.report.declared.parts import DeclaredPart, FactRow
from auditor.report.edition import Choice
from auditor.report.packs.pack import load_pack
from auditor.report.words import isolated

OBTAINED_BY = "obtained_by"


def declared_of(plan: AuditPlan, choice: Choice) -> DeclaredPart:
    """Returns every fact of an edition, given or not.

    Raises:
        PlanError: a pack that was chosen is not there.
    """
    situation = Situation.of(plan, choice, _asked_by(choice.packs))
    rows = {
        name: [row for fact in FACTS if fact.part == name for row in _rows(fact, situation)]
        for name in DeclaredPart.model_fields
    }
    return DeclaredPart(**rows)


def missing_inputs(declared: DeclaredPart) -> list[str]:
    """Returns every fact that applies and was not given, with its key, for the cover's count."""
    every = [*declared.system, *declared.data, *declared.people, *declared.monitoring]
    return [
        f"{row.label[:1].lower()}{row.label[1:]} ({row.key})" for row in every if is_missing(row)
    ]


def is_missing(row: FactRow) -> bool:
    """Whether a fact prints as NOT PROVIDED."""
    return row.value is None and row.otherwise is None


def _asked_by(packs: tuple[str, ...]) -> dict[str, list[str]]:
    """Declared key -> ids of the chosen packs that ask for it."""
    found: dict[str, list[str]] = {}
    for pack in map(load_pack, packs):
        for key in dict.fromkeys(each.key for each in (*pack.asks, *pack.signatures)):
            found.setdefault(key, []).append(pack.id)
    return found


def _rows(fact: Fact, situation: Situation) -> Iterator[FactRow]:
    """Yields a row of the fact; how attributes were obtained has one row a protected column."""
    value = getattr(situation.declared, fact.key)
    why = why_not_asked(fact.key, situation)
    if fact.key != OBTAINED_BY or why is not None:
        yield _row(fact, fact.key, fact.label, _words(value), situation, why)
        return
    for column in situation.columns:
        key, label = f"{fact.key}.{column}", f"{fact.label} {isolated(column)}"
        yield _row(fact, key, label, value.get(column), situation, None)


def _row(
    fact: Fact, key: str, label: str, value: str | None, situation: Situation, why: str | None
) -> FactRow:
    packs = situation.asked_by.get(fact.key, [])
    return FactRow(
        key=key,
        label=label,
        section=fact.section,
        value=value,
        required_by="; ".join([f"section {fact.section}", *packs]),
        otherwise=why,
    )


def _words(value: Any) -> str | None:
    """Returns a declared value as its words; what is empty was not given."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return "; ".join(f"{isolated(key)}: {_inner(each)}" for key, each in value.items()) or None
    return None if value in (None, "") else str(value)


def _inner(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{isolated(key)} {each:g}" for key, each in value.items())
    return str(value)
