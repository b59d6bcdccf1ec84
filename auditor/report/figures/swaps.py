"""Figures of swaps: how effects lie beside the noise floor, and where in the templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb

from auditor.records import Contrast
from auditor.report.figures.effects import HELD, Cell, Spread, cells, noise_of, noises, spreads
from auditor.report.figures.parts import FigureRow
from auditor.report.figures.wording import counted
from auditor.report.measures import unit_words
from auditor.report.numbers import decimal
from auditor.report.words import isolated, versus

MOST_CONTRASTS = 40
"""Contrasts drawn: those whose effects reach furthest."""
MOST_ATTRIBUTES = 3
MOST_TEMPLATES, MOST_TERMS = 10, 8
"""Drawn in a heat map: those with the largest mean effects."""


def figures_of_swaps(db: duckdb.DuckDBPyConnection | None, unit: str) -> list[FigureRow]:
    """Returns the figures of the judged model's swaps.

    Args:
        db: with the table of `effects.own_effects`.
        unit: of the effects.
    """
    if db is None:
        return []
    return [*_spread_figure(spreads(db), noises(db), unit), *_template_figures(cells(db), unit)]


def _spread_figure(
    found: Mapping[Contrast, Spread], noise: Mapping[str, Spread], unit: str
) -> Iterator[FigureRow]:
    if not found:
        return
    furthest = sorted(found, key=lambda contrast: -_reach(found[contrast]))[:MOST_CONTRASTS]
    rows = [_row(c, found[c], noise_of(c, dict(noise)), unit) for c in found if c in furthest]
    yield FigureRow(
        name="effects",
        kind="effects",
        section="swaps",
        title="Effects of single pairs beside the noise floor",
        statement=_statement(rows, len(found), furthest[0], found[furthest[0]]),
        level=HELD,
        marks={},
        rows=rows,
    )


def _reach(spread: Spread) -> float:
    return max(abs(spread.quantiles["p05"]), abs(spread.quantiles["p95"]))


def _row(contrast: Contrast, spread: Spread, noise: Spread | None, unit: str) -> dict[str, Any]:
    return {
        "attribute": contrast.attribute,
        "group_a": contrast.group_a,
        "group_b": contrast.group_b,
        "unit": unit,
        "n": spread.n,
        **spread.quantiles,
        "noise_n": noise.n if noise else None,
        "noise": noise.held if noise else None,
    }


def _statement(
    rows: Sequence[Mapping[str, Any]], of: int, furthest: Contrast, spread: Spread
) -> str:
    held = [row for row in rows if row["noise"] is not None]
    beyond = sum(abs(row["median"]) > row["noise"] for row in held)
    floor = (
        f" {beyond} of {counted(held, 'median')} lie beyond what nine in ten placebo pairs stay "
        "within."
        if held
        else " There are no placebo pairs to hold them against."
    )
    ends = (decimal(spread.quantiles[name]) for name in ("p05", "p95"))
    words = unit_words(rows[0]["unit"])
    return (
        f"Effects of single pairs, {len(rows)} of {of} contrasts: median, middle half, and middle "
        f"nine in ten.{floor} Furthest out is {versus(furthest)}, whose middle nine in ten lie "
        f"between {' and '.join(ends)}{f' {words}' if words else ''}."
    )


def _template_figures(found: Sequence[Cell], unit: str) -> Iterator[FigureRow]:
    """The attributes with the largest mean effects, one figure each."""
    by_attribute: dict[str, list[Cell]] = {}
    for cell in found:
        by_attribute.setdefault(cell.attribute, []).append(cell)
    order = sorted(by_attribute, key=lambda name: (-_size(by_attribute[name]), name))
    for attribute in order[:MOST_ATTRIBUTES]:
        yield _template_figure(attribute, by_attribute[attribute], unit)


def _template_figure(attribute: str, found: Sequence[Cell], unit: str) -> FigureRow:
    templates = _largest({c.template: [] for c in found}, found, "template")[:MOST_TEMPLATES]
    terms = _largest({c.term: [] for c in found}, found, "term")[:MOST_TERMS]
    kept = [c for c in found if c.template in templates and c.term in terms]
    top = max(kept, key=lambda c: abs(c.effect))
    words = unit_words(unit)
    return FigureRow(
        name=f"templates of {attribute}",
        kind="templates",
        section="swaps",
        title=f"Mean effect by template and term: {isolated(attribute)}",
        statement=(
            f"Mean effects of {counted(terms, 'term')} in {counted(templates, 'template')}, those "
            f"with the largest of {len({c.term for c in found})} and "
            f"{len({c.template for c in found})}. The largest is that of {isolated(top.term)} in "
            f"{isolated(top.template)}: {decimal(top.effect)}{f' {words}' if words else ''} on "
            f"{counted(range(top.n), 'pair')}."
        ),
        level=None,
        marks={},
        rows=[_cell(c, unit) for c in sorted(kept, key=lambda c: _place(c, templates, terms))],
    )


def _place(cell: Cell, templates: Sequence[str], terms: Sequence[str]) -> tuple[int, int]:
    return templates.index(cell.template), terms.index(cell.term)


def _largest(groups: dict[str, list[Cell]], found: Iterable[Cell], by: str) -> list[str]:
    for cell in found:
        groups[getattr(cell, by)].append(cell)
    return sorted(groups, key=lambda name: (-_mean_size(groups[name]), name))


def _mean_size(found: Sequence[Cell]) -> float:
    return sum(abs(c.effect) for c in found) / len(found)


def _size(found: Iterable[Cell]) -> float:
    return max(abs(c.effect) for c in found)


def _cell(cell: Cell, unit: str) -> dict[str, Any]:
    return {
        "template": cell.template,
        "term": cell.term,
        "group": cell.group,
        "unit": unit,
        "n": cell.n,
        "effect": cell.effect,
    }
