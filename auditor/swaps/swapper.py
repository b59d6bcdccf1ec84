"""The swapper: every mention of one group becomes the other, grammar kept, all else untouched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from auditor.errors import DataError
from auditor.plan import SwapPlan
from auditor.records import Contrast, Pair, SourceText, Validity
from auditor.swaps.edits import Edit, apply, edit
from auditor.swaps.language import read_language
from auditor.swaps.lexicons import Lexicon, contrasts_of, load_lexicons
from auditor.swaps.matching import Matcher, Mention
from auditor.swaps.words import Words


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
            matcher = self._matchers[attribute]
            mentions = matcher.mentions(words)
            groups = {mention.group for mention in mentions}
            for contrast in self.contrasts[attribute] if mentions else ():
                if groups & {contrast.group_a, contrast.group_b}:
                    pair = _pair(source, words, mentions, contrast, matcher)
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


def _pair(
    source: SourceText,
    words: Words,
    mentions: Sequence[Mention],
    contrast: Contrast,
    matcher: Matcher,
) -> Pair | None:
    """Returns the pair of one contrast; None where nothing in the text has a counterpart."""
    other = {contrast.group_a: contrast.group_b, contrast.group_b: contrast.group_a}
    edits: dict[Mention, Edit] = {}
    for mention in mentions:
        term = mention.sense.counterpart(other.get(mention.group, ""))
        if term is not None and not mention.in_name:
            edits[mention] = edit(words, mention, term.word, matcher.language)
    if not edits:
        return None
    first = next(iter(edits))
    counterfactual, spans_to = apply(source.text, list(edits.values()))
    validity, reason = _validity(words, mentions, edits, other, matcher, counterfactual)
    return Pair(
        row_id=source.row_id,
        cluster=source.cluster,
        contrast=contrast,
        group_from=first.group,
        group_to=other[first.group],
        term_from=words.part(first.first, first.last),
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
    words: Words,
    mentions: Sequence[Mention],
    edits: Mapping[Mention, Edit],
    other: Mapping[str, str],
    matcher: Matcher,
    counterfactual: str,
) -> tuple[Validity, str | None]:
    """Returns whether the pair may enter a verdict, and if not, why."""
    for mention in mentions:
        written = words.part(mention.first, mention.last)
        if mention.in_name and mention.group in other:
            return Validity.ASYMMETRIC, f"{written!r} is part of a name that stays"
        if mention in edits and _is_unequal(mention, other):
            return Validity.ASYMMETRIC, f"{written!r} has no equal counterpart"
        if mention.group in other and mention not in edits:
            group = other[mention.group]
            return Validity.AMBIGUOUS, f"{written!r} has no counterpart for {group}"
        if _is_open(mention, other):
            return Validity.AMBIGUOUS, f"{written!r} can be read in two ways"
    bound = matcher.bound(words)
    if bound is not None:
        return Validity.ASYMMETRIC, f"{bound!r} is not equally said of both groups"
    return _read_back(mentions, edits, other, matcher, counterfactual)


def _is_unequal(mention: Mention, other: Mapping[str, str]) -> bool:
    term = mention.sense.counterpart(other[mention.group])
    return mention.sense.term.asymmetric or (term is not None and term.asymmetric)


def _is_open(mention: Mention, other: Mapping[str, str]) -> bool:
    """Whether another reading of the mention would have been swapped otherwise."""
    group = other.get(mention.group)
    if group is None:
        return False
    term = mention.sense.counterpart(group)
    return any(
        sense.group != mention.group or sense.counterpart(group) != term for sense in mention.others
    )


def _read_back(
    mentions: Sequence[Mention],
    edits: Mapping[Mention, Edit],
    other: Mapping[str, str],
    matcher: Matcher,
    counterfactual: str,
) -> tuple[Validity, str | None]:
    """Requires that the counterfactual says of the other group what the text said of the one.

    "I told him stories" would give "I told her stories", where "her" is rather a determiner: what
    a reader, or a swap back, understands is no longer the same.
    """
    words = Words.of(counterfactual)
    expected = [(other[m.group] if m in edits else m.group, m.sense.row.concept) for m in mentions]
    found = matcher.mentions(words)
    if [(m.group, m.sense.row.concept) for m in found] == expected:
        return Validity.VALID, None
    return Validity.AMBIGUOUS, "the counterfactual can be read otherwise"
