"""Where a model runs, in which precision, and how many tokens fit a batch."""

from __future__ import annotations

import torch

from auditor.errors import PlanError
from auditor.plan import ScoringPlan

CPU_TOKENS = 512
"""Padded tokens per batch on a CPU. Best of 256 to 8,192 on two cores for MiniLM and BERT-base;
from 2,048 on BERT-base takes three times as long, since its activations leave the cache."""
GPU_TOKENS = 32_768

REDUCED = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def pick_device(name: str) -> torch.device:
    """Returns the device of a plan's name; `auto`: CUDA, else MPS, else CPU.

    Raises:
        PlanError: no such device on this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        here = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        raise PlanError(
            f"device {name!r} cannot be used here ({str(error).splitlines()[0]}); this machine "
            f"has {', '.join(here)}; or give auto"
        ) from None
    return device


def weights_dtype(plan: ScoringPlan, device: torch.device) -> torch.dtype | str:
    """Returns the dtype to load weights in.

    `auto` keeps the saved one on an accelerator; a CPU computes in float32. A reduced dtype keeps
    float32 weights under autocast, so that texts near a decision can be scored again exactly.
    """
    if plan.dtype == "auto" and device.type != "cpu":
        return "auto"
    return torch.float32


def token_budget(plan: ScoringPlan, device: torch.device) -> int:
    """Returns padded tokens per batch."""
    return plan.token_budget or (CPU_TOKENS if device.type == "cpu" else GPU_TOKENS)
