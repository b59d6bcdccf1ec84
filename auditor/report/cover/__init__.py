"""What a reader meets first and last: document control, executive summary, register."""
