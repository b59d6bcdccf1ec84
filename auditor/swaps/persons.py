"""Finds people by their names in a text: "Emily", "Emily Walsh", later "Ms. Walsh" or "Emily".

A first name must be a known one; any capital word may go on a name or follow a title. Longer names
and those of places and figures are left alone; "she" is left to the lexicons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from auditor.swaps.language import Language
from auditor.swaps.names import NameTable
from auditor.swaps.phrases import Phrases
from auditor.swaps.words import Words

_QUESTION = 40
"""Words looked at for a question mark behind "Will Jones"."""
_ENDS = frozenset(".!?")
ALSO_A_WORD = "a name that is a word as well, with no last name behind it"
PART_OF_NAME = "part of a longer name"
WELL_KNOWN = "a person, work or brand that is well known, or left alone by the plan"


@dataclass(frozen=True, slots=True)
class Person:
    """One person whom a text names."""

    first: str
    """Casefolded, as in the table; "" where only a last name with a title stands."""
    last: str
    """Casefolded; "" where only a first name stands."""
    places: tuple[tuple[int, bool], ...]
    """(word, whether it is the first name) of every mention, in order."""


@dataclass(slots=True)
class _Draft:
    first: str
    last: str
    places: dict[int, bool] = field(default_factory=dict)


def names_left(table: NameTable, leave: Sequence[str] = ()) -> Phrases[None]:
    """Returns the full names that are left alone: well-known ones, and those of a plan."""
    phrases: Phrases[None] = Phrases()
    for name in (*table.well_known, *leave):
        phrases.add(name)
    return phrases


def find_persons(
    words: Words, table: NameTable, language: Language, left: Phrases[None] | None = None
) -> tuple[list[Person], list[str]]:
    """Returns the people whom a text names, in order, and why other names are no mention.

    `left`: names that are left alone, wherever a part of them stands in the text.
    """
    reader = _Reader(words, table, language, names_left(table) if left is None else left)
    i = 0
    while i < len(words.folded):
        i = reader.read(i) if words.is_capital(i) else i + 1
    for i in reader.loose:
        reader.mention(i)
    persons = [Person(x.first, x.last, tuple(sorted(x.places.items()))) for x in reader.persons]
    return persons, reader.skipped


def _left_in(words: Words, left: Phrases[None]) -> set[str]:
    """Returns the words of the names that are left alone and stand in a text: after "Donald Trump"
    a "Donald" is he."""
    if not left.may_stand_in(words):
        return set()
    places = (i for i in range(len(words.folded)) if words.is_capital(i))
    return {word for i in places for phrase in left.at(words, i) for word in phrase.words}


class _Reader:
    """Reads the names of one text, from left to right."""

    def __init__(
        self, words: Words, table: NameTable, language: Language, left: Phrases[None]
    ) -> None:
        self.words, self.table, self.language = words, table, language
        self.left = _left_in(words, left)
        self.persons: list[_Draft] = []
        self.skipped: list[str] = []
        self.loose: list[int] = []  # capital words that may name a person named elsewhere
        self._drafts: dict[tuple[str, str, str], _Draft] = {}  # by first, last, gender; the latest
        self._verbs = language.base_verbs | language.base_verbs_or_nouns
        self._plain = (
            language.closed | language.titles | language.adverbs | language.determiners
            | language.base_verbs | language.person_nouns | language.subjects | language.moments
        )  # fmt: skip
        self._no_last = language.closed | language.titles | language.moments | language.adverbs

    def read(self, i: int) -> int:
        """Files the name that begins at capital word i; returns where to read on."""
        word, last = self.words.folded[i], i + 1
        if word in self.language.titles:
            return self._titled(i)
        if word in self.left:
            self.skipped.append(WELL_KNOWN)
            return i + 1
        if word not in self.table.known or self._is_literal(i):
            self.loose.append(i)
            return i + 1
        last = -1 if self._goes_on(i) else self._last_at(i)
        if last < 0:
            self.skipped.append(PART_OF_NAME)
            return self._end(i)
        family = self.words.word(last) if last else ""
        if self.table.known[word].word and not self._tells_person(i, family):
            self.skipped.append(ALSO_A_WORD)
            self.loose.append(i)
        elif not last and (word, "", "") not in self._drafts and ("", word, "") in self._drafts:
            self.loose.append(i)  # "Mr. James came. James said"
        else:
            places = {i: True, last: False} if last else {i: True}
            self._file(word, family, self.table.gender_of(word), places)
        return max(i, last) + 1

    def _titled(self, i: int) -> int:
        last = self.words.word(i + 1)
        name = self._is_last(i + 1) and last not in self.language.offices
        if not name or last in self.left or self._is_full(i + 1):
            return i + 1  # "Mr. James Walsh" is read from "James" on
        longer = last in self.table.known and self.words.is_capital(i + 2)
        if not self._ends(i + 1) or (longer and self.words.follows(i + 2)):
            self.skipped.append(PART_OF_NAME)
            return self._end(i + 1)
        female = self.words.folded[i] in self.language.female_titles
        self._file("", last, "female" if female else "male", {i + 1: False})
        return i + 2

    def _is_full(self, i: int) -> bool:
        return self.words.word(i) in self.table.known and self._last_at(i) != 0

    def _tells_person(self, i: int, family: str) -> bool:
        """Whether a first name that is a word is one: "Mark Johnson"; not "Will Johnson win?"."""
        asks = self.words.folded[i] in self.language.closed and self._begins_question(i)
        return self.table.tells_person(family) and not asks

    def _begins_question(self, i: int) -> bool:
        if not self.words.starts_sentence(i, self.language.abbreviations):
            return False
        for j in range(i + 2, min(i + _QUESTION, len(self.words.spans) + 1)):
            sign = self.words.between(j).strip()[:1]
            if sign in _ENDS or "\n" in self.words.between(j):
                return sign == "?"
        return False

    def _file(self, first: str, last: str, gender: str, places: dict[int, bool]) -> None:
        """Adds a mention to the person whom it can be of, or to a new one."""
        keys = [(first, last, ""), (first, "", "")] if first else []
        keys += [("", last, gender)] if last else []
        drafts = (self._drafts[key] for key in keys if key in self._drafts)
        fits = (x for x in drafts if "" in (first, x.first) or first == x.first)
        draft = next((x for x in fits if "" in (last, x.last) or last == x.last), None)
        if draft is None:
            draft = _Draft(first, last)
            self.persons.append(draft)
        draft.first, draft.last = draft.first or first, draft.last or last
        draft.places.update(places)
        self._drafts.update(dict.fromkeys([*keys, ("", last, "")] if last else keys, draft))

    def mention(self, i: int) -> None:
        """Adds a word to the person of whom it is the last name, or a first name and a word."""
        word, before = self.words.folded[i], self.words.word(i - 1)
        draft = self._drafts.get(("", word, "")) or self._drafts.get((word, "", ""))
        if draft is None or before in self.language.before_places_and_times or self._is_literal(i):
            return
        if self._goes_on(i) or not self._ends(i) or (not draft.first and i < min(draft.places)):
            return
        starts = self.words.starts_sentence(i, self.language.abbreviations)
        if word not in self.language.closed or not (starts or self.words.is_shouted(i)):
            draft.places[i] = word != draft.last  # "Will you", but "and Will"

    def _last_at(self, i: int) -> int:
        """Returns the last name's place behind first name i; 0: none, -1: a longer name."""
        words, j = self.words, i + 1
        initial = len(words.word(j)) == 1 and words.is_capital(j) and words.follows(j)
        if initial and (
            words.word(j) not in self.language.closed or words.between(j + 1)[:1] == "."
        ):
            j += 1
            if not self._is_last(j):
                return -1
        elif (
            words.word(j) in self.language.name_particles
            and words.follows(j)
            and not words.is_capital(j)
        ):
            return (
                -1
                if words.is_capital(j + 1) or words.word(j + 1) in self.language.name_particles
                else 0
            )
        if not self._is_last(j):
            return -1 if self._is_joined(j) else 0
        return j if words.word(j) not in self.language.behind_place_names and self._ends(j) else -1

    def _ends(self, i: int) -> bool:
        """Whether a name ends with last name i: not "Walsh-Brown", "Walsh Street", "Jane Walsh"."""
        if self._is_joined(i + 1):
            return False
        longer = self._is_last(i + 1)
        known = (
            self.table.is_last(self.words.folded[i])
            and self.words.word(i + 1) not in self.language.behind_place_names
        )
        return not longer or known

    def _end(self, i: int) -> int:
        """Returns the first word behind a longer name that goes through word i."""
        i += 1
        while self._is_last(i) or self._is_joined(i) or self._is_initial(i):
            i += 1
        return i

    def _is_initial(self, i: int) -> bool:
        return len(self.words.word(i)) == 1 and self.words.is_capital(i) and self.words.follows(i)

    def _is_joined(self, i: int) -> bool:
        """ "Mary-Jane", "O'Connell"; not "EMILY'S"."""
        words = self.words
        glued = 0 < i < len(words.folded) and words.gap(i) in ("-", "'")
        return glued and words.is_capital(i) and words.is_capital(i - 1) and words.word(i) != "s"

    def _is_last(self, i: int) -> bool:
        """Whether a capital word goes on a name: "Emily Walsh"; not "Emily I think"."""
        words, word, before = self.words, self.words.word(i), self.words.word(i - 1)
        if not i or len(word) < 2 or not words.is_capital(i) or word in self._no_last:
            return False
        titled = before in self.language.titles
        dotted = (titled or len(before) == 1) and words.between(i).strip() == "."
        if words.gap(i) != " " and not dotted:
            return False
        if word in self.language.name_suffixes:
            return False
        if word in self.table.last or self._is_common(i):
            return True
        if (
            "\n" in words.between(i)
            or word in self.language.person_adjectives
            or self._is_verb(word)
        ):
            return False
        return words.is_shouted(i) == (titled and words.is_shouted(i - 1)) and not self._is_literal(
            i
        )

    def _is_common(self, i: int) -> bool:
        """Whether word i is a common last name; "White" is none in "Emily White people like"."""
        is_word = self.table.common.get(self.words.folded[i])
        if is_word is None or self.words.is_shouted(i) != self.words.is_shouted(i - 1):
            return False
        return not (is_word and self.words.word(i + 1) in self.language.person_nouns)

    def _is_verb(self, word: str) -> bool:
        """Headlines: "Emily Wins"."""
        stems = (word.removesuffix(x) for x in ("s", "es", "d", "ed") if word.endswith(x))
        return word in self.language.past_verbs or any(x in self._verbs for x in stems)

    def _goes_on(self, i: int) -> bool:
        """Whether a name began before word i: "Mary Emily Walsh", "Lake Jackson"."""
        words, before = self.words, self.words.word(i - 1)
        if not words.is_capital(i - 1) or not i:
            return False
        if self._is_joined(i) or (
            before in self.language.before_place_names and words.gap(i).strip() in ("", ".")
        ):
            return True
        if words.between(i).strip() or "\n" in words.between(i):
            return False
        shouted = words.is_shouted(i - 1) and words.is_shouted(i)
        if shouted or before in self._plain or self._is_verb(before):
            return False
        return not words.starts_sentence(i - 1, self.language.abbreviations)

    def _is_literal(self, i: int) -> bool:
        """Whether word i belongs to a handle or an address."""
        words, (start, end) = self.words, self.words.spans[i]
        if words.is_literal(i, i) or words.text[start - 1 : start] == "/":
            return True
        behind = words.text[end : end + 2]
        dotted = behind[:1] == "." and behind[1:].isalnum()
        return dotted and (not words.is_capital(i + 1) or words.is_literal(i + 1, i + 1))
