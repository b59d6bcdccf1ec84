"""How far each method can be trusted, measured on the audit's own texts.

    results = measure_fidelity(model, {"owen": explained}, clusters, ask, seed=0, methods=METHODS)

No measure speaks alone: a method can add up and mean nothing, or order tokens well by chance.
What measures is imported when first used: reports and pages read `MEASURES` without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from auditor.attributions.fidelity.measures import MEASURES, Measure

if TYPE_CHECKING:
    from auditor.attributions.fidelity.measure import FidelityResults as FidelityResults
    from auditor.attributions.fidelity.measure import measure_fidelity as measure_fidelity

__all__ = ["MEASURES", "FidelityResults", "Measure", "measure_fidelity"]


def __getattr__(name: str) -> Any:
    if name not in ("FidelityResults", "measure_fidelity"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.measure"), name)
