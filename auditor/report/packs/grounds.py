"""Protected grounds of a framework: which were tested, and by what.

A swap tests a ground whose attributes the pack names. A protected column is the user's own, so it
is read as a ground by its name alone, from names that the pack lists; the annex prints that
reading, and every column that it could not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.records import NAMES_SUFFIX
from auditor.report.packs.pack import Ground, Pack
from auditor.report.packs.parts import GroundRow, GroundState
from auditor.report.packs.subject import Subject
from auditor.report.words import isolated, listed
from auditor.swaps.attributes import BY_NAME
from auditor.swaps.lexicons import available_lexicons


def column_key(name: str) -> str:
    """Returns a column's name as packs write it: "Race/Ethnicity" is race_ethnicity."""
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    return "_".join(words)


def columns_of(ground: Ground, columns: Iterable[str]) -> list[str]:
    """Returns the columns that are read as a ground, by their names."""
    return [name for name in columns if column_key(name) in ground.columns]


def grounds_of(pack: Pack, run: Subject) -> list[GroundRow]:
    """Returns every ground of a pack as tested, not tested, or without a word list."""
    language = run.evidence.plan.swaps.language
    known = set(available_lexicons(language))
    if language == "en":  # the tables of names are of the United States
        known |= {f"{name}{NAMES_SUFFIX}" for name in BY_NAME}
    # An intersection ("a*b") tests its parts together: it counts for neither alone.
    swapped = run.groups_swapped()
    columns = run.columns_measured("selection_rate", "mean_score")
    return [_row(ground, swapped, columns, known) for ground in pack.grounds]


def columns_read(pack: Pack, run: Subject) -> list[str]:
    """Returns how protected columns were read, one sentence each, and which were not."""
    columns = run.evidence.plan.data.protected
    read = {name: g.ground for g in pack.grounds for name in columns_of(g, columns)}
    as_grounds = [f"The column {isolated(n)} is read as {g}, by its name." for n, g in read.items()]
    unread = [
        f"The column {isolated(name)} is read as none of these grounds: its name is not among "
        "those that the pack lists."
        for name in columns
        if name not in read
    ]
    return [*as_grounds, *unread]


def _row(
    ground: Ground, swapped: Mapping[str, list[str]], columns: list[str], known: set[str]
) -> GroundRow:
    by_swaps = [name for name in ground.attributes if name in swapped]
    by_columns = columns_of(ground, columns)
    lists = [name for name in ground.attributes if name in known]
    how = [
        *(f"swaps of {isolated(name)} ({listed(swapped[name])})" for name in by_swaps),
        *([f"groups by the column {listed(by_columns)}"] if by_columns else []),
    ]
    state, words = ("tested", "; ".join(how)) if how else _untested(lists)
    return GroundRow(ground=ground.ground, state=state, how=words, known=ground.known)


def _untested(lists: list[str]) -> tuple[GroundState, str]:
    if lists:
        return "not tested", f"swaps of {listed(lists)} would, which this run did not measure"
    return "no lexicon", (
        "no word list comes with the auditor; a protected column of outcomes would test it"
    )
