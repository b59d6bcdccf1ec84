"""Whether a spelling is a mention where it stands: of a person, a title, part of a name.

A lexicon's row says under which context its words count; these are the contexts of English.
"""

from __future__ import annotations

from auditor.swaps.language import Language
from auditor.swaps.pronouns import Reading
from auditor.swaps.words import Words

_NAME_WINDOW = 6
"""Words to each side that tell a headline, where capitals say nothing, from a name."""
_SINGULAR = frozenset({"a", "an", "every", "each", "another", "one"})
_TURNING_VERBS = frozenset({"raised", "turned", "went", "go", "stay"})
"""As copulas: "was raised Christian"."""


def of_person(words: Words, first: int, last: int, language: Language) -> bool:
    """ "a blind young student", "she is legally blind": said of a person."""
    noun = last + 1
    while noun <= last + 3 and words.follows(noun) and _is_person_adjective(words, noun, language):
        noun += 1
    if words.word(noun) in language.person_nouns and _joined(words, last + 1, noun):
        return True
    return _is_predicate(words, first, last, language)


def _is_person_adjective(words: Words, i: int, language: Language) -> bool:
    return words.word(i) in language.person_adjectives


def _joined(words: Words, start: int, end: int) -> bool:
    return all(words.gap(i) in (" ", "-") for i in range(start, end + 1))


def _is_predicate(words: Words, first: int, last: int, language: Language) -> bool:
    if not ends_phrase(words, last, language):
        return False
    verb = first - 1
    while words.word(verb) in language.degrees and verb > first - 4:
        verb -= 1
    if words.word(verb) not in language.copulas:
        return False
    subject = words.word(verb - 1)
    if subject in language.subjects or subject in language.person_nouns:
        return True
    return words.is_capital(verb - 1) and subject not in language.closed


def ends_phrase(words: Words, last: int, language: Language) -> bool:
    """Whether the noun phrase is over after word `last`."""
    if not words.follows(last + 1):
        return last + 1 >= len(words.folded) or words.gap(last + 1) != "-"
    following = words.word(last + 1)
    return (
        following in language.closed
        or following in language.past_verbs
        or following in language.adverbs
    )


def is_title(words: Words, first: int, last: int, language: Language) -> bool:
    """ "Ms Smith", "ms. smith", "Mr and Mrs Smith"; not "5 ms" and not "has MS"."""
    after = last + 1
    if words.word(after) in {"and", "or"} and words.word(after + 1) in language.titles:
        after += 1
    if after >= len(words.folded) or words.between(after).strip() not in ("", "."):
        return False
    if words.word(after) in language.closed or words.word(first - 1).isdigit():
        return False
    if words.is_capital(first):
        return words.is_capital(after)
    return words.word(first) in language.titles


def is_name(words: Words, first: int, last: int, language: Language) -> bool:
    """ "Stephen King", "Church Street": a capital beside a capital, not in a headline."""
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
    bare = before in language.copulas or before in language.degrees or before.endswith("ly")
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
