"""One pair token by token: as the audit stored it, or made now with the run's own model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import auditor
from auditor.attributions.base import Refused
from auditor.attributions.masking import Masker
from auditor.errors import ModelError, PlanError, RunError
from auditor.explanation import (
    PairExplanation,
    Side,
    TokenValue,
    explain_pair,
    explained_pairs,
    find_pair,
    how_to_explain,
)
from auditor.explanation.making import _explain_now
from auditor.explanation.words import (
    NOT_EVIDENCE,
    caveats,
    counts_words,
    explanation_json,
    explanation_lines,
    explanation_rows,
)
from auditor.records_attributions import Chosen, ExplainedCount, Explanations, Role
from tests.fakes import LABELS, Biased
from tests.models.conftest import tiny, tokenizer
from tests.test_pipeline import PLACES

OPTIONS: dict[str, Any] = {
    "text": "t", "attributes": ["gender"], "explain_flagged": 1, "explain_sample": 2,
    "explain_placebo": 0, "fidelity_texts": 0,
}  # fmt: skip


class Made(NamedTuple):
    """A run of a tiny model, and where the model lies."""

    run: auditor.Run
    model: Path


def texts(n: int = 20) -> pd.DataFrame:
    return pd.DataFrame({"t": [f"The man waited at the {place}." for place in PLACES[:n]]})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """An audit of a saved model that explains three of twenty pairs by two methods."""
    folder = tmp_path_factory.mktemp("explained")
    tiny("bert").save_pretrained(folder / "model")
    tokenizer().save_pretrained(folder / "model")
    run = auditor.audit(
        str(folder / "model"), texts(), favourable="LABEL_1", device="cpu", out=folder / "run",
        second_opinions=["input_x_gradient"], **OPTIONS,
    )  # fmt: skip
    return Made(run, folder / "model")


@pytest.fixture(scope="module")
def of_function(tmp_path_factory: pytest.TempPathFactory) -> auditor.Run:
    """An audit of a function."""
    out = tmp_path_factory.mktemp("function") / "run"
    return auditor.audit(
        Biased("woman"), texts(), favourable="positive", labels=LABELS, out=out, **OPTIONS
    )


def flagged_pair(run: auditor.Run) -> str:
    """Returns a flagged pair, of which there are second opinions."""
    explained = explained_pairs(run.evidence).items()
    return next(pair_id for pair_id, chosen in explained if chosen is Chosen.FLAGGED)


def other_pair(run: auditor.Run) -> pd.Series[Any]:
    """Returns a pair that the audit did not explain."""
    explained = list(explained_pairs(run.evidence))
    return run.pairs(f"pair_id NOT IN ({str(explained)[1:-1]})", limit=1).iloc[0]


def test_a_stored_explanation_adds_up_to_the_pairs_own_margins(made: Made) -> None:
    pair_id, chosen = next(iter(explained_pairs(made.run.evidence).items()))
    found = made.run.explain(pair_id)
    row = made.run.pairs(f"pair_id = '{pair_id}'").iloc[0]
    assert found.chosen is chosen
    assert found.text.total == pytest.approx(row["margin_from"], abs=1e-5)
    assert found.counterfactual.total == pytest.approx(row["margin_to"], abs=1e-5)
    assert found.table["gap"].sum() == pytest.approx(found.counterfactual.sum - found.text.sum)
    term = found.table[found.table["role"] == "term"].iloc[0]
    assert (term["token_from"], term["token_to"]) == ("man", "woman")


def test_as_many_pairs_are_explained_as_were_asked_for(made: Made) -> None:
    chosen = list(explained_pairs(made.run.evidence).values())
    assert sorted(chosen) == [Chosen.FLAGGED, Chosen.SAMPLE, Chosen.SAMPLE]


def test_a_second_opinion_is_stored_under_its_own_name(made: Made) -> None:
    found = made.run.explain(flagged_pair(made.run), "input_x_gradient")
    assert (found.chosen is not None, found.text.base, found.text.total) == (True, None, None)
    assert "no SHAP" in " ".join(caveats(found))


def test_what_is_made_now_is_what_the_audit_stored(made: Made) -> None:
    evidence, pair_id = made.run.evidence, flagged_pair(made.run)
    for method in ("owen", "input_x_gradient"):
        stored = explain_pair(evidence, pair_id, method)
        assert stored.chosen is Chosen.FLAGGED
        now = _explain_now(evidence, find_pair(evidence, pair_id), method, None)
        assert now.chosen is None
        assert now.table["token_to"].tolist() == stored.table["token_to"].tolist()
        assert now.table["gap"].tolist() == pytest.approx(stored.table["gap"].tolist(), abs=1e-6)


@pytest.mark.parametrize("method", ["owen", "integrated_gradients"])
def test_a_pair_that_was_not_explained_is_explained_now(made: Made, method: str) -> None:
    row = other_pair(made.run)
    found = made.run.explain(row["pair_id"], method)
    assert found.chosen is None
    assert found.method == method
    assert found.text.total == pytest.approx(row["margin_from"], abs=1e-3)


def test_nothing_is_written(made: Made) -> None:
    def digests() -> dict[str, str]:
        files = [path for path in made.run.folder.rglob("*") if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = digests()
    made.run.explain(other_pair(made.run)["pair_id"])
    assert digests() == before


def test_a_model_that_changed_since_is_refused(made: Made) -> None:
    config = made.model / "config.json"
    before = config.read_text(encoding="utf-8")
    config.write_text(json.dumps({**json.loads(before), "later": 1}), encoding="utf-8")
    try:
        with pytest.raises(RunError, match=r"the files of model model changed since .* was made"):
            made.run.explain(other_pair(made.run)["pair_id"])
    finally:
        config.write_text(before, encoding="utf-8")


def test_a_function_cannot_be_loaded_and_what_to_do_is_said(of_function: auditor.Run) -> None:
    pair_id = other_pair(of_function)["pair_id"]
    with pytest.raises(ModelError) as refused:
        of_function.explain(pair_id)
    assert "was not explained in the audit" in str(refused.value)
    code = f"auditor.explain_pairs(model, run.pairs(\"pair_id = '{pair_id}'\"))"
    assert code in str(refused.value)
    found = auditor.explain_pairs(Biased("woman"), of_function.pairs(f"pair_id = '{pair_id}'"))
    assert found.table[found.table["output"] == "1"]["gap"].sum() == pytest.approx(-0.3)


def test_what_a_function_explained_in_the_audit_is_shown(of_function: auditor.Run) -> None:
    pair_id = next(iter(explained_pairs(of_function.evidence)))
    assert of_function.explain(pair_id).chosen is not None


def test_pairs_scored_elsewhere_have_no_model(tmp_path: Path) -> None:
    rows = [
        {
            "text": f"He left shop {i}.", "counterfactual": f"She left shop {i}.",
            "attribute": "gender", "group_from": "male", "group_to": "female", "group_a": "male",
            "group_b": "female", "cluster": str(i), "score_from": 0.7, "score_to": 0.4,
        }
        for i in range(9)
    ]  # fmt: skip
    path = tmp_path / "scored.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    run = auditor.audit(pairs=str(path), out=tmp_path / "run")
    pair_id = run.pairs(limit=1)["pair_id"].iloc[0]
    assert how_to_explain(run.evidence, pair_id)[1] is None
    with pytest.raises(ModelError, match="scored elsewhere, so the run knows no model"):
        run.explain(pair_id)
    assert counts_words(run.evidence.explanations).startswith("none; the pairs were scored else")


def test_a_beginning_that_one_id_has_will_do(made: Made) -> None:
    ids = sorted(made.run.pairs()["pair_id"])
    whole = next(iter(explained_pairs(made.run.evidence)))
    short = next(n for n in range(1, 17) if sum(i.startswith(whole[:n]) for i in ids) == 1)
    assert made.run.explain(whole[:short]).pair_id == whole


def test_several_ids_are_named(made: Made) -> None:
    first = [i[0] for i in made.run.pairs()["pair_id"]]
    twice = next(letter for letter in first if first.count(letter) > 1)
    with pytest.raises(RunError, match=f"several pairs of .* begin with '{twice}': {twice}"):
        made.run.explain(twice)


@pytest.mark.parametrize("pair_id", ["zzz", "' OR true --"])
def test_an_unknown_id_is_refused_with_where_ids_stand(made: Made, pair_id: str) -> None:
    with pytest.raises(RunError, match="ids stand on the pairs page of `auditor review"):
        made.run.explain(pair_id)


def test_an_unknown_method_is_refused(made: Made) -> None:
    with pytest.raises(PlanError, match="there is no method 'lime'; the methods are owen"):
        made.run.explain("a", "lime")


def test_a_pair_that_is_refused_says_why(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    row = other_pair(made.run)
    cut = Masker.cut
    monkeypatch.setattr(
        Masker,
        "cut",
        lambda self, text: Refused(text, "too odd") if "man" in text else cut(self, text),
    )
    with pytest.raises(ModelError, match=f"pair {row['pair_id']} cannot be explained: too odd"):
        made.run.explain(row["pair_id"])


def token(word: str, start: int, aligned: int, value: float, role: Role = Role.CONTEXT) -> Any:
    return TokenValue(word, start, start + len(word), role, aligned, value)


SIDE = Side(
    text="A ☃ man",
    spans=((4, 7),),
    tokens=(
        TokenValue("", 0, 0, Role.SPECIAL, 0, 0.0),
        token("A", 0, 1, 0.25),
        # Two pieces of one character stand where it stands.
        token("☃", 2, 2, 0.5),
        token("☃", 2, 2, 0.25),
        token("man", 4, 3, -1.0, Role.TERM),
        TokenValue("", 7, 7, Role.SPECIAL, 4, 0.0),
    ),
    base=0.125,
    residual=0.0,
    unresolved=0.0,
)
WOMAN = replace(
    SIDE,
    text="A ☃ woman",
    spans=((4, 9),),
    tokens=(*SIDE.tokens[:4], token("woman", 4, 3, -3.0, Role.TERM), SIDE.tokens[5]),
)
PAIR = PairExplanation("p", "m", "owen", "ok", "log-odds", None, SIDE, WOMAN)


def test_tokens_are_compared_once_and_special_ones_that_add_nothing_are_left_out() -> None:
    assert [(c.token_from, c.token_to, c.gap) for c in PAIR.compared] == [
        ("A", "A", 0.0),
        ("☃", "☃", 0.0),
        ("man", "woman", -2.0),
    ]


def test_a_special_token_that_adds_something_is_shown() -> None:
    first = replace(SIDE.tokens[0], value=0.5)
    side = replace(SIDE, tokens=(first, *SIDE.tokens[1:]))
    assert replace(PAIR, text=side).compared[0].role is Role.SPECIAL


def test_a_token_that_one_side_lacks_counts_as_nothing_there() -> None:
    side = replace(WOMAN, tokens=(*WOMAN.tokens[:4], WOMAN.tokens[5]))
    gone = replace(PAIR, counterfactual=side).compared[-1]
    assert (gone.role, gone.token_from, gone.token_to, gone.gap) == (Role.TERM, "man", "", 1.0)
    added = replace(PAIR, text=side, counterfactual=SIDE).compared[-1]
    assert (added.role, added.token_from, added.token_to, added.gap) == (Role.TERM, "", "man", -1.0)


def test_the_table_ends_with_sum_base_and_output() -> None:
    rows = {row["token from"]: row for row in explanation_rows(PAIR)}
    assert list(rows)[-3:] == ["= sum of tokens", "+ base: every token masked", "= output"]
    assert rows["= output"]["value from"] == "+0.125"
    assert rows["= output"]["gap"] == "-2.000"


def test_what_is_left_over_has_a_row_of_its_own() -> None:
    rows = explanation_rows(replace(PAIR, text=replace(SIDE, residual=0.01)))
    assert [row["value from"] for row in rows[-2:]] == ["+0.010", "+0.135"]


def test_without_a_base_nothing_is_added_up() -> None:
    bare = replace(SIDE, base=None, residual=None)
    rows = explanation_rows(replace(PAIR, text=bare, counterfactual=bare))
    assert rows[-1]["token from"] == "= sum of tokens"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text": replace(SIDE, residual=0.02)}, "Values and base leave up to 0.020 log-odds over"),
        ({"text": replace(SIDE, unresolved=0.5)}, "Up to 0.500 log-odds of a side lies on groups"),
        ({"method": "attention_rollout"}, "no sign"),
        ({"method": "input_x_gradient"}, "This is no SHAP"),
        ({"text": replace(SIDE, base=None, residual=None)}, "do not add up"),
    ],
)
def test_what_a_reader_must_know_is_said(changed: dict[str, Any], words: str) -> None:
    assert caveats(PAIR) == []
    assert words in " ".join(caveats(replace(PAIR, **changed)))


def test_what_is_no_evidence_says_so() -> None:
    assert NOT_EVIDENCE in explanation_lines(PAIR)
    stored = explanation_lines(replace(PAIR, chosen=Chosen.FLAGGED))
    assert stored[-1] == "Part of the run's evidence: the pair was flagged."


def test_json_has_every_number_and_says_what_is_evidence() -> None:
    found = json.loads(json.dumps(explanation_json(PAIR), allow_nan=False))
    assert found["in_evidence"] is False
    assert found["total"] == {"from": 0.125, "to": -1.875}
    assert found["tokens"][-1] == {
        "role": "term", "token_from": "man", "token_to": "woman", "value_from": -1.0,
        "value_to": -3.0, "gap": -2.0,
    }  # fmt: skip


def test_how_many_pairs_were_explained_is_one_line() -> None:
    counts = (
        ExplainedCount("gender", Chosen.FLAGGED, 25, 77),
        ExplainedCount("age", Chosen.FLAGGED, 5, 5),
        ExplainedCount("gender", Chosen.SAMPLE, 16, 129),
        ExplainedCount("placebo", Chosen.PLACEBO, 10, 1076),
    )
    assert counts_words(Explanations(counts=counts, refused=2)) == (
        "54 pairs by token (30 of 82 flagged, 16 of 129 others, 10 of 1,076 placebo pairs); "
        "2 could not be"
    )
