"""English verbs after "they": what "he walks" asks of its verb when the subject changes.

A subject that takes a plural verb ("they", also of one person) changes the verb it governs: the
one behind it ("he usually walks", "he's gone"), before it ("is he", "isn't she"), and a second one
that shares the subject ("he was late and has left"). Past tenses other than "was" and modal verbs
have one form. A library was tried (inflect): slower, and wrong on "dies" and "echoes".
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.swaps.edits import Edit, recased
from auditor.swaps.language import Language, plural_verb
from auditor.swaps.pronouns import is_ly_adverb
from auditor.swaps.words import Words

_ADVERBS_BETWEEN = 3
_ASIDE = 5
_CLAUSE = 14
"""Words looked at for a second verb, so that a text costs time in proportion to its length."""
_AND = frozenset({"and", "but", "or", "then"})
_NOT_AFTER = frozenset({"who", "that", "which", "because", "if", "when", "while", "as", "what"})


def agreeing(words: Words, subject: int, language: Language) -> Iterator[Edit]:
    """Yields the edits of the verbs that a singular subject at word `subject` governs."""
    contracted = _contraction(words, subject, language)
    if contracted is not None:
        yield contracted
        yield from _sharing(words, subject + 1, language)
        return
    verb = _verb_behind(words, subject, language)
    governed = _verb_before(words, subject, language) if verb is None else verb
    if governed is not None:
        yield _plural(words, governed, language)
    yield from _sharing(words, subject if verb is None else verb, language)


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
    for j in range(i, i + _ADVERBS_BETWEEN):
        word = words.word(j)
        is_adverb = word in language.adverbs or word in language.no_verbs_in_s
        if not words.follows(j) or not (is_adverb or is_ly_adverb(word, language)):
            return j
    return i + _ADVERBS_BETWEEN


def _is_singular(words: Words, i: int, language: Language) -> bool:
    """Whether word i goes on in the phrase and is a verb of the third person singular."""
    return words.follows(i) and _may_be_singular(words.word(i), language)


def _may_be_singular(word: str, language: Language) -> bool:
    if word in language.plural_verbs:
        return True
    regular = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return regular and len(word) > 2 and word not in language.no_verbs_in_s


def _verb_before(words: Words, subject: int, language: Language) -> int | None:
    """Returns the verb of a question, tag or inversion: "is he", "isn't she", "nor does he"."""
    verb = subject - 1
    if words.word(verb) == "t" and words.gap(verb) == "'":
        verb -= 1
    if words.word(verb) not in language.plural_verbs or not words.follows(subject):
        return None
    before = words.word(verb - 1)
    begins = verb == 0 or not words.follows(verb) or before in language.question_words
    return verb if begins or verb < subject - 1 else None


def _sharing(words: Words, verb: int, language: Language) -> Iterator[Edit]:
    """Yields further verbs of the same subject: "he was late and has left", "comes and goes"."""
    for i in range(verb + 1, min(verb + _CLAUSE, len(words.folded))):
        word = words.word(i)
        if any(sign in words.between(i) for sign in ".!?;:\n") or word in _NOT_AFTER:
            return
        if i > verb + 1 and word in language.subjects:
            return
        listed = words.between(i).strip() == "," and word not in _AND
        if word in _AND or listed:
            first = i if listed else i + 1
            second = _skip_adverbs(words, first, language) if words.follows(first) else first
            if _is_shared_verb(words, second, language, sure=second > first):
                yield _plural(words, second, language)


def _is_shared_verb(words: Words, i: int, language: Language, *, sure: bool) -> bool:
    """A noun in -s may stand there as well ("cars and trucks"): only verbs that are known count,
    words behind an adverb ("and never complains"), and those with an object ("takes his bag")."""
    word = words.word(i)
    if not _may_be_singular(word, language):
        return False
    if word in language.plural_verbs or sure or _takes_object(words, i, language):
        return True
    return plural_verb(word, language) in language.base_verbs


def _plural(words: Words, i: int, language: Language) -> Edit:
    written = words.written(i)
    return Edit(words.spans[i], recased(written, plural_verb(words.word(i), language)), "")
