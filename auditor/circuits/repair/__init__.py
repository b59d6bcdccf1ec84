"""Repair of the components found: edits in memory or for good, their cost, and their controls."""
