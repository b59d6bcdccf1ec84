"""English "her" and "his": which of two words one spelling stands for, read from its neighbours.

"her" is an object (him) or a determiner (his); "his" is a determiner (her) or a pronoun (hers).
Where English itself leaves it open ("I gave her books"), the likelier form is taken and called
unsure; a swap that rests on it stays out of verdicts.
"""

from __future__ import annotations

from typing import NamedTuple

from auditor.swaps.language import Language
from auditor.swaps.words import Words

_LOOK_AHEAD = 4
"""Words looked at to the right, so that a text costs time in proportion to its length."""


_SURE_MOMENTS = frozenset({"last", "next", "one", "ago", "times"})
"""Others are what someone has as well: "spent her Sunday night"."""
_MULTIPLES = frozenset({"twice", "thrice"})
_NO_NOUNS = frozenset({"forever", *_MULTIPLES})
"""Of what tells how often; a daily and a weekly can be read."""
_SINCE = frozenset({"ago", "later", "earlier", "before", "straight"})
_IMPERSONAL = frozenset({"it", "that", "this", "ll", "would", "will", "which"})


class Reading(NamedTuple):
    """Which form a word has here."""

    form: str
    sure: bool = True


def read_her(words: Words, i: int, language: Language) -> Reading:
    """Returns whether "her" at word i is an "object" or a "determiner"."""
    if _is_compound(words, i + 1):
        return Reading("determiner")
    if not words.follows(i + 1):
        return _beside_other(words, i, "object")
    adverbial = _read_before_adverbial(words, i, language)
    if adverbial is not None:
        return adverbial
    if not _opens(words, i + 1, language):
        return _beside_other(words, i, "object")
    return _read_before_noun(words, i, language)


def read_his(words: Words, i: int, language: Language) -> Reading:
    """Returns whether "his" at word i is a "determiner" or a "pronoun"."""
    if _is_compound(words, i + 1):
        return Reading("determiner")
    if not words.follows(i + 1):
        return _beside_other(words, i, "pronoun")
    following = words.word(i + 1)
    if words.word(i - 1) == "of" and following in language.past_verbs:
        return Reading("pronoun")
    if following in language.places or following in language.moments:
        return Reading("determiner")
    if _opens(words, i + 1, language):
        return Reading("determiner")
    return _beside_other(words, i, "pronoun")


def _opens(words: Words, i: int, language: Language) -> bool:
    """Whether word i, perhaps after adverbs, begins what a determiner could belong to.

    "saw her quietly leaving": an adverb before -ing goes with a verb.
    """
    for j in range(i, i + _LOOK_AHEAD):
        word = words.word(j)
        if _is_compound(words, j) or (j > i and _is_very_own(words, j, language)):
            return True
        if word in language.closed or (j > i and word in language.moments):
            return False
        if word not in language.adverbs and not is_ly_adverb(word, language):
            return j == i or not word.endswith("ing") or word in language.ing_nouns
        if not words.follows(j + 1):
            return False
    return False


def _is_very_own(words: Words, i: int, language: Language) -> bool:
    """ "her very best", which is no adverb."""
    strong = language.intensifiers - language.weak_intensifiers
    return words.word(i) in language.after_very and words.word(i - 1) in strong


def is_ly_adverb(word: str, language: Language) -> bool:
    """Whether a word in -ly is an adverb: "quietly", not "lovely"."""
    return word.endswith("ly") and len(word) > 4 and word not in language.ly_adjectives


def _is_compound(words: Words, i: int) -> bool:
    """Whether word i begins a compound: "her in-laws", "his so-called friend"."""
    return words.follows(i) and i + 1 < len(words.folded) and words.gap(i + 1) == "-"


def _ends(words: Words, i: int, language: Language) -> bool:
    """Whether word i is the last of its phrase."""
    return not words.follows(i + 1) or words.word(i + 1) in language.closed


def _is_predicate(words: Words, i: int, language: Language) -> bool:
    """ "made her happy", "had her arrested": said of her, and no noun follows."""
    word = words.word(i)
    is_participle = word.endswith("ed") and word not in language.ed_words
    if not is_participle and language.predicates.isdisjoint({word, *_positives(word)}):
        return False
    ends = _ends(words, i, language) or _is_moment(words, i + 1, language)
    return ends and words.word(i + 1) not in language.auxiliaries


def _positives(word: str) -> tuple[str, ...]:
    """ "happier" -> "happy", "stronger" -> "strong"."""
    if not word.endswith("er"):
        return ()
    return (f"{word[:-3]}y",) if word.endswith("ier") else (word[:-2], word[:-1])


def _read_before_adverbial(words: Words, i: int, language: Language) -> Reading | None:
    """Reads "her" before a place or moment ("brought her back"); None before other words."""
    if words.word(i + 1) in language.places:
        return _read_before_place(words, i, language)
    number = _is_number(words.word(i + 1), language)
    if not words.follows(i):
        return None
    if number and words.word(i + 2) == "times":
        return Reading("object")
    if words.word(i - 1) in language.prepositions:
        return None
    if number:
        return _read_before_number(words, i, language)
    return _read_before_moment(words, i, language)


def _read_before_moment(words: Words, i: int, language: Language) -> Reading | None:
    """ "met her twice", "met her last week"; not "her last job", "her forever home"."""
    following, verb = words.word(i + 1), words.word(i - 1)
    ends = _ends(words, i + 1, language)
    if following in language.frequencies and (ends or following in _MULTIPLES):
        return Reading("object", following in _NO_NOUNS or verb in language.taking_verbs)
    if not _is_moment(words, i + 1, language):
        return None
    if words.word(i + 3) in language.auxiliaries:  # "know her first day was"
        return Reading("determiner", sure=False)
    return Reading("object", bool({following, words.word(i + 2)} & _SURE_MOMENTS))


def _read_before_place(words: Words, i: int, language: Language) -> Reading:
    """ "brought her back", "behind her back": a place word that is a noun as well."""
    verb = words.word(i - 1)
    if verb in language.prepositions or words.word(i + 2) in language.auxiliaries:
        return Reading("determiner")
    after = words.word(i + 2)
    if words.follows(i + 2) and after not in language.places and _opens(words, i + 2, language):
        return Reading("determiner")
    return Reading("object", verb in language.taking_verbs)


def _is_number(word: str, language: Language) -> bool:
    return word.isdigit() or word in language.numbers


def _read_before_number(words: Words, i: int, language: Language) -> Reading | None:
    """ "met her three days ago", "took her two hours", "paid her ten dollars", "owe her one"; None
    where the number counts what she has ("her two brothers", "her 3-year-old")."""
    verb, unit, after = words.word(i - 1), words.word(i + 2), words.word(i + 3)
    if after == "old":
        return None
    if unit in {"times", "of"} or (unit in language.units and after in _SINCE):
        return Reading("object")
    if not words.follows(i + 2):
        return Reading("object", verb in language.giving_verbs)
    costs = verb in language.costing_verbs
    if unit in language.units or (unit == "more" and after in language.units):
        return Reading("object", costs or verb in language.giving_verbs)
    impersonal = costs and words.word(i - 2) in _IMPERSONAL
    if costs or verb in language.giving_verbs:
        return Reading("object", impersonal)
    return Reading("object", sure=False) if words.word(i + 1) == "several" else None


def _is_moment(words: Words, i: int, language: Language) -> bool:
    """Whether a moment begins at word i: "last week", "5 times", "first"; not "3-year-old"."""
    word, unit = words.word(i), words.word(i + 1)
    if word not in language.moments:
        return False
    return unit in language.moments or (word == "first" and _ends(words, i, language))


def _read_before_noun(words: Words, i: int, language: Language) -> Reading:
    """Reads "her" before what could be a noun phrase."""
    following, verb = words.word(i + 1), words.word(i - 1)
    if words.follows(i) and verb not in language.prepositions:
        said = _read_before_predicate(words, i, language)
        if said is not None:
            return said
    seen = verb in language.seeing_verbs and following in language.ing_acts | language.ing_works
    if following.endswith("ing") and (seen or following not in language.ing_nouns):
        return _read_before_ing(words, i, language)
    return _read_after_verb(words, i, language)


def _read_before_predicate(words: Words, i: int, language: Language) -> Reading | None:
    """ "made her happy", "made her very happy", "took her hours"; None before a noun phrase."""
    following, verb = words.word(i + 1), words.word(i - 1)
    if verb in language.costing_verbs and (
        following in language.units or words.word(i + 2) in language.units
    ):
        impersonal = following in language.units | language.quantities
        return Reading("object", impersonal) if following != "time" else None
    adjective = i + 1
    while words.word(adjective) in language.intensifiers and words.follows(adjective + 1):
        adjective += 1
    if _is_predicate(words, adjective, language):
        return Reading("object")
    degree, word = words.word(adjective - 1), words.word(adjective)
    if adjective == i + 1 or degree in language.weak_intensifiers | language.after_very:
        return None
    if word in language.after_very or not _ends(words, adjective, language):
        return None
    return Reading("object", verb in language.letting_verbs | language.seeing_verbs)


def _read_before_ing(words: Words, i: int, language: Language) -> Reading:
    """ "saw her crying", "after her resigning"; "her crying baby" needs a noun behind.

    "I love her cooking": what she does, or what it is like; "saw her painting": her, or a picture.
    """
    if words.word(i + 2) in language.auxiliaries:
        return Reading("determiner")
    verb, following = words.word(i - 1), words.word(i + 1)
    if verb in language.prepositions or i == 0:
        return Reading("determiner", i == 0)
    is_noun_phrase = words.follows(i + 2) and _opens(words, i + 2, language)
    if verb in language.enjoying_verbs:
        return Reading("determiner", sure=False)
    if verb in language.sensing_verbs or not is_noun_phrase:
        works = following in language.ing_works and not _takes_object(words, i + 1)
        acts = verb in language.sensing_verbs | language.letting_verbs | language.taking_verbs
        return Reading("object", acts and not is_noun_phrase and not works)
    return Reading("determiner", sure=False)


def _read_after_verb(words: Words, i: int, language: Language) -> Reading:
    """ "let her go", "saw her work", "gave her money": the verb before decides."""
    verb, following = words.word(i - 1), words.word(i + 1)
    bare = following in language.base_verbs
    either = following in language.base_verbs_or_nouns
    if verb in language.letting_verbs and (bare or either or _takes_object(words, i + 1)):
        return Reading("object")
    if verb in language.sensing_verbs and (bare or either):
        return Reading("object", sure=bare)
    if verb in language.giving_verbs and following in language.quantities:
        return Reading("object")
    if bare or _is_receiver(words, i, language):
        return Reading("object", sure=False)
    return Reading("determiner")


def _is_receiver(words: Words, i: int, language: Language) -> bool:
    """Whether "her" likely receives what follows: "gave her (good) advice", "called her Ann"."""
    verb, following = words.word(i - 1), words.word(i + 1)
    if verb in language.handing_verbs:
        return following not in language.person_nouns and following not in language.subjects
    if verb not in language.giving_verbs:
        return False
    adjective = i + 2 if following in language.intensifiers else i + 1
    near = {words.word(k) for k in (adjective, adjective + 1)}
    given = following.isdigit() or not near.isdisjoint(language.given_nouns)
    is_name = words.is_capital(i + 1) and not words.is_shouted(i + 1)
    return given or is_name


def _takes_object(words: Words, i: int) -> bool:
    """ "let her enter the room": a verb, since a noun has no article behind it."""
    return words.follows(i + 1) and words.word(i + 1) in {"a", "an", "the", "my", "your", "their"}


def _beside_other(words: Words, i: int, otherwise: str) -> Reading:
    """ "his or her book", "his/her book": a pronoun joined to its other has the other's form."""
    joint = words.word(i + 1) in {"or", "and"} and words.follows(i + 1)
    other = i + 2 if joint else i + 1
    if not joint and (other >= len(words.folded) or words.between(other).strip() != "/"):
        return Reading(otherwise)
    pair = {words.word(i), words.word(other)}
    if pair == {"his", "her"} and words.follows(other + 1):
        return Reading("determiner")
    return Reading(otherwise)
