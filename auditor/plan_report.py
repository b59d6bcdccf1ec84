"""What only people know of an audited system, and how its report is made.

Part of the plan's file, and not of its hash: nothing here decides a result, and much of it is
learned after the audit. An edition of the report may be given newer facts (`--declared FACTS.toml`)
and says which facts it used. What is not given prints as NOT PROVIDED and is counted on the cover;
nothing is made up in its place.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from auditor.plan_metrics import Section

ObtainedBy = Literal["self-declared", "record", "inferred", "template"]
"""How a protected attribute was learned of. "inferred": guessed from names, places or images."""


class DeclaredPlan(Section):
    """Facts that a person declares; the auditor can not know them and checks none."""

    system: str | None = Field(None, description="Name of the system that the model is part of.")
    system_version: str | None = Field(None, description="Its version.")
    purpose: str | None = Field(None, description="What the system is for.")
    role: Literal["provider", "deployer", "both"] | None = Field(
        None, description="What you are to the system: provider, deployer, or both."
    )
    provider: str | None = Field(None, description="Who provides the system.")
    deployer: str | None = Field(None, description="Who uses it.")
    decision: str | None = Field(None, description="The decision that its output supports.")
    human_role: str | None = Field(
        None, description="What people do between its output and the decision."
    )
    cutoff_in_use: str | None = Field(None, description="The cut-off or rule really in use.")
    affected: str | None = Field(None, description="Who is affected by the decision.")
    languages_in_use: str | None = Field(None, description="Languages of the texts it meets.")
    lineage: str | None = Field(None, description="Base model, its revision and licence.")
    incidents: str | None = Field(None, description="Earlier incidents that are known.")
    risk_class: str | None = Field(
        None, description="Risk class as you see it, with reasons (Annex III point, if any)."
    )
    generative: bool | None = Field(
        None, description="Whether the system generates text, images or actions."
    )
    data_source: str | None = Field(None, description="Where the data comes from, and its owner.")
    data_from: date | None = Field(None, description="First day of the data's window.")
    data_to: date | None = Field(None, description="Last day of the data's window.")
    data_kind: Literal["historical", "test"] | None = Field(
        None, description="historical: of the system in use; test: made or collected for the audit."
    )
    data_reason: str | None = Field(
        None, description="Why test data was used, and how it was made or got."
    )
    employers: int | None = Field(
        None, ge=1, description="How many employers' or operators' data were pooled."
    )
    obtained_by: dict[str, ObtainedBy] = Field(
        default_factory=dict,
        description="Protected column -> how it was learned: self-declared, record, inferred, "
        "template. Inferred attributes bar the page of New York City's Local Law 144.",
    )
    labels_by: str | None = Field(None, description="Who gave the true labels, and how.")
    reference_shares: dict[str, dict[str, float]] = Field(
        default_factory=dict,
        description="Protected column -> group -> share in the population to compare with.",
    )
    reference_source: str | None = Field(None, description="Source of reference_shares.")
    legal_basis: str | None = Field(
        None, description="Legal basis for processing protected attributes."
    )
    necessity: str | None = Field(
        None, description="Why no other data, such as synthetic or anonymised, would do."
    )
    access: str | None = Field(
        None, description="Who had access to protected attributes, and how it was controlled."
    )
    deletion: date | None = Field(
        None, description="When protected attributes are deleted at the latest."
    )
    distribution_date: date | None = Field(
        None, description="First day on which the employer or agency used the tool."
    )
    exclude_small: str | None = Field(
        None,
        description="Local Law 144: leave groups below 2 % of the data out of the impact ratios, "
        "with this justification. Not given: they stay in.",
    )
    tester: str | None = Field(None, description="Who ran the audit.")
    reviewer: str | None = Field(None, description="Who reviewed it (effective challenge).")
    responsible: str | None = Field(None, description="The responsible person who signs.")
    independent_auditor: str | None = Field(
        None,
        description="Local Law 144: the independent auditor; the statement stays to be signed.",
    )
    contact: str | None = Field(None, description="Whom to ask where figures are disputed.")
    monitoring_owner: str | None = Field(None, description="Who watches the system in use.")
    monitoring_every: str | None = Field(None, description="How often its outcomes are measured.")
    alert_rules: str | None = Field(None, description="What raises an alert, and to whom.")


class ReportPlan(Section):
    """How the report is made."""

    packs: tuple[str, ...] = Field(
        (), description="Framework packs to annex (see `auditor list packs`)."
    )
    valid_days: int = Field(
        365,
        ge=1,
        description="Days after the audit from which its report must not be relied on.",
    )
    min_cell: int = Field(
        10, ge=0, description="A public edition hides cells of fewer people than this."
    )
    redact: bool = Field(
        False, description="Leave the texts of pairs out of the report; their ids stay."
    )
