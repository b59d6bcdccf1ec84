"""Renders the PDF from the very page that is the HTML report, with the record attached.

WeasyPrint draws it, and needs the system library pango. Where that is missing there is a refusal
that says how to install it, and everything else of a report can still be made.
"""

from __future__ import annotations

from datetime import datetime
from types import ModuleType

from auditor.errors import PlanError
from auditor.report.parts import Summary

VARIANT = "pdf/a-3u"
"""For archives: fonts and colours inside, every letter as Unicode, attachments allowed."""
_INSTALL = (
    "Debian, Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "macOS: brew install pango",
    "Windows: install MSYS2 from msys2.org, run in its shell: pacman -S mingw-w64-x86_64-pango, "
    r"and set WEASYPRINT_DLL_DIRECTORIES=C:\msys64\mingw64\bin",
)


def refusal() -> str | None:
    """Returns why no PDF can be made on this machine, and what to install; None: it can be."""
    try:
        _engine()
    except PlanError as error:
        return str(error)
    return None


def render_pdf(summary: Summary, html: str, record: str) -> bytes:
    """Returns the page as a tagged PDF/A-3 for printing and archives; same inputs, same bytes.

    Args:
        html: `html.render_html` of the summary.
        record: report.json of the summary, which is attached.

    Raises:
        PlanError: WeasyPrint or its system library is missing.
    """
    engine = _engine()
    issued = datetime.fromisoformat(summary.edition.issued_at)
    attachment = engine.Attachment(
        string=record.encode(),
        name="report.json",
        description="The record that this report is drawn from",
        created=issued,
        modified=issued,
        relationship="Source",
    )
    page = engine.HTML(string=html, url_fetcher=_nothing_from_elsewhere(engine))
    pdf: bytes = page.write_pdf(
        attachments=[attachment],
        pdf_variant=VARIANT,
        pdf_tags=True,
        pdf_identifier=summary.edition.id.encode(),
    )
    return pdf


def _engine() -> ModuleType:
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        raise PlanError(_missing(error)) from error
    engine: ModuleType = weasyprint
    return engine


def _missing(error: ImportError | OSError) -> str:
    """A missing package and a missing library are mended in different ways."""
    if isinstance(error, ImportError):
        return f"no PDF can be made here: {error}. Install it: pip install weasyprint"
    first = str(error).splitlines()[0]
    return "\n".join(
        [
            f"no PDF can be made here, since the system library pango is missing ({first}).",
            *(f"  {line}" for line in _INSTALL),
        ]
    )


def _nothing_from_elsewhere(engine: ModuleType) -> object:
    """The page holds all that it shows; an address in a stranger's text is never followed."""
    return engine.urls.URLFetcher(allowed_protocols={"data"})
