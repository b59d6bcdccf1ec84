"""The swapper: every mention of one group becomes the other, grammar kept, all else untouched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import DataError
from auditor.plan import SwapPlan
from auditor.records import Contrast, Pair, SourceText, Validity
from auditor.swaps.edits import Edit, apply, edit
from auditor.swaps.language import read_language
from auditor.swaps.lexicons import Lexicon, contrasts_of, load_lexicons
from auditor.swaps.matching import Matcher, Mention
from auditor.swaps.words import Words


@dataclass(frozen=True, slots=True)
class _Read:
    """A text, read once for an attribute; each contrast then swaps in it."""

    words: Words
    mentions: list[Mention]
    bound: str | None
    """A phrase that binds the text to one group."""
    matcher: Matcher

    @classmethod
    def of(cls, words: Words, matcher: Matcher) -> _Read:
        mentions = matcher.mentions(words)
        return cls(words, mentions, matcher.bound(words) if mentions else None, matcher)

    def written(self, mention: Mention) -> str:
        return self.words.part(mention.first, mention.last)


class Swapper:
    """Makes the pairs of a text, for the contrasts of each attribute."""

    def __init__(
        self, lexicons: Mapping[str, Lexicon], contrasts: Mapping[str, Sequence[Contrast]]
    ) -> None:
        self.contrasts = contrasts
        self._matchers = {
            name: Matcher(lexicon, read_language(lexicon.language))
            for name, lexicon in lexicons.items()
        }

    def attributes_of(self, source: SourceText) -> list[str]:
        """Returns the attributes that are swapped in this text."""
        wanted = source.attributes
        return [name for name in self._matchers if wanted is None or name in wanted]

    def mentions(self, text: str, attribute: str) -> list[Mention]:
        """Returns the mentions of an attribute's groups, in order."""
        return self._matchers[attribute].mentions(Words.of(text))

    def pairs(self, source: SourceText) -> list[Pair]:
        """Returns one pair per contrast of which the text mentions a group.

        A text that mentions both groups has them exchanged: one pair, never a collapse.
        """
        words = Words.of(source.text)
        pairs: list[Pair] = []
        for attribute in self.attributes_of(source):
            read = _Read.of(words, self._matchers[attribute])
            groups = {mention.group for mention in read.mentions}
            for contrast in self.contrasts[attribute] if groups else ():
                if groups & {contrast.group_a, contrast.group_b}:
                    pair = _pair(source, read, contrast)
                    pairs += [] if pair is None else [pair]
        return pairs


def swap(
    text: str, attribute: str, to: str | None = None, *, lexicons: Sequence[Path] = ()
) -> list[Pair]:
    """Returns the counterfactuals of a text: one for every other group of the attribute.

    Args:
        to: only swaps to this group.
        lexicons: lexicon files of your own.

    Raises:
        DataError: no such attribute or group.

    Example:
        >>> [pair.counterfactual for pair in swap("She left.", "gender")]
        ['He left.']
    """
    lexicon = load_lexicons([attribute], lexicons)[attribute]
    if to is not None and to not in lexicon.groups:
        raise DataError(f"{attribute} has no group {to!r}; it has {', '.join(lexicon.groups)}")
    every = contrasts_of(lexicon, SwapPlan(attributes=(attribute,), contrasts="all"))
    swapper = Swapper({attribute: lexicon}, {attribute: every})
    pairs = swapper.pairs(SourceText(row_id="text-0", text=text, cluster="text-0"))
    return [pair for pair in pairs if to in (None, pair.group_to)]


def _pair(source: SourceText, read: _Read, contrast: Contrast) -> Pair | None:
    """Returns the pair of one contrast; None where nothing in the text has a counterpart."""
    other = {contrast.group_a: contrast.group_b, contrast.group_b: contrast.group_a}
    edits: dict[Mention, Edit] = {}
    for mention in read.mentions:
        term = mention.sense.counterpart(other.get(mention.group, ""))
        if term is not None and not mention.in_name:
            edits[mention] = edit(read.words, mention, term.word, read.matcher.language)
    if not edits:
        return None
    first = next(iter(edits))
    counterfactual, spans_to = apply(source.text, list(edits.values()))
    validity, reason = _validity(read, edits, other, counterfactual)
    return Pair(
        row_id=source.row_id,
        cluster=source.cluster,
        contrast=contrast,
        group_from=first.group,
        group_to=other[first.group],
        term_from=read.written(first),
        term_to=edits[first].term,
        text=source.text,
        counterfactual=counterfactual,
        spans_from=tuple(each.span for each in edits.values()),
        spans_to=spans_to,
        validity=validity,
        reason=reason,
        template_id=source.template_id,
        slots=source.slots,
        label_true=source.label,
        weight=source.weight,
    )


def _validity(
    read: _Read, edits: Mapping[Mention, Edit], other: Mapping[str, str], counterfactual: str
) -> tuple[Validity, str | None]:
    """Returns whether the pair may enter a verdict, and if not, why."""
    for mention in read.mentions:
        if mention.group in other:
            swapped = mention in edits
            problem = _problem(mention, read.written(mention), other[mention.group], swapped)
            if problem is not None:
                return problem
    if read.bound is not None:
        return Validity.ASYMMETRIC, f"{read.bound!r} is not equally said of both groups"
    if not _reads_back(read, edits, other, counterfactual):
        return Validity.AMBIGUOUS, "the counterfactual can be read otherwise"
    return Validity.VALID, None


def _problem(
    mention: Mention, written: str, group: str, swapped: bool
) -> tuple[Validity, str] | None:
    """Returns why one mention keeps its pair out of verdicts, or None."""
    if mention.in_name:
        return Validity.ASYMMETRIC, f"{written!r} is part of a name that stays"
    if not swapped:
        return Validity.AMBIGUOUS, f"{written!r} has no counterpart for {group}"
    if _is_unequal(mention, group):
        return Validity.ASYMMETRIC, f"{written!r} has no equal counterpart"
    if _is_open(mention, group):
        return Validity.AMBIGUOUS, f"{written!r} can be read in two ways"
    return None


def _is_unequal(mention: Mention, group: str) -> bool:
    term = mention.sense.counterpart(group)
    return mention.sense.term.asymmetric or (term is not None and term.asymmetric)


def _is_open(mention: Mention, group: str) -> bool:
    """Whether another reading of the mention would have been swapped otherwise."""
    term = mention.sense.counterpart(group)
    return any(
        sense.group != mention.group or sense.counterpart(group) != term for sense in mention.others
    )


def _reads_back(
    read: _Read, edits: Mapping[Mention, Edit], other: Mapping[str, str], counterfactual: str
) -> bool:
    """Whether the counterfactual says of the other group what the text said of the one.

    "She spoke about him singing" would give "about her singing", where "her" is rather a
    determiner: what a reader, or a swap back, understands is no longer the same.
    """
    expected = [
        (other[m.group] if m in edits else m.group, m.sense.row.concept) for m in read.mentions
    ]
    found = read.matcher.mentions(Words.of(counterfactual))
    return [(m.group, m.sense.row.concept) for m in found] == expected
