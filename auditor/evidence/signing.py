"""Signatures of a run: DSSE envelopes with Ed25519, in RUN/signatures and so outside what is
sealed. Several people can sign; a later edition needs a signature of its own.

Envelope: https://github.com/secure-systems-lab/dsse. A signature shows that these bytes are the
ones that its signer had. It says nothing on whether the data were right or the method suitable.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field, ValidationError

from auditor.evidence.checked import CheckedSignature, SignatureState
from auditor.evidence.files import whole_file
from auditor.evidence.keys import SHORT
from auditor.evidence.manifest import EVIDENCE, manifests
from auditor.evidence.reader import Evidence
from auditor.evidence.statement import Statement, misstated, statement_of

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

FOLDER = "signatures"
SUFFIX = ".dsse.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


class _Signature(BaseModel):
    """A signature and whose it says that it is."""

    keyid: str
    sig: str


class _Envelope(BaseModel):
    """A DSSE envelope with one signature."""

    payload: str
    payload_type: Literal["application/vnd.in-toto+json"] = Field(alias="payloadType")
    signatures: list[_Signature] = Field(min_length=1, max_length=1)


@dataclass(frozen=True, slots=True)
class _Signed:
    """An envelope, taken apart."""

    statement: Statement
    payload: bytes
    keyid: str
    signature: bytes


def signature_state(run: Path) -> SignatureState:
    """Returns whether a run has signatures. Without a key they are not checked."""
    return SignatureState.NOT_CHECKED if envelopes(run) else SignatureState.UNSIGNED


def sign(run: Path, signer: CryptoSigner) -> Path:
    """Signs all that a run has sealed until now, and returns the envelope's path.

    Raises:
        RunError: not a finished run, or the folder cannot be written.
    """
    from securesystemslib.dsse import Envelope

    envelope = Envelope(statement_of(run), PAYLOAD_TYPE, {})
    keyid = envelope.sign(signer).keyid
    path = next_path(run, f"{keyid[:SHORT]}{SUFFIX}")
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(envelope.to_dict(), indent=1) + "\n", encoding="utf-8")
    return path


def next_path(run: Path, name: str) -> Path:
    """Returns a path in RUN/signatures with the next free number, so that nothing is replaced."""
    numbers = (path.name.partition("-")[0] for path in (run / FOLDER).glob("[0-9]*"))
    number = 1 + max((int(n) for n in numbers if n.isdigit()), default=0)
    return run / FOLDER / f"{number:03d}-{name}"


def envelopes(run: Path) -> list[Path]:
    """Returns the envelopes of a run by number: 999 before 1000."""
    return sorted((run / FOLDER).glob(f"*{SUFFIX}"), key=lambda path: (len(path.name), path.name))


def check_signatures(
    run: Path, keys: Sequence[SSlibKey], evidence: Evidence | None
) -> tuple[CheckedSignature, ...]:
    """Returns what each envelope of a run is worth, in the order in which they were made.

    Args:
        keys: public keys whose signatures are to be told from others'.
        evidence: to compare what was signed with; None: it is broken, and so not compared.
    """
    sealed = manifests(run)
    return tuple(_check(path, run, sealed, keys, evidence) for path in envelopes(run))


def _check(
    path: Path,
    run: Path,
    sealed: Mapping[str, str],
    keys: Sequence[SSlibKey],
    evidence: Evidence | None,
) -> CheckedSignature:
    name = path.relative_to(run).as_posix()
    signed = _read(path)
    if signed is None:
        why = "is no signed statement any more"
        return CheckedSignature(name, None, SignatureState.BROKEN, why)
    signer = next((key for key in keys if _verifies(signed, key)), None)
    keyid = signer.keyid if signer else signed.keyid
    problem = None
    if signer is None and any(key.keyid == signed.keyid for key in keys):
        problem = f"does not verify with the key {keyid[:SHORT]}, which it names"
    problem = problem or _other_bytes(signed.statement, sealed)
    if problem is None and evidence and (wrong := misstated(signed.statement, evidence)):
        problem = f"was not made of this evidence: {wrong}"
    if problem:
        return CheckedSignature(name, keyid, SignatureState.BROKEN, problem)
    state = SignatureState.VALID if signer else SignatureState.NOT_CHECKED
    return CheckedSignature(name, keyid, state, uncovered=_uncovered(signed.statement, sealed))


def _verifies(signed: _Signed, key: SSlibKey) -> bool:
    """Whether a key made a signature. The key id that an envelope names is a hint, not proof."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature

    message = Envelope(signed.payload, PAYLOAD_TYPE, {}).pae()
    try:
        key.verify_signature(Signature(key.keyid, signed.signature.hex()), message)
    except UnverifiedSignatureError:
        return False
    return True


def _other_bytes(statement: Statement, sealed: Mapping[str, str]) -> str | None:
    """Returns what was signed and is not there, or is not what was signed."""
    signed = {subject.name: subject.digest.sha256 for subject in statement.subject}
    if signed.get(EVIDENCE) != sealed[EVIDENCE]:
        return f"is of other evidence ({EVIDENCE} with SHA-256 {signed.get(EVIDENCE)})"
    for name, digest in signed.items():
        if sealed.get(name) != digest:
            what = "changed since" if name in sealed else "missing, though"
            return f"covers other bytes: {name} {what} it was signed"
    return None


def _uncovered(statement: Statement, sealed: Mapping[str, str]) -> tuple[str, ...]:
    covered = {subject.name for subject in statement.subject}
    return tuple(str(PurePosixPath(name).parent) for name in sealed if name not in covered)


def _read(path: Path) -> _Signed | None:
    """Returns an envelope's parts; None: it is none, or holds no statement."""
    try:
        envelope = _Envelope.model_validate_json(path.read_bytes())
        payload = b64decode(envelope.payload, validate=True)
        signature = b64decode(envelope.signatures[0].sig, validate=True)
        statement = Statement.model_validate_json(payload)
    except (ValidationError, binascii.Error, OSError):
        return None
    return _Signed(statement, payload, envelope.signatures[0].keyid, signature)
