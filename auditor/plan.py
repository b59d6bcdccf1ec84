"""The audit plan: every option, default, check and threshold, in one place.

A plan is read from TOML or made from keyword options, checked whole (all problems at once, one
line each), frozen, and hashed before the first model call. Names of files, models and attributes
are resolved in `pipeline.py`; this module touches nothing but the plan's own text.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from auditor.errors import PlanError, collected

PLAN_VERSION = 1


class _Section(BaseModel):
    """Frozen, and an unknown key is an error: a misspelt option must not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ModelPlan(_Section):
    """One checkpoint to audit."""

    id: str = Field(min_length=1, description="Hugging Face id, or a folder with the model.")
    revision: str | None = Field(
        None, description="Branch, tag or commit on the hub; the resolved commit is recorded."
    )
    trust_remote_code: str | None = Field(
        None,
        description="Run Python code that comes with the model. Off unless a reason is given "
        "here; the reason is printed in the run record.",
    )
    allow_pickle: str | None = Field(
        None,
        description="Load pickle weights (.bin), which can run any code. Off unless a reason is "
        "given here; the reason is printed in the run record.",
    )


class DataPlan(_Section):
    """What to audit on: exactly one of `path`, `templates`, `pairs` and `predictions`."""

    path: str | None = Field(
        None,
        description="CSV, TSV, Parquet or JSONL file (.gz too), or a Hugging Face dataset folder.",
    )
    templates: tuple[str, ...] = Field(
        (), description="Template sets by name (see `auditor list templates`) or TOML file."
    )
    pairs: str | None = Field(
        None, description="JSONL of pairs scored elsewhere: `auditor swap` rows with scores."
    )
    predictions: str | None = Field(
        None, description="Table of outcomes without texts: group metrics only."
    )
    text: tuple[str, ...] = Field((), description="Text column; several are joined by a blank.")
    label: str | None = Field(None, description="Column with the true label.")
    outcome: str | None = Field(None, description="Predictions only: column with the outcome.")
    protected: tuple[str, ...] = Field((), description="Columns with protected attributes.")
    cluster: str | None = Field(
        None,
        description="Column that says which rows belong together (author, document); such rows "
        "move together, so intervals count clusters. None: each row is its own.",
    )
    weight: str | None = Field(None, description="Column with a weight or count per row.")
    weight_kind: Literal["frequency", "sampling"] = Field(
        "frequency", description="frequency: a count of equal rows; sampling: a survey weight."
    )
    encoding: str = Field("utf-8", description="Text encoding of CSV, TSV and JSONL files.")
    limit: int | None = Field(None, ge=1, description="Read at most this many rows.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = {
            "path": self.path,
            "templates": self.templates,
            "pairs": self.pairs,
            "predictions": self.predictions,
        }
        given = [name for name, value in named.items() if value]
        if len(given) > 1:
            raise ValueError(
                f"{' and '.join(given)} are given; give one of {', '.join(named)} and make "
                "one audit for each"
            )
        if self.predictions and not self.outcome:
            raise ValueError("predictions need an outcome column; name it with `outcome`")
        if self.predictions and not self.protected:
            raise ValueError("predictions need at least one protected column; name it")
        return self


class SwapPlan(_Section):
    """Which protected tokens are swapped."""

    attributes: tuple[str, ...] = Field(
        ("gender", "religion"),
        description="Attributes to swap (see `auditor list attributes`).",
    )
    contrasts: Literal["reference", "all"] = Field(
        "reference",
        description="reference: every group against the attribute's reference group; all: every "
        "pair of groups, which is more tests and so less power for each.",
    )
    references: dict[str, str] = Field(
        default_factory=dict, description="Attribute -> reference group; else the lexicon's."
    )
    groups: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Attribute -> the groups to compare; else all that its texts can name. "
        "gender's neutral (they), which changes grammar too, must be named to be compared.",
    )
    arms: tuple[Literal["placebo", "unmentioned", "fragmentation"], ...] = Field(
        ("placebo", "unmentioned", "fragmentation"),
        description="What stands beside the swaps and never decides: placebo (words and names "
        "changed within a group), unmentioned (the descriptor left out), fragmentation (rare "
        "names in many pieces against common ones, within the reference group).",
    )
    names_per_group: int = Field(
        24,
        ge=2,
        description="Names of each group that every text with a name is crossed with. Fewer make "
        "small differences undetectable, however many texts there are; more cost time.",
    )
    leave: tuple[str, ...] = Field(
        (), description="Phrases to leave alone: names of people you know of, titles of works."
    )
    lexicons: tuple[str, ...] = Field((), description="Lexicon files of your own (TOML).")
    language: str = Field("en", description="Of texts, templates and lexicons.")


class ScoringPlan(_Section):
    """How texts become scores."""

    favourable: tuple[str | int, ...] = Field(
        (),
        description="The label, or labels, that are good to receive, by name or index. For a "
        'regression: "higher" or "lower".',
    )
    labels: tuple[str, ...] = Field(
        (), description="Names of the columns that a callable or pairs file gives, in order."
    )
    cutoff: float | None = Field(
        None,
        description="Select the favourable label at this score, as in use. None: the most "
        "probable label (multi-label: .5). A regression needs it for flips.",
    )
    device: str = Field("auto", description="auto (CUDA, MPS, CPU), or a torch device: cuda:1.")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="auto: as saved on a GPU, float32 on a CPU. bfloat16: faster; texts near a "
        "decision are scored again in float32.",
    )
    token_budget: int | None = Field(
        None,
        ge=16,
        description="Tokens per batch, padding included. None: chosen for the device. More is "
        "faster on a GPU until memory ends (then batches are halved).",
    )
    too_long: Literal["truncate", "refuse"] = Field(
        "truncate",
        description="A text longer than the model's window: truncate (counted and reported) or "
        "refuse (stop before scoring).",
    )
    offline: bool = Field(False, description="Never ask the hub; use local and cached files.")


class MetricPlan(_Section):
    """What decides, and from which thresholds."""

    governing: Literal["selection_rate_change", "mean_effect"] = Field(
        "selection_rate_change",
        description="The one metric per contrast that has a verdict; others are descriptive.",
    )
    delta: float = Field(
        0.05, gt=0, description="Acceptable within +-delta, in the governing metric's unit."
    )
    delta_origin: str = Field(
        "in-house: half of the +-.10 toolkit convention, since texts are otherwise equal; no "
        "legal source",
        description="Where delta comes from; printed beside it.",
    )
    approved_by: str | None = Field(
        None, description="Who approved the threshold. None prints as NOT PROVIDED."
    )
    alpha: float = Field(0.05, gt=0, lt=0.5, description="Error rate of each verdict.")
    min_clusters: int = Field(
        20, ge=8, description="Fewer clusters than this: not tested. 8 is the hard floor."
    )
    task_concerns: tuple[str, ...] = Field(
        (), description="Attributes that are the task's own target; they are refused."
    )
    harm: str | None = Field(
        None, description="Who is harmed, and how, if the favourable label is withheld."
    )


class CasePlan(_Section):
    """Which pairs are flagged for a person."""

    largest_share: float = Field(
        0.05, ge=0, le=1, description="Flag this share of largest absolute effects, and flips."
    )
    max_cases: int = Field(500, ge=0, description="At most this many per attribute.")


class AuditPlan(_Section):
    """Everything that decides the result of an audit."""

    name: str = Field("audit", min_length=1, description="Printed on the report.")
    seed: int = Field(0, ge=0, description="Of everything that is drawn.")
    models: tuple[ModelPlan, ...] = ()
    data: DataPlan = DataPlan()
    swaps: SwapPlan = SwapPlan()
    scoring: ScoringPlan = ScoringPlan()
    metrics: MetricPlan = MetricPlan()
    cases: CasePlan = CasePlan()

    @field_validator("models")
    @classmethod
    def _distinct(cls, models: tuple[ModelPlan, ...]) -> tuple[ModelPlan, ...]:
        seen = [(m.id, m.revision) for m in models]
        twice = sorted({m for m, _ in seen if seen.count((m, _)) > 1})
        if twice:
            raise ValueError(f"named twice: {', '.join(twice)}; name each checkpoint once")
        return models

    @model_validator(mode="after")
    def _refuse_own_target(self) -> Self:
        own = sorted(set(self.swaps.attributes) & set(self.metrics.task_concerns))
        if own:
            raise ValueError(
                f"{', '.join(own)} is both swapped and the task's own target (task_concerns): "
                "swapping it should move the score, so a verdict would be wrong; drop it from "
                "one of the two"
            )
        return self

    def canonical(self) -> str:
        """Returns the plan as JSON with sorted keys: equal plans give equal bytes."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.canonical().encode()).hexdigest()


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
    """Returns the plan in a TOML file. Relative paths in it are relative to the file's folder.

    Raises:
        PlanError: no such file, not TOML, or not a plan.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlanError(
            f"no plan at {path}; write one with: auditor init --model M --data D.csv > plan.toml"
        ) from None
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
        if isinstance(section, type) and issubclass(section, _Section):
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
        if isinstance(value, _Section):
            lines += [f"[{name}]", *_section_lines(value)]
    return "\n".join(lines)


def _section_lines(section: _Section) -> list[str]:
    return [line for name in type(section).model_fields for line in _option_lines(section, name)]


def _option_lines(section: _Section, name: str) -> list[str]:
    info = type(section).model_fields[name]
    value = getattr(section, name)
    unset = value is None or value in ((), {})
    shown = f"# {name} = ..." if unset else f"{name} = {_toml(value)}"
    return [f"# {info.description}", shown, ""]


def _toml(value: Any) -> str:
    """JSON and TOML write strings, numbers, booleans and lists of these alike."""
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
