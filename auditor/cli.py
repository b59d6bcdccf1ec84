"""The `auditor` command. Each command is a thin shell over one call; `terminal.py` prints.

Exit codes: 0 done or criteria met; 1 a criterion is not met; 2 bad usage or input, in one clear
sentence; 3 inconclusive; 4 internal error, with the trace in a file; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import auditor
from auditor import terminal
from auditor.commands import compare, gate, inside, verify
from auditor.commands import report as reporting
from auditor.errors import AuditError, PlanError
from auditor.options import (
    Arm,
    AsJson,
    Attribute,
    CircuitPairs,
    Cluster,
    Control,
    Data,
    Delta,
    Device,
    DryRun,
    Dtype,
    ExplainFlagged,
    ExplainPlacebo,
    ExplainSample,
    Favourable,
    Label,
    Language,
    Lexicon,
    Limit,
    Model,
    Offline,
    Out,
    Outcome,
    Pack,
    Pairs,
    Pilot,
    Predictions,
    Protected,
    Quiet,
    Revision,
    Seed,
    Templates,
    TextColumn,
    TraceFindings,
    Weight,
    chosen_plan,
    plan_options,
    refuse_both,
    resumed_plan,
)

if TYPE_CHECKING:
    from auditor.plan import AuditPlan
    from auditor.records import Pair
    from auditor.run import Run

app = typer.Typer(
    help="Bias and fairness audits of transformer models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cache_app = typer.Typer(help="What the auditor keeps in your cache folder.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")


class Listing(StrEnum):
    """What `auditor list` knows of."""

    ATTRIBUTES = "attributes"
    DECLARED = "declared"
    TEMPLATES = "templates"
    METHODS = "methods"
    METRICS = "metrics"
    MODELS = "models"
    PACKS = "packs"


def main() -> None:
    """Runs the command line; every error leaves in words, with its exit code."""
    try:
        app()
    except AuditError as error:
        terminal.say(f"auditor: {error}")
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - the last line of defence, which keeps the trace
        trace = terminal.save_trace()
        terminal.say(f"auditor: internal error ({type(error).__name__}); the trace is in {trace}")
        sys.exit(4)


def _version(wanted: bool) -> None:
    if wanted:
        terminal.stdout.print(auditor.__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """Bias and fairness audits of transformer models."""


@app.command()
def demo(
    out: Out = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """The whole job on the embedded model: train it, audit it, write the report."""
    from auditor.content import content_path
    from auditor.models.demo import demo_checkpoints
    from auditor.plan import ModelPlan
    from auditor.plan_file import read_plan

    with terminal.progress(quiet=quiet) as tell:
        checkpoints = demo_checkpoints(progress=_training(tell))
    plan = read_plan(content_path("datasets", "demo", "plan.toml"))
    models = tuple(ModelPlan(id=str(path)) for path in checkpoints)
    _audit(plan.model_copy(update={"models": models}), out, None, quiet=quiet, as_json=as_json)


@app.command()
def run(
    plan: Annotated[Path | None, typer.Argument(metavar="[PLAN]", help="Plan file.")] = None,
    model: Model = None,
    data: Data = None,
    text: TextColumn = None,
    label: Label = None,
    favourable: Favourable = None,
    cluster: Cluster = None,
    protected: Protected = None,
    control: Control = None,
    attribute: Attribute = None,
    delta: Delta = None,
    templates: Templates = None,
    lexicon: Lexicon = None,
    language: Language = None,
    arm: Arm = None,
    revision: Revision = None,
    pairs: Pairs = None,
    predictions: Predictions = None,
    outcome: Outcome = None,
    weight: Weight = None,
    seed: Seed = None,
    limit: Limit = None,
    explain_flagged: ExplainFlagged = None,
    explain_sample: ExplainSample = None,
    explain_placebo: ExplainPlacebo = None,
    trace_findings: TraceFindings = None,
    circuit_pairs: CircuitPairs = None,
    pack: Pack = None,
    device: Device = None,
    dtype: Dtype = None,
    offline: Offline = False,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(help="Complete this unfinished run.")] = None,
    dry_run: DryRun = False,
    pilot: Pilot = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Audit a model on your texts, pairs scored elsewhere, or a table of outcomes."""
    options = plan_options(locals())
    _refuse_unwritten(dry_run=dry_run, pilot=pilot, resume=resume, out=out)
    refuse_both(plan, resume, options)
    if dry_run or pilot:
        _look_ahead(chosen_plan(plan, options), pilot=pilot, quiet=quiet, as_json=as_json)
        return
    chosen = resumed_plan(resume) if resume else chosen_plan(plan, options)
    judged = _audit(chosen, out, resume, quiet=quiet, as_json=as_json)
    raise typer.Exit(judged.exit_code)


@app.command()
def init(
    model: Model = None,
    data: Data = None,
    text: TextColumn = None,
    label: Label = None,
    favourable: Favourable = None,
    cluster: Cluster = None,
    protected: Protected = None,
    control: Control = None,
    attribute: Attribute = None,
    delta: Delta = None,
    templates: Templates = None,
    language: Language = None,
    revision: Revision = None,
) -> None:
    """Print a commented plan with every option: auditor init --model M --data D > plan.toml."""
    plan = chosen_plan(None, plan_options(locals()))
    from auditor.plan_file import plan_template

    print(plan_template(plan))  # noqa: T201 - the output


@app.command()
def check(plan: Annotated[Path, typer.Argument(help="Plan file.")]) -> None:
    """Check a plan: its options, data, lexicons and models, without scoring anything."""
    from auditor.plan_file import read_plan
    from auditor.preview import check_inputs

    for line in check_inputs(read_plan(plan)):
        terminal.stdout.print(line, markup=False, soft_wrap=True)


@app.command()
def swap(
    text: Annotated[str | None, typer.Argument(help="A text to swap in.")] = None,
    attribute: Attribute = None,
    to: Annotated[str | None, typer.Option(help="Only swaps to this group.")] = None,
    file: Annotated[Path | None, typer.Option(help="A table of texts instead.")] = None,
    column: TextColumn = None,
    lexicon: Lexicon = None,
    language: Language = None,
    arm: Arm = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes, for a table.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Show the counterfactuals of a text, or write those of a table as JSONL."""
    from auditor.preview import Wanted, swap_file, swap_text

    names = tuple(attribute or ["gender"])
    wanted = Wanted(names, to, tuple(lexicon or ()), language or "en", tuple(arm or ()))
    if text is not None and file is None:
        made: Iterable[Pair] = swap_text(text, wanted)
    elif file is not None and text is None:
        made = swap_file(file, column or [], wanted, jobs=jobs)
    else:
        raise PlanError('give a text or a file: auditor swap "She left." --attribute gender')
    show = terminal.emit_pair if as_json or file is not None else terminal.print_pair
    shown = 0
    for pair in made:
        show(pair)
        shown += 1
    if not shown:
        terminal.say(f"no mention to swap for {', '.join(names)}; nothing was written")


app.command()(reporting.report)
app.command()(verify.verify)
app.command()(verify.sign)
app.command()(gate.gate)
app.command()(compare.compare)
app.command()(inside.explain)
app.command()(inside.circuits)


@app.command()
def review(
    runs: Annotated[list[Path] | None, typer.Argument(metavar="[RUNS]...")] = None,
    port: Annotated[int | None, typer.Option(help="Port on this machine.")] = None,
) -> None:
    """Open the review pages in the browser, on this machine only."""
    from auditor.ui.launch import launch

    raise typer.Exit(launch(runs or [], port=port))


@app.command("list")
def list_(what: Listing, as_json: AsJson = False) -> None:
    """Show the attributes, templates, packs and so on that there are."""
    from auditor.preview import rows_of

    terminal.print_rows(rows_of(what.value), as_json=as_json)


@cache_app.command("list")
def cache_list(as_json: AsJson = False) -> None:
    """Show the cached demo checkpoints and their size."""
    from auditor.models.cache import cached_checkpoints

    rows = [
        {"path": str(path), "mebibytes": f"{size / 2**20:.0f}"}
        for path, size in cached_checkpoints()
    ]
    if not rows and not as_json:
        terminal.say("the cache is empty; `auditor demo` fills it")
        return
    terminal.print_rows(rows, as_json=as_json)


@cache_app.command("clear")
def cache_clear() -> None:
    """Delete the cached demo checkpoints."""
    from auditor.models.cache import clear_cache

    terminal.say(f"deleted {clear_cache()} cached checkpoints")


def _refuse_unwritten(**given: Any) -> None:
    """Refuses what has no meaning where nothing is written."""
    named = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if len(named) > 1 and (given["dry_run"] or given["pilot"]):
        raise PlanError(
            f"{' and '.join(named)} are given; --dry-run and --pilot look at a new audit and write "
            "nothing, so give one of the two, without --resume and --out"
        )


def _look_ahead(plan: AuditPlan, *, pilot: bool, quiet: bool, as_json: bool) -> None:
    """Prints what an audit could find and what it costs; nothing is written."""
    from auditor import planned
    from auditor.pipeline import Step

    look = planned.pilot if pilot else planned.dry_run
    with terminal.progress(quiet=quiet) as tell:
        found = look(plan, tell=lambda stage: tell(Step(Path(), stage, 0)))
    terminal.print_planned(found, as_json=as_json)


def _audit(
    plan: AuditPlan, out: Path | None, resume: Path | None, *, quiet: bool, as_json: bool
) -> Run:
    """Runs the audit, writes the first edition of its report, and prints where things are."""
    from auditor.pipeline import run_audit
    from auditor.report.edition import Choice
    from auditor.run import Run, refuse_underpowered

    if resume is None:
        refuse_underpowered(plan)
    with _interruptible() as note, terminal.progress(quiet=quiet) as tell:
        finished = Run(run_audit(plan, out, resume=resume, tell=note(tell)))
        choice = Choice.of(plan)
        reports = reporting.write_next(finished, reporting.DEFAULT_FORMATS, choice)
    if as_json:
        terminal.emit(terminal.run_json(finished, reports))
    else:
        terminal.print_run(finished, reports)
    return finished


def _training(tell: Any) -> Callable[[int, int], None]:
    from auditor.pipeline import Step

    stage = "training the demo checkpoints, once"
    return lambda done, total: tell(Step(Path(), stage, done, total, "steps"))


@contextmanager
def _interruptible() -> Iterator[Any]:
    """Says on Ctrl-C how to go on, and exits with 130. Yields a wrapper that sees the folder."""
    folders: list[Path] = []

    def note(tell: Any) -> Any:
        def told(step: Any) -> None:
            folders[:] = [step.folder]
            tell(step)

        return told

    try:
        yield note
    except KeyboardInterrupt:
        how = f"; go on with: auditor run --resume {folders[0]}" if folders else ""
        terminal.say(f"interrupted; every finished part is kept{how}")
        raise typer.Exit(130) from None


if __name__ == "__main__":
    main()
