"""The public calls: the circuit of any pairs in any model with weights, and scores of its edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from auditor.attributions.pairs import text_pairs
from auditor.circuits.aligning import AlignedPairs, align_pairs
from auditor.circuits.choosing import choose, given
from auditor.circuits.circuit import Circuit
from auditor.circuits.converging import Precision, score_all
from auditor.circuits.margins import Metric, resolve
from auditor.circuits.mending import stakes_of, with_repair
from auditor.circuits.scores import METHODS, Method
from auditor.circuits.subject import Subject
from auditor.circuits.trace import About, trace
from auditor.errors import DataError, ModelError, PlanError
from auditor.plan_circuits import CircuitPlan

DEFAULT_STEPS = 8
"""Of the path, where a number of steps is needed and none is given."""


def find_circuit(
    model: Any,
    pairs: Any,
    metric: Metric,
    *,
    seed: int = 0,
    tell: Callable[[str, int, int], None] = lambda *_: None,
    **options: Any,
) -> Circuit:
    """Returns the heads, MLPs and edges that carry the difference between the versions of pairs.

    Half of the clusters find the circuit, the others judge it.

    Args:
        model: a Hugging Face id or folder, or a loaded `(model, tokenizer)`, with a classifier's,
            masked or causal language model's head.
        pairs: a frame with `text` (group A's version) and `counterfactual` (B's), and, where it
            has them, `cluster` and `split` (discovery, held_out); or (text, counterfactual)
            tuples. Without clusters every pair is its own.
        metric: `label_margin(label)` or a label's name; for language models
            `token_contrast(" he", " she")`.
        seed: of everything that is drawn.
        tell: called as the work goes on: what, how many, of how many.
        options: of the plan's section on circuits: `circuit_pairs=100`, `random_circuits=50`, ...

    Raises:
        ModelError: a model that cannot be traced, too few clusters, or no effect at all.
        PlanError: a metric that the model does not have, or an unknown option.
        DataError: something that is no pair.
    """
    plan = circuit_plan(**options)
    subject = Subject.of(model)
    margin = resolve(metric, subject.model, subject.tokenizer)
    with subject.engine(margin) as engine:
        chosen = choose(subject, given(pairs), plan, engine.margins)
        about = About(subject.model_id)
        record = trace(engine, chosen, plan, about, seed=seed, domains={}, tell=tell).record
        if not (plan.repairs and record.members):
            return Circuit(record)
        tell("repairs", 0, 1)
        stakes = stakes_of(subject, chosen)
        if stakes is None:
            note = "No repair was tried: what is right and wrong for this head is not measured."
            return Circuit(replace(record, notes=(*record.notes, note)))
        return Circuit(with_repair(engine, subject, chosen, record, stakes, plan=plan, seed=seed))


def edge_scores(
    model: Any,
    texts: Sequence[str],
    counterfactuals: Sequence[str],
    metric: Metric,
    *,
    method: Method = "conductance",
    steps: int | None = None,
) -> pd.DataFrame:
    """Returns the score of every edge, summed over pairs: writer, reader, score (log-odds).

    Of the counterfactuals against the texts: positive scores raise the metric's difference. With
    conductance the scores over any cut of the graph add up to the sum of effects.

    Args:
        model: as of `find_circuit`.
        texts: [pair]
        counterfactuals: [pair]
        metric: as of `find_circuit`.
        method: conductance; eap-ig and eap are faster, and rank only.
        steps: of the path. None: as many as conductance needs to add up within 5 %.

    Raises:
        ModelError: a model that cannot be traced, no effect, or texts that cannot be aligned.
        PlanError: a metric, method or number of steps that there is not.
        DataError: not as many texts as counterfactuals.
    """
    if method not in METHODS:
        raise PlanError(f"method is {method!r}; it is one of {', '.join(METHODS)}")
    if steps is not None and steps < 1:
        raise PlanError(f"steps is {steps}; give 1 or more, or none to have enough taken")
    if isinstance(texts, str) or len(texts) != len(counterfactuals):
        raise DataError(
            "texts and counterfactuals are two lists of the same length, one pair at each place; "
            f"got {len(texts)} and {len(counterfactuals)}"
        )
    subject = Subject.of(model)
    margin = resolve(metric, subject.model, subject.tokenizer)
    found = align_pairs(
        subject.model,
        subject.tokenizer,
        text_pairs(list(zip(texts, counterfactuals, strict=True))),
        head=subject.head,
    )
    _refuse_unaligned(found)
    fixed = steps if steps is not None or method == "conductance" else DEFAULT_STEPS
    with subject.engine(margin) as engine:
        scored = score_all(engine, found.aligned, method, Precision(steps=fixed))
        names = engine.graph.writers, engine.graph.readers
        return pd.DataFrame(
            list(_rows(scored.edges.sum(0, dtype=np.float64), engine.graph.edges, *names)),
            columns=["writer", "reader", "score"],
        )


def _refuse_unaligned(found: AlignedPairs) -> None:
    if found.refused:
        at, reason = next(iter(found.refused.items()))
        raise ModelError(
            f"{len(found.refused)} pairs cannot be aligned, the first at place {at}: {reason}; "
            "leave them out, or swap terms of as many tokens"
        )


def _rows(
    scores: Any, edges: Any, writers: tuple[str, ...], readers: tuple[str, ...]
) -> Iterator[tuple[str, str, float]]:
    for writer, reader in np.argwhere(edges).tolist():
        yield writers[writer], readers[reader], float(scores[writer, reader])


def circuit_plan(**options: Any) -> CircuitPlan:
    """Returns the plan's section of these options.

    Raises:
        PlanError: an option that there is not, or a value that it does not take.
    """
    from pydantic import ValidationError

    try:
        return CircuitPlan(**options)
    except ValidationError as error:
        first = error.errors()[0]
        raise PlanError(
            f"circuit option {'.'.join(map(str, first['loc']))}: {first['msg']}; the options are "
            f"{', '.join(CircuitPlan.model_fields)}"
        ) from error
