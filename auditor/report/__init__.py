"""The report: summarised once to plain data, then rendered to JSON and HTML."""

from auditor.report.parts import Summary
from auditor.report.render import render_html, write_one, write_report
from auditor.report.summarize import summarize

__all__ = ["Summary", "render_html", "summarize", "write_one", "write_report"]
