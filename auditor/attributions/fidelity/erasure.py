"""What the model says while tokens are masked, or shown, in the order of their importance.

Masked, not taken out: texts keep their form, and most masked versions are shared between the
orders of all methods and of chance. Each distinct one is read once per block of texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from auditor.attributions.base import Ask, Bools, Ints, Tokens
from auditor.attributions.masking import Masker
from auditor.attributions.owen import SharedScores
from auditor.models.base import Floats, Model
from auditor.records import text_id

ERASURE = ("deletion_auc", "insertion_auc", "comprehensiveness", "sufficiency")
SHARES = (1, 5, 10, 20, 50)
"""Per cent of tokens, rounded up."""
STEPS = 32
"""A curve has no more points: of longer texts several tokens go at once."""
RANDOM_ORDERS = 3
"""Of each text, of which the control is the mean: more make it smoother and cost as many curves."""
RANDOM = "random order"
BLOCK_TEXTS = 64
"""Texts whose masked versions are held at once: memory does not grow with texts."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one method says of all texts, by which their tokens are put in order."""

    values: Sequence[Floats]  # [text][token], of one output
    signed: bool
    """False: values say how much, not in which direction."""


def erase(
    model: Model, tokens: Sequence[Tokens], rankings: Mapping[str, Ranking], ask: Ask, seed: int
) -> dict[str, Floats]:
    """Returns method -> [text, measure], measures as in `ERASURE`; `RANDOM` is the control.

    Of f, the first output of `ask` less that of the text with every token masked, turned so that
    f of the whole text is not negative; k tokens of n in order of value, turned likewise:

    deletion_auc: area under f(k masked) over k / n, by trapezoids. insertion_auc: of f(k shown).
    comprehensiveness: mean over `SHARES` of f(all) - f(k masked). sufficiency: of f(all) -
    f(k shown). Tokens of equal value come in random order. NaN: no token can be masked.

    The sources take the probability of the predicted class, from 0; here it is the audit's output,
    from the masked text. ERASER takes tokens out and counts k = 0 as a sixth share.
    """
    masker = Masker(model, ask.masker)
    parts = [
        _erase_block(masker, SharedScores(model, ask.output), _orders(tokens, rankings, at, seed))
        for at in _blocks(len(tokens))
    ]
    names = (*rankings, RANDOM)
    return {
        name: np.concatenate([np.empty((0, len(ERASURE))), *(part[name] for part in parts)])
        for name in names
    }


def _blocks(size: int) -> Iterator[range]:
    for start in range(0, size, BLOCK_TEXTS):
        yield range(start, min(start + BLOCK_TEXTS, size))


@dataclass(frozen=True, slots=True)
class _Orders:
    """One text, with all that its tokens are put in order by."""

    tokens: Tokens
    content: Ints  # [token that can be masked], in random order
    values: Mapping[str, tuple[Floats, bool]]
    """Method -> values [token], whether they are signed."""
    random: Sequence[Ints]

    def of(self, direction: float) -> list[tuple[str, Ints]]:
        """Returns (method, tokens, the most important first), random orders last."""
        found = [
            (name, self._by_value(values * direction if signed else np.abs(values)))
            for name, (values, signed) in self.values.items()
        ]
        return found + [(RANDOM, order) for order in self.random]

    def _by_value(self, values: Floats) -> Ints:
        order: Ints = self.content[np.argsort(-values[self.content], kind="stable")]
        return order


def _orders(
    tokens: Sequence[Tokens], rankings: Mapping[str, Ranking], block: range, seed: int
) -> list[_Orders]:
    orders = []
    for i in block:
        # By the text itself: what else is explained changes no order.
        rng = np.random.default_rng([seed, int(text_id(tokens[i].text), 16)])
        content = np.flatnonzero(~tokens[i].fixed).astype(np.int64)
        values = {name: (each.values[i], each.signed) for name, each in rankings.items()}
        random = [rng.permutation(content) for _ in range(RANDOM_ORDERS)]
        orders.append(_Orders(tokens[i], rng.permutation(content), values, random))
    return orders


def _erase_block(
    masker: Masker, shared: SharedScores, orders: Sequence[_Orders]
) -> dict[str, Floats]:
    ends = _read(masker, shared, [(each.tokens, _ends(each.tokens)) for each in orders])
    directions = [1.0 if full >= masked else -1.0 for masked, full in ends]
    ranked = [each.of(direction) for each, direction in zip(orders, directions, strict=True)]
    asked = [
        (each.tokens, _masks(order, len(each.tokens)))
        for each, own in zip(orders, ranked, strict=True)
        for _, order in own
    ]
    outputs = iter(_read(masker, shared, asked))
    names = list(dict.fromkeys(name for own in ranked for name, _ in own))
    found = {name: np.empty((len(orders), len(ERASURE))) for name in names}
    for i, own in enumerate(ranked):
        rows: dict[str, list[Floats]] = {}
        for name, order in own:
            curves = directions[i] * (next(outputs) - ends[i][0])
            rows.setdefault(name, []).append(_measured(curves, len(order)))
        for name, each in rows.items():
            found[name][i] = np.mean(each, axis=0)
    return found


def _read(
    masker: Masker, shared: SharedScores, asked: Sequence[tuple[Tokens, Bools]]
) -> list[Floats]:
    """Returns the first output of masked versions of several texts, asked for in one go."""
    strings = [masker.strings(tokens, shown) for tokens, shown in asked]
    rows = shared.ask([text for each in strings for text in each])
    ends = np.cumsum([len(each) for each in strings])[:-1]
    return np.split(shared.outputs[rows, 0], ends)


def _ends(tokens: Tokens) -> Bools:
    return np.stack([tokens.fixed, np.ones(len(tokens), np.bool_)])


def _steps(size: int) -> Ints:
    """Returns after how many tokens the curves are read, from none to all."""
    return np.unique(np.round(np.linspace(0, size, min(size, STEPS) + 1))).astype(np.int64)


def _cuts(size: int) -> Ints:
    """Returns how many tokens each of `SHARES` is."""
    return np.array([-(-size * share // 100) for share in SHARES], np.int64)


def _counts(size: int) -> Ints:
    return np.unique(np.concatenate([_steps(size), _cuts(size)]))


def _masks(order: Ints, size: int) -> Bools:
    """Returns the first k tokens masked, for each k, and then the first k shown. [2 k, token]"""
    rank = np.full(size, len(order))
    rank[order] = np.arange(len(order))
    first = rank < _counts(len(order))[:, None]
    return np.concatenate([~first, first])


def _measured(curves: Floats, size: int) -> Floats:
    """Returns `ERASURE` from f(k masked) and f(k shown), which follow each other in `curves`."""
    if not size:
        return np.full(len(ERASURE), np.nan)
    counts = _counts(size)
    masked, shown = curves[: len(counts)], curves[len(counts) :]
    steps, cuts = _steps(size), np.searchsorted(counts, _cuts(size))
    at = np.searchsorted(counts, steps)
    areas = [np.trapezoid(curve[at], steps) / size for curve in (masked, shown)]
    missing = [float((shown[-1] - curve[cuts]).mean()) for curve in (masked, shown)]
    return np.array([*areas, *missing])
