"""Names x templates, both drawn: how sure an effect is when every text meets the same names.

A name signals more than its group, and no two names signal the same, so an effect measured on 24
names spreads with the names as well as with the templates. t on cluster means sees the templates
alone: with real but group-less name effects it finds a difference in up to 90 % of audits.
"""

from __future__ import annotations

from dataclasses import dataclass

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
class Spread:
    """An effect, its variance, and how well that is known."""

    mean: float  # D
    variance: float  # V, of `mean`
    df: float


def spread(design: Design) -> Spread:
    """Returns D = sum of c_g ybar_g with V = max(A, C) + max(B, C) - C.

    A = sum of c_g^2 s^2(term means) / N_g is the share of the terms (0 for fewer than `FEW_TERMS`),
    B = s^2(delta_t) / T that of the templates, delta_t = sum of c_g ybar_gt, and
    C = sum of c_g^2 s_g^2 / (N_g T), which both contain, that of the residuals from terms and
    templates. df = V^2 / (sum of a_g^2 / (N_g - 1) + B^2 / (T - 1)), a_g the terms of A, is
    Satterthwaite's, and never more than that of C. A + B - C is the variance under clusters of two
    kinds (Cameron, Gelbach & Miller, J. Business & Economic Statistics 29, 2011), unbiased here
    since cells are complete; ours: the maxima, without which chance may take it down to 0.
    """
    c = np.array([sign for sign, _ in design.groups])
    sizes, templates = np.array(design.sizes), design.templates
    by_term = np.array([y.mean(axis=1).var(ddof=1) for _, y in design.groups])
    a = c**2 * by_term / sizes * (not design.few)
    b = float(_by_template(design).var(ddof=1)) / templates
    free = (sizes - 1) * (templates - 1)
    residual = np.array([_residual_squares(y) for _, y in design.groups])
    common = float((c**2 * residual / free / (sizes * templates)).sum())
    variance = max(float(a.sum()), common) + max(b, common) - common
    unsure = 1 / float(free.sum())
    if variance:  # shares of V, since V^2 may be too small for a float
        share = float(((a / variance) ** 2 / (sizes - 1)).sum())
        unsure = max(unsure, share + (b / variance) ** 2 / (templates - 1))
    return Spread(float(_by_template(design).mean()), variance, 1 / unsure)


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


def detectable(law: StudentMean, *, power: float = 0.8) -> float:
    """Returns the least effect that a test at 5 % finds with this power: (t_.975 + t_power) se.

    The df is the law's. More templates shrink B alone: A is what so few names can never beat.
    """
    from scipy.stats import t

    return float((t.ppf(0.975, law.df) + t.ppf(power, law.df)) * law.se)
