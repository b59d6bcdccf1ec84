"""Whether a run is signed, as far as a report can tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditor.evidence.checked import CheckedSignature, SignatureState
from auditor.evidence.keys import SHORT
from auditor.evidence.reader import Evidence
from auditor.evidence.signing import check_signatures
from auditor.report.cover.parts import SignaturePart

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey

_FIRST = (SignatureState.BROKEN, SignatureState.VALID, SignatureState.NOT_CHECKED)
"""What is said of several signatures: one that is broken, before one that holds."""


def signature_of(evidence: Evidence, keys: Sequence[SSlibKey] = ()) -> SignaturePart:
    """Returns the state of a run's signatures.

    Args:
        keys: public keys to check them with. Without one, a signature is there and not checked.
    """
    if evidence.root_hash is None:
        return SignaturePart(state="unsigned", said="what is not sealed cannot be signed")
    found = check_signatures(evidence.folder, keys, evidence)
    for state in _FIRST:
        of_state = [each for each in found if each.state is state]
        if of_state:
            return SignaturePart(state=state.value, said=_said(state, of_state))
    return SignaturePart(state="unsigned", said="no signature lies in the run folder")


def _said(state: SignatureState, signatures: Sequence[CheckedSignature]) -> str:
    if state is SignatureState.BROKEN:
        return "; ".join(f"{each.file} {each.problem}" for each in signatures)
    by = ", ".join(f"by the key {(each.keyid or 'unknown')[:SHORT]}" for each in signatures)
    checked = "" if state is SignatureState.VALID else "; no key was given to check it with"
    return f"{by}{checked}"
