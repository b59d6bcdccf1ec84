"""Biased circuits: the heads, MLPs and edges that causally carry the difference of pairs."""
