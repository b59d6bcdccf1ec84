"""The pages of the cards, from templates. All that is printed is escaped for Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from auditor.report import measures, numbers, sentences, words
from auditor.report.cards.results import (
    NOT_PROVIDED,
    Result,
    crossed,
    results_of,
    standing_of,
    subject_of,
)
from auditor.report.declared.parts import FactRow
from auditor.report.markdown import escaped
from auditor.report.parts import FindingRow, Summary
from auditor.report.templates import environment, render


def render_page(template: str, summary: Summary) -> str:
    """Returns a page of the cards."""
    return render(_pages, template, s=summary, **_drawn(summary))


def _pages() -> Environment:
    pages = environment("cards", finalize=_finalize, keep_trailing_newline=True)
    pages.globals.update(words=words, measures=measures, sentences=sentences)
    pages.filters.update(
        shown=words.isolated,
        number=_number,
        size=_size,
        percent=numbers.percent,
        as_given="{:g}".format,
        count="{:,}".format,
    )
    return pages


def _drawn(summary: Summary) -> dict[str, Any]:
    """What the templates show besides the summary itself."""
    facts = {row.key: row for row in facts_of(summary)}
    people = [r for r in results_of(summary, summary.models[0].model_id) if r.verdict is None]
    return {
        "subject": subject_of(summary.models[0], summary),
        "fact": lambda key: fact_words(facts.get(key)),
        "window": _window(facts),
        "missing": _MISSING,
        "judged_names": words.listed(list(dict.fromkeys(r.attribute for r in summary.judged))),
        "unitary": [row for row in summary.judged if not crossed(row.attribute)],
        "crossed": [row for row in summary.judged if crossed(row.attribute)],
        "groups": [result for result in people if not crossed(result.attribute)],
        "crossed_groups": [result for result in people if crossed(result.attribute)],
        "standing": standing_of(summary),
    }


def facts_of(summary: Summary) -> list[FactRow]:
    """Returns every declared fact of a summary."""
    declared = summary.declared
    return [*declared.system, *declared.data, *declared.people, *declared.monitoring]


def fact_words(fact: FactRow | None) -> str:
    """Returns a fact as a card shows it: given, not asked for and why, or missing."""
    if fact is not None and fact.value is not None:
        return fact.value
    if fact is not None and fact.otherwise is not None:
        return f"not asked for here: {fact.otherwise}"
    return _MISSING


def _window(facts: Mapping[str, FactRow]) -> str:
    """Returns the first and the last day of the data, or why there is no window."""
    days = [fact_words(facts.get(key)) for key in ("data_from", "data_to")]
    return days[0] if days[0] == days[1] else " to ".join(days)


_MISSING = Markup(f"**{NOT_PROVIDED}**")  # noqa: S704 - our own


def _finalize(value: Any) -> Any:
    """What an expression of the template becomes: escaped, unless it is our own markup."""
    return value if isinstance(value, Markup) else Markup(escaped(str(value)))  # noqa: S704


def _number(row: FindingRow) -> str:
    mark = row.criterion.delta if row.criterion else None
    shown = numbers.number(row.estimate, signed=measures.is_signed(row.metric), mark=mark)
    return f"{shown} {measures.unit_words(row.estimate.unit)}".rstrip()


def _size(result: Result) -> str:
    """Returns a group's number with its interval, never rounded across a rule of thumb."""
    signed, mark = measures.is_signed(result.metric), measures.mark_of(result.metric)
    shown = numbers.number(result.estimate, signed=signed, mark=mark)
    return f"{shown} {measures.unit_words(result.estimate.unit)}".rstrip()
