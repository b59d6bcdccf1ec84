"""Templates: sentences with a slot for a person, each filled once per attribute and concept.

Slots: `{person}` the bare phrase, `{a person}` with its article, `{A person}` with its article at
the start of a sentence; in Spanish `{un person}`, `{El person}`, `{del person}`. A name takes no
article, so it fills only templates without a bare slot. `{cansado|cansada}` is a word that agrees
with the person, in the language's order of genders; the filled text remembers where it stands.
The cluster is the template: what inference counts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from auditor.content import content_path
from auditor.errors import DataError, Problems, collected
from auditor.evidence.files import sha256_file
from auditor.grammar import Grammar, Noun, languages, read_grammar
from auditor.records import Agreement, SourceText, TemplateTerm

_SLOT = re.compile(r"\{([^{}]*)\}")
_PERSON = "person"
_OR = "|"
_KEYS = {"id", "text", "domain", "polarity"}


class Filled(NamedTuple):
    """A template about one person."""

    text: str
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence with a slot."""

    id: str
    text: str
    domain: str | None = None
    polarity: str | None = None

    @property
    def takes_names(self) -> bool:
        """Whether the sentence is grammatical about "Emily" as about "a person"."""
        return not any(slot == _PERSON or _OR in slot for slot in _SLOT.findall(self.text))

    def fill(self, term: TemplateTerm, grammar: Grammar) -> Filled:
        """Returns the sentence about the person of `term`."""
        text, done, agreements = "", 0, []
        for slot in _SLOT.finditer(self.text):
            text += self.text[done : slot.start()]
            filled = _filled(slot[1], term, grammar)
            if _OR in slot[1]:
                span = (len(text), len(text) + len(filled))
                agreements.append(Agreement(span, tuple(slot[1].split(_OR))))
            text += filled
            done = slot.end()
        return Filled(text + self.text[done:], tuple(agreements))


def _filled(slot: str, term: TemplateTerm, grammar: Grammar) -> str:
    """Returns what stands in a slot when the sentence is about the person of `term`."""
    if _OR in slot:
        return slot.split(_OR)[grammar.genders.index(term.gender)]
    article = slot.removesuffix(_PERSON).strip()
    if term.is_name or not article:
        return term.phrase
    form = grammar.form(article.casefold(), Noun(term.phrase, term.gender))
    assert form is not None, "lexicons give every template term a gender"
    return f"{form.capitalize() if article[0].isupper() else form} {term.phrase}"


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """The templates of one file."""

    id: str
    description: str
    language: str
    templates: tuple[Template, ...]
    sha256: str


class TemplateTexts:
    """Every template of the named sets, filled with every term."""

    has_groups = False
    skipped = 0

    def __init__(
        self, names: Sequence[str], terms: Sequence[TemplateTerm], language: str = "en"
    ) -> None:
        if not terms:
            raise DataError(
                "templates need an attribute whose lexicon has template terms; name one of "
                "`auditor list attributes`"
            )
        self.sets = [read_templates(find_templates(name)) for name in names]
        for other in (each for each in self.sets if each.language != language):
            raise DataError(
                f"templates {other.id} are in {other.language!r}, the plan's language is "
                f"{language!r}; name templates of that language, or set `language`"
            )
        self.grammar = read_grammar(language)
        self.terms = terms

    @property
    def digests(self) -> Mapping[str, str]:
        return {f"templates {each.id}": each.sha256 for each in self.sets}

    def chunks(self, size: int) -> Iterator[list[SourceText]]:
        """Yields source texts, `size` at a time."""
        texts = self._texts()
        while chunk := list(islice(texts, size)):
            yield chunk

    def _texts(self) -> Iterator[SourceText]:
        for each in self.sets:
            for template in each.templates:
                for term in self.terms:
                    if template.takes_names or not term.is_name:
                        filled = template.fill(term, self.grammar)
                        yield SourceText(
                            row_id=f"{each.id}-{template.id}-{term.attribute}-{term.concept}",
                            text=filled.text,
                            cluster=f"{each.id}-{template.id}",
                            template_id=template.id,
                            slots={"person": term.phrase},
                            attributes=(term.attribute,),
                            agreements=filled.agreements,
                        )


def domains_of(names: Sequence[str]) -> dict[str, str | None]:
    """Returns template -> domain, of every template of the named sets."""
    sets = [read_templates(find_templates(name)) for name in names]
    return {template.id: template.domain for each in sets for template in each.templates}


def template_sets() -> list[dict[str, Any]]:
    """Returns id, description and size of every template set that comes with the auditor."""
    sets = [read_templates(path) for path in sorted(_folder().glob("*.toml"))]
    return [
        {
            "templates": each.id,
            "language": each.language,
            "count": len(each.templates),
            "description": each.description,
        }
        for each in sets
    ]


def find_templates(name: str) -> Path:
    """Returns the file of a set's name, or the file that `name` is the path of."""
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise DataError(f"no template file at {path}; give a file that exists")
        return path
    known = sorted(path.stem for path in _folder().glob("*.toml"))
    if name not in known:
        raise DataError(
            f"no template set {name!r}; there are {', '.join(known)}, or give a .toml file"
        )
    return _folder() / f"{name}.toml"


def read_templates(path: Path) -> TemplateSet:
    """Returns the templates in a file.

    Raises:
        DataError: with every problem of the file, one line each.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a TOML file in UTF-8: {error}") from None
    rows = values.get("template", [])
    language = str(values.get("language", "en"))
    with collected(str(path)) as problems:
        if language not in languages():
            problems.add(f"language {language!r} is not one of {', '.join(languages())}")
        grammar = read_grammar(language if language in languages() else "en")
        if not rows:
            problems.add("no [[template]] in it; add one with id and text")
        seen: set[str] = set()
        for number, row in enumerate(rows, start=1):
            name = str(row.get("id", f"template {number}"))
            _check_row(problems, row, name, seen)
            _check_slots(problems, str(row.get("text", "{person}")), name, grammar)
    return TemplateSet(
        id=str(values.get("id", path.stem)),
        description=str(values.get("description", "")),
        language=language,
        templates=tuple(Template(**row) for row in rows),
        sha256=sha256_file(path),
    )


def _check_row(problems: Problems, row: Mapping[str, Any], name: str, seen: set[str]) -> None:
    for key in sorted({"id", "text"} - row.keys()):
        problems.add(f"{name}: has no {key}")
    for key in sorted(row.keys() - _KEYS):
        problems.add(f"{name}: no such key {key!r}; there are {', '.join(sorted(_KEYS))}")
    if name in seen:
        problems.add(f"{name}: a second template of this id; rename one")
    seen.add(name)


def _check_slots(problems: Problems, text: str, name: str, grammar: Grammar) -> None:
    slots = _SLOT.findall(text)
    articles = [each for x in grammar.articles for each in (x, x.capitalize())]
    known = [_PERSON, *(f"{article} {_PERSON}" for article in articles)]
    if not any(_OR not in slot for slot in slots):
        problems.add(f"{name}: has no slot; put one of {_listed(known[:3])} into it")
    for slot in slots:
        if _OR in slot:
            _check_agreement(problems, slot, name, grammar)
        elif slot not in known:
            problems.add(f"{name}: unknown slot {{{slot}}}; there are {_listed(known)}")


def _check_agreement(problems: Problems, slot: str, name: str, grammar: Grammar) -> None:
    forms = slot.split(_OR)
    if not grammar.genders:
        problems.add(f"{name}: {{{slot}}} has forms by gender, and nouns of the language have none")
    elif len(forms) != len(grammar.genders):
        genders = ", ".join(grammar.genders)
        problems.add(f"{name}: {{{slot}}} has {len(forms)} forms; give one each for {genders}")
    if not all(form and form == form.strip() for form in forms):
        problems.add(f"{name}: {{{slot}}} has an empty form, or a blank at an end; write each word")


def _listed(slots: Sequence[str]) -> str:
    return ", ".join(f"{{{slot}}}" for slot in slots)


def _folder() -> Path:
    return content_path("datasets", "templates")
