"""The report's fixed words, and how ids become words: no judgement of law in any of them."""

from __future__ import annotations

import re

from auditor.plan import AuditPlan
from auditor.records import Contrast

STANDING = (
    "This report is technical evidence. It is not legal advice, a certification, a conformity "
    "assessment, or a finding that any law has been kept or broken. Whether a measured difference "
    "is unlawful depends on facts and law outside this test, such as job-relatedness, business "
    "necessity, proportionality and available alternatives.",
    "The figures hold for the model, configuration, data and date identified on the cover. A "
    "change in any of them – weights, prompt, threshold, population – calls for a new test.",
    "A result that is not flagged means that no difference above the stated size was detected with "
    "the stated sample. It does not show that the system is free of bias. Attributes, groups, "
    "languages and harms listed in section 5.4 were not tested.",
    "Digital signatures and hashes show that this file has not changed since it was signed. They "
    "say nothing on whether the data were right or the method suitable.",
)
"""Standing, scope, absence and hashes: in every rendering and in the record."""
READERS = (
    "For those who answer for the system, those who review it, and assessors whom they show it to. "
    "The summary is written for a board; the other sections for whoever checks it. It is no basis "
    "for a decision about a single person."
)
DISPUTED = (
    "Whoever disputes a figure can check that the evidence is the one that was sealed, run the "
    "plan again on the same model and data, and compare the two runs. Figures that do not come "
    "back within the tolerance of the last section are to be reported to the contact."
)
SCOPE = (
    "A swap estimates the direct effect of the explicit token with the rest of the text held "
    "fixed. Proxies such as schools, leave or dialect, and group error rates, are not tested by it."
)
STIMULUS = "A swap is a controlled stimulus, not a person: a small gap does not show group parity."
ABSENCE = (
    "Inconclusive means that the data do not settle the question. It is not a sign that there is "
    "no difference."
)

MARKS = {
    "meets criterion": "●",
    "does not meet criterion": "▲",
    "inconclusive": "◆",
    "not tested": "○",
    "not applicable": "–",
}
"""A shape beside each verdict: no meaning by colour alone."""

NEVER_A_VERDICT = (
    "A rule of thumb answers from the point estimate alone, in the words of the rule. It is no "
    "verdict, and a verdict does not answer it."
)
DIRECTION = {
    "lower": "A lower share or score is the harm: the group receives the favourable label less.",
    "higher": "A higher share or score is the harm: the group receives the favourable label more.",
    "either": "Either direction is the harm alike.",
}
"""`HarmPlan.worse` -> which direction is worse."""
ARBITRARINESS = (
    "The flip rate within one group is arbitrariness: a decision that hangs on which of two names "
    "or words of the same group is used. Whoever's label moved does not care that the same would "
    "have happened to others."
)
ARM_TITLES = {
    "placebo": "Placebo: within one group",
    "unmentioned": "Unmentioned: the descriptor left out",
    "fragmentation": "Fragmentation: rare names in many pieces",
}
ARM_MEANING = {
    "placebo": ARBITRARINESS,
    "unmentioned": "Effect of naming the group at all, against the same text without the "
    "descriptor.",
    "fragmentation": "Effect of a rare name that the tokenizer breaks into many pieces, against a "
    "common name in one piece, both of one group.",
}
"""Arm -> its heading, and what its measures mean."""
MATCHED = (
    "The effects once more on names alone that are alike in frequency and in number of pieces: "
    "what is left of a difference when rarity and tokenization are held fixed."
)
HOW_TO_READ = (
    "A second interval decides a verdict of meeting the criterion. "
    "Detectable: the smallest effect that this sample shows to differ from zero with the power of "
    "the plan, at the share of its error rate that one of so many tests has. To meet the criterion "
    "is another claim, which takes more data or less, so a finding can meet it though the "
    "detectable effect lies beyond the threshold. "
    "Difference detected: an effect other than none, whatever its size. Harmful direction: the "
    "estimate, whatever its size, lies where the plan says that the harm is."
)
HYPOTHESES = (
    "Each contrast is judged by itself. To meet the criterion, its interval must lie inside the "
    "threshold. To be said not to meet it, an effect beyond the threshold must be shown. The "
    "question as a whole is met only if every contrast meets, and not met if any does not."
)
HOLDS_IN = "Holds in: checkpoints that, judged alone, get the same verdict."
INTERVALS = {
    "swaps": "Intervals are each finding's own; what is adjusted allows for all findings together "
    "(Holm), and so do verdicts of not meeting the criterion. An interval that leaves out zero, or "
    "lies wholly beyond the criterion, can therefore stand beside no difference detected, or "
    "beside an inconclusive verdict: among so many findings some intervals do so by chance.",
    "groups": "The first interval holds for all groups of its column together; what is adjusted "
    "allows for all findings of the audit (Holm), and so do verdicts of not meeting the criterion. "
    "The two can therefore differ: an interval that leaves out zero can stand beside no difference "
    "detected, and the other way round.",
}
"""Basis -> why an interval and a verdict can seem to contradict each other."""
NO_SELF_TEST = "none made, since no finding of swaps was judged"
COMPARISON = (
    "Impact ratio: the rate over the reference's. Reference here: the plan's, else the group with "
    "the highest rate that is large enough; findings with a verdict take the plan's, else the "
    "largest group, without a look at outcomes. The rule of thumb is always asked of the highest "
    f"rate. {NEVER_A_VERDICT}"
)
COUNT_TESTS = (
    "Tests of counts of independent people, two-sided. Standard deviations: from the expected "
    "count, with both totals fixed. Holm: over the groups of one column. Shortfall: selections "
    "that the group lacks if both had their common rate. One person turns it: one selection more "
    "or less moves the ratio across the rule. Small numbers: read Fisher, not z."
)
NOISE_FLOOR = (
    "Any change of a word moves a score a little. These pairs change a word without changing the "
    "group, leave the group out, or change how rare a name is; no verdict rests on them, and "
    "nothing is taken off a signed effect for them."
)
SYSTEMATIC = (
    "What is left of effects of any sign once those of pairs within a group are taken off: the "
    "root of the mean square across groups less that within them, none where that is negative."
)
WINNERS_CURSE = (
    "The largest of many terms is large by chance as well (the winner's curse). The intervals hold "
    "for all terms of a contrast together, so they are wider than one term's own; a term whose "
    "interval spans no effect is shown for being read, not for being blamed."
)
FAIRNESS_GAP = (
    "Counterfactual token fairness gap: the mean size of the change in score over all swaps of a "
    "text, whichever their direction. A model that is moved by any word has a large one, so read "
    "it against the noise floor."
)
SELF_TEST = (
    "The groups of this run's own pairs were exchanged at random, so that no difference is left "
    "but the one that is planted, and the audit was made again by the same rules,"
)
SELF_TEST_READING = (
    "With nothing planted, a difference should be detected in at most the error rate of the plan, "
    "and the audits in which every criterion is met are the chance of settling that nothing is "
    "there. "
    "With the threshold itself planted, both a verdict of not meeting it and one of meeting it "
    "should be as rare. With twice the threshold planted, the shares are the power: the chance of "
    "finding what is there. Error rates far above the plan's say that the intervals of this audit "
    "do not hold; little power says that it could not have found much."
)
PEOPLE = (
    "Rows of one group are compared with rows of another. Groups can differ in more than the "
    "model's outcome, and a small gap in a sample does not show that there is none."
)
DESCRIPTIVE = (
    "Point values by fairlearn; intervals and counts by the auditor. Descriptive: no verdict rests "
    "on them. The largest gap of several groups is above none and the smallest ratio below one by "
    "chance alone, so they carry no interval."
)


PLACEBO_WORDS = "words that should make no difference"
"""In place of the ids of the placebo's two groups, which name nothing."""


def of_placebo(attribute: str, group_a: str, group_b: str) -> bool:
    """Whether two groups are the placebo's: a person in a blue coat and one in a green coat."""
    return attribute == "placebo" and {group_a, group_b} == {"first", "second"}


def versus(contrast: Contrast) -> str:
    """Returns a contrast's groups, the one compared first."""
    if of_placebo(contrast.attribute, contrast.group_a, contrast.group_b):
        return PLACEBO_WORDS
    if contrast.group_a == contrast.group_b:
        return f"within {isolated(contrast.group_b)}"
    return f"{isolated(contrast.group_b)} v {isolated(contrast.group_a)}"


def contrast_words(contrast: Contrast) -> str:
    """Returns a contrast with its attribute: "gender: female v male"."""
    return f"{isolated(contrast.attribute)}: {versus(contrast)}"


def clusters_are(plan: AuditPlan) -> str:
    """Returns what inference counts in an audit, in the plural."""
    return "templates" if plan.data.templates else "clusters"


def in_units(text: str, clusters: str) -> str:
    """Returns a recorded sentence with clusters called what they are in this audit."""
    return text if clusters == "clusters" else re.sub(r"\bclusters\b", clusters, text)


def shown(group: str) -> str:
    """Returns the id of a group or attribute as words: "age and religion", "old christian"."""
    return group.replace("_", " ").replace("*", " and ").replace("+", " ")


def isolated(group: str) -> str:
    """Returns a group's id as words whose writing direction does not spill into the sentence."""
    words = shown(group)
    return words if words.isascii() else f"\u2068{words}\u2069"


def listed(names: list[str]) -> str:
    """Returns ids as a list in words."""
    return ", ".join(isolated(name) for name in names)
