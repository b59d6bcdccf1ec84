"""Rows of the attributions page's tables, from the report's summary. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from auditor.records import Contrast, Estimate
from auditor.records_attributions import WordEffect
from auditor.report.attribution_tables import control_of, controls, unsaid
from auditor.report.measures import unit_words
from auditor.report.numbers import number, percent
from auditor.report.parts_attributions import (
    AgreementRow,
    AttributionsPart,
    CheckCell,
    CheckRow,
    ContrastRow,
    ExplainedRow,
)
from auditor.report.words import contrast_words, isolated, listed
from auditor.ui.tables import Row

GAPS = {
    "gap": "gap",
    "gap_on_term": "on the terms",
    "gap_on_context": "on other words",
    "gap_base": "on the base",
    "context_share": "share on other words",
}
"""Number of a contrast -> head of its column, in the table of how the gap divides."""
TERMS = {
    "term_attribution_b": "values, first group",
    "term_attribution_a": "values, second group",
    "term_share_b": "share, first group",
    "term_share_a": "share, second group",
}
"""The same in the table of what rests on the terms."""


def explained_row(row: ExplainedRow) -> Row:
    """Returns how many pairs of an attribute were explained."""
    return {
        "attribute": isolated(row.attribute),
        "flagged": _of(row.flagged, row.flagged_of),
        "drawn at random": _of(row.sample, row.sample_of),
        "placebo": _of(row.placebo, row.placebo_of),
    }


def contrast_row(row: ContrastRow, heads: Mapping[str, str]) -> Row:
    """Returns the numbers of a contrast under the heads that are asked for."""
    contrast = Contrast(row.attribute, row.group_a, row.group_b)
    return _numbers(contrast_words(contrast), row, {name: name for name in heads}, heads)


def placebo_rows(rows: Sequence[ContrastRow], heads: Mapping[str, str]) -> Iterator[Row]:
    """Yields the same numbers of placebo pairs, those that there are."""
    keys = {name: key for name in heads if (key := control_of(name)) is not None}
    both = {name: heads[name].removesuffix(", first group") for name in keys}
    for control in controls(rows, list(keys)):
        of = f", for {listed(list(control.attributes))}" if control.attributes else ""
        yield _numbers(f"placebo pairs{of}", rows[control.place], keys, both)


def _numbers(
    first: str, row: ContrastRow, keys: Mapping[str, str], heads: Mapping[str, str]
) -> Row:
    found: dict[str, Estimate] = {name: getattr(row, key) for name, key in keys.items()}
    one = next(iter(found.values()))
    return {
        "contrast": first,
        **{
            heads[name]: number(each, signed=name.startswith("gap")) for name, each in found.items()
        },
        "pairs": one.n,
        "clusters": one.clusters,
    }


def reasons(rows: Sequence[ContrastRow], heads: Mapping[str, str]) -> Iterator[str]:
    """Yields why numbers are missing or have no interval, each reason once."""
    placebo = {key: "placebo pairs" for name in heads if (key := control_of(name)) is not None}
    every = {**heads, **placebo}
    for reason, found in unsaid(rows, list(every)).items():
        said = {every[name] for name in found.names}
        names = [head for head in dict.fromkeys(every.values()) if head in said]
        of = "" if found.all else f" ({'; '.join(found.of)})"
        yield f"{', '.join(names)}{of}: {reason}."


def word_row(effect: WordEffect) -> Row:
    """Returns how much a word of the context changes with the group."""
    estimate = effect.estimate
    return {
        "contrast": contrast_words(effect.contrast),
        "word": effect.word,
        "change, all words together": number(estimate),
        "level": "" if estimate.low is None else percent(estimate.level),
        "pairs": effect.pairs,
        "clusters": estimate.clusters,
    }


def check_rows(part: AttributionsPart) -> Iterator[Row]:
    """Yields every check of every method, SHAP first."""
    for row in part.checks:
        for method, cell in zip(part.methods, row.cells, strict=True):
            if cell is not None:
                yield _check(row, method.title, cell)


def _check(row: CheckRow, method: str, cell: CheckCell) -> Row:
    estimate, control = cell.estimate, cell.control
    mark = {True: "● ", False: "▲ ", None: ""}[cell.passed]
    return {
        "measure": row.title,
        "method": method,
        "value": number(estimate, signed=False),
        "tokens in random order": "" if control is None else number(control, signed=False),
        "outcome": f"{mark}{cell.outcome or ''}",
        "better": row.better or "",
        "unit": unit_words(row.unit),
        "against": row.against or "",
        "texts": estimate.n,
        "note": estimate.reason or "",
    }


def agreement_row(row: AgreementRow, part: AttributionsPart) -> Row:
    """Returns how alike two methods order the tokens of a text."""
    return {
        "method": part.methods[row.first].title,
        "and": part.methods[row.second].title,
        "rank correlation": number(row.estimate),
        "texts": row.estimate.n,
        "note": row.estimate.reason or "",
    }


def meaning(row: CheckRow) -> str:
    """Returns what a measure says, when its check holds and where it is from, in one line."""
    passes = f" A check holds where {row.passes}." if row.passes else ""
    source = f" After {row.source}." if row.source else ""
    return f"{row.title}: {row.meaning}{f' {row.detail}' if row.detail else ''}{passes}{source}"


def _of(explained: int, of: int) -> str:
    return f"{explained:,} of {of:,}" if of else ""
