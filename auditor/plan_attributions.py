"""What is explained, and how far: the plan's section on attributions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from auditor.plan_metrics import Section

SecondOpinion = Literal["input_x_gradient", "integrated_gradients", "attention_rollout"]


class AttributionPlan(Section):
    """Which pairs are explained by token, and how."""

    explain_flagged: int = Field(
        10, ge=0, description="Flagged pairs explained per attribute, the most severe first."
    )
    explain_sample: int = Field(
        12,
        ge=0,
        description="Other pairs of each contrast, drawn at random. What is said of all pairs "
        "rests on them: fewer make intervals wider, and under 8 clusters there is none. 0: only "
        "flagged pairs, and nothing is said of all.",
    )
    explain_placebo: int = Field(
        10, ge=0, description="Pairs within one group, drawn at random per attribute: a control."
    )
    explained_output: Literal["logit", "probability"] = Field(
        "logit",
        description="logit: the log-odds of the favourable labels, in which effects add up and do "
        "not fade near 0 and 1. probability: the score itself. A regression has its output.",
    )
    max_evals: int = Field(
        1_000,
        ge=2,
        description="Distinct masked versions of a text that the model reads, at most. 1,000 "
        "are exact up to about 30 tokens; beyond them the largest effects are resolved first. Long "
        "texts want more: at 45 tokens 500 leave values off by a third, 1,000 by an eighth.",
    )
    second_opinions: tuple[SecondOpinion, ...] = Field(
        ("input_x_gradient", "integrated_gradients", "attention_rollout"),
        description="Methods that stand beside SHAP on flagged pairs and are never shown as SHAP. "
        "integrated_gradients takes about as long as SHAP, the others next to nothing.",
    )
    fidelity_texts: int = Field(
        10,
        ge=0,
        description="Explained texts on which the methods themselves are checked (deletion, other "
        "masks, a model of random weights). 0: they are not, and the report says so.",
    )
