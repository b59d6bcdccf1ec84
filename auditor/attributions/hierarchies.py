"""shap's hierarchy of a text's tokens, by shap's own scores, at a fraction of the time.

shap scores every pair of neighbours again after each merge; all but two scores are as they were.
And its scores see little of a word, so that many texts have one hierarchy. A test keeps it shap's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from auditor.models.base import Floats

# Neither reaches beyond a line's end: so does shap cut.
_ends_word = re.compile(r".*\W$").match
_begins_letter = re.compile(r"[A-Za-z]").match

_SEEN = frozenset(["'", "t", "s", "(", ")", ",", ".", "?", "!", "but", "and", "or"])
"""Words that shap's scores tell from others."""
REMEMBERED = 1024
"""Hierarchies kept, by their texts' form."""


def hierarchy(segments: Sequence[str], separator: str | None) -> Floats:
    """Returns what `shap.maskers.Text.clustering` makes of a text's segments. [token - 1, 4]

    Columns as scipy has them: left, right, height, size. Heights are sizes, the largest 1. Empty
    for a single token, where shap's fails.

    Args:
        separator: the tokenizer's, across which neighbours are merged last.
    """
    if len(segments) < 2:
        return np.empty((0, 4))
    return _clustering(tuple(_form(w, separator) for w in _marked(segments)), separator).copy()


def _marked(segments: Sequence[str]) -> list[str]:
    """Returns tokens without blanks, those that go on with a word beginning with ##."""
    marked: list[str] = []
    before = ""
    for segment in segments:
        word = segment.strip()
        goes_on = marked and marked[-1] and not _ends_word(before) and _begins_letter(segment)
        marked.append(f"##{word}" if goes_on else word)
        before = segment
    return marked


def _form(word: str, separator: str | None) -> str:
    """Returns all that shap's scores see of a word."""
    if word in _SEEN or word == separator:
        return word
    if word.startswith("##"):
        return "##"
    return "[]" if word.startswith("[") and word.endswith("]") else ""


@lru_cache(REMEMBERED)
def _clustering(words: tuple[str, ...], separator: str | None) -> Floats:
    clustering = np.array(_merges(words, [] if separator is None else [separator]), np.float64)
    clustering[:, 2] = clustering[:, 3] / len(words)
    return clustering


def _merges(words: Sequence[str], separators: list[str]) -> list[tuple[int, int, float, int]]:
    from shap.maskers._text import Token, TokenGroup, merge_score, openers

    groups = [TokenGroup([Token(word)], i) for i, word in enumerate(words)]
    scores = [merge_score(left, right, separators) for left, right in pairwise(groups)]
    merges = []
    for node in range(len(words), 2 * len(words) - 1):
        best = scores.index(max(scores))
        left, right = groups[best], groups[best + 1]
        merged = left + right
        merged.index = node
        merges.append((left.index, right.index, 0.0, len(merged)))
        if openers.get(merged[0].s) == merged[-1].s:
            merged[0].balanced = merged[-1].balanced = True
        groups[best : best + 2] = [merged]
        del scores[best]
        for i in range(max(best - 1, 0), min(best + 1, len(scores))):
            scores[i] = merge_score(groups[i], groups[i + 1], separators)
    return merges
