"""`auditor explain`, and what `auditor run` says and asks of explanations."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest
from rich.console import Console

from auditor import terminal
from auditor.cli import main
from auditor.evidence.reader import Evidence
from auditor.explanation import explained_pairs
from auditor.pipeline import Step
from auditor.run import open_run
from tests.models.conftest import tiny, tokenizer
from tests.test_explanation import texts


class Done(NamedTuple):
    """What a command printed, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def auditor(*arguments: object) -> Done:
    """Runs the command in this process, which has loaded torch already."""
    out, err = StringIO(), StringIO()
    with (
        patch("sys.argv", ["auditor", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run made by the command, three of twenty pairs explained, beside what it printed."""
    folder = tmp_path_factory.mktemp("cli")
    tiny("bert").save_pretrained(folder / "model")
    tokenizer().save_pretrained(folder / "model")
    texts().to_csv(folder / "t.csv", index=False)
    done = auditor(
        "run", "--model", folder / "model", "--data", folder / "t.csv", "--text", "t",
        "--favourable", "LABEL_1", "--attribute", "gender", "--device", "cpu", "--explain-flagged",
        "0", "--explain-sample", "3", "--explain-placebo", "0", "--out", folder / "run",
    )  # fmt: skip
    assert done.returncode in (0, 1, 3), done.stderr
    (folder / "stdout").write_text(done.stdout, encoding="utf-8")
    (folder / "stderr").write_text(done.stderr, encoding="utf-8")
    return folder


def an_id(folder: Path, *, explained: bool) -> str:
    run = Evidence.open(folder / "run")
    known = explained_pairs(run)
    ids: list[str] = sorted(run.pairs()["pair_id"])
    return next(i for i in ids if (i in known) == explained)


def test_run_says_how_many_pairs_it_explained(folder: Path) -> None:
    said = (folder / "stdout").read_text(encoding="utf-8")
    line = next(line for line in said.splitlines() if line.startswith("Explained: "))
    assert line.startswith("Explained: 3 pairs by token (")
    assert line.endswith("3 of 20 others)")


def test_run_tells_that_it_explains(folder: Path) -> None:
    assert "explaining pairs ..." in (folder / "stderr").read_text(encoding="utf-8")


def test_the_options_are_those_of_the_plan(folder: Path) -> None:
    asked = Evidence.open(folder / "run").plan.attributions
    assert (asked.explain_flagged, asked.explain_sample, asked.explain_placebo) == (0, 3, 0)


def test_a_stored_pair_is_shown_with_both_sides_and_the_sum(folder: Path) -> None:
    done = auditor("explain", folder / "run", "--pair", an_id(folder, explained=True))
    assert done.returncode == 0, done.stderr
    assert "The [man] waited at" in done.stdout
    assert "The [woman] waited at" in done.stdout
    lines = done.stdout.splitlines()
    term = next(line.split() for line in lines if line.startswith("term"))
    assert term[1:3] == ["man", "woman"]
    assert any("= output" in line for line in lines)
    assert "Part of the run's evidence" in lines[-1]


def test_another_pair_is_explained_now_and_said_to_be_no_evidence(folder: Path) -> None:
    done = auditor("explain", folder / "run", "--pair", an_id(folder, explained=False), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["in_evidence"]) == (0, False)
    gap = found["total"]["to"] - found["total"]["from"]
    parts = [each["gap"] for each in found["tokens"]]
    base = found["base"]["to"] - found["base"]["from"]
    assert sum(parts) + base == pytest.approx(gap, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--pair", "zzz"], "ids stand on the pairs page"),
        (["run", "--pair", "a", "--method", "lime"], "there is no method 'lime'"),
        (["run"], "Missing option '--pair'"),
        (["nowhere", "--pair", "a"], "not a run folder"),
    ],
)
def test_bad_usage_exits_with_2_in_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(folder)
    done = auditor("explain", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_methods_are_listed_with_their_meaning() -> None:
    rows = json.loads(auditor("list", "methods", "--json").stdout)
    assert rows[0]["method"] == "owen"
    assert rows[0]["name"] == "SHAP (Owen values)"
    assert all(row["meaning"].endswith(".") for row in rows)


def test_json_of_a_run_counts_what_was_explained(folder: Path) -> None:
    found = terminal.run_json(open_run(folder / "run"), [])["explained"]
    assert found["not_explained"] is None
    assert {"attribute": "gender", "chosen": "sample", "explained": 3, "of": 20} in found["counts"]


def test_on_a_terminal_the_bar_says_how_many_pairs_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = StringIO()
    console = Console(file=shown, force_terminal=True, width=100)
    monkeypatch.setattr(terminal, "stderr", console)
    with terminal.progress(quiet=False) as tell:
        tell(Step(Path(), "explaining pairs", 64, 1_638, "pairs"))
    assert "64 of 1,638 pairs" in shown.getvalue()
