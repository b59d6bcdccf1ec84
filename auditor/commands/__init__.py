"""The commands of a finished run, one file per purpose; `cli.py` puts them together."""
