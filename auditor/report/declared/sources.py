"""Templates, word lists and names that an audit used: whose they are, and who reviewed them.

The evidence has their digests. What a file says of itself is shown only where the file at hand has
the digest of the audit: it may have been mended since.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, Literal

from auditor.content import content_path
from auditor.evidence.files import sha256_file
from auditor.evidence.reader import Evidence
from auditor.report.declared.asked import kind_of
from auditor.report.declared.parts import SourceRow
from auditor.swaps.names import read_names

_DIFFERS = "the file at hand is not the one of the audit, so what it says of itself is not shown"
_NAMES = "names"
_SOURCES_OF_NAMES = "several, listed with their licences in datasets/names/README.md"
_NO_ONE = "no one concerned has"
"""Of the list of names, as its README says."""


def sources_of(evidence: Evidence) -> list[SourceRow]:
    """Returns a row for each template set, word list and table of names among the inputs."""
    if kind_of(evidence.plan) in ("pairs", "outcomes"):
        return []
    return list(_rows(evidence))


def _rows(evidence: Evidence) -> Iterator[SourceRow]:
    plan = evidence.plan
    for name, digest in evidence.record["inputs"].items():
        kind, _, rest = name.partition(" ")
        if kind == "templates" and rest and plan.data.templates:
            yield _row(rest, "templates", digest, _candidates(plan.data.templates, "templates"))
        elif kind == "lexicon" and rest:
            folder = ("lexicons", plan.swaps.language)
            yield _row(rest, "words", digest, _candidates(plan.swaps.lexicons, *folder))
        elif name == _NAMES:
            yield _names(digest)


def _candidates(own: Sequence[str], *folder: str) -> list[Path]:
    """A user's own files, then those that come with the auditor."""
    ours = sorted(content_path("datasets", *folder).glob("*.toml"))
    return [path for path in map(Path, own) if path.is_file()] + ours


def _row(
    name: str, kind: Literal["templates", "words"], digest: str, candidates: Sequence[Path]
) -> SourceRow:
    found = next((path for path in candidates if sha256_file(path) == digest), None)
    head = {} if found is None else tomllib.loads(found.read_text(encoding="utf-8"))
    return SourceRow(
        name=name,
        kind=kind,
        sha256=digest,
        licence=_licence(found, head),
        source=head.get("source"),
        reviewed_by=head.get("reviewed_by"),
        missing=head.get("missing"),
        differs=None if found else _DIFFERS,
    )


def _licence(path: Path | None, head: dict[str, Any]) -> str | None:
    """The file's own; else the auditor's, of what comes with it."""
    if "licence" in head:
        return str(head["licence"])
    ours = path is not None and path.is_relative_to(content_path("datasets"))
    return _own_licence() if ours else None


def _own_licence() -> str | None:
    """Of the package; None where it is not installed, or says none."""
    try:
        said = metadata("bias-auditor").json.get("license_expression")
    except PackageNotFoundError:
        return None
    return None if said is None else str(said)


def _names(digest: str) -> SourceRow:
    same = read_names().sha256 == digest
    return SourceRow(
        name="names of people",
        kind="names",
        sha256=digest,
        licence=_SOURCES_OF_NAMES if same else None,
        source=_SOURCES_OF_NAMES if same else None,
        reviewed_by=_NO_ONE if same else None,
        missing=None,
        differs=None if same else _DIFFERS,
    )
