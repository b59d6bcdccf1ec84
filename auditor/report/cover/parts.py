"""The declared type of cover, executive summary, plan, findings register and evidence list."""

from __future__ import annotations

from typing import Literal

from auditor.records import Basis, Verdict
from auditor.report.base import Part

Status = Literal[
    "DRAFT",
    "FINAL, UNSIGNED",
    "FINAL, SIGNATURE NOT CHECKED",
    "FINAL, SIGNATURE BROKEN",
    "SIGNED",
]
Level = Literal["high", "moderate", "low"]
SeverityLevel = Literal["high", "medium", "low"]


class EditionPart(Part):
    """Which document this is."""

    id: str
    number: int | None
    """None: a working copy that is part of no run folder."""
    replaces: str | None
    kind: Literal["internal", "public"]
    status: Status
    status_why: str
    issued_at: str
    audited_at: str | None
    valid_until: str | None
    """Day from which the report must not be relied on."""
    expired: bool
    """Whether it was issued after that day."""


class FileHash(Part):
    """One file of a model."""

    name: str
    sha256: str


class SubjectRow(Part):
    """What one audited model is made of. Empty lists: it has no files of its own."""

    model_id: str
    weights: list[FileHash]
    tokenizer: list[FileHash]
    revision: str | None
    """Commit that was loaded, or the revision that was asked for."""


class PackRow(Part):
    """One framework that was chosen."""

    id: str
    as_of: str | None
    """Day on which its facts were last checked; None: it has no annex in this edition."""


class CoverPart(Part):
    """What a cover says besides the edition. None: NOT PROVIDED."""

    system: str | None
    system_version: str | None
    base_model: str | None
    subjects: list[SubjectRow]
    data_source: str | None
    data_from: str | None
    data_to: str | None
    data_is_made: bool
    """Of templates, for the audit: it has no window."""
    tool: str
    tool_version: str | None
    """None: the audit did not record it."""
    plan_fixed_at: str | None
    """None: exploratory, since the run has no plan hash."""
    plan_note: str
    """What the time and the hash of the plan show, and what they do not."""
    frameworks: list[PackRow]
    contact: str | None


class TextPart(Part):
    """Fixed sentences that belong to every rendering."""

    disclaimers: list[str]
    """Standing, scope, absence, hashes."""


class HeadlineRow(Part):
    """One finding, said to a board."""

    finding: int
    """Place in `Summary.judged`."""
    verdict: Verdict
    sentence: str
    rule_of_thumb: str | None
    """What a rule of law answers from the point estimate alone; never the verdict."""


class QuestionRow(Part):
    """One question of the plan: an attribute or column, a measure and a threshold."""

    question: str
    of: str
    basis: Basis
    metric: str
    findings: list[int]
    """Places in `Summary.judged`."""
    verdict: Verdict
    """Of all its findings together, by the rule of the whole audit."""
    verdict_reason: str
    main: int | None
    """Place in `Summary.judged` of the finding that says most; None: none was measured."""
    fewest: int | None
    """Of the finding with the fewest clusters or rows."""
    bluntest: int | None
    """Of the finding with the largest detectable effect."""
    confidence: Level
    lacking: list[str]
    """Which of the conditions for high confidence it lacks."""
    section: int


class BriefPanel(Part):
    """The findings of one axis that the summary names."""

    panel: int
    """Place in `Summary.panels`."""
    findings: list[int]
    whole: bool
    """Whether these are all of the panel."""
    forest: str
    """What the plot shows, in words."""


class DecisionRow(Part):
    """One decision that people must take."""

    kind: str
    """accept, mitigate or stop; get more data; approve; supply; audit again"""
    text: str


class ExecutivePart(Part):
    """What a board reads: one printed page."""

    headlines: list[HeadlineRow]
    questions: list[QuestionRow]
    confidence_rule: str
    panels: list[BriefPanel]
    untested: list[str]
    """What was not tested, in few words; the reasons stand in section 5.4."""
    decisions: list[DecisionRow]


class ReasonRow(Part):
    """Why a measure governs."""

    metric: str
    basis: Basis
    why: str
    chosen: str
    """By whom: the plan, or the tool's rule."""


class PlanningPart(Part):
    """What the plan fixed, and what departed from it."""

    governing: list[ReasonRow]
    impossibility: str | None
    """Stands beside error rates of groups; None: there are none."""
    deviations: list[str]
    deviations_known: str
    """How the tool knows of deviations."""


class RegisterRow(Part):
    """One finding that does not meet its criterion, or is inconclusive."""

    id: str
    finding: int
    """Place in `Summary.judged`: the statement, and the evidence."""
    group: str
    """That is affected."""
    bias_class: str
    """NIST SP 1270: systemic, statistical, human."""
    severity: SeverityLevel
    options: list[str]
    """Considered by the tool; a person adds to them and chooses."""


class UntestedGroup(Part):
    """Findings that were not tested for one reason."""

    reason: str
    findings: list[int]


class ClausesRow(Part):
    """Clauses of one chosen framework that findings of one kind speak to."""

    basis: Basis
    pack: str
    ids: list[str]


class MitigationRow(Part):
    """One repair that was measured: its place in `Summary.circuits.traced`, and its options'."""

    traced: int
    option: int
    advised: bool
    """By the rule of the repair; a person decides."""


class RegisterPart(Part):
    """Findings that call for an answer; the answers are people's."""

    rows: list[RegisterRow]
    untested: list[UntestedGroup]
    bias_classes: str
    """What a test sees of them."""
    severity_rule: str
    likelihood: str
    clauses: list[ClausesRow]
    mitigations: list[MitigationRow]
    not_mitigated: str | None
    """Why there is no table of before and after; None: there is one."""


class FileRow(Part):
    """One sealed file of the evidence."""

    path: str
    bytes: int
    sha256: str


class FolderRow(Part):
    """Files that lie together."""

    folder: str
    """ "" is the evidence folder itself."""
    files: list[int]
    """Places in `EvidencePart.files`."""
    bytes: int


class LaterRow(Part):
    """Work that was added to a sealed run."""

    name: str
    manifest_sha256: str


class SignaturePart(Part):
    """Whether the run is signed."""

    state: str
    """unsigned, valid, broken, not checked"""
    said: str
    """By whom and when it was checked, or what is missing."""


class EvidencePart(Part):
    """What is sealed, and how it can be checked."""

    files: list[FileRow]
    folders: list[FolderRow]
    later: list[LaterRow]
    signature: SignaturePart
