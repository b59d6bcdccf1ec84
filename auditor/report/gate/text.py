"""Names of strangers as text that every reader of a file accepts."""

from __future__ import annotations

import re

_UNWRITABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not hold, and control characters that it does but terminals obey."""
_DIRECTIONS = re.compile("[\u202a-\u202e]")
"""Embeddings and overrides of direction: they would turn the words around a name as well."""


def writable(text: str) -> str:
    """Returns `text` with each character that no XML file can hold written out, as in `\\x00`.

    Written out and not dropped, so that two names which differ stay two names.
    """
    return _DIRECTIONS.sub(_written_out, _UNWRITABLE.sub(_written_out, text))


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
