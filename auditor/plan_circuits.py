"""Which findings are traced through the model, and how far: the plan's section on circuits."""

from __future__ import annotations

from pydantic import Field

from auditor.plan_metrics import Section


class CircuitPlan(Section):
    """How biased circuits are found and judged."""

    trace_findings: int = Field(
        2,
        ge=0,
        description="Findings that do not meet their criterion and are traced through the model, "
        "the worst of each attribute first. 0: none; `auditor circuits` traces any later.",
    )
    circuit_pairs: int = Field(
        24,
        ge=4,
        description="Pairs of a contrast on either side of the split, at most: so many to find "
        "the circuit, and as many others to judge it. More are slower and narrower.",
    )
    circuit_clusters: int = Field(
        8,
        ge=4,
        description="Clusters that either side must have; with fewer, nothing is traced. Under 8 "
        "there are no intervals, and no component is confirmed.",
    )
    completeness_tolerance: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="Scores over a cut of the model must add up to the effect within this share; "
        "steps of the path are doubled until they do.",
    )
    max_steps: int = Field(64, ge=1, description="Of the path, at most; what is left is reported.")
    random_circuits: int = Field(
        200,
        ge=0,
        description="Random circuits of the same type, layer and size beside the one found. "
        "Fewer than 20 cannot give a p under .048.",
    )
    resamples: int = Field(200, ge=20, description="Of clusters, for intervals and stability.")
    repairs: bool = Field(
        True, description="Try to repair the model at the components found, beside controls."
    )
