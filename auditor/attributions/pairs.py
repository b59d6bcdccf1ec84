"""What stands for a pair: two texts, and where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import pandas as pd

from auditor.errors import DataError
from auditor.records import Pair, Span

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class TextPair:
    """Two texts that are the same outside their spans."""

    text: str
    counterfactual: str
    spans_from: tuple[Span, ...]  # [edit], characters of `text`
    spans_to: tuple[Span, ...]  # [edit], characters of `counterfactual`


def text_pairs(pairs: pd.DataFrame | Iterable[Any]) -> list[TextPair]:
    """Returns pairs of any form: rows of a frame, mappings, `records.Pair`s, tuples of two texts.

    Raises:
        DataError: no pair at all, something that is none, or spans outside which the texts differ.
    """
    found = [_text_pair(row) for row in _rows(pairs)]
    wrong = [i for i, pair in enumerate(found) if not _same_outside(pair)]
    if wrong:
        raise DataError(
            f"pair {wrong[0]}: the texts differ outside their spans, in {found[wrong[0]]}; give "
            "the spans of every difference, or (text, counterfactual) alone to have them found"
        )
    return found


def _rows(pairs: Any) -> list[Any]:
    """Returns the pairs one by one."""
    if isinstance(pairs, pd.DataFrame):
        rows: list[Any] = pairs.to_dict("records")
    else:
        single = isinstance(pairs, str | Mapping) or not isinstance(pairs, Iterable)
        rows = [] if single else list(pairs)
    if not rows:
        raise DataError(
            f"pairs is {type(pairs).__name__} {' '.join(repr(pairs).split()):.60}; give a list "
            'with at least one pair, e.g. [("He left.", "She left.")]'
        )
    return rows


def _text_pair(row: Any) -> TextPair:
    if isinstance(row, Pair | TextPair):
        return TextPair(row.text, row.counterfactual, row.spans_from, row.spans_to)
    texts = [row.get(side) for side in ("text", "counterfactual")] if _is_row(row) else row
    if (
        isinstance(texts, tuple | list)
        and len(texts) == 2
        and all(isinstance(text, str) for text in texts)
    ):
        text, counterfactual = texts
        sides = _given_spans(row) if _is_row(row) else None
        if sides is None:
            return differences(text, counterfactual)
        return TextPair(text, counterfactual, *sides)
    raise DataError(
        f"{row!r:.80} is no pair; give (text, counterfactual), what auditor.swap returns, or a "
        "frame with the columns text and counterfactual"
    )


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping)


def _given_spans(row: Mapping[Any, Any]) -> tuple[tuple[Span, ...], tuple[Span, ...]] | None:
    """Returns the spans of both sides; None where neither has any."""
    from_, to = (_spans(row.get(name)) for name in ("spans_from", "spans_to"))
    return (from_, to) if from_ or to else None


def _spans(given: Any) -> tuple[Span, ...]:
    if given is None or (isinstance(given, float) and pd.isna(given)):
        return ()
    return tuple(
        (int(s["start"]), int(s["end"])) if isinstance(s, Mapping) else (int(s[0]), int(s[1]))
        for s in given
    )


def differences(text: str, counterfactual: str) -> TextPair:
    """Returns two texts with their differences, found word by word."""
    a, b = _WORDS.findall(text), _WORDS.findall(counterfactual)
    starts_a, starts_b = _starts(a), _starts(b)
    changed = [
        ((starts_a[i1], starts_a[i2]), (starts_b[j1], starts_b[j2]))
        for kind, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    return TextPair(
        text, counterfactual, tuple(x for x, _ in changed), tuple(y for _, y in changed)
    )


def _starts(words: list[str]) -> list[int]:
    """Returns where each word begins, and where the last one ends."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return starts


def _same_outside(pair: TextPair) -> bool:
    return _outside(pair.text, pair.spans_from) == _outside(pair.counterfactual, pair.spans_to)


def _outside(text: str, spans: tuple[Span, ...]) -> list[str]:
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
