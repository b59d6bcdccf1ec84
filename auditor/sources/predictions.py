"""Tables of outcomes without texts: group metrics need no model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from auditor.errors import DataError, Problems, collected
from auditor.plan import DataPlan
from auditor.records import PREDICTIONS
from auditor.sources.tables import Row, Table, open_table, require_columns
from auditor.sources.texts import weight_of

MODEL_ID = "predictions"

YES = frozenset({"1", "true", "yes", "y", "selected"})
NO = frozenset({"0", "false", "no", "n", "not selected"})


def read_predictions(data: DataPlan) -> Iterator[pa.Table]:
    """Yields tables of `records.PREDICTIONS`.

    The outcome column says whether a row was selected: 1/0, true/false, yes/no.

    Raises:
        DataError: a column is missing, an outcome or weight cannot be read, or a protected value
            is spelt in two ways; all problems at once, named by row.
    """
    path = Path(str(data.predictions))
    table = open_table(path, data.encoding)
    columns = _columns(table, data)
    _check_rows(table, columns, data)
    batches = table.read(columns)
    first = 0
    for batch in batches:
        rows = [_row(row, first + i, table.name, data) for i, row in enumerate(batch)]
        first += len(batch)
        yield pa.Table.from_pylist(rows, schema=PREDICTIONS)


def _columns(table: Table, data: DataPlan) -> list[str]:
    wanted = {
        "outcome": (str(data.outcome),),
        "protected": data.protected,
        "label": (data.label,) if data.label else (),
        "cluster": (data.cluster,) if data.cluster else (),
        "weight": (data.weight,) if data.weight else (),
    }
    require_columns(table, wanted, str(data.predictions))
    return list(dict.fromkeys(name for names in wanted.values() for name in names))


def _check_rows(table: Table, columns: list[str], data: DataPlan) -> None:
    """Reads the table once before anything is written, so that all problems are said together."""
    spellings: dict[tuple[str, str], set[str]] = defaultdict(set)
    number = -1
    with collected(str(data.predictions)) as problems:
        rows = (row for batch in table.read(columns) for row in batch)
        for number, row in enumerate(rows):
            _check_row(row, number, data, problems)
            for name in data.protected:
                value = row[name]
                if value is not None:
                    spellings[name, value.strip().casefold()].add(value)
        for (name, _), values in sorted(spellings.items()):
            if len(values) > 1:
                shown = ", ".join(repr(v) for v in sorted(values))
                problems.add(f"column {name} spells one group in several ways: {shown}; use one")
        if number < 0:
            problems.add("no rows; give one row per person or per group")


def _check_row(row: Row, number: int, data: DataPlan, problems: Problems) -> None:
    outcome = row[str(data.outcome)]
    if _selected(outcome) is None:
        problems.add(
            f"row {number}: outcome {outcome!r} is neither of {', '.join(sorted(YES))} nor of "
            f"{', '.join(sorted(NO))}"
        )
    if data.weight:
        try:
            weight_of(row[data.weight], number)
        except DataError as error:
            problems.add(str(error))


def _selected(outcome: str | None) -> bool | None:
    word = (outcome or "").strip().casefold()
    return True if word in YES else False if word in NO else None


def _row(row: Row, number: int, name: str, data: DataPlan) -> dict[str, object]:
    row_id = f"{name}-{number}"
    selected = _selected(row[str(data.outcome)])
    return {
        "row_id": row_id,
        "cluster": (row[data.cluster] if data.cluster else None) or row_id,
        "model_id": MODEL_ID,
        "label_true": row[data.label] if data.label else None,
        "label_pred": row[str(data.outcome)],
        "selected": selected,
        "protected": [(column, row[column]) for column in data.protected],
        "weight": weight_of(row[data.weight], number) if data.weight else 1.0,
        "weight_kind": data.weight_kind,
    }
