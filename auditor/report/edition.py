"""One edition of a report: what was chosen for it, which number it has, which it replaces."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from auditor.errors import PlanError, RunError, collected
from auditor.evidence.files import read_json
from auditor.evidence.keys import read_public_key
from auditor.evidence.provenance import now
from auditor.evidence.reader import Evidence
from auditor.plan import AuditPlan
from auditor.plan_report import DeclaredPlan
from auditor.report.declared.checks import check_facts
from auditor.report.packs.pack import refuse_unknown_packs

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey


@dataclass(frozen=True, slots=True)
class Choice:
    """What an edition is to hold: the plan's packs and facts, and what was given since."""

    packs: tuple[str, ...] = ()
    declared: DeclaredPlan = field(default_factory=DeclaredPlan)
    public: bool = False
    """For publication: small cells are hidden and no text of a pair is quoted."""
    keys: tuple[SSlibKey, ...] = ()
    """Public keys that the run's signatures are checked with."""

    @classmethod
    def of(
        cls,
        plan: AuditPlan,
        *,
        packs: Sequence[str] = (),
        declared: Path | None = None,
        public: bool = False,
        keys: Sequence[Path] = (),
    ) -> Self:
        """Returns the plan's choice with packs added and newer facts in place of older ones.

        Args:
            declared: a TOML file with keys of the plan's section `declared`. What it gives takes
                the place of what the plan gives, key by key.
            keys: PEM files of public keys; the cover says SIGNED only where a signature holds.

        Raises:
            PlanError: the file is not there, is not TOML, declares something unknown, or its facts
                contradict each other; or there is no such pack, or it has errors; or no such key.
        """
        facts = plan.declared if declared is None else _newer(plan.declared, declared)
        chosen = tuple(dict.fromkeys([*plan.report.packs, *packs]))
        refuse_unknown_packs(chosen)
        return cls(chosen, check_facts(facts, plan), public, tuple(map(read_public_key, keys)))


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
        number = int(folder.name)
        others = (path for path in folder.parent.glob("[0-9]*") if path.name.isdigit())
        earlier = sorted((path for path in others if int(path.name) < number), key=_number)
        return cls(number, now(), _report_id(earlier[-1:]), choice)

    @classmethod
    def working_copy(cls, choice: Choice) -> Self:
        """Returns the edition of a report that is written elsewhere."""
        return cls(None, now(), None, choice)

    def report_id(self, evidence: Evidence) -> str:
        """Returns a UUID that depends on the evidence, the number and the choice: no randomness."""
        chosen = f"{self.choice.packs}{self.choice.declared!r}{self.choice.public}"
        name = f"{evidence.root_hash}/{self.number}/{chosen}"
        return str(uuid5(NAMESPACE_URL, name))


def _number(folder: Path) -> int:
    return int(folder.name)


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
    """Returns the facts of a TOML file, at its top or under [declared]; it may be a plan.

    Raises:
        PlanError: no such file, not TOML, or a key or value that is not accepted.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlanError(
            f"no facts at {path}; see which there are with: auditor list declared"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise PlanError(f"{path} is not a TOML file in UTF-8: {error}") from None
    if "declared" not in values:
        return _checked(values, path)
    beside = sorted(values.keys() - AuditPlan.model_fields.keys())
    if beside:
        raise PlanError(
            f"{path}: {', '.join(beside)} stands beside [declared], where no fact is read; move it "
            "under [declared]"
        )
    return _checked(values["declared"], path)


def _checked(own: Any, path: Path) -> dict[str, Any]:
    try:
        return DeclaredPlan.model_validate(own).model_dump(exclude_unset=True)
    except ValidationError as error:
        with collected(str(path), PlanError) as problems:
            for line in _problems(error):
                problems.add(line)
        raise


def _problems(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"]) or "declared"
        what = f"no such fact{_hint(where)}" if item["type"] == "extra_forbidden" else item["msg"]
        yield f"{where}: {what}; see `auditor list declared`"


def _hint(name: str) -> str:
    near = difflib.get_close_matches(name, DeclaredPlan.model_fields, n=1)
    return f" (did you mean {near[0]}?)" if near else ""
