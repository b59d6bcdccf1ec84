"""A real classifier of sexism, fine-tuned here and audited where no text is sexist.

    python -m tests.benchmarks.edos_audit [--benchmarks FOLDER] [--model-dir FOLDER]

MiniLM learns EDOS's train split. Then its texts come from elsewhere: HateCheck's cases that are not
hateful and the madlibs sentences that are not bad. All of them are truly "not sexist", so whatever
is called sexist is a false alarm, and a false alarm that comes with the group is the gap reported
here. Gender is the task's own target: an audit that names it so refuses to swap it.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

import auditor
from auditor.errors import PlanError
from auditor.models.cache import cache_root, whole_folder
from auditor.models.demo import best_temperature, rate_factor, weights_folder
from tests.benchmarks.machine import describe, save

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification, PreTrainedTokenizerBase

LABELS = ("not sexist", "sexist")
PUBLISHED_BEST = 0.8746
BATCH, MAX_TOKENS = 32, 64
RATE, HEAD_RATE, WARMUP = 5e-5, 5e-4, 0.1
"""Highest learning rates of the encoder and of pooler and classifier; share of the steps."""
METRIC = "false_negative_rate_change"
"""Of the label "not sexist": the share of harmless texts that it is denied, group B less group A.
It is the false positive rate of the label "sexist"."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts that are all truly "not sexist"."""

    name: str
    frame: pd.DataFrame
    """text, label, cluster, identity, weight (of the identities' rates: each cluster once)."""
    groups: Mapping[str, tuple[str, ...]]
    """Attribute to swap -> the groups to compare; none named: all."""


def main() -> None:
    """Trains where the folder has no model, audits, prints tables, writes JSON."""
    options = arguments()
    if not (options.benchmarks / "edos").is_dir():
        print(f"no folder edos in {options.benchmarks}: skipped; name it with --benchmarks")
        return
    posts = pd.read_csv(options.benchmarks / "edos" / "edos_labelled_aggregated.csv.gz")
    home = options.model_dir or cache_root() / "benchmarks"
    folder = home / f"edos-minilm-{options.epochs}-epochs-seed-{options.seed}"
    if not folder.is_dir():
        train(posts, folder, epochs=options.epochs, seed=options.seed)
    results: dict[str, Any] = {"machine": describe("cpu"), "classifier": quality(posts, folder)}
    with tempfile.TemporaryDirectory() as temporary:
        out = options.out or Path(temporary)
        for texts in (hatecheck(options.benchmarks), *madlibs(options.benchmarks)):
            results[texts.name] = audit_texts(texts, folder, out / texts.name)
    save(options.name, results)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shared = Path(__file__).parents[3] / "shared" / "benchmarks"
    parser.add_argument("--benchmarks", type=Path, default=shared)
    parser.add_argument("--model-dir", type=Path, default=None)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="edos_audit")
    parser.add_argument("--out", type=Path, help="keep the run folders here")
    return parser.parse_args()


def hatecheck(folder: Path) -> Texts:
    """Returns the cases that are not hateful. A template, written for several groups, is a cluster.

    Each attribute has the one group that the templates were written for; age and nationality have
    none.
    """
    cases = pd.read_csv(folder / "hatecheck" / "test_suite_cases.csv")
    cases = cases[cases["label_gold"] == "non-hateful"]
    frame = pd.DataFrame(
        {
            "text": cases["test_case"].str.strip(),
            "cluster": "template " + cases["templ_id"].astype(str),
            "identity": cases["target_ident"].fillna("none"),
        }
    )
    groups = {
        "disability": ("nondisabled", "disabled"),
        "gender_identity": ("cisgender", "transgender"),
        "race": ("white", "black"),
        "religion": ("christian", "muslim"),
        "sexual_orientation": ("heterosexual", "gay"),
    }
    return Texts("hatecheck", labelled(frame), groups)


def madlibs(folder: Path) -> list[Texts]:
    """Returns the sentences that are not bad and name one of 50 identities, clustered two ways.

    `Template` has six values, too few for any interval. By sentence, the identity and the first
    name left open ("[NAME] is a kind [IDENTITY]", "hug [IDENTITY]"): 53 clusters, in which every
    template has its share. These all meet the same 45 first names, so a name that tips the model
    would pass for the agreement of 16 sentences: hence by name as well, 49 clusters, nearly all of
    one template. A gap holds where both intervals say so.
    """
    rows = pd.read_csv(folder / "madlibs" / "bias_madlibs_77k.csv.gz")
    rows = rows[(rows["Label"] == "NOT_BAD") & (rows["Template"] != "you_occupation")]
    parts = rows["Text"].str.extract(_MADLIB)
    adjective = parts["adjective"].fillna(parts["being"])
    word = adjective.fillna(rows["Text"].str.split().str[0])
    identity = parts["noun"].fillna(parts["adverb"]).fillna(parts["bare"])
    clusters = {
        "madlibs_by_sentence": rows["Template"] + ": " + word.str.lower(),
        "madlibs_by_name": parts["name"].fillna(rows["Template"]),
    }
    groups: dict[str, tuple[str, ...]] = dict.fromkeys(
        ("nationality", "race", "religion", "sexual_orientation"), ()
    )
    return [
        Texts(
            name,
            labelled(
                pd.DataFrame({"text": rows["Text"], "cluster": cluster, "identity": identity})
            ),
            groups,
        )
        for name, cluster in clusters.items()
    ]


_MADLIB = (
    r"^(?:(?:(?P<name>.+) is|You are) a (?P<adjective>\S+) (?P<noun>.+)"
    r"|Being (?P<adverb>.+) is (?P<being>\S+)\."
    r"|(?:i am|\S+) (?P<bare>.+))$"
)


def labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds the true label, and weights by which every cluster counts once for an identity."""
    rows = frame.groupby(["cluster", "identity"])["text"].transform("size")
    return frame.assign(label=LABELS[0], weight=1 / rows)


def audit_texts(texts: Texts, model: Path, out: Path) -> dict[str, Any]:
    """Audits all attributes but the task's own; then gender, where it may not move the answer."""
    frame = texts.frame
    print(f"\n## {texts.name}: {len(frame)} texts, {frame['cluster'].nunique()} clusters\n")
    own = {
        "task_concerns": ["gender"],
        "groups": {name: groups for name, groups in texts.groups.items() if groups},
    }
    try:
        audit(texts, model, out / "refused", attributes=[*texts.groups, "gender"], **own)
    except PlanError as error:
        print(f"With gender among the attributes: {error}\n")
    start = time.perf_counter()
    run = audit(texts, model, out / "others", attributes=[*texts.groups], **own)
    seconds = time.perf_counter() - start
    # On these texts alone: none is sexist, so none may become so with the group (see above).
    gender = audit(texts, model, out / "gender", attributes=["gender"])
    found, rates = pd.concat([gaps(run), gaps(gender)], ignore_index=True), identity_rates(run)
    print(markdown(found), f"\n\noverall, without gender: {run.verdict}; {seconds:.0f} s\n")
    print(markdown(rates.head(12)), "\n")
    for each in (run, gender):
        show_largest(each)
    return {
        "texts": len(frame),
        "seconds": round(seconds),
        "gaps": records(found),
        "identities": records(rates),
    }


def audit(texts: Texts, model: Path, out: Path, **options: Any) -> auditor.Run:
    return auditor.audit(
        str(model), texts.frame, text="text", label="label", cluster="cluster",
        protected=["identity"], weight="weight", weight_kind="sampling",
        favourable=LABELS[0], arms=[], out=out, **options,
    )  # fmt: skip


def gaps(run: auditor.Run) -> pd.DataFrame:
    """Returns one row per contrast: the false alarms of each side and their difference, B less A.

    The difference is the auditor's; the rates of the sides are computed here from its pairs, by
    other code, and must differ by just that.
    """
    rows = []
    for row in denials(run):
        a, b = false_alarms(sides(run, row))
        assert math.isclose(b - a, row["value"], abs_tol=1e-9), row
        contrast = f"{row['attribute']}: {row['group_a']} to {row['group_b']}"
        kept = ("value", "low", "high", "shift", "n", "clusters", "verdict")
        rows.append({"contrast": contrast, "rate_a": a, "rate_b": b, **{k: row[k] for k in kept}})
    table = pd.DataFrame(rows).rename(columns={"value": "gap"})
    return table.sort_values(["gap", "shift"], key=abs, ascending=False)


def denials(run: auditor.Run) -> list[dict[str, Any]]:
    """Returns the findings of `METRIC` that have a value, with the mean rise of P(sexist)."""
    found = run.findings
    key = ["attribute", "group_a", "group_b"]
    shift = -found[found["metric"] == "mean_effect"].set_index(key)["value"].rename("shift")
    found = found[(found["metric"] == METRIC) & found["value"].notna()].join(shift, on=key)
    return [{str(name): value for name, value in row.items()} for row in found.to_dict("records")]


def sides(run: auditor.Run, finding: dict[str, Any]) -> pd.DataFrame:
    """Returns a contrast's valid pairs, turned to A and B, each pair of texts once per cluster."""
    pairs = run.pairs("arm = 'swap' AND validity = 'valid'")
    named = pairs[["attribute", "group_a", "group_b"]] == [
        finding[name] for name in ("attribute", "group_a", "group_b")
    ]
    pairs = pairs[named.all(axis=1)]
    forward = pairs["group_from"] == pairs["group_a"]
    columns = {
        f"{name}_{side}": pairs[own].where(mine, pairs[other])
        for side, mine in (("a", forward), ("b", ~forward))
        for name, own, other in (
            ("text", "text", "counterfactual"),
            ("score", "score_from", "score_to"),
            ("selected", "selected_from", "selected_to"),
        )
    }
    turned = pd.DataFrame({"cluster": pairs["cluster"], **columns})
    return turned.drop_duplicates(["cluster", "text_a", "text_b"])


def false_alarms(pairs: pd.DataFrame) -> tuple[float, float]:
    """Returns the shares called sexist on side A and side B, each cluster with equal weight."""
    denied = ~pairs[["selected_a", "selected_b"]].astype(bool)
    means = denied.groupby(pairs["cluster"]).mean().mean()
    return float(means["selected_a"]), float(means["selected_b"])


def identity_rates(run: auditor.Run) -> pd.DataFrame:
    """Returns the share called sexist by the identity that a text names, highest first."""
    rates = run.groups.query("metric == 'false_negative_rate' and value.notna()")
    table = rates[["group", "value", "low", "high", "n"]].sort_values("value", ascending=False)
    return table.rename(columns={"value": "called sexist"})


def show_largest(run: auditor.Run) -> None:
    """Prints the ten pairs whose score moves most in the contrast with the largest gap (of equal
    ones, the largest shift)."""
    tested = [row for row in denials(run) if row["low"] == row["low"]]
    row = max(tested, key=lambda row: (abs(row["value"]), abs(row["shift"])))
    pairs = sides(run, row)
    effect = pairs["score_b"] - pairs["score_a"]
    denied = (~pairs[["selected_a", "selected_b"]].astype(bool)).astype(int)
    change = denied["selected_b"] - denied["selected_a"]
    print(
        f"{row['attribute']}, {row['group_a']} to {row['group_b']}: of {len(pairs)} pairs "
        f"{(change == 1).sum()} become sexist with {row['group_b']}, {(change == -1).sum()} with "
        f"{row['group_a']}; P(sexist) rises by {row['shift']:.3f} on average. Largest:"
    )
    order = effect.abs().sort_values(ascending=False, kind="stable").index[:10]
    for pair in pairs.loc[order].to_dict("records"):
        print(f"- {1 - pair['score_a']:.2f} {pair['text_a']!r}", end=" -> ")
        print(f"{1 - pair['score_b']:.2f} {pair['text_b']!r}")


def markdown(table: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|---" * len(table.columns) + "|"]
    for row in table.itertuples(index=False):
        cells = [f"{x:.3f}" if isinstance(x, float) else str(x) for x in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Returns rows for JSON, to four digits; what has no interval is null."""
    rounded = table.round(4).astype(object)
    return rounded.where(rounded.notna(), None).to_dict("records")  # type: ignore[return-value]


def quality(posts: pd.DataFrame, folder: Path) -> dict[str, float]:
    """Returns what the classifier scores on EDOS's own test split."""
    from sklearn.metrics import accuracy_score, f1_score
    from transformers import AutoTokenizer, BertForSequenceClassification

    test = posts[posts["split"] == "test"]
    model = BertForSequenceClassification.from_pretrained(folder).eval()
    logits = logits_of(model, AutoTokenizer.from_pretrained(folder), list(test["text"]))
    found, true = logits.argmax(1).numpy(), targets(test).numpy()
    scores = {
        "macro_f1": float(f1_score(true, found, average="macro")),
        "accuracy": float(accuracy_score(true, found)),
        "false_positive_rate": float(found[true == 0].mean()),
        "false_negative_rate": float(1 - found[true == 1].mean()),
    }
    words = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    print(f"EDOS test split, {len(test)} posts: {words} (best published macro_f1 {PUBLISHED_BEST})")
    return scores


def train(posts: pd.DataFrame, folder: Path, *, epochs: int, seed: int) -> None:
    """Writes a classifier fine-tuned on the train split, its temperature set on the dev split."""
    from transformers import AutoTokenizer, BertForSequenceClassification

    weights, names = weights_folder(), dict(enumerate(LABELS))
    tokenizer = AutoTokenizer.from_pretrained(weights)
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(
        weights, id2label=names, label2id={name: i for i, name in names.items()}
    )
    fine_tune(model, tokenizer, posts[posts["split"] == "train"], epochs)
    dev = posts[posts["split"] == "dev"]
    temperature = best_temperature(logits_of(model, tokenizer, list(dev["text"])), targets(dev))
    print(f"temperature {temperature:.2f}")
    with torch.no_grad():
        model.classifier.weight /= temperature
        model.classifier.bias /= temperature
    with whole_folder(folder) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)


def fine_tune(
    model: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerBase,
    posts: pd.DataFrame,
    epochs: int,
) -> None:
    """Trains all layers in place with AdamW, and leaves the model in evaluation mode."""
    head = [*model.bert.pooler.parameters(), *model.classifier.parameters()]
    encoder = [*model.bert.embeddings.parameters(), *model.bert.encoder.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": encoder, "lr": RATE}, {"params": head, "lr": HEAD_RATE}]
    )
    steps = epochs * math.ceil(len(posts) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_factor(step, steps, WARMUP)
    )
    texts, wanted = list(posts["text"]), targets(posts)
    model.train()
    start = time.perf_counter()
    for step, batch in enumerate(batches(texts, epochs), start=1):
        logits = model(**encode(tokenizer, [texts[i] for i in batch])).logits
        loss = torch.nn.functional.cross_entropy(logits, wanted[batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            seconds = time.perf_counter() - start
            print(f"step {step} of {steps}: loss {loss.item():.3f}, {seconds:.0f} s", flush=True)
    model.eval()


def batches(texts: Sequence[str], epochs: int) -> Iterator[list[int]]:
    """Yields indices of batches: shuffled, but of like length, which halves the padding."""
    for _ in range(epochs):
        order = torch.randperm(len(texts)).tolist()
        for start in range(0, len(order), 50 * BATCH):
            near = sorted(order[start : start + 50 * BATCH], key=lambda i: len(texts[i]))
            parts = [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
            yield from (parts[i] for i in torch.randperm(len(parts)).tolist())


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Any:
    backend: Any = tokenizer
    return backend(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")


def logits_of(
    model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]
) -> torch.Tensor:
    """Returns logits: [text, label]."""
    parts = [texts[i : i + BATCH] for i in range(0, len(texts), BATCH)]
    with torch.inference_mode():
        return torch.cat([model(**encode(tokenizer, part)).logits for part in parts])


def targets(posts: pd.DataFrame) -> torch.Tensor:
    """Returns label indices: [text]."""
    return torch.tensor([LABELS.index(label) for label in posts["label_sexist"]])


if __name__ == "__main__":
    main()
