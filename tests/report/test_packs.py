"""Packs are dated data that is checked: what there is, and what is refused and how."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from auditor.errors import PlanError
from auditor.pipeline import resolve
from auditor.plan_file import check_plan
from auditor.preview import rows_of
from auditor.report.edition import Choice
from auditor.report.packs.coverage import KINDS
from auditor.report.packs.elaborations import ELABORATIONS
from auditor.report.packs.legal import banner, legal_rows
from auditor.report.packs.pack import (
    EVIDENCE_KEYS,
    MAX_AGE_DAYS,
    Elaboration,
    Pack,
    ScopeTest,
    load_pack,
    shipped_packs,
)
from auditor.report.packs.scope import TESTS
from auditor.swaps.attributes import BY_NAME
from auditor.swaps.lexicons import available_lexicons

IDS = {
    "us-nyc-ll144", "us-ugesp-title-vii", "eu-ai-act", "nist-ai-rmf", "nist-ai-600-1", "iso-iec",
    "us-credit", "us-states", "uk-equality", "sg-ai-verify", "ca-aia",
}  # fmt: skip
PACKS = sorted(shipped_packs().values(), key=lambda pack: pack.id)
FORBIDDEN = re.compile(
    r"compliant|certif|unbiased|bias-free|guarantee|approved|passes|no discrimination"
    r"|\bfair\b|\bpass(?:es|ed)?\b|\bsafe\b",
)
FOUR_FIFTHS = re.compile(r"0\.80?\b|\b80 ?%|four[ -]fifths|4/5")
OWN = """
id = "own"
title = "Our own rules"
instrument = "House rules"
version = "1"
status = "voluntary"
as_of = 2026-11-01
sources = ["house"]
scope = "Us."
supplier = "We do."
grounds_note = "None."
[[chapters]]
title = "All"
[[chapters.clauses]]
id = "1"
duty = "Look."
evidence = ["swaps"]
strength = "direct"
gap = "Much."
supplier = "We."
known = "read"
"""


def words(pack: Pack, *, without: tuple[str, ...] = ()) -> list[str]:
    """Every text of a pack."""

    def walk(value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        values = value.values() if isinstance(value, dict) else value
        parts = values if isinstance(value, dict | list | tuple) else []
        return [text for part in parts for text in walk(part)]

    return walk({k: v for k, v in pack.model_dump().items() if k not in without})


def own(folder: Path, text: str = OWN) -> str:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_packs_that_there_are() -> None:
    assert set(shipped_packs()) == IDS


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_every_clause_has_a_gap_and_a_supplier_and_an_id_of_its_own(pack: Pack) -> None:
    clauses = [clause for chapter in pack.chapters for clause in chapter.clauses]
    assert all(clause.gap.endswith(".") and clause.supplier.endswith(".") for clause in clauses)
    assert len({clause.id for clause in clauses}) == len(clauses)
    assert pack.as_of == date(2026, 11, 23)


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_no_pack_says_a_forbidden_word(pack: Pack) -> None:
    """The fixed sentences may: "not a safe harbour"."""
    said = " ".join(words(pack, without=("sentences",)))
    assert [m[0] for m in FORBIDDEN.finditer(said.replace("Fair Housing", ""))] == []


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.id)
def test_the_mark_of_four_fifths_belongs_to_one_pack(pack: Pack) -> None:
    if pack.id == "us-ugesp-title-vii":
        assert pack.mark is not None
        assert pack.mark.value == "4/5"
        return
    assert pack.mark is None
    if pack.id in {"us-nyc-ll144", "eu-ai-act", "uk-equality"}:
        assert [text for text in words(pack) if FOUR_FIFTHS.search(text)] == []


def test_what_is_no_longer_law_is_not_cited() -> None:
    said = " ".join(text for pack in PACKS for text in words(pack))
    assert "SB 26-189" in said
    assert "SR 26-2" in said
    assert re.search(r"24-205|SR 11-7|2011-12|20-869|5-305|10\(5\) applies", said) is None


def test_the_ids_of_iso_42001_are_those_of_its_annex_a() -> None:
    ends = {"2": (2, 4), "3": (2, 3), "4": (2, 6), "5": (2, 5), "6.1": (2, 3), "6.2": (2, 8),
            "7": (2, 6), "8": (2, 5), "9": (2, 4), "10": (2, 4)}  # fmt: skip
    known = [f"A.{part}.{n}" for part, (a, b) in ends.items() for n in range(a, b + 1)]
    (first, *_) = load_pack("iso-iec").chapters
    named = [i for clause in first.clauses for i in re.findall(r"A\.[\d.]*\d", clause.id)]
    assert len(known) == 38
    assert set(named) <= set(known)
    assert len(named) == len(set(named))


def test_every_name_that_a_pack_may_use_does_something() -> None:
    assert set(TESTS) == set(get_args(ScopeTest))
    assert set(KINDS) == set(EVIDENCE_KEYS)
    assert set(ELABORATIONS) == set(get_args(Elaboration))


def test_grounds_name_attributes_that_there_are() -> None:
    known = set(available_lexicons()) | {f"{name}_names" for name in BY_NAME}
    named = {a for pack in PACKS for ground in pack.grounds for a in ground.attributes}
    assert named <= known
    assert all(pack.grounds for pack in PACKS)


@pytest.mark.parametrize(("days", "old"), [(MAX_AGE_DAYS, False), (MAX_AGE_DAYS + 1, True)])
def test_a_pack_warns_from_day_181(days: int, old: bool) -> None:
    pack = load_pack("eu-ai-act")
    today = pack.as_of + timedelta(days=days)
    said = banner(pack, today)
    assert (said is not None) is old
    assert said is None or "181 days" in said
    assert all(row.old is old for row in legal_rows([pack], today))


def test_the_next_date_is_the_first_after_the_edition() -> None:
    pack = load_pack("eu-ai-act")
    (before,) = legal_rows([pack], date(2026, 12, 1))
    (after,) = legal_rows([pack], date(2026, 12, 2))
    (last,) = legal_rows([pack], date(2031, 1, 1))
    assert before.next_on == "2 December 2026"
    assert after.next_on == "2 August 2027"
    assert last.next_on is None


def test_each_state_has_its_own_row_of_legal_status() -> None:
    rows = legal_rows([load_pack("us-states")], date(2026, 11, 25))
    assert [row.state for row in rows] == [
        "applies from 1 January 2027", "in force since 1 October 2025",
        "in force since 1 January 2026", "in force since 1 January 2026",
    ]  # fmt: skip


def test_an_unknown_pack_lists_those_that_there_are() -> None:
    with pytest.raises(PlanError, match=r"no framework pack 'eu-ai'; there are ca-aia, eu-ai-act"):
        load_pack("eu-ai")


def test_an_unknown_pack_is_refused_before_anything_is_scored(tmp_path: Path) -> None:
    data = {"predictions": str(tmp_path / "none.csv"), "outcome": "y", "protected": ["sex"]}
    plan = check_plan({"name": "x", "data": data, "report": {"packs": ["gdpr"]}}, "plan")
    with pytest.raises(PlanError, match="no framework pack 'gdpr'"):
        resolve(plan)
    with pytest.raises(PlanError, match="no framework pack 'gdpr'"):
        Choice.of(plan)


def test_a_pack_of_ones_own_is_read_from_its_path(tmp_path: Path) -> None:
    pack = load_pack(own(tmp_path))
    assert pack.id == "own"
    assert len(pack.sha256) == 64


def test_a_broken_pack_says_everything_at_once(tmp_path: Path) -> None:
    broken = (
        OWN.replace('"voluntary"', '"binding"').replace('evidence = ["swaps"]', "evidence = []")
        + '[[chapters.clauses]]\nid = "1"\nduty = "Be certified."\nstrngth = "none"\n'
    )
    with pytest.raises(PlanError) as caught:
        load_pack(own(tmp_path, broken))
    said = str(caught.value)
    for part in ("status", "strength is", "strngth", "gap", "supplier", "known", "there twice",
                 "'certified' is a word"):  # fmt: skip
        assert part in said, part


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id = ", "is not a TOML file"),
        (OWN.replace('"voluntary"', '"applies-from"'), "applies-from needs in_force_from"),
        (OWN.replace('["swaps"]', '["declared"]'), "`facts` names what is declared"),
        (OWN.replace('["swaps"]', '["swop"]'), "evidence.0"),
        (OWN + "facts = ['shoe_size']\n", "'shoe_size' is no declared fact"),
    ],
)
def test_what_else_a_pack_may_not_be(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PlanError, match=re.escape(message)):
        load_pack(own(tmp_path, text))


def test_a_path_without_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"no framework pack at .*none\.toml"):
        load_pack(str(tmp_path / "none.toml"))


def test_the_list_of_packs_says_what_each_is_and_when_it_was_checked() -> None:
    rows = rows_of("packs")
    assert {row["id"] for row in rows} == IDS
    assert all(set(row) == {"id", "instrument", "status", "as_of"} for row in rows)
