"""Ed25519 keys from PEM files. None is ever made, written, logged or shown here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import PlanError

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, SSlibKey

HOW_TO_MAKE = (
    "make a pair once with: openssl genpkey -algorithm ed25519 -out private.pem, and its public "
    "half with: openssl pkey -in private.pem -pubout -out public.pem"
)
SHORT = 8
"""Letters of a key id that a file is named with."""


def read_signer(path: Path, passphrase: Callable[[], str]) -> CryptoSigner:
    """Returns what signs with the private key of a PEM file (PKCS #8).

    Args:
        passphrase: asked only where the key is encrypted.

    Raises:
        PlanError: no such file, no private Ed25519 key, or a passphrase that does not open it.
    """
    needs_signing()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from securesystemslib.signer import CryptoSigner

    key = _private_key(path, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise PlanError(f"{path} holds no Ed25519 key; {HOW_TO_MAKE}")
    return CryptoSigner(key)


def read_public_key(path: Path) -> SSlibKey:
    """Returns the public key of a PEM file.

    Raises:
        PlanError: no such file, or no public Ed25519 key.
    """
    needs_signing()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    try:
        key = load_pem_public_key(_bytes(path))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise PlanError(
            f"{path} holds no public Ed25519 key; get one from its private key with: "
            "openssl pkey -in private.pem -pubout -out public.pem"
        )
    return SSlibKey.from_crypto(key)


def needs_signing() -> None:
    """Refuses where the packages that sign are not installed.

    Raises:
        PlanError: says how to install them.
    """
    try:
        import cryptography
        import securesystemslib
    except ModuleNotFoundError as error:
        raise PlanError(
            f'signatures need the package {error.name}: pip install "bias-auditor[sign]"'
        ) from None
    assert cryptography
    assert securesystemslib


def _private_key(path: Path, passphrase: Callable[[], str]) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _bytes(path)
    try:
        return load_pem_private_key(content, password=None)
    except TypeError:  # the library's way to say that it is encrypted
        word = passphrase()
    except (ValueError, UnsupportedAlgorithm):
        raise PlanError(f"{path} is no private key in PEM; {HOW_TO_MAKE}") from None
    try:
        return load_pem_private_key(content, password=word.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise PlanError(f"the passphrase does not open {path}; check it and try again") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise PlanError(f"no key can be read at {path} ({why}); {HOW_TO_MAKE}") from None
