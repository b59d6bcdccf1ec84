"""One edition of a report: what was chosen for it, which number it has, which it replaces."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from auditor.errors import PlanError, RunError, collected
from auditor.evidence.files import read_json
from auditor.evidence.provenance import now
from auditor.evidence.reader import Evidence
from auditor.plan import AuditPlan
from auditor.plan_report import DeclaredPlan


@dataclass(frozen=True, slots=True)
class Choice:
    """What an edition is to hold: the plan's packs and facts, and what was given since."""

    packs: tuple[str, ...] = ()
    declared: DeclaredPlan = field(default_factory=DeclaredPlan)
    public: bool = False
    """For publication: small cells are hidden and no text of a pair is quoted."""

    @classmethod
    def of(
        cls,
        plan: AuditPlan,
        *,
        packs: Sequence[str] = (),
        declared: Path | None = None,
        public: bool = False,
    ) -> Self:
        """Returns the plan's choice with packs added and newer facts in place of older ones.

        Args:
            declared: a TOML file with keys of the plan's section `declared`.

        Raises:
            PlanError: the file is not there, is not TOML, or declares something unknown.
        """
        facts = plan.declared if declared is None else _newer(plan.declared, declared)
        return cls(tuple(dict.fromkeys([*plan.report.packs, *packs])), facts, public)


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition, or a working copy that is part of no run folder (`number` is None)."""

    number: int | None
    issued_at: str
    """UTC. The only clock in a report, besides those of the evidence."""
    replaces: str | None
    """Report id of the edition before."""
    choice: Choice

    @classmethod
    def at(cls, folder: Path, choice: Choice) -> Self:
        """Returns the edition that is being written into `folder`, RUN/editions/NNN."""
        earlier = sorted(p for p in folder.parent.glob("[0-9]*") if int(p.name) < int(folder.name))
        return cls(int(folder.name), now(), _report_id(earlier[-1:]), choice)

    @classmethod
    def working_copy(cls, choice: Choice) -> Self:
        """Returns the edition of a report that is written elsewhere."""
        return cls(None, now(), None, choice)

    def report_id(self, evidence: Evidence) -> str:
        """Returns a UUID that depends on the evidence, the number and the choice: no randomness."""
        chosen = f"{self.choice.packs}{self.choice.declared!r}{self.choice.public}"
        name = f"{evidence.root_hash}/{self.number}/{chosen}"
        return str(uuid5(NAMESPACE_URL, name))


def _report_id(earlier: Sequence[Path]) -> str | None:
    """Returns the id in the last of `earlier`; None where there is none, or an older auditor's."""
    for folder in earlier:
        try:
            edition = read_json(folder / "report.json").get("edition")
        except RunError:  # an edition need not have a report.json, and verify says what is broken
            return None
        return str(edition["id"]) if isinstance(edition, Mapping) else None
    return None


def _newer(declared: DeclaredPlan, path: Path) -> DeclaredPlan:
    given = read_declared(path)
    return DeclaredPlan.model_validate({**declared.model_dump(), **given})


def read_declared(path: Path) -> dict[str, Any]:
    """Returns the facts of a TOML file, at its top or under [declared].

    Raises:
        PlanError: no such file, not TOML, or a key or value that is not accepted.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlanError(
            f"no facts at {path}; see which there are with: auditor list declared"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise PlanError(f"{path} is not a TOML file in UTF-8: {error}") from None
    own = values.get("declared", values)
    return _checked(own, path)


def _checked(own: Any, path: Path) -> dict[str, Any]:
    try:
        return DeclaredPlan.model_validate(own).model_dump(exclude_unset=True)
    except ValidationError as error:
        with collected(str(path), PlanError) as problems:
            for item in error.errors():
                where = ".".join(str(part) for part in item["loc"])
                problems.add(f"{where}: {item['msg']}; see `auditor list declared`")
        raise
