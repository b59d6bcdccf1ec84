"""Renders a summary as GitHub-flavoured Markdown, for a job's summary page or a pull request.

Everything that is printed is escaped as it goes into the template: names of groups and texts of
strangers show as the letters they are, and notify nobody.
"""

from __future__ import annotations

import re
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from auditor.report import measures, numbers, sentences, words
from auditor.report.parts import FindingRow, Summary
from auditor.report.templates import environment, render

MOST_FINDINGS = 200
"""Rows of the table; a page that is longer is refused by those who show it. The rest are counted,
and stand in report.json."""
_MARKUP = re.compile(r"([\\`*_{}\[\]#|~$])")
_OF_A_LINE = re.compile(r"^([-+=]+|\d+(?=[.)]))(?=[.)]?(\s|$))")
"""What makes a list, a rule or a heading at the start of a line."""
_AWAKE = re.compile(r"(?<=[@#:])(?=[\w/])|(?<=www)(?=\.)|(?<=GH)(?=-\d)", re.IGNORECASE)
"""Where a site would make a mention, a reference or a link of plain text, escaped or not."""
_NO_SPACE = "\u200b"


def render_markdown(summary: Summary) -> str:
    """Returns verdict, findings, what was not tested and what is missing, with the standing words
    of the report."""
    return render(_pages, "report.md.j2", s=summary, most=MOST_FINDINGS, short=_SHORT)


def _pages() -> Environment:
    pages = environment(finalize=_finalize, keep_trailing_newline=True)
    pages.globals.update(words=words, measures=measures, sentences=sentences, number=_number)
    pages.filters.update(shown=words.isolated, as_given="{:g}".format, count="{:,}".format)
    return pages


_SHORT = 12
"""Digits of a hash that tell it apart."""


def escaped(text: str) -> str:
    """Returns one line of Markdown that shows `text` as it is, in a sentence and in a cell alike.

    A backslash does not keep a site from notifying `@name` or linking `#1`: a space of no width
    does.
    """
    line = " ".join(text.split())
    line = "".join(letter for letter in line if letter.isprintable() or letter in _DIRECTIONS)
    line = _MARKUP.sub(r"\\\1", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _OF_A_LINE.sub(lambda found: _at_start(found[0]), line)
    return _AWAKE.sub(_NO_SPACE, line)


_DIRECTIONS = frozenset("\u2066\u2067\u2068\u2069\u200b\u200c\u200d\u200e\u200f")
"""Isolates and marks that keep the writing direction of a name to itself, and joiners of scripts.
Overrides are left out."""


def _at_start(marker: str) -> str:
    return f"{marker}\\" if marker.isdigit() else f"\\{marker}"


def _finalize(value: Any) -> Any:
    """What an expression of the template becomes: escaped, unless a macro has done so."""
    return value if isinstance(value, Markup) else Markup(escaped(str(value)))  # noqa: S704


def _number(finding: FindingRow) -> str:
    """Returns a finding's estimate with its interval, and its unit."""
    mark = finding.criterion.delta if finding.criterion else None
    signed = measures.is_signed(finding.metric)
    shown = numbers.number(finding.estimate, signed=signed, mark=mark)
    return f"{shown} {measures.unit_words(finding.estimate.unit)}".rstrip()
