"""Flagged pairs token by token: which tokens carry the gap between the two texts, to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from auditor.evidence.reader import Evidence
from auditor.records_attributions import Chosen, Role
from auditor.report.parts_attributions import ExplainedPairRow, Sides, UnitRow

PAIRS_SHOWN = 6
MOST = 5
"""Units of a pair with a number of their own."""
LEAST = 0.1
"""Of the largest part: what carries less has none."""
NEAR = 20
"""Units shown beside a term, or beside what carries most, in a long text."""
LEFT_OUT = "[…]"
BLANK = "␣"
"""A token that is nothing but a blank."""


def explained_pairs(evidence: Evidence) -> list[ExplainedPairRow]:
    """Returns the most severe of the flagged pairs that were explained.

    One of each attribute before a second of any, and two same texts once.
    """
    cases = _cases(evidence)
    if not len(cases):
        return []
    marks = ", ".join("?" * len(cases))
    tokens = evidence.attributions(f"{_EXPLAINED} AND pair_id IN ({marks})", list(cases["pair_id"]))
    by_pair = {str(pair_id): rows for pair_id, rows in tokens.groupby("pair_id")}
    return [_pair(dict(row), by_pair[row["pair_id"]]) for row in cases.to_dict("records")]


_EXPLAINED = f"method = 'owen' AND chosen = '{Chosen.FLAGGED}'"


def _cases(evidence: Evidence) -> pd.DataFrame:
    """Returns the pairs to show with their severity, the order in which they are shown."""
    first = evidence.attributions(f"{_EXPLAINED} AND side = 'from' AND \"index\" = 0")
    if not len(first):
        return first
    cases = evidence.cases("model_id = ?", [first["model_id"].iloc[0]])
    cases = cases[cases["pair_id"].isin(first["pair_id"])].drop_duplicates("pair_id")
    texts = _texts(evidence, list(first["pair_id"]), str(first["model_id"].iloc[0]))
    cases = cases[["pair_id", "severity"]].merge(texts, on="pair_id")
    same = [frozenset(both) for both in zip(cases["text"], cases["counterfactual"], strict=True)]
    cases = cases[~pd.Series(same, cases.index, dtype=object).duplicated()]
    turn = cases.groupby("attribute").cumcount()
    return cases.iloc[turn.argsort(kind="stable")].head(PAIRS_SHOWN)


def _texts(evidence: Evidence, pair_ids: Sequence[str], model_id: str) -> pd.DataFrame:
    marks = ", ".join("?" * len(pair_ids))
    found = evidence.pairs(
        f"arm = 'swap' AND model_id = ? AND pair_id IN ({marks})", [model_id, *pair_ids]
    )
    return found.drop_duplicates("pair_id")


def _pair(row: Mapping[Any, Any], tokens: pd.DataFrame) -> ExplainedPairRow:
    ends = {side: rows.iloc[0] for side, rows in tokens.groupby("side")}
    base, residual = (_sides(ends["from"][name], ends["to"][name]) for name in ("base", "residual"))
    every = _units(tokens, row["text"], row["counterfactual"])
    most = _most(every)
    units, places = _clipped(every, most)
    listed = [every[i].value for i in most]
    values = tokens.groupby("side")["value"].sum()
    in_all = _sides(values["from"], values["to"])
    on_term = _sum(unit.value for unit in every if unit.role is Role.TERM)
    return ExplainedPairRow(
        pair_id=row["pair_id"],
        attribute=row["attribute"],
        group_from=row["group_from"],
        group_to=row["group_to"],
        severity=row["severity"],
        score_from=row["score_from"],
        score_to=row["score_to"],
        label_from=_label(row["label_from"]),
        label_to=_label(row["label_to"]),
        units=units,
        most=places,
        others=len(every) - len(most),
        on_others=_less(in_all, _sum(listed)),
        on_term=on_term.gap,
        on_context=in_all.gap - on_term.gap,
        base=base,
        residual=residual,
        total=_sum([in_all, base, residual]),
        unresolved=float(tokens["unresolved"].max()),
    )


def _label(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _sides(text: float, counterfactual: float) -> Sides:
    return Sides(
        text=float(text),
        counterfactual=float(counterfactual),
        gap=float(counterfactual) - float(text),
    )


def _sum(each: Any) -> Sides:
    given = list(each)
    return _sides(sum(one.text for one in given), sum(one.counterfactual for one in given))


def _less(all_of: Sides, part: Sides) -> Sides:
    return _sides(all_of.text - part.text, all_of.counterfactual - part.counterfactual)


def _units(tokens: pd.DataFrame, text: str, counterfactual: str) -> list[UnitRow]:
    """Returns what is compared, in reading order; what the tokenizer adds has no characters."""
    seen = tokens[tokens["role"] != Role.SPECIAL.value]
    sides = {"from": text, "to": counterfactual}
    written = {side: _written(rows, sides[str(side)]) for side, rows in seen.groupby("side")}
    values = seen.groupby(["aligned", "side"])["value"].sum().to_dict()
    roles = seen.groupby("aligned")["role"].first().to_dict()
    nothing = ("", False)
    units = []
    for number, role in roles.items():
        before = written.get("from", {}).get(number, nothing)
        after = written.get("to", {}).get(number, nothing)
        both = (values.get((number, side), 0.0) for side in ("from", "to"))
        units.append(
            UnitRow(
                role=Role(role),
                units=1,
                text=before[0],
                counterfactual=after[0],
                blank_text=before[1],
                blank_counterfactual=after[1],
                value=_sides(*both),
            )
        )
    return units


def _written(rows: pd.DataFrame, text: str) -> dict[Any, tuple[str, bool]]:
    """Returns each unit of one side as written in the text, and whether a blank follows.

    Read off the text itself: several tokens can be pieces of one character.
    """
    spans = rows.groupby("aligned").agg(start=("start", "min"), end=("end", "max"))
    found = {}
    for number, start, end in spans.itertuples():
        unit = text[start:end]
        blank = unit[-1:].isspace() or text[end : end + 1].isspace()
        found[number] = (unit.strip() or (BLANK if unit else ""), blank)
    return found


def _most(units: Sequence[UnitRow]) -> list[int]:
    """Returns the places of the units that carry most, the largest first."""
    sizes = [abs(unit.value.gap) for unit in units]
    ranked = sorted(range(len(units)), key=lambda i: (-sizes[i], i))
    return [i for i in ranked[:MOST] if sizes[i] > 0 and sizes[i] >= LEAST * sizes[ranked[0]]]


def _clipped(units: Sequence[UnitRow], most: Sequence[int]) -> tuple[list[UnitRow], list[int]]:
    """Returns `units` with long stretches far from a term, and from what carries most, as one
    unit each; and the new places of `most`."""
    kept = {i for i, unit in enumerate(units) if unit.role is Role.TERM} | set(most)
    near = {j for i in kept for j in range(i - NEAR, i + NEAR + 1)}
    shown: list[UnitRow] = []
    places: dict[int, int] = {}
    for first, last in _stretches(len(units), near):
        if first in near or last - first == 1:
            places |= {i: len(shown) + i - first for i in range(first, last)}
            shown += units[first:last]
        else:
            shown.append(_left_out(units[first:last]))
    return shown, [places[i] for i in most]


def _stretches(count: int, near: set[int]) -> Iterator[tuple[int, int]]:
    """Yields the ends of stretches that are all near, or all not."""
    first = 0
    for i in range(1, count + 1):
        if i == count or (i in near) != (first in near):
            yield first, i
            first = i


def _left_out(units: Sequence[UnitRow]) -> UnitRow:
    return UnitRow(
        role=Role.CONTEXT,
        units=len(units),
        text=LEFT_OUT,
        counterfactual=LEFT_OUT,
        blank_text=True,
        blank_counterfactual=True,
        value=_sum(unit.value for unit in units),
    )
