"""Renders a summary in every form and writes them: JSON is the record, the rest show it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from auditor.errors import PlanError
from auditor.evidence.files import whole_file
from auditor.evidence.reader import Evidence
from auditor.evidence.verification import refuse_changed_evidence
from auditor.report.cards import render_cards
from auditor.report.csv_tables import render_csv
from auditor.report.edition import Choice, Edition
from auditor.report.html import render_html
from auditor.report.markdown import render_markdown
from auditor.report.parts import Summary
from auditor.report.pdf import render_pdf
from auditor.report.people.page import FILE, posts, render_ll144
from auditor.report.summarize import summarize


def write_report(
    evidence: Evidence, folder: Path, formats: Sequence[str] = ("html",), *, choice: Choice
) -> list[Path]:
    """Writes an edition into `folder`, RUN/editions/NNN, and returns the paths of its files.

    Every form is made before the first file is written. report.json is always among them: it is
    the record, without which the others could not be checked.

    Raises:
        PlanError: a form that there is not, or one that cannot be made on this machine.
        RunError: the evidence was changed since it was sealed.
    """
    wanted = check_formats(formats)
    _refuse_changed(evidence)
    drawn = Renderings(summarize(evidence, Edition.at(folder, choice)))
    made = {name: content for form in wanted for name, content in FORMS[form](drawn).items()}
    return [_write(folder / name, content) for name, content in made.items()]


def write_one(evidence: Evidence, path: Path) -> Path:
    """Writes one report; the suffix of `path` says which form.

    Raises:
        PlanError: a suffix of none of the forms that are one file.
        RunError: the evidence was changed since it was sealed.
    """
    form = path.suffix.lstrip(".")
    if form not in SINGLE:
        raise PlanError(f"{path} ends in none of .{', .'.join(SINGLE)}; name one of these")
    _refuse_changed(evidence)
    drawn = Renderings(summarize(evidence))
    return _write(path, FORMS[form](drawn)[f"report.{form}"])


def _refuse_changed(evidence: Evidence) -> None:
    """A report of changed numbers must not carry the root hash, or the signature, of others."""
    if evidence.root_hash is not None:
        refuse_changed_evidence(evidence.folder)


def check_formats(formats: Sequence[str]) -> list[str]:
    """Returns each form once, the record among them.

    Raises:
        PlanError: there is none of that name.
    """
    unknown = [name for name in formats if name not in FORMS]
    if unknown:
        raise PlanError(f"no report format {', '.join(unknown)}; there are {', '.join(FORMS)}")
    return list(dict.fromkeys([*formats, "json"]))


def render_json(summary: Summary) -> str:
    """Returns the summary as JSON: the record that every other rendering is drawn from."""
    values = summary.model_dump(mode="json")
    return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


class Renderings:
    """A summary in its forms, those that others need made once."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary

    @cached_property
    def record(self) -> str:
        """What report.json holds."""
        return render_json(self.summary)

    @cached_property
    def page(self) -> str:
        """What report.html holds, and the PDF is made of."""
        return render_html(self.summary)


Files = Mapping[str, str | bytes]
"""Name of a file -> what it holds."""


def _pages(drawn: Renderings) -> Files:
    posted = {FILE: render_ll144(drawn.summary)} if posts(drawn.summary) else {}
    return {"report.html": drawn.page, **posted}


def _pdf(drawn: Renderings) -> Files:
    return {"report.pdf": render_pdf(drawn.summary, drawn.page, drawn.record)}


def _tables(drawn: Renderings) -> Files:
    return {name: "\ufeff" + text for name, text in render_csv(drawn.summary).items()}


FORMS: dict[str, Callable[[Renderings], Files]] = {
    "html": _pages,
    "json": lambda drawn: {"report.json": drawn.record},
    "pdf": _pdf,
    "md": lambda drawn: {"report.md": render_markdown(drawn.summary)},
    "csv": _tables,
    "cards": lambda drawn: render_cards(drawn.summary),
}
"""Form -> the files that it is."""
SINGLE = ("html", "json", "pdf", "md")
"""Forms that are one file, and a suffix."""


def _write(path: Path, content: str | bytes) -> Path:
    with whole_file(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
