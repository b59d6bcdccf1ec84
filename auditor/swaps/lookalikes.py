"""What is spelled as a mention and names no group: "Thanks, man.", "my son Christian".

A lexicon says which of its words can be so used; what shows it stands in the language's file.
"""

from __future__ import annotations

from auditor.swaps.contexts import ends_phrase, is_counted, of_person
from auditor.swaps.language import Language
from auditor.swaps.words import Words

_AND = frozenset({"and", "or"})
_ENDS = (",", "!", "?", ".", "…", ";", "-", "–", "—")
_RAISED = frozenset({"raised", "turned", "born", "up", "as", "grew", "went", "non"})
"""Before a religion or a nationality that ends its phrase: "was raised Christian"."""


def is_exclaimed(words: Words, first: int, last: int, language: Language) -> bool:
    """ "Thanks, man.", "Boy, it's hot": said to someone, or to no one; not "a boy, a man"."""
    behind = words.between(last + 1).strip()
    if words.follows(last + 1) or (behind and not behind.startswith(_ENDS)):
        return False
    if words.follows(first):
        return words.word(first - 1) in language.before_vocatives and bool(behind or first == 1)
    if behind.startswith(","):
        around = {words.word(first - 1), words.word(last + 1)}
        told = words.word(last + 1).isdecimal()  # "Man, 20, found"
        return around.isdisjoint(language.person_nouns) and not told
    starts = words.starts_sentence(first, language.abbreviations)
    return words.between(first).strip() == "," or (starts and behind.startswith("!"))


def is_first_name(words: Words, first: int, last: int, language: Language) -> bool:
    """ "My son Christian is five.", "Christian said hi."; not "a Christian", "he is Christian".

    An adjective without a noun stands behind a copula, a noun in the singular behind a determiner;
    what a capital begins and ends anywhere else is a name.
    """
    glued = first > 0 and words.gap(first) in ("-", "/", "'")
    if glued or not words.is_capital(first) or words.is_shouted(first):
        return False
    return not _describes(words, first, last, language) and _is_named(words, first, last, language)


def _describes(words: Words, first: int, last: int, language: Language) -> bool:
    before = words.word(first - 1)
    counted = before not in language.person_nouns and is_counted(words, first, language)
    raised = before in language.determiners | language.degrees | _RAISED
    return (
        (words.follows(first) and raised)
        or counted
        or _beside_adjective(words, first, language)
        or of_person(words, first, last, language)
    )


def _is_named(words: Words, first: int, last: int, language: Language) -> bool:
    """ "my brother Christian Smith", "is Christian coming", "Christian left"."""
    before, after = words.word(first - 1), words.word(last + 1)
    named = before in language.person_nouns or not words.follows(first)
    if named and words.follows(last + 1) and words.is_capital(last + 1):
        return True
    asked = before in language.copulas and not words.follows(first - 1)
    if asked and words.follows(last + 1) and after.endswith("ing"):
        return True
    noun = after.endswith("s") and words.word(last + 2) in language.auxiliaries
    return ends_phrase(words, last, language) and not noun  # "Christian lives are"


def _beside_adjective(words: Words, i: int, language: Language) -> bool:
    """ "Christian or Muslim", "Muslim, not Christian", "from Christian to Hindu"."""
    near = {words.word(k) for k in (i - 3, i - 2, i - 1, i + 1, i + 2, i + 3)}
    return not near.isdisjoint(language.person_adjectives | language.religions)


def is_former(words: Words, first: int, last: int, language: Language) -> bool:
    """ "my old boss", "an old student of mine", "new and old customers": of earlier times."""
    if words.word(first - 1) in _AND and words.word(first - 2) == "new":
        return True
    if words.word(last + 1) in _AND and words.word(last + 2) == "new":
        return True
    noun = last + 1
    while words.word(noun) in language.person_adjectives and words.follows(noun):
        noun += 1
    if words.word(noun) not in language.relations or not words.follows(noun):
        return False
    before = words.word(first - 1)
    owned = before in language.possessives or (before == "s" and words.gap(first - 1) == "'")
    return owned or words.word(noun + 1) == "of"
