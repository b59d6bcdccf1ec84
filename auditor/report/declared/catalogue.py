"""Every fact that a person declares: its label, and the section of the report that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of the plan's section `declared`."""

    key: str
    label: str
    part: Literal["system", "data", "people", "monitoring"]
    """Of `DeclaredPart`."""
    section: str
    """Of the report."""


FACTS = (
    Fact("system", "Name of the system", "system", "3"),
    Fact("system_version", "Version of the system", "system", "3"),
    Fact("purpose", "Purpose", "system", "3"),
    Fact("role", "Role of whoever reports", "system", "3"),
    Fact("provider", "Provider", "system", "3"),
    Fact("deployer", "Deployer", "system", "3"),
    Fact("decision", "Decision supported", "system", "3"),
    Fact("human_role", "Role of people", "system", "3"),
    Fact("cutoff_in_use", "Cut-off in use", "system", "3"),
    Fact("affected", "Who is affected", "system", "3"),
    Fact("languages_in_use", "Languages in use", "system", "3"),
    Fact("lineage", "Base model, revision, licence", "system", "3"),
    Fact("incidents", "Earlier incidents", "system", "3"),
    Fact("risk_class", "Risk class, with reasons", "system", "3"),
    Fact("generative", "Generates text, images or actions", "system", "3"),
    Fact("distribution_date", "First day of use", "system", "3"),
    Fact("data_source", "Source and owner", "data", "4.1"),
    Fact("data_from", "First day of the window", "data", "4.1"),
    Fact("data_to", "Last day of the window", "data", "4.1"),
    Fact("data_kind", "Historical or test data", "data", "4.1"),
    Fact("data_reason", "Why test data, and how made", "data", "4.1"),
    Fact("employers", "Operators whose data were pooled", "data", "4.1"),
    Fact("exclude_small", "Small groups left out, and why", "data", "4.1"),
    Fact("obtained_by", "How this was learned:", "data", "4.2"),
    Fact("reference_shares", "Shares of the population to compare with", "data", "4.3"),
    Fact("reference_source", "Source of these shares", "data", "4.3"),
    Fact("labels_by", "Who gave the true labels, and how", "data", "4.5"),
    Fact("legal_basis", "Legal basis", "data", "4.6"),
    Fact("necessity", "Why no other data would do", "data", "4.6"),
    Fact("access", "Who had access, and how controlled", "data", "4.6"),
    Fact("deletion", "Deleted at the latest on", "data", "4.6"),
    Fact("tester", "Tester", "people", "0"),
    Fact("reviewer", "Reviewer", "people", "0"),
    Fact("responsible", "Responsible person", "people", "0"),
    Fact("independent_auditor", "Independent auditor", "people", "0"),
    Fact("contact", "Contact where figures are disputed", "people", "1"),
    Fact("monitoring_owner", "Who watches the system in use", "monitoring", "13"),
    Fact("monitoring_every", "How often outcomes are measured", "monitoring", "13"),
    Fact("alert_rules", "What raises an alert, and to whom", "monitoring", "13"),
)
"""In the order of the report. A field of `DeclaredPlan` has one here (a test keeps it)."""
