"""A hierarchy of tokens, and the coalitions that its Owen values are made of.

In a binary tree the Owen value of a leaf is a plain mean: over every way of showing or masking,
as a whole, each of the d groups that were split off on the way down to it, the mean of what the
leaf adds. So all coalitions of a text are known before the model is asked: 2 + sum over internal
nodes of 2 * 2^depth, no two alike. shap goes down the same tree.

Tokens that are never masked add nothing wherever they stand; they are taken out of the tree. shap
keeps them in, and takes every coalition below twice for each such token that it splits off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from auditor.attributions.base import Bools, Ints, Tokens
from auditor.models.base import Floats

REMEMBERED = 256
"""Trees kept, by their texts' form."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Nodes of a tree, each beside what is shown of all others: a coalition without any of the
    node's tokens, and the same with all of them."""

    node: Ints  # [group]
    none: Ints  # [group], number of the coalition
    full: Ints  # [group], number of the coalition

    def __len__(self) -> int:
        return len(self.node)

    def at(self, chosen: Bools | Ints | slice) -> Groups:
        return Groups(self.node[chosen], self.none[chosen], self.full[chosen])

    def __add__(self, other: Groups) -> Groups:
        return Groups(
            np.concatenate([self.node, other.node]),
            np.concatenate([self.none, other.none]),
            np.concatenate([self.full, other.full]),
        )


class Tree:
    """The hierarchy of one text without its fixed tokens. Leaves are numbered as tokens are."""

    def __init__(self, fixed: Bools, merges: Ints) -> None:
        self.size = len(fixed)
        self.fixed = fixed
        self.root, halves = _standing(fixed, merges)
        nodes = self.size + len(merges)
        self.halves = _rows([halves.get(node, (-1, -1)) for node in range(nodes)])
        """[node, 2], -1: a leaf, or a node that is taken out."""
        depths, spans = self._descend(halves, nodes)
        self.depth = np.array(depths, np.int64)
        self.spans = _rows(spans)
        """[node, 2], where the node's tokens stand in an order in which each node's are together;
        end exclusive."""
        self.place = np.where(self.fixed, -1, self.spans[: self.size, 0])  # [token], in that order

    def _descend(
        self, halves: Mapping[int, tuple[int, int]], nodes: int
    ) -> tuple[list[int], list[tuple[int, int]]]:
        sizes = [1] * nodes
        for node, (left, right) in halves.items():  # children come before parents
            sizes[node] = sizes[left] + sizes[right]
        depths, spans = [0] * nodes, [(0, 0)] * nodes
        waiting = [] if self.root is None else [(self.root, 0, 0)]
        while waiting:
            node, depth, start = waiting.pop()
            depths[node], spans[node] = depth, (start, start + sizes[node])
            if node in halves:
                left, right = halves[node]
                waiting.append((left, depth + 1, start))
                waiting.append((right, depth + 1, start + sizes[left]))
        return depths, spans

    @property
    def ends(self) -> Bools:
        """The first two coalitions: only fixed tokens shown, and all. One, where both are one."""
        both = np.stack([self.fixed, np.ones(self.size, np.bool_)])
        return both if self.root is not None else both[:1]

    @property
    def whole(self) -> Groups:
        """The root between `ends`; nothing where no token can be masked."""
        if self.root is None:
            return Groups(*np.empty((3, 0), np.int64))
        return Groups(*np.array([[self.root], [0], [1]], np.int64))

    @property
    def cost(self) -> int:
        """How many coalitions the exact values take."""
        inner: list[int] = self.depth[self.halves[:, 0] >= 0].tolist()
        return len(self.ends) + sum(2 << depth for depth in inner)

    def split_off(self, groups: Groups) -> tuple[Groups, Groups]:
        """Returns the groups of one token, and those that can be split."""
        inner = self.halves[groups.node, 0] >= 0
        return groups.at(~inner), groups.at(inner)

    def parts(self, groups: Groups, shown: Bools) -> Bools:
        """Returns the coalitions that splitting takes: the left halves shown, then the right.

        Args:
            shown: [coalition, token], all so far.
        """
        beside = shown[groups.none]
        return np.concatenate([beside | self._members(half) for half in self.halves[groups.node].T])

    def _members(self, nodes: Ints) -> Bools:
        start, end = self.spans[nodes].T[:, :, None]
        members: Bools = (self.place >= start) & (self.place < end)
        return members

    def split(self, groups: Groups, first: int) -> Groups:
        """Returns both halves of groups, each beside the masked and beside the shown other half.

        Args:
            first: the number of the first coalition of `parts`.
        """
        with_left = np.arange(first, first + len(groups))
        with_right = with_left + len(groups)
        left, right = self.halves[groups.node].T
        return Groups(
            np.concatenate([left, right, left, right]),
            np.concatenate([groups.none, groups.none, with_right, with_left]),
            np.concatenate([with_left, with_right, groups.full, groups.full]),
        )

    def coalitions(self) -> tuple[Bools, Groups]:
        """Returns every coalition [coalition, token], and each token in all its contexts."""
        shown = np.empty((self.cost, self.size), np.bool_)
        count = len(self.ends)
        shown[:count] = self.ends
        leaves, groups = self.split_off(self.whole)
        while len(groups):
            new = self.parts(groups, shown)
            shown[count : count + len(new)] = new
            single, inner = self.split_off(self.split(groups, count))
            leaves, groups = leaves + single, inner
            count += len(new)
        return shown, leaves

    def effects(self, groups: Groups, outputs: Floats) -> Floats:
        """Returns what each group adds, by its share in all contexts of its node. [group, output]

        Args:
            outputs: [coalition, output]
        """
        effects: Floats = outputs[groups.full] - outputs[groups.none]
        effects *= 0.5 ** self.depth[groups.node, None]
        return effects

    def kept(self, groups: Groups, outputs: Floats) -> Floats:
        """Returns the effects of groups that are not split further, by node. [node, output]"""
        effects = self.effects(groups, outputs)
        sums = [np.bincount(groups.node, each, len(self.halves)) for each in effects.T]
        # Of no groups at all the sums are whole numbers.
        return np.stack(sums, axis=1).astype(np.float64)

    def lowered(self, kept: Floats) -> Floats:
        """Returns values, of which groups share theirs out evenly. [token, output]"""
        values = kept[: self.size].copy()
        for node in np.flatnonzero(kept[self.size :].any(axis=1)) + self.size:
            members = self._members(np.array([node]))[0]
            values[members] += kept[node] / members.sum()
        return values


def tree_of(tokens: Tokens) -> Tree:
    """Returns the tree of a text; texts of one form share it."""
    merges = tokens.clustering[:, :2].astype(np.int64)
    return _tree(tokens.fixed.tobytes(), merges.tobytes())


@lru_cache(REMEMBERED)
def _tree(fixed: bytes, merges: bytes) -> Tree:
    return Tree(np.frombuffer(fixed, np.bool_), np.frombuffer(merges, np.int64).reshape(-1, 2))


def _rows(pairs: Sequence[tuple[int, int]]) -> Ints:
    return np.array(pairs, np.int64).reshape(-1, 2)


def _standing(fixed: Bools, merges: Ints) -> tuple[int | None, dict[int, tuple[int, int]]]:
    """Returns the root, and node -> both halves, with a token that can be masked in each."""
    halves: dict[int, tuple[int, int]] = {}
    # shap's node -> the node that stands for it here; None: nothing in it can be masked.
    standing = [None if is_fixed else i for i, is_fixed in enumerate(fixed.tolist())]
    for merged in merges.tolist():
        left, right = (standing[child] for child in merged)
        if left is not None and right is not None:
            halves[len(standing)] = left, right
            standing.append(len(standing))
        else:
            standing.append(right if left is None else left)
    return (standing[-1] if standing else None), halves
