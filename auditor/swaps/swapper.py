"""The swapper: every pair of a text, for every attribute of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from auditor.errors import DataError
from auditor.plan import SwapPlan
from auditor.plan_file import plan_from_options
from auditor.records import Arm, Contrast, Pair, SourceText
from auditor.swaps.attributes import TIMES, Attributes, bases_of, by_name, open_attributes
from auditor.swaps.by_name import NameSwaps
from auditor.swaps.by_word import WordSwaps
from auditor.swaps.jointly import JointSwaps
from auditor.swaps.matching import Found
from auditor.swaps.names import CountTokens
from auditor.swaps.words import Words


class Swaps(Protocol):
    """What makes the pairs of one attribute."""

    def pairs(self, source: SourceText, words: Words) -> tuple[list[Pair], Found]:
        """Returns the pairs of a text, and what it says of the attribute."""


@dataclass(frozen=True, slots=True)
class Swapped:
    """What became of one text."""

    pairs: list[Pair]
    found: dict[str, Found]
    """Attribute -> its mentions, and what only looked like one."""


class Swapper:
    """Makes the pairs of a text, for the contrasts of each attribute."""

    def __init__(
        self, attributes: Attributes, plan: SwapPlan, count_tokens: CountTokens | None = None
    ) -> None:
        self.contrasts = attributes.contrasts
        arms = [Arm(name) for name in plan.arms]
        self._words = {
            name: WordSwaps(
                lexicon, attributes.contrasts.get(name, ()), arms=arms, leave=plan.leave
            )
            for name, lexicon in attributes.lexicons.items()
        }
        self._makers: dict[str, Swaps] = {
            name: self._maker(name, contrasts, attributes, plan, count_tokens)
            for name, contrasts in attributes.contrasts.items()
        }

    def _maker(
        self,
        name: str,
        contrasts: Sequence[Contrast],
        attributes: Attributes,
        plan: SwapPlan,
        count_tokens: CountTokens | None,
    ) -> Swaps:
        bases = [self._words[base] for base in bases_of(name)]
        if by_name(name):
            assert attributes.names is not None
            return NameSwaps(attributes.names, bases, contrasts, plan, count_tokens)
        return bases[0] if TIMES not in name else JointSwaps(bases[0], bases[1], contrasts)

    def swap(self, source: SourceText) -> Swapped:
        """Returns the pairs of a text, at most one for each contrast and pair of terms.

        A text that mentions both groups has them exchanged: one pair, never a collapse.
        """
        words = Words.of(source.text)
        wanted = source.attributes
        pairs: list[Pair] = []
        found: dict[str, Found] = {}
        for name, maker in self._makers.items():
            if wanted is None or name in wanted:
                made, found[name] = maker.pairs(source, words)
                pairs += made
        return Swapped(pairs, found)

    def pairs(self, source: SourceText) -> list[Pair]:
        """Returns the pairs of a text."""
        return self.swap(source).pairs


def swap(
    text: str,
    attribute: str,
    to: str | None = None,
    *,
    lexicons: Sequence[Path] = (),
    language: str = "en",
) -> list[Pair]:
    """Returns the counterfactuals of a text: one for every other group of the attribute.

    Args:
        to: only swaps to this group; also to one that is by request ("neutral").
        lexicons: lexicon files of your own.

    Raises:
        DataError: no such attribute or group.

    Example:
        >>> [pair.counterfactual for pair in swap("She left.", "gender")]
        ['He left.']
    """
    source = SourceText(row_id="text-0", text=text, cluster="text-0")
    pairs = every_swapper([attribute], to, lexicons=lexicons, language=language).pairs(source)
    return [pair for pair in pairs if to in (None, pair.group_to)]


def every_swapper(
    attributes: Sequence[str],
    to: str | None = None,
    *,
    lexicons: Sequence[Path] = (),
    language: str = "en",
    arms: Sequence[str] = (),
) -> Swapper:
    """Returns a swapper of all contrasts, to look at what swaps give.

    Raises:
        DataError: no such attribute, or no group `to` in any of them.
    """
    plan = plan_from_options(
        attributes=tuple(attributes),
        contrasts="all",
        arms=tuple(arms),
        lexicons=tuple(map(str, lexicons)),
        language=language,
    ).swaps
    opened = open_attributes(plan)
    if to is None:
        return Swapper(opened, plan)
    having = {name: x for name, x in opened.lexicons.items() if to in x.groups}
    groups = {
        name: dict.fromkeys(g for c in contrasts for g in (c.group_a, c.group_b))
        for name, contrasts in opened.contrasts.items()
    }
    if not having and not any(to in each for each in groups.values()):
        known = "; ".join(f"{name} has {', '.join(each)}" for name, each in groups.items())
        raise DataError(f"no group {to!r}: {known}")
    asked = {name: x.groups for name, x in having.items() if to in x.by_request}
    plan = plan.model_copy(update={"groups": asked})
    return Swapper(open_attributes(plan), plan)
