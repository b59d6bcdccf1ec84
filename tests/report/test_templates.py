"""A template that does not fit is said in words, and leaves nothing behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import auditor
from auditor.commands.report import write_next
from auditor.content import content_path
from auditor.errors import RunError
from auditor.report import html, templates
from auditor.report.edition import Choice
from auditor.run import Run
from tests.report.outcomes import outcomes

DAMAGE = {
    "sections/cover.html.j2": ("{{ s.no_such_key }}", r"sections/cover\.html\.j2, line 1"),
    "macros.html.j2": ("{% macro", r"macros\.html\.j2"),
    "report.md.j2": ("{{ nothing }}", r"report\.md\.j2, line 1"),
    "cards/model_card.md.j2": ("{{ s.no_such_key }}", r"model_card\.md\.j2, line 1"),
}
"""A template -> what stands in its place, and what the refusal names."""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of all templates, which the report is made from."""
    copy = Path(shutil.copytree(content_path("reports", "templates"), tmp_path / "templates"))
    monkeypatch.setattr(templates, "content_path", lambda *parts: copy.joinpath(*parts[2:]))
    html.pages.cache_clear()
    yield copy
    html.pages.cache_clear()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(outcomes(tmp_path_factory.mktemp("run"), {"a": (30, 60), "b": (30, 60)}))


@pytest.mark.parametrize("name", DAMAGE)
def test_a_template_that_does_not_fit_is_named(own: Path, run: Run, name: str) -> None:
    damage, named = DAMAGE[name]
    (own / name).write_text(damage, encoding="utf-8")
    with pytest.raises(RunError, match=f"{named}.* cannot be used: .*reinstall"):
        write_next(run, ("html", "md", "cards"), Choice())
    assert [*(run.folder / "editions").glob("*")] == []


def test_a_template_that_is_gone_is_named(own: Path, run: Run) -> None:
    (own / "sections" / "plan.html.j2").unlink()
    with pytest.raises(RunError, match=r"sections/plan\.html\.j2"):
        write_next(run, ("html",), Choice())


def test_changed_evidence_is_not_reported(tmp_path: Path) -> None:
    """Its numbers would stand under the root hash, and the signature, of others."""
    folder = outcomes(tmp_path, {"a": (30, 60), "b": (30, 60)}).folder
    changed = folder / "evidence" / "findings.json"
    changed.write_text(changed.read_text("utf-8").replace("60", "61"), encoding="utf-8")
    run = auditor.open_run(folder)
    with pytest.raises(RunError, match=r"evidence/findings\.json.*nothing is reported"):
        write_next(run, ("json",), Choice())
    with pytest.raises(RunError, match="nothing is reported"):
        run.report(tmp_path / "r.json")
    assert [*(folder / "editions").glob("*")] == []
