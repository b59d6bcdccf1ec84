"""Framework packs: what a law or standard asks, and which evidence of a run speaks to it."""
