"""Seconds for scores of all edges, against the model's bare passes and against TransformerLens.

    python -m tests.benchmarks.circuits_speed [--device cuda] [--rounds 7] [--other PYTHON]

A randomly initialised model of GPT-2 small's size, 32,491 edges, 4 pairs of 16 tokens.

(eap)         `score_pairs(..., "eap")`: every edge and component of every pair
(bare)        what it cannot do without: two forward passes and one backward pass of the unmodified
              model, parameters frozen; once with all logits, once with only those that are read,
              which is less: the criterion, at most 2 times, is held against the latter
(conductance) five steps, all edges: against 5 forward and backward passes plus 6 forward passes,
              of all rows at once and in turn, the quicker of which counts; at most 2 times
(lens)        TransformerLens' own `attribution_patch(granularity="edge")`, which goes pair by pair
              and tells positions apart; at least 40 times slower
(hooks)       the same scores by hand on TransformerLens' hooks, all pairs at once

The last two run in an interpreter of their own, which waits while others run. Set it up so:

    python3 -m venv others
    others/bin/pip install torch==2.13.0 transformers==5.24.0 "transformer-lens==4.3.*" \\
        "captum==0.9.*" pyvene==0.1.8
    python -m tests.benchmarks.circuits_speed --other others/bin/python

Without `--other`, and for what is not installed there, it says what is skipped. All take turns
within each round; ratios are medians round by round. Agreement is measured before anything is
timed: EAP with TransformerLens (1e-5 of the largest score), conductance of components with captum's
`LayerConductance` (1e-3), patched heads with pyvene (every bit).
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import torch

from auditor.circuits.base import Aligned, Inputs
from auditor.circuits.engine import Engine
from auditor.circuits.graph import Graph
from auditor.circuits.scores import edge_products, score_pairs, walk
from auditor.models.devices import pick_device
from tests.benchmarks.circuits_agreement import agreements
from tests.benchmarks.circuits_cases import (
    TOKENS,
    Case,
    gpt2,
    pairs_of,
    small_cases,
    write_cases,
)
from tests.benchmarks.circuits_others import Others, forget_peak, peak_mib
from tests.benchmarks.machine import describe, save
from tests.benchmarks.scoring_speed import timed

STEPS = 5
PAIRS, WIDTH = 4, 16
BATCHES = (1, 2, 4, 8, 16, 32)
DEPTHS = (3, 6, 12, 24)
MEASURED = ("bare, logits read", "eap", "bare steps at once", "conductance")
"""What the memory is told of."""

Ways = dict[str, Callable[[], object]]
Seconds = dict[str, list[float]]


def main() -> None:
    """Measures all, prints tables, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--other-rounds", type=int, default=3, help="in which the others run too")
    parser.add_argument("--other", metavar="PYTHON", help="an interpreter with the other tools")
    parser.add_argument("--memory", metavar="WAY", help="only: peak MiB before and after a way")
    parser.add_argument("--name", default="circuits_speed")
    options = parser.parse_args()
    device = str(pick_device(options.device))
    if options.memory:
        print(*peaks(options.memory, device))
        return
    result: dict[str, Any] = {"command": sys.argv[1:], "machine": describe(device)}
    result |= compared(options, device)
    result["batches"] = by_batch(device, options.rounds)
    result["depths"] = by_depth(device, options.rounds)
    result["memory"] = {way: memory_of(way, device) for way in MEASURED}
    print("MiB, model loaded and at the peak:", result["memory"])
    print(f"written to {save(options.name, result)}")


def compared(options: argparse.Namespace, device: str) -> dict[str, Any]:
    """Agreement with, and seconds of, everything on the same model and pairs."""
    case = case_of(device)
    result: dict[str, Any] = {"edges": int(case.graph.edges.sum())}
    with ExitStack() as stack:
        others = None
        if options.other:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            cases = (case, *small_cases())
            write_cases(folder, cases)
            others = stack.enter_context(Others(options.other, folder, device))
            result |= introduced(others)
            result["agreement"] = agreed({each.name: each for each in cases}, others)
        else:
            print("no --other: TransformerLens, captum and pyvene are skipped")
        engine = stack.enter_context(Engine.opened(case.model, case.graph, case.margin))
        made = ways(engine, case.pairs)
        seconds = in_turn(made, options.rounds, device, others, options.other_rounds)
    return result | summary(seconds)


def case_of(device: str, pairs: int = PAIRS, layers: int = 12) -> Case:
    """Returns the model and pairs that are timed."""
    model = gpt2(layers).to(device)
    return Case("gpt2", model, Graph.of(model), pairs_of(pairs, WIDTH, device=device), TOKENS)


def introduced(others: Others) -> dict[str, Any]:
    """Versions there, and the memory that TransformerLens takes before and at its work."""
    versions = others.ask("versions")
    print("the other interpreter has", versions)
    peaks = [others.ask(task, "gpt2").get("peak_mib") for task in ("load", "transformer_lens")]
    return {"others": versions, "lens_peak_mib": peaks}


def agreed(cases: dict[str, Case], others: Others) -> dict[str, Any]:
    """Prints and returns what agrees; stops where something does not."""
    found = agreements(cases, others)
    for name, each in found.items():
        print(f"agreement with {name}: {each}")
        assert "skipped" in each or each["off"] <= each["limit"], f"{name}: {each}"
    return found


def ways(engine: Engine, pairs: Aligned) -> Ways:
    """Returns what is timed on our side."""
    a, b, model = pairs.a, pairs.b, engine.model

    def bare(keep: bool) -> None:
        forward(model, b, keep)
        backward(model, a, keep)

    def steps_in_turn() -> None:
        for _ in range(STEPS):
            backward(model, a, True)
        for _ in range(STEPS + 1):
            forward(model, b, True)

    def steps_at_once() -> None:
        backward(model, times(a, STEPS), True)
        forward(model, times(b, STEPS + 1), True)

    return {
        "eap": lambda: score_pairs(engine, pairs, "eap", 0),
        "bare, all logits": lambda: bare(False),
        "bare, logits read": lambda: bare(True),
        "conductance": lambda: score_pairs(engine, pairs, "conductance", STEPS),
        "bare steps in turn": steps_in_turn,
        "bare steps at once": steps_at_once,
    }


def times(inputs: Inputs, count: int) -> Inputs:
    return {name: each.repeat(count, 1) for name, each in inputs.items()}


@torch.no_grad()
def forward(model: Any, inputs: Inputs, keep: bool) -> None:
    """The unmodified model, once."""
    model(**inputs, use_cache=False, **({"logits_to_keep": 1} if keep else {}))


def backward(model: Any, inputs: Inputs, keep: bool) -> None:
    """The unmodified model, forward and back to what its tokens are embedded as."""
    embedded = model.get_input_embeddings()(inputs["input_ids"]).requires_grad_(True)
    options = {"logits_to_keep": 1} if keep else {}
    logits = model(
        inputs_embeds=embedded,
        attention_mask=inputs["attention_mask"],
        use_cache=False,
        **options,
    ).logits
    torch.autograd.grad(TOKENS.of(logits[:, -1]).sum(), embedded)


def in_turn(
    ways: Ways, rounds: int, device: str, others: Others | None = None, other_rounds: int = 0
) -> Seconds:
    """Times all within each round, every other round in the opposite order."""
    for way in ways.values():
        way()
    seconds: Seconds = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways)[:: 1 if number % 2 == 0 else -1]:
            seconds[name].append(timed(ways[name], device))
        if others is not None and number < other_rounds:
            for task, name in (("transformer_lens", "lens"), ("hooks", "hooks")):
                answer = others.ask(task, "gpt2")
                if "seconds" in answer:
                    seconds.setdefault(name, []).append(answer["seconds"])
    return seconds


def summary(seconds: Seconds) -> dict[str, Any]:
    """Medians, and the ratios that the criteria speak of, round by round."""
    quicker = [
        min(pair)
        for pair in zip(seconds["bare steps in turn"], seconds["bare steps at once"], strict=True)
    ]
    ratios = {
        "eap of bare, all logits": ratio(seconds["eap"], seconds["bare, all logits"]),
        "eap of bare, logits read": ratio(seconds["eap"], seconds["bare, logits read"]),
        "conductance of bare": ratio(seconds["conductance"], quicker),
    }
    for name in ("lens", "hooks"):
        if name in seconds:
            ratios[f"{name} of eap"] = ratio(seconds[name], seconds["eap"])
    medians = {name: round(statistics.median(each), 4) for name, each in seconds.items()}
    for name, each in (medians | ratios).items():
        print(f"| {name} | {each} |")
    rounded = {name: [round(s, 4) for s in each] for name, each in seconds.items()}
    return {"median_seconds": medians, "ratios": ratios, "seconds": rounded}


def ratio(above: list[float], below: list[float]) -> float:
    """Returns the median of ratios round by round, of the rounds that both took part in."""
    return round(statistics.median(a / b for a, b in zip(above, below, strict=False)), 3)


def by_batch(device: str, rounds: int) -> dict[str, float]:
    """Milliseconds of EAP per pair, by the number of pairs at once."""
    case = case_of(device)
    batches = {count: pairs_of(count, WIDTH, device=device) for count in BATCHES}
    with Engine.opened(case.model, case.graph, TOKENS) as engine:
        made: Ways = {
            str(count): partial(score_pairs, engine, pairs, "eap", 0)
            for count, pairs in batches.items()
        }
        seconds = in_turn(made, rounds, device)
    found = {
        name: round(1e3 * statistics.median(each) / int(name), 2) for name, each in seconds.items()
    }
    print("milliseconds per pair by pairs at once:", found)
    return found


def by_depth(device: str, rounds: int) -> list[dict[str, float]]:
    """Edges and the milliseconds that their products take, by the model's depth."""
    edges: dict[str, int] = {}
    made: Ways = {}
    for depth in DEPTHS:
        case = case_of(device, layers=depth)
        with Engine.opened(case.model, case.graph, TOKENS) as engine:
            way = walk(engine, case.pairs, "eap", 0)
        edges[str(depth)] = int(case.graph.edges.sum())
        made[str(depth)] = partial(edge_products, case.graph, way.slopes, way.change)
    found: list[dict[str, float]] = []
    for layers, each in in_turn(made, rounds, device).items():
        seconds = statistics.median(each)
        row = {
            "layers": int(layers),
            "edges": edges[layers],
            "milliseconds": round(1e3 * seconds, 1),
            "microseconds_per_edge": round(1e6 * seconds / edges[layers], 2),
        }
        print(row)
        found.append(row)
    return found


def memory_of(way: str, device: str) -> list[int]:
    """Peak MiB with the model loaded, and after a way, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.circuits_speed", "--device", device]
    done = subprocess.run([*command, "--memory", way], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()[-2:]]


def peaks(way: str, device: str) -> tuple[int, int]:
    """Returns this process' peak MiB before and after a way."""
    case = case_of(device)
    cuda = device.startswith("cuda")
    forget, peak = (forget_gpu_peak, gpu_peak_mib) if cuda else (forget_peak, peak_mib)
    with Engine.opened(case.model, case.graph, TOKENS) as engine:
        made = ways(engine, case.pairs)
        # A process' first pass loads what every later one finds.
        made["bare, logits read"]()
        forget()
        before = peak()
        made[way]()
    return before, peak()


def forget_gpu_peak() -> None:
    torch.cuda.reset_peak_memory_stats()


def gpu_peak_mib() -> int:
    return torch.cuda.max_memory_allocated() // 2**20


if __name__ == "__main__":
    main()
