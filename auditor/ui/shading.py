"""Tokens of a pair as HTML: shaded and underlined by what they add, in the report's own steps.

No meaning by colour alone: a solid line raises the output, a dashed one lowers it, and the thicker
the line the more. Texts are escaped; the number of each token stands in its tooltip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from auditor.explanation import PairExplanation, Side, TokenValue
from auditor.records_attributions import Role
from auditor.report.attribution_tables import shade
from auditor.report.numbers import decimal
from auditor.ui.marking import STYLE, escaped
from auditor.ui.scale import INK, MUTED

AROUND = 60
"""Tokens kept on each side of a swapped term; a card of thousands cannot be read."""
RAISES, LOWERS = "light-dark(#2b5c8a,#7fb2dd)", "light-dark(#9c3a20,#ec9272)"
SHADES = {
    "up-1": "light-dark(#e9f1f8,#1d2c3a)",
    "up-2": "light-dark(#cbdff0,#26435d)",
    "up-3": "light-dark(#a3c6e4,#2f5b80)",
    "down-1": "light-dark(#fbeee4,#3a261d)",
    "down-2": "light-dark(#f5d6bd,#5b3423)",
    "down-3": "light-dark(#ecb490,#7e4329)",
}
NUMBERED = 0.1
"""Of the largest gap: smaller ones have no number below them."""


class Piece(NamedTuple):
    """A stretch of a text, with what its tokens add together; None: no token stands there."""

    text: str
    value: float | None
    role: Role | None


def side_html(side: Side, largest: float, unit: str) -> str:
    """Returns a text with its tokens shaded by their values. `largest`: the darkest shade."""
    body = "".join(_piece(piece, largest, unit) for piece in shortened(pieces(side)))
    return f'<div dir="auto" tabindex="0" style="{STYLE}">{body}</div>'


def gaps_html(explanation: PairExplanation, unit: str) -> str:
    """Returns the compared tokens shaded by their gaps, the number below where it is not small."""
    largest = max((abs(each.gap) for each in explanation.compared), default=0.0)
    found = [Piece(_both(e.token_from, e.token_to), e.gap, e.role) for e in explanation.compared]
    # Texts have a blank between two tokens, which is a piece; here there is none.
    body = "".join(_gap(piece, largest, unit) for piece in shortened(found, AROUND // 2))
    return f'<div dir="auto" tabindex="0" style="{STYLE}">{body}</div>'


def legend_html(up: str, down: str | None, largest: float, unit: str) -> str:
    """Returns what shades and lines mean: `up` the solid line, `down` the dashed one, if any."""
    samples = [("up-3", up), *([("down-3", down)] if down else [])]
    shown = [f'<span style="{_look(n)};color:{INK}">{escape(words)}</span>' for n, words in samples]
    scale = f"darkest from half of the largest on: {decimal(largest, signed=False)} {unit}"
    small = f"font-size:.87rem;color:{MUTED}"
    return f'<div style="{small}">{" &nbsp; ".join([*shown, escape(scale)])}</div>'


def pieces(side: Side) -> list[Piece]:
    """Returns a text cut at its tokens, nothing left out of it.

    Tokens that share characters (bytes of one letter) are one piece; tokens without characters,
    which the tokenizer puts around a text, have none.
    """
    found: list[Piece] = []
    done = 0
    for start, end, tokens in _standing(side):
        if start > done:
            found.append(Piece(side.text[done:start], None, None))
        value = sum(token.value for token in tokens)
        found.append(Piece(side.text[start:end], value, tokens[0].role))
        done = end
    return [*found, *([Piece(side.text[done:], None, None)] if done < len(side.text) else [])]


def _standing(side: Side) -> Iterator[tuple[int, int, list[TokenValue]]]:
    """Yields where tokens stand, those that share characters together."""
    group: list[TokenValue] = []
    start = end = 0
    for token in sorted(side.tokens, key=lambda each: (each.start, each.end)):
        if token.start == token.end:
            continue
        if group and token.start >= end:
            yield start, end, group
            group = []
        start = token.start if not group else start
        end = max(end, token.end) if group else token.end
        group.append(token)
    if group:
        yield start, end, group


def shortened(given: Sequence[Piece], around: int = AROUND) -> list[Piece]:
    """Returns pieces with only those near a swapped term; what is left out is counted."""
    near = {
        j
        for i, piece in enumerate(given)
        if piece.role is Role.TERM
        for j in range(i - 2 * around, i + 2 * around + 1)
    } or set(range(4 * around))
    found: list[Piece] = []
    left_out: list[Piece] = []
    for i, piece in enumerate(given):
        if i not in near:
            left_out.append(piece)
            continue
        found += [*_counted(left_out), piece]
        left_out = []
    return [*found, *_counted(left_out)]


def _counted(left_out: Sequence[Piece]) -> list[Piece]:
    """Returns one piece in place of many; a few are not worth the words that say so."""
    if len(left_out) <= 10:
        return list(left_out)
    tokens = sum(piece.value is not None for piece in left_out)
    return [Piece(f" … [{tokens:,} tokens left out] … ", None, None)]


def _both(token_from: str, token_to: str) -> str:
    if token_from == token_to:
        return token_to
    return f"{token_from or '(nothing)'} → {token_to or '(nothing)'}"


def _piece(piece: Piece, largest: float, unit: str) -> str:
    if piece.value is None:
        return escaped(piece.text)
    style = _look(shade(piece.value, largest), bold=piece.role is Role.TERM)
    title = f"{decimal(piece.value)} {unit}"
    return f'<span title="{escape(title)}" style="{style}">{escaped(piece.text)}</span>'


def _gap(piece: Piece, largest: float, unit: str) -> str:
    if piece.value is None:
        return escaped(piece.text)
    shown = largest and abs(piece.value) >= NUMBERED * largest
    number = decimal(piece.value) if shown else "&nbsp;"
    small = f"display:block;font-size:.75rem;line-height:1.3;color:{MUTED}"
    return (
        '<span style="display:inline-block;text-align:center;vertical-align:top;margin:0 .2em">'
        f'{_piece(piece, largest, unit)}<span style="{small}">{number}</span></span>'
    )


def _look(name: str, *, bold: bool = False) -> str:
    weight = "font-weight:600;" if bold else ""
    if not name:
        return weight
    line = f"solid {RAISES}" if name.startswith("up") else f"dashed {LOWERS}"
    return f"{weight}background:{SHADES[name]};border-bottom:{name[-1]}px {line}"
