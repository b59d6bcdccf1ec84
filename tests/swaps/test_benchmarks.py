"""Published counterparts: the swap of one version is the other, to the letter."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from auditor.records import Pair, SourceText, Validity
from auditor.swaps.language import read_language
from auditor.swaps.lexicons import available_lexicons
from auditor.swaps.matching import Found, Sense
from auditor.swaps.pronouns import Reading, read_her
from auditor.swaps.swapper import every_swapper
from auditor.swaps.words import Words
from tests.swaps.reversible import comes_back

SWAPPER = every_swapper(["gender"])
NEUTRAL = every_swapper(["gender"], "neutral")
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


def test_winogender_to_neutral(shared: Path) -> None:
    """All 480, verbs included: "he was" -> "they were"."""
    with (shared / "benchmarks/winogender/all_sentences.tsv").open(encoding="utf-8") as file:
        rows = dict(csv.reader(file, delimiter="\t"))
    wrong, seen = [], 0
    for key, text in rows.items():
        gender = key.removesuffix(".txt").rsplit(".", 1)[-1]
        if gender in ("male", "female"):
            made = [p for p in NEUTRAL.pairs(SourceText("r", text, "c")) if p.group_to == "neutral"]
            published = rows[key.replace(f".{gender}.", ".neutral.")]
            seen += 1
            wrong += [] if [p.counterfactual for p in made] == [published] else [text]
    assert seen == 480
    assert wrong == []


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


EDOS = "benchmarks/edos/edos_labelled_aggregated.csv.gz"


def real_texts(shared: Path) -> Iterator[str]:
    """Yields posts of EDOS and cases of HateCheck in turn, as many of either."""
    posts = shared / EDOS
    cases = shared / "benchmarks/hatecheck/test_suite_cases.csv"
    with gzip.open(posts, "rt", encoding="utf-8") as a, cases.open(encoding="utf-8") as b:
        for post, case in zip(csv.DictReader(a), csv.DictReader(b), strict=False):
            yield post["text"]
            yield case["test_case"]


def her_for(text: str) -> Iterator[tuple[str, Reading]]:
    """Yields "him" or "his" of a text, and how "her" is read in its place."""
    for match in re.finditer(r"\b(him|his(?=\s\w))\b", text, re.IGNORECASE):
        words = Words.of(f"{text[: match.start()]}her{text[match.end() :]}")
        i = next((k for k, span in enumerate(words.spans) if span[0] == match.start()), None)
        if i is not None:
            yield match[0].lower(), read_her(words, i, read_language("en"))


def test_her_is_read_as_the_him_or_his_that_stood_there(shared: Path) -> None:
    """In posts: 94 % right and sure, 3 % wrong and sure, nearly all in slang."""
    forms = {"him": "object", "his": "determiner"}
    with gzip.open(shared / EDOS, "rt", encoding="utf-8") as file:
        read = [pair for row in csv.DictReader(file) for pair in her_for(row["text"])]
    sure = [reading.form == forms[word] for word, reading in read if reading.sure]
    assert len(read) >= 1_700
    assert sum(sure) >= 0.935 * len(read)
    assert len(sure) - sum(sure) <= 0.032 * len(read)


def reversible(found: Found, pair: Pair) -> bool:
    """Whether every mention has its one counterpart, in a case that the lexicon can tell."""
    to = {pair.group_from: pair.group_to, pair.group_to: pair.group_from}
    return all(
        mention.sense.index < len(mention.sense.row.terms.get(to.get(mention.group, ""), ()))
        and comes_back(mention.sense, to[mention.group])
        and _is_regular(pair.text[slice(*mention.span)], mention.sense, to[mention.group])
        for mention in found.mentions
        if mention.group in to
    )


def _is_regular(written: str, sense: Sense, to: str) -> bool:
    """Not "WoMeN", nor "muslim"; nor "white" and "Asian", as a text's own way with a capital that
    just one of two words has does not come back."""
    word, other = sense.term.word, sense.counterpart(to)
    assert other is not None
    plain = {word, word.capitalize(), word.title(), word.upper()}
    alike = word[0].islower() == other.word[0].islower()
    return written.replace("’", "'") in plain and alike


def test_there_and_back_on_real_sentences(shared: Path) -> None:
    """The identity on all that have a reversible mention, 1,000 at least, over all attributes.

    What a swap back cannot know: "mum" comes back as "mom", "Mrs" as "Ms".
    """
    swapper = every_swapper([*available_lexicons()])
    seen: set[str] = set()
    lost: list[tuple[str, str]] = []
    for text in real_texts(shared):
        made = swapper.swap(SourceText("r", text, "c"))
        for pair in made.pairs:
            found = made.found[pair.contrast.attribute]
            if pair.validity is Validity.VALID and reversible(found, pair):
                seen.add(text)
                back = swapper.pairs(
                    SourceText("r", pair.counterfactual, "c", attributes=(pair.contrast.attribute,))
                )
                same = [p.counterfactual for p in back if p.contrast == pair.contrast]
                lost += [] if same == [text] else [(text, pair.counterfactual)]
        if len(seen) >= 1_500:
            break
    assert len(seen) >= 1_000
    assert lost == []
