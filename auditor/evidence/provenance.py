"""What a run was made with: versions, machine, clock. No names of people or hosts."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = (
    "bias-auditor", "torch", "transformers", "tokenizers", "fairlearn", "numpy", "scipy",
    "statsmodels", "pandas", "pyarrow", "duckdb",
)  # fmt: skip
"""Whose versions can change a number."""

TIME_FIELDS = ("run_id", "run_number", "started_at", "finished_at")
"""The only fields of run.json that differ between two runs of the same inputs."""


def now() -> str:
    """Returns the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment() -> dict[str, Any]:
    """Returns versions and machine of this process."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "packages": {name: installed_version(name) for name in PACKAGES},
    }


def installed_version(package: str) -> str | None:
    """Returns a package's version, or None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
