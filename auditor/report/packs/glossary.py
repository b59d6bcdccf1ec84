"""The glossary: every metric with its formula, its direction and a number worked out."""

from __future__ import annotations

import tomllib

from auditor.content import content_path
from auditor.report.measures import title
from auditor.report.packs.parts import GlossaryRow


def glossary() -> list[GlossaryRow]:
    """Returns the entries of `reports/glossary.toml`, in its order."""
    values = tomllib.loads(content_path("reports", "glossary.toml").read_text(encoding="utf-8"))
    return [
        GlossaryRow.model_validate({"title": title(each["id"]), **each})
        for each in values["metrics"]
    ]
