"""Ages in numbers: which numbers are one, and when other ages of a text depend on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.swaps.language import Language
from auditor.swaps.words import Words

_OLDEST = 120
_JOINTS = frozenset({"to", "and", "or", "through", "until", "till"})
_UNITS = frozenset({"year", "years", "yr", "yrs", "yo", "old", "month", "months"})
_AGED = frozenset({"age", "aged", "ages"})

_PHRASE = 3
"""Words looked at before an age for whose it is."""

Place = tuple[int, int]
"""First and last word of a mention."""


def age_at(words: Words, first: int, last: int) -> int | None:
    """Returns the number in a phrase, unless it is part of a longer one or of a range: "6.5",
    "18-25", "18 to 25"."""
    i = next(i for i in range(first, last + 1) if words.folded[i].isdecimal())
    before, after = words.between(i)[-1:], words.between(i + 1)
    cut = before in "-–.,/$€£" and words.word(i - 1).isdecimal() and len(words.between(i)) == 1
    cut = cut or before in ("$", "€", "£") or after[:1] in ("%", "°", "+")
    range_begins = words.word(i + 1).isdecimal() and after.strip() in ("-", "–", ".", "/", ",")
    if cut or range_begins or _in_range(words, i) or len(words.folded[i]) > 3:
        return None
    return int(words.folded[i])


def _in_range(words: Words, i: int) -> bool:
    """ "aged 18 to 25", "between 18 and 25 years old"."""
    return any(
        words.word(i + step) in _JOINTS and words.word(i + 2 * step).isdecimal() for step in (1, -1)
    )


def in_band(age: int, band: tuple[int, int]) -> bool:
    """Whether an age is one of its group."""
    return band[0] <= age <= band[1]


def depending(words: Words, aged: Iterable[Place], language: Language) -> str | None:
    """Returns the word that tells of another age, or of a relative whose age goes with the first:
    "a mother, 26, with a son of 5"; None where there is none."""
    places = list(aged)
    alone = places if len(places) == 1 else []
    own = {i for place in alone for i in _own_nouns(words, place, language)}
    inside = {i for first, last in places for i in range(first, last + 1)}
    for i in range(len(words.folded)) if places else ():
        if i not in inside and _is_other_age(words, i, language):
            return words.written(i)
        if words.word(i) in language.generations and i not in own:
            return words.written(i)
    return None


def _is_other_age(words: Words, i: int, language: Language) -> bool:
    word, before = words.folded[i], words.word(i - 1)
    if not word.isdecimal() or len(word) > 3 or not 0 < int(word) <= _OLDEST:
        return False
    behind = words.word(i + 1) in _UNITS and words.word(i + 2) in _UNITS
    said = before in language.generations | language.auxiliaries | {"s", "m", "re"}
    return behind or before in _AGED or (said and words.between(i + 1)[:1] in (*",.;!?)", ""))


def _own_nouns(words: Words, place: Place, language: Language) -> Iterator[int]:
    """Yields the noun of whom the age is said, unless it is someone's: "a 26-year-old mother" is
    all there is of her, "my 26-year-old mother" has a child."""
    first, last = place
    if _is_owned(words, first, language):
        return
    noun = last + 1
    while words.word(noun) in language.person_adjectives and words.follows(noun):
        noun += 1
    yield noun
    if not _is_owned(words, first - 1, language):
        yield first - 1


def _is_owned(words: Words, i: int, language: Language) -> bool:
    """ "my clever 26-year-old son", "Ann's 26-year-old son"."""
    for j in range(i - 1, max(-1, i - 1 - _PHRASE), -1):
        if not words.follows(j + 1):
            return False
        if words.word(j) in language.possessives or words.word(j) == "s":
            return True
    return False
