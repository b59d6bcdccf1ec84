"""The data section: where it is from, who is in it, what is unknown, and what of it is kept."""

from __future__ import annotations

from typing import Literal

from auditor.evidence.reader import Evidence
from auditor.plan_report import DeclaredPlan
from auditor.records import NAMES_SUFFIX
from auditor.report.declared.asked import kind_of
from auditor.report.declared.flow import mentions_of, steps_of, unit_of
from auditor.report.declared.parts import DataPart, ObtainedRow
from auditor.report.declared.people import columns_of, empty, places_of, represented, unknown
from auditor.report.declared.sources import sources_of
from auditor.report.declared.stored import stored_in
from auditor.swaps.attributes import PLACEBO

_OBTAINED = {
    "self-declared": "self-declared",
    "record": "from a record, such as that of an employer",
    "inferred": "guessed from names, places or images; whoever was guessed wrong stands in the "
    "wrong group in every number of this column",
    "template": "made by a template: it is of no real person",
}
"""`ObtainedBy` -> its words."""
_SWAPPED = {
    "templates": "named by the template: it is of no real person",
    "texts": "named in the text, and read by the word lists below: of whom the text speaks, not of "
    "who wrote it",
    "pairs": "said by the file of pairs",
}
_BY_NAME = "signalled by a person's name, which signals class, age and origin as well"


def data_of(evidence: Evidence, declared: DeclaredPlan) -> DataPart:
    """Returns what the audit was made on.

    Raises:
        PlanError: declared shares name groups that the data spells otherwise.
    """
    columns = columns_of(evidence)
    return DataPart(
        kind=kind_of(evidence.plan),
        unit=unit_of(evidence.plan),
        steps=steps_of(evidence),
        mentions=mentions_of(evidence),
        obtained=[*_columns(evidence, declared), *_swapped(evidence, declared)],
        represented=represented(evidence, columns, declared),
        empty=empty(columns),
        unknown=unknown(evidence, columns),
        bounds=places_of(evidence, "impact_ratio_bounds"),
        base_rates=places_of(evidence, "base_rate"),
        sources=sources_of(evidence),
        stored=stored_in(evidence),
    )


def _columns(evidence: Evidence, declared: DeclaredPlan) -> list[ObtainedRow]:
    names = evidence.plan.data.protected
    return [_obtained(name, "column", declared, follows=None) for name in names]


def _swapped(evidence: Evidence, declared: DeclaredPlan) -> list[ObtainedRow]:
    follows = _SWAPPED.get(kind_of(evidence.plan))
    rows = []
    for name in evidence.coverage["attributes"]:
        if any(part.endswith(NAMES_SUFFIX) for part in name.split("*")):
            rows.append(_obtained(name, "names", declared, follows=f"{follows}; {_BY_NAME}"))
        elif name != PLACEBO:
            rows.append(_obtained(name, "words", declared, follows=follows))
    return rows


def _obtained(
    name: str,
    kind: Literal["column", "words", "names"],
    declared: DeclaredPlan,
    *,
    follows: str | None,
) -> ObtainedRow:
    """What was declared, else what follows from how the audit was made."""
    how = declared.obtained_by.get(name)
    return ObtainedRow(
        name=name,
        kind=kind,
        how=_OBTAINED[how] if how else follows,
        inferred=how == "inferred",
        declared=how is not None,
    )
