"""Commands that say whether a run is as it was sealed, and by whom."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditor import terminal
from auditor.errors import PlanError
from auditor.options import AsJson, RunPath

if TYPE_CHECKING:
    from auditor.evidence.checked import Check, CheckedSignature, CheckedTimestamp

PublicKeys = Annotated[
    list[Path] | None, typer.Option("--key", help="Public key (PEM) that must have signed.")
]
RequireSignature = Annotated[
    bool, typer.Option("--require-signature", help="Exit 3 unless all that is sealed is signed.")
]
Authorities = Annotated[
    list[Path] | None,
    typer.Option("--tsa-cert", help="Root certificate (PEM) of a time-stamping authority."),
]
PrivateKey = Annotated[
    Path | None, typer.Option("--key", help="Your private Ed25519 key (PEM, PKCS #8).")
]
Passphrase = Annotated[
    str | None,
    typer.Option("--passphrase-env", help="Environment variable with the key's passphrase."),
]
Timestamp = Annotated[
    Path | None, typer.Option(help="Time-stamp token (.tsr) to keep with what it stamps.")
]
TimestampRequest = Annotated[
    Path | None, typer.Option(help="Write a request for a time-stamp (.tsq) to this file.")
]

WORDS = {
    "unsigned": "unsigned",
    "valid": "signed, and valid",
    "not checked": "signed but not checked: give the signer's public key with --key",
    "broken": "signed, and broken",
}
"""State of a run's signatures -> how it is said."""


def verify(
    folder: RunPath,
    keys: PublicKeys = None,
    require_signature: RequireSignature = False,
    authorities: Authorities = None,
    as_json: AsJson = False,
) -> None:
    """Check a run's files, plan, reports and signatures. Exit 1 where anything was changed."""
    from auditor.evidence.keys import read_public_key
    from auditor.evidence.timestamps import read_certificates
    from auditor.evidence.verification import verify as check_run

    public = [read_public_key(path) for path in keys or ()]
    found = check_run(folder, public, read_certificates(authorities or ()))
    if as_json:
        terminal.emit(_values(found))
    else:
        for line in _lines(found):
            terminal.stdout.print(line, markup=False, soft_wrap=True)
    raise typer.Exit(exit_code(found, require_signature=require_signature, keys=bool(public)))


def exit_code(check: Check, *, require_signature: bool, keys: bool = False) -> int:
    """Returns 1 where anything was changed, 3 where a signature is asked for and none is known to
    be valid, else 0. A key that is given asks for its signature: one that was taken off is missed.

    Args:
        require_signature: all that is sealed must be signed, later editions included.
        keys: keys were given.
    """
    if not check.intact:
        return 1
    lacking = check.signature != "valid" or (require_signature and check.uncovered)
    return 3 if (require_signature or keys) and lacking else 0


def sign(
    folder: RunPath,
    key: PrivateKey = None,
    passphrase_env: Passphrase = None,
    timestamp: Timestamp = None,
    timestamp_request: TimestampRequest = None,
) -> None:
    """Sign all that a run has sealed, with your key; or keep a time-stamp of it."""
    from auditor.evidence.keys import HOW_TO_MAKE, read_signer
    from auditor.evidence.signing import sign as sign_run
    from auditor.evidence.timestamps import add_timestamp, write_request
    from auditor.evidence.verification import refuse_broken

    if key is None and timestamp is None and timestamp_request is None:
        raise PlanError(
            f"no key is given, and none is made for you; {HOW_TO_MAKE}. Then: "
            f"auditor sign {folder} --key private.pem"
        )
    signer = None if key is None else read_signer(key, _passphrase(passphrase_env))
    refuse_broken(folder)
    done = [] if timestamp is None else [str(add_timestamp(folder, timestamp))]
    if signer is not None:
        done.append(f"{sign_run(folder, signer)}: key id {signer.public_key.keyid}")
    if timestamp_request is not None:
        done.append(f"{timestamp_request}: of {write_request(folder, timestamp_request)}")
    for line in done:
        terminal.stdout.print(line, markup=False, soft_wrap=True)


def _passphrase(variable: str | None) -> Callable[[], str]:
    """Returns what gives the passphrase when it is needed: a variable, or a person."""

    def ask() -> str:
        if variable is not None and variable in os.environ:
            return os.environ[variable]
        if variable is None and sys.stdin.isatty():
            return getpass("passphrase of the key: ")
        why = f"{variable} is not set" if variable else "nobody is there to ask"
        raise PlanError(
            f"the key is encrypted and {why}; name an environment variable that holds its "
            "passphrase with --passphrase-env"
        )

    return ask


def _values(check: Check) -> dict[str, Any]:
    return {
        "root_hash": check.root_hash,
        "files": check.files,
        "intact": check.intact,
        "signature": check.signature,
        "uncovered": list(check.uncovered),
        "problems": list(check.problems),
        "signatures": [asdict(each) for each in check.signatures],
        "timestamps": [asdict(each) for each in check.timestamps],
    }


def _lines(check: Check) -> Iterator[str]:
    state = "intact" if check.intact else "broken"
    words = WORDS[check.signature]
    if check.uncovered:
        words += f", but no valid signature covers {', '.join(check.uncovered)}"
    yield f"{state}: {check.files} files, root hash {check.root_hash}, {words}"
    yield from check.problems
    for signature in check.signatures:
        if signature.problem is None:
            yield _of_signature(signature, intact=check.intact)
    for timestamp in check.timestamps:
        if timestamp.problem is None:
            yield _of_timestamp(timestamp)


def _of_signature(signature: CheckedSignature, *, intact: bool) -> str:
    state = "not checked, since no public key of its signer is given"
    if signature.state == "valid":
        state = "valid" if intact else "valid for the manifests, not for what was changed since"
    line = f"{signature.file}: {state}; key id {signature.keyid}"
    if not signature.uncovered:
        return line
    return f"{line}; made before {', '.join(signature.uncovered)}, which it does not cover"


def _of_timestamp(timestamp: CheckedTimestamp) -> str:
    if timestamp.stamped is None:
        return f"{timestamp.file}: time-stamp, not read"
    what = f"{timestamp.stamped} existed at {timestamp.time}"
    if timestamp.state == "valid":
        return f"{timestamp.file}: valid; {what}"
    return f"{timestamp.file}: not checked, give the authority's root with --tsa-cert; says {what}"
