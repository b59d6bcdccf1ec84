"""The PDF is the page: same words, tagged, the record inside. Without pango there is the rest."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest

import auditor
from auditor.commands.report import write_next
from auditor.errors import PlanError
from auditor.evidence import manifest
from auditor.evidence.files import write_json
from auditor.report import words
from auditor.report.edition import Choice
from auditor.report.html import render_html
from auditor.report.parts import Summary
from auditor.report.pdf import refusal, render_pdf
from auditor.report.render import render_json, write_one
from auditor.report.summarize import summarize
from auditor.run import Run
from tests.conftest import ROOT
from tests.report import factory
from tests.report.test_report import Page

pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*sRGB:ResourceWarning")
"""WeasyPrint leaves the file of its colour profile to the garbage collector."""
GROUPS = ("female", "black", "older")


def needs_pango() -> None:
    reason = refusal()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return summarize(factory.evidence(tmp_path_factory.mktemp("latin"), GROUPS))


@pytest.fixture(scope="module")
def html(summary: Summary) -> str:
    return render_html(summary)


@pytest.fixture(scope="module")
def printed(summary: Summary, html: str) -> bytes:
    needs_pango()
    return render_pdf(summary, html, render_json(summary))


@pytest.fixture(scope="module")
def pdf(printed: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(printed))


@pytest.fixture(scope="module")
def pages(pdf: pypdf.PdfReader) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in pdf.pages]


@pytest.fixture(scope="module")
def root(pdf: pypdf.PdfReader) -> Any:
    return pdf.root_object


def tree(node: Any) -> list[Any]:
    """Returns every element of a tree of tags."""
    node = node.get_object()
    if not isinstance(node, dict):
        return [child for each in node for child in tree(each)] if isinstance(node, list) else []
    return [node, *(tree(node["/K"]) if "/K" in node else [])]


def test_every_word_of_the_standing_is_in_the_text_layer(pages: list[str], html: str) -> None:
    """What is on the page is in the PDF: all disclaimers, what was not tested, what is missing."""
    text = re.sub(r"\W", "", "".join(pages))
    for sentence in (*words.STANDING, words.SCOPE, words.STIMULUS, words.ABSENCE):
        assert re.sub(r"\W", "", sentence) in text
    assert text.count("NOTPROVIDED") == "".join(Page(html).text).count("NOT PROVIDED")


def test_it_is_tagged_and_for_archives(root: Any) -> None:
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/OutputIntents" in root
    metadata = root["/Metadata"].get_data().decode()
    assert 'part="3"' in metadata
    assert 'conformance="U"' in metadata
    tags = {element.get("/S") for element in tree(root["/StructTreeRoot"])}
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/L"} <= tags


def test_every_figure_says_what_it_shows(root: Any, html: str) -> None:
    elements = tree(root["/StructTreeRoot"])
    told = [element["/Alt"] for element in elements if element.get("/S") == "/Figure"]
    assert told == [a["alt"] for tag, a in Page(html).tags if tag == "img"]
    assert all(len(alt) > 40 for alt in told)


def test_title_date_and_producer_are_the_editions(pdf: pypdf.PdfReader, summary: Summary) -> None:
    assert pdf.metadata is not None
    assert pdf.metadata.title == "An audit: bias audit report"
    assert pdf.metadata.creation_date is not None
    issued = summary.edition.issued_at[:19]
    assert pdf.metadata.creation_date.isoformat()[:19] == issued
    assert summary.edition.id in str(pdf.trailer["/ID"])


def test_the_record_is_attached_as_the_source(
    pdf: pypdf.PdfReader, root: Any, summary: Summary
) -> None:
    assert pdf.attachments["report.json"] == [render_json(summary).encode()]
    files = [file.get_object() for file in root["/AF"]]
    assert {(file["/UF"], file["/AFRelationship"]) for file in files} == {
        ("report.json", "/Source")
    }


def test_every_page_says_which_report_and_which_page(pages: list[str], summary: Summary) -> None:
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page
        assert f"Report {summary.edition.id} · root hash not sealed · internal working copy" in page


def test_sections_are_bookmarks(pdf: pypdf.PdfReader, html: str) -> None:
    titles = [item.title for item in flat(pdf.outline)]
    assert "Reproduction" in " ".join(titles)
    assert len(titles) > 10


def flat(outline: Any) -> list[Any]:
    return [x for item in outline for x in (flat(item) if isinstance(item, list) else [item])]


def test_only_our_own_font_is_used_and_embedded(pdf: pypdf.PdfReader) -> None:
    """So that no machine without it draws other letters, or breaks lines elsewhere."""
    resources: list[Any] = [page["/Resources"] for page in pdf.pages]
    used = {
        str(f.get_object()["/BaseFont"]): f for each in resources for f in each["/Font"].values()
    }
    assert {name[8:20] for name in used} == {"Auditor-Sans"}
    for font in used.values():
        drawn = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in drawn["/FontDescriptor"].get_object()


def test_the_same_report_is_the_same_bytes_on_every_start(
    summary: Summary, html: str, printed: bytes, tmp_path: Path
) -> None:
    """Another process, whose sets and hashes have another order."""
    files = [tmp_path / "page.html", tmp_path / "report.json"]
    for path, text in zip(files, (html, render_json(summary)), strict=True):
        path.write_text(text, encoding="utf-8", newline="\n")
    code = (
        "import sys, hashlib, pathlib; from auditor.report.parts import Summary\n"
        "from auditor.report.pdf import render_pdf\n"
        "page, record = (pathlib.Path(p).read_text('utf-8') for p in sys.argv[1:])\n"
        "pdf = render_pdf(Summary.model_validate_json(record), page, record)\n"
        "print(hashlib.sha256(pdf).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *files], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip() == hashlib.sha256(printed).hexdigest()


class NoPango(MetaPathFinder):
    """As on a machine where the package is there and the system library is not."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        if name.partition(".")[0] == "weasyprint":
            raise OSError("cannot load library 'libgobject-2.0-0': no such file\nmore lines")
        return None


@pytest.fixture
def without_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A sealed run."""
    given = factory.evidence(tmp_path / "run", GROUPS[:1])
    write_json(given.folder / "evidence" / "run.json", given.record)
    manifest.seal(given.folder / "evidence")
    return Run(given)


def test_without_pango_the_rest_is_written_and_sealed_and_the_refusal_says_how(
    run: Run, without_pango: None
) -> None:
    with pytest.raises(PlanError, match="pango is missing") as refused:
        write_next(run, ("pdf", "md"), Choice())
    for system in ("Debian", "apt install libpango", "brew install pango", "Windows", "MSYS2"):
        assert system in str(refused.value)
    assert "more lines" not in str(refused.value)
    written = {path.name for path in (run.folder / "editions" / "001").iterdir()}
    assert written == {"report.html", "report.json", "report.md", "manifest.json"}
    assert "report.html, report.md, report.json in" in str(refused.value)
    assert manifest.verify(run.folder).intact


def test_the_command_exits_with_2_only_because_a_pdf_was_asked_for(tmp_path: Path) -> None:
    rows = "sex,race,hired\n" + "f,a,0\nm,b,1\n" * 40
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    auditor.audit(
        predictions=str(tmp_path / "t.csv"), outcome="hired", protected=["sex", "race"],
        out=tmp_path / "run",
    )  # fmt: skip
    broken = "raise OSError(\"cannot load library 'libpango-1.0-0'\")"
    (tmp_path / "weasyprint.py").write_text(broken, encoding="utf-8")
    command = [sys.executable, "-m", "auditor.cli", "report", str(tmp_path / "run"), "--format"]
    done = [
        subprocess.run(
            [*command, form, "--pack", "us-nyc-ll144"], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        )
        for form in ("html", "pdf")
    ]  # fmt: skip
    assert [each.returncode for each in done] == [0, 2]
    assert "Traceback" not in done[1].stderr
    assert "apt install libpango-1.0-0" in done[1].stderr
    for edition in ("001", "002"):
        written = {path.name for path in (tmp_path / "run" / "editions" / edition).iterdir()}
        assert written == {"report.html", "report.json", "ll144.html", "manifest.json"}
    assert manifest.verify(tmp_path / "run").intact


def test_without_the_package_the_refusal_names_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(PlanError, match="pip install weasyprint"):
        write_next(run, ("pdf",), Choice())
    assert manifest.verify(run.folder).intact


def test_without_pango_nothing_else_fails(run: Run, without_pango: None, tmp_path: Path) -> None:
    assert len(write_next(run, ("html",), Choice())) == 2
    with pytest.raises(PlanError, match="no PDF can be made here"):
        write_one(run.evidence, tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


def test_an_edition_has_every_form_that_was_asked_for_and_the_record(run: Run) -> None:
    needs_pango()
    paths = write_next(run, ("pdf", "md", "csv", "pdf"), Choice())
    assert [path.name for path in paths] == [
        "report.pdf", "report.md", "findings.csv", "groups.csv", "comparisons.csv", "report.json",
    ]  # fmt: skip
    assert paths[0].read_bytes().startswith(b"%PDF-1.7")
    assert manifest.verify(run.folder).intact


def test_an_unknown_form_is_refused_before_a_folder_is_made(run: Run) -> None:
    with pytest.raises(PlanError, match="no report format docx; there are html, json, pdf"):
        write_next(run, ("html", "docx"), Choice())
    assert not (run.folder / "editions").exists()


@pytest.mark.parametrize("name", ["report.html", "report.json", "report.md", "x.pdf"])
def test_one_report_is_written_by_its_suffix(run: Run, name: str, tmp_path: Path) -> None:
    if name.endswith("pdf"):
        needs_pango()
    start = {".html": b"<!doctype", ".json": b"{", ".md": b"# An audit", ".pdf": b"%PDF"}
    path = run.report(tmp_path / name)
    assert path.read_bytes().lstrip().startswith(start[path.suffix])


@pytest.mark.parametrize("name", ["report.docx", "report", "report.csv"])
def test_another_suffix_is_refused(run: Run, name: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"ends in none of \.html, \.json, \.pdf, \.md"):
        run.report(tmp_path / name)
