"""Comparisons of two runs: planted changes are found, intervals hold, words claim no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint
from typer.testing import CliRunner

import auditor
from auditor.cli import app
from auditor.comparison import FindingChange, How, RunComparison, compare
from auditor.comparison.forms import comparison_markdown, finding_rows
from auditor.comparison.laws import Mover, differences_law, mover
from auditor.comparison.pairs import PAIRED
from auditor.comparison.words import lines_of
from auditor.errors import RunError
from auditor.metrics.estimates import Interval, MeanLaw, mean_law
from auditor.metrics.verdicts import exit_code
from auditor.records import Verdict
from tests.fakes import LABELS, UNEXPLAINED, Biased, Probabilities, columns, constant
from tests.report.factory import STRANGE, finding
from tests.report.gated import sealed, with_verdict
from tests.test_pipeline import PLACES

SCORES = {"governing": "mean_effect", "delta": 0.05, "self_test": 0, **UNEXPLAINED}


def audit(model: Any, out: Path, texts: list[str] | None = None, **options: Any) -> auditor.Run:
    """Audits gender on one sentence per place, each its own cluster, by the mean score."""
    frame = pd.DataFrame({"t": waiting() if texts is None else texts})
    given = {"text": "t", "attributes": ["gender"], "labels": LABELS, "favourable": "positive"}
    return auditor.audit(model, frame, out=out, **{**given, **SCORES, **options})


def waiting(n: int = len(PLACES), verb: str = "waited") -> list[str]:
    return [f"The man {verb} at the {place}." for place in PLACES[:n]]


def lower(penalty: float) -> Biased:
    return Biased("woman", penalty=penalty, base=0.5, noise=0.1)


class Uneven:
    """Like `lower`, but the effect itself spreads over texts, alike in every model of one seed."""

    def __init__(self, penalty: float, spread: float = 0.1) -> None:
        self.penalty, self.spread = penalty, spread

    def __call__(self, texts: list[str]) -> Probabilities:
        return columns([self._one(text.lower()) for text in texts])

    def _one(self, text: str) -> float:
        own = (sum(map(ord, text.rsplit(maxsplit=1)[-1])) % 17 - 8) / 8
        return 0.5 - (self.penalty + self.spread * own) * ("woman" in text)


def governing(found: RunComparison) -> FindingChange:
    [change] = found.judged
    return change


def ends(change: FindingChange) -> Interval:
    assert change.difference.low is not None
    assert change.difference.high is not None
    return change.difference.low, change.difference.high


def test_a_planted_change_is_found_with_its_size_inside_the_interval(tmp_path: Path) -> None:
    before, after = audit(Uneven(0.3), tmp_path / "a"), audit(lower(0.1), tmp_path / "b")
    change = governing(auditor.compare(before, after))
    low, high = ends(change)
    assert change.how is How.SAME_PAIRS
    assert low <= 0.2 <= high
    assert low > 0
    assert change.changed is True
    assert (change.difference.n, change.difference.clusters) == (62, 62)


def test_a_planted_change_of_flips_is_found(tmp_path: Path) -> None:
    """Women lose the favourable label at 20 places, later at 8 of them: -12 of 62."""

    def losing(places: int) -> Callable[[list[str]], Probabilities]:
        worse = tuple(f"the {place}." for place in PLACES[:places])
        return lambda texts: columns(
            [0.3 if "woman" in text and text.endswith(worse) else 0.7 for text in texts]
        )

    runs = [audit(losing(n), tmp_path / str(n), governing="selection_rate_change") for n in (20, 8)]
    change = governing(compare(*runs))
    assert change.difference.value == pytest.approx(12 / 62)
    low, high = ends(change)
    assert 0 < low < 12 / 62 < high
    assert change.changed is True


def test_pairing_takes_out_what_the_texts_do_to_both_models(tmp_path: Path) -> None:
    """Effects spread over texts by .2, nearly alike in both: pairs alone show a change of .01."""
    models = Uneven(0.3, spread=0.2), Uneven(0.29, spread=0.204)
    before, after = (audit(m, tmp_path / str(m.penalty)) for m in models)
    assert governing(compare(before, after)).changed is True
    p = two_samples(effects(after), effects(before)).p_beyond(0.0)
    assert p is not None
    assert p > 0.2


def effects(run: auditor.Run) -> Any:
    return run.pairs("arm = 'swap'")["effect"].to_numpy()


def test_two_identical_runs_differ_by_nothing(tmp_path: Path) -> None:
    found = compare(audit(Uneven(0.3), tmp_path / "a"), audit(Uneven(0.3), tmp_path / "b"))
    assert {c.difference.value for c in found.findings} <= {0.0, None}
    assert {c.difference.value for c in found.judged} == {0.0}
    assert not any(c.changed for c in found.findings)
    assert [found.plan, found.inputs, found.appeared, found.vanished] == [()] * 4
    assert "no change detected" in finding_rows(found)[0]["change"]
    assert any("it is not a sign that there is none" in line for line in lines_of(found))


def test_paired_differences_are_the_differences_of_the_estimates(tmp_path: Path) -> None:
    found = compare(audit(Uneven(0.3), tmp_path / "a"), audit(lower(0.1), tmp_path / "b"))
    paired = [c for c in found.findings if c.how is How.SAME_PAIRS]
    assert {c.metric for c in paired} >= {"mean_effect", "flip_rate", "mean_absolute_effect"}
    for c in paired:
        assert c.metric in PAIRED
        assert c.before.value is not None
        assert c.after.value is not None
        assert c.difference.value == pytest.approx(c.after.value - c.before.value, abs=1e-9)


def test_the_first_run_is_taken_from_the_second(tmp_path: Path) -> None:
    runs = [audit(lower(p), tmp_path / str(p)) for p in (0.3, 0.1)]
    there, back = compare(*runs), compare(*reversed(runs))
    assert governing(there).difference.value == pytest.approx(0.2)
    assert governing(back).difference.value == pytest.approx(-0.2)


def test_other_texts_are_joined_by_mover_though_their_rows_have_the_same_ids(
    tmp_path: Path,
) -> None:
    before = audit(Uneven(0.3), tmp_path / "a")
    after = audit(Uneven(0.1), tmp_path / "b", waiting(verb="slept"))
    assert set(before.pairs()["pair_id"]) == set(after.pairs()["pair_id"])
    found = compare(before, after)
    change = governing(found)
    low, high = ends(change)
    assert change.how is How.TWO_SAMPLES
    assert low <= 0.2 <= high
    assert change.changed is True
    assert change.difference.clusters == 124
    assert any("MOVER" in line and "independent" in line for line in lines_of(found))


def test_the_pairs_that_both_hold_are_compared_where_there_are_enough(tmp_path: Path) -> None:
    before = audit(lower(0.3), tmp_path / "a")
    enough = compare(before, audit(Uneven(0.1), tmp_path / "b", waiting(40)))
    few = compare(before, audit(Uneven(0.1), tmp_path / "c", waiting(10) + waiting(30, "slept")))
    assert governing(enough).how is How.COMMON_PAIRS
    assert governing(enough).difference.clusters == 40
    assert governing(few).how is How.TWO_SAMPLES


def test_names_are_compared_by_name_and_text(tmp_path: Path) -> None:
    """Names of a group differ among themselves, and both models see the same names."""
    texts = [f"Emily waited at the {place}." for place in PLACES[:24]]
    options = {"attributes": ["gender_names"], "names_per_group": 8}

    def names(penalty: float) -> Callable[[list[str]], Probabilities]:
        def score(texts: list[str]) -> Probabilities:
            return columns([0.6 - penalty * _of_name(text) for text in texts])

        return score

    runs = [audit(names(p), tmp_path / str(p), texts, **options) for p in (0.3, 0.1)]
    found = compare(*runs)
    changes = [c for c in found.judged if c.contrast.crossed]
    assert changes
    for change in changes:
        assert change.how is How.SAME_PAIRS
        assert "names x templates" in change.difference.method
        assert change.before.value is not None
        assert change.after.value is not None
        expected = change.after.value - change.before.value
        assert change.difference.value == pytest.approx(expected, abs=1e-9)


def _of_name(text: str) -> float:
    return sum(map(ord, text.split(maxsplit=1)[0])) % 7 / 7


def test_held_out_clusters_alone_are_compared_where_asked(tmp_path: Path) -> None:
    """A model mended on discovery texts alone looks better than it is on all of them."""
    before = audit(lower(0.3), tmp_path / "a")
    split = before.pairs("arm = 'swap'").set_index("counterfactual")["split"]
    mended, as_before = lower(0.0), lower(0.3)

    def overfitted(texts: list[str]) -> Probabilities:
        rows = [(mended if split.get(t) == "discovery" else as_before)([t])[0] for t in texts]
        return np.array(rows)

    after = audit(overfitted, tmp_path / "b")
    everything, held_out = compare(before, after), compare(before, after, held_out=True)
    assert governing(everything).changed is True
    assert governing(held_out).difference.value == pytest.approx(0.0)
    assert governing(held_out).difference.clusters == (split == "held_out").sum()
    assert governing(held_out).after.value == pytest.approx(-0.3)
    assert any("--held-out" in line for line in lines_of(everything))
    assert any("held-out clusters alone" in line for line in lines_of(held_out))


def test_the_judged_checkpoint_of_each_run_is_compared(tmp_path: Path) -> None:
    frame = pd.DataFrame({"t": waiting()})
    both = auditor.audit(
        None, frame, models=[lower(0.1), lower(0.3)], text="t", attributes=["gender"],
        labels=LABELS, favourable="positive", out=tmp_path / "b", **SCORES,
    )  # fmt: skip
    change = governing(compare(audit(lower(0.3), tmp_path / "a"), both))
    assert change.difference.value == pytest.approx(0.2)
    assert change.difference.n == 62


def test_too_few_clusters_give_a_difference_without_an_interval(tmp_path: Path) -> None:
    runs = [audit(Uneven(p), tmp_path / str(p), waiting(7)) for p in (0.3, 0.1)]
    change = governing(compare(*runs))
    assert change.difference.value == pytest.approx(0.2)
    assert change.difference.low is None
    assert "only 7 clusters" in str(change.difference.reason)
    assert change.changed is None


def test_a_change_of_criterion_is_said_since_it_can_change_a_verdict(tmp_path: Path) -> None:
    before = audit(lower(0.04), tmp_path / "a", delta=0.15)
    after = audit(lower(0.04), tmp_path / "b", delta=0.01)
    found = compare(before, after)
    assert governing(found).verdict_before is Verdict.MEETS
    assert governing(found).verdict_after is not Verdict.MEETS
    assert governing(found).criterion_differs
    assert governing(found).changed is False
    assert [(c.name, c.before, c.after) for c in found.plan if "delta" in c.name] == [
        ("metrics.delta", 0.15, 0.01)
    ]
    assert any("judged by another threshold" in line for line in lines_of(found))


def test_findings_of_one_run_alone_are_named(tmp_path: Path) -> None:
    texts = [t.replace("The man", "The old Christian man") for t in waiting()]
    before = audit(lower(0.3), tmp_path / "a", texts, attributes=["gender", "age"])
    after = audit(lower(0.3), tmp_path / "b", texts, attributes=["gender", "religion"])
    found = compare(before, after)
    assert {lone.finding_id.split(".")[0] for lone in found.vanished} == {"age"}
    assert {lone.finding_id.split(".")[0] for lone in found.appeared} == {"religion"}
    assert any("Only in the later run: religion" in line for line in lines_of(found))
    assert [c.contrast.attribute for c in found.judged] == ["gender"]


def test_only_what_is_judged_is_tested_and_all_of_it_together(tmp_path: Path) -> None:
    runs = [sealed_audit(tmp_path / str(p), lower(p)) for p in (0.3, 0.25)]
    found = compare(*runs)
    tested = [c for c in found.findings if c.p is not None]
    judged = [c for c in found.judged if c.how is not How.NONE]
    assert {c.finding_id for c in tested} == {c.finding_id for c in judged}
    assert len(tested) > 3
    smallest = min(tested, key=lambda c: c.p or 0.0)
    assert smallest.p_adjusted == pytest.approx(min(1.0, (smallest.p or 0.0) * len(tested)))


def sealed_audit(out: Path, model: Any) -> auditor.Run:
    texts = [t.replace("The man", "The old Christian man") for t in waiting(30)]
    return audit(model, out, texts, attributes=["gender", "age", "religion"])


def outcomes(folder: Path, name: str, hired: dict[str, tuple[int, int]]) -> auditor.Run:
    rows = [
        {"sex": group, "hired": "yes" if i < chosen else "no"}
        for group, (chosen, n) in hired.items()
        for i in range(n)
    ]
    path = folder / f"{name}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return auditor.audit(
        predictions=str(path), outcome="hired", protected=["sex"], out=folder / name,
        favourable="yes",
    )  # fmt: skip


def test_groups_of_people_are_joined_by_mover(tmp_path: Path) -> None:
    before = outcomes(tmp_path, "a", {"men": (120, 200), "women": (60, 200)})
    after = outcomes(tmp_path, "b", {"men": (120, 200), "women": (116, 200)})
    found = compare(before, after)
    change = governing(found)
    assert change.how is How.TWO_SAMPLES
    assert change.difference.value == pytest.approx(0.28)
    low, high = ends(change)
    assert 0 < low < 0.28 < high
    assert change.changed is True
    ratio = next(g for g in found.groups if g.metric.startswith("impact_ratio"))
    assert ratio.group == "women"
    assert ratio.difference.value == pytest.approx(116 / 120 - 60 / 120)
    assert ratio.difference.low is not None
    assert ratio.difference.low < 116 / 120 - 60 / 120


def test_mover_is_newcombes_method_10_on_his_example() -> None:
    """56 of 70 less 48 of 80, by Wilson's intervals: .0524 to .3339 (Newcombe 1998, table II)."""
    b, a = (proportion_confint(k, n, method="wilson") for k, n in ((56, 70), (48, 80)))
    low, high = mover(56 / 70, b, 48 / 80, a)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize("shift", [0.0, 0.02, 0.05, 0.08, 0.3])
def test_p_and_interval_of_mover_never_contradict_each_other(shift: float) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        law = two_samples(rng.normal(shift, 0.1, 20), rng.normal(0, 0.1, 25))
        ends_at_95 = law.interval(0.95)
        p = law.p_beyond(0.0)
        assert ends_at_95 is not None
        assert p is not None
        assert (p <= 0.05) == (ends_at_95[0] > 0 or ends_at_95[1] < 0)


def two_samples(later: Any, earlier: Any) -> Mover:
    laws = [mean_law(x, (-np.inf, np.inf), 0) for x in (later, earlier)]
    return Mover(laws[0], laws[1], float(later.mean()), float(earlier.mean()))


def covered(
    draw: Callable[[np.random.Generator], tuple[MeanLaw, float]], times: int = 600
) -> float:
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(times):
        law, truth = draw(rng)
        interval = law.interval(0.95)
        hits += interval is not None and interval[0] <= truth <= interval[1]
    return hits / times


def test_intervals_of_paired_differences_cover() -> None:
    """95 % of intervals hold the change, which the two runs' common spread does not widen."""

    def draw(rng: np.random.Generator) -> tuple[MeanLaw, float]:
        common = rng.normal(0, 0.3, 30)
        before = common + rng.normal(0, 0.05, 30)
        after = common + 0.1 + rng.normal(0, 0.05, 30)
        return differences_law(after - before, np.inf, 0), 0.1

    assert 0.93 <= covered(draw) <= 0.97


def test_intervals_of_changed_flips_cover() -> None:
    """Net flips of -1, 0, 1 in each run, few or many of which change."""
    for gone in (0.05, 0.3):

        def draw(rng: np.random.Generator, gone: float = gone) -> tuple[MeanLaw, float]:
            before = -(rng.random(60) < 0.5).astype(float)
            after = np.where(rng.random(60) < gone, 0.0, before)
            return differences_law(after - before, 2.0, 0), 0.5 * gone

        assert covered(draw, 300) >= 0.93


def test_intervals_of_two_samples_cover() -> None:
    def draw(rng: np.random.Generator) -> tuple[MeanLaw, float]:
        return two_samples(rng.normal(0.1, 0.3, 25), rng.normal(0, 0.1, 40)), 0.1

    assert 0.93 <= covered(draw) <= 0.98


def test_runs_about_other_things_are_refused(tmp_path: Path) -> None:
    before = audit(lower(0.3), tmp_path / "a")
    texts = [t.replace("man", "Christian") for t in waiting()]
    after = audit(lower(0.3), tmp_path / "b", texts, attributes=["religion"])
    with pytest.raises(RunError, match=r"no finding in common.*gender .*religion"):
        compare(before, after)


def test_a_changed_or_unfinished_run_is_refused(tmp_path: Path) -> None:
    good, bad = (audit(constant, tmp_path / name) for name in ("a", "b"))
    path = bad.folder / "evidence" / "cases.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    for pair in ((good, bad), (bad, good)):
        with pytest.raises(RunError, match=r"cases\.parquet"):
            compare(*pair)
    (bad.folder / "evidence" / "findings.json").unlink()
    with pytest.raises(RunError, match="not finished"):
        compare(good, bad.folder)
    with pytest.raises(RunError, match="not a run folder"):
        compare(good, tmp_path)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.NOT_APPLICABLE])
def test_the_exit_code_is_that_of_the_later_run(tmp_path: Path, verdict: Verdict) -> None:
    before = with_verdict(tmp_path / "a", Verdict.DOES_NOT_MEET)
    after = with_verdict(tmp_path / "b", verdict)
    done = CliRunner().invoke(app, ["compare", str(before), str(after), "--json"])
    code = exit_code(auditor.open_run(after).verdict)
    assert done.exit_code == code == auditor.compare(before, after).exit_code
    assert json.loads(done.stdout)["exit_code"] == code
    assert auditor.open_run(after).gate().exit_code == code


def test_strange_names_are_text_in_every_form(tmp_path: Path) -> None:
    values = [-0.6] * len(STRANGE)
    runs = [str(sealed(tmp_path / name, STRANGE, values=values)) for name in "ab"]
    for form in ([], ["--json"], ["--format", "md"]):
        done = CliRunner().invoke(app, ["compare", *runs, *form])
        assert done.exit_code == 1, done.exception
        assert "\u202e" not in done.stdout
    markdown = comparison_markdown(compare(*runs))
    assert "<script>" not in markdown
    table = markdown.split("\n\n")[1].splitlines()
    assert len(table) == 2 + len(STRANGE)
    assert len({row.count("|") - row.count("\\|") for row in table}) == 1


def test_a_finding_that_was_not_measured_has_no_difference(tmp_path: Path) -> None:
    runs = [
        sealed(tmp_path / name, findings=[finding("women", value)])
        for name, value in (("a", None), ("b", -0.6))
    ]
    change = governing(compare(*runs))
    assert change.difference.value is None
    assert "not measured in the earlier run" in str(change.difference.reason)
    assert change.how is How.NONE
    assert change.changed is None


def test_no_forbidden_word_and_no_folder_of_the_machine_is_said(tmp_path: Path) -> None:
    runs = [audit(lower(p), tmp_path / str(p)) for p in (0.3, 0.1)]
    said = comparison_markdown(compare(*runs))
    assert str(tmp_path) not in said
    for word in ("compliant", "certified", "unbiased", "fair", "safe", "guarantee", "improved"):
        assert word not in said.lower()
