"""Owen values of many texts at once: shap's Partition explainer, at the cost of its distinct rows.

Texts whose exact values fit the budget tell all their coalitions beforehand; the others go down
their trees in lockstep, each spending its budget where the remaining effect is largest, as shap
does. Either way every distinct masked text is read once, whichever texts and pairs it belongs to,
in batches sorted by length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from auditor.attributions.base import Ask, Attribution, Bools, Ints, Refused, Tokens
from auditor.attributions.masking import Masker
from auditor.attributions.outputs import Output
from auditor.attributions.trees import Groups, Tree, tree_of
from auditor.errors import PlanError
from auditor.models.base import Floats, Model

BLOCK_ROWS = 32_768
"""Masked texts held at once: duplicates are found, and batches sorted, within so many. So memory
does not grow with texts."""
ROW_TOKENS = 512
"""A longer masked text counts as several."""
ROUNDS = 8
"""A text beyond its budget spends 1 / ROUNDS of it at a time: fewer make larger batches. On 8
sentences of 31 to 45 tokens (demo model, 500 evaluations) 8 to 250 left as much unresolved, 4 a
third more."""
METHOD = "owen"


def owen_values(model: Model, texts: Sequence[str], ask: Ask) -> list[Attribution | Refused]:
    """Returns the Owen values of each text.

    The value of a token is the mean, over the coalitions that the hierarchy allows, of what
    showing it adds to the output; 0 means that showing it changes nothing. Values and `base` add
    up to the output of the text as shap writes it, with single blanks; where the model reads the
    text itself otherwise, `residual` says by how much. Equal to
    `shap.explainers.PartitionExplainer` where `max_evals` suffices; beyond it effects stay on
    groups of tokens and are shared out evenly, as shap does, and `unresolved` says how much. shap
    spends evaluations on special tokens too: with [CLS] and [SEP] about twice as many for a
    sentence of 10 tokens, a fifth more for one of 30.

    Raises:
        PlanError: fewer than 2 evaluations.
        ModelError: the model fails, or shap cannot mask with its tokenizer.
    """
    if ask.max_evals < 2:
        raise PlanError(
            f"max_evals is {ask.max_evals}; it takes at least 2, for the text and the masked text"
        )
    masker = Masker(model, ask.masker)
    cut = [masker.cut(text) for text in texts]
    found: list[Attribution | Refused | None] = [c if isinstance(c, Refused) else None for c in cut]
    done = sum(each is not None for each in found)
    for block in _blocks(cut, ask.max_evals):
        shared = SharedScores(model, ask.output)
        for i, attribution in _explain(block, masker, shared, ask.max_evals):
            found[i] = attribution
        done += len(block)
        ask.tell(done, len(texts))
    return [each for each in found if each is not None]


Block = list[tuple[int, Tokens, Tree]]


def _blocks(cut: Sequence[Tokens | Refused], max_evals: int) -> Iterator[Block]:
    """Yields texts with their place among all, as many as their rows allow."""
    block: Block = []
    rows = 0
    for i, tokens in enumerate(cut):
        if isinstance(tokens, Refused):
            continue
        tree = tree_of(tokens)
        cost = min(tree.cost, max_evals) * (1 + len(tokens) // ROW_TOKENS)
        if block and rows + cost > BLOCK_ROWS:
            yield block
            block, rows = [], 0
        block.append((i, tokens, tree))
        rows += cost
    if block:
        yield block


class SharedScores:
    """What the model says of masked texts, each asked for once."""

    def __init__(self, model: Model, output: Output) -> None:
        self.model = model
        self.output = output
        self.rows: dict[str, int] = {}
        self.outputs = np.empty((0, len(output.names)))

    def ask(self, texts: Sequence[str]) -> Ints:
        """Returns the row in `outputs` of each text."""
        known = len(self.rows)
        rows = np.array([self.rows.setdefault(text, len(self.rows)) for text in texts], np.int64)
        new = list(self.rows)[known:]
        if new:
            # Masking can make a text longer in tokens; what does not fit is cut, as shap's is.
            raw = self.model.score(new, cut=True)
            self.outputs = np.concatenate([self.outputs, self.output.read(raw.values)])
        return rows

    def of(self, texts: Sequence[Sequence[str]]) -> list[Floats]:
        """Returns the outputs [text, output] of several lists of texts, asked for in one go."""
        rows = self.ask(list(chain.from_iterable(texts)))
        edges = np.cumsum([0, *map(len, texts)])
        return [self.outputs[rows[start:end]] for start, end in pairwise(edges)]


def _explain(
    block: Block, masker: Masker, shared: SharedScores, max_evals: int
) -> Iterator[tuple[int, Attribution]]:
    scores = shared.of([[tokens.text] for _, tokens, _ in block])
    within = [each for each in block if each[2].cost <= max_evals]
    beyond = [each for each in block if each[2].cost > max_evals]
    found = exact(within, masker, shared) | in_lockstep(beyond, masker, shared, max_evals)
    for (i, tokens, tree), score in zip(block, scores, strict=True):
        yield i, found[i].attribution(tokens, tree, score[0], shared.output)


@dataclass(frozen=True, slots=True)
class Resolved:
    """Groups that were not split further, and what the model says of all coalitions."""

    groups: Groups
    outputs: Floats  # [coalition, output]

    def attribution(self, tokens: Tokens, tree: Tree, score: Floats, output: Output) -> Attribution:
        """Returns the values that the groups' effects come to."""
        kept = tree.kept(self.groups, self.outputs)
        return Attribution(
            tokens,
            tree.lowered(kept),
            base=self.outputs[0],
            score=score,
            method=METHOD,
            unit=output.unit,
            hierarchical=kept,
            evals=len(self.outputs),
        )


def exact(block: Block, masker: Masker, shared: SharedScores) -> dict[int, Resolved]:
    """Returns every token in all its contexts, asked for in one go."""
    every = {tree: tree.coalitions() for tree in dict.fromkeys(tree for _, _, tree in block)}
    texts = [masker.strings(tokens, every[tree][0]) for _, tokens, tree in block]
    return {
        i: Resolved(every[tree][1], outputs)
        for (i, _, tree), outputs in zip(block, shared.of(texts), strict=True)
    }


def in_lockstep(
    block: Block, masker: Masker, shared: SharedScores, max_evals: int
) -> dict[int, Resolved]:
    """Returns the groups that each text's budget resolves, asked for round by round."""
    walks = {i: _Walk(tokens, tree, max_evals) for i, tokens, tree in block}
    going = [(walk, walk.tree.ends) for walk in walks.values()]
    while going:
        texts = [masker.strings(walk.tokens, shown) for walk, shown in going]
        for (walk, shown), outputs in zip(going, shared.of(texts), strict=True):
            walk.take(shown, outputs)
        going = [(walk, shown) for walk, _ in going if len(shown := walk.next())]
    return {i: Resolved(walk.leaves + walk.open, walk.outputs) for i, walk in walks.items()}


class _Walk:
    """One text on its way down its tree, the largest effects first."""

    def __init__(self, tokens: Tokens, tree: Tree, budget: int) -> None:
        self.tokens = tokens
        self.tree = tree
        self.budget = budget
        self.shown = np.empty((0, len(tokens)), np.bool_)  # [coalition, token]
        self.outputs: Floats = np.empty((0, 0))  # [coalition, output]
        self.leaves, self.open = tree.split_off(tree.whole)
        self.chosen = self.open.at(slice(0))

    def next(self) -> Bools:
        """Returns the coalitions that this round's groups need; none where nothing is left."""
        room = (self.budget - len(self.shown)) // 2
        width = min(len(self.open), room, max(1, self.budget // 2 // ROUNDS))
        sizes = np.abs(self.tree.effects(self.open, self.outputs)).max(axis=1)
        # Ties keep their order: the same values on every run.
        order = np.argsort(-sizes, kind="stable")
        self.chosen, self.open = self.open.at(order[:width]), self.open.at(order[width:])
        return self.tree.parts(self.chosen, self.shown)

    def take(self, shown: Bools, outputs: Floats) -> None:
        """Puts both halves of each group of the round, in both contexts, in place of it."""
        leaves, inner = self.tree.split_off(self.tree.split(self.chosen, len(self.shown)))
        self.shown = np.concatenate([self.shown, shown])
        self.outputs = np.concatenate([self.outputs.reshape(-1, outputs.shape[1]), outputs])
        self.leaves, self.open = self.leaves + leaves, self.open + inner
