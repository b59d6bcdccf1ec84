"""Seconds per text of our Owen values, against shap's own Partition explainer.

    python -m tests.benchmarks.shap_speed [--device cuda] [--dtype bfloat16] [--rounds 3]

(ours)     `attributions.owen`: all texts together, each distinct masked text once
(bare)     the model alone on those very rows, tokenised and packed before the clock starts: the
           limit, distinct rows times the packed cost of one row; the criterion is 1.15 of it
(batched)  `shap.Explainer` on a function that runs each of its batches as one batch
(pipeline) `shap.Explainer` on `transformers.pipeline("text-classification")`

shap's two take a sample of the texts, since they are slow, and are told per text; ours takes all
texts, since sharing masked texts is what it is for. Equal values (probabilities, 1e-4) are asserted
on the sample wherever shap's budget was not exhausted.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from auditor.attributions.base import Ask, Attribution
from auditor.attributions.masking import Masker
from auditor.attributions.outputs import label_output
from auditor.attributions.owen import owen_values
from auditor.models.classifier import Classifier
from auditor.models.demo import demo_checkpoints
from auditor.models.devices import pick_device
from auditor.plan import DataPlan, ScoringPlan, SwapPlan
from auditor.sources import open_texts
from auditor.swaps.attributes import open_attributes, template_terms
from auditor.swaps.swapper import Swapper
from tests.benchmarks.machine import describe, save
from tests.benchmarks.scoring_speed import SHARED, bert_base, minilm, timed

HATECHECK = SHARED / "benchmarks/hatecheck/test_suite_cases.csv"
TOKENS = (10, 28)
"""Of the HateCheck sentences, special tokens counted."""


def main() -> None:
    """Runs all cases, prints a table, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "float16"))
    parser.add_argument("--rounds", type=int, default=3, help="of ours and of the bare pass")
    parser.add_argument("--count", type=int, default=64, help="pairs, and sentences")
    parser.add_argument("--sample", type=int, default=8, help="texts that shap is given, MiniLM")
    parser.add_argument("--base-sample", type=int, default=2, help="the same, BERT-base")
    parser.add_argument("--max-evals", type=int, default=500)
    parser.add_argument("--memory", type=int, help="only: peak MiB of this many texts, no shap")
    parser.add_argument("--name", default="shap_speed")
    options = parser.parse_args()
    if options.memory is not None:
        print(peak_memory(options.memory, options.max_evals))
        return
    device = str(pick_device(options.device))
    models = (
        ("MiniLM (demo)", demo_model, options.sample),
        ("BERT-base", bert_base, options.base_sample),
    )
    rows = []
    for name, build, sample in models:
        model, tokenizer = build()
        cases = {"templates": template_texts(options.count), "HateCheck": hatecheck(options.count)}
        for kind, texts in cases.items():
            if texts:
                found = measure(model.to(device), tokenizer, texts, sample, device, options)
                rows.append({"model": name, "texts": kind, **found})
                print_row(rows[-1])
    result = {"machine": describe(device), "dtype": options.dtype, "rows": rows}
    if device == "cpu":
        result["peak_mib"] = {str(n): _memory_of(n) for n in (64, 256)}
        print("peak MiB by number of texts:", result["peak_mib"])
    print(f"written to {save(options.name, result)}")


def demo_model() -> tuple[Any, Any]:
    """The demo's first checkpoint: MiniLM, fine-tuned."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = demo_checkpoints()[0]
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    return model.eval(), AutoTokenizer.from_pretrained(folder)


def template_texts(count: int) -> list[str]:
    """Both sides of `count` gender pairs of eight of the demo's templates."""
    plan = SwapPlan(attributes=("gender", "religion", "age"), arms=())
    attributes = open_attributes(plan)
    swapper = Swapper(attributes, plan)
    source = open_texts(
        DataPlan(templates=("everyday",)), template_terms=template_terms(attributes)
    )
    pairs = [
        pair for chunk in source.chunks(1_000) for text in chunk for pair in swapper.pairs(text)
    ]
    chosen = list(dict.fromkeys(pair.template_id for pair in pairs))[:8]
    of_templates = [pair for pair in pairs if pair.template_id in chosen][:count]
    return [text for pair in of_templates for text in (pair.text, pair.counterfactual)]


def hatecheck(count: int) -> list[str]:
    """Distinct HateCheck sentences of 10 to 28 tokens; none where it is not at hand."""
    if not HATECHECK.is_file():
        print(f"no {HATECHECK.name} beside the checkout: left out", file=sys.stderr)
        return []
    _, tokenizer = minilm()
    with HATECHECK.open(encoding="utf-8", newline="") as file:
        texts = list(dict.fromkeys(row["test_case"].strip() for row in csv.DictReader(file)))
    fitting = [t for t in texts if TOKENS[0] <= len(tokenizer(t)["input_ids"]) <= TOKENS[1]]
    step = max(1, len(fitting) // count)
    return fitting[::step][:count]


def measure(
    model: Any, tokenizer: Any, texts: list[str], sample: int, device: str, options: Any
) -> dict[str, Any]:
    """Returns medians for one model and set of texts."""
    plan = ScoringPlan(device=device, dtype=options.dtype)
    engine = Classifier(model, tokenizer, plan, model_id="m", provenance={"digests": {}})
    ask = Ask(label_output(engine, "probability"), options.max_evals)
    read = RowsRead(engine)
    found = owen_values(engine, texts, ask)
    rows = list(dict.fromkeys(read.texts))
    inputs = [inputs for _, inputs in engine.batches(rows, cut=True)]
    chosen = texts[:: max(1, len(texts) // sample)][:sample]
    check_equal(engine, chosen, dict(zip(texts, found, strict=True)), options)
    read.forget()
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: owen_values(engine, texts, ask),
        "bare": lambda: bare(engine, inputs),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(options.rounds):
        for name in list(ways)[:: 1 if number % 2 == 0 else -1]:
            seconds[name].append(timed(ways[name], device))
    theirs = {name: shap_seconds(way, chosen, options) for name, way in shap_ways(engine).items()}
    return summary(texts, rows, read, seconds, theirs)


class RowsRead:
    """Notes which texts the engine is asked for, and how long its forward passes take."""

    def __init__(self, engine: Classifier) -> None:
        self.texts: list[str] = []
        self.inside: list[float] = []
        score, forward = engine.score, engine._forward

        def noting(texts: Sequence[str], **how: Any) -> Any:
            self.texts += texts
            return score(texts, **how)

        def clocked(*args: Any) -> Any:
            start = time.perf_counter()
            values = forward(*args)
            self.inside.append(time.perf_counter() - start)
            return values

        engine.score = noting  # type: ignore[method-assign]
        engine._forward = clocked  # type: ignore[method-assign, assignment]

    def forget(self) -> None:
        self.texts.clear()
        self.inside.clear()


def bare(engine: Classifier, batches: list[dict[str, torch.Tensor]]) -> None:
    """The forward pass and nothing else."""
    with torch.inference_mode(), engine._precision(exact=False):
        for inputs in batches:
            engine.model(**inputs).logits.double().cpu()


class Counted:
    """A function that counts the rows that shap asks it for."""

    def __init__(self, function: Callable[[list[str]], Any]) -> None:
        self.function, self.rows = function, 0

    def __call__(self, texts: Any) -> Any:
        self.rows += len(texts)
        return self.function(list(texts))


def shap_ways(engine: Classifier) -> dict[str, tuple[Any, Counted]]:
    """Both explainers of shap, with the count of rows that they ask for."""
    import shap
    from transformers import pipeline

    def batched(texts: list[str]) -> Any:
        encoded = engine.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            logits = engine.model(**encoded.to(engine.device)).logits
        return torch.softmax(logits.double(), dim=1).cpu().numpy()

    asked = pipeline(
        "text-classification", model=engine.model, tokenizer=engine.tokenizer,
        device=engine.device, top_k=None, truncation=True, max_length=engine.window,
    )  # fmt: skip
    function, wrapped = Counted(batched), Counted(shap.models.TransformersPipeline(asked))
    masker = shap.maskers.Text(engine.tokenizer)
    return {
        "batched": (shap.Explainer(function, masker, algorithm="partition"), function),
        "pipeline": (shap.Explainer(wrapped, masker, algorithm="partition"), wrapped),
    }


def shap_seconds(way: tuple[Any, Counted], texts: list[str], options: Any) -> dict[str, float]:
    """Seconds and rows per text of one of shap's explainers."""
    explainer, counted = way
    start = time.perf_counter()
    explainer(texts, max_evals=options.max_evals, silent=True)
    seconds = time.perf_counter() - start
    return {"seconds": seconds / len(texts), "rows": counted.rows / len(texts)}


def check_equal(engine: Classifier, texts: list[str], found: dict[str, Any], options: Any) -> None:
    """Our values are shap's to 1e-4, on texts that its budget resolves."""
    if options.dtype != "float32":
        return
    explainer, _ = shap_ways(engine)["batched"]
    masker = Masker(engine)
    resolved = [t for t in texts if shap_evals(masker.cut(t)) <= options.max_evals - 2]
    for text in resolved:
        ours = found[text]
        assert isinstance(ours, Attribution)
        theirs = explainer([text], max_evals=options.max_evals, silent=True)
        np.testing.assert_allclose(ours.values, theirs.values[0], atol=1e-4)
        np.testing.assert_allclose(ours.base, theirs.base_values[0], atol=1e-4)
    print(f"equal to shap within 1e-4 on {len(resolved)} of {len(texts)} texts (the others")
    print("exhaust its budget)")


def shap_evals(tokens: Any) -> int:
    """How many evaluations shap's exact values of a text take; it counts those that repeat."""
    size, depth, total = len(tokens), {2 * len(tokens) - 2: 0}, 0
    for node in range(2 * size - 2, size - 1, -1):
        total += 2 << depth[node]
        for child in tokens.clustering[node - size, :2].astype(int).tolist():
            depth[child] = depth[node] + 1
    return total


def summary(
    texts: list[str],
    rows: list[str],
    read: RowsRead,
    seconds: dict[str, list[float]],
    theirs: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """Per text: seconds of each way, rows before and after, and the ratios."""
    ours = statistics.median(seconds["ours"])
    of_limit = [o / b for o, b in zip(seconds["ours"], seconds["bare"], strict=True)]
    return {
        "texts_count": len(texts),
        "rows_per_text": round(len(rows) / len(texts), 1),
        "shap_rows_per_text": round(theirs["batched"]["rows"], 1),
        "seconds_per_text": round(ours / len(texts), 5),
        "of_limit": round(statistics.median(of_limit), 3),
        "share_in_forward": round(sum(read.inside) / sum(seconds["ours"]), 3),
        "milliseconds_per_row": round(1e3 * statistics.median(seconds["bare"]) / len(rows), 3),
        "times_batched": round(theirs["batched"]["seconds"] * len(texts) / ours, 1),
        "times_pipeline": round(theirs["pipeline"]["seconds"] * len(texts) / ours, 1),
        "shap_seconds_per_text": {k: round(v["seconds"], 3) for k, v in theirs.items()},
        "seconds": {name: [round(s, 3) for s in each] for name, each in seconds.items()},
    }


def print_row(row: dict[str, Any]) -> None:
    """Prints one row of a Markdown table."""
    print(
        f"| {row['model']} | {row['texts']} | {row['texts_count']} | {row['shap_rows_per_text']} | "
        f"{row['rows_per_text']} | {1e3 * row['seconds_per_text']:.1f} | {row['of_limit']:.2f} | "
        f"{row['share_in_forward']:.2f} | {row['times_batched']} | {row['times_pipeline']} |",
        flush=True,
    )


def peak_memory(count: int, max_evals: int) -> int:
    """Peak MiB of this process after explaining so many distinct texts."""
    import resource

    model, tokenizer = minilm()
    engine = Classifier(
        model, tokenizer, ScoringPlan(device="cpu"), model_id="m", provenance={"digests": {}}
    )
    texts = [f"{text} Note {i}." for i in range(count) for text in template_texts(1)[:1]]
    owen_values(engine, texts, Ask(label_output(engine, "probability"), max_evals))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _memory_of(count: int) -> int:
    command = [sys.executable, "-m", "tests.benchmarks.shap_speed", "--memory", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


if __name__ == "__main__":
    main()
