"""The page can be read by everyone: axe-core finds nothing in a browser, and needs no network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import auditor
from auditor.report.html import render_html
from auditor.report.people.page import render_ll144
from auditor.report.summarize import summarize
from tests.report import circuit_factory, employment, explained, factory
from tests.report.test_report import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: axe cannot run")
    pytest.importorskip("axe_playwright_python", reason="no axe-playwright-python: axe cannot run")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on PATH: axe cannot run")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


def outcomes(folder: Path) -> str:
    """Returns the report of rows of people alone, with scores and labels."""
    table = folder / "t.csv"
    folder.mkdir()
    rows = [f"{'fm'[i % 2]},{'abc'[i % 3]},{i % 5 > 1:d},{i % 4 > 1:d}" for i in range(240)]
    table.write_text("sex,race,hired,deserves\n" + "\n".join(rows) + "\n", encoding="utf-8")
    run = auditor.audit(
        predictions=str(table), outcome="hired", label="deserves", protected=["sex", "race"],
        out=folder / "run",
    )  # fmt: skip
    return render_html(summarize(run.evidence))


def strange(folder: Path) -> str:
    return render_html(summarize(factory.evidence(folder)))


def attributed(folder: Path) -> str:
    return render_html(summarize(explained.evidence(folder)))


def traced(folder: Path) -> str:
    return render_html(summarize(circuit_factory.evidence(folder)))


def posted(folder: Path) -> str:
    """Returns the page of Local Law 144."""
    folder.mkdir()
    cells = {(a, b): (12, 30) for a in "fm" for b in ("w", "b", "")}
    evidence = employment.audited(folder, cells)
    return render_ll144(employment.summary(evidence, employment.LL144))


def annexed(folder: Path) -> str:
    """Returns a public report with the annexes of employment law."""
    folder.mkdir()
    cells = {("f", "w"): (12, 30), ("m", "w"): (20, 30), ("m", "b"): (2, 7)}
    packs = (employment.LL144, employment.UGESP)
    return render_html(employment.summary(employment.audited(folder, cells), *packs, public=True))


REPORTS = {
    "strange": strange, "people": outcomes, "attributed": attributed, "traced": traced,
    "posted": posted, "annexed": annexed,
}  # fmt: skip


@pytest.fixture(scope="module", params=REPORTS)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report as a file."""
    folder = tmp_path_factory.mktemp(request.param)
    path = folder / "report.html"
    path.write_text(REPORTS[request.param](folder / "run"), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [1100, pytest.param(360, marks=pytest.mark.slow)])
def test_axe_finds_nothing(browser: Any, page: Path, width: int) -> None:
    assert violations(browser, page, width) == []


def violations(browser: Any, path: Path, width: int) -> list[str]:
    """Returns a line for each element that breaks a rule."""
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}})
    page.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    return [
        f"{each['id']}: {node['html'][:120]}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


def test_axe_can_find_something(browser: Any, tmp_path: Path) -> None:
    """The test above can fail: too pale a word, an image without words, a page without language."""
    path = tmp_path / "bad.html"
    html = '<html><title>t</title><body><p style="color:#aaa">pale</p><img src="data:,"></body>'
    path.write_text(html, encoding="utf-8")
    ids = {line.partition(":")[0] for line in violations(browser, path, 1100)}
    assert {"color-contrast", "image-alt", "html-has-lang"} <= ids


def test_pictures_have_words_columns_have_heads_and_headings_are_in_order(page: Path) -> None:
    tags = Page(page.read_text("utf-8")).tags
    assert all(len(a["alt"] or "") > 40 for tag, a in tags if tag == "img")
    scopes = {"col", "row", "colgroup", "rowgroup"}
    assert all(a.get("scope") in scopes for tag, a in tags if tag == "th")
    levels = [int(tag[1]) for tag, _ in tags if tag in {"h1", "h2", "h3", "h4", "h5"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_the_contents_go_to_every_section(page: Path) -> None:
    tags = Page(page.read_text("utf-8")).tags
    ids = [a["id"] for tag, a in tags if a.get("id")]
    goals = [str(a["href"])[1:] for tag, a in tags if tag == "a"]
    assert len(ids) == len(set(ids))
    assert set(goals) <= set(ids)
    assert set(goals) >= {a["id"] for tag, a in tags if tag == "h2" and a.get("id")} - {"contents"}
