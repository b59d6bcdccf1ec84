"""What was odd in the rows, in sentences: named, never guessed, and the rest is still computed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from auditor.metrics.groups.columns import (
    CROSSED,
    MOST_CROSSED,
    MOST_STRATA,
    ModelColumns,
    is_unknown,
    model_columns,
    written_values,
)
from auditor.metrics.groups.compare import untested
from auditor.metrics.groups.references import group_sizes, highest_group, named_reference
from auditor.metrics.groups.rows import UNKNOWN, GroupRows
from auditor.plan import AuditPlan
from auditor.sources.predictions import weighted_median

SHOWN = 8
"""Groups or spellings named in one sentence; more are counted."""


def data_notes(
    predictions: pd.DataFrame, plan: AuditPlan, favourable: Sequence[str] | None = None
) -> list[str]:
    """Returns one sentence for each thing that is odd; [] where nothing is.

    Weights, words and groups are those of the first model's rows; of selections and scores, every
    model has notes of its own, which begin with its name where there are several.

    Args:
        predictions: rows with the columns of `schemas.PREDICTIONS`.
        plan: names controls, references and `min_rows`.
        favourable: the favourable labels, in the words of `label_true`.
    """
    notes: list[str] = []
    models = list(model_columns(predictions, plan, favourable))
    for model in models[:1]:
        rows = predictions[predictions["model_id"] == model.model_id]
        notes += [*_of_weights(rows), *_of_outcomes(rows, plan)]
        notes += [*_of_words(rows, plan), *_of_groups(model, plan)]
    for model in models:
        name = f"{model.model_id}: " if len(models) > 1 else ""
        notes += [f"{name}{note}" for note in [*_of_selections(model), *_of_scores(model, plan)]]
    return notes


def _of_weights(rows: pd.DataFrame) -> Iterator[str]:
    weight = rows["weight"]
    kinds = {"no weight": weight.isna(), "a negative weight": weight < 0, "weight 0": weight == 0}
    for kind, found in kinds.items():
        if found.any():
            yield f"Left out: {_rows(int(found.sum()))} with {kind}."
    kept = weight[weight > 0]
    if (rows["weight_kind"] != "sampling").all() and (kept != kept.round()).any():
        yield (
            "Weights that are to count rows are not all whole numbers, so there are no tests of "
            'counts; if they are survey weights, say weight_kind = "sampling".'
        )


def _of_outcomes(rows: pd.DataFrame, plan: AuditPlan) -> Iterator[str]:
    undecided = int(rows["selected"].isna().sum())
    if 0 < undecided < len(rows):
        what = "an outcome" if plan.data.predictions else "a selection"
        yield f"Left out of every rate of selection: {_rows(undecided)} without {what}."


def _of_words(rows: pd.DataFrame, plan: AuditPlan) -> Iterator[str]:
    for column, written in written_values(rows).items():
        values = {UNKNOWN if is_unknown(word) else word for word in set(written)}
        spellings: dict[str, set[str]] = defaultdict(set)
        for value in values:
            spellings[value.strip().casefold()].add(value)
        for words in sorted(sorted(same) for same in spellings.values() if len(same) > 1):
            shown = _listed(repr(word) for word in words)
            yield (
                f"Column {column} has values that differ in case or blanks only: {shown}. They "
                "are kept apart as they are given; if they are one group, spell them as one."
            )
        if column in plan.data.control and len(values) > MOST_STRATA:
            yield (
                f"Column {column} has {len(values)} values; groups are compared within the "
                f"{MOST_STRATA} that have most rows."
            )
        yield from _taken_for_unknown(column, written, rows)


def _taken_for_unknown(column: str, words: Sequence[str], rows: pd.DataFrame) -> Iterator[str]:
    """Names the words that were read as no group, and their rows; blanks can be nothing else."""
    times = rows["weight"].where(rows["weight"] > 0, 0.0)
    if (rows["weight_kind"] == "sampling").any():
        times = (times > 0).astype(float)
    counted: dict[str, float] = defaultdict(float)
    for word, count in zip(words, times, strict=True):
        if word.strip() and is_unknown(word):
            counted[word] += count
    if counted:
        shown = _listed(f"{word!r} ({_rows(round(n))})" for word, n in sorted(counted.items()))
        yield (
            f"Column {column}: taken for unknown: {shown}. If one of them is a group or value of "
            "its own, spell it otherwise."
        )


def _of_groups(model: ModelColumns, plan: AuditPlan) -> Iterator[str]:
    columns = {name: table for name, table in model.columns.items() if CROSSED not in name}
    for name, table in columns.items():
        yield from _of_column(name, table, plan)
    if len(columns) > 1:
        yield from _not_crossed(list(columns), model)
    for table in list(columns.values())[:1]:
        if table.clustered and table.clusters == 1:
            yield "All rows are of one cluster, so no interval or test can be had."


def _of_column(name: str, table: GroupRows, plan: AuditPlan) -> Iterator[str]:
    known, sizes = table.known, group_sizes(table)
    if len(known) < 2:
        yield f"Column {name} has one group only ({known[0] if known else 'none'}): no comparison."
    if UNKNOWN in table.names and table.of(UNKNOWN).any():
        hidden = table.only(table.of(UNKNOWN)).size
        yield (
            f"Column {name}: {_rows(hidden)} of {table.size} are of unknown group; they are shown, "
            "and are in no gap, ratio or reference."
        )
    small = [f"{g} ({sizes[g]})" for g in known if sizes[g] < plan.metrics.min_rows]
    if small:
        yield f"Column {name}: fewer than {plan.metrics.min_rows} rows of {_listed(small)}."
    yield from _one_class(name, table)
    for why, groups in untested(table, plan).items():
        yield f"Column {name}: no tests of counts for {_listed(groups)}: {why}."
    asked = plan.swaps.references.get(name)
    if asked and named_reference(table, plan) is None:
        stands_in = max(known, key=lambda group: sizes[group]) if known else "none"
        yield (
            f"Column {name}: the plan's reference {asked!r} is no group of it; groups are compared "
            f"with {stands_in}, the largest, and ratios with {highest_group(table, plan)}."
        )


def _one_class(name: str, table: GroupRows) -> Iterator[str]:
    labelled = table.only(table.labelled)
    for kind, hits in (("favourable", labelled.truth), ("unfavourable", ~labelled.truth)):
        alone = [group for group in labelled.known if hits[labelled.of(group)].all()]
        if alone:
            yield (
                f"Column {name}: every true label of {_listed(alone)} is {kind}, so some error "
                "rates are not measured."
            )


def _not_crossed(columns: Sequence[str], model: ModelColumns) -> Iterator[str]:
    for at, first in enumerate(columns):
        for second in columns[at + 1 :]:
            if f"{first}{CROSSED}{second}" not in model.columns:
                yield (
                    f"Columns {first} and {second} have more than {MOST_CROSSED} groups together: "
                    "they are not crossed."
                )


def _of_selections(model: ModelColumns) -> Iterator[str]:
    for name, table in model.columns.items():
        known = table.only(table.decided & table.is_known)
        if CROSSED not in name and len(known.known) > 1:
            yield from _constant(name, known)


def _constant(name: str, known: GroupRows) -> Iterator[str]:
    """Names a column in whose groups all rows have one outcome."""
    rates = {g: known.only(known.of(g)).selected for g in known.known}
    if not known.selected.any():
        yield (
            f"Column {name}: no one was selected in any group (of {_rows(known.size)}), so rates "
            "are equal, and four fifths of none has no answer."
        )
    elif known.selected.all():
        yield f"Column {name}: everyone was selected in every group ({_rows(known.size)})."
    elif all(each.all() or not each.any() for each in rates.values()) and _repeated(known):
        chosen = _listed(group for group, each in rates.items() if each.all())
        yield (
            f"Column {name} says the same as the outcome: every row of {chosen} was selected, and "
            "no other; if it was made from the outcome, leave it out."
        )


def _repeated(table: GroupRows) -> bool:
    """Whether groups have two rows on average: a group of one is always of one outcome."""
    return table.size >= 2 * len(table.known)


def _of_scores(model: ModelColumns, plan: AuditPlan) -> Iterator[str]:
    table = next(iter(model.columns.values()), None)
    scored = table.only(np.isfinite(table.score)) if table else None
    if scored is None or not len(scored.codes):
        return
    if np.ptp(scored.score) == 0:
        yield f"All scores are equal ({scored.score[0]:g}): ranking and spread are not measured."
        return
    if plan.data.outcome_is != "score" or plan.scoring.cutoff is not None:
        return  # the median selects no one
    median = weighted_median(scored.score, scored.weight)
    ties = scored.only(scored.score == median).size
    if ties > 1:
        yield f"{_rows(ties)} tie at the median score {median:.6g}; ties are not above it."


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _listed(words: Iterable[str]) -> str:
    every = list(words)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more
