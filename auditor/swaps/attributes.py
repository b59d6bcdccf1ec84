"""What a plan's attributes are: lexicons, tables of names, and the contrasts between groups.

gender              every mention by word
race_names          names that signal the group, crossed with every text
religion*age        two attributes at once
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

from auditor.errors import DataError, PlanError
from auditor.plan import SwapPlan
from auditor.records import NAMES_SUFFIX, Contrast, TemplateTerm
from auditor.swaps.jointly import JOINT
from auditor.swaps.language import Language, read_language
from auditor.swaps.lexicons import Lexicon, available_lexicons, load_lexicons
from auditor.swaps.names import NameTable, read_names

PLACEBO = "placebo"
"""The lexicon whose groups no one is treated by: the noise floor."""
BY_NAME = ("gender", "race")
"""What the tables of names tell."""
TIMES = "*"


@dataclass(frozen=True, slots=True)
class Attributes:
    """The plan's attributes, with all that is read from files."""

    lexicons: Mapping[str, Lexicon]
    """By lexicon, also those that only a part of an attribute asks for."""
    contrasts: Mapping[str, tuple[Contrast, ...]]
    """By attribute, in the plan's order."""
    names: NameTable | None
    language: Language

    @property
    def digests(self) -> dict[str, str]:
        """Name -> SHA-256 of every file behind the attributes."""
        files = {f"lexicon {name}": lexicon.sha256 for name, lexicon in self.lexicons.items()}
        return {**files, **({"names": self.names.sha256} if self.names else {})}

    @property
    def judged(self) -> tuple[Contrast, ...]:
        """The contrasts that findings are of; the placebo is what they are seen against."""
        return tuple(c for name, each in self.contrasts.items() if name != PLACEBO for c in each)


def open_attributes(plan: SwapPlan) -> Attributes:
    """Returns the attributes of a plan.

    Raises:
        DataError: an unknown attribute or language, one that the language cannot have, or a
            lexicon with errors, all of them named.
        PlanError: a reference or group that an attribute does not have.
    """
    named = list(plan.attributes)
    if PLACEBO in plan.arms and PLACEBO not in named and plan.language == "en":
        named.append(PLACEBO)
    bases = dict.fromkeys(base for name in named for base in bases_of(name))
    language = read_language(plan.language)
    for name in named if language.grammar.genders else ():
        if TIMES in name or by_name(name):
            raise DataError(
                f"{name}: no names and no intersections in {plan.language!r}, where words that "
                "agree with one attribute belong to another; name attributes one by one"
            )
    lexicons = load_lexicons(list(bases), [Path(name) for name in plan.lexicons], plan.language)
    return Attributes(
        lexicons,
        {name: contrasts_of(name, lexicons, plan) for name in named},
        read_names() if any(by_name(name) for name in named) else None,
        language,
    )


def refuse_unknown(concerns: Sequence[str], plan: SwapPlan) -> None:
    """Refuses names of the task's own target that are no attributes: misspelt, they guard nothing.

    Raises:
        PlanError: with the names that there are.
    """
    own = load_lexicons([], [Path(name) for name in plan.lexicons], plan.language)
    known = {*available_lexicons(plan.language), *own}
    known |= {f"{name}{NAMES_SUFFIX}" for name in BY_NAME} | set(plan.attributes)
    unknown = [name for name in concerns if name not in known]
    if unknown:
        raise PlanError(
            f"task_concerns names {', '.join(unknown)}, which is no attribute; there are "
            f"{', '.join(sorted(known - {PLACEBO}))}"
        )


def bases_of(attribute: str) -> tuple[str, ...]:
    """Returns the lexicons behind an attribute: ("gender", "race") of "gender*race_names".

    Raises:
        DataError: three attributes at once, one with itself, or names of what no name tells.
    """
    parts = tuple(part.removesuffix(NAMES_SUFFIX) for part in attribute.split(TIMES))
    if len(parts) > 2 or len(set(parts)) < len(parts):
        raise DataError(f"{attribute}: an intersection has two different attributes, as in a*b")
    if by_name(attribute) and not set(parts) <= set(BY_NAME):
        raise DataError(
            f"{attribute}: names tell {' and '.join(BY_NAME)} only; there are gender_names, "
            "race_names and gender*race_names"
        )
    return parts


def by_name(attribute: str) -> bool:
    """Whether an attribute is told by names."""
    return any(part.endswith(NAMES_SUFFIX) for part in attribute.split(TIMES))


def contrasts_of(
    attribute: str, lexicons: Mapping[str, Lexicon], plan: SwapPlan
) -> tuple[Contrast, ...]:
    """Returns the contrasts to test: every group against the reference, or every pair."""
    parts = [_groups(lexicons[base], plan, by_name(attribute)) for base in bases_of(attribute)]
    groups = [JOINT.join(each) for each in product(*parts)]
    if plan.contrasts == "all":
        return tuple(Contrast(attribute, a, b) for a, b in combinations(groups, 2))
    return tuple(Contrast(attribute, groups[0], group) for group in groups[1:])


def _groups(lexicon: Lexicon, plan: SwapPlan, names: bool) -> list[str]:
    """Returns the groups that are compared, the reference first."""
    groups = list(plan.groups.get(lexicon.id, lexicon.named_groups))
    if names:
        groups = [group for group in groups if group in NAMED_GROUPS[lexicon.id]]
    default = lexicon.reference if lexicon.reference in groups else next(iter(groups), "")
    reference = plan.references.get(lexicon.id, default)
    for group in (*groups, reference):
        if group not in lexicon.groups:
            raise PlanError(
                f"{lexicon.id} has no group {group!r}; it has {', '.join(lexicon.groups)}"
            )
    if reference in lexicon.by_request:
        raise PlanError(f"{lexicon.id}: no text is read as naming {reference!r}; take another")
    return sorted({*groups, reference}, key=lambda g: (g != reference, lexicon.groups.index(g)))


NAMED_GROUPS: Mapping[str, tuple[str, ...]] = {
    "gender": ("male", "female"),
    "race": ("white", "black", "asian", "hispanic"),
}
"""The groups that the tables of names know."""


_NAMED = (("man", "Greg Miller"), ("woman", "Anne Miller"))
"""Who stands in a template until the crossed names are put in."""


def template_terms(attributes: Attributes) -> list[TemplateTerm]:
    """Returns what fills templates: phrases of each attribute's reference group."""
    terms: list[TemplateTerm] = []
    for name in attributes.contrasts:
        lexicons = [attributes.lexicons[base] for base in bases_of(name)]
        if by_name(name):
            terms += [TemplateTerm(name, *each, is_name=True) for each in _NAMED]
        elif len(lexicons) == 1:
            terms += lexicons[0].template_terms()
        else:
            terms += _joint_terms(name, lexicons, attributes.language)
    return terms


def _joint_terms(
    attribute: str, lexicons: Sequence[Lexicon], language: Language
) -> list[TemplateTerm]:
    """Returns "young Christian person": the adjective of the one before the phrase of the other."""
    order = list(language.descriptor_order)
    first, second = sorted(lexicons, key=lambda x: order.index(x.id) if x.id in order else -1)
    adjectives = [
        row.terms[first.reference][0].word
        for row in first.rows
        if row.unmentioned == "" and first.reference in row.terms
    ]
    return [
        TemplateTerm(attribute, term.concept, f"{adjectives[0]} {term.phrase}")
        for term in second.template_terms()
        if adjectives
    ]
