"""Published counterparts: the swap of one version is the other, to the letter."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from auditor.plan import SwapPlan
from auditor.records import Pair, SourceText, Validity
from auditor.swaps.lexicons import contrasts_of, load_lexicons
from auditor.swaps.swapper import Swapper

LEXICONS = load_lexicons(["gender"])
SWAPPER = Swapper(LEXICONS, {"gender": contrasts_of(LEXICONS["gender"], SwapPlan())})
PRONOUNS = {"he", "she", "him", "his", "her", "hers", "himself", "herself"}


def swapped(text: str) -> Pair | None:
    return next(iter(SWAPPER.pairs(SourceText("r", text, "c"))), None)


def equal(text: str, published: str) -> bool:
    pair = swapped(text)
    return pair is not None and pair.counterfactual == published


def test_winogender_both_ways(shared: Path) -> None:
    """All 240 sentences each way."""
    with (shared / "benchmarks/winogender/all_sentences.tsv").open(encoding="utf-8") as file:
        rows = dict(csv.reader(file, delimiter="\t"))
    male = {k: v for k, v in rows.items() if k.endswith(".male.txt")}
    both = [(text, rows[key.replace(".male.", ".female.")]) for key, text in male.items()]
    assert len(both) == 240
    assert [row for row in both if not equal(*row)] == []
    assert [row for row in both if not equal(*row[::-1])] == []


def winobias(folder: Path) -> Iterator[tuple[str, str]]:
    """Yields the pairs, both ways, that differ in pronouns and have no other gendered word.

    The authors leave "mom", "son" and "man" as they are; a few have other wording or typing errors.
    """
    for kind in ("type1", "type2"):
        for split in ("dev", "test"):
            versions = [
                [_plain(line) for line in path.read_text(encoding="utf-8").splitlines()]
                for path in (
                    folder / f"pro_stereotyped_{kind}.txt.{split}",
                    folder / f"anti_stereotyped_{kind}.txt.{split}",
                )
            ]
            for a, b in zip(*versions, strict=True):
                if _rest(a) == _rest(b):
                    yield from ((a, b), (b, a))


def _plain(line: str) -> str:
    return line.split(" ", 1)[1].strip().replace("[", "").replace("]", "")


def _rest(text: str) -> list[str]:
    """Returns the words, each pronoun alike; a text with another gendered word is its own."""
    words = re.findall(r"\w+", text.lower())
    others = {"man", "mom", "mother", "son"} & set(words)
    return [text] if others else ["pronoun" if word in PRONOUNS else word for word in words]


def test_winobias_both_ways(shared: Path) -> None:
    """All but 8 of 3,114: English leaves "get her money" open; one is the authors' own slip."""
    pairs = list(winobias(shared / "benchmarks/winobias"))
    right = sum(equal(*pair) for pair in pairs)
    assert len(pairs) > 3_100
    assert right / len(pairs) >= 0.997


def test_valid_swaps_of_real_posts_lead_back(shared: Path) -> None:
    """What does not come back is spelling: "ex wife" returns as "ex-wife", "mum" as "mom"."""
    with gzip.open(
        shared / "benchmarks/edos/edos_labelled_aggregated.csv.gz", "rt", encoding="utf-8"
    ) as file:
        texts = [row["text"] for _, row in zip(range(4_000), csv.DictReader(file), strict=False)]
    pairs = [pair for pair in map(swapped, texts) if pair and pair.validity is Validity.VALID]
    back = [pair for pair in pairs if equal(pair.counterfactual, pair.text)]
    assert len(pairs) > 2_500
    assert len(back) / len(pairs) >= 0.99
