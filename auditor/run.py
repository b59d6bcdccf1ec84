"""The finished run as users hold it, and the calls that make or open one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from auditor.errors import PlanError
from auditor.evidence.reader import Evidence
from auditor.explanation import PairExplanation, circuit_of, explain_pair, trace_finding
from auditor.metrics import verdicts
from auditor.pipeline import Step, run_audit
from auditor.plan import AuditPlan
from auditor.plan_file import plan_from_options
from auditor.records import Overall
from auditor.records_circuits import CircuitRecord
from auditor.run_rows import (
    attribution_row,
    circuit_row,
    comparison_row,
    fidelity_row,
    finding_row,
    group_row,
    self_test_row,
    term_row,
)

if TYPE_CHECKING:
    from auditor.report.gate.decision import Gate


class Run:
    """One finished audit: findings, pairs, verdict, report."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    @property
    def folder(self) -> Path:
        return self.evidence.folder

    @property
    def plan(self) -> AuditPlan:
        return self.evidence.plan

    @property
    def verdict(self) -> Overall:
        """The audit's answer; `str()` gives its words."""
        return self.evidence.overall

    @property
    def exit_code(self) -> int:
        """0: the criteria are met, or none applies. 1: one is not met. 3: it is not settled."""
        return verdicts.exit_code(self.verdict)

    def gate(self) -> Gate:
        """Returns what `auditor gate` says of this run, its evidence checked first.

        Raises:
            RunError: a file was changed since the run was sealed.
        """
        from auditor.report.gate.decision import decide

        return decide(self.evidence)

    @property
    def findings(self) -> pd.DataFrame:
        """One row per contrast, arm and metric, those with a verdict first.

        `basis` says whether a text was swapped or groups of people were compared; `governing` and
        `delta` are the criterion's, where the finding has one.
        """
        return pd.DataFrame([finding_row(f) for f in self.evidence.findings])

    @property
    def groups(self) -> pd.DataFrame:
        """One row per protected column, group and metric; empty without labels or groups."""
        return pd.DataFrame([group_row(g) for g in self.evidence.group_metrics])

    @property
    def terms(self) -> pd.DataFrame:
        """One row per term of a contrast of several, the largest effects first.

        `low` and `high` hold for all terms of the contrast together.
        """
        return pd.DataFrame([term_row(t) for t in self.evidence.results.terms])

    @property
    def comparisons(self) -> pd.DataFrame:
        """One row per group of people against its reference: counts, ratio, tests, rule of thumb.

        Descriptive; what may have a verdict is in `findings`.
        """
        return pd.DataFrame([comparison_row(c) for c in self.evidence.results.comparisons])

    @property
    def self_test(self) -> pd.DataFrame:
        """One row per planted difference (in deltas): how often such an audit claims something."""
        return pd.DataFrame([self_test_row(s) for s in self.evidence.results.self_test])

    def pairs(self, where: str | None = None, limit: int | None = None) -> pd.DataFrame:
        """Returns pairs, one row per pair and model, with the columns of `schemas.PAIRS`.

        Args:
            where: an SQL condition, e.g. `"flip and attribute = 'religion'"`.
        """
        return self.evidence.pairs(where, limit=limit)

    def attributions(self, where: str | None = None, limit: int | None = None) -> pd.DataFrame:
        """Returns what each token of the explained pairs adds, columns of `schemas.ATTRIBUTIONS`.

        Args:
            where: an SQL condition, e.g. `"method = 'owen' and chosen = 'flagged'"`.
        """
        return self.evidence.attributions(where, limit=limit)

    def explain(self, pair_id: str, method: str = "owen") -> PairExplanation:
        """Returns which tokens carry a pair's gap: as the audit found, else computed now.

        Nothing is written. See `explanation.explain_pair`; `.table` of the result is a DataFrame.
        """
        return explain_pair(self.evidence, pair_id, method)

    @property
    def attribution_metrics(self) -> pd.DataFrame:
        """One row per number about the explained pairs: terms, gaps, words of the context."""
        found = self.evidence.explanations
        rows = [attribution_row(m, m.metric, m.group, None) for m in found.metrics]
        rows += [attribution_row(w, "word_change", None, w.word) for w in found.words]
        return pd.DataFrame(rows)

    @property
    def fidelity(self) -> pd.DataFrame:
        """One row per method and measure of how far it can be trusted, on texts of this audit."""
        return pd.DataFrame([fidelity_row(f) for f in self.evidence.explanations.fidelity])

    @property
    def circuits(self) -> pd.DataFrame:
        """One row per finding that was traced through the model, in the audit or later, with how
        far its circuit holds, or why there is none."""
        return pd.DataFrame([circuit_row(record) for record in self.evidence.circuits])

    def circuit(self, finding_id: str) -> CircuitRecord:
        """Returns the circuit of a finding, with everything that can speak against it.

        Raises:
            RunError: no such finding, or nothing tried to trace it.
        """
        return circuit_of(self.evidence, finding_id).record

    def trace(self, finding_id: str, model: Any = None, *, again: bool = False) -> CircuitRecord:
        """Returns the circuit of a finding: as the run has it, else traced now.

        What is traced now is written beside the evidence as an addendum; see
        `explanation.trace_finding`.

        Args:
            model: `(model, tokenizer)` or a folder, where the run's own cannot be loaded again.
            again: trace it anew even where the run has it.
        """
        return trace_finding(self.evidence, finding_id, model=model, again=again).record

    def cases(self, limit: int | None = None) -> pd.DataFrame:
        """Returns the cases flagged for a person, most severe first."""
        return self.evidence.cases(limit=limit)

    def report(self, path: str | Path) -> Path:
        """Writes the report; the suffix of `path` says which form: .html, .json, .pdf or .md."""
        from auditor.report.render import write_one

        return write_one(self.evidence, Path(path))

    def __repr__(self) -> str:
        return f"<Run {self.folder}: {self.verdict}>"


def audit(
    model: Any = None,
    data: Any = None,
    *,
    models: Sequence[Any] = (),
    out: str | Path | None = None,
    resume: str | Path | None = None,
    tell: Callable[[Step], None] = lambda _: None,
    **plan_options: Any,
) -> Run:
    """Runs an audit and returns it.

    Args:
        model: a Hugging Face id or folder, a loaded `(model, tokenizer)`, or a callable
            `list[str] -> array [text, label]` of probabilities (then give `labels=[...]`).
        data: a DataFrame, or the path of a table or dataset; `text="column"` names the texts.
        models: several checkpoints in place of `model`; the first is the one that is judged.
        out: the run's folder; by default `audits/<run id>`.
        resume: the folder of an unfinished run of the same model and data, to complete.
        tell: called as the work goes on; see `pipeline.Step`.
        plan_options: any option of the plan, such as `favourable="no"`,
            `attributes=["gender"]`, `delta=0.03`, `seed=1`.

    Raises:
        AuditError: what was given, what is accepted, what to do next.

    Example:
        >>> run = audit("my/model", frame, text="comment", favourable="ok")  # doctest: +SKIP
        >>> print(run.verdict)  # doctest: +SKIP
    """
    things = [*models] or ([] if model is None else [model])
    frame = data if isinstance(data, pd.DataFrame) else None
    options: dict[str, Any] = {"models": _named(things), **plan_options}
    if data is not None:
        options["path"] = "<DataFrame>" if frame is not None else str(data)
    plan = plan_from_options(**options)
    objects = [] if all(isinstance(t, str | Path) for t in things) else things
    if resume is None:
        refuse_underpowered(plan, frame, objects)
    evidence = run_audit(
        plan,
        None if out is None else Path(out),
        resume=None if resume is None else Path(resume),
        models=objects,
        frame=frame,
        tell=tell,
    )
    return Run(evidence)


def refuse_underpowered(
    plan: AuditPlan, frame: pd.DataFrame | None = None, models: Sequence[Any] = ()
) -> None:
    """Refuses a plan that demands (`must_detect`) more than its texts can be expected to show.

    Raises:
        PlanError: every contrast that falls short, by how much, and what would help.
    """
    if plan.metrics.must_detect is not None:
        from auditor.planned import dry_run, refuse_weak

        refuse_weak(dry_run(plan, frame, models=models), plan)


def open_run(folder: str | Path) -> Run:
    """Opens a finished run folder.

    Raises:
        RunError: not a run folder, not finished, or written by a newer auditor.
    """
    return Run(Evidence.open(Path(folder)))


def _named(things: Sequence[Any]) -> list[dict[str, str]]:
    """Gives each model a name for the plan: its id or folder, or what it is called in Python.

    Two objects of one name are told apart by a number; two equal ids are the plan's to refuse.
    """
    names: list[str] = []
    for thing in things:
        name = thing if isinstance(thing, str) else _name(thing)
        count = 1 + sum(used.rpartition("#")[0] == name or used == name for used in names)
        is_object = not isinstance(thing, str | Path)
        names.append(f"{name}#{count}" if is_object and count > 1 else name)
    return [{"id": name} for name in names]


def _name(thing: Any) -> str:
    if isinstance(thing, Path):
        return str(thing)
    if isinstance(thing, tuple) and thing:
        return str(getattr(thing[0], "name_or_path", "") or type(thing[0]).__name__)
    if not callable(thing):
        raise PlanError(
            f"model is a {type(thing).__name__}; give a Hugging Face id or folder, a "
            "(model, tokenizer), or a callable list[str] -> array [text, label]"
        )
    return str(getattr(thing, "__name__", type(thing).__name__))
