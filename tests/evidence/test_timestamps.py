"""A time-stamp holds for the file that it stamps and the authority that is trusted, or says why.

The authority is made here and thrown away: no network, no real certificate.
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rfc3161_client", reason="the extra `sign` is not installed")

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auditor.errors import PlanError
from auditor.evidence.checked import SignatureState
from auditor.evidence.keys import read_signer
from auditor.evidence.signing import sign
from auditor.evidence.timestamps import add_timestamp, read_certificates, write_request
from auditor.evidence.verification import verify
from tests.evidence.signed import sealed_run, write_keys

if shutil.which("openssl") is None:
    pytest.skip("openssl, which answers as the authority, is not there", allow_module_level=True)

CONFIGURATION = """
[tsa]
default_tsa = own
[own]
serial = serial
default_policy = 1.2.3.4.1
signer_digest = sha256
digests = sha256
ess_cert_id_alg = sha256
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with root.pem, and tsa.pem with its key: made now, valid for a day."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "openssl.cnf").write_text(CONFIGURATION)
    root_key, tsa_key = (generate_private_key(65537, 2048) for _ in range(2))
    root = certificate("Root", "Root", root_key, root_key, authority=True)
    tsa = certificate("TSA", "Root", tsa_key, root_key, authority=False)
    other = certificate("Root", "Root", tsa_key, tsa_key, authority=True)
    for name, each in (("root", root), ("tsa", tsa), ("other", other)):
        (folder / f"{name}.pem").write_bytes(each.public_bytes(Encoding.PEM))
    key = tsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tsa.key").write_bytes(key)
    return folder


def certificate(
    name: str, issuer: str, key: RSAPrivateKey, by: RSAPrivateKey, *, authority: bool
) -> x509.Certificate:
    """Returns a certificate of `name`, signed by the key of its issuer."""
    now = datetime.now(UTC)
    usage = {
        "digital_signature": not authority, "key_cert_sign": authority, "crl_sign": authority,
        "content_commitment": False, "key_encipherment": False, "data_encipherment": False,
        "key_agreement": False, "encipher_only": False, "decipher_only": False,
    }  # fmt: skip
    builder = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        key.public_key(),
        x509.random_serial_number(),
        now - timedelta(hours=1),
        now + timedelta(days=1),
    )
    builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
    builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    if not authority:
        stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(stamping, critical=True)
    return builder.sign(by, SHA256())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    sealed_run(folder / "run")
    sealed_run(folder / "other", seed=1)
    write_keys(folder)
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "made")) / "run"


def answered(authority: Path, query: Path) -> Path:
    """Returns the authority's answer to a request."""
    answer = query.with_suffix(".tsr")
    command = ["openssl", "ts", "-reply", "-config", "openssl.cnf", "-section", "own"]
    command += ["-queryfile", str(query), "-signer", "tsa.pem", "-inkey", "tsa.key"]
    command += ["-out", str(answer)]
    subprocess.run(command, cwd=authority, check=True, capture_output=True)
    return answer


def stamped(run: Path, authority: Path) -> Path:
    """Asks for a time-stamp, gets it, and keeps it with the run."""
    query = run.parent / "query.tsq"
    write_request(run, query)
    return add_timestamp(run, answered(authority, query))


def check(run: Path, *certificates: Path) -> Any:
    found = verify(run, [], read_certificates(certificates))
    return found, found.timestamps[0]


def test_a_stamped_signature_is_valid_with_the_root_and_not_checked_without(
    run: Path, authority: Path
) -> None:
    envelope = sign(run, read_signer(run.parent / "key.pem", str))
    assert stamped(run, authority).name == "002-timestamp.tsr"
    found, token = check(run, authority / "root.pem")
    assert (found.problems, token.state) == ((), SignatureState.VALID)
    assert token.stamped == f"signatures/{envelope.name}"
    ago = datetime.now(UTC) - datetime.fromisoformat(token.time)
    assert abs(ago.total_seconds()) < 60
    assert check(run)[1].state is SignatureState.NOT_CHECKED


def test_without_a_signature_the_evidence_is_stamped(run: Path, authority: Path) -> None:
    stamped(run, authority)
    found, token = check(run, authority / "root.pem")
    assert (token.state, token.stamped) == ("valid", "evidence/manifest.json")
    assert found.signature is SignatureState.UNSIGNED


def test_a_token_of_another_authority_is_broken(run: Path, authority: Path) -> None:
    """Even of one with the same name."""
    stamped(run, authority)
    found, token = check(run, authority / "other.pem")
    assert token.state is SignatureState.BROKEN
    assert "is not by the authority" in found.problems[0]


def test_a_token_of_a_file_that_was_changed_is_broken(run: Path, authority: Path) -> None:
    envelope = sign(run, read_signer(run.parent / "key.pem", str))
    stamped(run, authority)
    envelope.write_text(envelope.read_text() + " ")
    found, token = check(run, authority / "root.pem")
    assert token.state is SignatureState.BROKEN
    assert "stamps no file of this run" in found.problems[0]


@pytest.mark.parametrize("place", [60, -40])
def test_a_changed_token_is_broken(run: Path, authority: Path, place: int) -> None:
    path = stamped(run, authority)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    found, token = check(run, authority / "root.pem")
    assert token.state is SignatureState.BROKEN
    assert found.problems[0].startswith(f"signatures/{path.name}: ")


def test_a_token_of_another_run_is_refused(run: Path, authority: Path) -> None:
    query = run.parent / "query.tsq"
    write_request(run.parent / "other", query)
    with pytest.raises(PlanError, match="stamps no file of"):
        add_timestamp(run, answered(authority, query))


def test_what_is_no_token_is_refused(run: Path, authority: Path, tmp_path: Path) -> None:
    query = tmp_path / "query.tsq"
    write_request(run, query)
    with pytest.raises(PlanError, match="no granted time-stamp"):
        add_timestamp(run, query)
    with pytest.raises(PlanError, match="no time-stamp can be read"):
        add_timestamp(run, tmp_path / "absent.tsr")
    assert not (run / "signatures").exists()


def test_an_answer_that_refuses_is_no_token(run: Path, authority: Path, tmp_path: Path) -> None:
    """The authority knows SHA-256 only, and is asked for another hash."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data((run / "evidence/manifest.json").read_bytes())
    request = builder.hash_algorithm(HashAlgorithm.SHA512).build()
    (tmp_path / "query.tsq").write_bytes(request.as_bytes())
    with pytest.raises(PlanError, match="no granted time-stamp"):
        add_timestamp(run, answered(authority, tmp_path / "query.tsq"))


def test_a_certificate_that_is_no_root_is_refused(authority: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no root certificate"):
        read_certificates([authority / "tsa.pem"])
    (tmp_path / "text.pem").write_text("no certificate")
    for path in (tmp_path / "text.pem", tmp_path / "absent.pem"):
        with pytest.raises(PlanError, match="no certificate in PEM"):
            read_certificates([path])
