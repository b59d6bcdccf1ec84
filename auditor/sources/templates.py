"""Templates: sentences with a slot for a person, each filled once per attribute and concept.

Slots: `{person}` the bare phrase, `{a person}` with its article, `{A person}` with its article at
the start of a sentence. The cluster is the template: what inference counts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from auditor.content import content_path
from auditor.errors import DataError, Problems, collected
from auditor.evidence.files import sha256_file
from auditor.records import SourceText

_SLOT = re.compile(r"\{([^{}]*)\}")
_KNOWN = ("person", "a person", "A person")
_KEYS = {"id", "text", "domain", "polarity"}


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence with a slot."""

    id: str
    text: str
    domain: str | None = None
    polarity: str | None = None

    def fill(self, phrase: str) -> str:
        """Returns the sentence about `phrase`."""
        article = article_for(phrase)
        filled = {
            "person": phrase,
            "a person": f"{article} {phrase}",
            "A person": f"{article.capitalize()} {phrase}",
        }
        return _SLOT.sub(lambda slot: filled[slot[1]], self.text)


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """The templates of one file."""

    id: str
    description: str
    templates: tuple[Template, ...]
    sha256: str


class TemplateTexts:
    """Every template of the named sets, filled with every term."""

    has_groups = False

    def __init__(self, names: Sequence[str], terms: Sequence[tuple[str, str, str]]) -> None:
        if not terms:
            raise DataError(
                "templates need an attribute whose lexicon has template terms; name one of "
                "`auditor list attributes`"
            )
        self.sets = [read_templates(find_templates(name)) for name in names]
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
                for attribute, concept, phrase in self.terms:
                    yield SourceText(
                        row_id=f"{each.id}-{template.id}-{attribute}-{concept}",
                        text=template.fill(phrase),
                        cluster=f"{each.id}-{template.id}",
                        template_id=template.id,
                        slots={"person": phrase},
                        attributes=(attribute,),
                    )


def template_sets() -> list[dict[str, Any]]:
    """Returns id, description and size of every template set that comes with the auditor."""
    sets = [read_templates(path) for path in sorted(_folder().glob("*.toml"))]
    return [
        {"templates": each.id, "count": len(each.templates), "description": each.description}
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
    with collected(str(path)) as problems:
        if not rows:
            problems.add("no [[template]] in it; add one with id and text")
        seen: set[str] = set()
        for number, row in enumerate(rows, start=1):
            _check_row(problems, row, row.get("id", f"template {number}"), seen)
    return TemplateSet(
        id=str(values.get("id", path.stem)),
        description=str(values.get("description", "")),
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
    slots = _SLOT.findall(str(row.get("text", "{person}")))
    if not slots:
        problems.add(f"{name}: has no slot; put {{person}}, {{a person}} or {{A person}} into it")
    for slot in slots:
        if slot not in _KNOWN:
            problems.add(f"{name}: unknown slot {{{slot}}}; there are {', '.join(_KNOWN)}")


def article_for(phrase: str) -> str:
    """Returns "a" or "an" for an English noun phrase, by the sound it begins with."""
    word = phrase.split(maxsplit=1)[0].lower()
    if word.startswith(("honest", "hour", "heir")):
        return "an"
    if word.startswith(("uni", "use", "eu", "one")):
        return "a"
    return "an" if word[0] in "aeiou" else "a"


def _folder() -> Path:
    return content_path("datasets", "templates")
