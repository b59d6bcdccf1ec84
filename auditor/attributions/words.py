"""From tokens to words: which tokens are pieces of one word, and attributions added up by word.

A word's value is the sum of its tokens' values. Where the word is a node of the hierarchy that is
the word's own Owen value, as if it had been masked as a whole: shap's hierarchy binds the pieces of
a word first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from auditor.attributions.base import Attribution, Bools, Ints, Tokens
from auditor.models.base import Floats
from auditor.swaps.words import APOSTROPHES


def words_of(tokens: Tokens) -> Ints:
    """Returns the number of each token's word, in reading order. [token]

    A word is what stands between blanks and punctuation, an apostrophe and what follows within it
    included ("can't", "woman's"); so in scripts without blanks it is all that stands between two
    signs. Signs, special tokens and blanks that are tokens are words by themselves. Tokens that
    the tokenizer makes of several words stay one.
    """
    return words_at(tokens.text, tokens.spans, tokens.fixed)


def words_at(text: str, spans: Ints, alone: Bools) -> Ints:
    """Returns the same of tokens that are given by where they stand. [token]

    Args:
        spans: [token, 2], characters of `text`.
        alone: [token], a word by itself whatever stands beside it.
    """
    numbers = numbers_of_words(text)
    words = np.empty(len(spans), np.int64)
    count, reached = -1, -1
    for i, (start, end) in enumerate(spans.tolist()):
        single = alone[i] or start == end
        if single or numbers[start] > reached:
            count += 1
        words[i] = count
        reached = -1 if single else max(reached, numbers[end - 1])
    return words


def numbers_of_words(text: str) -> list[int]:
    """Returns the number of the word that each character is of; -1 of blanks. [character]"""
    numbers: list[int] = []
    count, within = -1, False
    for i, character in enumerate(text):
        if character.isspace():
            numbers.append(-1)
            within = False
            continue
        follows = i > 0 and not text[i - 1].isspace()
        # Accents, vowel signs and joiners are of what stands before them, whatever it is.
        leans = follows and unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")
        letter = _is_letter(character) or (within and _is_inner_apostrophe(text, i))
        if not (leans or (within and letter)):
            count += 1
        within = within if leans else letter
        numbers.append(count)
    return numbers


def _is_letter(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LNM"


def _is_inner_apostrophe(text: str, i: int) -> bool:
    return text[i] in APOSTROPHES and _is_letter(text[i + 1 : i + 2] or " ")


def by_word(attribution: Attribution) -> Attribution:
    """Returns the same attribution with a value for each word instead of each token.

    The hierarchy keeps its merges of words; merges within a word fall away, and what a budget left
    on them is the word's own. Base, score and the sum of values stay as they are.
    """
    words = words_of(attribution.tokens)
    count = int(words.max(initial=-1)) + 1
    clustering, nodes = _collapsed(attribution.tokens.clustering, words, count)
    hierarchical = attribution.hierarchical
    return replace(
        attribution,
        tokens=_joined(attribution.tokens, words, count, clustering),
        values=_added(attribution.values, words, count),
        hierarchical=(
            None if hierarchical is None else _added(hierarchical, nodes, count + len(clustering))
        ),
    )


def _added(values: Floats, numbers: Ints, count: int) -> Floats:
    added = np.zeros((count, values.shape[1]))
    np.add.at(added, numbers, values)
    return added


def _joined(tokens: Tokens, words: Ints, count: int, clustering: Floats) -> Tokens:
    """Returns the words of a text as its tokens."""
    first = np.searchsorted(words, np.arange(count))
    last = np.searchsorted(words, np.arange(count), side="right") - 1
    segments = [""] * count
    for word, segment in zip(words.tolist(), tokens.segments, strict=True):
        segments[word] += segment
    spans = np.stack([tokens.spans[first, 0], tokens.spans[last, 1]], axis=1)
    return Tokens(tokens.text, tuple(segments), spans, tokens.fixed[first], clustering)


def _collapsed(clustering: Floats, words: Ints, count: int) -> tuple[Floats, Ints]:
    """Returns the hierarchy of words, and which of its nodes each node of tokens becomes.

    A merge joins the words that its two halves belong to by then. Where every word is a node, that
    is the hierarchy of tokens without what is within words; where a word lies in two branches, the
    second one joins what the first has joined already. [word - 1, 4], [2 token - 1]
    """
    nodes: list[int] = words.tolist()
    top = list(range(count))  # [node], what has joined it
    sizes = [1] * count
    merges: list[tuple[int, int]] = []
    for left, right in clustering[:, :2].astype(int).tolist():
        halves = (_topmost(top, nodes[left]), _topmost(top, nodes[right]))
        if halves[0] != halves[1]:
            merges.append(halves)
            top[halves[0]] = top[halves[1]] = len(top)
            sizes.append(sizes[halves[0]] + sizes[halves[1]])
            top.append(len(top))
        nodes.append(_topmost(top, halves[0]))
    size = np.array(sizes[count:], np.float64)
    # Heights are shares of all, as shap gives them.
    joined = [np.array(merges, np.float64).reshape(-1, 2), (size / count)[:, None], size[:, None]]
    return np.concatenate(joined, axis=1), np.array(nodes, np.int64)


def _topmost(top: Sequence[int], node: int) -> int:
    while top[node] != node:
        node = top[node]
    return node
