"""How many people of each category were assessed, and how many of them were selected.

Exact: whole numbers or a refusal. A person whose category is not known is in no category, and a
person with one unknown of two is in no intersection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from auditor.metrics.clusters import Floats
from auditor.metrics.groups.columns import Groups, column_values
from auditor.metrics.groups.rates import counts_of
from auditor.metrics.groups.rows import UNKNOWN, Mask

SURVEY = "the rows carry survey weights, so people cannot be counted"
FRACTIONS = "the weights are not whole numbers, so people cannot be counted"


@dataclass(frozen=True, slots=True)
class Tally:
    """People of one category, or of none."""

    names: tuple[str, ...]  # [column]; () where unknown
    n: int
    """With an outcome."""
    hits: int
    """Selected, or scored above the median."""
    undecided: int
    """Without an outcome."""


@dataclass(frozen=True, slots=True)
class Census:
    """Everyone in the rows of one model, each counted once."""

    categories: Mapping[str, Groups]  # column -> [row]
    counts: npt.NDArray[np.int64]  # [row, (n, hits, undecided)]

    def known(self, columns: Sequence[str]) -> list[Tally]:
        """Returns every category of some columns, in the order in which the rows name them."""
        rows = self._known(columns)
        keys = [pd.Series(self.categories[name][rows]) for name in columns]
        sums = pd.DataFrame(self.counts[rows]).groupby(keys, sort=False).sum()
        named = (key if isinstance(key, tuple) else (key,) for key in sums.index)
        return [
            Tally(tuple(map(str, names)), *map(int, counts))
            for names, counts in zip(named, sums.to_numpy(), strict=True)
        ]

    def unknown(self, columns: Sequence[str]) -> Tally:
        """Returns those of whom any of the columns is not known."""
        return self._sum(~self._known(columns))

    def everyone(self) -> Tally:
        """Returns everyone, of whatever category."""
        return self._sum(self._known(()))

    def _sum(self, rows: Mask) -> Tally:
        return Tally((), *map(int, self.counts[rows].sum(axis=0)))

    def _known(self, columns: Sequence[str]) -> Mask:
        known = np.ones(len(self.counts), dtype=np.bool_)
        for name in columns:
            known &= self.categories[name] != UNKNOWN
        return known


def uncountable(rows: pd.DataFrame) -> str | None:
    """Returns why the rows of a model are no counts of people; None where they are."""
    if (rows["weight_kind"] == "sampling").any():
        return SURVEY
    return None if counts_of(_weights(rows)) else FRACTIONS


def census(rows: pd.DataFrame) -> Census:
    """Returns everyone in rows of `schemas.PREDICTIONS` that are counts of people."""
    people = _weights(rows).astype(np.int64)
    decided = rows["selected"].notna().to_numpy()
    selected = rows["selected"].fillna(False).to_numpy(dtype=np.bool_)
    counts = np.stack([people * decided, people * (selected & decided), people * ~decided], axis=1)
    return Census(column_values(rows), counts)


def _weights(rows: pd.DataFrame) -> Floats:
    """A weight that is missing or negative counts no one, as in every group metric."""
    weight = rows["weight"].astype(np.float64)
    return np.asarray(weight.where(weight > 0, 0.0), dtype=np.float64)
