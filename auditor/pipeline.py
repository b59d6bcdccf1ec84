"""The audit on one page: `run_audit` calls each stage in order, and nothing else.

    plan -> sources -> swaps -> models -> metrics -> attributions -> circuits -> evidence

Names in the plan become things here (`resolve`): attributes become lexicons and contrasts, paths
become sources. Texts pass through in parts, so memory does not grow with rows; each part is whole
on disk before the next begins, so an interrupted audit goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import ModelError, PlanError, RunError
from auditor.evidence.files import sha256_file
from auditor.evidence.reader import Evidence, pairs_glob
from auditor.evidence.run_folder import RunFolder
from auditor.metrics.coverage import part_notes
from auditor.metrics.results import Scored, measure_scores
from auditor.plan import AuditPlan
from auditor.records import Finding, Results, to_plain
from auditor.records_attributions import Explanations
from auditor.report.edition import Choice
from auditor.schemas import PAIRS
from auditor.sources import TextSource, open_texts, read_predictions, read_scored_pairs
from auditor.swaps.attributes import (
    Attributes,
    open_attributes,
    refuse_unknown,
    template_terms,
)
from auditor.swaps.swapper import Swapper

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from auditor.attributions.stage import Explainer
    from auditor.models import Model, Outcome

PART_TEXTS = 2_000
"""Source texts per part: duplicates are found, and batches sorted, within one part."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the pipeline tells while it works."""

    folder: Path
    stage: str
    done: int
    """So far, in `unit`."""
    total: int | None = None
    """None where the source does not know its length."""
    unit: str = "texts"


Tell = Callable[[Step], None]
Judged = Callable[[], "tuple[Model, Outcome]"]
"""The checkpoint that is judged, loaded by the first stage that asks and kept for the next."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The plan with its names resolved. Attributes and texts are None where no model is asked."""

    plan: AuditPlan
    attributes: Attributes | None
    texts: TextSource | None
    digests: Mapping[str, str]
    """Name -> SHA-256 of every file that the result depends on, models aside."""


def run_audit(
    plan: AuditPlan,
    out: Path | None = None,
    *,
    resume: Path | None = None,
    models: Sequence[Any] = (),
    frame: pd.DataFrame | None = None,
    tell: Tell = lambda _: None,
) -> Evidence:
    """Returns the sealed evidence of an audit.

    Args:
        plan: what to test; hashed before the first model call.
        out: the run's folder, new or empty. None: `audits/<run id>`.
        resume: the folder of an unfinished run of the same plan, to complete.
        models: things to audit in place of the plan's model names: `(model, tokenizer)` or a
            callable, one for each entry of `plan.models`.
        frame: the data, in place of `plan.data.path`.
        tell: called at the start of each stage and after each part.

    Raises:
        AuditError: what was given, what is accepted, what to do next.
    """
    inputs = resolve(plan, frame)
    run = open_folder(inputs, out, resume)
    with run.discarded_if_empty():
        if plan.data.predictions:
            import_predictions(run, plan)
        elif plan.data.pairs:
            import_pairs(run, plan)
        else:
            score_texts(run, inputs, list(models or plan.models), tell)
    tell(Step(run.folder, "estimating effects", 0))
    results, cases = measure(run, inputs)
    judged = cache(lambda: _open_model(run, inputs, 0, (models or plan.models)[0], tell))
    run.write_json("attributions.json", to_plain(explain(run, judged, cases, tell)))
    trace(run, judged, results, tell)
    # Last of all: a run that has findings is finished.
    run.write_json("findings.json", to_plain(results))
    run.seal()
    return Evidence.open(run.folder)


def resolve(plan: AuditPlan, frame: pd.DataFrame | None = None) -> Inputs:
    """Returns the plan's names as things; every file named is found and hashed."""
    Choice.of(plan)  # an unknown pack or facts that contradict each other, before hours of scoring
    data = plan.data
    if data.predictions or data.pairs:
        path = Path(data.predictions or data.pairs or "")
        return Inputs(plan, None, None, {path.name: _sha256(path)})
    if frame is None and not data.path and not data.templates:
        raise PlanError(
            "no data is named; give a table with `path` and `text`, or `templates`, `pairs` or "
            "`predictions` (on the command line: --data D.csv --text COLUMN)"
        )
    if not plan.models:
        raise PlanError("no model is named; give a Hugging Face id or a folder (--model M)")
    attributes = open_attributes(plan.swaps)
    refuse_unknown(plan.metrics.task_concerns, plan.swaps)
    texts = open_texts(
        data,
        frame=frame,
        template_terms=template_terms(attributes),
        language=plan.swaps.language,
    )
    return Inputs(plan, attributes, texts, {**texts.digests, **attributes.digests})


def open_folder(inputs: Inputs, out: Path | None, resume: Path | None) -> RunFolder:
    """Returns a new run folder, or the one to complete once its inputs are found unchanged."""
    if resume is None:
        return RunFolder.create(out, inputs.plan, inputs.digests)
    run = RunFolder.resume(resume)
    if run.plan != inputs.plan:
        raise RunError(
            f"{resume} was begun with another plan (or model name); resume it with its own, which "
            "`auditor run --resume` does, or start a new run"
        )
    run.check_inputs(inputs.digests)
    return run


def score_texts(run: RunFolder, inputs: Inputs, models: list[Any], tell: Tell) -> None:
    """Swaps and scores every text with every model, part by part."""
    from auditor.models import load_counter

    assert inputs.attributes is not None
    assert inputs.texts is not None
    # The first checkpoint's pieces decide which names are like each other, so that all
    # checkpoints see the same pairs.
    counter = load_counter(models[0], inputs.plan.scoring) if inputs.attributes.names else None
    swapper = Swapper(inputs.attributes, inputs.plan.swaps, counter)
    for index, model in enumerate(models):
        if not run.is_done(f"model {index}"):
            parts = _score_with(run, inputs, swapper, index, model, tell)
            run.finish(f"model {index}", parts=parts, without_text=inputs.texts.skipped)


def _score_with(
    run: RunFolder, inputs: Inputs, swapper: Swapper, index: int, spec: Any, tell: Tell
) -> int:
    """Returns the number of parts. The model is loaded once and dropped on return."""
    from auditor.models import score_part

    assert inputs.texts is not None
    plan, name = inputs.plan, model_ids(inputs.plan)[index]
    model, outcome = _open_model(run, inputs, index, spec, tell)
    done, parts = 0, 0
    for part, texts in enumerate(inputs.texts.chunks(PART_TEXTS)):
        if not run.has_part(index, part):
            swapped = [swapper.swap(text) for text in texts]
            pairs = [pair for each in swapped for pair in each.pairs]
            scored = score_part(
                texts if inputs.texts.has_groups else [], pairs, model, outcome, plan=plan
            )
            run.write_part(
                index,
                part,
                pairs=scored.pairs,
                predictions=scored.predictions,
                notes=part_notes(swapped, scored.counts),
            )
        done, parts = done + len(texts), part + 1
        tell(Step(run.folder, f"scoring with {name}", done))
    return parts


def _open_model(
    run: RunFolder, inputs: Inputs, index: int, spec: Any, tell: Tell
) -> tuple[Model, Outcome]:
    """Returns a checkpoint, loaded, recorded and found to be the one that the run began with."""
    from auditor.models import Outcome, load_model

    plan, name = inputs.plan, model_ids(inputs.plan)[index]
    tell(Step(run.folder, f"loading {name}", 0))
    model = load_model(spec, plan.scoring, model_id=name)
    outcome = Outcome.of(model.labels, model.kind, plan.scoring)
    run.note_model(index, {**model.record(), "favourable": outcome.favourable_labels})
    return model, outcome


def model_ids(plan: AuditPlan) -> list[str]:
    """Returns a short, unique name for each model: a hub id as it is, a folder by its last part.

    Reports are handed on; the folders of whoever ran the audit are nobody's business.
    """
    last = [Path(m.id).name if Path(m.id).exists() else m.id for m in plan.models]
    return [
        name if last.count(name) == 1 else f"{name}-{last[: i + 1].count(name)}"
        for i, name in enumerate(last)
    ]


def import_pairs(run: RunFolder, plan: AuditPlan) -> None:
    """Takes pairs that were scored elsewhere into the run folder."""
    if run.is_done("pairs"):
        return
    path = Path(str(plan.data.pairs))
    run.note_model(0, {"model_id": "scored elsewhere", "kind": "pairs", "digests": {}})
    tables = read_scored_pairs(path, chunk=20 * PART_TEXTS, cutoff=plan.scoring.cutoff)
    for part, table in enumerate(tables):
        notes = {"texts": table.num_rows, "mentions": {}, "counts": {}}
        run.write_part(0, part, pairs=table, predictions=None, notes=notes)
    run.finish("pairs")


def import_predictions(run: RunFolder, plan: AuditPlan) -> None:
    """Takes a table of outcomes, without texts, into the run folder."""
    if run.is_done("predictions"):
        return
    run.note_model(0, {"model_id": "predictions", "kind": "predictions", "digests": {}})
    for part, table in enumerate(read_predictions(plan.data, plan.scoring.cutoff)):
        notes = {"texts": table.num_rows, "mentions": {}, "counts": {}}
        run.write_part(0, part, pairs=PAIRS.empty_table(), predictions=table, notes=notes)
    run.finish("predictions")


def measure(run: RunFolder, inputs: Inputs) -> tuple[Results, pa.Table]:
    """Turns scores into findings, verdict and cases."""
    models = run.record["models"]
    notes = {str(model["model_id"]): run.notes(i) for i, model in enumerate(models)}
    scored = Scored(pairs_glob(run.evidence), run.predictions(), models, notes)
    judged = inputs.attributes.judged if inputs.attributes else None
    results, cases = measure_scores(scored, inputs.plan, judged)
    run.write_table("cases.parquet", cases)
    return results, cases


def explain(run: RunFolder, judged: Judged, cases: pa.Table, tell: Tell) -> Explanations:
    """Explains flagged pairs, a sample of the others and placebo pairs, token by token.

    On the checkpoint that is judged. What cannot be explained says why; the verdict stands.
    """
    from auditor.attributions.stage import Explainer, why_not

    if (reason := why_not(run.plan)) is not None:
        return Explanations(not_explained=reason)
    model, outcome = judged()
    try:
        return _explain_with(run, Explainer.of(model, outcome, run.plan), cases, tell)
    except ModelError as error:
        # A verdict does not wait for what a model cannot do with masked texts.
        return Explanations(model_id=model.model_id, not_explained=str(error))


def _explain_with(
    run: RunFolder, explainer: Explainer, cases: pa.Table, tell: Tell
) -> Explanations:
    """Part by part, as scoring is: an interrupted audit goes on with the part that is missing."""
    from auditor.attributions.stage import choose_pairs, parts_of_pairs

    model_id = explainer.model.model_id
    chosen, counts = choose_pairs(pairs_glob(run.evidence), cases, run.plan, model_id)
    parts = list(parts_of_pairs(chosen))
    for part, pairs in enumerate(parts):
        tell(Step(run.folder, "explaining pairs", int(pairs.index[0]), len(chosen), "pairs"))
        if not run.has_attributions(part):
            run.write_attributions(part, *explainer.explain(pairs))
    tell(Step(run.folder, "checking the explanations", 0))
    return explainer.summary(run.attributions(len(parts)), chosen, counts)


def trace(run: RunFolder, judged: Judged, results: Results, tell: Tell) -> None:
    """Traces the largest findings that do not meet their criterion to heads and MLPs.

    One by one: an interrupted audit goes on with the one that is missing. What cannot be traced
    says why; the verdict stands.
    """
    from auditor.circuits.pairs_of import trace_in_run
    from auditor.circuits.stage import Tracer, findings_to_trace, not_traced, why_not

    wanted = [] if why_not(run.plan) is not None else findings_to_trace(results, run.plan)
    tracer = cache(lambda: Tracer.of(*judged(), run.plan))
    for finding in wanted:
        if run.has_circuit(finding.finding_id):
            continue
        try:
            told = tracing(run.folder, finding, tell)
            circuit = trace_in_run(tracer(), finding, results, pairs_glob(run.evidence), told)
        except ModelError as error:
            run.write_circuit(not_traced(finding, finding.model_id, str(error)))
        else:
            run.write_circuit(*circuit)


def tracing(folder: Path, finding: Finding, tell: Tell) -> Callable[[str, int, int], None]:
    """Returns what the tracer of a finding tells its steps to: what, done, of how many."""
    name = f"tracing {finding.finding_id}"
    return lambda what, done, total: tell(Step(folder, f"{name}: {what}", done, total, "steps"))


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise PlanError(f"no file at {path}; give the path of a file that exists")
    return sha256_file(path)
