"""`auditor circuits`, and what `auditor run` says and asks of circuits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from auditor import terminal
from auditor.evidence.reader import Evidence
from auditor.run import open_run
from tests.models.conftest import tiny, tokenizer
from tests.test_cli_explain import Done, auditor
from tests.test_pipeline import PLACES
from tests.tracing import Traces, put_in_place


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Traces:
    return put_in_place(monkeypatch)


def run_with(folder: Path, *options: object) -> Done:
    """Audits a saved model by the command."""
    tiny("bert").save_pretrained(folder / "model")
    tokenizer().save_pretrained(folder / "model")
    texts = pd.DataFrame({"t": [f"The man waited at the {place}." for place in PLACES[:12]]})
    texts.to_csv(folder / "t.csv", index=False)
    done = auditor(
        "run", "--model", folder / "model", "--data", folder / "t.csv", "--text", "t",
        "--favourable", "LABEL_1", "--attribute", "gender", "--device", "cpu", "--explain-flagged",
        "0", "--explain-sample", "0", "--explain-placebo", "0", "--out", folder / "run", *options,
    )  # fmt: skip
    assert done.returncode in (0, 1, 3), done.stderr
    return done


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that traced nothing."""
    folder = tmp_path_factory.mktemp("cli")
    with pytest.MonkeyPatch.context() as patch:
        put_in_place(patch)
        run_with(folder, "--trace-findings", "0")
    return folder / "run"


@pytest.fixture
def folder(made: Path, tmp_path: Path, traces: Traces) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "run"))


def judged(folder: Path) -> str:
    return next(f.finding_id for f in Evidence.open(folder).findings if f.verdict is not None)


def test_run_traces_as_many_as_the_option_says_and_prints_the_sentence(
    tmp_path: Path, traces: Traces
) -> None:
    done = run_with(tmp_path, "--trace-findings", "1", "--circuit-pairs", "6")
    finding = judged(tmp_path / "run")
    assert traces.findings == [finding]
    line = next(line for line in done.stdout.splitlines() if line.startswith("Circuit ("))
    assert line.startswith(f"Circuit ({finding}): 1 of 8 heads and 1 of 2 MLPs carry 84 %")
    assert f"tracing {finding}: scoring components ..." in done.stderr
    asked = Evidence.open(tmp_path / "run").plan.circuits
    assert (asked.trace_findings, asked.circuit_pairs) == (1, 6)


def test_run_says_why_nothing_was_traced(tmp_path: Path, traces: Traces) -> None:
    traces.refuse = "its layers are quantised"
    done = run_with(tmp_path)
    assert "): not tested: its layers are quantised" in done.stdout
    found = terminal.run_json(open_run(tmp_path / "run"), [])["circuits"]
    assert [each["not_tested"] for each in found] == ["its layers are quantised"]


def test_a_finding_is_traced_printed_and_written_as_an_addendum(folder: Path) -> None:
    finding = judged(folder)
    done = auditor("circuits", folder, "--finding", finding)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"finding {finding}, model"
    assert "carry 84 %" in lines[1]
    head = next(line.split() for line in lines if line.startswith("a0.h1"))
    assert head[1:4] == ["-1.000", "[-1.100,", "-0.900]"]
    assert not any(line.startswith("m0") for line in lines)
    assert any(line.startswith("Random control: 200 circuits") for line in lines)
    addendum = folder / "addenda" / f"001-circuits-{finding}"
    assert lines[-1].endswith(f"written to {addendum}")
    assert (addendum / "circuit.json").is_file()
    assert f"tracing {finding}: scoring components ..." in done.stderr
    assert auditor("verify", folder).returncode == 0


def test_verify_finds_a_changed_addendum(folder: Path) -> None:
    auditor("circuits", folder, "--finding", judged(folder), "--quiet")
    path = next(folder.glob("addenda/*/circuit.json"))
    path.write_text(path.read_text(encoding="utf-8").replace("84", "99"), encoding="utf-8")
    done = auditor("verify", folder)
    assert done.returncode == 1
    assert "circuit.json: changed since it was sealed" in done.stdout


def test_a_second_trace_prints_the_first_and_writes_nothing(folder: Path, traces: Traces) -> None:
    first, second = (
        auditor("circuits", folder, "--finding", judged(folder), "--quiet") for _ in range(2)
    )
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout.splitlines()[:-1] == second.stdout.splitlines()[:-1]
    assert "Traced already, and read from" in second.stdout.splitlines()[-1]
    assert len(traces.findings) == len(list(folder.glob("addenda/*"))) == 1


def test_again_traces_anew(folder: Path, traces: Traces) -> None:
    for options in ((), ("--again",)):
        auditor("circuits", folder, "--finding", judged(folder), "--quiet", *options)
    assert len(traces.findings) == len(list(folder.glob("addenda/*"))) == 2


def test_json_is_the_whole_record_and_says_where_it_lies(folder: Path) -> None:
    finding = judged(folder)
    for now in (True, False):
        done = auditor("circuits", folder, "--finding", finding, "--json", "--device", "cpu")
        found = json.loads(done.stdout)
        assert (found["finding_id"], found["traced_now"]) == (finding, now)
        assert found["members"] == ["a0.h1", "m1"]
        assert found["random"]["p"] == 0.005
        assert found["place"] == str(folder / "addenda" / f"001-circuits-{finding}")


def test_what_the_audit_traced_is_printed_from_the_evidence(tmp_path: Path, traces: Traces) -> None:
    run_with(tmp_path, "--trace-findings", "1")
    finding = judged(tmp_path / "run")
    done = auditor("circuits", tmp_path / "run", "--finding", finding)
    place = tmp_path / "run/evidence/circuits" / f"{finding}.json"
    assert f"read from {place}; --again traces it anew." in done.stdout
    assert len(traces.findings) == 1


def test_an_unknown_finding_exits_with_2_and_lists_those_that_there_are(folder: Path) -> None:
    done = auditor("circuits", folder, "--finding", "gendr")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"  - {judged(folder)}" in done.stderr.splitlines()
    assert "Traceback" not in done.stderr


def test_a_model_that_cannot_be_traced_exits_with_2_in_words(folder: Path, traces: Traces) -> None:
    traces.refuse = "its layers are quantised"
    done = auditor("circuits", folder, "--finding", judged(folder), "--quiet")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "auditor: its layers are quantised\n"
    assert not (folder / "addenda").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["run"], "Missing option '--finding'"), (["nowhere", "--finding", "a"], "not a run folder")],
)
def test_bad_usage_exits_with_2_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = auditor("circuits", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in " ".join(done.stderr.replace("│", " ").split())
