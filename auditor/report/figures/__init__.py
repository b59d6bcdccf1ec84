"""Charts of what was measured: each drawn from rows of numbers that the report also prints."""
