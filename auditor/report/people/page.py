"""The page to be posted under Local Law 144: the numbers of the annex, by themselves."""

from __future__ import annotations

from auditor.report.html import pages
from auditor.report.parts import Summary
from auditor.report.templates import render

FILE = "ll144.html"


def render_ll144(summary: Summary) -> str:
    """Returns the page. Needs `posts(summary)`."""
    return render(pages, "ll144.html.j2", s=summary)


def posts(summary: Summary) -> bool:
    """Whether an edition has the page: its pack was chosen, and does not refuse this run."""
    part = summary.people.ll144
    return part is not None and part.refused is None
