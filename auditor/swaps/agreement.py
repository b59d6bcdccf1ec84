"""English verbs after "they": what "he walks" asks of its verb when the subject changes.

A subject that takes a plural verb ("they", also of one person) changes the verb it governs: the
one behind it ("he usually walks", "he's gone"), before it ("is he", "how old is she", "what's he
doing"), and a second one that shares the subject ("he was late and has left"). Past tenses other
than "was" and modal verbs have one form. Where a word may be a verb of the subject or a noun, it
stays and is told. A library was tried (inflect): slower, and wrong on "dies" and "echoes".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor.swaps.edits import Edit, recased
from auditor.swaps.language import Language, plural_verb
from auditor.swaps.pronouns import is_ly_adverb
from auditor.swaps.words import Words

_BETWEEN = 4
"""Adverbs and asides looked over between a subject and its verb."""
_ASIDE = 5
_QUESTION = 6
"""Words looked at between a question word and the verb before its subject."""
_CLAUSE = 14
"""Words looked at for a second verb, so that a text costs time in proportion to its length."""
_AND = frozenset({"and", "but", "or", "then"})
_NOT_AFTER = frozenset({"who", "that", "which", "because", "if", "when", "while", "as", "what"})
_RELATIVES = frozenset({"who", "that", "whom", "whose"})
_ALWAYS_INVERTED = frozenset({"does", "has"})
""" "does he" is a question or an inversion wherever it stands; "the thing is he left" is none."""


class Agreed(NamedTuple):
    """What changes with a subject."""

    edits: list[Edit]
    doubt: str | None = None
    """Why a further verb may have to change, or None."""


class _Verb(NamedTuple):
    """A verb that a subject governs, or may govern."""

    edit: Edit | None
    place: int
    """Index of the word from which a second verb is looked for."""
    doubt: str | None = None


def agreeing(words: Words, subject: int, language: Language) -> Agreed:
    """Returns the edits of the verbs that a singular subject at word `subject` governs."""
    verb = _governed(words, subject, language)
    verbs = [verb, *_sharing(words, verb, language)]
    doubts = [each.doubt for each in verbs if each.doubt is not None]
    return Agreed([x.edit for x in verbs if x.edit is not None], doubts[0] if doubts else None)


def _governed(words: Words, subject: int, language: Language) -> _Verb:
    """Returns the verb of the subject itself; one without an edit where it has one form."""
    contracted = _contraction(words, subject, language)
    if contracted is not None:
        return _Verb(contracted, subject + 1)
    verb = _verb_behind(words, subject, language)
    if verb is not None and words.word(subject + 1) not in _RELATIVES:
        doubt = _doubt_of_relative(words, subject, subject + 2)
        return _Verb(_plural(words, verb, language), verb, doubt)
    edit, doubt = _verb_before(words, subject, language)
    if edit is None and doubt is None:
        doubt = _doubt_of_phrase(words, subject, language)
    return _Verb(edit, subject, doubt)


def _contraction(words: Words, subject: int, language: Language) -> Edit | None:
    """ "he's gone" -> "they've gone", "he's tired" -> "they're tired"."""
    s = subject + 1
    if words.word(s) != "s" or words.gap(s) != "'":
        return None
    following = _skip_adverbs(words, s + 1, language)
    has = words.word(following) in language.perfect_participles or (
        words.word(following).endswith("ed") and _takes_object(words, following, language)
    )
    return Edit(words.spans[s], recased(words.written(s), "ve" if has else "re"), "")


def _takes_object(words: Words, i: int, language: Language) -> bool:
    """ "he's finished the job": an active verb, so that 's is "has"."""
    following = words.word(i + 1)
    return words.follows(i + 1) and (
        following in language.determiners or following in language.object_pronouns
    )


def _verb_behind(words: Words, subject: int, language: Language) -> int | None:
    """Returns the finite verb after its subject: "he usually walks"; None where none follows."""
    verb = _skip_adverbs(words, subject + 1, language)
    if _is_singular(words, verb, language):
        return verb
    return _verb_behind_aside(words, subject, language)


def _verb_behind_aside(words: Words, subject: int, language: Language) -> int | None:
    """ "he, too, walks": the verb behind what stands between two commas."""
    if words.between(subject + 1).strip() != ",":
        return None
    for i in range(subject + 2, min(subject + 2 + _ASIDE, len(words.folded))):
        if words.between(i).strip() == ",":
            return i if _may_be_singular(words.word(i), language) else None
    return None


def _skip_adverbs(words: Words, i: int, language: Language) -> int:
    """Returns the first word from i on that is no adverb ("usually", "no longer", "herself")."""
    for _ in range(_BETWEEN):
        length = _aside_at(words, i, language)
        if length == 0:
            return i
        i += length
    return i


def _aside_at(words: Words, i: int, language: Language) -> int:
    """Returns how many words the adverb or fixed phrase at word i has; 0: none stands there."""
    word = words.word(i)
    if not words.follows(i):
        return 0
    for aside in language.asides:
        end = i + len(aside)
        if words.folded[i:end] == [*aside] and all(map(words.follows, range(i, end))):
            return len(aside)
    known = word in language.adverbs | language.no_verbs_in_s | language.between_subject_and_verb
    return int(known or is_ly_adverb(word, language))


def _is_singular(words: Words, i: int, language: Language) -> bool:
    """Whether word i goes on in the phrase and is a verb of the third person singular."""
    return words.follows(i) and _may_be_singular(words.word(i), language)


def _may_be_singular(word: str, language: Language) -> bool:
    if word in language.plural_verbs:
        return True
    regular = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return regular and len(word) > 2 and word not in language.no_verbs_in_s


def _doubt_of_relative(words: Words, subject: int, end: int) -> str | None:
    """ "he who laughs wins", "he, who knows, wins": a clause of its own has a verb to change."""
    for i in range(subject + 1, min(end, len(words.folded))):
        if words.word(i) in _RELATIVES and words.between(i).strip() in ("", ","):
            return f"{words.word(i)!r} begins a clause whose verb may have to change"
    return None


def _doubt_of_phrase(words: Words, subject: int, language: Language) -> str | None:
    """ "he of all people knows": a verb behind a phrase that cannot be looked over."""
    relative = _doubt_of_relative(words, subject, subject + 2)
    first = words.word(subject + 1)
    opens = words.follows(subject + 1) and first in language.prepositions & language.closed
    if relative is not None or not opens or first in language.auxiliaries | _AND:
        return relative
    for i in range(subject + 2, min(subject + 2 + _ASIDE, len(words.folded))):
        if not words.follows(i) or words.word(i) in language.subject_pronouns:
            return None
        if _may_be_singular(words.word(i), language):
            return f"{words.written(i)!r} may be its verb"
    return None


def _verb_before(words: Words, subject: int, language: Language) -> tuple[Edit | None, str | None]:
    """Returns the edit of the verb of a question, tag or inversion ("is he", "isn't she", "nor does
    he"), and why there may be one; None and None where there is none."""
    verb = subject - 1
    if words.follows(subject) and words.word(verb) == "s" and words.gap(verb) == "'":
        return _asked_contraction(words, subject, language)
    negated = words.word(verb) == "t" and words.gap(verb) == "'"
    verb -= negated
    inverts = words.word(verb) in language.plural_verbs.keys() & language.auxiliaries
    if not words.follows(subject) or not inverts:
        return None, None
    if negated or _begins(words, verb, language):
        return _plural(words, verb, language), None
    if words.word(verb - 1) in language.subject_pronouns:
        return None, None  # "what he has he keeps"
    if words.word(verb) in _ALWAYS_INVERTED:
        return _plural(words, verb, language), None
    return _asked_at_distance(words, verb, subject, language)


def _begins(words: Words, verb: int, language: Language) -> bool:
    """Whether a verb opens its clause, but for one word: "is he", "why is he", "never is he"."""
    return verb == 0 or not words.follows(verb) or words.word(verb - 1) in language.question_words


def _asked_contraction(
    words: Words, subject: int, language: Language
) -> tuple[Edit | None, str | None]:
    """ "what's he doing" -> "what are they doing"; not "it's he"."""
    s = subject - 1
    if words.word(s - 1) not in language.question_words:
        return None, None
    following = words.word(_skip_adverbs(words, subject + 1, language))
    verb = " have" if following in language.perfect_participles else " are"
    verb = verb.upper() if words.is_shouted(s - 1) else verb
    edit = Edit((words.spans[s - 1][1], words.spans[s][1]), verb, "")
    either = following.endswith("ed") and following not in language.ed_words
    return edit, f"{words.part(s - 1, s)!r} may be of 'is' or 'has'" if either else None


def _asked_at_distance(
    words: Words, verb: int, subject: int, language: Language
) -> tuple[Edit | None, str | None]:
    """ "how old is she", "what time was he there"; "all I know is he left" is no question."""
    following = _skip_adverbs(words, subject + 1, language)
    finite = words.follows(following) and _is_finite(words.word(following), language)
    asked = _question_before(words, verb, language)
    if asked and not finite:
        return _plural(words, verb, language), None
    if (finite and asked is not None) or not words.follows(subject + 1):
        return None, None
    return None, f"{words.written(verb)!r} may be its verb"


def _is_finite(word: str, language: Language) -> bool:
    return word in language.past_verbs or word in language.auxiliaries or word.endswith("ed")


def _question_before(words: Words, verb: int, language: Language) -> bool | None:
    """Whether a question word opens the phrase before a verb; None: it may have a verb of its own,
    as in "the one who knows is he"."""
    open_verb = False
    for i in range(verb - 1, max(-1, verb - 1 - _QUESTION), -1):
        word = words.word(i)
        if word in language.question_words:
            return None if open_verb else True
        if not words.follows(i) or word in language.subject_pronouns:
            return False
        open_verb |= _may_be_singular(word, language) or _is_finite(word, language)
    return False


def _sharing(words: Words, first: _Verb, language: Language) -> Iterator[_Verb]:
    """Yields further verbs of the same subject: "he was late and has left", "comes and goes"."""
    last = first.place
    for i in range(last + 1, min(last + _CLAUSE, len(words.folded))):
        word = words.word(i)
        if any(sign in words.between(i) for sign in ".!?;:\n") or word in _NOT_AFTER:
            return
        if i > first.place + 1 and word in language.subjects:
            return
        listed = words.between(i).strip() == "," and word not in _AND
        if i > last and (word in _AND or listed):
            second = i if listed else i + 1
            verb = _skip_adverbs(words, second, language) if words.follows(second) else second
            is_verb = verb > second or _is_shared(words, verb, (last, i), first, language)
            if is_verb is None:
                yield _Verb(None, verb, f"{words.written(verb)!r} may be a second verb")
            elif is_verb and _may_be_singular(words.word(verb), language):
                yield _Verb(_plural(words, verb, language), verb)
                last = verb


def _is_shared(
    words: Words, i: int, between: tuple[int, int], first: _Verb, language: Language
) -> bool | None:
    """Whether word i is a verb of the subject and no noun ("cars and trucks"); None: it may be.

    Known verbs are, those with an object ("takes his bag"), and what is joined to a verb with at
    most adverbs behind it ("works hard and plays hard"). `between`: the verb before, the "and".
    """
    word, last = words.word(i), between[0]
    if not _may_be_singular(word, language):
        return False
    known = word in language.plural_verbs or plural_verb(word, language) in language.base_verbs
    before_to = plural_verb(word, language) in language.verbs_before_to
    if known or _takes_object(words, i, language) or (before_to and words.word(i + 1) == "to"):
        return True
    if first.edit is None:
        return False  # "she left and cars honked": no present tense to share
    if words.word(last) not in language.auxiliaries | {"s"} and _only_adverbs(
        words, between, language
    ):
        return True
    return _may_be_verb(words, i, between[1], language)


def _may_be_verb(words: Words, i: int, joint: int, language: Language) -> bool | None:
    """None where a word in -s behind a noun phrase may be a verb ("sells cars and rents flats"),
    False where it is the next of two nouns in the plural, or the subject of a further verb."""
    following = words.word(i + 1) if words.follows(i + 1) else ""
    if following in language.auxiliaries or following in language.past_verbs:
        return False
    either = plural_verb(words.word(i), language) in language.base_verbs_or_nouns
    goes_on = bool(following) and following not in language.closed | language.adverbs
    plural_before = _may_be_singular(words.word(joint - 1), language)
    if either and goes_on and not plural_before:
        return True  # "drinks tea and reads books"
    return None if either or goes_on or not plural_before else False


def _only_adverbs(words: Words, between: tuple[int, int], language: Language) -> bool:
    """Whether nothing but adverbs stands between a verb and the "and" behind it."""
    inside = (words.word(i) for i in range(between[0] + 1, between[1]))
    adverbs = language.adverbs | language.manner_adverbs
    return all(word in adverbs or is_ly_adverb(word, language) for word in inside)


def _plural(words: Words, i: int, language: Language) -> Edit:
    written = words.written(i)
    return Edit(words.spans[i], recased(written, plural_verb(words.word(i), language)), "")
