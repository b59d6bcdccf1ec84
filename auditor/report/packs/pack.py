"""A framework pack: dated data about a law or standard, read from TOML and checked.

Facts of law change, so they live in `reports/packs/`, one file a framework, and never in code. A
user's own pack is read from its path by the same rules.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, Field, ValidationError, model_validator

from auditor.content import content_path
from auditor.errors import PlanError, collected
from auditor.plan_report import DeclaredPlan
from auditor.report.base import Part

MAX_AGE_DAYS = 180
"""An edition warns of a pack that was last checked longer ago than this."""
NEVER_PRINTED = re.compile(
    r"\b(compliant|certified|unbiased|bias-free|guarantee\w*|passes the law|no discrimination)\b",
    re.IGNORECASE,
)
"""Words that a report never says of a system, whoever wrote the pack."""

Status = Literal[
    "in-force", "applies-from", "guidance", "voluntary", "under-rescission", "repealed",
    "withdrawn", "differs",
]  # fmt: skip
"""guidance: of an authority, not binding as such. differs: each chapter has its own."""
EvidenceKey = Literal[
    "plan", "limits", "declared", "data", "groups", "intersections", "errors", "calibration",
    "swaps", "noise_floor", "attributions", "circuits", "robustness", "self_test", "register",
    "monitoring", "manifest",
]  # fmt: skip
"""What a run may have: see `coverage.py`."""
ScopeTest = Literal[
    "outcomes_of_people", "column_for_each_category", "no_inferred_attributes", "not_generative",
    "generative",
]  # fmt: skip
"""When a pack or chapter applies: see `scope.py`."""
Elaboration = Literal["findings", "swaps", "groups", "attributions"]
"""Which text is made of a run's findings for a clause: see `elaborations.py`."""
Strength = Literal["direct", "partial", "context", "none"]
Known = Literal["read", "secondary", "memory"]
"""Where a fact comes from; memory prints "to be checked"."""


def _declared(key: str) -> str:
    if key not in DeclaredPlan.model_fields:
        raise ValueError(f"{key!r} is no declared fact; see `auditor list declared`")
    return key


Fact = Annotated[str, AfterValidator(_declared)]
"""A key of the plan's section `declared`."""


class DatePoint(Part):
    """A day on which something changes."""

    on: date
    what: str = Field(min_length=1)


class Clause(Part):
    """One clause, in our own words."""

    id: str = Field(min_length=1)
    duty: str = Field(min_length=1)
    evidence: tuple[EvidenceKey, ...] = ()
    strength: Strength
    """Of the evidence, where a run has all of it."""
    gap: str = Field(min_length=1)
    """What the evidence does not show."""
    supplier: str = Field(min_length=1)
    """Who must supply the rest, and what it is."""
    known: Known
    facts: tuple[Fact, ...] = ()
    """Which declared facts are the evidence "declared": any of them."""
    elaborate: Elaboration | None = None

    @model_validator(mode="after")
    def _strength_rests_on_evidence(self) -> Self:
        if (self.strength == "none") != (not self.evidence):
            raise ValueError('strength is "none" exactly where `evidence` is empty')
        if ("declared" in self.evidence) != bool(self.facts):
            raise ValueError("`facts` names what is declared exactly where `evidence` has it")
        return self


class Chapter(Part):
    """Clauses that belong together. What it does not say of its status is the pack's."""

    title: str = Field(min_length=1)
    instrument: str | None = None
    status: Status | None = None
    in_force_from: date | None = None
    dates: tuple[DatePoint, ...] = ()
    outlook: str | None = None
    """What is expected, where no date is known."""
    tests: tuple[ScopeTest, ...] = ()
    instead: str | None = None
    """Pack to annex where a scope test refuses the chapter."""
    refused: str | None = None
    """What the annex then says, before the reason."""
    clauses: tuple[Clause, ...] = Field(min_length=1)


class Ground(Part):
    """A protected ground, and what would test it."""

    ground: str = Field(min_length=1)
    attributes: tuple[str, ...] = ()
    """Lexicons and lists of names whose swaps test it."""
    columns: tuple[str, ...] = ()
    """Names of a user's protected column that are read as it: see `grounds.column_key`."""
    column_needed: bool = False
    """Whether the pack applies only to runs with such a column."""
    known: Known


class Asked(Part):
    """A fact that the framework asks of people."""

    key: Fact
    label: str = Field(min_length=1)


class Mark(Part):
    """A number that the framework itself sets."""

    value: str = Field(pattern=r"^\d+/\d+$")
    origin: str = Field(min_length=1)


class Pack(Part):
    """One framework."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    letter: str | None = None
    title: str = Field(min_length=1)
    instrument: str = Field(min_length=1)
    version: str = Field(min_length=1)
    status: Status
    in_force_from: date | None = None
    as_of: date
    sources: tuple[str, ...] = Field(min_length=1)
    dates: tuple[DatePoint, ...] = ()
    outlook: str | None = None
    scope: str = Field(min_length=1)
    """In one sentence, to whom and what it applies."""
    tests: tuple[ScopeTest, ...] = ()
    supplier: str = Field(min_length=1)
    """Who must supply the rest, in one sentence."""
    sentences: tuple[str, ...] = ()
    """Fixed sentences of the annex; `{as_of}` stands for the pack's date."""
    history: tuple[str, ...] = ()
    """What changed, for readers who knew it otherwise."""
    answers: tuple[str, ...] = ()
    mark: Mark | None = None
    asks: tuple[Asked, ...] = ()
    signatures: tuple[Asked, ...] = ()
    grounds: tuple[Ground, ...] = ()
    grounds_note: str = Field(min_length=1)
    chapters: tuple[Chapter, ...] = Field(min_length=1)
    sha256: str = ""
    """Of its file."""

    @model_validator(mode="after")
    def _dates_are_known(self) -> Self:
        parts: list[Pack | Chapter] = [self, *self.chapters]
        for each in parts:
            if each.status == "applies-from" and each.in_force_from is None:
                raise ValueError(f"{each.title}: applies-from needs in_force_from")
        return self


@cache
def shipped_packs() -> dict[str, Pack]:
    """Returns the packs that come with the auditor, by id."""
    paths = sorted(content_path("reports", "packs").glob("*.toml"))
    return {pack.id: pack for pack in map(_read, paths)}


def load_pack(name: str) -> Pack:
    """Returns a pack by its id, or a user's own by the path of its TOML file.

    Raises:
        PlanError: there is no such pack, or the file has errors, all of them named.
    """
    if "/" in name or "\\" in name or name.endswith(".toml"):
        return _read(Path(name))
    known = shipped_packs()
    if name not in known:
        raise PlanError(
            f"no framework pack {name!r}; there are {', '.join(known)}. A pack of your own is "
            "named by its path, such as ./own.toml"
        )
    return known[name]


def refuse_unknown_packs(names: Sequence[str]) -> None:
    """Raises PlanError where a pack is not there or has errors; says all that is wrong with it."""
    for name in names:
        load_pack(name)


def _read(path: Path) -> Pack:
    try:
        data = path.read_bytes()
        values = tomllib.loads(data.decode("utf-8"))
    except FileNotFoundError:
        raise PlanError(
            f"no framework pack at {path}; see which there are with: auditor list packs"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise PlanError(f"{path} is not a TOML file in UTF-8: {error}") from None
    return _checked(values, path, hashlib.sha256(data).hexdigest())


def _checked(values: dict[str, Any], path: Path, sha256: str) -> Pack:
    with collected(f"framework pack {path}", PlanError) as problems:
        try:
            pack = Pack.model_validate({**values, "sha256": sha256})
        except ValidationError as error:
            for item in error.errors():
                where = ".".join(str(part) for part in item["loc"])
                problems.add(f"{where}: {item['msg']}" if where else item["msg"])
        for line in _beyond_types(values):
            problems.add(line)
    return pack


def _beyond_types(values: dict[str, Any]) -> Iterator[str]:
    """What no type says, of values that may have any type."""
    seen: set[str] = set()
    for chapter in _tables(values.get("chapters")):
        for clause in _tables(chapter.get("clauses")):
            name = str(clause.get("id"))
            if name in seen:
                yield f"the clause id {name!r} is there twice"
            seen.add(name)
    for text in _texts(values):
        if found := NEVER_PRINTED.search(text):
            yield f"{found[0]!r} is a word that a report never prints, in: {text}"


def _tables(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


EVIDENCE_KEYS: tuple[EvidenceKey, ...] = get_args(EvidenceKey)
