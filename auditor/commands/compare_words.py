"""What `auditor compare` prints: the judged findings, the groups of people, then sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from auditor import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.comparison.records import RunComparison

NUMBERS = ("before", "after", "difference [95 %]", "p (Holm)", "difference")


def print_comparison(found: RunComparison) -> None:
    """Prints tables and sentences."""
    from auditor.comparison.forms import finding_rows, group_rows
    from auditor.comparison.words import lines_of

    for rows in (finding_rows(found), group_rows(found)):
        if rows:
            terminal.stdout.print(_table(rows))
    for line in lines_of(found):
        terminal.stdout.print(line, markup=False, soft_wrap=True)


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    """Numbers stay on one line; words may take several."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        numbers = name in NUMBERS
        table.add_column(escape(name), justify="right" if numbers else "left", no_wrap=numbers)
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row.values()))
    return table


def comparison_json(found: RunComparison) -> dict[str, Any]:
    """Returns the comparison for `--json`."""
    from auditor.comparison import forms

    return forms.comparison_json(found)


def comparison_markdown(found: RunComparison) -> str:
    """Returns the comparison for `--format md`."""
    from auditor.comparison import forms

    return forms.comparison_markdown(found)
