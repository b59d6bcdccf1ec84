"""Both scores of a pair on one scale, with the cut-off in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

INK = "light-dark(#1d2328,#e3e9ec)"
MUTED = "light-dark(#5b666e,#9aa7af)"
LINE = "light-dark(#c3ccd1,#4a5760)"
ACCENT = "light-dark(#2b5c8a,#7fb2dd)"


@dataclass(frozen=True, slots=True)
class Point:
    """One side of a pair on the scale."""

    name: str
    score: float
    mark: str
    """A shape, so that the sides are told apart without colour."""


def scale_html(
    original: Point, swapped: Point, *, ends: tuple[float, float], cutoff: float | None
) -> str:
    """Returns the scale as HTML; names are escaped. `ends`: the scores at its left and right."""
    at = [_percent(score, ends) for score in (original.score, swapped.score)]
    words = ", ".join(f"{point.name} {point.score:.3f}" for point in (original, swapped))
    parts = [
        _line(0, 100, LINE, 2),
        _line(min(at), max(at), ACCENT, 4),
        *([] if cutoff is None else [_threshold(cutoff, _percent(cutoff, ends))]),
        _label(original, at[0], "top:0"),
        _label(swapped, at[1], "bottom:0"),
    ]
    track = f'<div style="position:relative;flex:1;height:5.2rem">{"".join(parts)}</div>'
    low, high = (f'<span style="color:{MUTED}">{end:g}</span>' for end in ends)
    return (
        f'<div role="img" aria-label="{escape(words)}" style="display:flex;align-items:center;'
        f'gap:.75rem;font-variant-numeric:tabular-nums">{low}{track}{high}</div>'
    )


def ends_of(scores: Sequence[float], unit: str) -> tuple[float, float]:
    """Returns the ends of the scale: 0 and 1 for a probability, else what the values span."""
    if unit == "probability":
        return 0.0, 1.0
    low, high = min(0.0, *scores), max(0.0, *scores)
    return (low, high) if high > low else (low, low + 1.0)


def _percent(score: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return min(100.0, max(0.0, 100 * (score - low) / (high - low)))


def _line(left: float, right: float, colour: str, height: int) -> str:
    return (
        f'<div style="position:absolute;left:{left:.2f}%;width:{right - left:.2f}%;'
        f"top:calc(50% - {height / 2}px);height:{height}px;background:{colour}"
        '"></div>'
    )


def _threshold(cutoff: float, at: float) -> str:
    return (
        f'<div title="cut-off {cutoff:g}" style="position:absolute;left:{at:.2f}%;top:25%;'
        f'height:50%;border-left:2px dashed {MUTED}"></div>'
    )


def _label(point: Point, at: float, edge: str) -> str:
    """The mark stands on the line; the words above or below it stay within the scale."""
    words = f"{escape(point.name)} <b>{point.score:.3f}</b>"
    return (
        f'<span style="position:absolute;left:{at:.2f}%;top:50%;transform:translate(-50%,-50%);'
        f'color:{ACCENT};font-size:1.1rem;line-height:1">{point.mark}</span>'
        f'<span style="position:absolute;left:{at:.2f}%;{edge};transform:translateX(-{at:.2f}%);'
        f'white-space:nowrap;color:{INK}">{words}</span>'
    )
