"""The audit's attributions: chosen pairs explained part by part, then summed up and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from auditor.attributions.aggregates import aggregate
from auditor.attributions.base import Ask, Attribution, Refused
from auditor.attributions.choose import choose_pairs, texts_to_check
from auditor.attributions.fidelity import FidelityResults, measure_fidelity
from auditor.attributions.gaps import Alignment, align
from auditor.attributions.masking import open_masker
from auditor.attributions.methods import METHODS
from auditor.attributions.outputs import Output, favourable_output
from auditor.attributions.owen import METHOD
from auditor.attributions.pairs import TextPair, text_pairs
from auditor.errors import ModelError
from auditor.models.base import Model
from auditor.models.outcomes import Outcome
from auditor.plan import AuditPlan
from auditor.records_attributions import Chosen, ExplainedCount, Explanations
from auditor.schemas import ATTRIBUTIONS

__all__ = ["Explainer", "choose_pairs", "parts_of_pairs", "why_not"]

PART_PAIRS = 64
"""Pairs per part: an interrupted audit repeats at most so many."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """One model with what is explained of it."""

    model: Model
    plan: AuditPlan
    output: Output
    methods: tuple[str, ...]
    """SHAP first, then the second opinions that this model allows."""
    notes: tuple[str, ...]
    """Second opinions that it does not allow, and why."""

    @classmethod
    def of(cls, model: Model, outcome: Outcome, plan: AuditPlan) -> Explainer:
        """Returns the explainer of a plan.

        Raises:
            ModelError: shap is missing, or cannot mask with the model's tokenizer.
        """
        open_masker(model)
        scale = None if model.kind == "regression" else plan.attributions.explained_output
        output = favourable_output(outcome, scale)
        notes = {name: _why_not(name, model, output) for name in plan.attributions.second_opinions}
        return cls(
            model,
            plan,
            output,
            (METHOD, *(name for name, note in notes.items() if note is None)),
            tuple(f"{name}: not measured; {note}" for name, note in notes.items() if note),
        )

    @property
    def ask(self) -> Ask:
        return Ask(self.output, self.plan.attributions.max_evals)

    def explain(self, pairs: pd.DataFrame) -> tuple[pa.Table, dict[str, Any]]:
        """Returns rows of `schemas.ATTRIBUTIONS` of some pairs, and what there is to note."""
        flagged = (pairs["chosen"] == Chosen.FLAGGED).tolist()
        sides = text_pairs(pairs)
        found = {METHOD: self._found(METHOD, sides)}
        # Second opinions are for whoever looks at a case; what is said of all pairs is SHAP's.
        cases = [pair for pair, is_case in zip(sides, flagged, strict=True) if is_case]
        found |= {name: self._found(name, cases) for name in self.methods if name != METHOD}
        tables: list[pd.DataFrame] = []
        refused = 0
        for row, pair, is_case in zip(pairs.to_dict("records"), sides, flagged, strict=True):
            owen = _both(pair, found[METHOD])
            if owen is None:
                refused += 1
                continue
            alignment = align(owen[0].tokens, owen[1].tokens, pair.spans_from, pair.spans_to)
            for name in self.methods if is_case else (METHOD,):
                if (both := _both(pair, found[name])) is not None:
                    tables += self._rows(row, both, alignment)
        return _table(tables), {"refused": refused}

    def _found(self, method: str, pairs: Sequence[TextPair]) -> dict[str, Attribution | Refused]:
        """Returns what a method says of each text of the pairs, each explained once."""
        texts = list(dict.fromkeys(t for pair in pairs for t in (pair.text, pair.counterfactual)))
        return dict(zip(texts, METHODS[method].call(self.model, texts, self.ask), strict=True))

    def _rows(
        self, row: Mapping[Any, Any], both: Both, alignment: Alignment
    ) -> Iterator[pd.DataFrame]:
        """Yields the rows of each side of one pair by one method."""
        sides = {"from": (both[0], alignment.aligned_from), "to": (both[1], alignment.aligned_to)}
        for side, (one, aligned) in sides.items():
            yield pd.DataFrame(
                {
                    "pair_id": row["pair_id"],
                    "model_id": self.model.model_id,
                    "chosen": row["chosen"],
                    "sampling_probability": row["sampling_probability"],
                    "method": one.method,
                    "side": side,
                    "index": np.arange(len(one.tokens)),
                    "token": list(one.tokens.segments),
                    "start": one.tokens.spans[:, 0],
                    "end": one.tokens.spans[:, 1],
                    "role": [alignment.roles[unit].value for unit in aligned],
                    "aligned": aligned,
                    "label": self.output.names[0],
                    "value": one.values[:, 0],
                    "base": one.base[0],
                    "residual": one.residual[0],
                    "unresolved": one.unresolved[0],
                    "output": self.output.scale,
                    "unit": one.unit,
                }
            )

    def summary(
        self,
        explained: tuple[pa.Table, Sequence[Mapping[str, Any]]],
        chosen: pd.DataFrame,
        counts: Sequence[ExplainedCount],
    ) -> Explanations:
        """Returns what the explained pairs say together, and how far the methods can be trusted.

        Args:
            explained: what `explain` gave of every part: rows of `schemas.ATTRIBUTIONS`, notes.
            chosen: the pairs that were to be explained, as `choose_pairs` gave them.
        """
        rows = explained[0].to_pandas()
        metrics, words = aggregate(rows, chosen, seed=self.plan.seed)
        checked = self._checked(chosen)
        return Explanations(
            model_id=self.model.model_id,
            method=METHOD,
            output=self.output.names[0],
            unit=self.output.unit,
            max_evals=self.plan.attributions.max_evals,
            counts=tuple(counts),
            metrics=tuple(metrics),
            words=tuple(words),
            fidelity=checked.fidelity,
            refused=sum(int(notes["refused"]) for notes in explained[1]),
            notes=(*self.notes, *_cut_short(rows), *checked.notes),
        )

    def _checked(self, chosen: pd.DataFrame) -> FidelityResults:
        texts, clusters = texts_to_check(chosen, self.plan.attributions.fidelity_texts)
        if not texts:
            return FidelityResults((), ("fidelity was not measured: no texts for it",))
        found = {name: METHODS[name].call(self.model, texts, self.ask) for name in self.methods}
        # A text that one method refuses, all leave out: they are judged on the same texts.
        answers = list(zip(*found.values(), strict=True))
        whole = [
            i for i, each in enumerate(answers) if not any(isinstance(a, Refused) for a in each)
        ]
        explained = {
            name: [each for i in whole if isinstance(each := own[i], Attribution)]
            for name, own in found.items()
        }
        return measure_fidelity(
            self.model,
            explained,
            [clusters[i] for i in whole],
            self.ask,
            seed=self.plan.seed,
            methods={name: METHODS[name] for name in self.methods},
        )


def _why_not(name: str, model: Model, output: Output) -> str | None:
    """Returns why a second opinion is not to be had of a model, seen on one text."""
    if METHODS[name].needs_weights and not model.has_weights:
        return "a function has no weights to look into"
    try:
        METHODS[name].call(model, ["A first text shows whether it can be done."], Ask(output))
    except ModelError as error:
        return str(error)
    return None


Both = tuple[Attribution, Attribution]


def _both(pair: TextPair, found: Mapping[str, Attribution | Refused]) -> Both | None:
    a, b = found[pair.text], found[pair.counterfactual]
    return (a, b) if isinstance(a, Attribution) and isinstance(b, Attribution) else None


def _table(rows: list[pd.DataFrame]) -> pa.Table:
    if not rows:
        return ATTRIBUTIONS.empty_table()
    frame = pd.concat(rows, ignore_index=True)
    return pa.Table.from_pandas(frame, schema=ATTRIBUTIONS, preserve_index=False)


def _cut_short(rows: pd.DataFrame) -> list[str]:
    """Says how many texts were not resolved to the last token."""
    owen = rows[rows["method"] == METHOD].drop_duplicates(["pair_id", "side"])
    short = int((owen["unresolved"] > 0).sum())
    if not short:
        return []
    largest = owen["unresolved"].max()
    return [
        f"{short} of {len(owen)} texts were longer than max_evals resolves: up to {largest:.2g} "
        f"{owen['unit'].iloc[0]} of a text lies on groups of tokens and was shared out evenly"
    ]


def parts_of_pairs(chosen: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yields the chosen pairs part by part."""
    for start in range(0, len(chosen), PART_PAIRS):
        yield chosen.iloc[start : start + PART_PAIRS]


def why_not(plan: AuditPlan) -> str | None:
    """Returns why an audit of this plan explains nothing; None where it does."""
    if plan.data.predictions:
        return "a table of outcomes has no texts"
    if plan.data.pairs:
        return "the pairs were scored elsewhere, so no model was at hand"
    asked = plan.attributions
    if not (asked.explain_flagged or asked.explain_sample or asked.explain_placebo):
        return "the plan asks for no explanations"
    return None
