"""The files of the cards, by name."""

from __future__ import annotations

from pathlib import Path

from auditor.evidence.files import whole_file
from auditor.report.cards.cyclonedx import bill_of_materials
from auditor.report.cards.model_index import metadata_block
from auditor.report.cards.pages import render_page
from auditor.report.parts import Summary


def render_cards(summary: Summary) -> dict[str, str]:
    """Returns what each file of the cards holds, by its name within an edition."""
    return {
        "cards/README.md": metadata_block(summary) + render_page("model_card.md.j2", summary),
        "cards/datasheet.md": render_page("datasheet.md.j2", summary),
        "cards/modelcard.cdx.json": bill_of_materials(summary),
    }


def write_cards(summary: Summary, folder: Path) -> list[Path]:
    """Writes the cards into `folder`/cards, and returns their paths.

    Raises:
        RunError: they cannot be written.
    """
    written = []
    for name, content in render_cards(summary).items():
        with whole_file(folder / name) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="\n")
        written.append(folder / name)
    return written
