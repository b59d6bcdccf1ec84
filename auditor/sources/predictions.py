"""Tables of outcomes without texts: group metrics need no model.

What is odd in a row but says nothing false (a group spelt in two ways, an outcome or weight that is
missing, a negative weight) is kept as it is given; the group metrics leave out what cannot count,
and name it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from auditor.errors import Problems, collected
from auditor.plan import DataPlan
from auditor.schemas import PREDICTIONS
from auditor.sources.tables import Row, Table, open_table, require_columns

MODEL_ID = "predictions"

YES = frozenset({"1", "1.0", "true", "yes", "y", "selected"})
NO = frozenset({"0", "0.0", "false", "no", "n", "not selected"})
"""With "1.0" and "0.0", which pandas writes once a column of numbers had a gap."""
GAPS = frozenset({"", "nan", "na", "n/a", "null"})
"""What spreadsheets, pandas, R and databases write where there is no value."""
MOST_WORDS = 1_000
"""Different values of one problem kept apart; a column of scores may have a million."""

Select = Callable[[Row], bool | None]
Floats = npt.NDArray[np.float64]


def read_predictions(data: DataPlan, cutoff: float | None = None) -> Iterator[pa.Table]:
    """Yields tables of `schemas.PREDICTIONS`.

    The outcome column says whether a row was selected (1/0, true/false, yes/no) or, where
    `data.outcome_is` is "score", holds a number; a row without one has neither `selected` nor
    label. Control columns stand in `protected` beside the protected ones. A weight that is missing
    is null, a negative one stays: neither row counts.

    Args:
        cutoff: selects scores from here up; None: scores above the median of all rows that have a
            score and a weight (ties are not above).

    Raises:
        DataError: a column is missing, an outcome, score or weight is not what it must be, or no
            row has an outcome; all problems at once, those that are alike in one line.
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
    found, number, outcomes = _Faults(data), -1, 0
    rows = (row for batch in table.read(columns) for row in batch)
    for number, row in enumerate(rows):
        outcome = row[str(data.outcome)]
        outcomes += not _is_gap(outcome)
        found.check(row, number)
        score = _number(outcome) if data.outcome_is == "score" else None
        if score is not None:
            scores.append(score)
            weights.append(max(0.0, _weight(row, data) or 0.0))
    with collected(str(data.predictions)) as problems:
        found.tell(problems)
        if number < 0:
            problems.add("no rows; give one row per person or per group")
        elif not outcomes:
            problems.add(f"no row has an outcome in column {data.outcome!r}; fill in the column")
    if data.outcome_is == "selection":
        return lambda row: _selected(row[str(data.outcome)])
    median = _median(np.array(scores), np.array(weights)) if cutoff is None else None
    return lambda row: _at_score(_number(row[str(data.outcome)]), cutoff, median)


def _median(scores: Floats, weights: Floats) -> float | None:
    return weighted_median(scores, weights) if weights.any() else None


def _at_score(score: float | None, cutoff: float | None, median: float | None) -> bool | None:
    if score is None:
        return None
    if cutoff is not None:
        return score >= cutoff
    return None if median is None else score > median


@dataclass(slots=True)
class _Faults:
    """What cannot be read in the rows: equal values once, with how often and where first."""

    data: DataPlan
    seen: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """(what it is, value) -> how many rows have it, and the first."""
    more: int = 0
    """Rows with a value beyond the first `MOST_WORDS`."""

    def check(self, row: Row, number: int) -> None:
        """Notes what of a row is no outcome or no number."""
        outcome = row[str(self.data.outcome)] or ""
        read = _number if self.data.outcome_is == "score" else _selected
        if not _is_gap(outcome) and read(outcome) is None:
            self._add("outcome", outcome, number)
        for kind, column in (("score", self.data.score), ("weight", self.data.weight)):
            value = row[column] if column else None
            if value is not None and not _is_gap(value) and _number(value) is None:
                self._add(kind, value, number)

    def _add(self, kind: str, value: str, number: int) -> None:
        if (kind, value) in self.seen:
            self.seen[kind, value][0] += 1
        elif len(self.seen) < MOST_WORDS:
            self.seen[kind, value] = [1, number]
        else:
            self.more += 1

    def tell(self, problems: Problems) -> None:
        """Adds a line for each different value: what it is, where, and what to do next."""
        for (kind, value), (count, first) in self.seen.items():
            where = f"row {first} has" if count == 1 else f"{count:,} rows have"
            also = "" if count == 1 else f", the first is row {first}"
            problems.add(f"{where} {kind} {value!r}{also}; {self._advice(kind)}")
        if self.more:
            problems.add(f"{self.more:,} rows have yet other values that cannot be read")

    def _advice(self, kind: str) -> str:
        if kind == "outcome" and self.data.outcome_is == "selection":
            return (
                'recode as 1/0 or yes/no or, if these are scores, say outcome_is = "score" with a '
                "cutoff"
            )
        return "this is not a number: mend it, or leave it empty"


def _is_gap(value: str | None) -> bool:
    return (value or "").strip().casefold() in GAPS


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
    words = ("selected" if selected else "not selected") if scored else outcome
    score = row[data.score] if data.score else outcome if scored else None
    return {
        "row_id": row_id,
        "cluster": (row[data.cluster] if data.cluster else None) or row_id,
        "model_id": MODEL_ID,
        "label_true": row[data.label] if data.label else None,
        "label_pred": None if selected is None else words,
        "selected": selected,
        "score": _number(score),
        "protected": [(column, row[column]) for column in (*data.protected, *data.control)],
        "weight": _weight(row, data),
        "weight_kind": data.weight_kind,
    }
