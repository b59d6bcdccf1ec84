"""What the README offers for CI can be pasted: its commands exist, and so do their options."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

import pytest
from typer.testing import CliRunner

from auditor.cli import app
from tests.conftest import ROOT

TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def commands() -> list[list[str]]:
    """Returns every command of the auditor in the README's YAML, as words."""
    scripts = "\n".join(BLOCKS).replace("\\\n", " ")
    found = re.findall(r"^[\s-]*(?:run: )?(auditor (?:run|gate|report|verify|compare) .*)$",
                       scripts, re.MULTILINE)  # fmt: skip
    return [shlex.split(line.split(" || ")[0])[1:] for line in found]


def test_the_readme_has_snippets_for_both() -> None:
    assert any("runs-on:" in block for block in BLOCKS), "GitHub Actions"
    assert any("artifacts:" in block for block in BLOCKS), "GitLab CI"
    assert {words[0] for words in commands()} >= {"run", "gate"}


@pytest.mark.parametrize("block", BLOCKS)
def test_snippets_are_yaml(block: str) -> None:
    assert pytest.importorskip("yaml").safe_load(block)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_of_the_snippets_are_understood(words: list[str]) -> None:
    """Options are read before --help answers, which keeps the command from being run."""
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0, done.output


def test_a_misspelt_option_would_be_seen() -> None:
    done = CliRunner().invoke(app, ["gate", "run", "--junitt", "x", "--help"])
    assert done.exit_code == 2


def test_what_is_read_by_ci_is_what_is_written() -> None:
    """A report that CI collects under another name than the gate writes would never show."""
    gates = [words for words in commands() if words[0] == "gate"]
    options = {"--junit", "--sarif"}
    written = {word for each in gates for option, word in pairwise(each) if option in options}
    assert len(written) >= 2
    text = "\n".join(BLOCKS)
    assert {name for name in written if text.count(name) < 2} == set()
