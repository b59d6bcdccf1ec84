"""The options of the command line, and how they become a plan.

Each option has one definition, used by every command that takes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditor.errors import PlanError

if TYPE_CHECKING:
    from auditor.plan import AuditPlan

Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Out = Annotated[Path | None, typer.Option(help="The run's folder; audits/<run id> if not given.")]
Model = Annotated[
    list[str] | None, typer.Option(help="Hugging Face id or folder; repeat for checkpoints.")
]
Data = Annotated[Path | None, typer.Option(help="CSV, TSV, Parquet, JSONL, or dataset folder.")]
TextColumn = Annotated[list[str] | None, typer.Option("--text", help="Text column.")]
Label = Annotated[str | None, typer.Option(help="Column with the true label.")]
Favourable = Annotated[
    list[str] | None, typer.Option(help="Label that is good to receive, by name or index.")
]
Cluster = Annotated[str | None, typer.Option(help="Column: which rows belong together.")]
Protected = Annotated[list[str] | None, typer.Option(help="Protected column.")]
Control = Annotated[
    list[str] | None, typer.Option(help="Column within whose values groups are compared too.")
]
Delta = Annotated[
    float | None, typer.Option(help="Acceptable within +-delta, in place of the default.")
]
Attribute = Annotated[
    list[str] | None, typer.Option(help="Attribute to swap; see `auditor list attributes`.")
]
Templates = Annotated[list[str] | None, typer.Option(help="Template set, instead of --data.")]
Lexicon = Annotated[list[Path] | None, typer.Option(help="Lexicon file of your own (TOML).")]
Language = Annotated[str | None, typer.Option(help="Of texts and lexicons; en if not given.")]
Arm = Annotated[
    list[str] | None,
    typer.Option(help="Beside the swaps: placebo, unmentioned, fragmentation."),
]
Revision = Annotated[str | None, typer.Option(help="Branch, tag or commit of --model.")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Dtype = Annotated[str | None, typer.Option(help="auto, float32, bfloat16, float16.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never ask the hub.")]
Seed = Annotated[int | None, typer.Option(help="Of everything that is drawn.")]
Limit = Annotated[int | None, typer.Option(help="Read at most this many rows.")]
Pairs = Annotated[Path | None, typer.Option(help="JSONL of pairs scored elsewhere.")]
Predictions = Annotated[Path | None, typer.Option(help="Table of outcomes without texts.")]
Outcome = Annotated[str | None, typer.Option(help="Column with the outcome.")]
Weight = Annotated[str | None, typer.Option(help="Column with a weight or count.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what it could find and what it costs; score nothing.")
]
Pilot = Annotated[
    bool, typer.Option("--pilot", help="The same, from placebo pairs alone: no swap is scored.")
]
ExplainFlagged = Annotated[
    int | None, typer.Option(help="Flagged pairs explained by token, per attribute.")
]
ExplainSample = Annotated[
    int | None, typer.Option(help="Other pairs explained, drawn at random per contrast.")
]
ExplainPlacebo = Annotated[
    int | None, typer.Option(help="Placebo pairs explained, drawn at random per attribute.")
]
TraceFindings = Annotated[
    int | None, typer.Option(help="Findings traced through the model, the largest unmet first.")
]
CircuitPairs = Annotated[
    int | None, typer.Option(help="Pairs to find a circuit on, and as many to judge it on.")
]
Pack = Annotated[
    list[str] | None, typer.Option(help="Framework pack to annex; see `auditor list packs`.")
]
Declared = Annotated[
    Path | None, typer.Option(help="Facts that people declare (TOML); see `auditor list declared`.")
]
Public = Annotated[
    bool, typer.Option("--public", help="For publication: hide small cells, quote no texts.")
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run.")]

_PLAN_NAMES = {
    "data": "path",
    "attribute": "attributes",
    "lexicon": "lexicons",
    "arm": "arms",
    "pack": "packs",
}
"""Options of the command line that are called otherwise in the plan."""

_NOT_IN_PLAN = {"plan", "out", "resume", "quiet", "as_json", "revision", "dry_run", "pilot"}


def plan_options(arguments: dict[str, Any]) -> dict[str, Any]:
    """Returns the given command-line options under their names in the plan."""
    options: dict[str, Any] = {}
    for name, value in arguments.items():
        if name not in _NOT_IN_PLAN and value is not None and value is not False and value != []:
            options[_PLAN_NAMES.get(name, name)] = _plain(value)
    if "model" in options:
        revision = arguments.get("revision")
        options["models"] = [{"id": m, "revision": revision} for m in options.pop("model")]
    return options


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_plain(item) for item in value)
    return str(value) if isinstance(value, Path) else value


def refuse_both(plan: Path | None, resume: Path | None, options: dict[str, Any]) -> None:
    """Refuses options beside a plan: a plan's hash must say what was audited."""
    given = [*(["a plan file"] if plan else []), *(["--resume"] if resume else [])]
    if len(given) > 1 or (given and options):
        also = [*given[1:], *sorted(options)]
        raise PlanError(
            f"{given[0]} already says what to audit, but {', '.join(also)} is given too; "
            "put it into the plan, or leave it out"
        )


def chosen_plan(plan: Path | None, options: dict[str, Any]) -> AuditPlan:
    """Returns the plan of a file, or of the options."""
    from auditor.plan_file import plan_from_options, read_plan

    return read_plan(plan) if plan else plan_from_options(**options)


def resumed_plan(resume: Path) -> AuditPlan:
    """Returns the plan that an unfinished run was begun with."""
    from auditor.evidence.run_folder import RunFolder

    return RunFolder.resume(resume).plan
