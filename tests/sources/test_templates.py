"""Templates are filled once per term; a broken file is refused with all its problems."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import DataError
from auditor.grammar import read_grammar
from auditor.plan import DataPlan
from auditor.records import TemplateTerm
from auditor.sources import open_texts
from auditor.sources.templates import Template, find_templates, read_templates, template_sets

TERMS = [
    TemplateTerm("religion", "person", "atheist person"),
    TemplateTerm("gender", "adult", "man"),
]


def test_each_template_is_filled_with_each_term_and_is_one_cluster() -> None:
    source = open_texts(DataPlan(templates=("everyday",)), template_terms=TERMS)
    texts = [text for chunk in source.chunks(50) for text in chunk]
    count = next(row["count"] for row in template_sets() if row["templates"] == "everyday")
    assert len(texts) == 2 * count
    assert len({text.cluster for text in texts}) == count >= 66
    assert {text.attributes for text in texts} == {("religion",), ("gender",)}


@pytest.mark.parametrize(
    ("text", "phrase", "filled"),
    [
        ("{A person} left.", "atheist", "An atheist left."),
        ("We saw {a person}.", "man", "We saw a man."),
        ("The {person} left.", "Muslim", "The Muslim left."),
        ("We saw {a person}.", "heir", "We saw an heir."),
        ("We saw {a person}.", "user", "We saw a user."),
    ],
)
def test_slots_take_their_article(text: str, phrase: str, filled: str) -> None:
    term = TemplateTerm("religion", "person", phrase)
    assert Template("t", text).fill(term, read_grammar("en")) == (filled, ())


def test_every_problem_of_a_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(
        '[[template]]\nid = "a"\ntext = "no slot"\n'
        '[[template]]\nid = "a"\ntext = "{persn}"\ncolour = "red"\n'
        '[[template]]\ntext = "{person}"\n'
    )
    with pytest.raises(DataError) as caught:
        read_templates(path)
    for words in ("a: has no slot", "second template", "{persn}", "'colour'", "has no id"):
        assert words in str(caught.value)


def test_an_unknown_set_is_named_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"no template set 'nope'; there are .*everyday"):
        find_templates("nope")


def test_the_templates_are_distinct_sentences() -> None:
    templates = read_templates(find_templates("everyday")).templates
    assert len({t.text for t in templates}) == len(templates)
    assert all(t.text.endswith(".") and 5 <= len(t.text.split()) <= 20 for t in templates)
