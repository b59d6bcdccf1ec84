"""Tables of outcomes without texts: group metrics need no model.

What is odd in a row but says nothing false (a group spelt in two ways, a weight that is missing or
negative) is kept as it is given; the group metrics leave out what cannot count, and name it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from auditor.errors import Problems, collected
from auditor.plan import DataPlan
from auditor.schemas import PREDICTIONS
from auditor.sources.tables import Row, Table, open_table, require_columns

MODEL_ID = "predictions"

YES = frozenset({"1", "true", "yes", "y", "selected"})
NO = frozenset({"0", "false", "no", "n", "not selected"})

Select = Callable[[Row], bool | None]
Floats = npt.NDArray[np.float64]


def read_predictions(data: DataPlan, cutoff: float | None = None) -> Iterator[pa.Table]:
    """Yields tables of `schemas.PREDICTIONS`.

    The outcome column says whether a row was selected (1/0, true/false, yes/no) or, where
    `data.outcome_is` is "score", holds a number. Control columns stand in `protected` beside the
    protected ones. A weight that is missing is null, a negative one stays: neither row counts.

    Args:
        cutoff: selects scores from here up; None: scores above the median of all rows that have a
            weight (ties are not above).

    Raises:
        DataError: a column is missing, or an outcome, score or weight is not what it must be; all
            problems at once, named by row.
    """
    table = open_table(Path(str(data.predictions)), data.encoding)
    columns = _columns(table, data)
    select = _check_rows(table, columns, data, cutoff)
    first = 0
    for batch in table.read(columns):
        rows = [_row(row, first + i, table.name, data, select) for i, row in enumerate(batch)]
        first += len(batch)
        yield pa.Table.from_pylist(rows, schema=PREDICTIONS)


def weighted_median(values: Floats, weights: Floats) -> float:
    """Returns the value with half of the weight on either side; where two share that place,
    midway between them. With weights that are counts, the median of the rows counted.

    Args:
        values: [row], at least one with a weight above 0.
        weights: [row], 0 or more.
    """
    order = np.argsort(values[weights > 0], kind="stable")
    placed, total = values[weights > 0][order], np.cumsum(weights[weights > 0][order])
    middle = int(np.searchsorted(total, total[-1] / 2, side="left"))
    if total[middle] == total[-1] / 2:
        return float(placed[middle] + placed[middle + 1]) / 2
    return float(placed[middle])


def _columns(table: Table, data: DataPlan) -> list[str]:
    wanted = {
        "outcome": (str(data.outcome),),
        "protected": data.protected,
        "control": data.control,
        "label": (data.label,) if data.label else (),
        "score": (data.score,) if data.score else (),
        "cluster": (data.cluster,) if data.cluster else (),
        "weight": (data.weight,) if data.weight else (),
    }
    require_columns(table, wanted, str(data.predictions))
    return list(dict.fromkeys(name for names in wanted.values() for name in names))


def _check_rows(table: Table, columns: list[str], data: DataPlan, cutoff: float | None) -> Select:
    """Reads the table once before anything is written, so that all problems are said together.

    Returns who is selected, for which scores need the median of all rows."""
    scores: list[float] = []
    weights: list[float] = []
    number = -1
    with collected(str(data.predictions)) as problems:
        rows = (row for batch in table.read(columns) for row in batch)
        for number, row in enumerate(rows):
            _check_row(row, number, data, problems)
            if data.outcome_is == "score":
                scores.append(_number(row[str(data.outcome)]) or 0.0)
                weights.append(max(0.0, _weight(row, data) or 0.0))
        if number < 0:
            problems.add("no rows; give one row per person or per group")
    if data.outcome_is == "selection":
        return lambda row: _selected(row[str(data.outcome)])
    if cutoff is not None:
        return lambda row: (_number(row[str(data.outcome)]) or 0.0) >= cutoff
    return _above_median(np.array(scores), np.array(weights), str(data.outcome))


def _above_median(scores: Floats, weights: Floats, outcome: str) -> Select:
    if not weights.any():
        return lambda _: None
    median = weighted_median(scores, weights)
    return lambda row: (_number(row[outcome]) or 0.0) > median


def _check_row(row: Row, number: int, data: DataPlan, problems: Problems) -> None:
    outcome = row[str(data.outcome)]
    if data.outcome_is == "score":
        if _number(outcome) is None:
            problems.add(f"row {number}: outcome {outcome!r} is not a number; mend or drop the row")
    elif _selected(outcome) is None:
        problems.add(
            f"row {number}: outcome {outcome!r} is neither of {', '.join(sorted(YES))} nor of "
            f"{', '.join(sorted(NO))}"
        )
    for kind, column in (("score", data.score), ("weight", data.weight)):
        value = row[column] if column else None
        if value is not None and value.strip() and _number(value) is None:
            problems.add(f"row {number}: {kind} {value!r} is not a number; mend or drop the row")


def _selected(outcome: str | None) -> bool | None:
    word = (outcome or "").strip().casefold()
    return True if word in YES else False if word in NO else None


def _number(value: str | None) -> float | None:
    """Returns a finite number; None where the words are none, or there are none."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _weight(row: Row, data: DataPlan) -> float | None:
    return _number(row[data.weight]) if data.weight else 1.0


def _row(row: Row, number: int, name: str, data: DataPlan, select: Select) -> dict[str, object]:
    row_id, outcome = f"{name}-{number}", row[str(data.outcome)]
    selected, scored = select(row), data.outcome_is == "score"
    words = {True: "selected", False: "not selected", None: None}[selected]
    score = row[data.score] if data.score else outcome if scored else None
    return {
        "row_id": row_id,
        "cluster": (row[data.cluster] if data.cluster else None) or row_id,
        "model_id": MODEL_ID,
        "label_true": row[data.label] if data.label else None,
        "label_pred": words if scored else outcome,
        "selected": selected,
        "score": _number(score),
        "protected": [(column, row[column]) for column in (*data.protected, *data.control)],
        "weight": _weight(row, data),
        "weight_kind": data.weight_kind,
    }
