"""Names x templates, both drawn: how sure an effect is when every text meets the same names.

A name signals more than its group, and no two names signal the same, so an effect measured on 24
names spreads with the names as well as with the templates. t on cluster means sees the templates
alone: with real but group-less name effects it finds a difference in up to 90 % of audits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from auditor.metrics.clusters import Cells, Floats
from auditor.metrics.estimates import (
    HARD_FLOOR,
    NOISE,
    Interval,
    KornGraubard,
    OneTrial,
    StudentMean,
    skewed_pivots,
)

Mask = npt.NDArray[np.bool_]

FEW_TERMS = 6
"""With fewer terms of a group their spread says nothing of other terms: the result then holds for
the words tested."""
WORDS_TESTED = "for the words tested"


@dataclass(frozen=True, slots=True)
class Design:
    """A crossed design without gaps: every template has every term."""

    cells: Cells
    terms_left_out: int = 0
    templates_left_out: int = 0

    @property
    def templates(self) -> int:
        return int(self.cells.values.shape[1])

    @property
    def groups(self) -> list[tuple[float, Floats]]:
        """c_g and the cells of each group: [term, template]."""
        signs = self.cells.signs
        return [(float(sign), self.cells.values[signs == sign]) for sign in np.unique(signs)]

    @property
    def sizes(self) -> list[int]:
        """Terms of each group; of pairs of terms there is one group."""
        return [len(y) for _, y in self.groups]

    @property
    def pairs(self) -> int:
        """Either side of a pair counts it, so one side is enough."""
        signs = self.cells.signs
        return int(self.cells.n[signs == signs.min()].sum())

    @property
    def few(self) -> bool:
        return min(self.sizes) < FEW_TERMS

    @property
    def too_small(self) -> str | None:
        """Why there is no interval; None where there is one."""
        terms, templates = min(self.sizes, default=0), self.templates
        if terms >= 2 and templates >= HARD_FLOOR:
            return None
        noun = "name" if terms == 1 else "names"
        return (
            f"only {terms} {noun} per group in the same {templates} clusters (templates or "
            f"documents); at least 2 names in {HARD_FLOOR} are needed"
        )

    def __str__(self) -> str:
        names = " and ".join(str(size) for size in sorted(set(self.sizes)))
        parts = [f"{names} names per group"]
        if self.terms_left_out or self.templates_left_out:
            left = f"names {self.terms_left_out}, templates {self.templates_left_out}"
            parts.append(f"left out for gaps: {left}")
        if self.few:
            parts.append(WORDS_TESTED)
        return f"names x templates ({', '.join(parts)})"


def complete(cells: Cells) -> Design:
    """Returns the design without the terms and templates that leave gaps.

    As long as there is a gap, the term or template with the largest share of gaps goes (a template
    where they tie, as there are more of these). So a template that no name fits costs no name, and
    a name that fits few templates costs no template; the scores have no say.
    """
    gaps = np.isnan(cells.values)
    terms, templates = np.ones(len(gaps), bool), np.ones(gaps.shape[1], bool)
    by_term, by_template = gaps.sum(axis=1), gaps.sum(axis=0)
    while by_term.any():
        term, template = int(by_term.argmax()), int(by_template.argmax())
        if by_term[term] / templates.sum() > by_template[template] / terms.sum():
            terms[term] = False
            by_template -= gaps[term]
        else:
            templates[template] = False
            by_term -= gaps[:, template]
        by_term, by_template = by_term * terms, by_template * templates
    kept = np.ix_(terms, templates)
    whole = Cells(cells.values[kept], cells.n[kept], cells.signs[terms])
    return Design(whole, int((~terms).sum()), int((~templates).sum()))


@dataclass(frozen=True, slots=True)
class Parts:
    """The variance of an effect between names x templates, by what it comes from.

    A = sum of c_g^2 s^2(term means) / N_g is the share of the terms (0 for fewer than `FEW_TERMS`),
    B = s^2(delta_t) / T that of the templates, delta_t = sum of c_g ybar_gt, and
    C = sum of c_g^2 s_g^2 / (N_g T), which both contain, that of the residuals from terms and
    templates. df = V^2 / (sum of a_g^2 / (N_g - 1) + B^2 / (T - 1)), a_g the terms of A, is
    Satterthwaite's, and never more than that of C. A + B - C is the variance under clusters of two
    kinds (Cameron, Gelbach & Miller, J. Business & Economic Statistics 29, 2011), unbiased here
    since cells are complete; ours: the maxima, without which chance may take it down to 0.
    """

    names: tuple[float, ...]  # [group], c_g^2 s^2(name means) / N_g
    templates: float  # s^2(delta_t) / T
    rest: tuple[float, ...]  # [group], c_g^2 s_g^2 / (N_g T)
    sizes: tuple[int, ...]  # [group], N_g
    clusters: int  # T

    @property
    def few(self) -> bool:
        """So few names that their spread is left out: the result holds for the words tested."""
        return min(self.sizes) < FEW_TERMS

    @property
    def variance(self) -> float:
        """max(A, C) + max(B, C) - C."""
        a, c = 0.0 if self.few else sum(self.names), sum(self.rest)
        return max(a, c) + max(self.templates, c) - c

    @property
    def df(self) -> float:
        """Satterthwaite's, and never more than that of C."""
        unsure = 1 / ((self.clusters - 1) * sum(n - 1 for n in self.sizes))
        if not self.variance:
            return 1 / unsure
        shares = zip(() if self.few else self.names, self.sizes, strict=False)
        by_names = sum((a / self.variance) ** 2 / (n - 1) for a, n in shares)
        by_templates = (self.templates / self.variance) ** 2 / (self.clusters - 1)
        return 1 / max(unsure, by_names + by_templates)

    @property
    def se(self) -> float:
        return float(self.variance**0.5)

    def at(self, *, clusters: int | None = None, names: int | None = None) -> Parts:
        """Returns what to expect of so many clusters, or names per group, that spread alike."""
        more_t = self.clusters / (clusters or self.clusters)
        more_n = [n / (names or n) for n in self.sizes]
        rest = tuple(c * more_t * k for c, k in zip(self.rest, more_n, strict=True))
        # Chance may leave either below what it contains of the rest; less than none there is not.
        own = [max(0.0, a - c) for a, c in zip(self.names, self.rest, strict=True)]
        between = max(0.0, self.templates - sum(self.rest))
        return Parts(
            tuple(a * k + c for a, k, c in zip(own, more_n, rest, strict=True)),
            between * more_t + sum(rest),
            rest,
            tuple(names or n for n in self.sizes),
            clusters or self.clusters,
        )

    def law(self, mean: float = 0.0) -> StudentMean:
        return StudentMean(mean, self.se, self.df, (-inf, inf), over="names x templates")


def parts_of(design: Design) -> Parts:
    """Returns where the variance of a measured effect comes from."""
    t = design.templates
    return Parts(
        tuple(c**2 * float(y.mean(axis=1).var(ddof=1)) / len(y) for c, y in design.groups),
        float(_by_template(design).var(ddof=1)) / t,
        tuple(
            c**2 * _residual_squares(y) / ((len(y) - 1) * (t - 1) * len(y) * t)
            for c, y in design.groups
        ),
        tuple(design.sizes),
        t,
    )


@dataclass(frozen=True, slots=True)
class Spread:
    """An effect, its variance, and how well that is known."""

    mean: float  # D
    variance: float  # V, of `mean`
    df: float


def spread(design: Design) -> Spread:
    """Returns D = sum of c_g ybar_g with V = max(A, C) + max(B, C) - C; see `Parts`."""
    parts = parts_of(design)
    return Spread(float(_by_template(design).mean()), parts.variance, parts.df)


def _by_template(design: Design) -> Floats:
    """The effect in each template, delta_t: [template]."""
    effects: Floats = sum(c * y.mean(axis=0) for c, y in design.groups)
    return effects


def _residual_squares(y: Floats) -> float:
    """The sum of squares that neither terms nor templates explain."""
    residuals = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0) + y.mean()
    return float((residuals**2).sum())


def crossed_law(design: Design, bounds: Interval, seed: int) -> StudentMean | OneTrial:
    """Returns the law of a mean: D +- t sqrt(V), with the envelope where templates are skewed.

    Where no score depends on the name there is no spread to measure: one trial per template then
    bounds the templates not seen, and says nothing of names not seen.

    Args:
        design: complete, and not `too_small`.
        bounds: what the value of a pair can be at least and at most; may be infinite.
        seed: of the bootstrap over templates.
    """
    found = spread(design)
    if found.variance <= NOISE**2:
        return OneTrial(found.mean, design.templates, bounds, f", {WORDS_TESTED}")
    draws = skewed_pivots(_by_template(design), seed)
    return StudentMean(found.mean, found.variance**0.5, found.df, bounds, draws, str(design))


def crossed_proportion(design: Design) -> KornGraubard:
    """Returns the law of a proportion: its effective trials are those of V and its df."""
    found = spread(design)
    return KornGraubard(
        found.mean, found.variance, design.templates, design.pairs, found.df, str(design)
    )
