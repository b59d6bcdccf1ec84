"""Pairs per second of the scoring engine, against the pipeline and the bare forward pass.

    python -m tests.benchmarks.scoring_speed [--device cuda] [--rounds 5] [--posts 1000]

(engine)   `auditor.models`: both sides of every pair, each distinct text once
(pipeline) `transformers.pipeline("text-classification", batch_size=32)` on both sides of the pairs
(bare)     the model alone on length-sorted, packed batches of the distinct texts, tokenised before
           the clock starts: what no engine can beat

The three take turns within each round; medians over rounds, and the median of the ratios round by
round. Equal scores are asserted before anything is timed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from auditor.models.classifier import Classifier
from auditor.models.devices import pick_device
from auditor.plan import DataPlan, ScoringPlan, SwapPlan
from auditor.records import Pair, SourceText, TemplateTerm
from auditor.sources import open_texts
from auditor.swaps.attributes import open_attributes, template_terms
from auditor.swaps.swapper import Swapper
from tests.benchmarks.machine import describe, save

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
EDOS = SHARED / "benchmarks/edos/edos_labelled_aggregated.csv.gz"
ATTRIBUTES = ("gender", "religion", "disability", "age")


def main() -> None:
    """Runs all cases, prints a table, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--posts", type=int, default=1_000)
    parser.add_argument("--base-pairs", type=int, default=300, help="of each kind, for BERT-base")
    parser.add_argument("--name", default="scoring_speed")
    options = parser.parse_args()
    device = str(pick_device(options.device))
    cases = {"templates": template_pairs(), "EDOS posts": post_pairs(options.posts)}
    models = (("MiniLM", minilm, None), ("BERT-base (random)", bert_base, options.base_pairs))
    rows = [
        {"model": model, "texts": texts, **measure(*build(), pairs[:most], device, options.rounds)}
        for model, build, most in models
        for texts, pairs in cases.items()
        if pairs
    ]
    print_table(rows)
    where = save(options.name, {"machine": describe(device), "rows": rows})
    print(f"written to {where}")


def template_pairs() -> list[Pair]:
    """Pairs of the demo's templates."""
    swapper, terms = _swapper()
    source = open_texts(DataPlan(templates=("everyday",)), template_terms=terms)
    return [p for chunk in source.chunks(1_000) for text in chunk for p in swapper.pairs(text)]


def post_pairs(count: int) -> list[Pair]:
    """Gender pairs of the first posts of EDOS that mention one; none where it is not at hand."""
    if not EDOS.is_file():
        print(f"no {EDOS.name} beside the checkout: left out", file=sys.stderr)
        return []
    swapper, _ = _swapper()
    source = open_texts(DataPlan(path=str(EDOS), text=("text",)))
    pairs: list[Pair] = []
    for chunk in source.chunks(1_000):
        for text in chunk:
            found = swapper.pairs(SourceText(text.row_id, text.text, text.cluster))
            pairs += [p for p in found if p.contrast.attribute == "gender"]
        if len(pairs) >= count:
            return pairs[:count]
    return pairs


def _swapper() -> tuple[Swapper, list[TemplateTerm]]:
    plan = SwapPlan(attributes=ATTRIBUTES, arms=())
    attributes = open_attributes(plan)
    return Swapper(attributes, plan), template_terms(attributes)


def minilm() -> tuple[Any, Any]:
    """The demo's encoder with a random head; scores do not matter, sizes do."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    from auditor.models.demo import weights_folder

    folder = weights_folder()
    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig.from_pretrained(folder))
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def bert_base() -> tuple[Any, Any]:
    """A BERT-base-size classifier, randomly initialised, with MiniLM's tokenizer."""
    from transformers import BertConfig, BertForSequenceClassification

    _, tokenizer = minilm()
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(tokenizer))
    return BertForSequenceClassification(config).eval(), tokenizer


def measure(
    model: Any, tokenizer: Any, pairs: list[Pair], device: str, rounds: int
) -> dict[str, Any]:
    """Returns medians for one model and set of pairs."""
    from transformers import pipeline

    model = model.to(device)
    plan = ScoringPlan(device=device)
    engine = Classifier(model, tokenizer, plan, model_id="m", provenance={"digests": {}})
    distinct = list(dict.fromkeys(t for p in pairs for t in (p.text, p.counterfactual)))
    sides = [text for p in pairs for text in (p.text, p.counterfactual)]
    asked = pipeline(
        "text-classification", model=model, tokenizer=tokenizer, device=torch.device(device),
        batch_size=32, top_k=None, truncation=True, max_length=engine.window,
    )  # fmt: skip
    batches = packed(engine, distinct)
    check_equal(engine, asked, batches, distinct)
    ways: dict[str, Callable[[], object]] = {
        "engine": lambda: engine.score(distinct),
        "bare": lambda: bare(engine, batches),
        "pipeline": lambda: asked(sides),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        # Alternate who goes first: neither always has the warmer machine.
        for name in list(ways)[:: 1 if number % 2 == 0 else -1]:
            seconds[name].append(timed(ways[name], device))
    return summary(seconds, len(pairs), len(distinct))


def packed(engine: Classifier, texts: list[str]) -> list[dict[str, torch.Tensor]]:
    """Length-sorted batches of all texts under the engine's budget, as tensors on the device."""
    encoded = engine._encode(texts)
    return [engine._tensors(encoded, rows) for rows in engine._packed(encoded.lengths)]


def bare(engine: Classifier, batches: list[dict[str, torch.Tensor]]) -> list[torch.Tensor]:
    """The forward pass and nothing else."""
    with torch.inference_mode():
        return [engine.model(**inputs).logits.cpu() for inputs in batches]


def check_equal(
    engine: Classifier, asked: Any, batches: list[dict[str, torch.Tensor]], texts: list[str]
) -> None:
    """All three give the same probabilities to 1e-5."""
    from scipy.special import softmax

    ours = softmax(engine.score(texts).values, axis=1)
    order = engine._encode(texts)
    rows = [row for batch in engine._packed(order.lengths) for row in batch]
    alone = softmax(torch.cat(bare(engine, batches)).double().numpy(), axis=1)
    np.testing.assert_allclose(ours[rows], alone, atol=1e-5)
    labels = engine.labels
    for text, mine in list(zip(texts, ours, strict=True))[:64]:
        theirs = {each["label"]: each["score"] for each in asked([text])[0]}
        np.testing.assert_allclose([theirs[name] for name in labels], mine, atol=1e-5)


def timed(call: Callable[[], object], device: str) -> float:
    start = time.perf_counter()
    call()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - start


def summary(seconds: dict[str, list[float]], pairs: int, distinct: int) -> dict[str, Any]:
    """Pairs per second of each way, and the ratios that the criteria speak of."""
    rate = {name: pairs / statistics.median(each) for name, each in seconds.items()}
    of_bare = [b / e for b, e in zip(seconds["bare"], seconds["engine"], strict=True)]
    of_pipeline = [p / e for p, e in zip(seconds["pipeline"], seconds["engine"], strict=True)]
    return {
        "pairs": pairs,
        "distinct_texts": distinct,
        "pairs_per_second": {name: round(value, 1) for name, value in rate.items()},
        "share_of_bare": round(statistics.median(of_bare), 3),
        "times_pipeline": round(statistics.median(of_pipeline), 2),
        "seconds": {name: [round(s, 3) for s in each] for name, each in seconds.items()},
    }


def print_table(rows: list[dict[str, Any]]) -> None:
    """Prints the rows as a Markdown table."""
    print("| model | texts | pairs | engine, pairs/s | of bare forward | times the pipeline |")
    print("|---|---|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['model']} | {row['texts']} | {row['pairs']:,} | "
            f"{row['pairs_per_second']['engine']:,.0f} | {row['share_of_bare']:.2f} | "
            f"{row['times_pipeline']:.2f} |"
        )


if __name__ == "__main__":
    main()
