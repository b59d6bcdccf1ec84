"""The report: summarised once to plain data, then rendered in many forms.

Nothing is imported here: a plan names packs, and a machine that only scores has no charts.
"""
