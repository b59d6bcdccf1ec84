"""What is explained: a number, or several, read off a model's raw values.

logit: natural log-odds of a label (of a set of labels: of any of them). probability: the same as a
probability. output: a regression's number as it is. Each can be read from arrays and, for
gradients, from tensors; the two are one formula, and a test keeps them equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from auditor.errors import PlanError
from auditor.models.base import Floats, Kind, Model

if TYPE_CHECKING:
    import torch

    from auditor.models.outcomes import Outcome

Scale = Literal["logit", "probability", "output"]
EDGE = 1e-12
"""Smaller probabilities, which a function may give, are read as this: 0 has no log-odds."""


@dataclass(frozen=True, slots=True)
class Output:
    """Raw values [text, label] -> [text, output]."""

    names: tuple[str, ...]  # [output]
    unit: str
    """log-odds, probability, output, or what a function of the user's gives."""
    kind: Kind
    sets: tuple[tuple[int, ...], ...]  # [output], the labels of which any counts
    scale: Scale | Callable[[Any], Any]
    sign: float = 1.0

    def read(self, values: Floats) -> Floats:
        """Returns outputs of raw values. [text, output]

        Raises:
            PlanError: a function of the user's gives something else than a number per text and
                output.
        """
        import torch

        array = np.asarray(values, np.float64)
        if callable(self.scale):
            outputs = _checked(_called(self.scale, array), array)
        else:
            with torch.no_grad():
                outputs = self.of(torch.from_numpy(array))
        read: Floats = outputs.double().numpy()
        return read

    def of(self, values: torch.Tensor) -> torch.Tensor:
        """Returns outputs of raw values as a tensor, with its gradient. [text, output]"""
        import torch

        if callable(self.scale):
            return _checked(self.scale(values), values)
        if self.kind == "regression":
            return self.sign * values[:, [i for each in self.sets for i in each] or [0]]
        columns = [self._set(values, list(each)) for each in self.sets]
        return torch.stack(columns, dim=1)

    def _set(self, values: torch.Tensor, chosen: list[int]) -> torch.Tensor:
        import torch

        if self.kind == "multi_label":
            logits = values[:, chosen].amax(dim=1)
            return logits if self.scale == "logit" else torch.sigmoid(logits)
        if self.kind == "probabilities":
            held = values[:, chosen].sum(dim=1)
            if self.scale == "probability":
                return held
            others = values[:, _others(values, chosen)].sum(dim=1)
            return held.clamp(min=EDGE).log() - others.clamp(min=EDGE).log()
        if self.scale == "probability":
            return torch.softmax(values, dim=1)[:, chosen].sum(dim=1)
        rest = values[:, _others(values, chosen)]
        return torch.logsumexp(values[:, chosen], dim=1) - torch.logsumexp(rest, dim=1)


def _called(function: Callable[[Any], Any], values: Floats) -> Any:
    """A function of the user's takes arrays, or is written with torch and takes only tensors."""
    import torch

    try:
        return function(values)
    except (AttributeError, TypeError):
        return function(torch.from_numpy(values))


def _checked(given: Any, values: Any) -> torch.Tensor:
    """Returns what a function of the user's gives, if it is a number per text and output."""
    import torch

    outputs = given if isinstance(given, torch.Tensor) else torch.as_tensor(np.asarray(given))
    outputs = outputs[:, None] if outputs.ndim == 1 else outputs
    if outputs.ndim != 2 or len(outputs) != len(values):
        raise PlanError(
            f"the output function gave an array of shape {tuple(outputs.shape)} for "
            f"{len(values)} texts; it takes raw values [text, label] and must give [text] or "
            "[text, output]"
        )
    broken = ~torch.isfinite(outputs).all(dim=1)
    if broken.any():
        raise PlanError(
            "the output function gave values that are not finite; mend it for raw values such as "
            f"{values[int(broken.nonzero()[0])].tolist()}"
        )
    return outputs


def _others(values: torch.Tensor, chosen: Sequence[int]) -> list[int]:
    return [i for i in range(values.shape[1]) if i not in chosen]


def label_output(
    model: Model,
    scale: str | Callable[[Any], Any] | None = None,
    labels: Sequence[str | int] | None = None,
) -> Output:
    """Returns the output of each label by itself.

    Args:
        scale: "logit" (the default) or "probability"; a regression has only its output. Or a
            function of raw values [text, label], an array or tensor, to [text] or [text, output].
        labels: names or indices; None: every label.

    Raises:
        PlanError: no such label or scale, or labels beside a function.
    """
    if callable(scale):
        if labels is not None:
            raise PlanError(
                "labels and a function as output are both given; the function takes the raw values "
                "of all labels, so let it choose among them and leave labels out"
            )
        return _own_output(model, scale)
    chosen = _chosen(model, labels)
    names = tuple(model.labels[i] for i in chosen)
    word = _scale(model.kind, scale)
    return Output(names, _unit(word), model.kind, tuple((i,) for i in chosen), word)


def favourable_output(outcome: Outcome, scale: str | None = None) -> Output:
    """Returns the one output that an audit speaks of: the favourable labels together.

    Args:
        scale: "logit", which is the audit's margin (the default), or "probability", its score.
    """
    word = _scale(outcome.kind, scale)
    name = " or ".join(outcome.favourable_labels) or outcome.labels[0]
    return Output((name,), _unit(word), outcome.kind, (outcome.favourable,), word, outcome.sign)


def _own_output(model: Model, function: Callable[[Any], Any]) -> Output:
    # How many outputs it gives is seen on one made-up row: all labels alike.
    row = np.full((1, len(model.labels)), 1 / len(model.labels))
    unnamed = Output((), "output", model.kind, (), function)
    count = unnamed.read(row).shape[1]
    name = getattr(function, "__name__", "output").replace("<lambda>", "output")
    names = (name,) if count == 1 else tuple(f"{name} {i}" for i in range(count))
    return Output(names, "output", model.kind, (), function)


def _scale(kind: Kind, asked: str | None) -> Scale:
    allowed: tuple[Scale, ...] = ("output",) if kind == "regression" else ("logit", "probability")
    if asked is None:
        return allowed[0]
    found = [scale for scale in allowed if scale == asked]
    if not found:
        raise PlanError(
            f"output is {asked!r}; for this model it is {' or '.join(allowed)}, or a function of "
            "raw values [text, label]"
        )
    return found[0]


def _unit(scale: Scale) -> str:
    return {"logit": "log-odds"}.get(scale, scale)


def _chosen(model: Model, labels: Sequence[str | int] | None) -> list[int]:
    if labels is None:
        return list(range(len(model.labels)))
    given = [labels] if isinstance(labels, str | int) else list(labels)
    unknown = [label for label in given if _index(model, label) is None]
    if unknown or not given:
        raise PlanError(
            f"labels names {', '.join(map(repr, unknown)) or 'none'}; the model has "
            f"{', '.join(model.labels)} (or their index)"
        )
    return [index for label in given if (index := _index(model, label)) is not None]


def _index(model: Model, label: str | int) -> int | None:
    if isinstance(label, str):
        return model.labels.index(label) if label in model.labels else None
    return int(label) if 0 <= label < len(model.labels) else None
