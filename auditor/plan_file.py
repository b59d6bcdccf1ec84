"""How a plan is written: read from TOML or from options, checked whole, printed for a person.

All problems of a plan are said together, one line each, before anything is opened or scored.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from auditor.errors import PlanError, collected
from auditor.plan import AuditPlan, ModelPlan
from auditor.plan_metrics import Section


def check_plan(values: Mapping[str, Any], subject: str) -> AuditPlan:
    """Returns the plan of nested `values`; `subject` names where they came from.

    Raises:
        PlanError: with every problem of the plan, one line each.
    """
    try:
        return AuditPlan.model_validate(values)
    except ValidationError as error:
        with collected(subject, PlanError) as problems:
            for item in error.errors():
                problems.add(_problem(item))
        raise


def read_plan(path: Path) -> AuditPlan:
    """Returns the plan in a TOML file, or the plan.json of a run. Relative paths in TOML are
    relative to the file's folder; those in a run are as they were given.

    Raises:
        PlanError: no such file, not TOML, or not a plan.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            return check_plan(json.loads(text)["plan"], str(path))
        values = tomllib.loads(text)
    except FileNotFoundError:
        raise PlanError(
            f"no plan at {path}; write one with: auditor init --model M --data D.csv > plan.toml"
        ) from None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise PlanError(f"{path} is not the plan.json of a run: {error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise PlanError(f"{path} is not a TOML file in UTF-8: {error}") from None
    return check_plan(_anchor(values, path.resolve().parent), str(path))


def plan_from_options(**options: Any) -> AuditPlan:
    """Returns the plan of flat options, as the command line and `auditor.audit` take them.

    An option's name is its field's name in whichever section has it: `device="cpu"` is
    `scoring.device`. A single string may stand for a list of one.

    Raises:
        PlanError: an unknown option, or a value that is not accepted.
    """
    homes = option_sections()
    unknown = sorted(set(options) - set(homes))
    if unknown:
        raise PlanError(
            f"unknown option {', '.join(unknown)}; known are {', '.join(sorted(homes))}"
        )
    values: dict[str, Any] = {}
    for name, value in options.items():
        section = homes[name]
        target = values if section is None else values.setdefault(section, {})
        target[name] = _as_list(section, name, value)
    return check_plan(values, "options")


def option_sections() -> dict[str, str | None]:
    """Returns option name -> section that holds it (None: the plan itself)."""
    homes: dict[str, str | None] = {}
    for name, info in AuditPlan.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, Section):
            homes.update(dict.fromkeys(section.model_fields, name))
        else:
            homes[name] = None
    return homes


def plan_template(plan: AuditPlan) -> str:
    """Returns `plan` as TOML with a comment on every option, for a person to edit.

    An option that is not set stands commented out.
    """
    lines = ["# Audit plan. Check it with: auditor check PLAN; run it with: auditor run PLAN", ""]
    for name in ("name", "seed"):
        lines += _option_lines(plan, name)
    for model in plan.models or (ModelPlan(id="your/model-or-folder"),):
        lines += ["[[models]]", *_section_lines(model)]
    for name, value in plan:
        if isinstance(value, Section):
            lines += [f"[{name}]", *_section_lines(value)]
    return "\n".join(lines)


def _section_lines(section: Section) -> list[str]:
    return [line for name in type(section).model_fields for line in _option_lines(section, name)]


def _option_lines(section: Section, name: str) -> list[str]:
    info = type(section).model_fields[name]
    value = getattr(section, name)
    unset = value is None or value in ((), {})
    shown = f"# {name} = ..." if unset else f"{name} = {_toml(value)}"
    return [f"# {info.description}", shown, ""]


def _toml(value: Any) -> str:
    """JSON and TOML write strings, numbers, booleans and lists of these alike."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Section):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _as_list(section: str | None, name: str, value: Any) -> Any:
    """Wraps a lone value where the field is a list: text="comment"."""
    model = AuditPlan if section is None else AuditPlan.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    is_list = str(model.model_fields[name].annotation).startswith("tuple")
    return (value,) if is_list and isinstance(value, (str, int)) else value


def _anchor(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Makes paths relative to the plan's folder absolute; ids and set names stay."""

    def absolute(name: Any) -> Any:
        is_path = isinstance(name, str) and (folder / name).exists()
        return str(folder / name) if is_path else name

    data = values.get("data")
    if isinstance(data, dict):
        for key in ("path", "pairs", "predictions"):
            if isinstance(data.get(key), str):
                data[key] = str(folder / data[key])
        if isinstance(data.get("templates"), list):
            data["templates"] = [absolute(t) for t in data["templates"]]
    swaps = values.get("swaps")
    if isinstance(swaps, dict) and isinstance(swaps.get("lexicons"), list):
        swaps["lexicons"] = [str(folder / name) for name in swaps["lexicons"]]
    if isinstance(values.get("models"), list):
        for model in values["models"]:
            if isinstance(model, dict) and "id" in model:
                model["id"] = absolute(model["id"])
    return values


def _problem(item: Any) -> str:
    """One pydantic error as a line: where, what is wrong, what was given."""
    where = ".".join(str(part) for part in item["loc"])
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        return f"{where}: no such option; take it out or check its spelling"
    given = item["input"]
    shown = f" (given: {given!r})" if isinstance(given, (str, int, float, bool)) else ""
    return f"{where}: {message}{shown}" if where else f"{message}{shown}"
