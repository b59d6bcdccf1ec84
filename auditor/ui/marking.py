"""Texts of strangers on a page: as they stand, escaped, with the changed words marked.

Nothing of a text is ever read as Markdown or HTML. Characters that a page cannot show, such as
NUL, stand as their pictures; each line finds its own direction, right-to-left or left-to-right.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

Runs = Sequence[tuple[str, bool]]
"""A text cut into runs, each with whether the swap changed it (`report.gaps.marked_runs`)."""

AROUND = 800
"""Characters kept on each side of a change; a page with 50 kB in one card cannot be read."""
SNIPPET = 45
"""The same for a row of a list."""

STYLE = (
    "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext;line-height:1.6;"
    "max-height:24rem;overflow-y:auto"
)
MARK = (
    "background:light-dark(#fbe7b2,#54461d);color:inherit;padding:0 .1em;"
    "border-bottom:2px solid light-dark(#a8842c,#d9b75a)"
)
SMALL = (
    "white-space:pre-wrap;overflow-wrap:anywhere;font-size:.87rem;line-height:1.45;"
    "color:light-dark(#5b666e,#9aa7af)"
)
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {127: 0x2421}


def marked_html(runs: Runs) -> str:
    """Returns runs of text as HTML: every character escaped, changed runs in <mark>."""
    parts = [_marked(text) if changed else escaped(text) for text, changed in runs]
    return f'<div dir="auto" tabindex="0" style="{STYLE}">{"".join(parts)}</div>'


def shortened(runs: Runs, around: int = AROUND) -> list[tuple[str, bool]]:
    """Returns runs with only `around` characters left on each side of every change.

    What is left out is counted in its place. Changed runs stay whole, and so does a run that
    would lose no more than the words that say so.
    """
    last = len(runs) - 1
    return [
        (text if changed else _cut(text, around, first=i == 0, last=i == last), changed)
        for i, (text, changed) in enumerate(runs)
    ]


def snippet(runs: Runs) -> str:
    """Returns one line around the first change, for a list. Plain text, not HTML."""
    changed = next((i for i, run in enumerate(runs) if run[1]), 0)
    before = "".join(text for text, _ in runs[:changed])
    after = "".join(text for text, _ in runs[changed : changed + 4])[: 3 * SNIPPET]
    cut = len(before) > SNIPPET
    line = ("…" if cut else "") + before[-SNIPPET if cut else 0 :] + after
    return " ".join(plain(line).split())


def small_html(text: str) -> str:
    """Returns a note in small print as HTML, escaped."""
    return f'<div dir="auto" style="{SMALL}">{escaped(text)}</div>'


def plain(text: str) -> str:
    """Returns `text` with control characters as their pictures; tab and newline stay."""
    return text.replace("\r\n", "\n").translate(_PICTURES)


def escaped(text: str) -> str:
    """Returns a text as HTML. Line ends go as references: Streamlit strips blanks from the lines
    of an HTML body."""
    return escape(plain(text)).replace("\n", "&#10;")


def _cut(text: str, around: int, *, first: bool, last: bool) -> str:
    head, tail = (0 if first and not last else around), (0 if last else around)
    left_out = len(text) - head - tail
    if left_out <= 60:
        return text
    note = f" … [{left_out:,} characters left out] … "
    return text[:head] + note + text[len(text) - tail :]


def _marked(text: str) -> str:
    return f'<mark style="{MARK}">{escaped(text)}</mark>'
