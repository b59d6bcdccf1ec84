"""Source texts in chunks, from a table or from templates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from auditor.errors import DataError
from auditor.plan import DataPlan
from auditor.records import SourceText, TemplateTerm
from auditor.sources.tables import Row, Table, frame_table, open_table, require_columns
from auditor.sources.templates import TemplateTexts

if TYPE_CHECKING:
    import pandas as pd


class TextSource(Protocol):
    """Texts that can be read again, always the same and in the same order."""

    has_groups: bool
    """Labels or protected columns stand beside the texts."""
    skipped: int
    """Rows without a text, of the last complete reading."""

    @property
    def digests(self) -> Mapping[str, str]:
        """Returns file name -> SHA-256."""

    def chunks(self, size: int) -> Iterator[list[SourceText]]:
        """Yields the texts, `size` at a time."""


def open_texts(
    data: DataPlan,
    *,
    frame: pd.DataFrame | None = None,
    template_terms: Sequence[TemplateTerm] = (),
    language: str = "en",
) -> TextSource:
    """Returns the plan's texts.

    Args:
        frame: the table itself, in place of `data.path`.
        template_terms: what templates are filled with.
        language: of the templates.

    Raises:
        DataError: a file, column or template cannot be used; all problems at once.
    """
    if frame is None and data.templates:
        return TemplateTexts(data.templates, template_terms, language)
    table = (
        frame_table(frame) if frame is not None else open_table(Path(str(data.path)), data.encoding)
    )
    return TableTexts(table, data)


class TableTexts:
    """The rows of a table; those without a text are left out and counted."""

    def __init__(self, table: Table, data: DataPlan) -> None:
        self.subject = str(data.path or table.name)
        if not data.text:
            raise DataError(
                f"{self.subject}: which column has the text? It has {', '.join(table.columns)}; "
                "name one with text (--text COLUMN)"
            )
        wanted: dict[str, Sequence[str]] = {
            "text": data.text,
            "label": _given(data.label),
            "protected": data.protected,
            "control": data.control,
            "cluster": _given(data.cluster),
            "weight": _given(data.weight),
        }
        require_columns(table, wanted, self.subject)
        self.table, self.data = table, data
        self.groups = tuple(dict.fromkeys((*data.protected, *data.control)))
        self.has_groups = bool(data.label or data.protected)
        self.columns = list(dict.fromkeys(name for names in wanted.values() for name in names))
        self.skipped = 0

    @property
    def digests(self) -> Mapping[str, str]:
        return self.table.digests

    def chunks(self, size: int) -> Iterator[list[SourceText]]:
        """Yields source texts, `size` at a time.

        Raises:
            DataError: no row has a text, or a weight is not a number.
        """
        texts = self._texts()
        found = False
        while chunk := list(islice(texts, size)):
            found = True
            yield chunk
        if not found:
            raise DataError(
                f"{self.subject}: no row has a text in {', '.join(self.data.text)} "
                f"({self.skipped} rows are empty); name another column"
            )

    def _texts(self) -> Iterator[SourceText]:
        self.skipped = 0
        rows = (row for batch in self.table.read(self.columns) for row in batch)
        for number, row in enumerate(islice(rows, self.data.limit)):
            text = self._text(row, number)
            if text is None:
                self.skipped += 1
            else:
                yield text

    def _text(self, row: Row, number: int) -> SourceText | None:
        words = [value for name in self.data.text if (value := row[name]) and value.strip()]
        if not words:
            return None
        row_id = f"{self.table.name}-{number}"
        data = self.data
        return SourceText(
            row_id=row_id,
            text=" ".join(words),
            cluster=(row[data.cluster] if data.cluster else None) or row_id,
            label=row[data.label] if data.label else None,
            protected={name: row[name] for name in self.groups},
            weight=weight_of(row[data.weight], number) if data.weight else 1.0,
        )


def weight_of(value: str | None, number: int) -> float | None:
    """Returns a weight as a number; None where the row has none.

    A negative one stays as it is given: the group metrics leave out what cannot count, and name it.

    Raises:
        DataError: not a number, or not finite.
    """
    if value is None or not value.strip():
        return None
    try:
        weight = float(value)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise DataError(f"row {number}: weight {value!r} is not a number; mend or drop the row")
    return weight


def _given(column: str | None) -> tuple[str, ...]:
    return () if column is None else (column,)
