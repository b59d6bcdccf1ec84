"""Editions: newer facts take the place of older ones, and an id says which facts were used."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditor.commands.report import write_next
from auditor.errors import PlanError
from auditor.evidence.files import read_json
from auditor.plan import AuditPlan
from auditor.plan_file import check_plan
from auditor.plan_report import DeclaredPlan
from auditor.report.edition import Choice, Edition, read_declared
from auditor.run import Run, open_run
from tests.report import counted, factory


def plan(**declared: object) -> AuditPlan:
    return check_plan({"data": {"templates": ["everyday"]}, "declared": declared}, "plan")


def facts(folder: Path, text: str) -> Path:
    path = folder / "facts.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("head", ["", "[declared]\n"])
def test_facts_stand_at_the_top_or_under_declared(tmp_path: Path, head: str) -> None:
    text = f'{head}system = "S"\ndata_to = 2026-01-02\n'
    assert list(read_declared(facts(tmp_path, text))) == ["system", "data_to"]


def test_a_plan_gives_its_own_section(tmp_path: Path) -> None:
    text = 'name = "A"\nseed = 3\n[data]\ntemplates = ["everyday"]\n[declared]\nsystem = "S"\n'
    assert read_declared(facts(tmp_path, text)) == {"system": "S"}


def test_later_facts_win_and_the_others_stay(tmp_path: Path) -> None:
    newer = facts(tmp_path, 'purpose = "new"\nobtained_by = { sex = "record" }\n')
    choice = Choice.of(plan(system="S", purpose="old"), declared=newer)
    assert (choice.declared.system, choice.declared.purpose) == ("S", "new")
    assert choice.declared.obtained_by == {"sex": "record"}


REFUSED = [
    ('systm = "S"', r"systm: no such fact \(did you mean system\?\); see `auditor list declared`"),
    ('data_from = "1.2.2026"', "data_from: Input should be a valid date"),
    ('role = "owner"', "role: Input should be 'provider', 'deployer' or 'both'"),
    ("employers = 0", "employers: Input should be greater than or equal to 1"),
    ('obtained_by = { sex = "guess" }', "obtained_by.sex: Input should be 'self-declared'"),
    ("data_from = 2026-13-01", "is not a TOML file in UTF-8"),
    ("system = ", "is not a TOML file in UTF-8"),
    ('purpose = "x"\n[declared]\nsystem = "S"', r"purpose stands beside \[declared\]"),
    ("declared = 3", "declared: Input should be a valid dictionary"),
    ("data_from = 2026-02-01\ndata_to = 2026-01-01", "lies after data_to"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=lambda x: str(x)[:30])
def test_facts_that_cannot_be_used_are_refused_in_words(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(PlanError, match=said):
        Choice.of(plan(), declared=facts(tmp_path, text))


def test_all_problems_of_a_file_are_said_together(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"facts\.toml: 2 problems"):
        read_declared(facts(tmp_path, 'systm = "S"\nemployers = 0\n'))


def test_a_file_that_is_not_there_or_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"no facts at .*; see which there are with"):
        read_declared(tmp_path / "nothing.toml")
    with pytest.raises(PlanError, match="is not a TOML file in UTF-8"):
        read_declared(tmp_path)
    latin = tmp_path / "latin.toml"
    latin.write_bytes('system = "é"'.encode("latin-1"))
    with pytest.raises(PlanError, match="is not a TOML file in UTF-8"):
        read_declared(latin)


def test_packs_add_up_and_each_stands_once() -> None:
    values = {"data": {"templates": ["everyday"]}, "report": {"packs": ["eu-ai-act"]}}
    choice = Choice.of(check_plan(values, "plan"), packs=["us-nyc-ll144", "eu-ai-act"])
    assert choice.packs == ("eu-ai-act", "us-nyc-ll144")


def test_a_plans_hash_is_of_what_decides_a_result() -> None:
    """Facts and the report's options may come later; anything else is another plan."""
    one, other = plan(), plan(system="S", purpose="P")
    assert one.sha256 == other.sha256
    assert (
        one.sha256
        == check_plan(
            {"data": {"templates": ["everyday"]}, "report": {"valid_days": 7, "redact": True}},
            "plan",
        ).sha256
    )
    assert one.sha256 != one.model_copy(update={"seed": 1}).sha256
    assert one.canonical() != other.canonical()


def test_a_report_id_is_of_evidence_number_and_choice(tmp_path: Path) -> None:
    evidence = factory.evidence(tmp_path / "a")
    one = Edition(1, "2026-01-01", None, Choice())
    later = Edition(1, "2026-02-01", "other", Choice())
    assert one.report_id(evidence) == later.report_id(evidence)
    others = [
        Edition(2, "2026-01-01", None, Choice()),
        Edition(None, "2026-01-01", None, Choice()),
        Edition(1, "2026-01-01", None, Choice(declared=DeclaredPlan(system="S"))),
        Edition(1, "2026-01-01", None, Choice(packs=("eu-ai-act",))),
        Edition(1, "2026-01-01", None, Choice(public=True)),
    ]
    ids = {each.report_id(evidence) for each in (one, *others)}
    assert len(ids) == 6


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return counted.outcomes(tmp_path_factory.mktemp("outcomes"))


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Run:
    shutil.copytree(run.folder, tmp_path / "copy")
    return open_run(tmp_path / "copy")


def write(run: Run, declared: Path | None = None) -> dict[str, Any]:
    """Returns the record of the edition that `auditor report` would write."""
    [path] = write_next(run, ("json",), Choice.of(run.plan, declared=declared))
    return read_json(path)


def test_editions_are_numbered_and_name_the_one_before(copy: Run, tmp_path: Path) -> None:
    """Also where somebody keeps a copy of an edition beside them."""
    first = write(copy)["edition"]
    second = write(copy, facts(tmp_path, 'system = "S"'))["edition"]
    folder = copy.folder / "editions"
    shutil.copytree(folder / "002", folder / "002-copy")
    third = write(copy)["edition"]
    assert [e["number"] for e in (first, second, third)] == [1, 2, 3]
    assert [e["replaces"] for e in (first, second, third)] == [None, first["id"], second["id"]]
    assert len({e["id"] for e in (first, second, third)}) == 3


def test_facts_of_an_edition_are_its_own(copy: Run, tmp_path: Path) -> None:
    before = (copy.folder / "evidence" / "plan.json").read_bytes()
    given, without = write(copy, facts(tmp_path, 'system = "Shortlist"')), write(copy)
    assert given["declared"]["system"][0]["value"] == "Shortlist"
    assert without["declared"]["system"][0]["value"] is None
    assert given["plan_sha256"] == without["plan_sha256"] == copy.plan.sha256
    assert (copy.folder / "evidence" / "plan.json").read_bytes() == before


def test_an_edition_without_a_record_has_no_id_to_name(copy: Run) -> None:
    write(copy)
    (copy.folder / "editions" / "001" / "report.json").unlink()
    assert write(copy)["edition"]["replaces"] is None


def test_wrong_facts_leave_in_one_sentence_and_write_nothing(copy: Run, tmp_path: Path) -> None:
    code = "from auditor.cli import main; main()"
    wrong = str(facts(tmp_path, 'systm = "S"'))
    words = [sys.executable, "-c", code, "report", str(copy.folder), "--declared", wrong]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "systm: no such fact (did you mean system?)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (copy.folder / "editions").exists()
