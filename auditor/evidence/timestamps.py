"""Time-stamp tokens (RFC 3161) beside a run's signatures: that its bytes existed at a time.

The clock of the machine that ran an audit proves nothing to others; a token of an authority does.
Nothing here uses the network: a request is written to a file, and the answer is read from one.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import PlanError
from auditor.evidence.checked import CheckedTimestamp, SignatureState
from auditor.evidence.files import whole_file
from auditor.evidence.manifest import EVIDENCE, manifests, sealed_folders
from auditor.evidence.signing import FOLDER, envelopes, next_path

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

SUFFIX = ".tsr"
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""Object identifiers of the hashes that a token may be of."""


def add_timestamp(run: Path, token: Path) -> Path:
    """Stores a token with the run that it stamps, and returns where.

    Raises:
        PlanError: no such file, no granted token, or one of something else.
    """
    _needs_timestamps()
    try:
        response = _decoded(token.read_bytes())
    except OSError as error:
        raise PlanError(f"no time-stamp can be read at {token}: {error.strerror}") from None
    if response is None:
        raise PlanError(
            f"{token} is no granted time-stamp; give the authority's answer as it came (DER, .tsr)"
        )
    if _stamped(response, run) is None:
        raise PlanError(
            f"{token} stamps no file of {run}; ask for one of a signature or of "
            "evidence/manifest.json, for example with: auditor sign RUN --timestamp-request Q.tsq"
        )
    path = next_path(run, f"timestamp{SUFFIX}")
    with whole_file(path) as temporary:
        shutil.copyfile(token, temporary)
    return path


def write_request(run: Path, path: Path) -> str:
    """Writes a request for a token of the last signature, or of the evidence where there is none,
    and returns the name of what it is of. Send it to an authority of your choice.

    Raises:
        RunError: not a finished run, or the file cannot be written.
    """
    _needs_timestamps()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    sealed_folders(run)
    name = (_signed(run) or [EVIDENCE])[-1]
    builder = TimestampRequestBuilder().data((run / name).read_bytes())
    request = builder.hash_algorithm(HashAlgorithm.SHA256).build()
    with whole_file(path) as temporary:
        temporary.write_bytes(request.as_bytes())
    return name


def read_certificates(paths: Sequence[Path]) -> list[Certificate]:
    """Returns the certificates of PEM files: an authority's root, and any between it and the token.

    Raises:
        PlanError: no such file, or no certificate in it.
    """
    if not paths:
        return []
    _needs_timestamps()
    from cryptography.x509 import load_pem_x509_certificates

    found: list[Certificate] = []
    for path in paths:
        try:
            found += load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise PlanError(f"no certificate in PEM can be read at {path}: {error}") from None
    if not any(_is_root(certificate) for certificate in found):
        raise PlanError(
            f"{', '.join(map(str, paths))}: no root certificate among them; give the authority's "
            "root, which is signed by itself"
        )
    return found


def check_timestamps(run: Path, authorities: Sequence[Certificate]) -> tuple[CheckedTimestamp, ...]:
    """Returns what each token of a run is worth. Without certificates they are not checked."""
    tokens = sorted((run / FOLDER).glob(f"*{SUFFIX}"), key=lambda p: (len(p.name), p.name))
    return tuple(_check(path, run, authorities) for path in tokens)


def _check(path: Path, run: Path, authorities: Sequence[Certificate]) -> CheckedTimestamp:
    name = path.relative_to(run).as_posix()
    try:
        _needs_timestamps()
    except PlanError:  # nothing is claimed of it, and with certificates it was refused before
        return CheckedTimestamp(name, SignatureState.NOT_CHECKED)
    response = _decoded(path.read_bytes())
    if response is None:
        return CheckedTimestamp(name, SignatureState.BROKEN, problem="is no granted time-stamp")
    stamped = _stamped(response, run)
    time = response.tst_info.gen_time.astimezone(UTC).isoformat(timespec="seconds")
    problem = _doubt(response, run, stamped, authorities)
    if problem:
        return CheckedTimestamp(name, SignatureState.BROKEN, stamped, time, problem)
    state = SignatureState.VALID if authorities else SignatureState.NOT_CHECKED
    return CheckedTimestamp(name, state, stamped, time)


def _doubt(
    response: TimeStampResponse,
    run: Path,
    stamped: str | None,
    authorities: Sequence[Certificate],
) -> str | None:
    """Returns why a token does not hold; None: nothing speaks against it."""
    from rfc3161_client import VerificationError, VerifierBuilder

    if stamped is None:
        return "stamps no file of this run, or one that was changed since"
    if not authorities:
        return None
    roots = [certificate for certificate in authorities if _is_root(certificate)]
    others = [certificate for certificate in authorities if not _is_root(certificate)]
    verifier = VerifierBuilder(roots=roots, intermediates=others).build()
    try:
        verifier.verify_message(response, (run / stamped).read_bytes())
    except (VerificationError, ValueError) as error:
        return f"is not by the authority of the certificate given ({error})"
    return None


def _decoded(content: bytes) -> TimeStampResponse | None:
    """Returns a token; None: the bytes are none, or the authority did not grant it."""
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(content)
        response.tst_info.message_imprint  # noqa: B018 - a refusal has none, and reading it raises
    except ValueError:
        return None
    return response


def _stamped(response: TimeStampResponse, run: Path) -> str | None:
    """Returns which file of a run a token is of, by its hash."""
    imprint = response.tst_info.message_imprint
    algorithm = _HASHES.get(imprint.hash_algorithm.dotted_string)
    if algorithm is None:
        return None
    for name in (*_signed(run), *manifests(run)):
        if hashlib.new(algorithm, (run / name).read_bytes()).digest() == imprint.message:
            return name
    return None


def _signed(run: Path) -> list[str]:
    """Names of the envelopes of a run, the last one last."""
    return [path.relative_to(run).as_posix() for path in envelopes(run)]


def _is_root(certificate: Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _needs_timestamps() -> None:
    try:
        import rfc3161_client
    except ModuleNotFoundError as error:
        raise PlanError(
            f'time-stamps need the package {error.name}: pip install "bias-auditor[sign]"'
        ) from None
    assert rfc3161_client
