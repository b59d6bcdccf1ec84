"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_pipeline import PLACES

Result = subprocess.CompletedProcess[str]


def auditor(*arguments: object, cwd: Path | None = None) -> Result:
    """Runs the command in a process of its own, as a user would."""
    command = [sys.executable, "-m", "auditor.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=cwd, check=False, timeout=300
    )


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """Pairs scored elsewhere: women .3 lower, 62 clusters."""
    rows = [
        {
            "text": f"The man waited at the {place}.",
            "counterfactual": f"The woman waited at the {place}.",
            "attribute": "gender",
            "group_from": "male",
            "group_to": "female",
            "group_a": "male",
            "group_b": "female",
            "cluster": place,
            "score_from": 0.7,
            "score_to": 0.4,
        }
        for place in PLACES
    ]
    path = tmp_path / "scored.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def pairs_plan(tmp_path: Path, scored: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(f'[data]\npairs = "{scored.name}"\n[scoring]\ncutoff = 0.5\n')
    return path


def test_a_criterion_that_is_not_met_exits_with_1(pairs_plan: Path, tmp_path: Path) -> None:
    done = auditor("run", pairs_plan, "--out", tmp_path / "run", "--json", "--quiet")
    answer = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert answer["verdict"] == "does not meet criterion"
    assert done.stderr == ""
    assert all(Path(path).is_file() for path in answer["reports"])


def test_a_run_without_a_verdict_exits_with_3(scored: Path, tmp_path: Path) -> None:
    """Without a cut-off nothing is selected, so the governing metric is not measured."""
    done = auditor("run", "--pairs", scored, "--out", tmp_path / "run", "--quiet")
    assert done.returncode == 3, done.stderr
    assert "not tested" in done.stdout


def test_verify_tells_intact_from_broken(pairs_plan: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    auditor("run", pairs_plan, "--out", run, "--quiet")
    intact = auditor("verify", run)
    findings = run / "evidence" / "findings.json"
    findings.write_text(findings.read_text(encoding="utf-8").replace("7", "8"), encoding="utf-8")
    broken = auditor("verify", run)
    assert (intact.returncode, broken.returncode) == (0, 1)
    assert "unsigned" in intact.stdout
    assert "evidence/findings.json: changed" in broken.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "no.toml"], "no plan at no.toml"),
        (["run"], "no data is named"),
        (["run", "--model", "m"], "no data is named"),
        (["run", "--pairs", "no.jsonl"], "no file at no.jsonl"),
        (["run", "--data", "no.csv", "--model", "m", "--text", "t"], "no.csv"),
        (["run", "--resume", "nowhere"], "nowhere"),
        (["run", "a.toml", "--seed", "1"], "a plan file already says what to audit"),
        (["run", "--predictions", "p.csv"], "outcome"),
        (["run", "--limit", "0", "--pairs", "p"], "limit"),
        (["verify", "nowhere"], "not a run folder"),
        (["report", "nowhere"], "not a run folder"),
        (["check", "no.toml"], "no plan at no.toml"),
        (["swap"], "give a text or a file"),
        (["swap", "He left.", "--attribute", "hair"], "hair"),
        (["swap", "He left.", "--to", "martian"], "martian"),
        (["list", "planets"], "planets"),
    ],
)
def test_bad_usage_exits_with_2_in_words(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = auditor(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_swap_writes_one_object_per_line_with_the_promised_keys() -> None:
    done = auditor("swap", "She left.", "--attribute", "gender", "--json")
    row = json.loads(done.stdout)
    assert row["counterfactual"] == "He left."
    assert {
        "text", "counterfactual", "attribute", "group_from", "group_to", "terms", "spans_from",
        "spans_to", "validity", "reason", "arm",
    } <= row.keys()  # fmt: skip


def test_swap_marks_the_change_where_there_is_no_colour() -> None:
    assert "[He] left." in auditor("swap", "She left.", "--attribute", "gender").stdout


def test_swap_without_a_mention_says_so_and_exits_with_0() -> None:
    done = auditor("swap", "It rained.", "--attribute", "gender", "--json")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no mention" in done.stderr


def test_swapped_pairs_scored_elsewhere_come_back(tmp_path: Path) -> None:
    """The round trip of `swap --file > pairs.jsonl`, own scores, `run --pairs`."""
    table = tmp_path / "t.csv"
    table.write_text("t\n" + "\n".join(f"The man waited at the {p}." for p in PLACES))
    made = auditor("swap", "--file", table, "--text", "t", "--attribute", "gender").stdout
    rows = [{**json.loads(line), "score_from": 0.7, "score_to": 0.7} for line in made.splitlines()]
    (tmp_path / "scored.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "plan.toml").write_text('[data]\npairs="scored.jsonl"\n[scoring]\ncutoff=0.5\n')
    done = auditor("run", tmp_path / "plan.toml", "--out", tmp_path / "run", "--quiet", "--json")
    assert json.loads(done.stdout)["verdict"] == "meets criterion"
    assert done.returncode == 0


def test_init_prints_a_plan_that_can_be_read_back(tmp_path: Path) -> None:
    from auditor.plan_file import read_plan

    done = auditor("init", "--model", "m", "--data", "d.csv", "--text", "t", "--favourable", "ok")
    (tmp_path / "plan.toml").write_text(done.stdout, encoding="utf-8")
    plan = read_plan(tmp_path / "plan.toml")
    assert plan.data.text == ("t",)
    assert plan.scoring.favourable == ("ok",)
    assert [m.id for m in plan.models] == ["m"]


@pytest.mark.parametrize("what", ["attributes", "templates", "metrics", "methods", "models"])
def test_list_shows_what_there_is(what: str) -> None:
    rows = json.loads(auditor("list", what, "--json").stdout)
    assert len(rows) >= 1
    assert all(len(row) >= 2 for row in rows)


def test_swap_in_another_language() -> None:
    done = auditor("swap", "El profesor llegó.", "--attribute", "gender", "--language", "es")
    assert "[La profesora] llegó." in done.stdout


def test_swap_to_neutral_only_when_asked() -> None:
    assert "[They] [were] late." in auditor("swap", "He was late.", "--to", "neutral").stdout
    assert "They" not in auditor("swap", "He was late.").stdout


def test_swap_writes_the_arms_that_are_asked_for() -> None:
    made = auditor(
        "swap", "A blind man", "--attribute", "disability", "--arm", "unmentioned", "--json"
    )
    assert {json.loads(line)["arm"] for line in made.stdout.splitlines()} == {"swap", "unmentioned"}


def test_a_table_is_swapped_alike_by_any_number_of_processes(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("t\n" + "\n".join(f"The man waited at place {i}." for i in range(2_500)))
    one, two = (
        auditor("swap", "--file", table, "--text", "t", "--jobs", jobs).stdout for jobs in "12"
    )
    assert one == two
    assert len(one.splitlines()) == 2_500
