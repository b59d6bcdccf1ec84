"""What a person can declare, as `auditor list declared` shows it."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, get_args, get_origin

from auditor.plan_report import DeclaredPlan
from auditor.report.declared.catalogue import FACTS

_WORDS: dict[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number from 1",
    float: "a number from 0 to 1",
    date: "a day, as 2026-12-31",
}


def rows_of_facts() -> list[dict[str, Any]]:
    """Returns one row a fact: key, meaning, what it accepts, and the section that shows it."""
    fields = DeclaredPlan.model_fields
    return [
        {
            "declared": fact.key,
            "meaning": fields[fact.key].description,
            "accepts": accepted(fields[fact.key].annotation),
            "section": fact.section,
        }
        for fact in FACTS
    ]


def accepted(annotation: Any) -> str:
    """Returns the values of a type in words: text, a day, one of several words, or a table."""
    inner = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) is Literal:
        return ", ".join(map(str, inner))
    if get_origin(annotation) is dict:
        return f"by name: {accepted(inner[1])}"
    return accepted(inner[0]) if inner else _WORDS[annotation]
