"""Where each instrument stands, in words, and what changes next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from auditor.report.packs.pack import MAX_AGE_DAYS, Chapter, DatePoint, Pack, Status
from auditor.report.packs.parts import LegalRow

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
"""Not of the locale: same inputs, same words."""
_STATES: dict[Status, str] = {
    "in-force": "in force",
    "applies-from": "applies",
    "guidance": "guidance (not binding as such)",
    "voluntary": "voluntary",
    "under-rescission": "in force when last checked, rescission announced",
    "repealed": "repealed",
    "withdrawn": "withdrawn",
    "differs": "differs by instrument",
}


def in_words(day: date) -> str:
    """Returns a date as "2 December 2027"."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def state_words(status: Status, since: date | None) -> str:
    """Returns a status with its date."""
    word = "from" if status == "applies-from" else "since"
    return f"{_STATES[status]} {word} {in_words(since)}" if since else _STATES[status]


def coming(pack: Pack) -> list[str]:
    """Returns what changes when, and what is expected without a date, of a pack as a whole."""
    parts: list[Pack | Chapter] = [pack, *pack.chapters]
    dates = sorted((d for part in parts for d in part.dates), key=lambda d: d.on)
    dated = [f"{in_words(each.on)}: {each.what}" for each in dates]
    return [*dated, *(part.outlook for part in parts if part.outlook)]


def age_days(pack: Pack, today: date) -> int:
    """Returns for how many days a pack has not been checked."""
    return (today - pack.as_of).days


def banner(pack: Pack, today: date) -> str | None:
    """Returns a warning where a pack is too old, or None."""
    age = age_days(pack, today)
    if age <= MAX_AGE_DAYS:
        return None
    return (
        f"This pack was last checked on {in_words(pack.as_of)}, {age} days before this edition. "
        "Its facts may have changed: check them, or use a newer pack."
    )


def legal_rows(packs: Iterable[Pack], today: date) -> list[LegalRow]:
    """Returns a row for every instrument of every pack."""
    return [row for pack in packs for row in _rows(pack, today)]


def _rows(pack: Pack, today: date) -> Iterator[LegalRow]:
    own = [chapter for chapter in pack.chapters if chapter.instrument]
    if pack.status != "differs":
        yield _row(pack, pack, pack.instrument, today)
    for chapter in own if pack.status == "differs" else []:
        yield _row(pack, chapter, chapter.instrument or pack.instrument, today)


def _row(pack: Pack, of: Pack | Chapter, instrument: str, today: date) -> LegalRow:
    point = _next(of.dates, today)
    return LegalRow(
        pack=pack.id,
        instrument=instrument,
        state=state_words(of.status or pack.status, of.in_force_from),
        next_on=in_words(point.on) if point else None,
        next_what=point.what if point else of.outlook or "No change announced that was seen.",
        as_of=in_words(pack.as_of),
        old=banner(pack, today) is not None,
    )


def _next(dates: Sequence[DatePoint], today: date) -> DatePoint | None:
    return min((d for d in dates if d.on > today), key=lambda d: d.on, default=None)
