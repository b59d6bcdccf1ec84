"""The swapper: every mention of one group becomes the other, grammar kept, all else untouched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import DataError
from auditor.plan import SwapPlan
from auditor.records import Contrast, Pair, SourceText, Span, Validity
from auditor.swaps.language import Language, read_language
from auditor.swaps.lexicons import Lexicon, contrasts_of, load_lexicons
from auditor.swaps.matching import Matcher, Mention, Words, starts_sentence


@dataclass(frozen=True, slots=True)
class _Edit:
    """One replacement: the span it takes in the text, and what stands there afterwards."""

    span: Span
    new: str


class Swapper:
    """Makes the pairs of a text, for the contrasts of each attribute."""

    def __init__(
        self, lexicons: Mapping[str, Lexicon], contrasts: Mapping[str, Sequence[Contrast]]
    ) -> None:
        self.contrasts = contrasts
        self._languages = {k: read_language(v.language) for k, v in lexicons.items()}
        self._matchers = {k: Matcher(v, self._languages[k]) for k, v in lexicons.items()}

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
                    pair = self._pair(source, words, mentions, contrast)
                    pairs += [] if pair is None else [pair]
        return pairs

    def _pair(
        self, source: SourceText, words: Words, mentions: Sequence[Mention], contrast: Contrast
    ) -> Pair | None:
        other = {contrast.group_a: contrast.group_b, contrast.group_b: contrast.group_a}
        ours = [mention for mention in mentions if mention.group in other]
        swapped = [m for m in ours if other[m.group] in m.row.terms]
        if not swapped:
            return None
        language = self._languages[contrast.attribute]
        edits = [_edit(words, m, m.row.terms[other[m.group]][0], language) for m in swapped]
        counterfactual, spans_to = _apply(source.text, edits)
        validity, reason = self._validity(words, ours, swapped, contrast)
        first = swapped[0]
        start, end = first.span
        return Pair(
            row_id=source.row_id,
            cluster=source.cluster,
            contrast=contrast,
            group_from=first.group,
            group_to=other[first.group],
            term_from=source.text[start:end],
            term_to=first.row.terms[other[first.group]][0],
            text=source.text,
            counterfactual=counterfactual,
            spans_from=tuple(edit.span for edit in edits),
            spans_to=spans_to,
            validity=validity,
            reason=reason,
            template_id=source.template_id,
            slots=source.slots,
            label_true=source.label,
            weight=source.weight,
        )

    def _validity(
        self,
        words: Words,
        ours: Sequence[Mention],
        swapped: Sequence[Mention],
        contrast: Contrast,
    ) -> tuple[Validity, str | None]:
        left = next((mention for mention in ours if mention not in swapped), None)
        if left is not None:
            start, end = left.span
            return Validity.AMBIGUOUS, f"{words.text[start:end]!r} has no counterpart"
        bound = self._matchers[contrast.attribute].bound(words)
        if bound is not None:
            return Validity.ASYMMETRIC, f"{bound!r} is not equally said of both groups"
        return Validity.VALID, None


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


def _edit(words: Words, mention: Mention, new: str, language: Language) -> _Edit:
    """Returns the replacement of a mention, with the article before it where that changes."""
    start, end = mention.span
    new = _cased(words, mention, new)
    before = words.neighbour(mention.first - 1)
    if before not in {"a", "an"} or words.gap(mention.first) != " ":
        return _Edit((start, end), new)
    article = language.article(new)
    if article == before:
        return _Edit((start, end), new)
    first, stop = words.spans[mention.first - 1]
    old = words.text[first:stop]
    if old[0].isupper():
        article = article.upper() if words.text[start:end].isupper() else article.capitalize()
    return _Edit((first, end), f"{article}{words.text[stop:start]}{new}")


def _cased(words: Words, mention: Mention, new: str) -> str:
    """Gives `new` the case of what it replaces.

    A capital says something only where the lexicon writes the old term without one ("Woman" in a
    title) or where a sentence begins; "Christian" within a sentence becomes "atheist".
    """
    start, end = mention.span
    old, term = words.text[start:end], mention.term
    letters = [c for c in old if c.isalpha()]
    if len(letters) > 1 and all(c.isupper() for c in letters):
        return new.upper()
    if old[0].islower():
        return new if term[0].islower() else new[0].lower() + new[1:]
    if term[0].islower() or starts_sentence(words, mention.first):
        return new[0].upper() + new[1:]
    return new


def _apply(text: str, edits: Sequence[_Edit]) -> tuple[str, tuple[Span, ...]]:
    """Returns the text with its edits, and their spans in it."""
    parts: list[str] = []
    spans: list[Span] = []
    done = length = 0
    for edit in edits:
        start, end = edit.span
        parts += [text[done:start], edit.new]
        length += start - done
        spans.append((length, length + len(edit.new)))
        length += len(edit.new)
        done = end
    return "".join([*parts, text[done:]]), tuple(spans)
