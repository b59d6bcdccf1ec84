"""From raw values to what an audit speaks of: score, margin, label, selected.

score: probability of the favourable labels (regression: the output, turned so that higher is
better). margin: the same in natural log-odds. selected: the text receives a favourable label at
the cut-off in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_softmax, logsumexp, softmax

from auditor.errors import DataError, PlanError, collected
from auditor.models.base import Floats, Kind
from auditor.plan import ScoringPlan

DIRECTIONS = {"higher": 1.0, "lower": -1.0}


@dataclass(frozen=True, slots=True)
class Reading:
    """Values read as outcomes, one row per text. NaN in `margin`: not defined."""

    probs: npt.NDArray[np.float32]  # [text, label]; a regression's output as it is
    score: Floats  # [text], probability of the favourable labels or signed output
    margin: Floats  # [text], natural log-odds; NaN for a regression and at 0 and 1
    label: npt.NDArray[np.object_] | None  # [text]; None: a regression without a cut-off
    selected: npt.NDArray[np.bool_] | None  # [text]
    slack: Floats  # [text], log-odds by which a value may move before the decision does


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which labels are favourable, and where the cut-off in use lies."""

    labels: tuple[str, ...]
    kind: Kind
    favourable: tuple[int, ...]
    """Indices into `labels`; for a regression empty."""
    sign: float = 1.0
    """-1: a regression where lower is better."""
    cutoff: float | None = None

    @property
    def unit(self) -> str:
        return "output" if self.kind == "regression" else "probability"

    @property
    def favourable_labels(self) -> list[str]:
        """The favourable labels in the model's words; none for a regression."""
        return [self.labels[i] for i in self.favourable]

    @classmethod
    def of(cls, labels: Sequence[str], kind: Kind, plan: ScoringPlan) -> Outcome:
        """Returns the outcome that the plan names.

        Raises:
            PlanError: no favourable label is named, or the model has no such label.
        """
        names = tuple(labels)
        if kind == "regression":
            return cls(names, kind, (), _direction(plan), plan.cutoff)
        if not plan.favourable:
            raise PlanError(
                f"which label is good to receive? The model has {', '.join(names)}; name one or "
                "more as favourable (--favourable LABEL): the sign of every effect depends on it"
            )
        with collected("favourable", PlanError) as problems:
            found = [_index(label, names) for label in plan.favourable]
            for label, index in zip(plan.favourable, found, strict=True):
                if index is None:
                    problems.add(f"the model has no label {label!r}; it has {', '.join(names)}")
        chosen = tuple(sorted({index for index in found if index is not None}))
        if kind != "multi_label" and len(chosen) == len(names):
            raise PlanError("every label is favourable, so nothing can be lost; name fewer")
        return cls(names, kind, chosen, 1.0, plan.cutoff)

    def read(self, values: Floats) -> Reading:
        """Returns raw values [text, label] as outcomes."""
        if self.kind == "regression":
            return self._regression(values)
        if self.kind == "multi_label":
            return self._multi_label(values)
        return self._single_label(values)

    def true_labels(self, given: Sequence[str | None]) -> list[str | None]:
        """Returns the data's labels in the model's words; an index stands for its label.

        Raises:
            DataError: labels that the model does not know, all of them named.
        """
        if self.kind == "regression":
            return list(given)
        words = {label: self._word(label) for label in set(given) if label is not None}
        unknown = sorted(label for label, word in words.items() if word is None)
        if unknown:
            raise DataError(
                f"the data has labels that the model does not know: {', '.join(unknown[:10])}; "
                f"the model's are {', '.join(self.labels)} (or their index); rename them"
            )
        return [None if label is None else words[label] for label in given]

    def _word(self, label: str) -> str | None:
        index = _index(label, self.labels)
        return None if index is None else self.labels[index]

    def _single_label(self, values: Floats) -> Reading:
        """Covers logits and a callable's probabilities: both are log-probabilities up to a
        constant per text."""
        with np.errstate(divide="ignore"):
            logs = np.log(values) if self.kind == "probabilities" else log_softmax(values, axis=1)
        probs = values if self.kind == "probabilities" else softmax(values, axis=1)
        good = np.isin(np.arange(len(self.labels)), self.favourable)
        score = probs[:, good].sum(axis=1)
        with np.errstate(invalid="ignore"):
            margin = logsumexp(logs[:, good], axis=1) - logsumexp(logs[:, ~good], axis=1)
        margin = np.where(np.isfinite(margin), margin, np.nan)
        best = probs.argmax(axis=1)
        label = np.array(self.labels, dtype=object)[best]
        if self.cutoff is None:
            selected = good[best]
            top = np.sort(logs, axis=1)
            slack = top[:, -1] - top[:, -2]
        else:
            selected = score >= self.cutoff
            label = self._at_cutoff(selected, probs, good)
            slack = np.abs(margin - _logit(self.cutoff))
        return Reading(probs.astype(np.float32), score, margin, label, selected, slack)

    def _at_cutoff(
        self, selected: npt.NDArray[np.bool_], probs: Floats, good: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.object_]:
        """The most probable label on the side of the cut-off where the text lies."""
        inside = np.where(good, probs, -1.0).argmax(axis=1)
        outside = np.where(good, -1.0, probs).argmax(axis=1)
        names = np.array(self.labels, dtype=object)
        return np.asarray(names[np.where(selected, inside, outside)])

    def _multi_label(self, values: Floats) -> Reading:
        """Favourable is that any favourable label holds; score is the most probable of them."""
        probs = expit(values)
        good = list(self.favourable)
        margin = values[:, good].max(axis=1)
        score = expit(margin)
        cutoff = 0.5 if self.cutoff is None else self.cutoff
        holds = probs >= cutoff
        label = np.array(
            [" + ".join(np.array(self.labels)[row]) or "none" for row in holds], dtype=object
        )
        slack = np.abs(values - _logit(cutoff)).min(axis=1)
        return Reading(probs.astype(np.float32), score, margin, label, score >= cutoff, slack)

    def _regression(self, values: Floats) -> Reading:
        output = values[:, 0]
        score = self.sign * output
        nothing = np.full(len(output), np.nan)
        if self.cutoff is None:
            slack = np.full(len(output), np.inf)
            return Reading(values.astype(np.float32), score, nothing, None, None, slack)
        selected = score >= self.sign * self.cutoff
        label = np.where(selected, "selected", "not selected").astype(object)
        slack = np.abs(output - self.cutoff)
        return Reading(values.astype(np.float32), score, nothing, label, selected, slack)


def _direction(plan: ScoringPlan) -> float:
    named = plan.favourable or ("higher",)
    if len(named) != 1 or named[0] not in DIRECTIONS:
        raise PlanError(
            f"the model is a regression, and favourable is {', '.join(map(str, named))}; "
            "give higher or lower"
        )
    return DIRECTIONS[str(named[0])]


def _index(label: str | int, labels: Sequence[str]) -> int | None:
    """By exact name, then by the only name that is equal but for case, then by index."""
    if isinstance(label, str):
        if label in labels:
            return labels.index(label)
        alike = [i for i, name in enumerate(labels) if name.casefold() == label.casefold()]
        if len(alike) == 1:
            return alike[0]
        if not label.isdecimal():
            return None
    return int(label) if 0 <= int(label) < len(labels) else None


def _logit(p: float) -> float:
    return float(np.log(p) - np.log1p(-p)) if 0 < p < 1 else float(np.copysign(np.inf, p - 0.5))
