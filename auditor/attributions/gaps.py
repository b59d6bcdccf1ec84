"""How much of a pair's gap each token carries: which tokens are compared, and by how much they
differ.

Outside its edits a pair's two texts are the same characters, only shifted. So both are laid on one
axis, on which an edit is a single place; tokens that share a place, on whichever side they stand,
are one unit, and the gap is taken unit by unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auditor.attributions.base import Attribution, Bools, Ints, Tokens
from auditor.models.base import Floats
from auditor.records import Span
from auditor.records_attributions import Role


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which tokens of a pair are compared. Every token of both sides is in exactly one unit."""

    aligned_from: Ints  # [token of from], its unit
    aligned_to: Ints  # [token of to], its unit
    roles: tuple[Role, ...]  # [unit], in reading order

    def __len__(self) -> int:
        return len(self.roles)

    def sums_from(self, values: Floats) -> Floats:
        """Returns [unit, output] from values [token of from, output]; 0 where it has no token."""
        return self._sums(self.aligned_from, values)

    def sums_to(self, values: Floats) -> Floats:
        """Returns [unit, output] from values [token of to, output]; 0 where it has no token."""
        return self._sums(self.aligned_to, values)

    def _sums(self, aligned: Ints, values: Floats) -> Floats:
        sums = np.zeros((len(self), values.shape[1]))
        np.add.at(sums, aligned, values)
        return sums

    def words(self, from_: Tokens, to: Tokens) -> list[tuple[str, str]]:
        """Returns what each unit is on either side, as written; "" where it has no token."""
        sides = [self._written(self.aligned_from, from_), self._written(self.aligned_to, to)]
        return list(zip(*sides, strict=True))

    def _written(self, aligned: Ints, tokens: Tokens) -> list[str]:
        written = [""] * len(self)
        for unit, segment in zip(aligned.tolist(), tokens.segments, strict=True):
            written[unit] += segment
        return written


@dataclass(frozen=True, slots=True)
class Gap:
    """score(to) - score(from), and what carries it: values, base and residual add up to `total`."""

    values: Floats  # [unit, output], of `to` less `from`
    base: Floats  # [output], between the two masked texts; NaN where the method has no base
    residual: Floats  # [output], what the values leave of either score; NaN likewise
    total: Floats  # [output]
    unit: str


def gap_of(from_: Attribution, to: Attribution, alignment: Alignment) -> Gap:
    """Returns how much of the gap between the two sides each unit carries.

    A unit's value is the sum over its tokens of `to` less the sum over its tokens of `from`; 0
    means that it counts the same in both. A positive value raises the score of `to` against that
    of `from`: for a token of the context, that it means more for the output beside the other term.
    `base` is 0 where the two texts differ in nothing but maskable tokens of equal number.
    """
    return Gap(
        alignment.sums_to(to.values) - alignment.sums_from(from_.values),
        to.base - from_.base,
        to.residual - from_.residual,
        to.score - from_.score,
        to.unit,
    )


def align(
    from_: Tokens, to: Tokens, spans_from: Sequence[Span], spans_to: Sequence[Span]
) -> Alignment:
    """Returns which tokens of a pair's two sides are compared.

    term: the tokens of an edit, and those of the other side that share their characters; two edits
    that one token joins are one unit. context: the same characters on both sides. recut: the same
    characters, which the tokenizer cuts otherwise. special: what the tokenizer puts around a text,
    in order from either end. A unit may be empty on one side, where the other says more.

    Args:
        spans_from: [edit], characters of the text of `from_`, in order; empty where `to` adds.
        spans_to: the same of `to`. Outside them the two texts are the same.
    """
    sides = (from_, to)
    axes = (_Axis(spans_from), _Axis(spans_to))
    assert len(spans_from) == len(spans_to), "as many edits on one side as on the other"
    assert axes[0].end(from_.text) == axes[1].end(to.text), "the same text outside the edits"
    before = min(_leading(tokens.fixed) for tokens in sides)
    after = min(_leading(tokens.fixed[before:][::-1]) for tokens in sides)
    inner = [np.arange(before, len(tokens) - after) for tokens in sides]
    places = [axis.places(tokens.spans) for axis, tokens in zip(axes, sides, strict=True)]
    groups = _sharing([place[own] for place, own in zip(places, inner, strict=True)])
    count = 1 + max((int(group.max()) for group in groups if len(group)), default=-1)
    aligned = [
        np.concatenate([np.arange(before), before + group, before + count + np.arange(after)])
        for group in groups
    ]
    roles = _roles(before + count + after, aligned, places, [t.fixed for t in sides], axes[0].edits)
    return Alignment(aligned[0], aligned[1], roles)


class _Axis:
    """Where the characters of one side lie on the axis that both sides share.

    A character or an edit lies at an odd number, the boundary before it at the even one below: a
    token that is nothing but a blank has no place but a boundary.
    """

    def __init__(self, spans: Sequence[Span]) -> None:
        edges = np.array(spans, np.int64).reshape(-1, 2)
        self._ends = edges[:, 1]
        self._starts = np.append(edges[:, 0], np.iinfo(np.int64).max // 4)
        # Each edit, however long, takes one place.
        self._shifts = np.append(0, np.cumsum(1 - (edges[:, 1] - edges[:, 0])))
        self.edits: Ints = 2 * (edges[:, 0] + self._shifts[:-1]) + 1  # [edit]

    def _at(self, characters: Ints) -> Ints:
        passed = np.searchsorted(self._ends, characters, side="right")
        at: Ints = np.minimum(characters, self._starts[passed]) + self._shifts[passed]
        return at

    def end(self, text: str) -> int:
        """Returns the boundary behind the whole text."""
        return 2 * (len(text) + int(self._shifts[-1]))

    def places(self, spans: Ints) -> Ints:
        """Returns the first and last place of each token. [token, 2]"""
        start, end = spans[:, 0], spans[:, 1]
        first, last = 2 * self._at(start) + 1, 2 * self._at(end - 1) + 1
        # An empty token lies behind the character before it, or within the edit that it cuts.
        within = (last == first) & np.isin(first, self.edits)
        boundary = np.where(within, last, last + 1)
        empty = start == end
        return np.stack([np.where(empty, boundary, first), np.where(empty, boundary, last)], axis=1)


def _leading(fixed: Bools) -> int:
    """Returns how many tokens at the beginning are fixed."""
    return len(fixed) if fixed.all() else int(np.argmin(fixed))


def _sharing(places: Sequence[Ints]) -> list[Ints]:
    """Returns each token's group, numbered in reading order: tokens that share a place, or are
    joined by others that do. [side] of [token]"""
    first, last = np.concatenate(places).T
    order = np.lexsort((last, first))
    reach = np.maximum.accumulate(last[order])
    begins = first[order][1:] > reach[:-1]
    groups = np.empty(len(order), np.int64)
    groups[order] = np.append(0, np.cumsum(begins))[: len(order)]
    return np.split(groups, [len(places[0])])


def _roles(
    count: int,
    aligned: Sequence[Ints],
    places: Sequence[Ints],
    fixed: Sequence[Bools],
    edits: Ints,
) -> tuple[Role, ...]:
    special = np.ones(count, np.bool_)
    np.logical_and.at(special, np.concatenate(aligned), np.concatenate(fixed))
    of_edit = np.zeros(count, np.bool_)
    own: list[dict[int, list[tuple[int, int]]]] = [defaultdict(list), defaultdict(list)]
    for side, (units, taken) in enumerate(zip(aligned, places, strict=True)):
        first, last = (
            np.searchsorted(edits, taken[:, 0]),
            np.searchsorted(edits, taken[:, 1], "right"),
        )
        of_edit[units[last > first]] = True
        for unit, (start, end) in zip(units.tolist(), taken.tolist(), strict=True):
            own[side][unit].append((start, end))

    def role(unit: int) -> Role:
        if special[unit]:
            return Role.SPECIAL
        if of_edit[unit]:
            return Role.TERM
        return Role.CONTEXT if own[0][unit] == own[1][unit] else Role.RECUT

    return tuple(role(unit) for unit in range(count))
