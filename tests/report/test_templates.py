"""A template that does not fit is said in words, and leaves nothing behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

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
