"""One grid for the two versions of a pair: which token of either stands at each position.

Where one version has fewer tokens, fillers stand in its swapped span, in front of the span's own
tokens, so that what follows the span, and the span's last token, share a position.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from auditor.attributions.base import Tokens
from auditor.attributions.gaps import Alignment, align
from auditor.attributions.pairs import TextPair
from auditor.circuits.base import Bools, Ints, Role
from auditor.records_attributions import Role as UnitRole

_NONE = -1
"""No token of the text stands at a position."""


class Cut(NamedTuple):
    """One version as its tokenizer cuts it."""

    tokens: Tokens
    ids: Ints  # [token]
    types: Ints  # [token], 0 where the tokenizer gives none


class Line(NamedTuple):
    """One version on the grid."""

    cut: Cut
    token: Ints  # [position], index of the token that stands there, or none

    @property
    def real(self) -> Bools:
        """Where a token of the text stands, and no filler. [position]"""
        real: Bools = self.token != _NONE
        return real

    def ids(self, filler: int) -> Ints:
        """Returns the id at each position. [position]"""
        ids: Ints = np.where(self.real, self.cut.ids[self.token], filler)
        return ids

    def types(self) -> Ints:
        """Returns the type at each position, 0 for a filler. [position]"""
        types: Ints = np.where(self.real, self.cut.types[self.token], 0)
        return types

    def written(self) -> list[str]:
        """Returns what stands at each position, as written; "" for a filler. [position]"""
        return [self.cut.tokens.segments[i] if i != _NONE else "" for i in self.token.tolist()]


class Grid(NamedTuple):
    """Both versions of a pair, position by position."""

    a: Line
    b: Line
    roles: Ints  # [position], of `Role`

    def __len__(self) -> int:
        return len(self.roles)

    @property
    def even(self) -> bool:
        """Whether no filler is needed."""
        return bool(self.a.real.all() and self.b.real.all())

    @property
    def same(self) -> bool:
        """Whether both versions are the same to a model."""
        return np.array_equal(self.a.cut.ids, self.b.cut.ids)


def grid_of(tokenizer: Any, pair: TextPair) -> Grid:
    """Returns the grid of a pair whose texts are the same outside its spans.

    Tokens are compared by the characters that they stand for. Where these have other tokens in the
    two versions, they count as swapped: the term, and a neighbour that is cut otherwise beside it.
    """
    a, b = (_cut(tokenizer, text) for text in (pair.text, pair.counterfactual))
    return _laid(a, b, align(a.tokens, b.tokens, pair.spans_from, pair.spans_to))


def _cut(tokenizer: Any, text: str) -> Cut:
    # verbose=False: its own notice of long texts; these are refused, with the reason.
    found = tokenizer(
        text, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False
    )
    ids = np.array(found["input_ids"], np.int64)
    types = np.array(found.get("token_type_ids", np.zeros_like(ids)), np.int64)
    special = np.array(found["special_tokens_mask"], np.bool_)
    offsets = [(int(start), int(end)) for start, end in found["offset_mapping"]]
    names = tokenizer.convert_ids_to_tokens(ids.tolist())
    written = tuple(
        name if added else text[start:end]
        for name, added, (start, end) in zip(names, special, offsets, strict=True)
    )
    spans = np.array([_stripped(text, *each) for each in offsets], np.int64).reshape(-1, 2)
    return Cut(Tokens(text, written, spans, special, np.zeros((0, 4))), ids, types)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """A word's token often has the blank before it, which does not belong to its term."""
    word = text[start:end]
    start += len(word) - len(word.lstrip())
    return start, start + len(word.strip())


def _laid(a: Cut, b: Cut, alignment: Alignment) -> Grid:
    units = (alignment.aligned_from, alignment.aligned_to)
    counts = [np.bincount(each, minlength=len(alignment)) for each in units]
    widths = np.maximum(*counts)
    first, second = (
        Line(cut, _placed(unit, count, widths))
        for cut, unit, count in zip((a, b), units, counts, strict=True)
    )
    unit = np.repeat(np.arange(len(alignment)), widths)
    alike = first.real & second.real & (first.ids(0) == second.ids(0))
    swapped = np.bincount(unit[~alike], minlength=len(alignment)) > 0
    swapped |= np.array([role is UnitRole.TERM for role in alignment.roles], np.bool_)
    special = np.array([role is UnitRole.SPECIAL for role in alignment.roles], np.bool_)
    return Grid(first, second, _roles(swapped[unit], special[unit]))


def _placed(units: Ints, counts: Ints, widths: Ints) -> Ints:
    """Returns the token at each position; a unit's fillers stand before its tokens. [position]"""
    assert (np.diff(units) >= 0).all(), "tokens stand in reading order"
    behind = np.cumsum(counts)[units] - np.arange(len(units))
    placed = np.full(int(widths.sum()), _NONE, np.int64)
    placed[np.cumsum(widths)[units] - behind] = np.arange(len(units))
    return placed


def _roles(swapped: Bools, special: Bools) -> Ints:
    begun = np.maximum.accumulate(swapped)
    roles: Ints = np.where(begun, Role.SUFFIX, Role.PREFIX).astype(np.int64)
    roles[special] = Role.SPECIAL
    roles[swapped] = Role.TERM
    return roles
