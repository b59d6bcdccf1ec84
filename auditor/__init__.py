"""Bias and fairness auditing of transformer models.

    import auditor

    run = auditor.audit("path-or-id", frame, text="comment", favourable="ok")
    print(run.verdict)
    run.report("report.html")

Names are imported when first used, so that `auditor --help` and the pages start without torch.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.attributions.explain import explain as explain
    from auditor.attributions.explain import explain_pairs as explain_pairs
    from auditor.circuits.find import edge_scores as edge_scores
    from auditor.circuits.find import find_circuit as find_circuit
    from auditor.circuits.margins import label_margin as label_margin
    from auditor.circuits.margins import token_contrast as token_contrast
    from auditor.comparison import compare as compare
    from auditor.errors import AuditError as AuditError
    from auditor.plan import AuditPlan as AuditPlan
    from auditor.run import Run as Run
    from auditor.run import audit as audit
    from auditor.run import open_run as open_run
    from auditor.swaps.swapper import swap as swap

_HOMES = {
    "AuditError": "auditor.errors",
    "AuditPlan": "auditor.plan",
    "Run": "auditor.run",
    "audit": "auditor.run",
    "compare": "auditor.comparison",
    "edge_scores": "auditor.circuits.find",
    "explain": "auditor.attributions.explain",
    "explain_pairs": "auditor.attributions.explain",
    "find_circuit": "auditor.circuits.find",
    "label_margin": "auditor.circuits.margins",
    "open_run": "auditor.run",
    "swap": "auditor.swaps.swapper",
    "token_contrast": "auditor.circuits.margins",
}

# Read when huggingface_hub is imported, so it is said before anything can import it.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = [
    "AuditError",
    "AuditPlan",
    "Run",
    "__version__",
    "audit",
    "compare",
    "edge_scores",
    "explain",
    "explain_pairs",
    "find_circuit",
    "label_margin",
    "open_run",
    "swap",
    "token_contrast",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'auditor' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
