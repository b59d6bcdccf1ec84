"""Texts of strangers on a page: escaped, with the changed words marked."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

LONGEST = 4_000
"""Characters shown of one text; a page with 50 kB in one cell cannot be read."""

STYLE = "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6"
MARK = "background:#fbe7b2;color:#1d2328;border-bottom:2px solid #a8842c;padding:0 .1em"


def marked_html(runs: Sequence[tuple[str, bool]]) -> str:
    """Returns runs of text as HTML: every character escaped, changed runs in <mark>.

    NUL is shown as its picture, since HTML has no way to write it.
    """
    left, parts = LONGEST, []
    for text, changed in runs:
        shown = escape(text[:left].replace("\0", "\u2400"))
        parts.append(f'<mark style="{MARK}">{shown}</mark>' if changed else shown)
        left -= len(text)
        if left <= 0:
            parts.append(" … (cut off here)")
            break
    return f'<div dir="auto" style="{STYLE}">{"".join(parts)}</div>'
