"""`auditor sign` and `auditor verify`: words, JSON and exit codes of every state."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("securesystemslib", reason="the extra `sign` is not installed")

from auditor.cli import app
from auditor.errors import PlanError, RunError
from tests.evidence.signed import add_edition, sealed_run, write_keys


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    sealed_run(folder / "run")
    write_keys(folder)
    write_keys(folder, "second")
    write_keys(folder, "locked", b"open sesame")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "made"))


@pytest.fixture
def run(folder: Path) -> Path:
    return folder / "run"


def auditor(*arguments: object) -> tuple[int, str]:
    """Returns exit code and output; an error that is said in words is raised."""
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def states(run: Path, *options: object) -> dict[str, Any]:
    """Returns what `verify --json` says, with the exit codes without and with the demand."""
    code, output = auditor("verify", run, "--json", *options)
    demanded, _ = auditor("verify", run, "--require-signature", *options)
    answer = json.loads(output)
    return {"codes": (code, demanded), **answer}


def break_page(run: Path) -> None:
    (run / "editions/001/report.html").write_text("other")


def test_unsigned_is_0_and_where_a_signature_is_asked_for_3(run: Path, folder: Path) -> None:
    found = states(run)
    assert (found["codes"], found["signature"], found["intact"]) == ((0, 3), "unsigned", True)
    # A key that is given asks for its signature: whoever takes one off is found out.
    assert states(run, "--key", folder / "key.pub.pem")["codes"] == (3, 3)
    assert "intact: " in auditor("verify", run)[1]
    assert "unsigned" in auditor("verify", run)[1]


def test_an_edition_that_no_one_signed_is_no_signed_run(run: Path, folder: Path) -> None:
    auditor("sign", run, "--key", folder / "key.pem")
    key = ("--key", folder / "key.pub.pem")
    assert states(run, *key)["codes"] == (0, 0)
    add_edition(run)
    found = states(run, *key)
    assert (found["codes"], found["uncovered"]) == ((0, 3), ["editions/002"])
    assert "no valid signature covers editions/002" in auditor("verify", run, *key)[1]


@pytest.mark.parametrize("name", ["editions/forged.html", "addenda/note.txt"])
def test_a_loose_file_among_editions_is_not_sealed(run: Path, name: str) -> None:
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).write_text("x")
    code, output = auditor("verify", run)
    assert code == 1
    assert f"{name}: not sealed" in output


def test_a_link_is_no_edition(run: Path) -> None:
    (run / "editions" / "001").rename(run.parent / "elsewhere")
    (run / "editions" / "001").symlink_to(run.parent / "elsewhere")
    assert auditor("verify", run)[0] == 1


def test_valid_is_0_and_without_a_key_not_known_to_be(run: Path, folder: Path) -> None:
    _, said = auditor("sign", run, "--key", folder / "key.pem")
    assert "signatures/001-" in said
    assert states(run)["codes"] == (0, 3)
    assert states(run)["signature"] == "not checked"
    found = states(run, "--key", folder / "key.pub.pem")
    assert (found["codes"], found["signature"]) == ((0, 0), "valid")
    assert found["signatures"][0]["keyid"] in said


def test_broken_is_1_whoever_asks(run: Path, folder: Path) -> None:
    auditor("sign", run, "--key", folder / "key.pem")
    break_page(run)
    for options in ((), ("--key", folder / "key.pub.pem")):
        found = states(run, *options)
        assert (found["codes"], found["signature"]) == ((1, 1), "broken")
        assert found["problems"] == ["editions/001/report.html: changed since it was sealed"]
    _, said = auditor("verify", run, "--key", folder / "key.pub.pem")
    assert "valid for the manifests, not for what was changed since" in said


def test_an_unsigned_run_that_was_changed_is_1(run: Path) -> None:
    break_page(run)
    found = states(run)
    assert (found["codes"], found["signature"], found["intact"]) == ((1, 1), "unsigned", False)


def test_a_signature_by_another_key_is_1(run: Path, folder: Path) -> None:
    auditor("sign", run, "--key", folder / "second.pem")
    assert states(run, "--key", folder / "key.pub.pem")["codes"] == (1, 1)


def test_what_a_signature_does_not_cover_is_said(run: Path, folder: Path) -> None:
    auditor("sign", run, "--key", folder / "key.pem")
    add_edition(run)
    code, said = auditor("verify", run, "--key", folder / "key.pub.pem")
    assert code == 0
    assert "made before editions/002, which it does not cover" in said


def test_without_a_key_signing_says_how_to_make_one_and_makes_none(run: Path) -> None:
    with pytest.raises(PlanError, match="openssl genpkey -algorithm ed25519 -out private"):
        auditor("sign", run)
    assert not (run / "signatures").exists()


def test_a_changed_run_is_not_signed(run: Path, folder: Path) -> None:
    break_page(run)
    with pytest.raises(RunError, match="so it is not signed"):
        auditor("sign", run, "--key", folder / "key.pem")
    assert not (run / "signatures").exists()


def test_a_locked_key_opens_with_a_variable_and_is_never_asked_for_in_vain(
    run: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = ("sign", run, "--key", folder / "locked.pem")
    with pytest.raises(PlanError, match="nobody is there to ask"):
        auditor(*locked)
    with pytest.raises(PlanError, match="WORD is not set"):
        auditor(*locked, "--passphrase-env", "WORD")
    monkeypatch.setenv("WORD", "open sesame")
    _, said = auditor(*locked, "--passphrase-env", "WORD")
    assert "sesame" not in said
    assert states(run, "--key", folder / "locked.pub.pem")["signature"] == "valid"


def test_a_request_for_a_time_stamp_is_of_the_new_signature(run: Path, folder: Path) -> None:
    pytest.importorskip("rfc3161_client", reason="the extra `sign` is not installed")
    query = folder / "query.tsq"
    _, said = auditor("sign", run, "--key", folder / "key.pem", "--timestamp-request", query)
    assert f"{query}: of signatures/001-" in said
    assert query.read_bytes()[:1] == b"\x30"
