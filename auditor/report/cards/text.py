"""Text of strangers in files that people read as they are."""

from __future__ import annotations

_JOINERS = frozenset("\u200c\u200d\u2068\u2069")
"""Joiners of scripts, and the isolates that keep the direction of a name to itself."""


def plain(text: str) -> str:
    """Returns a text on one line, without what is not seen: overrides of its direction, controls.

    YAML quotes the rest. What a person reads is then what a machine reads.
    """
    words = ("".join(_seen(letter) for letter in word) for word in text.split())
    return " ".join(word for word in words if word)


def _seen(letter: str) -> str:
    return letter if letter.isprintable() or letter in _JOINERS else ""
