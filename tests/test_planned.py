"""What is said before an audit: counts as the run's, spreads, sentences, refusals."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

import auditor
from auditor.errors import AuditError, PlanError
from auditor.metrics.power import detectable, people_per_group
from auditor.plan import AuditPlan
from auditor.plan_file import plan_from_options
from auditor.plan_metrics import Governing
from auditor.planned import Planned, dry_run, pilot, planned_json, planned_lines, refuse_weak
from auditor.planned.cost import ModelFiles, favourable_words, read_files
from auditor.planned.counts import Sample
from auditor.planned.people import detectable_rates
from auditor.planned.spreads import (
    ASSUMED,
    SCALES,
    SDs,
    kind_of,
    name_parts,
    name_sds,
    own_sd,
    pair_effects,
    word_law,
    word_sds,
)
from tests.fakes import LABELS, UNEXPLAINED, Counting, constant
from tests.metrics.factory import design, draw, pair_row
from tests.test_cli import auditor as command
from tests.test_pipeline import PLACES


def plan(**options: Any) -> AuditPlan:
    """A plan for a function that answers with the fakes' labels."""
    given = {
        "models": [{"id": "a function"}],
        "labels": LABELS,
        "favourable": "positive",
        "attributes": ["gender"],
        "text": "t",
    }
    return plan_from_options(**{**given, **options})


def frame(who: str = "The man", n: int = len(PLACES), tail: str = "") -> pd.DataFrame:
    return pd.DataFrame({"t": [f"{who} waited at the {place}{tail}." for place in PLACES[:n]]})


def look(model: Any = constant, texts: pd.DataFrame | None = None, **options: Any) -> Planned:
    return dry_run(plan(**options), frame() if texts is None else texts, models=[model])


def ask(model: Any, texts: pd.DataFrame, **options: Any) -> Planned:
    return pilot(plan(**options), texts, models=[model])


TEXTS = {
    "words": frame(),
    "twice": pd.concat([frame(n=30)] * 2, ignore_index=True),
    "both sides": pd.concat([frame(n=30), frame("The woman", n=30)], ignore_index=True),
    "names": frame("Emily Walsh", n=25),
    "two genders": pd.concat([frame("Emily Walsh", n=25), frame("Greg Baker", n=20)]),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_counted_is_what_the_run_has(name: str, tmp_path: Path) -> None:
    """Pairs, clusters, names and distinct texts: exactly."""
    texts = TEXTS[name].assign(c=lambda rows: np.arange(len(rows)) % 30)
    options: dict[str, Any] = {
        "attributes": ["gender", "race_names"], "cluster": "c", "names_per_group": 7,
    }  # fmt: skip
    found = look(texts=texts, **options)
    model = Counting()
    run = auditor.audit(
        model, texts, text="t", labels=LABELS, favourable="positive", out=tmp_path / "r",
        **options, **UNEXPLAINED,
    )  # fmt: skip
    assert found.cost is not None
    assert found.cost.distinct_texts == model.texts
    judged = {
        f.contrast.contrast_id: f.estimate for f in run.evidence.findings if f.verdict is not None
    }
    assert len(judged) == len(found.forecasts)
    for each in found.forecasts:
        seen = judged[each.contrast.contrast_id]
        assert each.clusters == seen.clusters
        if each.names is None:
            assert each.n == seen.n
        elif each.untested is None:
            assert each.names * each.clusters == seen.n  # what is left without gaps


def test_parts_do_not_matter_but_for_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts of 7, as the engine: a text that returns in another part is scored again."""
    whole = look(texts=TEXTS["twice"])
    monkeypatch.setattr("auditor.planned.counts.PART_TEXTS", 7)
    parts = look(texts=TEXTS["twice"])
    assert whole.forecasts == parts.forecasts
    assert whole.cost is not None
    assert parts.cost is not None
    assert (whole.cost.distinct_texts, parts.cost.distinct_texts) == (60, 120)


def test_explanations_are_counted_and_bounded(tmp_path: Path) -> None:
    """At most so many texts are explained, in so many masked versions; none where none is asked."""
    options: dict[str, Any] = {"explain_sample": 9, "explain_flagged": 4, "fidelity_texts": 0}
    found = look(**options).cost
    assert found is not None
    assert found.explained_texts == 2 * (4 + 9 + 10)
    model = Counting()
    auditor.audit(
        model, frame(), text="t", labels=LABELS, favourable="positive", attributes=["gender"],
        out=tmp_path / "r", **options,
    )  # fmt: skip
    assert 0 < model.texts - found.distinct_texts <= found.masked_texts
    none = look(**UNEXPLAINED).cost
    assert none is not None
    assert (none.explained_texts, none.masked_texts) == (0, 0)


def test_a_dry_run_asks_nothing() -> None:
    model = Counting()
    look(model)
    assert model.calls == 0


@pytest.mark.parametrize(
    ("options", "metric", "delta", "n"),
    [
        ({}, "selection_rate_change", 0.05, 62),
        ({"label": "y"}, "false_negative_rate_change", 0.05, 31),
        ({"label": "y", "governing": "false_positive_rate_change"}, "false_positive", 0.05, 31),
        ({"label": "y", "governing": "selection_rate_change"}, "selection_rate", 0.05, 62),
        ({"governing": "mean_effect", "delta": 0.02}, "mean_effect", 0.02, 62),
        ({"by_attribute": {"gender": {"delta": 0.2}}}, "selection_rate_change", 0.2, 62),
    ],
)
def test_the_governing_metric_decides_which_pairs_count(
    options: dict[str, Any], metric: str, delta: float, n: int
) -> None:
    texts = frame().assign(y=["Positive", "negative"] * 31)
    [found] = look(texts=texts, **options).forecasts
    assert found.criterion.metric.startswith(metric)
    assert (found.criterion.delta, found.n) == (delta, n)


def test_the_assumed_effect_by_hand() -> None:
    """62 clusters of one pair: (t.975 + t.8) times the root of (.16^2 + .18^2) / 62, and of an
    effect on flips the flips that it brings."""
    [found] = look(governing="mean_effect", delta=0.01).forecasts
    assert found.detectable == pytest.approx(
        2.848 * (0.023**2 + 0.028**2) ** 0.5 / 62**0.5, rel=2e-3
    )
    [found] = look().forecasts
    e = found.detectable or 0.0
    assert e == pytest.approx(2.848 * ((0.2408**2 + e * (1 - e)) / 62) ** 0.5, rel=2e-3)
    assert found.detectable_adjusted == found.detectable
    assert found.outlook.startswith("too small to find 0.05: about 3")
    assert found.outlook.endswith("0 clusters are needed (it has 62)")
    assert found.spread is not None
    assert found.spread.origin == "assumed"


def test_a_family_asks_for_more() -> None:
    both = look(texts=frame("The Muslim man"), attributes=["gender", "religion"])
    gender = both.forecasts[0]
    assert (gender.detectable_adjusted or 0) > 1.1 * (gender.detectable or 1)


def test_names_that_no_template_can_make_up_for() -> None:
    found = look(texts=frame("Emily Walsh"), attributes=["race_names"], governing="mean_effect",
                 delta=0.05).forecasts  # fmt: skip
    assert all(each.names == 24 for each in found)
    start = "too small to find 0.05: with 24 names per group no number of templates is enough; "
    assert all(each.outlook.startswith(start) for each in found)
    assert found[0].outlook.endswith("names per group are")


def test_what_would_not_be_tested_says_why() -> None:
    few = look(texts=frame(n=5), attributes=["gender", "religion"]).forecasts
    assert few[0].outlook.startswith("not tested: only 5 clusters")
    assert "no text mentions christian or muslim" in few[1].outlook
    assert few[0].detectable is None


def test_enough_is_enough() -> None:
    [found] = look(by_attribute={"gender": {"delta": 0.3}}).forecasts
    assert found.outlook == "enough"
    assert found.chance_to_meet == pytest.approx(1.0, abs=1e-6)


class Flipping:
    """Rejects a third of the texts about a Thursday, by their letters; keeps what it is asked."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, texts: list[str]) -> Any:
        self.seen += texts
        lost = ["Thursday" in text and letters(text) % 3 == 0 for text in texts]
        return np.stack([np.where(lost, 0.8, 0.3), np.where(lost, 0.2, 0.7)], axis=1)


def letters(text: str) -> int:
    return sum(map(ord, text))


def test_a_pilot_scores_placebo_pairs_and_no_swap() -> None:
    model = Flipping()
    texts = frame(tail=" on Tuesday")
    found = ask(model, texts)
    assert all("man" in text and "woman" not in text for text in model.seen)
    [gender] = found.forecasts
    assert gender.spread is not None
    assert gender.spread.origin == "placebo words, 62 pairs in 62 clusters"
    flips = [letters(t.replace("Tuesday", "Thursday")) % 3 == 0 for t in texts["t"]]
    assert gender.spread.sds is not None
    assert gender.spread.sds.clusters == pytest.approx(np.std(flips, ddof=1))
    assert found.cost is not None
    assert (found.cost.seconds or 0) > 0
    assert any("62 placebo pairs were scored, and no swap" in note for note in found.notes)


def test_a_pilot_of_a_model_that_never_flips_says_what_rare_flips_it_would_see() -> None:
    [found] = ask(constant, frame(tail=" on Tuesday")).forecasts
    assert found.detectable == pytest.approx(0.106, abs=0.01)
    assert found.chance_to_meet == 1.0
    assert "clusters are needed" in found.outlook


def test_without_placebo_pairs_a_pilot_assumes_and_says_so() -> None:
    model = Counting()
    found = ask(model, frame(), arms=[])
    assert found.forecasts[0].spread is not None
    assert found.forecasts[0].spread.origin == (
        "assumed, since there are no placebo pairs of words"
    )
    assert any("for their time alone" in note for note in found.notes)
    assert model.texts == 32 + 62


def test_a_pilot_of_names_stays_within_the_reference_group() -> None:
    """Names differ by their letters: an SD of .1; residual and templates do not differ."""

    class Letters(Flipping):
        def __call__(self, texts: list[str]) -> Any:
            self.seen += texts
            p = 0.5 + 0.1 * np.array([letters(" ".join(t.split()[:2])) % 7 - 3 for t in texts]) / 2
            return np.stack([1 - p, p], axis=1)

    model = Letters()
    texts = frame("Emily Walsh")
    options = {"attributes": ["race_names"], "governing": "mean_effect", "delta": 0.05}
    found = ask(model, texts, **options).forecasts
    spreads = {each.spread.origin for each in found if each.spread}
    assert len(spreads) == 1
    assert next(iter(spreads)).startswith("placebo names of white, 2")
    sds = found[0].spread.sds if found[0].spread else None
    assert sds is not None
    assert sds.names == pytest.approx(0.1, abs=0.03)
    assert sds.rest == pytest.approx(0.0, abs=1e-9)


def test_the_sample_is_bounded_seeded_and_of_any_order() -> None:
    keys = [f"row-{i}" for i in range(1000)]
    samples = [Sample(seed, 50) for seed in (0, 0, 1)]
    for sample, order in zip(samples, (keys, keys[::-1], keys), strict=True):
        for key in order:
            sample.offer(key, key)
    assert len(samples[0].values) == 50
    assert samples[0].values == samples[1].values != samples[2].values


@pytest.mark.parametrize(
    ("sds", "pairs"), [(SDs(0.3, 0.2), 4), (SDs(0.3, 0.0), 4), (SDs(0.0, 0.2), 4), (SDs(0.3, 0), 1)]
)
def test_the_spread_of_words_is_recovered(sds: SDs, pairs: int) -> None:
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(3_000), pairs)
    effects = rng.normal(0, sds.clusters, 3_000)[clusters] + rng.normal(0, sds.rest, len(clusters))
    found = word_sds(clusters, effects)
    assert found is not None
    assert found.clusters == pytest.approx(sds.clusters, abs=0.02)
    assert found.rest == pytest.approx(sds.rest, abs=0.02)
    law = word_law(found, 3_000, 1 / pairs)
    assert detectable(law) == pytest.approx(
        2.8 * pd.Series(effects).groupby(clusters).mean().std() / 3_000**0.5, rel=0.01
    )


@pytest.mark.parametrize("sd", [(0.3, 0.2, 0.4), (0.0, 0.0, 0.4), (0.3, 0.0, 0.0)])
def test_the_spread_of_names_is_recovered(sd: tuple[float, float, float]) -> None:
    found = name_sds(design(*draw(np.random.default_rng(1), 200, 400, sd=sd)))
    assert (found.names, found.clusters, found.rest) == pytest.approx(sd, abs=0.03)
    parts = name_parts(found, (24, 24), 40)
    one, two, rest = sd
    expected = 2 * (one**2 / 24 + two**2 / 40 + rest**2 / 960)
    assert parts.variance == pytest.approx(expected, rel=0.25)


def test_effects_are_of_b_against_a_whichever_side_was_the_source() -> None:
    pairs = pd.DataFrame([pair_row("c", -0.2), pair_row("d", -0.2, reverse=True)])
    assert pair_effects(pairs, "score").tolist() == pytest.approx([-0.2, -0.2])
    assert pair_effects(pairs, "rate").tolist() == [-1.0, -1.0]
    assert pair_effects(pairs, "SD") * own_sd(pairs) == pytest.approx([-0.2, -0.2])


def test_every_kind_and_unit_has_an_assumption() -> None:
    assert {kind_of(name) for name in ("gender", "age", "a*b", "gender*race_names")} == set(ASSUMED)
    assert all(set(each) == {"rate", "score", "SD", "log-odds"} for each in ASSUMED.values())


def demanding(size: float, **options: Any) -> None:
    chosen = plan(must_detect=size, **options)
    refuse_weak(dry_run(chosen, frame("Emily Walsh, a man,"), models=[constant]), chosen)


def test_a_demand_that_is_met_passes_and_none_is_never_refused() -> None:
    """The positive control: just below what it can detect the same audit is refused."""
    planned = look()
    best = max(each.detectable_adjusted or 1.0 for each in planned.forecasts)
    refuse_weak(planned, plan(must_detect=best))
    refuse_weak(planned, plan())
    with pytest.raises(PlanError):
        refuse_weak(planned, plan(must_detect=0.99 * best))


def test_a_demand_that_is_not_met_names_contrast_size_and_remedy() -> None:
    with pytest.raises(PlanError) as caught:
        demanding(0.05, attributes=["gender", "religion", "race_names"])
    words = str(caught.value)
    assert "the plan demands to detect 0.05 with a power of 80%" in words
    assert "gender, female v male: finds 0.2" in words
    assert " at best, demanded is 0.05; too small to find 0.05: about " in words
    assert "clusters are needed" in words
    assert "religion, muslim v christian: not tested: no text mentions" in words
    assert "race_names, black v white" in words
    assert "no number of templates is enough" in words


def test_a_shortfall_is_never_said_to_be_what_is_demanded() -> None:
    """0.0501 is more than 0.05, also in two digits."""
    chosen = plan(must_detect=look().forecasts[0].detectable_adjusted or 0.0)
    demanded = (chosen.metrics.must_detect or 0.0) - 1e-5
    chosen = plan(must_detect=demanded)
    with pytest.raises(PlanError) as caught:
        refuse_weak(look(), chosen)
    found = re.search(r"finds (\S+) at best, demanded is (\S+);", str(caught.value))
    assert found
    assert float(found[1]) > float(found[2])


def test_what_is_out_of_reach_is_not_proposed() -> None:
    [far] = look(by_attribute={"gender": {"delta": 0.001}}).forecasts
    assert far.outlook == "too small to find 0.001: more than 10 times the 62 clusters are needed"


@pytest.mark.parametrize(("rate", "people"), [(0.5, 388), (0.2, 1447), (0.1, 3213)])
def test_people_per_group_for_four_fifths(rate: float, people: int) -> None:
    """And back: that many find a fifth less, to the last person."""
    assert people_per_group(rate) == people
    drop = detectable_rates(rate, people, people)
    assert drop == pytest.approx(rate / 5, rel=2e-3)
    assert (detectable_rates(rate, people - 1, people - 1) or 0) > rate / 5


def test_the_shared_vectors_are_met(shared: Path) -> None:
    vectors = json.loads((shared / "rules" / "test-vectors.json").read_text(encoding="utf-8"))
    given = vectors["power_n_per_group_ir080_80pct_5pct_two_sided"]
    assert {rate: people_per_group(float(rate)) for rate in given} == given


def test_few_people_cannot_show_even_the_largest_difference() -> None:
    assert detectable_rates(0.02, 30, 30) is None
    assert detectable_rates(0.0, 30, 30) is None


def outcomes(folder: Path) -> dict[str, Any]:
    rows = [{"hired": i % 2, "sex": "m" if i < 400 else "f"} for i in range(788)]
    rows += [{"hired": 1, "sex": "x"}] * 9
    pd.DataFrame(rows).to_csv(folder / "p.csv", index=False)
    return {"predictions": str(folder / "p.csv"), "outcome": "hired", "protected": ["sex"]}


def test_people_are_counted_with_the_difference_within_reach(tmp_path: Path) -> None:
    """388 and 400 people at a rate of a half: a tenth."""
    women, others = dry_run(plan_from_options(**outcomes(tmp_path))).forecasts
    assert (women.n, women.clusters, women.contrast.group_a) == (788, 388, "m")
    assert women.detectable == pytest.approx(0.1, abs=0.001)
    assert women.outlook == "enough"
    options = {**outcomes(tmp_path), "by_column": {"sex": {"delta": 0.09}}}
    women = dry_run(plan_from_options(**options)).forecasts[0]
    assert women.outlook == "too small to find 0.09: about 1.3 times as many rows are needed"
    options["by_column"] = {"sex": {"delta": 0.01}}
    women = dry_run(plan_from_options(**options)).forecasts[0]
    assert women.outlook == "too small to find 0.01: more than 10 times as many rows are needed"
    assert "only 9 rows of a group; at least 30" in str(others.untested)


@pytest.mark.parametrize(
    ("run", "options", "words"),
    [
        (pilot, {"predictions": "p.csv", "outcome": "o", "protected": ["s"]}, "no model is asked"),
        (pilot, {"templates": ["everyday"]}, "none is named; name one"),
        (dry_run, {"pairs": "p.jsonl"}, "nothing is left to plan"),
        (dry_run, {}, "no data is named"),
        (dry_run, {"templates": ["everyday"], "attributes": ["hair"]}, "hair"),
        (dry_run, {"path": "nowhere.csv", "text": "t"}, "nowhere.csv"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(run: Any, options: Any, words: str) -> None:
    with pytest.raises(AuditError, match=words):
        run(plan_from_options(**options))


def test_true_labels_without_a_favourable_one_are_refused() -> None:
    with pytest.raises(PlanError, match="which label is good to receive"):
        look(texts=frame().assign(y="positive"), label="y", favourable=())


def test_a_plan_without_a_model_or_in_spanish_can_be_looked_at() -> None:
    spanish = plan_from_options(templates=["es-cotidiano"], language="es", attributes=["gender"])
    found = dry_run(spanish)
    assert found.cost is not None
    assert found.forecasts[0].clusters > 20
    assert (found.cost.counted_in, found.cost.operations) == ("words", None)
    assert "no model is named" in found.notes[0]


def test_a_models_files_tell_its_labels_and_size(tmp_path: Path) -> None:
    """From the header alone: 2 x 3 and 5 numbers."""
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "F32", "shape": [5], "data_offsets": [24, 44]},
    }
    raw = json.dumps(header).encode()
    (tmp_path / "model.safetensors").write_bytes(len(raw).to_bytes(8, "little") + raw)
    config = {"id2label": {"1": "good", "0": "bad"}}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    model = plan(models=[{"id": str(tmp_path)}]).models[0]
    assert read_files(model) == ModelFiles(("bad", "good"), False, 11)
    config = {"id2label": {"0": "LABEL_0"}}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert read_files(model).regression


@pytest.mark.parametrize(
    ("favourable", "problem", "words"),
    [
        (("great",), None, "the model has no label 'great'; it has bad, good"),
        ((7,), None, "the model has no label 7; it has bad, good"),
        (("bad", "good"), None, "every label is favourable"),
        (("bad", "good"), "multi_label_classification", None),
        (("Good",), None, None),
        (("good",), "regression", "the model is a regression"),
        (("lower",), "regression", None),
    ],
)
def test_a_favourable_label_that_the_model_lacks_is_refused_without_its_weights(
    tmp_path: Path, favourable: tuple[str | int], problem: str | None, words: str | None
) -> None:
    config = {"id2label": {"0": "bad", "1": "good"}, "problem_type": problem}
    if problem == "regression":
        config["id2label"] = {"0": "LABEL_0"}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    chosen = plan(models=[{"id": str(tmp_path)}], labels=(), favourable=favourable)
    if words is None:
        assert dry_run(chosen, frame()).forecasts
        return
    with pytest.raises(PlanError, match=words):
        dry_run(chosen, frame())


def test_a_favourable_label_that_a_function_lacks_is_refused() -> None:
    with pytest.raises(PlanError, match="the model has no label 'great'; it has negative, pos"):
        look(favourable="great")
    assert look(favourable=()).forecasts, "nothing is said of what is not named"


@pytest.mark.parametrize("given", [("Good",), (1,), ("1",)])
def test_a_favourable_label_is_known_by_name_and_index(given: tuple[str | int]) -> None:
    assert {"good", "1"} <= favourable_words(plan(favourable=given).scoring, ("bad", "good"))


def test_everything_is_said_and_is_json() -> None:
    found = look(texts=frame("Emily Walsh, a man,"), attributes=["gender", "race_names"])
    document = json.loads(json.dumps(planned_json(found), allow_nan=False))
    assert document["findings"][0]["detectable"] == found.forecasts[0].detectable
    assert document["plan_sha256"] == found.plan_sha256
    lines = planned_lines(found)
    assert any("selection_rate_change within +-0.05" in line for line in lines)
    assert any(line.startswith("spread of race_names: assumed (SD of names 0.1") for line in lines)
    assert any("outlook: whether an effect as large as delta would be found" in x for x in lines)
    assert lines[-1] == "nothing was written"


@pytest.mark.parametrize(
    "arguments",
    [["--resume", "x"], ["--pilot"], ["--out", "x"]],
)
def test_wrong_combinations_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    done = command("run", "--templates", "everyday", "--dry-run", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "--dry-run" in done.stderr
    assert arguments[0] in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_and_writes_nothing(tmp_path: Path) -> None:
    asked = ["run", "--templates", "everyday", "--attribute", "gender", "--dry-run", "--quiet"]
    table, document = (command(*asked, *more, cwd=tmp_path) for more in ([], ["--json"]))
    assert (table.returncode, document.returncode) == (0, 0)
    assert "female v male" in table.stdout
    assert "clusters are needed" in table.stdout
    assert json.loads(document.stdout)["findings"][0]["clusters"] == 77
    assert list(tmp_path.iterdir()) == []


def test_every_governing_metric_has_a_unit() -> None:
    assert {"auto", *SCALES} == set(get_args(Governing))
