"""A signature holds for the bytes that were signed and for the key that was given, or says why."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("securesystemslib", reason="the extra `sign` is not installed")

from auditor.errors import PlanError, RunError
from auditor.evidence.checked import Check, SignatureState
from auditor.evidence.keys import read_public_key, read_signer
from auditor.evidence.manifest import manifests, seal
from auditor.evidence.signing import sign, signature_state
from auditor.evidence.verification import refuse_broken, verify
from tests.evidence.signed import add_edition, sealed_run, write_keys


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    sealed_run(folder / "run")
    sealed_run(folder / "other", seed=1)
    write_keys(folder)
    write_keys(folder, "second")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "made"))


@pytest.fixture
def run(folder: Path) -> Path:
    return folder / "run"


def signed(run: Path, name: str = "key") -> Path:
    return sign(run, read_signer(run.parent / f"{name}.pem", str))


def check(run: Path, *names: str) -> Check:
    return verify(run, [read_public_key(run.parent / f"{name}.pub.pem") for name in names])


def edit_payload(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes a signed statement, and leaves its signature as it is."""
    envelope = json.loads(path.read_text())
    statement = json.loads(b64decode(envelope["payload"]))
    change(statement)
    envelope["payload"] = b64encode(json.dumps(statement, sort_keys=True).encode()).decode()
    path.write_text(json.dumps(envelope))


def test_a_signed_run_is_valid_with_the_key_and_not_checked_without(run: Path) -> None:
    assert signature_state(run) is verify(run).signature is SignatureState.UNSIGNED
    path = signed(run)
    assert path.relative_to(run).as_posix().startswith("signatures/001-")
    with_key, without = check(run, "key"), check(run)
    assert (with_key.signature, with_key.problems) == (SignatureState.VALID, ())
    assert (without.signature, without.problems) == (SignatureState.NOT_CHECKED, ())
    assert signature_state(run) is SignatureState.NOT_CHECKED
    assert with_key.signatures[0].keyid == read_public_key(run.parent / "key.pub.pem").keyid


def test_the_statement_is_in_toto_and_says_what_was_found(run: Path) -> None:
    envelope = json.loads(signed(run).read_text())
    statement = json.loads(b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert {s["name"]: s["digest"]["sha256"] for s in statement["subject"]} == manifests(run)
    plan, model = statement["predicate"]["configuration"]
    recorded = json.loads((run / "evidence/run.json").read_text())["plan_sha256"]
    assert plan == {"name": "plan", "digest": {"sha256": recorded}}
    assert model == {"name": "m/model.safetensors", "digest": {"sha256": "ab" * 32}}
    of = "gender.a.{}.selection_rate_change".format
    assert {k: v for k, v in statement["predicate"].items() if k != "configuration"} == {
        "result": "FAILED",
        "passedTests": [of("b")],
        "failedTests": [of("c")],
        "warnedTests": [of("d"), of("e")],
    }


@pytest.mark.parametrize(("groups", "result"), [("b", "PASSED"), ("bd", "WARNED"), ("e", "WARNED")])
def test_what_is_not_settled_is_never_called_passed(
    tmp_path: Path, groups: str, result: str
) -> None:
    run = sealed_run(tmp_path / "run", groups=groups)
    write_keys(tmp_path)
    statement = json.loads(b64decode(json.loads(signed(run).read_text())["payload"]))
    assert statement["predicate"]["result"] == result


def test_the_signature_follows_the_specification(run: Path) -> None:
    """DSSE's pre-authentication encoding, put together by hand and checked by another library."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    envelope = json.loads(signed(run).read_text())
    body, kind = b64decode(envelope["payload"]), envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)
    key: Any = load_pem_public_key((run.parent / "key.pub.pem").read_bytes())
    key.verify(b64decode(envelope["signatures"][0]["sig"]), message)


def test_two_people_can_sign_and_nothing_is_replaced(run: Path) -> None:
    first, second, again = signed(run), signed(run, "second"), signed(run)
    assert [path.name[:4] for path in (first, second, again)] == ["001-", "002-", "003-"]
    assert first.read_bytes() == again.read_bytes()
    assert check(run, "key", "second").signature is SignatureState.VALID
    states = [each.state for each in check(run, "second").signatures]
    assert states == ["not checked", "valid", "not checked"]


def test_a_later_edition_is_not_covered_and_named(run: Path) -> None:
    signed(run)
    add_edition(run)
    found = check(run, "key")
    assert found.signature is SignatureState.VALID
    assert found.signatures[0].uncovered == ("editions/002",)
    signed(run)
    assert check(run, "key").signatures[1].uncovered == ()


def test_a_signature_by_another_key_does_not_pass_for_the_one_that_is_asked_for(run: Path) -> None:
    """Whoever changes a run can sign it with a key of their own."""
    signed(run, "second")
    found = check(run, "key")
    assert found.signature is SignatureState.BROKEN
    assert found.problems[0].startswith("signatures: none is by the key ")


def test_a_signature_by_another_key_that_names_the_first_does_not_verify(run: Path) -> None:
    path = signed(run, "second")
    envelope = json.loads(path.read_text())
    envelope["signatures"][0]["keyid"] = read_public_key(run.parent / "key.pub.pem").keyid
    path.write_text(json.dumps(envelope))
    (problem,) = check(run, "key").problems
    assert "does not verify with the key" in problem
    assert path.name in problem


def test_the_key_id_in_an_envelope_is_only_a_hint(run: Path) -> None:
    """As the specification of DSSE says; other tools leave it empty."""
    path = signed(run)
    envelope = json.loads(path.read_text())
    envelope["signatures"][0]["keyid"] = ""
    path.write_text(json.dumps(envelope))
    assert check(run, "key").signature is SignatureState.VALID


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["predicate"].update(result="PASSED"),
        lambda s: s["predicate"]["failedTests"].clear(),
        lambda s: s["subject"].pop(),
        lambda s: s["subject"][0]["digest"].update(sha256="0" * 64),
        lambda s: s["predicate"]["configuration"][1].update(name="another model"),
    ],
)
def test_a_changed_payload_does_not_verify(run: Path, change: Callable[..., object]) -> None:
    path = signed(run)
    edit_payload(path, change)
    found = check(run, "key")
    assert found.signature is SignatureState.BROKEN
    assert f"{path.name}: does not verify" in found.problems[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s["predicate"].update(result="PASSED"), "it says result PASSED"),
        (lambda s: s["predicate"].pop("failedTests"), "it says failedTests None"),
        (lambda s: s["subject"].pop(0), "is of other evidence"),
        (lambda s: s["subject"][1]["digest"].update(sha256="0"), "covers other bytes"),
        (lambda s: s["subject"].clear(), "is no signed statement"),
        (lambda s: s.update(predicateType="https://example.org"), "is no signed statement"),
    ],
)
def test_what_a_payload_says_wrongly_is_found_without_a_key(
    run: Path, change: Callable[..., object], words: str
) -> None:
    edit_payload(signed(run), change)
    found = check(run)
    assert found.signature is SignatureState.BROKEN
    assert words in found.problems[0]


def test_an_edition_that_was_signed_and_is_gone_is_named(run: Path) -> None:
    """Taken off whole, no manifest misses it."""
    signed(run)
    shutil.rmtree(run / "editions/001")
    (problem,) = check(run).problems
    assert "editions/001/manifest.json missing, though it was signed" in problem


def test_an_envelope_of_another_run_is_found(folder: Path, run: Path) -> None:
    path = signed(folder / "other")
    (run / "signatures").mkdir()
    shutil.copy(path, run / "signatures")
    (problem,) = check(run, "key").problems
    assert f"{path.name}: is of other evidence" in problem


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"payload": "%", "payloadType": "x", "signatures": []}']
)
def test_an_envelope_that_is_broken_is_named(run: Path, content: str) -> None:
    path = signed(run)
    path.write_text(content)
    assert check(run).problems == (f"signatures/{path.name}: is no signed statement any more",)
    assert check(run, "key").signature is SignatureState.BROKEN


@pytest.mark.parametrize("sig", ["", "AAAA", "%%%"])
def test_a_signature_that_is_cut_off_is_broken(run: Path, sig: str) -> None:
    path = signed(run)
    envelope = json.loads(path.read_text())
    envelope["signatures"][0]["sig"] = sig
    path.write_text(json.dumps(envelope))
    assert check(run, "key").signature is SignatureState.BROKEN


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_changed_report_breaks_what_was_signed_with_it(run: Path, name: str) -> None:
    signed(run)
    (run / "editions/001" / name).write_text("{}")
    found = check(run, "key")
    assert found.signature is SignatureState.BROKEN
    assert f"editions/001/{name}: changed since it was sealed" in found.problems


def test_a_report_that_was_changed_and_sealed_again_is_found_by_its_signature(run: Path) -> None:
    """What the manifests alone cannot find out."""
    signed(run)
    (run / "editions/001/report.html").write_text("other")
    parent = json.loads((run / "editions/001/manifest.json").read_text())["parent"]
    seal(run / "editions/001", parent=parent)
    (problem,) = check(run).problems
    assert "covers other bytes: editions/001/manifest.json changed since it was signed" in problem


def test_a_broken_run_is_not_signed(run: Path) -> None:
    (run / "editions/001/report.html").write_text("other")
    with pytest.raises(RunError, match=r"is broken \(editions/001/report.html"):
        refuse_broken(run)


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path, run: Path) -> None:
    path = write_keys(tmp_path, "locked", b"open sesame")
    signer = read_signer(path, lambda: "open sesame")
    sign(run, signer)
    assert verify(run, [read_public_key(tmp_path / "locked.pub.pem")]).signature == "valid"
    with pytest.raises(PlanError, match="does not open") as refused:
        read_signer(path, lambda: "a wrong word")
    assert "a wrong word" not in str(refused.value)


def test_what_is_no_key_is_refused_with_the_way_to_make_one(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = write_keys(tmp_path)
    (tmp_path / "text.pem").write_text("no key")
    other = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (tmp_path / "ec.pem").write_bytes(other)
    for name in ("absent.pem", "text.pem", "ec.pem", "key.pub.pem"):
        with pytest.raises(PlanError, match="openssl genpkey -algorithm ed25519"):
            read_signer(tmp_path / name, str)
    for path in (key, tmp_path / "text.pem"):
        with pytest.raises(PlanError, match=r"openssl pkey -in private\.pem -pubout"):
            read_public_key(path)


def test_no_byte_of_a_private_key_is_kept(run: Path) -> None:
    lines = (run.parent / "key.pem").read_text().splitlines()[1:-1]
    signed(run)
    written = b"".join(p.read_bytes() for p in run.rglob("*") if p.is_file())
    assert lines
    assert not any(line.encode() in written for line in lines)
    assert b"PRIVATE" not in written


def test_without_the_extra_signing_is_refused_and_checking_goes_on(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(run)
    monkeypatch.setitem(__import__("sys").modules, "securesystemslib", None)
    with pytest.raises(PlanError, match=r'pip install "bias-auditor\[sign\]"'):
        read_signer(run.parent / "key.pem", str)
    assert verify(run).signature is SignatureState.NOT_CHECKED
