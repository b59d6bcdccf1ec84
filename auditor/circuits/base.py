"""The vocabulary of circuits inside a model: components, aligned pairs, what is measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch

from auditor.errors import ModelError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Inputs = dict[str, torch.Tensor]
"""What a model's forward takes: name -> [row, position]."""

_NAME = re.compile(r"embed|a(?P<attention>\d+)\.h(?P<head>\d+)|m(?P<mlp>\d+)")


class Kind(StrEnum):
    """What a component is."""

    EMBED = "embed"
    HEAD = "head"
    MLP = "mlp"


class Node(NamedTuple):
    """A component that writes into the residual stream. Sorts in the order of writing."""

    layer: int
    """-1 for the embedding."""
    rank: int
    """0 for the embedding and heads, 1 for MLPs: within a layer heads write first."""
    head: int
    """0 for what is no head."""

    @classmethod
    def embed(cls) -> Self:
        return cls(-1, 0, 0)

    @classmethod
    def of_head(cls, layer: int, head: int) -> Self:
        return cls(layer, 0, head)

    @classmethod
    def of_mlp(cls, layer: int) -> Self:
        return cls(layer, 1, 0)

    @classmethod
    def parse(cls, name: str) -> Self:
        """Returns the component of a name: `embed`, `a{layer}.h{head}`, `m{layer}`.

        Raises:
            ModelError: the name is none of these.
        """
        found = _NAME.fullmatch(name)
        if found is None:
            raise ModelError(
                f"{name!r} names no component; they are embed, a{{layer}}.h{{head}} such as a3.h7, "
                "and m{layer} such as m3"
            )
        if found["mlp"]:
            return cls.of_mlp(int(found["mlp"]))
        if found["head"]:
            return cls.of_head(int(found["attention"]), int(found["head"]))
        return cls.embed()

    @property
    def kind(self) -> Kind:
        if self.layer < 0:
            return Kind.EMBED
        return Kind.MLP if self.rank else Kind.HEAD

    @property
    def name(self) -> str:
        names = {
            Kind.EMBED: "embed",
            Kind.HEAD: f"a{self.layer}.h{self.head}",
            Kind.MLP: f"m{self.layer}",
        }
        return names[self.kind]


class Role(IntEnum):
    """What a position of an aligned pair is."""

    PADDING = 0
    SPECIAL = 1
    """Put there by the tokenizer: [CLS], [SEP], <s>."""
    PREFIX = 2
    """Before the first swapped term."""
    TERM = 3
    """Swapped, on either side; filler tokens too."""
    SUFFIX = 4
    """After the first swapped term, and not swapped."""
    FINAL = 5
    """The last token of a language model's text, where its continuation is read."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """Both versions of pairs, laid on one grid of tokens: a position is the same in both.

    The inputs hold `input_ids` and `attention_mask`, and what else the model takes
    (`token_type_ids`, `position_ids`). Where one version has fewer tokens, filler tokens with
    attention 0 stand in its term, and `position_ids` keep the others where they were.
    """

    a: Inputs  # name -> [pair, position]; x, group A's version
    b: Inputs  # name -> [pair, position]; x', group B's version
    read: torch.Tensor  # [pair], the position at which a language model's output is read
    roles: Ints  # [pair, position], of `Role`

    def __len__(self) -> int:
        return len(self.read)

    @property
    def width(self) -> int:
        return int(self.a["input_ids"].shape[1])

    @property
    def lengths(self) -> Ints:
        """Positions that are no padding. [pair]"""
        counts: Ints = (self.roles != Role.PADDING).sum(axis=1)
        return counts

    def rows(self, rows: Any) -> Aligned:
        """Returns some pairs, in the order of `rows`, without columns that only pad them."""
        index = torch.as_tensor(np.asarray(rows), dtype=torch.long)
        roles = self.roles[index.numpy()]
        used = (roles != Role.PADDING).any(axis=0)
        kept = np.flatnonzero(used)
        # Padding stands at one end, so that what is kept is one slice.
        span = slice(int(kept[0]), int(kept[-1]) + 1) if len(kept) else slice(0, 0)
        device = self.read.device
        a, b = (
            {name: each[index.to(device), span] for name, each in side.items()}
            for side in (self.a, self.b)
        )
        return Aligned(a, b, self.read[index.to(device)] - span.start, roles[:, span])

    def exchanged(self) -> Aligned:
        """Returns the pairs with their two versions exchanged."""
        return Aligned(self.b, self.a, self.read, self.roles)


class Margin(Protocol):
    """The scalar that a circuit explains."""

    @property
    def name(self) -> str:
        """In words: "log-odds of 'ok'"."""

    @property
    def of_tokens(self) -> bool:
        """Whether it is read from a language model's logits over the vocabulary, at one position;
        else from a classifier's over labels."""

    def of(self, logits: torch.Tensor) -> torch.Tensor:
        """Returns [row] from [row, label] (a classifier) or [row, token] (at the position read)."""


def unflat(tensor: torch.Tensor, dim: int, sizes: Sequence[int]) -> torch.Tensor:
    """Returns a tensor with one dimension split into several, of which one may be -1."""
    shape, dim = tensor.shape, dim % tensor.dim()
    return tensor.reshape(*shape[:dim], *sizes, *shape[dim + 1 :])
