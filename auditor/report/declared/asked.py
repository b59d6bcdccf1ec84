"""Which facts apply to an audit: the one place that decides what counts as missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from auditor.plan import AuditPlan
from auditor.plan_report import DeclaredPlan
from auditor.report.declared.parts import DataKind
from auditor.report.edition import Choice

CHOICES = {"exclude_small": "a choice: without it small groups stay in"}
"""Never missing."""
OF_PACKS = ("generative", "distribution_date", "employers", "independent_auditor")
"""Asked only where a framework that was chosen asks for it."""
_OF_THE_DATA = ("data_source", "data_from", "data_to", "data_kind")
_OF_PEOPLE = ("legal_basis", "necessity", "access", "deletion")
_OF_COLUMNS = ("obtained_by", "reference_shares")


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides whether a fact applies."""

    kind: DataKind
    columns: tuple[str, ...]
    """Protected columns."""
    labelled: bool
    declared: DeclaredPlan
    asked_by: Mapping[str, Sequence[str]]
    """Declared key -> ids of the chosen packs that ask for it."""

    @classmethod
    def of(cls, plan: AuditPlan, choice: Choice, asked_by: Mapping[str, Sequence[str]]) -> Self:
        """Returns the situation of an edition."""
        data = plan.data
        return cls(kind_of(plan), data.protected, bool(data.label), choice.declared, dict(asked_by))


def kind_of(plan: AuditPlan) -> DataKind:
    """Returns what an audit was made on."""
    data = plan.data
    if data.templates:
        return "templates"
    if data.pairs:
        return "pairs"
    return "outcomes" if data.predictions else "texts"


def why_not_asked(key: str, situation: Situation) -> str | None:
    """Returns why a fact does not apply; None: it does, and counts as missing until it is given."""
    if key in CHOICES:
        return CHOICES[key]
    if key in OF_PACKS:
        return None if key in situation.asked_by else _NO_PACK
    rules = (*_by_data(situation), *_by_declared(situation.declared))
    return next((why for keys, why in rules if key in keys), None)


_NO_PACK = "no framework that was chosen asks for it"


def _by_data(situation: Situation) -> list[tuple[Sequence[str], str]]:
    """Returns the facts that this data leaves nothing to declare of, each with the reason."""
    found: list[tuple[Sequence[str], str]] = []
    if situation.kind == "templates":
        found.append((_OF_THE_DATA, "the texts are templates, made for tests"))
        if not situation.columns:
            found.append((_OF_PEOPLE, "templates speak of no real person"))
    if situation.kind == "outcomes":
        found.append((("languages_in_use", "lineage"), "no model was asked, only outcomes read"))
    if not situation.columns:
        found.append((_OF_COLUMNS, "the data has no protected column"))
    if not situation.labelled:
        found.append((("labels_by",), "the plan names no true label"))
    return found


def _by_declared(declared: DeclaredPlan) -> list[tuple[Sequence[str], str]]:
    """Returns the facts that another fact makes needless, each with the reason."""
    found: list[tuple[Sequence[str], str]] = []
    if declared.data_kind != "test":
        found.append((("data_reason",), "the data was not declared to be test data"))
    if not declared.reference_shares:
        found.append((("reference_source",), "no shares to compare with were given"))
    if declared.role == "provider":
        found.append((("deployer",), "the report is the provider's"))
    return found
