"""The registry of attribution methods: what each is called, means and needs.

Only names are imported here; a method's own module is loaded when it is first called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from auditor.errors import PlanError

if TYPE_CHECKING:
    from auditor.attributions.base import Ask, Attribution, Method, Refused
    from auditor.models.base import Model


@dataclass(frozen=True, slots=True)
class _Later:
    """A method that is imported when it is called."""

    module: str
    function: str

    def __call__(self, model: Model, texts: Sequence[str], ask: Ask) -> list[Attribution | Refused]:
        called: Method = getattr(
            import_module(f"auditor.attributions.{self.module}"), self.function
        )
        return called(model, texts, ask)


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """One way of giving a value to each token."""

    name: str
    meaning: str
    """One sentence for reports."""
    call: Method
    adds_up: bool
    """Values and base add up to the score."""
    needs_weights: bool
    """Gradients or attention: a function of texts has none."""
    signed: bool
    """Values below 0 speak against the output; without sign they only say how much."""


METHODS: dict[str, MethodInfo] = {
    each.name: each
    for each in (
        MethodInfo(
            "owen",
            "SHAP values of the token hierarchy (Owen values): what showing a token instead of "
            "masking it adds to the output, averaged over which groups of other tokens are shown.",
            _Later("owen", "owen_values"),
            adds_up=True,
            needs_weights=False,
            signed=True,
        ),
        MethodInfo(
            "input_x_gradient",
            "A token's embedding times the gradient of the output: to first order, what a slightly "
            "larger embedding would do to the output; it does not add up to the score.",
            _Later("gradients", "input_x_gradient"),
            adds_up=False,
            needs_weights=True,
            signed=True,
        ),
        MethodInfo(
            "integrated_gradients",
            "The gradient of the output collected along the straight line from the masked text's "
            "embeddings to the text's own; it adds up to the score within a stated error.",
            _Later("gradients", "integrated_gradients"),
            adds_up=True,
            needs_weights=True,
            signed=True,
        ),
        MethodInfo(
            "attention_rollout",
            "A token's share of the attention that reaches the position which the classifier "
            "reads, through all layers: where the model looked, not what it concluded from it.",
            _Later("rollout", "attention_rollout"),
            adds_up=False,
            needs_weights=True,
            signed=False,
        ),
    )
}


def method(name: str) -> MethodInfo:
    """Returns the method of a name.

    Raises:
        PlanError: there is none.
    """
    if name not in METHODS:
        raise PlanError(f"there is no method {name!r}; the methods are {', '.join(METHODS)}")
    return METHODS[name]
