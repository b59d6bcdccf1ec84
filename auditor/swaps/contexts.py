"""Whether a spelling is a mention where it stands: of a person, a title, part of a name.

A lexicon's row says under which context its words count; these are the contexts of English.
"""

from __future__ import annotations

from auditor.swaps.language import Language, plural_verb
from auditor.swaps.pronouns import Reading, is_ly_adverb
from auditor.swaps.words import Words

_NAME_WINDOW = 6
"""Words to each side that tell a headline, where capitals say nothing, from a name."""
_DESCRIPTORS = 5
"""Words looked at between a descriptor and its noun."""
_SINGULAR = frozenset({"a", "an", "every", "each", "another", "one"})
_SINGULAR_COPULAS = frozenset({"am", "is", "was", "m", "s"})
_JOINING = frozenset({"and", "or", "nor", "but"})
_BESIDE = frozenset({"the", "a", "an", "not"})
_PAIRING = frozenset({"neither", "either", "both"})
_JOINTS = frozenset({"&", "/"})
_TURNING_VERBS = frozenset({"raised", "turned", "went", "go", "stay"})
"""As copulas: "was raised Christian"."""


def of_person(words: Words, first: int, last: int, language: Language) -> bool:
    """ "a blind young student", "gay and straight people", "she is legally blind"."""
    noun = last + 1
    while noun <= last + _DESCRIPTORS and _is_between(words, noun, language):
        noun += 1
    if words.word(noun) in language.person_nouns and _goes_on(words, noun):
        return True
    return _is_predicate(words, first, last, language)


def _is_between(words: Words, i: int, language: Language) -> bool:
    """Whether word i may stand between a descriptor and its noun: another descriptor, or the
    "and" before one."""
    if words.word(i) in _JOINING | _BESIDE:
        j = i + 1 if words.word(i + 1) not in _BESIDE else i + 2
        return words.follows(i) and words.word(j) in language.person_adjectives
    return words.word(i) in language.person_adjectives and _goes_on(words, i, ",")


def _goes_on(words: Words, i: int, also: str = "") -> bool:
    """ "a Black middle-aged man": a hyphen does not end the phrase."""
    return (
        i < len(words.folded)
        and words.gap(i).strip() in ("", "-", also)
        and (words.gap(i) != "\n\n")
    )


def _is_predicate(words: Words, first: int, last: int, language: Language) -> bool:
    """ "she is legally blind", "is he blind?", "is the tenant married?"."""
    if not ends_phrase(words, last, language):
        return False
    verb = _before_listed(words, first, language)
    if words.word(verb) in language.copulas:
        return _is_person(words, verb - 1, language)
    asked = verb - 1 if words.word(verb) in language.subjects else verb - 2
    noun = (
        words.word(verb) in language.person_nouns and words.word(verb - 1) in language.determiners
    )
    return (asked == verb - 1 or noun) and words.word(asked) in language.copulas


def _before_listed(words: Words, first: int, language: Language) -> int:
    """Returns the word before a predicate and what is joined to it: "is | deaf and very blind",
    "is | black, not white"."""
    i = first - 1
    for _ in range(_DESCRIPTORS):
        while words.word(i) in language.degrees and i > first - 2 * _DESCRIPTORS:
            i -= 1
        j = i - 1 if words.word(i) in _JOINING else i
        listed = j < i or words.between(i + 1).strip() == ","
        if not listed or words.word(j) not in language.person_adjectives:
            break
        i = j - 1
    return i - (words.word(i) in _PAIRING)


def is_said(words: Words, first: int, last: int, language: Language) -> bool:
    """ "she's 67.", "I am only 30 and ...": a number that is all that is said of a person."""
    verb = first - 1
    while words.word(verb) in language.before_ages and words.follows(verb + 1):
        verb -= 1
    subject = words.word(verb - 1)
    one = words.word(verb) in _SINGULAR_COPULAS or (subject, words.word(verb)) == ("you", "are")
    if not one or not _is_person(words, verb - 1, language) or not words.follows(first):
        return False
    if words.follows(last + 1):
        goes_on = words.word(last + 1) in language.after_ages
        return goes_on and not words.word(last + 2).isdecimal()
    return words.between(last + 1)[:1] in ("", *'.,!?;:)…"”\n')


def _is_person(words: Words, subject: int, language: Language) -> bool:
    """Whether a subject is a person: a pronoun, a noun of persons, or a name."""
    word = words.word(subject)
    if word in language.subjects or word in language.person_nouns:
        return True
    if not words.is_capital(subject) or word in language.closed:
        return False
    if not language.first_names:
        return not words.starts_sentence(subject, language.abbreviations)
    # A capital alone tells no person: "Meetings are short", "the White House is white".
    before = words.word(subject - 1)
    return word in language.first_names or before in language.first_names | language.titles


def ends_phrase(words: Words, last: int, language: Language) -> bool:
    """Whether the noun phrase is over after word `last`."""
    if not words.follows(last + 1):
        return last + 1 >= len(words.folded) or words.gap(last + 1) != "-"
    following = words.word(last + 1)
    return (
        following in language.closed
        or following in language.past_verbs
        or following in language.adverbs
        or following in language.base_verbs
        or following in language.verbs_of_people
        or (following.endswith("s") and plural_verb(following, language) in language.base_verbs)
    )


def is_title(words: Words, first: int, last: int, language: Language) -> bool:
    """ "Ms Smith", "ms. smith", "Mr & Mrs Smith", "Mr/Ms"; not "5 ms" and not "has MS"."""
    joined = _joined_title(words, last, 1, language)
    if joined is None and _joined_title(words, first, -1, language) is not None:
        return True
    after = last + 1 if joined is None else joined + 1
    if joined is not None and words.is_capital(first) and words.is_capital(joined):
        return True
    if after >= len(words.folded) or words.between(after).strip() not in ("", "."):
        return False
    if words.word(after) in language.closed or words.word(first - 1).isdigit():
        return False
    if words.is_capital(first) or words.word(first) in language.lower_titles:
        return words.is_capital(after)
    return words.word(first) in language.titles


def _joined_title(words: Words, i: int, step: int, language: Language) -> int | None:
    """Returns the title that is joined to a title at word i, behind (1) or before it (-1)."""
    by_word = words.word(i + step) in {"and", "or"}
    other = i + 2 * step if by_word else i + step
    if words.word(other) not in language.titles:
        return None
    gaps = {words.gap(k).strip(". ") for k in range(min(i, other) + 1, max(i, other) + 1)}
    return other if gaps <= ({""} if by_word else _JOINTS) else None


def is_name(words: Words, first: int, last: int, language: Language) -> bool:
    """ "Stephen King", "Church Street": a capital beside a capital, not in a headline.

    Some languages write a title before a name without one: "el rey Felipe".
    """
    if words.word(first) in language.lower_titles and not words.is_shouted(first):
        return _is_name_part(words, last + 1, language) and words.follows(last + 1)
    if not words.is_capital(first) or words.is_shouted(first):
        return False
    if _is_name_part(words, last + 1, language) and words.follows(last + 1):
        return not _is_headline(words, first, last)
    before = words.follows(first) and _is_name_part(words, first - 1, language)
    return before and not _is_headline(words, first, last)


def _is_name_part(words: Words, i: int, language: Language) -> bool:
    word = words.word(i)
    known = word in language.closed or word in language.determiners or word in language.adverbs
    return words.is_capital(i) and not known and word not in language.titles


def _is_headline(words: Words, first: int, last: int) -> bool:
    around = range(max(0, first - _NAME_WINDOW), min(len(words.folded), last + _NAME_WINDOW + 1))
    long = [words.is_capital(i) for i in around if len(words.folded[i]) > 3]
    return len(long) >= 5 and sum(long) >= 0.9 * len(long)


def is_counted(words: Words, first: int, language: Language) -> bool:
    """ "a proud American", "Mark's Muslim neighbour": a determiner opens the noun phrase of word
    `first`. A singular noun asks for one: "speaks German" and "is he Muslim" have none."""
    i = first - 1
    while i > first - 5 and words.follows(i + 1):
        if words.word(i) in language.determiners:
            return True
        if words.word(i) in language.closed or words.word(i) in language.copulas:
            return False
        i -= 1
    return i >= 0 and words.gap(i + 1) == "'" and words.word(i + 1) == "s"


def read_noun(words: Words, first: int, last: int, language: Language) -> Reading:
    """Returns whether a word that is noun and adjective, like "Christian", is the one or other.

    A noun ends its phrase; before a further word it is an adjective, unless that word is a verb:
    "a Christian opened the door", "a Muslim works here".
    """
    before = words.word(first - 1)
    if not ends_phrase(words, last, language):
        return _read_before_word(before, words.word(last + 1), language)
    if _is_joined(words, last, language):
        return Reading("adjective", sure=False)
    if not is_counted(words, first, language):
        return Reading("adjective")
    adverb = before in language.degrees or is_ly_adverb(before, language)
    bare = before in language.copulas or adverb
    return Reading("adjective" if bare or before in _TURNING_VERBS else "noun")


def _read_before_word(before: str, following: str, language: Language) -> Reading:
    if following in language.base_verbs or following.endswith("ed"):
        return Reading("noun", sure=before in language.determiners)
    if before in _SINGULAR and following.endswith("s") and not following.endswith(("ss", "us")):
        return Reading("noun")
    return Reading("adjective")


def _is_joined(words: Words, last: int, language: Language) -> bool:
    """ "Christian and Muslim leaders": what belongs to both stands behind the second."""
    joint = words.follows(last + 1) and words.word(last + 1) in ("and", "or")
    return joint and words.follows(last + 3) and not ends_phrase(words, last + 2, language)
