"""What checking a run folder finds: of its bytes, its signatures, its time-stamps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SignatureState(StrEnum):
    """How far a signature, or a time-stamp, can be relied on."""

    UNSIGNED = "unsigned"
    VALID = "valid"
    NOT_CHECKED = "not checked"
    """It is there and covers the bytes that are there; no key says who made it."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """One envelope of RUN/signatures."""

    file: str
    """Relative to the run folder."""
    keyid: str | None
    """As the envelope says, or of the key that it was checked with; None: not readable."""
    state: SignatureState
    problem: str | None = None
    """Why it is broken."""
    uncovered: tuple[str, ...] = ()
    """Addenda and editions that were sealed after it was made."""


@dataclass(frozen=True, slots=True)
class CheckedTimestamp:
    """One time-stamp token of RUN/signatures (RFC 3161)."""

    file: str
    state: SignatureState
    stamped: str | None = None
    """The file of the run that existed at `time`."""
    time: str | None = None
    """UTC. As the token says; only a valid token says it for its authority."""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What `verify` found in one run folder."""

    root_hash: str
    files: int
    problems: tuple[str, ...]
    """One line each; empty: every byte is as sealed, and every signature holds."""
    signatures: tuple[CheckedSignature, ...] = ()
    timestamps: tuple[CheckedTimestamp, ...] = ()

    @property
    def intact(self) -> bool:
        return not self.problems

    @property
    def uncovered(self) -> tuple[str, ...]:
        """Sealed folders that no valid signature speaks of: they were made after the last one."""
        valid = [set(s.uncovered) for s in self.signatures if s.state is SignatureState.VALID]
        return tuple(sorted(set.intersection(*valid))) if valid else ()

    @property
    def signature(self) -> SignatureState:
        """Of the run as a whole. What is signed and changed is broken, whichever the two is."""
        if not self.signatures:
            return SignatureState.UNSIGNED
        if self.problems:
            return SignatureState.BROKEN
        if any(each.state is SignatureState.VALID for each in self.signatures):
            return SignatureState.VALID
        return SignatureState.NOT_CHECKED
