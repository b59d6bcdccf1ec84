"""The files that a gate writes, also of a run that it refuses: no older file may speak for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import PlanError
from auditor.evidence.reader import Evidence
from auditor.report.gate.decision import Case, Gate
from auditor.report.gate.junit import junit_xml
from auditor.report.gate.sarif import finding_lines, sarif_json
from auditor.report.gate.text import writable

_SEALED = ("evidence", "addenda", "editions")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where to write what; None: not asked for."""

    junit: Path | None = None
    sarif: Path | None = None
    summary: Path | None = None

    def refuse_bad(self, run: Path) -> None:
        """Refuses one file for two things, and a file among those that the run has sealed.

        Raises:
            PlanError: naming it.
        """
        given = [p.resolve() for p in (self.junit, self.sarif, self.summary) if p is not None]
        twice = sorted({str(p) for p in given if given.count(p) > 1})
        if twice:
            raise PlanError(f"{', '.join(twice)} is named for two files; give each its own")
        for path in given:
            if any(path.is_relative_to((run / part).resolve()) for part in _SEALED):
                raise PlanError(
                    f"{path} lies among the sealed files of {run}, which no one may add to; name "
                    "a file elsewhere"
                )


def write_outputs(outputs: Outputs, gate: Gate, evidence: Evidence) -> list[Path]:
    """Writes the files of a gate and returns their paths."""
    facts = {
        "run": gate.run_id,
        "model": gate.model_id,
        "plan_sha256": str(evidence.record.get("plan_sha256", "")),
        "root_hash": gate.root_hash,
        "verdict": gate.overall.verdict.value,
    }
    findings = (evidence.folder / "evidence" / "findings.json").read_text(encoding="utf-8")
    written = _write(outputs, gate.cases, facts, finding_lines(findings))
    if outputs.summary is not None:
        written.append(_save(outputs.summary, summary_markdown(gate, evidence)))
    return written


def write_refused(outputs: Outputs, run: Path, error: Exception) -> None:
    """Writes files that say that the run was refused, in place of any from before."""
    case = Case.refused(error)
    _write(outputs, [case], {"run": run.name}, [])
    if outputs.summary is not None:
        _save(outputs.summary, _heading(case.text))


def summary_markdown(gate: Gate, evidence: Evidence) -> str:
    """Returns the gate's line, and the report's own summary, which has the criteria."""
    from auditor.report.markdown import render_markdown
    from auditor.report.summarize import summarize

    report = render_markdown(summarize(evidence))
    return writable(f"{_heading(gate.line, gate.note)}\n{report}")


def _heading(line: str, note: str | None = None) -> str:
    from auditor.report.markdown import escaped

    lines = [f"**{escaped(writable(line))}**", *([escaped(note)] if note else [])]
    return "\n\n".join(lines) + "\n"


def _write(
    outputs: Outputs, cases: Sequence[Case], facts: dict[str, str], lines: Sequence[int]
) -> list[Path]:
    written = []
    if outputs.junit is not None:
        written.append(_save(outputs.junit, junit_xml(cases, facts)))
    if outputs.sarif is not None:
        written.append(_save(outputs.sarif, sarif_json(cases, facts, lines)))
    return written


def _save(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise PlanError(
            f"cannot write {path}: {error.strerror or error}; name a file in a folder that can be "
            "written"
        ) from error
    return path
