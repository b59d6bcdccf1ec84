"""The templates of the report: all that they print is escaped, and nothing may be missing."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from auditor.content import content_path
from auditor.errors import RunError


def environment(*folder: str, **options: Any) -> Environment:
    """Returns where the templates under reports/templates come from.

    Args:
        folder: below that folder.
        options: of the environment, such as `finalize`.
    """
    return Environment(
        loader=FileSystemLoader(content_path("reports", "templates", *folder)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )


def render(pages: Callable[[], Environment], name: str, **values: Any) -> str:
    """Returns a template with its values.

    Raises:
        RunError: a template is missing, is not one, or asks for what this version does not have:
            it was changed, or is of another version. Nothing was written.
    """
    try:
        return pages().get_template(name).render(**values)
    except TemplateError as error:
        raise RunError(
            f"the report's template {_place(error) or name} cannot be used: {error}; it was "
            "changed, or is of another version of bias-auditor: restore it, or reinstall "
            "bias-auditor. No report was written; the run is as it was"
        ) from error


def _place(error: TemplateError) -> str:
    """Returns file and line of the innermost template that was at work."""
    frames = traceback.extract_tb(error.__traceback__)
    inner = [frame for frame in frames if ".j2" in frame.filename]
    return (
        f"{inner[-1].filename.rpartition('templates/')[2]}, line {inner[-1].lineno}"
        if inner
        else ""
    )
