"""How far the methods can be trusted: checks as rows, methods as columns, SHAP first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from auditor.attributions.methods import METHODS
from auditor.records_attributions import Fidelity
from auditor.report.parts_attributions import AgreementRow, CheckCell, CheckRow, MethodRow
from auditor.report.words_attributions import (
    OUTCOMES,
    UNDECIDED,
    measure_title,
    method_title,
    worded,
)

if TYPE_CHECKING:
    from auditor.attributions.fidelity.measures import Measure

AGREEMENT = "agreement"
"""Of two methods with each other, so no row of one method's column."""


def methods_of(found: Sequence[Fidelity]) -> list[MethodRow]:
    """Returns the methods that were checked, in the order of the registry: SHAP first."""
    checked = dict.fromkeys(each.method for each in found)
    known = [name for name in METHODS if name in checked]
    return [
        MethodRow(
            name=name,
            title=method_title(name),
            meaning=METHODS[name].meaning if name in METHODS else "",
        )
        for name in [*known, *(name for name in checked if name not in METHODS)]
    ]


def checks_of(
    found: Sequence[Fidelity], methods: Sequence[MethodRow], clusters: str
) -> list[CheckRow]:
    """Returns a row for every measure and what it is taken against, in the measures' own order.

    Args:
        clusters: what the clusters of this audit are, in the plural.
    """
    if not found:
        return []
    from auditor.attributions.fidelity.measures import MEASURES  # the package imports torch

    rows: dict[tuple[str, str | None], dict[str, Fidelity]] = {}
    for each in found:
        if each.measure != AGREEMENT:
            rows.setdefault((each.measure, each.against), {})[each.method] = each
    order = [*MEASURES, *(measure for measure, _ in rows)]
    return [
        _row(own, MEASURES.get(measure), [own.get(method.name) for method in methods], clusters)
        for (measure, _), own in sorted(rows.items(), key=lambda row: order.index(row[0][0]))
    ]


def _row(
    own: Mapping[str, Fidelity],
    known: Measure | None,
    cells: Sequence[Fidelity | None],
    clusters: str,
) -> CheckRow:
    first = next(iter(own.values()))
    units = [each.estimate.unit for each in own.values() if each.estimate.value is not None]
    meaning, detail = _split(known.meaning) if known else ("", None)
    return CheckRow(
        measure=first.measure,
        title=measure_title(first.measure),
        against=first.against,
        meaning=meaning,
        detail=detail,
        better=known.better if known else None,
        unit=units[0] if units else first.estimate.unit,
        passes=known.passes if known else None,
        source=known.source if known else None,
        cells=[_cell(each, clusters) for each in cells],
    )


def _split(meaning: str) -> tuple[str, str | None]:
    """Returns the first sentence, and the rest."""
    first, _, rest = meaning.partition(". ")
    return (f"{first}.", rest) if rest else (meaning, None)


def _cell(found: Fidelity | None, clusters: str) -> CheckCell | None:
    if found is None:
        return None
    return CheckCell(
        estimate=worded(found.estimate, clusters),
        control=found.control,
        passed=found.passed,
        outcome=_outcome(found),
    )


def _outcome(found: Fidelity) -> str | None:
    if found.measure not in OUTCOMES or found.estimate.value is None:
        return None
    if found.passed is None:
        return UNDECIDED
    return OUTCOMES[found.measure][0 if found.passed else 1]


def agreement_of(found: Sequence[Fidelity], methods: Sequence[MethodRow]) -> list[AgreementRow]:
    """Returns how alike each two methods are, each two once."""
    places = {method.name: place for place, method in enumerate(methods)}
    return [
        AgreementRow(first=places[a], second=places[b], estimate=each.estimate)
        for each in found
        if each.measure == AGREEMENT and each.against in places
        for a, b in [sorted((each.method, each.against), key=lambda name: places[name])]
    ]


def shortfalls(found: Sequence[Fidelity], methods: Sequence[MethodRow]) -> list[str]:
    """Returns a sentence for each method and outcome that is not what it should be: SHAP first."""
    sentences = []
    for method in methods:
        failed: dict[str, list[str]] = {}
        for each in found:
            if each.method == method.name and each.passed is False:
                outcome = _outcome(each) or "does not hold"
                failed.setdefault(outcome, []).append(measure_title(each.measure))
        sentences += [
            f"{method.title} {outcome} in {', '.join(names)}." for outcome, names in failed.items()
        ]
    return sentences
