"""Model cards: for a model hub, and as a CycloneDX bill of materials; a datasheet beside them.

Drawn from the summary alone, like every rendering. What only people know and did not declare is NOT
PROVIDED; nothing is made up in its place.
"""

from auditor.report.cards.write import render_cards, write_cards

__all__ = ["render_cards", "write_cards"]
